"""openbao.py - a KV server of tests/support beside a gateway, and what lies in it.

Shapes  paths as the API has them: "secret/data/mcpd/NAME"
Units   seconds
Errors  a call that the server refuses raises, with its answer
"""

import json
import pathlib
import sys
import urllib.error
import urllib.request

from gateway import PATIENCE, TOP, free_port, wait_for

TOKEN = "bao-canary-token/+=42"  # nothing that leaves mcpd may hold it


class OpenBao:
    def __init__(self, gw, mount="secret", namespace=""):
        self.gw, self.mount, self.namespace = gw, mount, namespace
        self.port, self.child, self.starts = free_port(), None, 0
        self.start()

    def start(self):
        """start - an empty one, on the port that it had before"""
        self.starts += 1
        file = self.gw.run / f"openbao-{id(self)}-{self.starts}.port"
        self.child = self.gw.start(
            "openbao",
            [sys.executable, TOP / "tests/support/openbao.py", "--port-file", file,
             "--port", self.port, "--token", TOKEN, "--mount", self.mount,
             "--namespace", self.namespace],
        )
        wait_for("the OpenBao server", file.exists)

    def stop(self):
        self.child.kill()
        self.child.wait()
        self.gw.children.remove(self.child)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def call(self, method, path, body=None, check=True):
        """call - as an operator with the token does; (status, body)"""
        request = urllib.request.Request(self.url + path, method=method)
        data = None
        if path.startswith("/v1/"):
            request.add_header("X-Vault-Token", TOKEN)
            if self.namespace:
                request.add_header("X-Vault-Namespace", self.namespace)
        if body is not None:
            data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            answer = urllib.request.urlopen(request, data, timeout=PATIENCE + 5)
            status, text = answer.status, answer.read()
        except urllib.error.HTTPError as e:
            status, text = e.code, e.read()
        if check and status >= 400:
            raise AssertionError(f"{method} {path}: {status} {text!r}")
        return status, json.loads(text) if text else None

    def control(self, what, **body):
        return self.call("POST", f"/control/{what}", body)[1]

    def state(self, **what):
        self.control("state", **what)

    def entries(self):
        """entries - {path: newest data}"""
        return self.call("GET", "/control/entries")[1]

    def log(self):
        return self.call("GET", "/control/log")[1]

    def put(self, name, **data):
        """put - as an operator does, past mcpd"""
        self.call("POST", f"/v1/{self.mount}/data/mcpd/{name}", {"data": data})

    def soft_delete(self, name):
        self.call("DELETE", f"/v1/{self.mount}/data/mcpd/{name}")

    def hold(self, method, path, when):
        self.control("hold", method=method, path=path, when=when)
