# groups, and the last one who can edit rbac

$ mcpctl init -q >admin-token

$ mcpctl create user alice -q; mcpctl create user Bob@example.org -q

$ mcpctl create group writers --member alice --member Bob@example.org
group 'writers' created (id: ID)

$ mcpctl create group empty
group 'empty' created (id: ID)

$ mcpctl create group empty
mcpctl: group 'empty' already exists
? 1

$ mcpctl create group wrong --member alice --member nobody --member alice
mcpctl: members[1]: User not found: nobody
mcpctl: members[2]: alice is in the list already
? 1

$ mcpctl create group writers --force --member alice
group 'writers' updated (id: ID)

$ mcpctl get groups
NAME      MEMBERS   ID
empty     -         ID
writers   alice     ID

$ mcpctl patch group writers 'members=["alice","Bob@example.org"]'
group 'writers' patched

$ mcpctl get groups -o wide
NAME      MEMBERS                 ID                          VERSION   UPDATED
empty     -                       ID   1         TIME
writers   alice,Bob@example.org   ID   3         TIME

$ mcpctl describe group writers
=== Group: writers ===
Name:             writers

Members:
  alice
  Bob@example.org

Metadata:
  ID:         ID
  Version:    3
  Created:    TIME
  Updated:    TIME

$ mcpctl get group empty -o yaml
kind: group
id: ID
name: empty
members: []
version: 1
createdAt: 'TIME'
updatedAt: 'TIME'

$ mcpctl create rbac scribes --subject Group:writers --role run:llms
rbac 'scribes' created (id: ID)

$ mcpctl get rbac scribes --no-headers
scribes   Group:writers   run:llms   ID

$ mcpctl delete group writers
mcpctl: Group in use: writers (Rbac scribes)
? 1

# a membership ends with its user
$ mcpctl delete user Bob@example.org && mcpctl get group writers --no-headers
user 'Bob@example.org' deleted
writers   alice   ID

$ mcpctl delete rbac scribes && mcpctl delete group writers empty
rbac 'scribes' deleted
group 'writers' deleted
group 'empty' deleted

# somebody must be left who can put rights right
$ mcpctl delete rbac admins
mcpctl: nobody could edit rbac any more: give edit on rbac to another user or group first
? 1

$ mcpctl patch rbac admins 'roleBindings=[{"role":"edit","resource":"llms"}]'
mcpctl: nobody could edit rbac any more: give edit on rbac to another user or group first
? 1

$ mcpctl create group admins --member alice
group 'admins' created (id: ID)

$ mcpctl create rbac more --subject Group:admins --role edit:rbac
rbac 'more' created (id: ID)

$ mcpctl delete rbac admins
rbac 'admins' deleted

# over HTTP the token's user is no longer one of them
# on the store
$ mcpctl patch group admins 'members=[]'
mcpctl: nobody could edit rbac any more: give edit on rbac to another user or group first
? 1

# on the store
$ mcpctl delete user alice
mcpctl: nobody could edit rbac any more: give edit on rbac to another user or group first
? 1

# a token that leaked can be revoked, be it the last
# on the store
$ mcpctl patch token admin revoked=true
mcptoken 'admin' patched
