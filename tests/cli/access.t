# users, rbac definitions, tokens

$ mcpctl init -q >admin-token

$ mcpctl create user alice --description 'Alice, billing'
user 'alice' created (id: ID)

$ mcpctl create user alice
mcpctl: user 'alice' already exists
? 1

$ mcpctl create user alice --force --description 'Alice'
user 'alice' updated (id: ID)

$ mcpctl create user Bob@example.org
user 'Bob@example.org' created (id: ID)

$ mcpctl get users
NAME              DESCRIPTION   ID
Bob@example.org   -             ID
admin             -             ID
alice             Alice         ID

$ mcpctl describe user alice
=== User: alice ===
Name:             alice
Description:      Alice

Metadata:
  ID:         ID
  Version:    2
  Created:    TIME
  Updated:    TIME

$ mcpctl create rbac callers --subject user:alice --role run:llms:claude --role view:llms
rbac 'callers' created (id: ID)

$ mcpctl create rbac keepers --subject User:Bob@example.org --role 'edit:*' --operation migrate-secrets
rbac 'keepers' created (id: ID)

$ mcpctl create rbac wrong --subject User:nobody --role fly:llms --role view:wombats
mcpctl: subjects[0].name: User not found: nobody
mcpctl: roleBindings[0].role: must be view, create, delete, edit, run or expose
mcpctl: roleBindings[1].resource: must be *, llms, secrets, secretbackends, users, groups, rbac, mcptokens, audit or usage
? 1

$ mcpctl create rbac callers --force --subject User:alice --role run:llms
rbac 'callers' updated (id: ID)

$ mcpctl get rbac
NAME      SUBJECTS               BINDINGS                           ID
admins    User:admin             edit:*,run:*,run:migrate-secrets   ID
callers   User:alice             run:llms                           ID
keepers   User:Bob@example.org   edit:*,run:migrate-secrets         ID

$ mcpctl get rbac callers -o yaml
kind: rbac
id: ID
name: callers
subjects:
- kind: User
  name: alice
roleBindings:
- role: run
  resource: llms
version: 2
createdAt: 'TIME'
updatedAt: 'TIME'

$ mcpctl describe rbac-definition keepers
=== RBAC: keepers ===
Name:             keepers

Subjects:
  User        Bob@example.org

Role Bindings:
  edit        *
  run         migrate-secrets

Metadata:
  ID:         ID
  Version:    1
  Created:    TIME
  Updated:    TIME

# the token alone on stdout
$ mcpctl create mcptoken laptop --user alice 2>note | wc -c; cat note
48
mcptoken 'laptop' created (id: ID)

$ mcpctl create mcptoken ci --user alice --scope run:llms:claude --expires 2030-01-31T00:00:00+01:00
TOKEN
mcptoken 'ci' created (id: ID)

$ mcpctl create token brief --user alice --expires 30d -q
TOKEN

# a span that ends behind all times
$ mcpctl create mcptoken long --user alice --expires 106751991167d -q; mcpctl get token long -o json | grep expires; mcpctl delete token long -q
TOKEN
  "expiresAt": "TIME",

$ mcpctl create mcptoken laptop --user alice
mcpctl: mcptoken 'laptop' already exists
? 1

$ mcpctl create mcptoken laptop --user alice --force
mcpctl: mcptoken 'laptop' already exists, and its text can't be made again: delete it first, or take another name
? 1

$ mcpctl create mcptoken x --user nobody
mcpctl: user: User not found: nobody
? 1

$ mcpctl create mcptoken js --user alice -o json | grep -c '"token"'
1

# also with -o name: it is never to be had again
$ mcpctl create mcptoken named --user alice -o name 2>note; cat note; mcpctl delete mcptoken named -q
TOKEN
mcptoken/named

$ mcpctl get token ci -o name
mcptoken/ci

$ mcpctl get mcptokens
NAME     USER    SCOPE             EXPIRES                    REVOKED   ID
admin    admin   -                 never                      false     ID
brief    alice   -                 TIME   false     ID
ci       alice   run:llms:claude   TIME   false     ID
js       alice   -                 never                      false     ID
laptop   alice   -                 never                      false     ID

$ mcpctl get token ci -o yaml
kind: mcptoken
id: ID
name: ci
user: alice
scope:
- role: run
  resource: llms
  name: claude
expiresAt: 'TIME'
revoked: false
tokenSha: SHA256
lastUsedAt: null
version: 1
createdAt: 'TIME'
updatedAt: 'TIME'

$ mcpctl describe token ci
=== McpToken: ci ===
Name:             ci
User:             alice
Revoked:          false
Expires:          TIME
SHA-256:          SHA256

Scope:
  run         llms:claude

Metadata:
  ID:         ID
  Version:    1
  Created:    TIME
  Updated:    TIME

$ mcpctl describe token laptop
=== McpToken: laptop ===
Name:             laptop
User:             alice
Revoked:          false
Expires:          never
SHA-256:          SHA256

Scope:
  (all that its user may)

Metadata:
  ID:         ID
  Version:    1
  Created:    TIME
  Updated:    TIME

$ mcpctl patch token ci revoked=true
mcptoken 'ci' patched

$ mcpctl patch token ci revoked=false
mcpctl: revoked: a revoked token stays revoked
? 1

$ mcpctl describe token ci | grep Revoked
Revoked:          true

$ mcpctl delete user alice
mcpctl: User in use: alice (McpToken brief, ci, js, laptop; Rbac callers)
? 1

$ mcpctl delete token laptop ci brief js
mcptoken 'laptop' deleted
mcptoken 'ci' deleted
mcptoken 'brief' deleted
mcptoken 'js' deleted

$ mcpctl delete rbac callers && mcpctl delete user alice
rbac 'callers' deleted
user 'alice' deleted

$ mcpctl get sb
NAME     TYPE     DEFAULT   DESCRIPTION                ID
sealed   sealed   true      AES-256-GCM in the store   ID

$ mcpctl describe sb sealed
=== SecretBackend: sealed ===
Name:             sealed
Type:             sealed
Default:          true
Description:      AES-256-GCM in the store

Metadata:
  ID:         ID
  Version:    1
  Created:    TIME
  Updated:    TIME

$ mcpctl get all
NAME                   TYPE     DEFAULT   DESCRIPTION                ID
secretbackend/sealed   sealed   true      AES-256-GCM in the store   ID

NAME                   DESCRIPTION   ID
user/Bob@example.org   -             ID
user/admin             -             ID

NAME           SUBJECTS               BINDINGS                           ID
rbac/admins    User:admin             edit:*,run:*,run:migrate-secrets   ID
rbac/keepers   User:Bob@example.org   edit:*,run:migrate-secrets         ID

NAME             USER    SCOPE   EXPIRES   REVOKED   ID
mcptoken/admin   admin   -       never     false     ID

# a token that is used says when
# not over http
$ mcpctl get all -o wide --no-headers
secretbackend/sealed   sealed   true   AES-256-GCM in the store   ID   1   TIME

user/Bob@example.org   -   ID   1   TIME
user/admin             -   ID   1   TIME

rbac/admins    User:admin             edit:*,run:*,run:migrate-secrets   ID   1   TIME
rbac/keepers   User:Bob@example.org   edit:*,run:migrate-secrets         ID   1   TIME

mcptoken/admin   admin   -   never   false   ID   -   1   TIME

$ mcpctl get all -o json | sed 's/"lastUsedAt": .*/"lastUsedAt": WHEN,/'
{
  "secretbackends": [
    {
      "id": "ID",
      "name": "sealed",
      "type": "sealed",
      "description": "AES-256-GCM in the store",
      "default": true,
      "config": {},
      "version": 1,
      "createdAt": "TIME",
      "updatedAt": "TIME"
    }
  ],
  "secrets": [],
  "llms": [],
  "users": [
    {
      "id": "ID",
      "name": "Bob@example.org",
      "description": "",
      "version": 1,
      "createdAt": "TIME",
      "updatedAt": "TIME"
    },
    {
      "id": "ID",
      "name": "admin",
      "description": "",
      "version": 1,
      "createdAt": "TIME",
      "updatedAt": "TIME"
    }
  ],
  "groups": [],
  "rbac": [
    {
      "id": "ID",
      "name": "admins",
      "subjects": [
        {
          "kind": "User",
          "name": "admin"
        }
      ],
      "roleBindings": [
        {
          "role": "edit",
          "resource": "*"
        },
        {
          "role": "run",
          "resource": "*"
        },
        {
          "role": "run",
          "action": "migrate-secrets"
        }
      ],
      "version": 1,
      "createdAt": "TIME",
      "updatedAt": "TIME"
    },
    {
      "id": "ID",
      "name": "keepers",
      "subjects": [
        {
          "kind": "User",
          "name": "Bob@example.org"
        }
      ],
      "roleBindings": [
        {
          "role": "edit",
          "resource": "*"
        },
        {
          "role": "run",
          "action": "migrate-secrets"
        }
      ],
      "version": 1,
      "createdAt": "TIME",
      "updatedAt": "TIME"
    }
  ],
  "mcptokens": [
    {
      "id": "ID",
      "name": "admin",
      "user": "admin",
      "scope": null,
      "expiresAt": null,
      "revoked": false,
      "tokenSha": "SHA256",
      "lastUsedAt": WHEN,
      "version": 1,
      "createdAt": "TIME",
      "updatedAt": "TIME"
    }
  ]
}

$ mcpctl get all -o yaml | grep -A1 '^kind'
kind: secretbackend
id: ID
--
kind: user
id: ID
--
kind: user
id: ID
--
kind: rbac
id: ID
--
kind: rbac
id: ID
--
kind: mcptoken
id: ID
