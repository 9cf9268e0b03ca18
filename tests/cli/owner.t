# needs root
# root works as the owner of the store, and leaves nothing behind that the owner can't open

$ chmod 711 "$D" && mkdir -m 711 srv && mcpctl --db "$D/srv/state" init -q >/dev/null && chown -R nobody: srv

$ export MCPD_DB=$D/srv/state; mcpctl create secret s --data k=v && mcpctl create llm a --type openai --model m --api-key-ref s/k
secret 's' created (id: ID)
llm 'a' created (id: ID)

$ find srv ! -user nobody

# files that the user names are read as root, before
$ (umask 077; echo sk-root > rootkey); MCPD_DB=$D/srv/state mcpctl create secret r --from-file k=rootkey
> MCPD_DB=$D/srv/state mcpctl describe secret r --show-values | grep 'k '
secret 'r' created (id: ID)
  k       sk-root\n

$ (umask 077; printf 'kind: user\nname: fromroot\n' > root.yaml); MCPD_DB=$D/srv/state mcpctl apply -f root.yaml
user/fromroot created

# an editor works as the owner too, on a file that is the owner's
$ MCPD_DB=$D/srv/state TMPDIR=/tmp EDITOR='f() { stat -c "%U %a" "$1"; sed -i "s/^description.*/description: x/" "$1"; }; f' mcpctl edit user fromroot; find srv ! -user nobody
nobody 600
user 'fromroot' edited

# a directory made ready for its user stays that user's
$ mkdir -m 711 ready && mkdir -m 700 ready/state && chown -R nobody: ready && mcpctl --db "$D/ready/state" init -q; find ready ! -user nobody
TOKEN
