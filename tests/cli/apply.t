# files, as they shall be: all of it, or nothing

$ mcpctl init -q >admin-token

$ cat > c.yaml <<'X'
> # a catalogue
> rbac:
> - name: callers
>   subjects: [{kind: Group, name: team}]
>   roleBindings:
>   - {role: run, resource: llms, name: claude}
> secrets:
> - name: anthropic
>   data: {key: sk-1}
> llms:
> - name: claude
>   type: anthropic
>   model: claude-sonnet-4-5
>   apiKeyRef: {name: anthropic, key: key}
>   description: no
> groups:
> - {name: team, members: [alice]}
> users:
> - name: alice
> X
> mcpctl apply -f c.yaml --dry-run && mcpctl get users -o name
secret/anthropic created (dry run)
llm/claude created (dry run)
user/alice created (dry run)
group/team created (dry run)
rbac/callers created (dry run)
user/admin

$ mcpctl apply -f c.yaml
secret/anthropic created
llm/claude created
user/alice created
group/team created
rbac/callers created

$ mcpctl apply -f c.yaml
secret/anthropic unchanged
llm/claude unchanged
user/alice unchanged
group/team unchanged
rbac/callers unchanged

# a line of the audit log for each that was changed, and for no other
$ grep -ho '"action":"[a-z]*","resource":"[a-z]*","name":"[a-z]*"' state/audit-*.log
"action":"create","resource":"secrets","name":"anthropic"
"action":"create","resource":"llms","name":"claude"
"action":"create","resource":"users","name":"alice"
"action":"create","resource":"groups","name":"team"
"action":"create","resource":"rbac","name":"callers"

$ mcpctl get llm claude -o json | grep descr
  "description": "no",

# what comes out goes in again
$ mcpctl get all -o yaml | mcpctl apply -f - | sort | uniq -c | grep -vc unchanged
0
? 1

$ mcpctl get all -o json > all.json && mcpctl apply -f all.json -q && mcpctl apply -f all.json -o json | head -6
[
  {
    "kind": "secretbackend",
    "name": "sealed",
    "result": "unchanged"
  },

$ for k in secrets llms users groups rbac mcptokens; do mcpctl get $k -o yaml; echo ---; done | mcpctl apply -f - | awk '{ print $2 }' | sort | uniq -c
      8 unchanged

# also of texts that YAML could take for something else
$ weird > weird.json && mcpctl apply -f weird.json | awk '{ print $2 }' | sort | uniq -c
    103 created

# many of them show how far they are, where someone waits
# over http
$ sed 's/"model": "m"/"model": "m2"/g' weird.json > more.json; on-terminal sh -c 'mcpctl apply -f more.json > out' | tr '\r' '\n' | sed -n 's/.*applying [0-9]* of 103: w[0-9]*.*/applying N of 103/p' | sort -u
applying N of 103

# and give way to the lines of the work
# over http
$ on-terminal mcpctl apply -f weird.json | grep -c 'of 103: w[0-9]*\\e\[Kllm'; mcpctl apply -f more.json -q
0

# over http
$ on-terminal sh -c 'mcpctl apply -f more.json -q; mcpctl apply -f more.json 2>&1 >out | cat' | wc -c
0

# not over http
$ on-terminal sh -c 'mcpctl apply -f weird.json > out' | wc -c
0

$ mcpctl get llms -o yaml > weird.yaml && mcpctl apply -f weird.yaml | awk '{ print $2 }' | sort | uniq -c
    104 unchanged

$ mcpctl apply -f c.yaml --prune >/dev/null 2>&1; printf 'llms: [{name: claude}]' | mcpctl apply -f - --prune | awk '{ print $2 }' | sort | uniq -c
    103 deleted
      1 unchanged

# one that changes, one that is new, one that is the same
$ printf 'kind: llm\nname: claude\ntier: heavy\n---\nkind: llms\nname: gpt\ntype: openai\nmodel: gpt-5\n---\n---\nkind: user\nname: alice\n' | mcpctl apply -f -
llm/claude configured
llm/gpt created
user/alice unchanged

$ mcpctl apply -f c.yaml -o name --dry-run | head -2
secret/anthropic
llm/claude

$ mcpctl apply -f c.yaml -q

# the values of a secret don't come out, so it is unchanged where they are the same
$ printf 'kind: secret\nname: anthropic\ndata: {key: sk-1}\n' | mcpctl apply -f -
secret/anthropic unchanged

$ printf 'kind: secret\nname: anthropic\ndata: {key: sk-2}\n' | mcpctl apply -f -
secret/anthropic configured

$ printf 'kind: secret\nname: anthropic\nkeys: [key, other]\n' | mcpctl apply -f -
mcpctl: stdin:3: secret/anthropic: keys: differs from what is there, and apply can't change it
? 1

$ mcpctl get mcptoken admin -o yaml | sed 's/user: admin/user: alice/' | mcpctl apply -f -
mcpctl: stdin:4: mcptoken/admin: user: differs from what is there, and apply can't change it
? 1

# a directory: its files in their order, hidden and other ones left out
$ mkdir d && printf 'kind: user\nname: b\n' > d/2.yml && printf '{"kind":"user","name":"a"}' > d/1.json
> printf 'kind: group\nname: g\nmembers: [a, b]\n' > d/0.yaml && echo nothing > d/README && echo '[' > d/.x.yaml
> mcpctl apply -f d
user/a created
user/b created
group/g created

$ mkdir empty; mcpctl apply -f empty
mcpctl: empty: no *.yaml, *.yml or *.json in it
? 1

$ mcpctl apply -f nowhere.yaml
mcpctl: nowhere.yaml: No such file or directory
? 1

$ printf '[{"kind":"user","name":"c"},{"kind":"user","name":"a"}]' | mcpctl apply -f -
user/c created
user/a unchanged

$ printf '' | mcpctl apply -f -
mcpctl: no objects in what was given
? 1

$ mcpctl apply
mcpctl: --file FILE|DIR|- is required
try: mcpctl apply -h
? 2

# every fault of every file at once, and nothing is applied
$ cat > bad.yaml <<'X'
> kind: llm
> name: Bad
> type: openai
> model: x
> ---
> kind: lm
> name: x
> ---
> name: nokind
> ---
> kind: llm
> name: &a dup
> type: openai
> type: vllm
> model: *a
> extraConfig: {x: !!int "3", n: 017, <<: {a: 1}, ? [a] : b, i: .inf}
> ---
> just text
> X
> printf 'llms:\n- name: a\n- b\nlms: []\nusers: {}\n' > bad2.yaml; printf '{"kind":"user","name":"u",}\n{' > bad3.json
> printf 'kind: user\nname: u\n---\nkind: user\nname: ok\n---\nkind: user\nname: u\n' > twice.yaml
> mcpctl apply -f bad.yaml -f bad2.yaml -f bad3.json
mcpctl: bad.yaml:2: llm/Bad: name: must be 1 to 100 of a-z, 0-9 and '-'
mcpctl: bad.yaml:6: kind: 'lm' is no resource (did you mean 'llm'?)
mcpctl: bad.yaml:9: kind: is required
mcpctl: bad.yaml:12: name: anchors are not allowed
mcpctl: bad.yaml:14: type is here twice
mcpctl: bad.yaml:15: model: aliases are not allowed
mcpctl: bad.yaml:16: extraConfig.x: tags are not allowed
mcpctl: bad.yaml:16: extraConfig.n: a number with a leading zero: quote it if it is text, or leave the zero out
mcpctl: bad.yaml:16: extraConfig: merge keys are not allowed
mcpctl: bad.yaml:16: extraConfig: a key must be text
mcpctl: bad.yaml:16: extraConfig.i: this number can't be stored: quote it if it is text
mcpctl: bad.yaml:18: a mapping with a kind is expected
mcpctl: bad2.yaml:2: llm/a: type: is required
mcpctl: bad2.yaml:2: llm/a: model: is required
mcpctl: bad2.yaml:3: llms[1]: must be an object
mcpctl: bad2.yaml:4: lms: 'lms' is no resource (did you mean 'llms'?)
mcpctl: bad2.yaml:5: users: must be a list
mcpctl: bad3.json:2: did not find expected <document start>
? 1

$ mcpctl apply -f twice.yaml
mcpctl: twice.yaml:7: user/u: is here twice, first at twice.yaml:1
? 1

$ printf 'kind: user\nname: u\n  bad indent: x\n' | mcpctl apply -f -
mcpctl: stdin:3: mapping values are not allowed in this context
? 1

$ printf 'kind: user\nname: "a\\0b"\n' | mcpctl apply -f -
mcpctl: stdin:2: name: a NUL character is not allowed
? 1

$ printf 'kind: user\nname: \377\n' | mcpctl apply -f -
mcpctl: stdin:2: invalid leading UTF-8 octet
? 1

$ head -c 20000000 /dev/zero | tr '\0' x | mcpctl apply -f -
mcpctl: stdin: over 16777216 bytes in a file, or 33554432 in all
? 1

$ head -c 200 /dev/zero | tr '\0' '[' | mcpctl apply -f - 2>&1 | cut -c 1-60
mcpctl: stdin:1: nested deeper than 128 levels

$ mcpctl get users -o name
user/a
user/admin
user/alice
user/b
user/c

# what only the catalogue can judge, with its line
$ cat > store.yaml <<'X'
> kind: user
> name: fine
> ---
> kind: llm
> name: bad
> type: nope
> model: 3
> url: ftp://x
> bogus: 1
> aliases: [x, "y z"]
> extraConfig:
>   headers:
>     host: x
> apiKeyRef: {name: nothing, key: k}
> ---
> kind: rbac
> name: r
> subjects:
> - {kind: User, name: nobody}
> ---
> kind: secret
> name: s
> keys: [a]
> ---
> kind: mcptoken
> name: t
> X
> mcpctl apply -f store.yaml; mcpctl get user fine
mcpctl: store.yaml:6: llm/bad: type: must be anthropic, openai, deepseek, vllm, ollama or gemini-cli
mcpctl: store.yaml:7: llm/bad: model: must be a string
mcpctl: store.yaml:8: llm/bad: url: must begin with http:// or https://
mcpctl: store.yaml:9: llm/bad: bogus: unknown field
mcpctl: store.yaml:10: llm/bad: aliases[1]: must be 1 to 100 visible ASCII characters
mcpctl: store.yaml:13: llm/bad: extraConfig.headers.host: this header can't be set
mcpctl: store.yaml:14: llm/bad: apiKeyRef.name: Secret not found: nothing
mcpctl: store.yaml:16: rbac/r: roleBindings: is required
mcpctl: store.yaml:19: rbac/r: subjects[0].name: User not found: nobody
mcpctl: store.yaml:21: secret/s: data: is required: there is no such secret, and its keys alone can't make it
mcpctl: store.yaml:26: mcptoken/t: name: there is no such token, and tokens are made with mcpctl create mcptoken
mcpctl: user 'fine' not found
? 1

# a server judges one after the other: what was made before a refusal stays
# over http
$ printf 'kind: llm\nname: fine\ntype: ollama\nmodel: m\n---\nkind: llm\nname: q\ntype: ollama\nmodel: m\naliases: [gpt]\n---\nkind: llm\nname: z\ntype: ollama\nmodel: m\n' | mcpctl apply -f -
llm/fine created
1 of 3 objects are applied; stopped at a refusal
mcpctl: stdin:6: llm/q: alias already taken: gpt (by Llm gpt)
? 1

# over http
$ mcpctl get llm fine -o name; mcpctl get llm z; mcpctl delete llm fine -q
llm/fine
mcpctl: llm 'z' not found

# but first all is looked at
# over http
$ printf 'kind: user\nname: fine\n---\nkind: llm\nname: claude\ntier: quick\nbogus: 1\n---\nkind: llm\nname: new\ntype: openai\nurl: ftp://x\napiKeyRef: {name: nothing, key: k}\n---\nkind: secret\nname: s\ndata: {"a b": 1}\n---\nkind: secret\nname: t\nkeys: [a]\n---\nkind: mcptoken\nname: t\n' | mcpctl apply -f -; mcpctl get user fine
mcpctl: stdin:6: llm/claude: tier: must be fast or heavy
mcpctl: stdin:7: llm/claude: bogus: unknown field
mcpctl: stdin:9: llm/new: model: is required
mcpctl: stdin:12: llm/new: url: must begin with http:// or https://
mcpctl: stdin:13: llm/new: apiKeyRef.name: Secret not found: nothing
mcpctl: stdin:17: secret/s: data.a b: key must be 1 to 100 of letters, digits, '.', '_' and '-', a letter or a digit first
mcpctl: stdin:17: secret/s: data.a b: must be a string
mcpctl: stdin:19: secret/t: data: is required: there is no such secret, and its keys alone can't make it
mcpctl: stdin:24: mcptoken/t: name: there is no such token, and tokens are made with mcpctl create mcptoken
mcpctl: user 'fine' not found
? 1

# what the reader, the names and the catalogue find comes in one report, by file and line, each thing once;
# what names an object that is itself wrong is not told
$ mkdir faults && cat > faults/1.yaml <<'X'
> kind: llm
> name: Upper
> tier: quick
> ---
> kind: llm
> type: nope
> tier: slow
> ---
> kind: llm
> name: one
> type: openai
> tier: fast
> tier: heavy
> url: ftp://x
> model: *gone
> apiKeyRef: {name: broken, key: k}
> ---
> kind: secret
> name: broken
> data: {k: 1}
> ---
> kind: user
> name: once
> ---
> kind: user
> name: once
> bogus: 1
> ---
> kind: user
> name: "unclosed
> ---
> kind: group
> name: team-b
> members: [nobody-at-all, once]
> ---
> kind: rbac
> name: r
> subjects: [{kind: Group, name: team-b}]
> roleBindings: [{role: juggle, resource: llms}]
> X
> printf '{"users": [{"name": "x y"}, {"name": "x", "more": 1}, 3]}' > faults/2.json
> mcpctl apply -f faults -f nowhere.yaml -f faults/2.json --prune; mcpctl diff -f faults >diff.out 2>&1; echo diff: $?
> mcpctl get users -o name | grep -c once
mcpctl: faults/1.yaml:2: llm/Upper: name: must be 1 to 100 of a-z, 0-9 and '-'
mcpctl: faults/1.yaml:3: llm/Upper: tier: must be fast or heavy
mcpctl: faults/1.yaml:5: llm/?: name: is required
mcpctl: faults/1.yaml:6: llm/?: type: must be anthropic, openai, deepseek, vllm, ollama or gemini-cli
mcpctl: faults/1.yaml:7: llm/?: tier: must be fast or heavy
mcpctl: faults/1.yaml:13: tier is here twice
mcpctl: faults/1.yaml:14: llm/one: url: must begin with http:// or https://
mcpctl: faults/1.yaml:15: model: aliases are not allowed
mcpctl: faults/1.yaml:20: secret/broken: data.k: must be a string
mcpctl: faults/1.yaml:25: user/once: is here twice, first at faults/1.yaml:22
mcpctl: faults/1.yaml:27: user/once: bogus: unknown field
mcpctl: faults/1.yaml:31: found unexpected document indicator
mcpctl: faults/1.yaml:39: rbac/r: roleBindings[0].role: must be view, create, delete, edit, run or expose
mcpctl: faults/2.json:1: users[2]: must be an object
mcpctl: faults/2.json:1: user/x y: name: must be 1 to 100 of letters, digits and '._-@+\', a letter or a digit first
mcpctl: faults/2.json:1: user/x: is here twice, first at faults/2.json:1
mcpctl: faults/2.json:1: user/x: more: unknown field
mcpctl: nowhere.yaml: No such file or directory
diff: 2
0
? 1

$ mcpctl apply -f faults 2>&1 | cmp - diff.out; mcpctl --db nowhere apply -f nowhere.yaml
mcpctl: nowhere.yaml: No such file or directory
? 1

# without the piece that could not be read, also the names that nothing has
$ sed 's/"unclosed/closed/' faults/1.yaml | mcpctl apply -f - 2>&1 | grep 'not found'
mcpctl: stdin:34: group/team-b: members[0]: User not found: nobody-at-all

# a name is not missing where what can't be told might have it
$ llm='kind: llm\ntype: openai\nmodel: m\nname: %s\napiKeyRef: {name: %s, key: k}\n---\n'
> printf "$llm${llm}kind: secrt\nname: k1\n" x1 k1 x2 k2 | mcpctl apply -f -; printf "${llm}kind: secret\ndata: {k: v}\n" x3 k3 | mcpctl apply -f -
> printf "${llm}kind: user\nname: 'x\n" x4 k4 | mcpctl apply -f -; printf "${llm}kind: *x\nname: k5\n" x5 k5 | mcpctl apply -f -
mcpctl: stdin:11: llm/x2: apiKeyRef.name: Secret not found: k2
mcpctl: stdin:13: kind: 'secrt' is no resource (did you mean 'secret'?)
mcpctl: stdin:7: secret/?: name: is required
mcpctl: stdin:9: found unexpected end of stream
mcpctl: stdin:7: kind: aliases are not allowed
? 1

$ printf 'llms: [{name: x6, type: openai, model: m, apiKeyRef: {name: k6, key: k}}]\nsecretz: [{name: k6}]\n' >x6.yaml; mcpctl apply -f nowhere:1.yaml -f x6.yaml; mcpctl apply -f x6.yaml
> sed -i /secretz/d x6.yaml; mcpctl apply -f x6.yaml -f nowhere.yaml
mcpctl: nowhere:1.yaml: No such file or directory
mcpctl: x6.yaml:2: secretz: 'secretz' is no resource (did you mean 'secrets'?)
mcpctl: x6.yaml:2: secretz: 'secretz' is no resource (did you mean 'secrets'?)
mcpctl: nowhere.yaml: No such file or directory
? 1

# two that name each other
# not over http
$ printf 'kind: secret\nname: s\nbackend: b\ndata: {k: v}\n---\nkind: secretbackend\nname: b\ntype: openbao\nconfig: {url: "http://127.0.0.1:1", tokenSecret: {name: s, key: k}}\n' > each.yaml; mcpctl apply -f each.yaml
mcpctl: each.yaml:3: secret/s: backend: SecretBackend not found: b
mcpctl: each.yaml:9: secretbackend/b: config.tokenSecret.name: Secret not found: s
? 1

# faults of files are told also where nobody can say more of them
$ printf 'kind: user\nname: U U\n---\nkind: user\nname: v\n' > u.yaml; mcpctl --db nowhere apply -f u.yaml
mcpctl: u.yaml:2: user/U U: name: must be 1 to 100 of letters, digits and '._-@+\', a letter or a digit first
mcpctl: no store in nowhere: make one with mcpctl init
? 1

# not over http
$ MCPD_DB= mcpctl --daemon-url http://127.0.0.1:1 apply -f u.yaml
mcpctl: u.yaml:2: user/U U: name: must be 1 to 100 of letters, digits and '._-@+\', a letter or a digit first
mcpctl: no token for http://127.0.0.1:1: mcpctl login http://127.0.0.1:1
? 1

# an alias moves from one to the other, whichever stands first
# not over http
$ printf 'kind: llm\nname: gpt\naliases: [x]\n' | mcpctl apply -f - && printf 'kind: llm\nname: claude\naliases: [x]\n---\nkind: llm\nname: gpt\naliases: []\n' | mcpctl apply -f -
llm/gpt configured
llm/claude configured
llm/gpt configured

# --prune: what the files don't have goes, of the kinds that they speak of
# a server is not asked whether they are in use
# not over http
$ mcpctl apply -f c.yaml --prune --dry-run
mcpctl: user/admin: can't be pruned: User in use: admin (McpToken admin)
? 1

$ printf 'llms:\n- name: claude\n' | mcpctl apply -f - --prune
llm/claude unchanged
llm/gpt deleted

$ printf 'secrets: []\n' | mcpctl apply -f - --prune
mcpctl: secret/anthropic: can't be pruned: is the key of llm claude
? 1

# an object of another kind may have the name of one that is used
$ mcpctl create group anthropic -q; printf 'groups: [{name: g}, {name: team}, {name: team-b}]\n' | mcpctl apply -f - --prune | grep anthropic
group/anthropic deleted

# also of one that will use it, and before anything else is made
$ mcpctl create secret other --data k=v -q; printf 'secrets: []\nllms:\n- {name: claude, apiKeyRef: null}\n- {name: claude2, type: openai, model: m, extraConfig: {headers: {x-a: "secret://other/k"}}}\n' >prune.yaml; mcpctl apply -f prune.yaml --prune; mcpctl get llms -o name
mcpctl: secret/other: can't be pruned: is the key of llm claude2
llm/claude

$ sed -i 's/^secrets:.*/secrets: [{name: other, keys: [k]}]/' prune.yaml; mcpctl apply -f prune.yaml --prune
secret/other unchanged
llm/claude configured
llm/claude2 created
secret/anthropic deleted

$ printf 'llms: [{name: claude}]\nsecrets: []\n' | mcpctl apply -f - --prune; mcpctl create secret anthropic --data key=v -q
llm/claude unchanged
llm/claude2 deleted
secret/other deleted

$ printf 'llms: []\nsecrets:\nsecretbackends: []\nmcptokens: []\n' | mcpctl apply -f - --prune
llm/claude deleted
secret/anthropic deleted

# not over http
$ printf 'rbac: []\n' | mcpctl apply -f - --prune
mcpctl: nobody could edit rbac any more: give edit on rbac to another user or group first
? 1

$ printf 'users: []\n' | mcpctl apply -f - --prune 2>&1 | tail -1
mcpctl: user/admin: can't be pruned: User in use: admin (McpToken admin; Rbac admins)

$ mcpctl get rbac -o name
rbac/admins
rbac/callers
