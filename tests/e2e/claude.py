"""claude.py - a provider that speaks Anthropic's Messages: plays a list of answers, keeps the requests.

Shapes  Claude().script(answer, ...) is a URL for an Llm; its calls get the answers in order, the last one
        again and again. answer(...) is a whole Message, events(...) the same as a stream, as Anthropic
        cuts it; case(name) is the stream of a file in tests/cases/anthropic
Units   seconds
Errors  a request that Anthropic would refuse (roles, results without their calls) is answered 400, as
        Anthropic answers it
"""

import http.server
import itertools
import json
import pathlib
import threading
import time

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


class Answer:
    """A status, headers, and pieces of a body with a pause before each."""

    def __init__(self, pieces, status=200, kind="application/json", headers=(), pause=0.0):
        self.pieces, self.status, self.kind = pieces, status, kind
        self.headers, self.pause = dict(headers), pause


def answer(*blocks, **fields):
    return Answer([json.dumps(message(*blocks, **fields)).encode()])


def refusal(status, type, words, **headers):
    body = {"type": "error", "error": {"type": type, "message": words}, "request_id": "req_e2e"}
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer([json.dumps(body).encode()], status, headers=headers)


def event(type, **fields):
    return f"event: {type}\ndata: {json.dumps({'type': type, **fields})}\n\n".encode()


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
    whole = message(*blocks, stop=stop, usage=usage)
    start = {**whole, "content": [], "stop_reason": None}
    pieces = [event("message_start", message=start), event("ping")]
    for index, block in enumerate(blocks):
        pieces += block_events(index, block)
    pieces.append(
        event(
            "message_delta",
            delta={"stop_reason": stop, "stop_sequence": None},
            usage={"output_tokens": whole["usage"]["output_tokens"]},
        )
    )
    pieces.append(event("message_stop"))
    return Answer(pieces, kind="text/event-stream", pause=pause)


def case(name):
    return Answer([(CASES / f"{name}.in.sse").read_bytes()], kind="text/event-stream")


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


class Claude:
    def __init__(self):
        self.scripts, self.requests, self.broken = {}, {}, {}
        self.names = itertools.count(1)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def script(self, *answers):
        """script - a URL whose calls get these answers"""
        name = f"s{next(self.names)}"
        self.scripts[name] = iter([*answers[:-1], *itertools.repeat(answers[-1], 100)])
        self.requests[name], self.broken[name] = [], threading.Event()
        return f"http://127.0.0.1:{self.server.server_address[1]}/{name}"

    def seen(self, url):
        """seen - (headers, body) of a script's requests"""
        return self.requests[url.rsplit("/", 1)[1]]

    def left(self, url, patience):
        """left - did the caller go before the end of an answer"""
        return self.broken[url.rsplit("/", 1)[1]].wait(patience)

    def handler(claude):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def answer(self, name, a):
                self.send_response(a.status)
                self.send_header("Content-Type", a.kind)
                self.send_header("request-id", "req_e2e")
                for header in a.headers.items():
                    self.send_header(*header)
                if len(a.pieces) == 1:
                    self.send_header("Content-Length", str(len(a.pieces[0])))
                else:
                    self.send_header("Connection", "close")
                    self.close_connection = True
                self.end_headers()
                try:
                    for piece in a.pieces:
                        time.sleep(a.pause)
                        self.wfile.write(piece)
                        self.wfile.flush()
                except OSError:
                    claude.broken[name].set()

            def do_GET(self):
                name = self.path.split("/")[1]
                claude.requests[name].append((self.headers, self.path))
                models = {"data": [{"type": "model", "id": "claude-scripted"}], "has_more": False}
                self.answer(name, Answer([json.dumps(models).encode()]))

            def do_POST(self):
                name, path = self.path.split("/", 2)[1:]
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                body = json.loads(raw)
                body["raw"] = raw
                claude.requests[name].append((self.headers, body))
                wrong = fault(body) if path == "v1/messages" else f"no such path: {path}"
                if wrong:
                    self.answer(name, refusal(400, "invalid_request_error", wrong))
                else:
                    self.answer(name, next(claude.scripts[name]))

        return Handler
