# secrets: values go in, and come out only on the store itself

$ mcpctl init -q >admin-token

$ mcpctl create secret one --data a=1 --data b='two words'
secret 'one' created (id: ID)

$ printf 'from stdin\n\n' | mcpctl create secret two --data key=-
secret 'two' created (id: ID)

$ printf 'file\n' > key.txt; mcpctl create secret three --from-file key=key.txt
secret 'three' created (id: ID)

$ cat > keys.env <<'X'
> # comment
> A=1
> export B="two\nlines"
> C='it is' # note
> X
> mcpctl create secret four --from-env-file keys.env
secret 'four' created (id: ID)

$ mcpctl get secrets
NAME    BACKEND   KEYS    ID
four    sealed    A,B,C   ID
one     sealed    a,b     ID
three   sealed    key     ID
two     sealed    key     ID

$ mcpctl get secret four -o json
{
  "id": "ID",
  "name": "four",
  "backend": "sealed",
  "keys": [
    "A",
    "B",
    "C"
  ],
  "version": 1,
  "createdAt": "TIME",
  "updatedAt": "TIME"
}

$ mcpctl get secret four -o yaml
kind: secret
id: ID
name: four
backend: sealed
keys:
- A
- B
- C
version: 1
createdAt: 'TIME'
updatedAt: 'TIME'

$ mcpctl describe secret four
=== Secret: four ===
Name:             four
Backend:          sealed

Data:
  A           ***
  B           ***
  C           ***

Metadata:
  ID:         ID
  Version:    1
  Created:    TIME
  Updated:    TIME

# on the store
$ mcpctl describe secret four --show-values
=== Secret: four ===
Name:             four
Backend:          sealed

Data:
  A       1
  B       two\nlines
  C       it is

Metadata:
  ID:         ID
  Version:    1
  Created:    TIME
  Updated:    TIME

# on the store
$ mcpctl describe secret two --show-values -o json
{
  "id": "ID",
  "name": "two",
  "backend": "sealed",
  "keys": [
    "key"
  ],
  "version": 1,
  "createdAt": "TIME",
  "updatedAt": "TIME",
  "data": {
    "key": "from stdin\n"
  }
}

# on the store
$ mcpctl describe secret three --show-values | grep '^  key '
  key     file\n

# on the store
$ mcpctl describe secret nothing --show-values
mcpctl: secret 'nothing' not found
? 1

# a value is asked for on a terminal, without echo
$ on-terminal --type 'key: ' sk-typed mcpctl create secret typed --data key
key: 
secret 'typed' created (id: ID)

# on the store
$ mcpctl describe secret typed --show-values | grep '^  key '
  key     sk-typed

$ on-terminal --type 'key: ' '' mcpctl create secret none --data key
key: 
mcpctl: key: nothing was typed
? 1

$ on-terminal --type 'key: ' ^C mcpctl create secret none --data key
key: 
? 130

# where the interrupt key is ignored it is no answer
$ on-terminal --type 'key: ' ^Cv sh -c 'trap "" INT; mcpctl create secret ignored --data key'; mcpctl delete secret ignored
key: 
secret 'ignored' created (id: ID)
secret 'ignored' deleted

$ on-terminal --type 'key: ' x sh -c 'mcpctl create secret again --data key; stty -a | grep -o " echo "'
key: 
secret 'again' created (id: ID)
 echo 

# nothing of a value in a fault, a message, the store or the audit log
$ printf 'A=sk-leak-me\nsk-leak-me\n' > bad.env; mcpctl create secret bad --from-env-file bad.env
mcpctl: bad.env:2: expected KEY=VALUE
? 1

$ mcpctl create secret bad --from-env-file nowhere.env
mcpctl: nowhere.env: No such file or directory
? 1

$ head -c 70000 /dev/zero | tr '\0' x > big; mcpctl create secret bad --from-file k=big
mcpctl: big: over 65536 bytes
? 1

$ head -c 10 /dev/zero > nul; mcpctl create secret bad --from-file k=nul
mcpctl: nul: the value of k is not text
? 1

$ mcpctl create secret leak --data k=sk-leak-me && grep -rl sk-leak-me state
secret 'leak' created (id: ID)
? 1

$ mcpctl create secret empty
mcpctl: data: is required
? 1

$ mcpctl create secret one --data a=3
mcpctl: secret 'one' already exists
? 1

$ mcpctl create secret one --data a=3 --force
secret 'one' updated (id: ID)

# on the store
$ mcpctl describe secret one --show-values | grep '^  a '
  a       3

$ mcpctl create secret BAD --backend nowhere --data 'k k=1'
mcpctl: name: must be 1 to 100 of a-z, 0-9, '.', '_' and '-', a letter or a digit first
mcpctl: backend: SecretBackend not found: nowhere
mcpctl: data.k k: key must be 1 to 100 of letters, digits, '.', '_' and '-', a letter or a digit first
? 1

$ mcpctl patch secret one 'data={"z":"9"}'
secret 'one' patched

$ mcpctl patch secret one data=text
mcpctl: data: must be an object
? 1

$ mcpctl get secret one
NAME   BACKEND   KEYS   ID
one    sealed    z      ID

# a secret that Llms use
$ mcpctl create llm a --type openai --model m --api-key-ref one/z -q
> mcpctl create llm b --type openai --model m --extra headers='{"x-api-key":"secret://one/z"}' -q
> mcpctl delete secret one two
mcpctl: secret 'one' is the key of llm 'a', 'b'; delete it all the same with --force
secret 'two' deleted
? 1

$ mcpctl delete secret one --force
secret 'one' deleted

$ mcpctl describe llm a
=== LLM: a ===
Name:             a
Type:             openai
Model:            m
Tier:             fast
Enabled:          true

API Key:
  (none)

Metadata:
  ID:         ID
  Version:    2
  Created:    TIME
  Updated:    TIME

$ mcpctl get secrets -o name
secret/again
secret/four
secret/leak
secret/three
secret/typed
