"""Every route, asked by every kind of caller: who gets in, and who gets a 403 (API.md 1).

The tables below are written from the contract, not from the code. A route of fcgi/routes.c that has
no row in ROUTES fails the test until it is given one. Bindings: each role, on each resource and on
"*", unnamed, for the object asked for, and for another one; held by a user, by a group that the user
is in, by the token itself, and by the scope of a token whose user may do everything.
"""

import collections
import concurrent.futures
import itertools
import json
import re
import secrets
import socket
import subprocess
import unittest

from gateway import BUILD, GatewayCase, PATIENCE, TOP

# --- the contract ---

HOLDS = {
    "view": {"view"},
    "create": {"create"},
    "delete": {"delete"},
    "edit": {"view", "create", "edit", "delete"},
    "run": {"run"},
    "expose": {"expose", "view"},
}
STORED = ("llms", "secrets", "secretbackends", "users", "groups", "rbac", "mcptokens")
RESOURCES = (*STORED, "audit", "usage")
MIGRATE = "migrate-secrets"

# what a row asks for. name: the permission is judged on "object" (of the path), "body" (a name or
# model in the body), "list" (any view binding), "unnamed", "action"; "any" identity, "public"
Row = collections.namedtuple("Row", "verb resource name body allowed absent headers")


def row(name, verb=None, resource=None, body=None, allowed=None, absent=404, **headers):
    return Row(verb, resource, name, body, allowed, absent, headers)


MESSAGES = [{"role": "user", "content": "hi"}]
CALL = dict(verb="run", resource="llms")

ROUTES = {
    ("GET", "/healthz"): row("public", allowed=200),
    ("GET", "/readyz"): row("public", allowed=200),
    ("GET", "/metrics"): row("unnamed", "view", "usage", allowed=200),
    ("GET", "/api/v1/audit"): row("unnamed", "view", "audit", allowed=200),
    ("GET", "/api/v1/usage"): row("unnamed", "view", "usage", allowed=200),
    ("GET", "/api/v1/status"): row("unnamed", "view", "usage", allowed=200),
    ("GET", "/api/v1/whoami"): row("any", allowed=200),
    ("POST", "/api/v1/heartbeat"): row("any", allowed=400),  # without a body, which would take time
    ("POST", "/api/v1/secrets/migrate"): row("action", body={}),
    ("POST", "/api/v1/llms/:name/infer"): row("object", body={}, allowed=400, **CALL),
    ("POST", "/api/v1/llms/:name/test"): row("object", allowed=200, **CALL),
    ("POST", "/v1/chat/completions"): row("body", body={"messages": MESSAGES}, **CALL),
    ("POST", "/v1/completions"): row("body", body={"prompt": "hi"}, **CALL),
    ("POST", "/v1/embeddings"): row("body", body={"input": "hi"}, **CALL),
    ("POST", "/v1/responses"): row("body", body={"input": "hi"}, **CALL),
    ("POST", "/v1/messages"): row(
        "body", body={"messages": MESSAGES, "max_tokens": 1}, **CALL
    ),
    ("POST", "/v1/messages/count_tokens"): row("body", body={"messages": MESSAGES}, **CALL),
    ("GET", "/v1/models"): row("any", allowed=200),
    ("GET", "/v1/models/*id"): row("any"),  # a model that may not be run is not there: 404
    ("METHOD_ANY", "/v1/*path"): row("any", allowed=404),
}
for r in STORED:
    one, all_ = f"/api/v1/{r}/:id", f"/api/v1/{r}"
    bad = {"bogus": 1}  # the permission is asked for first, and nothing is changed
    ROUTES[("GET", all_)] = row("list", "view", r, allowed=200)
    ROUTES[("POST", all_)] = row("body", "create", r, bad, allowed=400, absent=400)
    ROUTES[("GET", one)] = row("object", "view", r, allowed=200)
    ROUTES[("PUT", one)] = row("object", "edit", r, bad, allowed=400)
    ROUTES[("DELETE", one)] = row("object", "delete", r, allowed=412, If_Match='"999"')

# --- who asks ---

Binding = collections.namedtuple("Binding", "role resource name")
NOTHING = Binding(None, None, None)
MIGRATION = Binding("run", None, MIGRATE)  # no resource: name is the action
BINDINGS = [NOTHING, MIGRATION] + [
    Binding(*b) for b in itertools.product(HOLDS, (*RESOURCES, "*"), (None, "this", "other"))
]
HOLDERS = ("user", "group", "token", "scope")


def as_json(b):
    if b is MIGRATION:
        return {"role": "run", "action": MIGRATE}
    body = {"role": b.role, "resource": b.resource}
    return body if b.name is None else {**body, "name": b.name}


def gives(b, verb, resource, name):
    """gives - API.md 1, for one binding; name None is the unnamed permission"""
    return (
        b.resource in (resource, "*")
        and verb in HOLDS[b.role]
        and (b.name is None or b.name == name)
    )


def expected(b, wanted, name):
    """expected - may the holder of b, asking about name"""
    if wanted.name in ("any", "public"):
        return True
    if wanted.name == "action":
        return b is MIGRATION
    if b in (NOTHING, MIGRATION):
        return False
    if wanted.name == "list":
        return b.resource in (wanted.resource, "*") and wanted.verb in HOLDS[b.role]
    return gives(b, wanted.verb, wanted.resource, None if wanted.name == "unnamed" else name)


def routes():
    """routes - (method, path) of every row of the program's table"""
    text = (TOP / "fcgi/routes.c").read_text()
    rows = re.findall(r'^\t\{\s*(\w+),\s*"([^"]+)"', text, re.M)
    assert len(rows) == len(re.findall(r'^\t\{.*"/', text, re.M)) > 40, "another form of table"
    return rows


# --- asking ---


class Client:
    """Requests over one kept connection; http.client would take three times as long."""

    def __init__(self, port):
        self.port, self.socket, self.file = port, None, None

    def ask(self, method, path, token, body=None, headers=()):
        head = [f"{method} {path} HTTP/1.1", "Host: localhost"]
        if token:
            head.append(f"Authorization: Bearer {token}")
        head += [f"{k.replace('_', '-')}: {v}" for k, v in dict(headers).items()]
        data = b"" if body is None else json.dumps(body).encode()
        if body is not None:
            head.append("Content-Type: application/json")
        if method in ("POST", "PUT"):
            head.append(f"Content-Length: {len(data)}")
        message = "\r\n".join(head).encode() + b"\r\n\r\n" + data
        answer = self.exchange(message) if self.socket else None
        return answer or self.fresh(message)

    def fresh(self, message):
        self.close()
        self.socket = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        self.file = self.socket.makefile("rb")
        answer = self.exchange(message)
        if answer is None:
            raise ConnectionError("no answer on a new connection")
        return answer

    def exchange(self, message):
        """exchange - (status, body), or None where the server had ended the connection"""
        try:
            self.socket.sendall(message)
            line = self.file.readline()
        except OSError:
            return None
        if not line:
            return None
        headers = {}
        while (text := self.file.readline().strip()) != b"":
            name, _, value = text.partition(b":")
            headers[name.lower()] = value.strip()
        if b"transfer-encoding" in headers:
            body = b""
            while size := int(self.file.readline(), 16):
                body += self.file.read(size)
                self.file.readline()
            self.file.readline()
        else:
            body = self.file.read(int(headers.get(b"content-length", 0)))
        if headers.get(b"connection") == b"close":
            self.close()
        return int(line.split()[1]), body

    def close(self):
        if self.socket:
            self.file.close()
            self.socket.close()
        self.socket = None


class Matrix(GatewayCase):
    options = {"workers": 2}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tokens = {}
        lines = []

        def add(kind, token=None, **body):
            lines.append({"kind": kind, "body": body, **({"token": token} if token else {})})

        for name in ("this", "other"):
            dead = "http://127.0.0.1:1"  # nobody listens there
            extra = {"allowPrivateUrl": True}
            add("llm", name=name, type="openai", model=f"m-{name}", url=dead, extraConfig=extra)
            add("secretbackend", name=name, type="sealed")
            add("secret", name=name, data={"k": "v"})
            add("user", name=name)
            add("group", name=name)
            add("mcptoken", cls.token_text(), name=name, user=name)
        for name in ("super", "nobody"):
            add("user", name=name)
        everything = [{"role": r, "resource": "*"} for r in ("edit", "run", "expose")]
        for name in ("this", "other", "super"):
            add(
                "rbac",
                name=name,
                subjects=[{"kind": "User", "name": "super"}],
                roleBindings=[*everything, as_json(MIGRATION)],
            )
        for i, b in enumerate(BINDINGS):
            cls.add_holders(add, i, b)
        done = subprocess.run(
            [BUILD / "tests/support/fill", cls.gw.state],
            input="".join(json.dumps(line) + "\n" for line in lines),
            capture_output=True,
            text=True,
            env=cls.gw.env,
        )
        assert done.returncode == 0, done.stderr

    @staticmethod
    def token_text():
        return "mcp_" + secrets.token_urlsafe(32)

    @classmethod
    def add_holders(cls, add, i, b):
        """add_holders - the users, group and tokens that hold b, each in its own way"""
        text = {h: cls.token_text() for h in HOLDERS}
        add("user", name=f"u{i}")
        add("user", name=f"m{i}")
        add("group", name=f"g{i}", members=[f"m{i}"])
        add("mcptoken", text["user"], name=f"u{i}", user=f"u{i}")
        add("mcptoken", text["group"], name=f"m{i}", user=f"m{i}")
        add("mcptoken", text["token"], name=f"t{i}", user="nobody")
        scope = [] if b is NOTHING else [as_json(b)]
        add("mcptoken", text["scope"], name=f"s{i}", user="super", scope=scope)
        if b is not NOTHING:
            subjects = (("User", f"u{i}"), ("Group", f"g{i}"), ("McpToken", f"t{i}"))
            add(
                "rbac",
                name=f"r{i}",
                subjects=[{"kind": k, "name": n} for k, n in subjects],
                roleBindings=scope,
            )
        cls.tokens[b] = text

    def test_every_route_has_a_row(self):
        missing = [r for r in routes() if r not in ROUTES]
        self.assertEqual(missing, [], "say in ROUTES who may ask for these, from the contract")
        self.assertEqual([r for r in ROUTES if r not in routes()], [], "no such route any more")

    def test_without_a_token_nothing_but_health_is_answered(self):
        client = Client(self.gw.port)
        for method, path in routes():
            wanted = ROUTES[method, path]
            status, body = self.ask(client, method, path, wanted, None, "this")
            self.assertEqual(
                status, wanted.allowed if wanted.name == "public" else 401, (method, path, body)
            )
        client.close()

    def ask(self, client, method, path, wanted, token, name):
        """ask - as the row says, about the object of that name"""
        method = "GET" if method == "METHOD_ANY" else method
        path = re.sub(r"[:*]\w+", name, path)
        body = wanted.body
        if wanted.name == "body":
            body = {**body, "name" if wanted.verb == "create" else "model": name}
        return client.ask(method, path, token, body, wanted.headers)

    def one_route(self, route):
        """one_route - every caller on one route; what was not as expected"""
        wanted, client, wrong, asked = ROUTES[route], Client(self.gw.port), [], 0
        # to those who may not ask, what is absent looks like what is there
        names = ("this", "absent") if wanted.name in ("object", "body") else ("this",)
        for b, holder, name in itertools.product(BINDINGS, HOLDERS, names):
            token = self.tokens[b][holder]
            status, body = self.ask(client, *route, wanted, token, name)
            asked += 1
            why = self.differs(b, wanted, name, status, body)
            if why:
                wrong.append(f"{route} {name}: {b} held by {holder}: {why}: {body[:200]}")
        client.close()
        return asked, wrong

    def differs(self, b, wanted, name, status, body):
        """differs - from what the contract says; None where it does not"""
        if not expected(b, wanted, name):
            if status != 403:
                return f"{status} for 403"
            what = f"{wanted.verb}:{wanted.resource}" if wanted.verb else f"run:{MIGRATE}"
            if f"permission denied: {what}".encode() not in body:
                return "the permission is not named"
            return None
        if status in (401, 403):
            return f"{status} for one who may"
        allowed = wanted.absent if name == "absent" else wanted.allowed
        if allowed and status != allowed:
            return f"{status} for {allowed}"
        if wanted.name == "list":
            return self.list_differs(b, json.loads(body))
        return None

    def list_differs(self, b, listed):
        names = {o["name"] for o in listed}
        if b.name is None:
            return None if {"this", "other"} <= names else "something is missing in the list"
        return None if names == {b.name} else f"the list holds {sorted(names)[:5]}"

    def test_every_caller_on_every_route(self):
        known = [r for r in routes() if r in ROUTES]  # the test above tells of the others
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            results = list(pool.map(self.one_route, known))
        wrong = [w for _, some in results for w in some]
        self.assertEqual(wrong[:20], [], f"{len(wrong)} answers are wrong")
        asked = sum(n for n, _ in results)
        self.assertGreaterEqual(asked, len(known) * len(BINDINGS) * len(HOLDERS))

    def test_ids_are_judged_by_the_objects_name(self):
        client = Client(self.gw.port)
        for r in STORED:
            _, body = client.ask("GET", f"/api/v1/{r}/this", self.gw.token)
            known, unknown = json.loads(body)["id"], "c" + "0" * 24
            for name, status in ((None, 200), ("this", 200), ("other", 403)):
                token = self.tokens[Binding("view", r, name)]["user"]
                self.assertEqual(client.ask("GET", f"/api/v1/{r}/{known}", token)[0], status)
                self.assertEqual(
                    client.ask("GET", f"/api/v1/{r}/{unknown}", token)[0],
                    404 if name is None else 403,
                )
        client.close()


if __name__ == "__main__":
    unittest.main()
