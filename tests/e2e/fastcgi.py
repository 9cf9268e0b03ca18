"""fastcgi.py - a web server's side of FastCGI, for what real web servers don't do on command.

Shapes  Request connects to the pool's socket, sends one request, reads what comes back; each step can
        be left out, cut short or done slowly
Units   bytes, seconds
Errors  what socket says; a timeout is socket.timeout
Source  FastCGI 1.0, 3.3 and 5
"""

import json
import socket
import struct

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR = 1, 2, 3, 4, 5, 6, 7
RESPONDER, KEEP_CONN = 1, 1
RECORD_MAX = 65535


def record(kind, content=b"", request_id=1):
    return struct.pack(">BBHHBx", 1, kind, request_id, len(content), 0) + content


def length(n):
    return bytes([n]) if n < 128 else struct.pack(">I", n | 0x80000000)


def params(pairs):
    out = b""
    for name, value in pairs.items():
        name, value = name.encode(), value.encode()
        out += length(len(name)) + length(len(value)) + name + value
    return out


class Request:
    """One connection; body None: its parameters are sent, its body is left to the caller."""

    def __init__(self, gateway, method, path, body=b"", keep=False, token="", timeout=60, **more):
        if isinstance(body, dict):
            body = json.dumps(body).encode()
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(str(gateway.socket))
        self.gateway = gateway
        self.ask(method, path, body, keep, token, **more)

    def ask(self, method, path, body=b"", keep=False, token="", **more):
        """ask - a request; once more where the connection was kept"""
        self.raw, self.out, self.ended = b"", b"", False
        pairs = {
            "REQUEST_METHOD": method,
            "REQUEST_URI": path,
            "CONTENT_TYPE": "application/json",
            "SERVER_PROTOCOL": "HTTP/1.1",
        }
        if token is not None:
            pairs["HTTP_AUTHORIZATION"] = f"Bearer {token or self.gateway.token}"
        if body:
            pairs["CONTENT_LENGTH"] = str(len(body))
        pairs.update(more)
        flags = KEEP_CONN if keep else 0
        # in one piece, as web servers do: a pool without a thread waits 50 ms for it
        self.send(
            record(BEGIN, struct.pack(">HB5x", RESPONDER, flags))
            + record(PARAMS, params(pairs))
            + record(PARAMS)
            + (record(STDIN) if body == b"" else b"")
        )
        if body:
            self.send_body(body)
            self.send(record(STDIN))

    def send(self, data):
        self.socket.sendall(data)

    def send_body(self, body):
        for i in range(0, len(body), RECORD_MAX):
            self.send(record(STDIN, body[i : i + RECORD_MAX]))

    def abort(self):
        self.send(record(ABORT))

    def more(self, n=65536):
        """more - read once; False at the end of the connection"""
        data = self.socket.recv(n)
        self.raw += data
        while len(self.raw) >= 8:
            _, kind, _, size, pad = struct.unpack(">BBHHB", self.raw[:7])
            if len(self.raw) < 8 + size + pad:
                break
            if kind == STDOUT:
                self.out += self.raw[8 : 8 + size]
            if kind == END:
                self.ended = True
            self.raw = self.raw[8 + size + pad :]
        return bool(data)

    def until(self, text):
        """until - read until the answer has this text"""
        while text not in self.out:
            if not self.more():
                raise AssertionError(f"ended without {text!r}: {self.out!r}")

    def answer(self):
        """answer - to its end, where the connection may stay open"""
        while not self.ended and self.more():
            pass
        return self.out

    def rest(self):
        """rest - all of the answer, to the end of the connection"""
        while self.more():
            pass
        self.close()
        return self.out

    @property
    def status(self):
        return int(self.out.split(b"\r\n", 1)[0].split()[1])

    def header(self, name):
        head = self.out.split(b"\r\n\r\n", 1)[0].decode()
        for line in head.split("\r\n"):
            key, _, value = line.partition(": ")
            if key.lower() == name.lower():
                return value
        return None

    def close(self):
        self.socket.close()


def infer(gateway, llm, stream=True, body=(), **options):
    """infer - a call of an Llm, sent whole"""
    fields = {"messages": [{"role": "user", "content": "hi"}], **dict(body)}
    if stream:
        fields["stream"] = True
    return Request(gateway, "POST", f"/api/v1/llms/{llm}/infer", fields, **options)
