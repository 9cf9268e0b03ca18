# what apply would change: 0 nothing, 1 something, 2 trouble

$ mcpctl init -q >admin-token

$ cat > c.yaml <<'X'
> secrets:
> - name: keys
>   data: {a: sk-1, b: sk-2}
> llms:
> - name: claude
>   type: anthropic
>   model: claude-sonnet-4-5
>   apiKeyRef: {name: keys, key: a}
>   description: "Für Grüße 日本"
>   extraConfig: {maxTokens: 4096, headers: {x-a: b}}
> users:
> - name: alice
> X
> mcpctl apply -f c.yaml -q

# not over http
$ mcpctl diff -f c.yaml

# over http
$ mcpctl diff -f c.yaml
secret/keys: values can't be compared over HTTP

$ mcpctl create sb clear --type plaintext --description 'in clear' -q; mcpctl create group g --member alice -q; mcpctl create secret c --backend clear --data k=v -q
> mcpctl get all -o yaml > all.yaml; mcpctl diff -f all.yaml; mcpctl apply -f all.yaml
secretbackend/clear unchanged
secretbackend/sealed unchanged
secret/c unchanged
secret/keys unchanged
llm/claude unchanged
user/admin unchanged
user/alice unchanged
group/g unchanged
rbac/admins unchanged
mcptoken/admin unchanged

$ mcpctl get llm claude -o yaml | sed 's/^tier:.*/tier: heavy/; s/4096/1024/; s/^aliases.*/aliases: [x, y]/' | mcpctl diff -f -
--- live/llm/claude
+++ file/llm/claude
@@ -3,14 +3,16 @@
 type: anthropic
 model: claude-sonnet-4-5
 url: ''
-tier: fast
+tier: heavy
 description: Für Grüße 日本
 enabled: true
-aliases: []
+aliases:
+- x
+- 'y'
 apiKeyRef:
   name: keys
   key: a
 extraConfig:
-  maxTokens: 4096
+  maxTokens: 1024
   headers:
     x-a: b
? 1

# nothing was changed
$ mcpctl diff -f all.yaml

# a server is not asked what it would refuse
# not over http
$ printf 'kind: llm\nname: gpt\ntype: openai\nmodel: gpt-5\n---\nkind: user\nname: alice\ndescription: %s\n' "$(head -c 501 /dev/zero | tr "\0" x)" > new.yaml; mcpctl diff -f new.yaml
mcpctl: new.yaml:8: user/alice: description: is longer than 500 characters
? 2

$ printf 'kind: llm\nname: gpt\ntype: openai\nmodel: gpt-5\n---\nkind: user\nname: alice\ndescription: x\n' > new.yaml; mcpctl diff -f new.yaml
--- /dev/null
+++ file/llm/gpt
@@ -0,0 +1,4 @@
+kind: llm
+name: gpt
+type: openai
+model: gpt-5
--- live/user/alice
+++ file/user/alice
@@ -1,3 +1,3 @@
 kind: user
 name: alice
-description: ''
+description: x
? 1

$ on-terminal mcpctl diff -f new.yaml
\e[1m--- /dev/null
+++ file/llm/gpt\e[0m
\e[36m@@ -0,0 +1,4 @@\e[0m
\e[32m+kind: llm\e[0m
\e[32m+name: gpt\e[0m
\e[32m+type: openai\e[0m
\e[32m+model: gpt-5\e[0m
\e[1m--- live/user/alice
+++ file/user/alice\e[0m
\e[36m@@ -1,3 +1,3 @@\e[0m
 kind: user
 name: alice
\e[31m-description: ''\e[0m
\e[32m+description: x\e[0m
? 1

# a secret's values are compared where they can be, and never shown
# not over http
$ sed 's/sk-2/sk-3/' c.yaml | mcpctl diff -f -
--- live/secret/keys
+++ file/secret/keys
@@ -6,4 +6,4 @@
 - b
 data:
   a: '***'
-  b: '***'
+  b: '*** (another value)'
? 1

# not over http
$ sed 's/b: sk-2/c: sk-2/' c.yaml | mcpctl diff -f - 2>/dev/null
--- live/secret/keys
+++ file/secret/keys
@@ -3,7 +3,7 @@
 backend: sealed
 keys:
 - a
-- b
+- c
 data:
   a: '***'
-  b: '***'
+  c: '*** (another value)'
? 1

# trouble
$ mcpctl diff -f nowhere.yaml
mcpctl: nowhere.yaml: No such file or directory
? 2

$ printf 'kind: user\n' | mcpctl diff -f -
mcpctl: stdin:1: user/?: name: is required
? 2

$ printf 'kind: user\nname: x\nbogus: 1\n' | mcpctl diff -f -
mcpctl: stdin:3: user/x: bogus: unknown field
? 2

$ mcpctl diff
mcpctl: --file FILE|DIR|- is required
try: mcpctl diff -h
? 2
