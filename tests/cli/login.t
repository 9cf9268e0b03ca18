# over http
# which catalogue is meant, and as whom

$ mcpctl init -q >admin-token

$ mcpctl config view | tr -s ' '
KEY VALUE SOURCE
db /var/lib/mcpd/state default
url SERVER MCPD_URL
token mcp_…TAIL MCPD_TOKEN
insecure false default
caFile - default
proxy - default

$ unset MCPD_TOKEN; mcpctl get users
mcpctl: no token for SERVER: mcpctl login SERVER
? 4

$ MCPD_TOKEN=mcp_wrong mcpctl get users
mcpctl: invalid token
? 4

$ MCPD_URL=http://127.0.0.1:1 mcpctl get users
mcpctl: http://127.0.0.1:1: connection refused by 127.0.0.1
? 1

$ mcpctl --daemon-url "$MCPD_URL" --db state get users
mcpctl: --db and --daemon-url: either the store itself, or a server
try: mcpctl get -h
? 2

$ mcpctl --db state get users -o name
user/admin

$ unset MCPD_TOKEN; mcpctl --token-file admin-token get users -o name
user/admin

$ mcpctl init
mcpctl: mcpctl init works on the store itself (--db DIR), not over HTTP: a server has its store already
try: mcpctl init -h
? 2

$ mcpctl create secret s --data k=v -q && mcpctl describe secret s --show-values
mcpctl: --show-values works on the store only: values never leave it over HTTP
try: mcpctl describe -h
? 2

$ mcpctl login "$MCPD_URL" < admin-token && stat -c '%a %n' "$HOME/.mcpctl" "$HOME/.mcpctl/config.json"
logged in to SERVER as admin
700 DIR/.mcpctl
600 DIR/.mcpctl/config.json

$ unset MCPD_URL MCPD_TOKEN; mcpctl config view | tr -s ' '; mcpctl get users -o name
KEY VALUE SOURCE
db /var/lib/mcpd/state default
url SERVER DIR/.mcpctl/config.json
token mcp_…TAIL DIR/.mcpctl/config.json
insecure false default
caFile - default
proxy - default
user/admin

# a login's token goes to no other server
$ unset MCPD_TOKEN; MCPD_URL=http://127.0.0.1:1 mcpctl get users
mcpctl: no token for http://127.0.0.1:1: mcpctl login http://127.0.0.1:1
? 4

# what can be read is the store
$ unset MCPD_TOKEN; MCPD_DB=$D/state mcpctl config view | tr -s ' '
KEY VALUE SOURCE
db DIR/state MCPD_DB
url SERVER MCPD_URL
token mcp_…TAIL DIR/.mcpctl/config.json
insecure false default
caFile - default
proxy - default

$ echo mcp_wrong | mcpctl login "$MCPD_URL"
mcpctl: invalid token
? 4

$ mcpctl login "$MCPD_URL" < /dev/null
mcpctl: stdin: no token in it
? 1

$ mcpctl login http://192.0.2.1 < admin-token
mcpctl: http://192.0.2.1: a token would go over the network in clear: use https://, or --insecure
try: mcpctl login -h
? 2

$ mcpctl login "$MCPD_URL/nowhere" < admin-token
mcpctl: SERVER/nowhere: no mcpd there: no such path
? 1

$ mcpctl login ftp://x < admin-token
mcpctl: ftp://x: must begin with http:// or https://
try: mcpctl login -h
? 2

$ on-terminal --type 'Token: ' "$(cat admin-token)" mcpctl login "$MCPD_URL"
Token: 
logged in to SERVER as admin

$ mcpctl config set token x
mcpctl: token is not set on the command line, where others can read it: use mcpctl login URL
try: mcpctl config set -h
? 2

$ mcpctl config set tokn x
mcpctl: unknown key 'tokn' (did you mean 'token'?)
try: mcpctl config set -h
? 2

$ mcpctl config set insecure maybe
mcpctl: insecure: must be true or false
try: mcpctl config set -h
? 2

$ mcpctl config set caFile ca.pem
mcpctl: caFile: must be an absolute path
try: mcpctl config set -h
? 2

$ mcpctl config set caFile /etc/ca.pem && unset MCPD_TOKEN MCPD_URL && mcpctl config view -o json | grep -B1 -A1 ca.pem
    "key": "caFile",
    "value": "/etc/ca.pem",
    "source": "DIR/.mcpctl/config.json"

$ mcpctl config set caFile '' && mcpctl config set url http://127.0.0.1:1 && unset MCPD_TOKEN MCPD_URL && mcpctl get llms
the token of SERVER is forgotten
mcpctl: no token for http://127.0.0.1:1: mcpctl login http://127.0.0.1:1
? 4

# others may not read it
$ chmod 644 "$HOME/.mcpctl/config.json"; mcpctl get llms
mcpctl: DIR/.mcpctl/config.json: others may read it (mode 0644): chmod 600
? 1

$ chmod 600 "$HOME/.mcpctl/config.json"; echo '{"url":}' > "$HOME/.mcpctl/config.json"; mcpctl get llms
mcpctl: DIR/.mcpctl/config.json: line 1, column 8: '}' where a value should be
? 1

$ echo '{"other":[1]}' > "$HOME/.mcpctl/config.json"; mcpctl login "$MCPD_URL" < admin-token; grep -A2 other "$HOME/.mcpctl/config.json"; mcpctl logout; mcpctl logout; cat "$HOME/.mcpctl/config.json"
logged in to SERVER as admin
  "other": [
    1
  ],
logged out of SERVER
not logged in
{
  "other": [
    1
  ]
}

# over HTTP no value comes out: that is said before the server is asked for anything
$ env -u MCPD_DB mcpctl --daemon-url http://127.0.0.1:1 --token-file admin-token describe secret nothing --show-values
mcpctl: --show-values works on the store only: values never leave it over HTTP
try: mcpctl describe -h
? 2

# a file that can't be understood must not mean that the store is meant
$ mkdir -p broken/.mcpctl && cd broken && for f in '{"url": 3}' '{"insecure": "yes", "db": []}' '{"insecure": 1}' '{"url": null}' '{'; do echo "$f" >.mcpctl/config.json; chmod 600 .mcpctl/config.json; HOME=$D/broken mcpctl --db $D/nowhere get users; done
mcpctl: DIR/broken/.mcpctl/config.json: url: must be a string
mcpctl: DIR/broken/.mcpctl/config.json: db: must be a string
mcpctl: DIR/broken/.mcpctl/config.json: insecure: must be true or false
mcpctl: no store in DIR/nowhere: make one with mcpctl init
mcpctl: DIR/broken/.mcpctl/config.json: line 2, column 1: the text ends where a member's name should be
? 1
