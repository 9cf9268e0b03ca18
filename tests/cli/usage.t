# mistakes on the command line: stderr, status 2, and a way on

$ mcpctl 2>/dev/null
? 2

$ mcpctl 2>&1 >/dev/null | head -1
Usage: mcpctl COMMAND [options]

$ mcpctl create 2>&1 >/dev/null | head -1
Usage: mcpctl create RESOURCE NAME [options]

$ mcpctl gte llms
mcpctl: unknown command 'gte' (did you mean 'get'?)
try: mcpctl -h
? 2

$ mcpctl frobnicate
mcpctl: unknown command 'frobnicate'
try: mcpctl -h
? 2

$ mcpctl help nothing
mcpctl: unknown command 'nothing'
try: mcpctl help -h
? 2

$ mcpctl help get llms
mcpctl: mcpctl get has no command 'llms'
try: mcpctl help -h
? 2

$ mcpctl get
mcpctl: expected: mcpctl get RESOURCE [NAME...]
try: mcpctl get -h
? 2

$ mcpctl get lms
mcpctl: unknown resource 'lms' (did you mean 'llms'?)
try: mcpctl get -h
? 2

$ mcpctl get wombats
mcpctl: unknown resource 'wombats'
try: mcpctl get -h
? 2

$ mcpctl get all llms
mcpctl: get all takes no names
try: mcpctl get -h
? 2

$ mcpctl create lm x
mcpctl: unknown resource 'lm' (did you mean 'llm'?)
try: mcpctl create -h
? 2

$ mcpctl create wombat x
mcpctl: unknown resource 'wombat'
try: mcpctl create -h
? 2

$ mcpctl create sb x
mcpctl: --type T is required
try: mcpctl create secretbackend -h
? 2

$ mcpctl create llm
mcpctl: expected: mcpctl create llm NAME
try: mcpctl create llm -h
? 2

$ mcpctl create llm a b --type openai --model m
mcpctl: one argument too many: b
try: mcpctl create llm -h
? 2

$ mcpctl create llm a --model m
mcpctl: --type T is required
try: mcpctl create llm -h
? 2

$ mcpctl create llm a --type openai
mcpctl: --model M is required
try: mcpctl create llm -h
? 2

$ mcpctl create llm a --tpye openai
mcpctl: unknown option '--tpye' (did you mean '--type'?)
try: mcpctl create llm -h
? 2

$ mcpctl create llm a --type
mcpctl: --type needs a value: --type T
try: mcpctl create llm -h
? 2

$ mcpctl create llm a --disabled=yes
mcpctl: --disabled takes no value
try: mcpctl create llm -h
? 2

$ mcpctl create llm a --type openai --model m --api-key-ref nokey
mcpctl: --api-key-ref nokey: expected SECRET/KEY
try: mcpctl create llm -h
? 2

$ mcpctl create llm a --type openai --model m --extra nothing
mcpctl: --extra: 'nothing': expected KEY=VALUE
try: mcpctl create llm -h
? 2

$ mcpctl create llm a --type openai --model m --extra a=1 --extra a=2
mcpctl: --extra: 'a' is given twice
try: mcpctl create llm -h
? 2

$ mcpctl create user
mcpctl: expected: mcpctl create user NAME
try: mcpctl create user -h
? 2

$ mcpctl create rbac r --role view:llms
mcpctl: --subject KIND:NAME is required
try: mcpctl create rbac -h
? 2

$ mcpctl create rbac r --subject alice --role view:llms
mcpctl: --subject alice: expected User:NAME, Group:NAME or McpToken:NAME
try: mcpctl create rbac -h
? 2

$ mcpctl create rbac r --subject User:alice --role view
mcpctl: --role view: expected ROLE:RESOURCE[:NAME]
try: mcpctl create rbac -h
? 2

$ mcpctl create mcptoken t
mcpctl: --user U is required
try: mcpctl create mcptoken -h
? 2

$ mcpctl create mcptoken t --user u --expires soon
mcpctl: --expires soon: expected 30d, 12h or 2030-01-31T00:00:00Z
try: mcpctl create mcptoken -h
? 2

$ mcpctl create mcptoken t --user u --scope run
mcpctl: --scope run: expected ROLE:RESOURCE[:NAME]
try: mcpctl create mcptoken -h
? 2

$ mcpctl create secret s --data key
mcpctl: --data key: stdin is no terminal to ask on; use --data key=- or --from-file
try: mcpctl create secret -h
? 2

$ echo x | mcpctl create secret s --data a=- --data b=-
mcpctl: --data b=-: stdin can be read only once
try: mcpctl create secret -h
? 2

$ mcpctl create secret s --data a=1 --data a=2
mcpctl: --data: a is given twice
try: mcpctl create secret -h
? 2

$ mcpctl create secret s --data =1
mcpctl: --data: the key's name is missing
try: mcpctl create secret -h
? 2

$ mcpctl create secret s --from-file key
mcpctl: --from-file key: expected KEY=FILE
try: mcpctl create secret -h
? 2

$ mcpctl create user "$(printf 'M\374ller')"
mcpctl: argument 3 is not UTF-8
try: mcpctl -h
? 2

$ mcpctl get llms -o tabel
mcpctl: -o tabel: not one of table, wide, json, yaml, name (did you mean 'table'?)
try: mcpctl get -h
? 2

$ mcpctl get llms -o ''
mcpctl: -o : not one of table, wide, json, yaml, name
try: mcpctl get -h
? 2

$ mcpctl get llms -x
mcpctl: unknown option '-x'
try: mcpctl get -h
? 2

$ mcpctl describe llm
mcpctl: expected: mcpctl describe RESOURCE NAME
try: mcpctl describe -h
? 2

$ mcpctl describe llm a b
mcpctl: one argument too many: b
try: mcpctl describe -h
? 2

$ mcpctl delete llm
mcpctl: expected: mcpctl delete RESOURCE NAME...
try: mcpctl delete -h
? 2

$ mcpctl patch llm a
mcpctl: expected: mcpctl patch RESOURCE NAME KEY=VALUE...
try: mcpctl patch -h
? 2

$ mcpctl patch llm a tier
mcpctl: 'tier': expected KEY=VALUE
try: mcpctl patch -h
? 2

$ mcpctl patch llm a tier=fast tier=heavy
mcpctl: 'tier' is given twice
try: mcpctl patch -h
? 2

$ mcpctl init extra
mcpctl: one argument too many: extra
try: mcpctl init -h
? 2

# a value that an option can't have
$ mcpctl init -q >/dev/null; mcpctl logs --since soon
mcpctl: --since: must be a time (2026-11-22T12:00:00Z) or a span (90s, 15m, 1h, 7d)
try: mcpctl logs -h
? 2

$ mcpctl logs --limit 0
mcpctl: --limit: must be a number of 1..1000
try: mcpctl logs -h
? 2

$ mcpctl usage --since -1h
mcpctl: --since: must be a time (2026-11-22T12:00:00Z) or a span (90s, 15m, 1h, 7d)
try: mcpctl usage -h
? 2

$ mcpctl describe all admin
mcpctl: all resources at once can only be listed: mcpctl get all
try: mcpctl describe -h
? 2

$ mkdir directory; mcpctl restore --force -f directory
mcpctl: directory: read the dump: Is a directory
? 1
