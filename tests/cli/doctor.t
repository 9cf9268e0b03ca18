# doctor on the store itself: each check, well and ill. The owner differs from run to run (doctor-owner.t)

$ printf '%s\n' '#!/bin/sh' 'echo "ii $(cat "$HOME/libfcgi" 2>/dev/null || echo 2.4.7-1)"' > bin/dpkg-query; chmod +x bin/dpkg-query; chmod 640 mcpd.yaml
> printf '%s\n' '#!/bin/sh' 'mcpctl doctor >out 2>note; s=$?; grep -v "^ok \|: skipped\|owner:" out; exit $s' > bin/ill; chmod +x bin/ill

$ ill
fail  directory: DIR/state: No such file or directory  (mcpctl --db DIR/state init)
? 1

$ mkdir -m 700 state; ill
fail  key file: DIR/mcpd.key: No such file or directory  (install -m 600 COPY_OF_THE_KEY_FILE DIR/mcpd.key)
fail  store: no store in DIR/state: make one with mcpctl init  (mcpctl --db DIR/state init)
? 1

$ mcpctl init -q >/dev/null; mcpctl create secret s --data k=v --data l=w -q; mcpctl create llm a --type openai --model m --api-key-ref s/k -q; cp mcpd.key copy

$ mcpctl doctor | grep -v owner: | sed 's/[0-9]* MiB/N MiB/; s/[0-9a-f]\{32\}/STORE/'
The web server was not asked: mcpctl doctor --url URL does.
ok    configuration: DIR/mcpd.yaml, mode 0640
ok    directory: DIR/state
ok    mode: 0700
ok    file system: local
ok    free space: N MiB
ok    files: 10, each 0600
ok    key file: DIR/mcpd.key, mode 0600
ok    snapshot: revision 4, 7 items
ok    store: store id STORE
ok    database: its pages are whole, and readers see what is in it
ok    records: 6
ok    key ids: 1 in the key file, 1 needed
ok    sealed values: 2 open
ok    plaintext: no secret stands in the store in clear
ok    migrations: none was cut short
ok    audit log: file takes lines, none waits
ok    remote user: trust_remote_user is off: tokens alone count
ok    libfcgi: 2.4.7-1

$ cat note
The web server was not asked: mcpctl doctor --url URL does.

$ mcpctl doctor -q -o json | grep -A5 '"mode"'
    "check": "mode",
    "status": "ok",
    "what": "0700",
    "mend": null
  },
  {

$ chmod 750 state; ill
fail  mode: DIR/state has mode 0750: others could read the store  (chmod 700 DIR/state)
? 1

$ chmod 500 state; ill
fail  mode: DIR/state has mode 0500: the store can't be changed  (chmod 700 DIR/state)
? 1

$ chmod 700 state; chmod 644 state/snapshot; chmod 400 state/gen; ln -s /etc/passwd state/link; touch state/DB_CONFIG; mkdir state/dir; ill | sort
fail  files: DB_CONFIG would change how the store is opened  (rm DIR/state/DB_CONFIG)
fail  files: dir is no regular file  (rmdir DIR/state/dir)
fail  files: gen has another mode than 0600  (chmod 600 DIR/state/gen)
fail  files: link is a symbolic link  (rm DIR/state/link)
fail  files: snapshot can be read by others  (chmod 600 DIR/state/snapshot)
fail  store: DIR/state/DB_CONFIG would override the store's settings: remove it  (what failed above, first)

$ rm state/link state/DB_CONFIG; rmdir state/dir; chmod 600 state/*; ill

$ mv state real; ln -s real state; ill
fail  directory: DIR/state is a symbolic link, which root's mcpctl does not follow  (mcpctl --db "$(readlink -f DIR/state)" doctor)
? 1

$ rm state; touch state; ill
fail  directory: DIR/state is no directory  (mv DIR/state DIR/state.aside)
? 1

$ rm state; mv real state; chmod 640 mcpd.key; ill
fail  key file: DIR/mcpd.key has mode 0640  (chmod 600 DIR/mcpd.key)
? 1

$ chmod 600 mcpd.key; mv mcpd.key real.key; ln -s real.key mcpd.key; ill
fail  key file: DIR/mcpd.key is a symbolic link  (cp --remove-destination "$(readlink -f DIR/mcpd.key)" DIR/mcpd.key && chmod 600 DIR/mcpd.key)
? 1

$ rm mcpd.key; ill
fail  key file: DIR/mcpd.key: No such file or directory  (install -m 600 COPY_OF_THE_KEY_FILE DIR/mcpd.key)
? 1

$ mkdir mcpd.key; ill
fail  key file: DIR/mcpd.key is no regular file  (mv DIR/mcpd.key DIR/mcpd.key.aside)
? 1

$ rmdir mcpd.key; (umask 077; echo nonsense >mcpd.key); ill
fail  key ids: DIR/mcpd.key:1: not a line 'key_id base64(32 bytes)'  (install -m 600 COPY_OF_THE_KEY_FILE DIR/mcpd.key)
? 1

# a key that is not there any more; the mend, as it stands there
$ (umask 077; sed 's/^1 /7 /' copy >mcpd.key); ill
fail  key ids: DIR/mcpd.key lacks key id 1, which sealed values need  ((umask 077; grep '^1 ' COPY_OF_THE_KEY_FILE | cat - DIR/mcpd.key >DIR/mcpd.key.new && mv DIR/mcpd.key.new DIR/mcpd.key))
fail  sealed values: secret 's', key 'k': key id 1 is not in DIR/mcpd.key  (mcpctl --db DIR/state create secret s --force --data k --data l)
fail  sealed values: secret 's', key 'l': key id 1 is not in DIR/mcpd.key  (mcpctl --db DIR/state create secret s --force --data k --data l)
? 1

$ (umask 077; grep '^1 ' copy | cat - mcpd.key >mcpd.key.new && mv mcpd.key.new mcpd.key); ill; wc -l <mcpd.key
2

# another key of the same id
$ mcpctl --db other/state init -q >/dev/null; cp other/mcpd.key mcpd.key; ill
fail  sealed values: secret 's', key 'k': the sealed value does not open: damaged, moved, or sealed with another key  (mcpctl --db DIR/state create secret s --force --data k --data l)
fail  sealed values: secret 's', key 'l': the sealed value does not open: damaged, moved, or sealed with another key  (mcpctl --db DIR/state create secret s --force --data k --data l)
? 1

$ mcpctl create secret s --force --data k=v --data l=w -q; ill; cp copy mcpd.key

# values that came back with the old key file don't open with it either: they were sealed with the other
$ ill | cut -c1-60; mcpctl create secret s --force --data k=v --data l=w -q; ill
fail  sealed values: secret 's', key 'k': the sealed value d
fail  sealed values: secret 's', key 'l': the sealed value d

# a damaged snapshot is made anew; it was told once
$ printf X | dd of=state/snapshot bs=1 seek=200 conv=notrunc status=none; ill
warn  snapshot: snapshot: damaged (its SHA-256 differs); it is made anew from the database  (dmesg | grep -i error, should it come again)

$ ill

# a byte of a page flipped, and of the database's head; the mend, as it stands there
$ cp -a state keep; printf XYZ | dd of=state/cat.db bs=1 seek=8150 conv=notrunc status=none; ill | cut -c1-16
fail  database: 

$ rm -r state; cp -a keep state; printf X | dd of=state/cat.db bs=1 seek=20 conv=notrunc status=none; ill | sed 's/: open.*  (/: ...  (/'
fail  database: store DIR/state: ...  (mcpctl --db DIR/state backup -f DIR/state.backup && mv DIR/state DIR/state.damaged && mcpctl --db DIR/state restore -f DIR/state.backup)

$ mcpctl --db $D/state backup -f $D/state.backup && mv $D/state $D/state.damaged && mcpctl --db $D/state restore -f $D/state.backup -q; ill; mcpctl get llm -o name
The key file is not in it; keep a copy of DIR/mcpd.key elsewhere.
llm/a

# the database of another store, copied over ours: readers have what they had, and so has a backup
$ cp -a state keep2; cp other/state/cat.db other/state/log.* state; ill
fail  database: DIR/state: the database is of another store than the snapshot (cat.db and log.* were copied here?)  (mcpctl --db DIR/state backup -f DIR/state.backup && mv DIR/state DIR/state.damaged && mcpctl --db DIR/state restore -f DIR/state.backup)
? 1

$ rm -r state; mv keep2 state; ill

$ rm state/cat.db; ill
fail  store: no store in DIR/state: make one with mcpctl init  (mcpctl --db DIR/state restore -f BACKUP)
? 1

$ rm -r state; cp -a keep state; truncate -s 100 state/cat.db; rm state/snapshot; ill | sed 's/: could.*  (/: ...  (/'
warn  snapshot: DIR/state/snapshot is missing; it is made anew from the database  (dmesg | grep -i error, should it come again)
fail  store: it could not be rebuilt: store DIR/state: open the database: BDB0004 fop_read_meta: cat.db: unexpected file type or format: DIR/state/snapshot is missing  (mv DIR/state DIR/state.damaged && mcpctl --db DIR/state restore -f BACKUP)

$ rm -r state; mv keep state; rm state/gen; ill

$ mcpctl create secretbackend plain --type plaintext -q; mcpctl create secret clear --backend plain --data k=v -q; ill
warn  plaintext: 1 secret stands in the store in clear: clear  (mcpctl --db DIR/state migrate secrets --from plain --to sealed)

$ mcpctl migrate secrets --from plain --to sealed -q; ill

$ mkdir state/audit-aside; mv state/audit-2* state/audit-aside; mkdir "state/audit-$(date -u +%Y%m%d).log"; ill | sed 's/audit-[0-9]*/audit-DAY/g'
fail  files: audit-DAY.log is no regular file  (rmdir DIR/state/audit-DAY.log)
fail  files: audit-DAYaside is no regular file  (rmdir DIR/state/audit-DAYaside)
fail  audit log: DIR/state/audit-DAY.log is no regular file  (mv DIR/state/audit-DAY.log DIR/state/audit-DAY.log.aside)

$ rmdir state/audit-2*; mv state/audit-aside/* state; rmdir state/audit-aside; ill

$ echo 'trust_remote_user: true' >>mcpd.yaml; ill
warn  remote user: trust_remote_user is on: whoever the web server calls REMOTE_USER gets in without a token, and some call so who was not checked (nginx's fastcgi_params)  (remote_user_param: MCPD_USER, sent by the web server after its login; and mcpctl doctor --url URL)

$ echo 'remote_user_param: MCPD_USER' >>mcpd.yaml; ill

$ chmod 644 mcpd.yaml; ill | sed 's/chgrp [0-9]*/chgrp GID/'
warn  configuration: DIR/mcpd.yaml has mode 0644: anyone can read it  (chgrp GID DIR/mcpd.yaml && chmod 640 DIR/mcpd.yaml)

$ chmod 646 mcpd.yaml; ill
fail  configuration: DIR/mcpd.yaml has mode 0646: anyone can change it  (chmod o-w DIR/mcpd.yaml)
? 1

$ chmod 640 mcpd.yaml; echo 'wokers: 1' >>mcpd.yaml; ill
fail  configuration: DIR/mcpd.yaml:3: unknown key 'wokers' (did you mean 'workers'?)  (${EDITOR:-vi} DIR/mcpd.yaml)
? 1

$ : >mcpd.yaml; for v in 2.4.2-2 2.4.2-2+deb11u1 2.4.5-1 2.4.6 1.9.9 nonsense; do echo $v >libfcgi; ill | cut -c1-60; done
warn  libfcgi: 2.4.2-2: CVE-2025-23016 is mended in 2.4.7; u
warn  libfcgi: 2.4.2-2+deb11u1: CVE-2025-23016 is mended in 
warn  libfcgi: 2.4.5-1: CVE-2025-23016 is mended in 2.4.7; u
warn  libfcgi: 2.4.6: CVE-2025-23016 is mended in 2.4.7; unt
warn  libfcgi: 1.9.9: CVE-2025-23016 is mended in 2.4.7; unt
warn  libfcgi: nonsense: CVE-2025-23016 is mended in 2.4.7; 

$ for v in 2.4.2-2+deb12u1 2.4.2-2+deb13u1 2.4.7 2.4.10-1 2.5.0 3.0.1; do echo $v >libfcgi; ill; done; rm libfcgi

# a package that is not installed tells nothing
$ printf '#!/bin/sh\necho "rc 2.4.7"\n' >bin/dpkg-query; mcpctl doctor | grep -c '^....  libfcgi: 2.4.7$'
The web server was not asked: mcpctl doctor --url URL does.
0
? 1

# no store where none was named, and a server asked: not one line of it fails
$ unset MCPD_DB MCPD_CONFIG; mcpctl doctor --url http://127.0.0.1:1 | grep store:
warn  store: skipped: there is none on this machine  (on the server: mcpctl --db DIR doctor)

# colours, where a terminal wants them
$ on-terminal mcpctl doctor | grep "  mode:" | cat -v
\e[32mok  \e[0m  mode: 0700

$ NO_COLOR=1 on-terminal mcpctl doctor | grep "  mode:" | cat -v
ok    mode: 0700
