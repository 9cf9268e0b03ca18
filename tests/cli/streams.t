# what goes where, and what happens when it can't

$ mcpctl init -q >admin-token

$ for i in 1 2 3 4 5 6 7 8; do mcpctl create user user-$i -q --description "$(head -c 400 /dev/zero | tr '\0' x)"; done

# a reader that leaves ends it without a word (141: SIGPIPE)
$ { until [ -e left ]; do :; done; mcpctl get users; echo "status $?" >&2; } | { exec <&-; touch left; }
status 141

$ mcpctl get users -o name | head -1
user/admin

# a full disk is one
$ mcpctl get users > /dev/full
mcpctl: stdout: No space left on device
? 1

$ printf 'kind: user\nname: user-1\ndescription: other\n' | mcpctl diff -f - >/dev/full
mcpctl: stdout: write error
? 2

$ mcpctl version >&-
mcpctl: stdout: Bad file descriptor
? 1

$ mcpctl get users -o name >&-
mcpctl: stdout: Bad file descriptor
? 1

$ mcpctl get nobody >&-
mcpctl: unknown resource 'nobody'
try: mcpctl get -h
? 2

$ mcpctl get users -o name 2>&- <&- | head -1
user/admin

$ mcpctl get nothing 2>/dev/null
? 2

$ mcpctl get llms 2>/dev/null

# colour only on a terminal that wants it
$ on-terminal mcpctl describe user user-1 | head -1
\e[1m=== User: user-1 ===\e[0m

$ NO_COLOR=1 on-terminal mcpctl describe user user-1 | head -1
=== User: user-1 ===

$ TERM=dumb on-terminal mcpctl describe user user-1 | head -1
=== User: user-1 ===

# what is typed doesn't steer the terminal
$ mcpctl get user "$(printf 'x\033[2J')"
mcpctl: user 'x\x1b[2J' not found
? 1

# no core is written of a process that holds keys
$ mkfifo wait; mcpctl create secret s --data k=- < wait & exec 3> wait
> until grep 'core file size *0 *0' /proc/$!/limits; do :; done; echo value >&3; exec 3>&-; wait
Max core file size        0                    0                    bytes     
secret 's' created (id: ID)
