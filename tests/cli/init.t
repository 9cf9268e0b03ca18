# a store of its own

$ mcpctl get llms
mcpctl: no store in DIR/state: make one with mcpctl init
? 1

$ mkdir empty && mcpctl --db empty get llms
mcpctl: DIR/empty has mode 0755, others could read the store: chmod 700 DIR/empty
? 1

$ mcpctl init 2>notes
TOKEN

# root is told to give the store away, others are not
$ grep -v '^Both belong to root' notes
store:    DIR/state
key file: DIR/mcpd.key (without it no secret can be read: keep a copy elsewhere)
The token of user admin is on stdout, and is shown only now.
Next: mcpctl create secret NAME --data key, then mcpctl create llm NAME --type T --model M --api-key-ref NAME/key

$ stat -c '%a %F %n' state mcpd.key
700 directory state
600 regular file mcpd.key

$ mcpctl init
mcpctl: DIR/state: a store is there already
? 1

$ mcpctl get all
NAME                   TYPE     DEFAULT   DESCRIPTION                ID
secretbackend/sealed   sealed   true      AES-256-GCM in the store   ID

NAME         DESCRIPTION   ID
user/admin   -             ID

NAME          SUBJECTS     BINDINGS                           ID
rbac/admins   User:admin   edit:*,run:*,run:migrate-secrets   ID

NAME             USER    SCOPE   EXPIRES   REVOKED   ID
mcptoken/admin   admin   -       never     false     ID

$ mcpctl get all -o name
secretbackend/sealed
user/admin
rbac/admins
mcptoken/admin

$ mcpctl describe rbac admins
=== RBAC: admins ===
Name:             admins

Subjects:
  User        admin

Role Bindings:
  edit        *
  run         *
  run         migrate-secrets

Metadata:
  ID:         ID
  Version:    1
  Created:    TIME
  Updated:    TIME

# an existing key is only used where it is named
$ mcpctl --db other init
mcpctl: mcpd.key: a key file is there already; name it with --key-file to use it
? 1

$ mcpctl --db other init --key-file "$D/mcpd.key" -q
TOKEN

$ mcpctl --db other get users -o name
user/admin

$ mcpctl --db third init --key-file "$D/keys/none" -q
mcpctl: DIR/keys/none: the key file can't be made: No such file or directory
? 1

$ mcpctl --db "$D/third" init --key-file "$D/third/key" -q
mcpctl: key_file: DIR/third/key must not be inside db (DIR/third)
? 1

# the store is found by flag, by environment, by configuration, in this order
$ printf 'db: %s/other\n' "$D" > mcpd.yaml; mcpctl --db other create user from-flag -q
> MCPD_DB= mcpctl get users -o name
user/admin
user/from-flag

$ mcpctl get users -o name
user/admin

$ printf 'dbb: x\n' > mcpd.yaml; mcpctl get users
mcpctl: DIR/mcpd.yaml:1: unknown key 'dbb' (did you mean 'db'?)
? 1

$ : > mcpd.yaml; ln -s state link; mcpctl --db link get users
mcpctl: link: a symbolic link, or no directory: name the directory itself
? 1

$ MCPD_KEY_FILE=$D/none mcpctl create secret s --data k=v
mcpctl: DIR/none: there is no key file (mcpctl init makes it; after a restore copy the old one here)
? 1
