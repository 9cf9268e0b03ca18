# completion: what may stand next, from the table of commands and from the catalogue

$ mcpctl init -q >admin-token

$ mcpctl create secret prod --data k=v --data n=w -q; mcpctl create llm claude --type anthropic --model m --description 'the good one' -q; mcpctl create llm gpt --type openai --model m -q; mcpctl create user alice -q

$ mcpctl __complete -- cr
create	make an llm, secret, secretbackend, user, group, rbac or mcptoken

$ mcpctl __complete -- create s
secret	keys of providers, kept in a secret backend
secretbackend	where the values of secrets are kept

$ mcpctl __complete -- get llms ''
claude	the good one
gpt

$ mcpctl __complete -- get llm claude ''
gpt

$ mcpctl __complete -- get ''
secretbackends
secrets
llms
users
groups
rbac
mcptokens
all

$ mcpctl __complete -- create llm x --type o
openai
ollama

$ mcpctl __complete -- create sb x --type ''
sealed
plaintext
openbao

$ mcpctl __complete -- create llm x --api-key-ref p
prod/

$ mcpctl __complete -- create llm x --api-key-ref prod/
prod/k
prod/n

$ mcpctl __complete -- create rbac r --role run:llms:c
run:llms:claude	the good one

$ mcpctl __complete -- create rbac r --subject User:a
User:admin
User:alice

$ mcpctl __complete -- patch llm claude al
aliases=

$ mcpctl __complete -- infer g
gpt

$ mcpctl __complete -- restore -f ''
:files

$ mcpctl __complete -- usage --by ''
llm
user
token
day

$ mcpctl __complete -- logs --fo
--follow	and those that come, until Ctrl-C

$ mcpctl __complete -- nonsense ''

$ mcpctl __complete --

$ mcpctl __complete -- create user bob ''

# a store that can't be read completes to nothing, without a word
# not over http
$ mcpctl __complete -- --db /nonexistent get llms ''

# in the shells themselves
$ bash -c 'source <(mcpctl completion bash); for line in "mcpctl get l" "mcpctl describe llm c" "mcpctl create rbac r --role run:llms:" "mcpctl --db sta"; do COMP_LINE=$line COMP_POINT=${#line}; _mcpctl; echo "$line: ${COMPREPLY[*]}"; done'
mcpctl get l: llms
mcpctl describe llm c: claude
mcpctl create rbac r --role run:llms:: claude gpt
mcpctl --db sta: state

$ fish -c 'mcpctl completion fish | source; complete -C "mcpctl describe llm c"; complete -C "mcpctl create rb"'
claude	the good one
rbac	who may do what

$ mcpctl completion zsh >_mcpctl; zsh -f -c 'autoload -U compinit; compinit -u; source ./_mcpctl; functions _mcpctl >/dev/null && echo defined: $_comps[mcpctl]'
defined: _mcpctl

$ mcpctl completion tcsh
mcpctl: tcsh: not one of bash, fish, zsh
try: mcpctl completion -h
? 2
