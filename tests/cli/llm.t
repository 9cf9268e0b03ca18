# Llms, from create to delete

$ mcpctl init -q >admin-token

$ mcpctl get llms
No llms found.

$ mcpctl get llms -o json
[]

$ mcpctl get llms -o yaml
No llms found.

$ mcpctl get llms -q

$ mcpctl create secret anthropic --data key=sk-ant-1
secret 'anthropic' created (id: ID)

$ mcpctl create llm claude --type anthropic --model claude-sonnet-4-5 --api-key-ref anthropic/key --tier heavy --description 'Für Grüße 日本' --alias sonnet --alias default --extra maxTokens=4096 --extra note=text
llm 'claude' created (id: ID)

$ mcpctl create llm local --type vllm --model=qwen3 --url http://127.0.0.1:8000/ --disabled
llm 'local' created (id: ID)

$ mcpctl create llm claude --type anthropic --model m
mcpctl: llm 'claude' already exists
? 1

$ mcpctl create llm other --type openai --model m --alias sonnet
mcpctl: alias already taken: sonnet (by Llm claude)
? 1

$ mcpctl get llms
NAME     TYPE        MODEL               TIER    KEY                      ID
claude   anthropic   claude-sonnet-4-5   heavy   secret://anthropic/key   ID
local    vllm        qwen3               fast    -                        ID

$ mcpctl get llm -o wide
NAME     TYPE        MODEL               TIER    KEY                      ID                          URL                      ENABLED   ALIASES          DESCRIPTION      VERSION   UPDATED
claude   anthropic   claude-sonnet-4-5   heavy   secret://anthropic/key   ID   -                        true      sonnet,default   Für Grüße 日本   1         TIME
local    vllm        qwen3               fast    -                        ID   http://127.0.0.1:8000/   false     -                -                1         TIME

$ mcpctl get llms --no-headers
claude   anthropic   claude-sonnet-4-5   heavy   secret://anthropic/key   ID
local    vllm        qwen3               fast    -                        ID

$ mcpctl --no-headers -o name get llms
llm/claude
llm/local

$ mcpctl get llm local claude
NAME     TYPE        MODEL               TIER    KEY                      ID
local    vllm        qwen3               fast    -                        ID
claude   anthropic   claude-sonnet-4-5   heavy   secret://anthropic/key   ID

$ mcpctl get llm claude nothing local -o name
mcpctl: llm 'nothing' not found
llm/claude
llm/local
? 1

$ mcpctl get llm nothing
mcpctl: llm 'nothing' not found
? 1

$ mcpctl get llm nothing -o json 2>/dev/null
? 1

$ mcpctl get llm claude -o json
{
  "id": "ID",
  "name": "claude",
  "type": "anthropic",
  "model": "claude-sonnet-4-5",
  "url": "",
  "tier": "heavy",
  "description": "Für Grüße 日本",
  "enabled": true,
  "aliases": [
    "sonnet",
    "default"
  ],
  "apiKeyRef": {
    "name": "anthropic",
    "key": "key"
  },
  "extraConfig": {
    "maxTokens": 4096,
    "note": "text"
  },
  "version": 1,
  "createdAt": "TIME",
  "updatedAt": "TIME"
}

$ mcpctl get llm claude local -o json | head -3
[
  {
    "id": "ID",

$ mcpctl get llm claude -o yaml
kind: llm
id: ID
name: claude
type: anthropic
model: claude-sonnet-4-5
url: ''
tier: heavy
description: Für Grüße 日本
enabled: true
aliases:
- sonnet
- default
apiKeyRef:
  name: anthropic
  key: key
extraConfig:
  maxTokens: 4096
  note: text
version: 1
createdAt: 'TIME'
updatedAt: 'TIME'

$ mcpctl get llms -o yaml | grep -c '^---'
1

$ mcpctl get llm "$(mcpctl get llm claude -o json | sed -n 's/.*"id": *"\(.*\)".*/\1/p')" -o name
llm/claude

$ mcpctl describe llm claude
=== LLM: claude ===
Name:             claude
Type:             anthropic
Model:            claude-sonnet-4-5
Tier:             heavy
Enabled:          true
Aliases:          sonnet,default
Description:      Für Grüße 日本

API Key:
  Secret:     anthropic
  Key:        key

Extra Config:
  maxTokens  4096
  note       text

Metadata:
  ID:         ID
  Version:    1
  Created:    TIME
  Updated:    TIME

$ mcpctl describe llm local
=== LLM: local ===
Name:             local
Type:             vllm
Model:            qwen3
Tier:             fast
Enabled:          false
URL:              http://127.0.0.1:8000/

API Key:
  (none)

Metadata:
  ID:         ID
  Version:    1
  Created:    TIME
  Updated:    TIME

$ mcpctl describe llm nothing
mcpctl: llm 'nothing' not found
? 1

$ mcpctl describe llm local -o yaml | head -1
kind: llm

$ mcpctl describe llm local --show-values
mcpctl: --show-values is for secrets
try: mcpctl describe -h
? 2

# --force sends what is given; the type stays
$ mcpctl create llm local --force --model qwen4 --type openai
llm 'local' updated (id: ID)

$ mcpctl create llm local --force --type vllm --model qwen4 --url http://127.0.0.1:8001
llm 'local' updated (id: ID)

$ mcpctl get llm local
NAME    TYPE   MODEL   TIER   KEY   ID
local   vllm   qwen4   fast   -     ID

$ mcpctl create llm fresh --force --type openai --model gpt
llm 'fresh' created (id: ID)

$ mcpctl create llm fresher --force --model gpt
mcpctl: type: is required
? 1

# every fault at once
$ mcpctl create llm Bad_Name --type nope --model '' --url ftp://x --tier quick --api-key-ref nothing/key --extra headers='{"host":"x"}'
mcpctl: name: must be 1 to 100 of a-z, 0-9 and '-'
mcpctl: type: must be anthropic, openai, deepseek, vllm, ollama or gemini-cli
mcpctl: model: must be 1 to 1024 bytes long
mcpctl: tier: must be fast or heavy
mcpctl: apiKeyRef.name: Secret not found: nothing
mcpctl: extraConfig.headers.host: this header can't be set
mcpctl: url: must begin with http:// or https://
? 1

$ mcpctl patch llm claude tier=fast enabled=false
llm 'claude' patched

$ mcpctl patch llm claude tier=fast enabled=false
llm 'claude' unchanged

$ mcpctl patch llm claude 'extraConfig={"maxTokens":1}' apiKeyRef=null aliases='["a"]'
llm 'claude' patched

$ mcpctl describe llm claude
=== LLM: claude ===
Name:             claude
Type:             anthropic
Model:            claude-sonnet-4-5
Tier:             fast
Enabled:          false
Aliases:          a
Description:      Für Grüße 日本

API Key:
  (none)

Extra Config:
  maxTokens  1

Metadata:
  ID:         ID
  Version:    3
  Created:    TIME
  Updated:    TIME

$ mcpctl patch llm claude model=7
mcpctl: model: must be a string
? 1

$ mcpctl patch llm claude 'model="7"' -o name
llm/claude

$ mcpctl patch llm claude url=nowhere tier=x bogus=1
mcpctl: bogus: unknown field
mcpctl: tier: must be fast or heavy
mcpctl: url: must begin with http:// or https://
? 1

$ mcpctl patch llm claude type=openai
mcpctl: type: can't be changed, it is anthropic
? 1

$ mcpctl patch llm nothing tier=fast
mcpctl: llm 'nothing' not found
? 1

$ mcpctl delete llm local nothing fresh
llm 'local' deleted
mcpctl: llm 'nothing' not found
llm 'fresh' deleted
? 1

$ mcpctl delete llm claude -o name
llm/claude

$ for n in a b c; do mcpctl create user $n -q; done; mcpctl delete user a nobody b -o json
mcpctl: user 'nobody' not found
[
  {
    "kind": "user",
    "name": "a",
    "result": "deleted"
  },
  {
    "kind": "user",
    "name": "b",
    "result": "deleted"
  }
]
? 1

$ mcpctl delete user c -o yaml -q; mcpctl delete user c -o json
- kind: user
  name: c
  result: deleted
mcpctl: user 'c' not found
[]
? 1

$ mcpctl create llm quiet --type openai --model m -q

$ mcpctl create llm data --type openai --model m -o name
llm/data

$ mcpctl create llm json --type openai --model m -o json | head -3
{
  "id": "ID",
  "name": "json",

$ mcpctl delete llm quiet data json -q; mcpctl get llms
No llms found.
