"""backends.py - tests of secret backends: an OpenBao beside the gateway, and what they ask of both.

Shapes  a case has self.bao; backend() and secret() make objects with names of their own, key_sent() is
        the key that reached the provider
Units   none
Errors  an unexpected status fails the test
"""

import itertools

from gateway import GatewayCase
from openbao import TOKEN, OpenBao

unique = itertools.count(1)


class BackendsCase(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bao = OpenBao(cls.gw)
        cls.gw.create("secrets", name="bao-token", data={"token": TOKEN})

    def setUp(self):
        self.bao.state(sealed=False, status=None, errors=[], token=TOKEN, delay=0)

    def name(self, prefix="s"):
        return f"{prefix}-{next(unique)}"

    def backend(self, **config):
        """backend - an openbao one, with a prefix that no other test has"""
        name = self.name("bao")
        config = {
            "url": self.bao.url,
            "tokenSecret": {"name": "bao-token", "key": "token"},
            "cacheSeconds": 0,
            **config,
        }
        self.gw.create("secretbackends", name=name, type="openbao", config=config)
        return name

    def secret(self, backend, data, name=None, status=201):
        name = name or self.name()
        body = {"name": name, "backend": backend, "data": data}
        return name, self.call("POST", "/api/v1/secrets", body, status)

    def llm(self, secret, key="key", **fields):
        return self.gw.llm("", apiKeyRef={"name": secret, "key": key}, **fields)

    def chat(self, llm, status=200):
        return self.assertStatus(self.gw.chat(llm), status)

    def key_sent(self, llm):
        """key_sent - with which key the provider was called"""
        marker = f"call-{next(unique)}"
        self.assertStatus(self.gw.chat(llm, user=marker), 200)
        _, head, _ = self.gw.recorded(marker)
        line = next(x for x in head.split("\r\n") if x.lower().startswith("authorization:"))
        return line.split(" ", 2)[2]

    def migrate(self, source, target, names=None, status=200, token=""):
        body = {"from": source, "to": target}
        if names is not None:
            body["names"] = names
        return self.call("POST", "/api/v1/secrets/migrate", body, status, token=token).json()
