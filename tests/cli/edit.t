# one object in the user's editor

$ mcpctl init -q >admin-token

$ mcpctl create secret keys --data a=sk-1 --data b=sk-2 -q; mcpctl create llm claude --type anthropic --model m --description text --alias x --api-key-ref keys/a -q

$ EDITOR='cat' mcpctl edit llm claude
kind: llm
name: claude
type: anthropic
model: m
url: ''
tier: fast
description: text
enabled: true
aliases:
- x
apiKeyRef:
  name: keys
  key: a
extraConfig: {}
llm 'claude' unchanged

$ EDITOR='sed -i "s/^tier:.*/tier: heavy/; /^description/d; s/^- x/- y/"' mcpctl edit llm claude
llm 'claude' edited

$ mcpctl get llm claude -o json | grep -E 'tier|descr|"y"'
  "tier": "heavy",
  "description": "",
    "y"

$ EDITOR='sed -i "s/^tier:.*/tier:   heavy/"' mcpctl edit llm claude
llm 'claude' unchanged

$ EDITOR='sed -i "s/^apiKeyRef:/apiKeyRef: null/; /^  name: keys/d; /^  key: a/d"' mcpctl edit llm claude -o name; mcpctl get llm claude -o json | grep apiKeyRef
llm/claude
  "apiKeyRef": null,

# it is a file of ours alone, and nothing is left of it
$ EDITOR='f() { stat -c "%a %n" "$(dirname "$1")" "$1" | sed "s/edit\.[^/]*/edit.X/"; touch "$1~"; }; f' TMPDIR=$D mcpctl edit llm claude; ls -d "$D"/mcpctl-edit* 2>/dev/null; true
700 DIR/mcpctl-edit.X
600 DIR/mcpctl-edit.X/llm.yaml
llm 'claude' unchanged

# a mistake: without a terminal nobody could mend it
$ EDITOR='sed -i "s/^tier:.*/tier: quick/; s/^url:.*/url: [/"' mcpctl edit llm claude
mcpctl: file:7: did not find expected ',' or ']'
? 1

$ EDITOR='sed -i "s/^tier:.*/tier: quick/; s/^url:.*/url: ftp:\/\/x/"' mcpctl edit llm claude
mcpctl: tier: must be fast or heavy
mcpctl: url: must begin with http:// or https://
? 1

$ EDITOR='sed -i "s/^kind:.*/kind: user/"' mcpctl edit llm claude
mcpctl: kind: can't be changed, it is llm
? 1

$ EDITOR='sed -i "s/^name:.*/name: other/"' mcpctl edit llm claude
mcpctl: name: can't be changed, it is claude
? 1

$ EDITOR='sh -c "exit 3"' mcpctl edit llm claude
mcpctl: the editor 'sh -c "exit 3"' failed; nothing is changed
? 1

$ EDITOR='rm' mcpctl edit llm claude 2>&1 | sed 's/edit\.[^/]*/edit.X/'
mcpctl: /tmp/mcpctl-edit.X/llm.yaml: No such file or directory

$ mcpctl edit llm nothing
mcpctl: llm 'nothing' not found
? 1

# on a terminal the editor opens again, with what is wrong above the text
$ cat > twice <<'X'
> #!/bin/sh
> if [ -e once ]; then sed -n 's/^# /said: /p' "$1"; sed -i 's/^tier:.*/tier: fast/' "$1"
> else touch once; sed -i 's/^tier:.*/tier: quick/' "$1"; fi
> X
> chmod +x twice; EDITOR=./twice on-terminal mcpctl edit llm claude; mcpctl get llm claude --no-headers | cut -c 1-31
said: tier: must be fast or heavy
said: Saved as it is, it leaves everything as it was.
llm 'claude' edited
claude   anthropic   m   fast  

$ cat > never <<'X'
> #!/bin/sh
> [ -e never-once ] || sed -i 's/^tier:.*/tier: quick/' "$1"; touch never-once
> X
> chmod +x never; EDITOR=./never on-terminal mcpctl edit llm claude
mcpctl: edit cancelled; nothing is changed
? 1

# someone else was faster
$ EDITOR='f() { mcpctl patch llm claude description=theirs -q; sed -i "s/^description:.*/description: ours/" "$1"; }; f' mcpctl edit llm claude
mcpctl: llm 'claude' was changed by someone else meanwhile
? 1

$ cat > race <<'X'
> #!/bin/sh
> if [ -e raced ]; then sed -n 's/^# /said: /p' "$1"; sed -i 's/: ours/: mine/' "$1"
> else touch raced; mcpctl patch llm claude description=theirs2 -q; sed -i "s/^description:.*/description: ours/" "$1"; fi
> X
> chmod +x race; EDITOR=./race on-terminal mcpctl edit llm claude; mcpctl get llm claude -o json | grep descr
said: llm 'claude' was changed by someone else meanwhile
said: Saved as it is, it leaves everything as it was.
llm 'claude' edited
  "description": "mine",

# a secret: its keys with empty values; what is filled in replaces
$ EDITOR=cat mcpctl edit secret keys
kind: secret
name: keys
backend: sealed
data:
  a: ''
  b: ''
secret 'keys' unchanged

# not over http
$ EDITOR='sed -i "s/^  a:.*/  a: sk-9/; s/^  b:.*/  b: \"\"\n  c: sk-3/"' mcpctl edit secret keys; mcpctl describe secret keys --show-values | grep '^  [abc] '
secret 'keys' edited
  a       sk-9
  b       sk-2
  c       sk-3

# not over http
$ EDITOR='sed -i "/^  a:/d"' mcpctl edit secret keys; mcpctl describe secret keys --show-values | grep '^  [abc] '
secret 'keys' edited
  b       sk-2
  c       sk-3

# over http
$ EDITOR='sed -i "s/^  a:.*/  a: sk-9/"' mcpctl edit secret keys
mcpctl: over HTTP every value has to be given: those that are there don't come out
? 1

# over http
$ EDITOR='sed -i "s/^  a:.*/  a: sk-9/; s/^  b:.*/  b: sk-8/"' mcpctl edit secret keys
secret 'keys' edited

# the editor's end is seen also by who was started without an ear for it
$ EDITOR=true timeout 20 python3 -c 'import os, signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execvp("mcpctl", ["mcpctl", "edit", "secret", "keys"])'
secret 'keys' unchanged
