"""claude.py - a provider that speaks Anthropic's Messages: plays a list of answers, keeps the requests.

Shapes  a scripted provider (scripted.py) whose answers are Anthropic's. answer(...) is a whole Message, events(...) the same as a stream, as Anthropic
        cuts it; case(name) is the stream of a file in tests/cases/anthropic
Units   seconds
Errors  a request that Anthropic would refuse (roles, results without their calls) is answered 400, as
        Anthropic answers it
"""

import json
import pathlib

from scripted import Scripted, event, stream, whole

CASES = pathlib.Path(__file__).resolve().parents[1] / "cases/anthropic"


def text(words):
    return {"type": "text", "text": words}


def use(id, name, **input):
    return {"type": "tool_use", "id": id, "name": name, "input": input}


def thinking(words, signature):
    return {"type": "thinking", "thinking": words, "signature": signature}


def message(*blocks, stop="end_turn", usage=None):
    """message - a whole Message"""
    return {
        "id": "msg_e2e",
        "type": "message",
        "role": "assistant",
        "model": "claude-scripted",
        "content": list(blocks),
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": usage or {"input_tokens": 9, "output_tokens": 5},
    }


def answer(*blocks, **fields):
    return whole(message(*blocks, **fields), request_id="req_e2e")


def refusal(status, type, words, **headers):
    body = {"type": "error", "error": {"type": type, "message": words}, "request_id": "req_e2e"}
    return whole(body, status=status, request_id="req_e2e", **headers)


def block_events(index, block):
    """block_events - start, deltas of a few characters, stop"""

    def cut(words):
        return [words[i : i + 7] for i in range(0, len(words), 7)]

    start, deltas = dict(block), []
    if block["type"] == "text":
        start["text"] = ""
        deltas = [{"type": "text_delta", "text": piece} for piece in cut(block["text"])]
    elif block["type"] == "tool_use":
        start["input"] = {}
        words = json.dumps(block["input"]) if block["input"] else ""
        deltas = [{"type": "input_json_delta", "partial_json": p} for p in ["", *cut(words)]]
    elif block["type"] == "thinking":
        start.update(thinking="", signature="")
        deltas = [{"type": "thinking_delta", "thinking": p} for p in cut(block["thinking"])]
        deltas.append({"type": "signature_delta", "signature": block["signature"]})
    yield event("content_block_start", index=index, content_block=start)
    for delta in deltas:
        yield event("content_block_delta", index=index, delta=delta)
    yield event("content_block_stop", index=index)


def events(*blocks, stop="end_turn", usage=None, pause=0.0):
    """events - a Message as a stream"""
    full = message(*blocks, stop=stop, usage=usage)
    start = {**full, "content": [], "stop_reason": None}
    pieces = [event("message_start", message=start), event("ping")]
    for index, block in enumerate(blocks):
        pieces += block_events(index, block)
    pieces.append(
        event(
            "message_delta",
            delta={"stop_reason": stop, "stop_sequence": None},
            usage={"output_tokens": full["usage"]["output_tokens"]},
        )
    )
    pieces.append(event("message_stop"))
    return stream(*(p for piece in pieces for p in (pause, piece)), request_id="req_e2e")


def case(name):
    return stream((CASES / f"{name}.in.sse").read_bytes(), request_id="req_e2e")


def fault(body):
    """fault - why Anthropic would refuse a request, or None"""
    known, last = set(), None
    if not isinstance(body.get("max_tokens"), int):
        return "max_tokens: Field required"
    for i, m in enumerate(body["messages"]):
        if m["role"] not in ("user", "assistant"):
            return f"messages.{i}.role: Unexpected role"
        if m["role"] == last:
            return "roles must alternate"
        last, blocks = m["role"], m["content"]
        if isinstance(blocks, str):
            blocks = [text(blocks)]
        rest = False
        for j, b in enumerate(blocks):
            if b["type"] == "text" and not b["text"].strip():
                return f"messages.{i}.content.{j}: text content blocks must contain text"
            if b["type"] == "tool_use":
                known.add(b["id"])
            if b["type"] == "tool_result" and (rest or b["tool_use_id"] not in known):
                return f"messages.{i}.content.{j}: unexpected `tool_use_id`"
            rest = rest or b["type"] != "tool_result"
    return None


class Claude(Scripted):
    def answer(self, name, path, raw):
        if path == "/v1/models":
            return whole({"data": [{"type": "model", "id": "claude-scripted"}], "has_more": False})
        wrong = fault(json.loads(raw)) if path == "/v1/messages" else f"no such path: {path}"
        if wrong:
            return refusal(400, "invalid_request_error", wrong)
        return super().answer(name, path, raw)
