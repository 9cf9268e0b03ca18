"""scripted.py - a provider of exact bytes: plays a list of answers, keeps what it was asked.

Shapes  Scripted().url(answer, ...) is a URL for an Llm; its calls get the answers in order, the last one
        again and again. An answer is Reply(pieces); requests are (path, headers, raw body)
Units   seconds
Errors  none: a caller that leaves is noted
"""

import http.server
import itertools
import json
import threading
import time


class Reply:
    """A status, headers, and pieces of a body; a number among them is a pause. Nothing is said before the
    event `after`, where there is one."""

    def __init__(self, *pieces, status=200, kind="application/json", after=None, **headers):
        self.pieces = [p.encode() if isinstance(p, str) else p for p in pieces]
        self.status, self.kind, self.after = status, kind, after
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def whole(body, **fields):
    return Reply(json.dumps(body), **fields)


def stream(*pieces, **fields):
    return Reply(*pieces, kind="text/event-stream", **fields)


def event(type, **fields):
    """event - one of Anthropic's"""
    return f"event: {type}\ndata: {json.dumps({'type': type, **fields})}\n\n"


def chunk(delta=None, finish=None, **fields):
    """chunk - one of OpenAI's"""
    body = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "up"}
    if delta is not None:
        body["choices"] = [{"index": 0, "delta": delta, "finish_reason": finish}]
    return f"data: {json.dumps({**body, **fields})}\n\n"


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # 5: a call more at once waits a second for its SYN


class Scripted:
    def __init__(self):
        self.answers, self.requests, self.left = {}, {}, {}
        self.names = itertools.count(1)
        self.server = Server(("127.0.0.1", 0), self.handler())
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def url(self, *answers):
        name = f"s{next(self.names)}"
        self.answers[name] = iter([*answers[:-1], *itertools.repeat(answers[-1], 1000)])
        self.requests[name], self.left[name] = [], threading.Event()
        return f"http://127.0.0.1:{self.server.server_address[1]}/{name}"

    def seen(self, url):
        return self.requests[url.rsplit("/", 1)[1]]

    def was_left(self, url, patience):
        return self.left[url.rsplit("/", 1)[1]].wait(patience)

    def answer(self, name, path, raw):
        """answer - the next one of a script; who speaks a protocol looks at the request first"""
        return next(self.answers[name])

    def handler(scripted):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def do_GET(self):
                self.do_POST()

            def do_POST(self):
                name, path = self.path.split("/", 2)[1:]
                raw = self.rfile.read(int(self.headers["Content-Length"] or 0))
                scripted.requests[name].append((f"/{path}", self.headers, raw))
                self.reply(name, scripted.answer(name, f"/{path}", raw))

            def reply(self, name, a):
                if a.after:
                    a.after.wait()
                self.send_response(a.status)
                self.send_header("Content-Type", a.kind)
                for header in a.headers.items():
                    self.send_header(*header)
                self.send_header("Connection", "close")
                self.close_connection = True
                self.end_headers()
                try:
                    for piece in a.pieces:
                        if isinstance(piece, bytes):
                            self.wfile.write(piece)
                            self.wfile.flush()
                        else:
                            time.sleep(piece)
                except OSError:
                    scripted.left[name].set()

        return Handler
