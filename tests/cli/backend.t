# secret backends: the default, plaintext, openbao (its server is not there), migrations

$ mcpctl init -q >admin-token

$ mcpctl create secretbackend clear --type plaintext --description 'for tests'
secretbackend 'clear' created (id: ID)

$ mcpctl create sb clear --type plaintext
mcpctl: secretbackend 'clear' already exists
? 1

$ mcpctl create secretbackend clear --type plaintext --url http://127.0.0.1:8200
mcpctl: config.url: unknown field
? 1

$ mcpctl create secretbackend other --type vault
mcpctl: type: must be sealed, plaintext or openbao
? 1

$ mcpctl create secretbackend bao --type openbao
mcpctl: config.url: is required
mcpctl: config.tokenSecret: is required
? 1

$ mcpctl create secret token --data key=bao-token-canary
secret 'token' created (id: ID)

$ mcpctl create secretbackend bao --type openbao --url http://127.0.0.1:1 --token-secret token/key --namespace team --mount kv --path-prefix keys --config cacheSeconds=5
secretbackend 'bao' created (id: ID)

$ mcpctl create secretbackend bao --type openbao --force --config staleSeconds=0
secretbackend 'bao' updated (id: ID)

$ mcpctl describe sb bao
=== SecretBackend: bao ===
Name:             bao
Type:             openbao
Default:          false

Config:
  url           http://127.0.0.1:1
  mount         kv
  pathPrefix    keys
  namespace     team
  tokenSecret   {"name":"token","key":"key"}
  cacheSeconds  5
  staleSeconds  0

Metadata:
  ID:         ID
  Version:    2
  Created:    TIME
  Updated:    TIME

$ mcpctl get secretbackends
NAME     TYPE        DEFAULT   DESCRIPTION                ID
bao      openbao     false     -                          ID
clear    plaintext   false     for tests                  ID
sealed   sealed      true      AES-256-GCM in the store   ID

$ mcpctl get sb clear -o yaml
kind: secretbackend
id: ID
name: clear
type: plaintext
description: for tests
default: false
config: {}
version: 1
createdAt: 'TIME'
updatedAt: 'TIME'

$ mcpctl create secret one --backend bao --data key=CANARY-1
mcpctl: SecretBackend bao: OpenBao can't be used: connection refused by 127.0.0.1
? 1

$ mcpctl create secret two --backend clear --data key=in-clear
secret 'two' created (id: ID)

$ mcpctl get secret two -o json
{
  "id": "ID",
  "name": "two",
  "backend": "clear",
  "keys": [
    "key"
  ],
  "version": 1,
  "createdAt": "TIME",
  "updatedAt": "TIME"
}

# on the store
$ mcpctl describe secret two --show-values | grep '^  key '
  key     in-clear

# making one the default takes it from the other
$ mcpctl create secretbackend clear --type plaintext --force --default
secretbackend 'clear' updated (id: ID)

$ mcpctl get sb --no-headers | awk '{ print $1, $2, $3 }'
bao openbao false
clear plaintext true
sealed sealed false

$ mcpctl create secret three --data key=x -q; mcpctl get secret three --no-headers | awk '{ print $2 }'
clear

$ mcpctl patch sb clear default=false
mcpctl: default: there must be a default: make another backend the default instead
? 1

$ mcpctl delete sb clear
mcpctl: SecretBackend in use: clear (Secret three, two)
? 1

$ mcpctl delete sb sealed
mcpctl: SecretBackend in use: sealed (Secret token)
? 1

$ mcpctl delete secret token
mcpctl: Secret in use: token (SecretBackend bao)
? 1

$ mcpctl get sb -o yaml > all.yaml; mcpctl apply -f all.yaml
secretbackend/bao unchanged
secretbackend/clear unchanged
secretbackend/sealed unchanged

# migrations
$ mcpctl migrate secrets --from clear --to sealed
secret/three migrated
secret/two migrated

$ mcpctl migrate secrets --from clear --to sealed
No secrets to migrate.

$ mcpctl migrate secrets --from sealed --to clear two token nobody
secret/two migrated
secret/token migrated
mcpctl: secret 'nobody' not found
? 1

$ mcpctl get secrets --no-headers | awk '{ print $1, $2 }'
three sealed
token clear
two clear

$ mcpctl migrate secrets --from clear --to sealed -o json
{
  "migrated": [
    "token",
    "two"
  ],
  "failed": []
}

$ mcpctl migrate secrets --from sealed --to clear two -o yaml; mcpctl migrate secrets --from clear --to sealed -o name
migrated:
- two
failed: []
secret/two

$ mcpctl migrate secrets --from clear --to clear
mcpctl: to: must be another backend than from
? 1

$ mcpctl migrate secrets --from clear --to nowhere
mcpctl: to: SecretBackend not found: nowhere
? 1

$ mcpctl migrate secrets --from clear
mcpctl: --to B is required
try: mcpctl migrate secrets -h
? 2

$ mcpctl migrate secret --from clear --to sealed
mcpctl: unknown command 'secret' (did you mean 'secrets'?)
try: mcpctl migrate -h
? 2

$ mcpctl migrate secrets --from sealed --to bao three
mcpctl: secret 'three': SecretBackend bao: OpenBao can't be used: connection refused by 127.0.0.1
? 1

# on the store
$ mcpctl describe secret three --show-values | grep '^  key '
  key     x

# on a terminal it shows how far it is
$ on-terminal mcpctl migrate secrets --from sealed --to clear | tr '\r' '\n' | sed 's/\x1b\[K/<end>/g'

migrating 1 of 3: three\e[K
\e[Ksecret/three migrated

migrating 2 of 3: token\e[K
\e[Ksecret/token migrated

migrating 3 of 3: two\e[K
\e[Ksecret/two migrated

$ grep -rl CANARY-1 state
? 1

# what comes out goes in again
$ mcpctl get all -o yaml | mcpctl apply -f - | sort | uniq -c | grep -v unchanged; mcpctl get all -o json | mcpctl diff -f -
