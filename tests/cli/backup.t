# backup, restore and rekey: a store as text, and its keys anew

$ mcpctl init -q >/dev/null; mcpctl create secret prod --data k=sk-canary -q; mcpctl create llm gpt --type openai --model gpt-5 --api-key-ref prod/k -q

$ mcpctl create user alice -q; mcpctl create mcptoken laptop --user alice -q >/dev/null; mcpctl create mcptoken old --user alice -q >/dev/null; mcpctl patch mcptoken old revoked=true -q

$ mcpctl backup -f b1
The key file is not in it; keep a copy of DIR/mcpd.key elsewhere.

$ stat -c '%a %F' b1
600 regular file

$ grep -c sk-canary b1
0
? 1

$ mcpctl backup 2>/dev/null | cmp - b1

# into a directory without a store
$ mcpctl --db new/state restore -f b1 2>notes; grep -v '^The store belongs' notes
9 objects restored into new/state
valid again: mcptoken admin (user admin)
valid again: mcptoken laptop (user alice)
secrets are sealed with key id 1, which new/mcpd.key does not hold: copy the key file of the store that was backed up there

$ mcpctl --db new/state backup -q | cmp - b1

$ mcpctl --db new/state describe secret prod --show-values
mcpctl: secret 'prod', key 'k': new/mcpd.key: there is no key file (mcpctl init makes it; after a restore copy the old one here)
? 1

$ cp mcpd.key new/mcpd.key; mcpctl --db new/state describe secret prod --show-values | sed -n 5,6p
Data:
  k       sk-canary

# into a store that has objects
$ mcpctl delete llm gpt; mcpctl delete mcptoken laptop
llm 'gpt' deleted
mcptoken 'laptop' deleted

$ mcpctl restore -f b1
mcpctl: the store has objects already; --force replaces all of them
? 1

$ mcpctl restore -f b1 --force -q

$ mcpctl logs --no-headers | tail -n 1 | tr -s ' ' | sed 's,/[0-9a-f]*,/ID,'
TIME - store/ID - - - - restore

$ mcpctl backup -q | cmp - b1

# nobody reads it, and nobody is waited for
$ mkfifo fifo; mcpctl backup -f fifo
mcpctl: fifo: no regular file of ours
? 1

# a file that was cut, changed, or is none
$ head -c 900 b1 >cut; mcpctl restore -f cut --force
mcpctl: cut: line 6: cut: it has no newline at its end
? 1

$ sed 's/"model":"gpt-5"/"model":""/' b1 >odd; mcpctl restore -f odd --force
mcpctl: llm/gpt.model: must be 1 to 1024 bytes long
? 1

$ mcpctl restore -f none
mcpctl: none: No such file or directory
? 1

$ mcpctl restore
mcpctl: --file FILE is required
try: mcpctl restore -h
? 2

$ mcpctl backup -q | cmp - b1

# one that nobody could administer is taken, and said so
$ sed '/^rbac\/admins/d; 1s/ [0-9]*$/ 9/' b1 >lone; mcpctl --db new2/state restore -f lone 2>&1 | grep -i rbac
Nobody can edit rbac over HTTP. On the store: mcpctl create rbac NAME --subject User:NAME --role edit:rbac

# stdin
$ mcpctl --db piped/state restore -f - -q <b1; mcpctl --db piped/state get llms -o name
llm/gpt

# a link is not followed, and a backup is for its owner only
$ ln -s b1 link; mcpctl backup -f link
mcpctl: link: a symbolic link: name the file itself
? 1

$ touch open; chmod 666 open; mcpctl backup -q -f open; stat -c %a open
600

# many objects: how far it is, where someone waits
$ mcpctl --db many init -q --key-file mcpd.key >/dev/null; seq 60 | sed 's/.*/{"kind":"user","name":"m&"}/' | paste -sd, | sed 's/.*/[&]/' | mcpctl --db many apply -q -f -
> mcpctl --db many backup -q >many.txt; on-terminal mcpctl --db many2 restore -f many.txt | tr '\r' '\n' | sed -n 's/^restoring 1 of \([0-9]*\): .*/restoring 1 of \1/p; /restored/p'
> on-terminal mcpctl --db many3 restore -q -f many.txt; on-terminal sh -c 'mcpctl --db many3 restore --force -f many.txt 2>&1 | cat' | grep -c restoring
> on-terminal sh -c 'mcpctl --db few restore -f b1' | grep -c restoring
restoring 1 of 64
\e[K64 objects restored into many2
0
0
? 1

# rekey: a new key, then a second one; without the oldest all opens
$ mcpctl rekey
secret/prod rekeyed
rekeyed: 1, with key id 2 (a new key)
Older lines of DIR/mcpd.key can be removed; backups made before now need them.

$ mcpctl rekey -o json; mcpctl rekey -o name -q
[
  {
    "kind": "secret",
    "name": "prod",
    "result": "rekeyed"
  }
]
rekeyed: 1, with key id 3 (a new key)
Older lines of DIR/mcpd.key can be removed; backups made before now need them.
secret/prod

$ mcpctl rekey -q; cut -d' ' -f1 mcpd.key
1
2
3
4
5

$ sed -i 1,4d mcpd.key; mcpctl describe secret prod --show-values | sed -n 5,6p
Data:
  k       sk-canary

$ mcpctl backup -q | sed 's/"TVMx[^"]*"//' >b2; sed 's/"TVMx[^"]*"//' b1 | cmp - b2

# the key file as it must be
$ chmod 644 mcpd.key; mcpctl rekey
mcpctl: DIR/mcpd.key: the key file has mode 0644, must be 0600 (chmod 600 DIR/mcpd.key)
? 1

$ chmod 600 mcpd.key; mv mcpd.key k; ln -s k mcpd.key; mcpctl rekey
mcpctl: DIR/mcpd.key: the key file is a symbolic link; name the file itself
? 1

$ rm mcpd.key; mcpctl rekey
mcpctl: DIR/mcpd.key: there is no key file (mcpctl init makes it; after a restore copy the old one here)
? 1

$ mkdir mcpd.key; mcpctl rekey
mcpctl: DIR/mcpd.key: the key file is no regular file
? 1
