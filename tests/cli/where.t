# where the catalogue is, when nobody says so

$ unset MCPD_DB; printf 'db: %s/none\n' "$D" > mcpd.yaml; mcpctl get llms
mcpctl: no store in DIR/none: make one with mcpctl init, or use a server: mcpctl login URL
? 1

$ MCPD_DB=$D/none mcpctl get llms
mcpctl: no store in DIR/none: make one with mcpctl init
? 1

$ MCPD_DB=$D/none MCPD_URL=http://127.0.0.1:1 MCPD_TOKEN=t mcpctl get llms
mcpctl: http://127.0.0.1:1: connection refused by 127.0.0.1
? 1

$ MCPD_DB=$D/none MCPD_URL=http://127.0.0.1:1 mcpctl --db none get llms
mcpctl: no store in none: make one with mcpctl init
? 1

$ MCPD_URL=ftp://x mcpctl --daemon-url http://h.example get llms
mcpctl: http://h.example: a token would go over the network in clear: use https://, or --insecure
try: mcpctl get -h
? 2

$ unset MCPD_DB; MCPD_URL=ftp://x mcpctl get llms
mcpctl: ftp://x: must begin with http:// or https://
try: mcpctl get -h
? 2

$ unset MCPD_DB; MCPD_URL=http://h.example/?q mcpctl get llms
mcpctl: http://h.example/?q: must not have a query
try: mcpctl get -h
? 2

# config.json comes before the default
$ unset MCPD_DB; mcpctl config set db "$D/there" && mcpctl get llms
mcpctl: no store in DIR/there: make one with mcpctl init
? 1

$ unset MCPD_DB; mcpctl config set url http://127.0.0.1:1/llm/ && mcpctl config view | tr -s ' '
KEY VALUE SOURCE
db DIR/there DIR/.mcpctl/config.json
url http://127.0.0.1:1/llm DIR/.mcpctl/config.json
token - default
insecure false default
caFile - default
proxy - default

$ unset MCPD_DB; mcpctl get llms
mcpctl: no token for http://127.0.0.1:1/llm: mcpctl login http://127.0.0.1:1/llm
? 4

$ mcpctl config 2>&1 | head -1
Usage: mcpctl config COMMAND [options]

$ mcpctl config veiw
mcpctl: unknown command 'veiw' (did you mean 'view'?)
try: mcpctl config -h
? 2

$ mcpctl config set
mcpctl: expected: mcpctl config set KEY VALUE
try: mcpctl config set -h
? 2

# an empty directory's name is a mistake of the command line
$ mcpctl --db "" get users
mcpctl: --db: must not be empty
try: mcpctl get -h
? 2

$ mcpctl --db x init --key-file ""
mcpctl: --key-file: must not be empty
try: mcpctl init -h
? 2
