# over http
# a caller who may not do everything: exit 4, and the store's own words

$ mcpctl init -q >admin-token

$ mcpctl create user bob -q; mcpctl create secret keys --data k=v -q; mcpctl create llm a --type openai --model m --api-key-ref keys/k -q
> mcpctl create llm b --type openai --model m -q; mcpctl create rbac bob --subject User:bob --role view:llms:a --role edit:users --role delete:secrets --role view:secrets -q
> mcpctl create mcptoken bob --user bob -q >bob-token

$ export MCPD_TOKEN=$(cat bob-token); mcpctl get llms -o name
llm/a

$ export MCPD_TOKEN=$(cat bob-token); mcpctl get llm b
mcpctl: permission denied: view:llms:b
? 4

$ export MCPD_TOKEN=$(cat bob-token); mcpctl get llm nothing
mcpctl: permission denied: view:llms:nothing
? 4

$ export MCPD_TOKEN=$(cat bob-token); mcpctl get rbac
mcpctl: permission denied: view:rbac
? 4

$ export MCPD_TOKEN=$(cat bob-token); mcpctl get all -o name
mcpctl: permission denied: view:secretbackends
mcpctl: permission denied: view:groups
mcpctl: permission denied: view:rbac
mcpctl: permission denied: view:mcptokens
secret/keys
llm/a
user/admin
user/bob
? 4

$ export MCPD_TOKEN=$(cat bob-token); mcpctl create llm c --type openai --model m
mcpctl: permission denied: create:llms
? 4

$ export MCPD_TOKEN=$(cat bob-token); mcpctl patch llm a tier=heavy
mcpctl: permission denied: edit:llms:a
? 4

$ export MCPD_TOKEN=$(cat bob-token); mcpctl delete llm a
mcpctl: permission denied: delete:llms:a
? 4

$ export MCPD_TOKEN=$(cat bob-token); mcpctl describe llm a | head -2
=== LLM: a ===
Name:             a

# a secret in use, as far as bob can see
$ export MCPD_TOKEN=$(cat bob-token); mcpctl delete secret keys
mcpctl: secret 'keys' is the key of llm 'a'; delete it all the same with --force
? 1

# nothing that bob doesn't hold
$ export MCPD_TOKEN=$(cat bob-token); mcpctl create mcptoken x --user bob --scope run:llms
mcpctl: permission denied: create:mcptokens
? 4

$ export MCPD_TOKEN=$(cat bob-token); printf 'kind: user\nname: carol\n---\nkind: llm\nname: c\ntype: openai\nmodel: m\n---\nkind: rbac\nname: z\nsubjects: [{kind: User, name: bob}]\nroleBindings: [{role: edit, resource: llms}]\n' | mcpctl apply -f -
mcpctl: stdin:4: llm/c: permission denied: view:llms:c
mcpctl: stdin:9: rbac/z: permission denied: view:rbac:z
? 1

# what the caller may not see is not told to be missing
$ printf 'kind: group\nname: g\nmembers: [bob]\n' | mcpctl apply -f -; mcpctl create rbac bob2 --subject User:bob --role edit:groups --role view:groups -q; mcpctl patch rbac bob 'roleBindings=[{"role":"edit","resource":"llms"},{"role":"view","resource":"llms"}]' -q
> export MCPD_TOKEN=$(cat bob-token); printf 'kind: group\nname: g\nmembers: [bob, nobody-at-all]\n---\nkind: llm\nname: new\ntype: openai\nmodel: m\napiKeyRef: {name: keys, key: k}\n' | mcpctl apply -f -
group/g created
mcpctl: stdin:5: llm/new: permission denied: edit:secrets:keys
? 1

$ mcpctl patch mcptoken bob revoked=true -q; MCPD_TOKEN=$(cat bob-token) mcpctl get llms
mcpctl: the token is revoked
? 4

$ MCPD_TOKEN=$(cat bob-token) mcpctl apply -f bob-token
mcpctl: bob-token:1: a mapping with a kind is expected
? 1
