# what a person sees on a terminal, and a script never gets

$ mcpctl init -q >admin-token

# columns line up, however wide their characters are: 2 for CJK, 0 for a combining mark
$ mcpctl create user plain -q --description 'eighteen columns..'; mcpctl create user german -q --description 'Für Grüße aus Köln'
> mcpctl create user cjk -q --description '日本語の説明です。'; mcpctl create user marks -q --description "$(printf 'e\314\201ighteen colu\314\210mns..')"
> mcpctl get users
NAME     DESCRIPTION          ID
admin    -                    ID
cjk      日本語の説明です。   ID
german   Für Grüße aus Köln   ID
marks    éighteen colümns..   ID
plain    eighteen columns..   ID

$ mcpctl get users -o wide
NAME     DESCRIPTION          ID                          VERSION   UPDATED
admin    -                    ID   1         TIME
cjk      日本語の説明です。   ID   1         TIME
german   Für Grüße aus Köln   ID   1         TIME
marks    éighteen colümns..   ID   1         TIME
plain    eighteen columns..   ID   1         TIME

$ mcpctl describe user cjk
=== User: cjk ===
Name:             cjk
Description:      日本語の説明です。

Metadata:
  ID:         ID
  Version:    1
  Created:    TIME
  Updated:    TIME

# colour: of headings and differences alone, on a terminal that wants it, and never in data
$ on-terminal mcpctl describe user plain | grep -c '\\e'
2

$ NO_COLOR= on-terminal mcpctl describe user plain | grep -c '\\e'
2

$ NO_COLOR=1 on-terminal mcpctl describe user plain | grep -c '\\e'
0
? 1

$ env -u TERM on-terminal mcpctl describe user plain | grep -c '\\e'
0
? 1

$ mcpctl describe user plain | grep -c "$(printf '\033')"
0
? 1

$ on-terminal sh -c 'mcpctl describe user plain | cat' | grep -c '\\e'
0
? 1

$ mcpctl get user plain -o yaml | sed 's/^description:.*/description: other/' >plain.yaml

$ NO_COLOR=1 on-terminal mcpctl diff -f plain.yaml | grep -c '\\e'
0
? 1

$ on-terminal mcpctl get users | grep -c '\\e'
0
? 1

$ on-terminal mcpctl get users -o json | grep -c '\\e'
0
? 1

$ on-terminal mcpctl get users -o yaml | grep -c '\\e'
0
? 1

$ on-terminal mcpctl get user nobody
mcpctl: user 'nobody' not found
? 1

$ on-terminal mcpctl help | grep -c '\\e'
0
? 1

# prompts: only on a terminal, on stderr, and without echo
$ mcpctl create secret s --data key
mcpctl: --data key: stdin is no terminal to ask on; use --data key=- or --from-file
try: mcpctl create secret -h
? 2

$ on-terminal --type 'key: ' sk-typed sh -c 'mcpctl create secret s --data key >out; cat out'
key: 
secret 's' created (id: ID)

$ printf sk-piped | mcpctl create secret t --data key=-
secret 't' created (id: ID)

$ on-terminal --type 'key: ' sk-typed mcpctl create secret u -q --data key | cat
key: 

# progress: not with -q, and not into a file
$ mcpctl create secretbackend clear -q --type plaintext

$ on-terminal sh -c 'mcpctl migrate secrets --from sealed --to clear 2>err >out'; wc -c <err; cat out
0
secret/s migrated
secret/t migrated
secret/u migrated

$ on-terminal mcpctl -q migrate secrets --from clear --to sealed

$ TERM=dumb on-terminal mcpctl migrate secrets --from sealed --to clear
secret/s migrated
secret/t migrated
secret/u migrated

$ mcpctl migrate secrets --from clear --to sealed
secret/s migrated
secret/t migrated
secret/u migrated

# whatever is printed, a reader that leaves ends it without a word (141: SIGPIPE)
$ for c in 'get users' 'get all -o wide' 'get all -o json' 'get all -o yaml' 'describe user cjk' whoami status 'config view' 'completion bash' 'help create llm' version
> do rm -f left; { until [ -e left ]; do :; done; mcpctl $c; echo "$c $?" >&2; } | { exec <&-; touch left; }; done
get users 141
get all -o wide 141
get all -o json 141
get all -o yaml 141
describe user cjk 141
whoami 141
status 141
config view 141
completion bash 141
help create llm 141
version 141
