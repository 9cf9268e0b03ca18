"""fcgi.py - one request to one FastCGI process, without a web server that chooses among them.

Shapes  request(socket, method, path, ...) gives (status, body); run(binary, ...) does the same with a
        plain CGI process, and gives None where it died
Units   seconds
Errors  OSError where nobody answers
Source  FastCGI 1.0, RFC 3875
"""

import json
import socket
import struct
import subprocess

BEGIN_REQUEST, END_REQUEST, PARAMS, STDIN, STDOUT = 1, 3, 4, 5, 6
PATIENCE = 60.0


def params_of(method, path, token, body):
    path, _, query = path.partition("?")
    return {
        "REQUEST_METHOD": method,
        "REQUEST_URI": path,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "application/json",
        "HTTP_AUTHORIZATION": f"Bearer {token}",
    }


def record(kind, data):
    return struct.pack("!BBHHBx", 1, kind, 1, len(data), 0) + data


def pair(name, value):
    name, value = name.encode(), value.encode()
    return struct.pack("!II", len(name) | 1 << 31, len(value) | 1 << 31) + name + value


def answer_of(data):
    head, _, body = data.partition(b"\r\n\r\n")
    status = 200
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"status:"):
            status = int(line.split()[1])
    return status, body


def read_exactly(s, n):
    data = b""
    while len(data) < n:
        more = s.recv(n - len(data))
        if not more:
            raise ConnectionError("the process closed the connection")
        data += more
    return data


def request(path_of_socket, method, path, token, body=None):
    body = b"" if body is None else json.dumps(body).encode()
    params = b"".join(pair(*p) for p in params_of(method, path, token, body).items())
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(PATIENCE)
        s.connect(str(path_of_socket))
        s.sendall(
            record(BEGIN_REQUEST, struct.pack("!HB5x", 1, 0))
            + record(PARAMS, params)
            + record(PARAMS, b"")
            + (record(STDIN, body) if body else b"")
            + record(STDIN, b"")
        )
        out = b""
        while True:
            _, kind, _, length, padding = struct.unpack("!BBHHBx", read_exactly(s, 8))
            data = read_exactly(s, length + padding)[:length]
            if kind == STDOUT:
                out += data
            elif kind == END_REQUEST:
                return answer_of(out)


def run(binary, env, method, path, token, body=None):
    body = b"" if body is None else json.dumps(body).encode()
    done = subprocess.run(
        [binary],
        input=body,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=PATIENCE,
        env={**env, "GATEWAY_INTERFACE": "CGI/1.1", **params_of(method, path, token, body)},
    )
    return answer_of(done.stdout) if done.returncode == 0 else None
