# what every level explains of itself, on stdout, with status 0

$ mcpctl -h
Usage: mcpctl COMMAND [options]

administer mcpd, the gateway that keeps the keys of LLM providers

Store:
  init        make a store, its key, and the first user's token
  backup      the whole store as text; sealed values stay sealed
  restore     a store from a backup; the key file is copied separately
  migrate     move secrets between backends
  rekey       seal every secret with a new key, or finish doing so
  doctor      look for what is wrong with the store, its host and the web server

Resources:
  create      make an llm, secret, secretbackend, user, group, rbac or mcptoken
  get         list objects, or show the ones that are named
  describe    all there is to know of one object
  patch       change members of one object
  delete      delete objects
  apply       make the catalogue as files say it is
  diff        what apply would change: exit 0 nothing, 1 something, 2 trouble
  edit        change one object in $EDITOR

Use:
  infer       send one prompt, and print the answer as it comes
  test        does an llm's key work, without a token spent
  whoami      who we are, what we may do, and which llms we may run
  logs        who called what, and who changed what
  usage       requests and tokens, added up
  status      workers, calls, and the health of store and audit log

Server:
  login       use a server from now on; its token is asked for, or read from stdin
  logout      forget the server and its token
  config      show or change the user's own settings

Other:
  completion  a script that lets the shell complete commands and names
  version     print the version
  help        explain a command

Global options:
      --db DIR            the store itself (default: $MCPD_DB, else db of mcpd.yaml)
      --daemon-url URL    a server (default: $MCPD_URL, else that of the login)
      --token-file FILE   who we are there (default: $MCPD_TOKEN, else the login's)
      --insecure          plain http:// to another machine is fine
  -o, --output FORMAT     table, wide, json, yaml or name
      --no-headers        tables without their first line
  -q, --quiet             data and errors only
  -v, --version           print the version
  -h, --help              print this help

Examples:
  mcpctl get llms
  mcpctl create llm gpt --type openai --model gpt-5 --api-key-ref openai/key
  mcpctl describe llm gpt

More: mcpctl COMMAND -h

$ mcpctl create -h
Usage: mcpctl create RESOURCE NAME [options]

make an llm, secret, secretbackend, user, group, rbac or mcptoken

Resources:
  llm            a provider's model that callers may use
  secret         keys of providers, kept in a secret backend
  secretbackend  where the values of secrets are kept
  user           someone who may have tokens
  group          users who are given rights together
  rbac           who may do what
  mcptoken       a user's token; its text is printed once

Global options:
      --db DIR            the store itself (default: $MCPD_DB, else db of mcpd.yaml)
      --daemon-url URL    a server (default: $MCPD_URL, else that of the login)
      --token-file FILE   who we are there (default: $MCPD_TOKEN, else the login's)
      --insecure          plain http:// to another machine is fine
  -o, --output FORMAT     table, wide, json, yaml or name
      --no-headers        tables without their first line
  -q, --quiet             data and errors only
  -v, --version           print the version
  -h, --help              print this help

Examples:
  mcpctl create secret openai --data key
  mcpctl create llm gpt --type openai --model gpt-5 --api-key-ref openai/key

More: mcpctl create RESOURCE -h

$ mcpctl create llm --help
Usage: mcpctl create llm NAME --type T --model M [options]

a provider's model that callers may use

Options:
      --type T                   anthropic, openai, deepseek, vllm, ollama or gemini-cli
      --model M                  the provider's name of the model
      --url U                    where the provider is (default: its own public address)
      --tier fast|heavy          default: fast
      --description D            at most 500 characters
      --api-key-ref SECRET/KEY   the key that the provider is sent; '': none
      --alias A...               another name for it in requests
      --disabled                 refuse its calls for now
      --extra K=V...             a member of extraConfig; V is taken as JSON where it is
      --force                    update it where it exists: only what is given changes

Global options:
      --db DIR            the store itself (default: $MCPD_DB, else db of mcpd.yaml)
      --daemon-url URL    a server (default: $MCPD_URL, else that of the login)
      --token-file FILE   who we are there (default: $MCPD_TOKEN, else the login's)
      --insecure          plain http:// to another machine is fine
  -o, --output FORMAT     table, wide, json, yaml or name
      --no-headers        tables without their first line
  -q, --quiet             data and errors only
  -v, --version           print the version
  -h, --help              print this help

Examples:
  mcpctl create llm claude --type anthropic --model claude-sonnet-4-5 --api-key-ref anthropic/key
  mcpctl create llm local --type vllm --model qwen3 --url http://127.0.0.1:8000 --alias qwen
  mcpctl create llm claude --force --extra maxTokens=4096

$ mcpctl help create secret
Usage: mcpctl create secret NAME [options]

keys of providers, kept in a secret backend

Options:
      --data K[=V]...           a value; K=- reads stdin, K alone asks without echo
      --from-file K=FILE...     a value from a file
      --from-env-file FILE...   values from lines KEY=VALUE
      --backend B               where it is kept (default: the default backend)
      --force                   update it where it exists: only what is given changes

Global options:
      --db DIR            the store itself (default: $MCPD_DB, else db of mcpd.yaml)
      --daemon-url URL    a server (default: $MCPD_URL, else that of the login)
      --token-file FILE   who we are there (default: $MCPD_TOKEN, else the login's)
      --insecure          plain http:// to another machine is fine
  -o, --output FORMAT     table, wide, json, yaml or name
      --no-headers        tables without their first line
  -q, --quiet             data and errors only
  -v, --version           print the version
  -h, --help              print this help

Examples:
  mcpctl create secret anthropic --data key
  mcpctl create secret openai --data key=- < key.txt
  mcpctl create secret team --from-env-file keys.env

$ mcpctl help
Usage: mcpctl COMMAND [options]

administer mcpd, the gateway that keeps the keys of LLM providers

Store:
  init        make a store, its key, and the first user's token
  backup      the whole store as text; sealed values stay sealed
  restore     a store from a backup; the key file is copied separately
  migrate     move secrets between backends
  rekey       seal every secret with a new key, or finish doing so
  doctor      look for what is wrong with the store, its host and the web server

Resources:
  create      make an llm, secret, secretbackend, user, group, rbac or mcptoken
  get         list objects, or show the ones that are named
  describe    all there is to know of one object
  patch       change members of one object
  delete      delete objects
  apply       make the catalogue as files say it is
  diff        what apply would change: exit 0 nothing, 1 something, 2 trouble
  edit        change one object in $EDITOR

Use:
  infer       send one prompt, and print the answer as it comes
  test        does an llm's key work, without a token spent
  whoami      who we are, what we may do, and which llms we may run
  logs        who called what, and who changed what
  usage       requests and tokens, added up
  status      workers, calls, and the health of store and audit log

Server:
  login       use a server from now on; its token is asked for, or read from stdin
  logout      forget the server and its token
  config      show or change the user's own settings

Other:
  completion  a script that lets the shell complete commands and names
  version     print the version
  help        explain a command

Global options:
      --db DIR            the store itself (default: $MCPD_DB, else db of mcpd.yaml)
      --daemon-url URL    a server (default: $MCPD_URL, else that of the login)
      --token-file FILE   who we are there (default: $MCPD_TOKEN, else the login's)
      --insecure          plain http:// to another machine is fine
  -o, --output FORMAT     table, wide, json, yaml or name
      --no-headers        tables without their first line
  -q, --quiet             data and errors only
  -v, --version           print the version
  -h, --help              print this help

Examples:
  mcpctl get llms
  mcpctl create llm gpt --type openai --model gpt-5 --api-key-ref openai/key
  mcpctl describe llm gpt

More: mcpctl COMMAND -h

$ mcpctl get -h
Usage: mcpctl get RESOURCE [NAME...] [options]

list objects, or show the ones that are named

Global options:
      --db DIR            the store itself (default: $MCPD_DB, else db of mcpd.yaml)
      --daemon-url URL    a server (default: $MCPD_URL, else that of the login)
      --token-file FILE   who we are there (default: $MCPD_TOKEN, else the login's)
      --insecure          plain http:// to another machine is fine
  -o, --output FORMAT     table, wide, json, yaml or name
      --no-headers        tables without their first line
  -q, --quiet             data and errors only
  -v, --version           print the version
  -h, --help              print this help

Examples:
  mcpctl get llms
  mcpctl get llm claude -o yaml
  mcpctl get all -o wide
  mcpctl get mcptokens -o name

$ mcpctl describe -h | head -1
Usage: mcpctl describe RESOURCE NAME [options]

$ mcpctl delete -h | head -1
Usage: mcpctl delete RESOURCE NAME... [options]

$ mcpctl patch x --help | head -1
Usage: mcpctl patch RESOURCE NAME KEY=VALUE... [options]

$ mcpctl init -h | head -1
Usage: mcpctl init [options]

$ mcpctl create rbac -h | head -1
Usage: mcpctl create rbac NAME --subject KIND:NAME... [options]

$ mcpctl create token -h | head -1
Usage: mcpctl create mcptoken NAME --user U [options]

$ mcpctl version
mcpctl VERSION

$ (mcpctl version -o json; mcpctl version -o yaml) | sed -E "s/[\"'][0-9][0-9.]*[\"']/N/"; mcpctl -v -o json | grep -c clientVersion; mcpctl version -o name
{
  "clientVersion": {
    "version": N
  }
}
clientVersion:
  version: N
1
mcpctl VERSION

$ mcpctl -v -o jso
mcpctl: -o jso: not one of table, wide, json, yaml, name (did you mean 'json'?)
try: mcpctl -h
? 2

$ mcpctl --version
mcpctl VERSION

$ mcpctl get -v llms
mcpctl VERSION
