"""People who log in with the web server, beside programs with tokens, on one URL (API.md 1).

Real servers: Apache's mod_auth_basic, lighttpd's mod_auth and nginx's auth_basic, with the files of
httpd-conf/. The users alice and mallory have passwords; mallory is unknown to mcpd.
"""

import base64
import dataclasses
import hashlib
import json
import unittest

from fronts import FRONTS, NGINX, TOP, Front
from gateway import Gateway, GatewayCase

PASSWORDS = {"alice": "secret", "mallory": "evil"}
# names that a client may hope for
FORGED = (
    "REMOTE_USER",
    "Remote-User",
    "X-Remote-User",
    "X-Forwarded-User",
    "MCPD_USER",
    "Mcpd-User",
    "Auth-User",
    "REDIRECT_REMOTE_USER",
    "Redirect-Remote-User",
)


def basic(user, password=None):
    text = f"{user}:{PASSWORDS[user] if password is None else password}"
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


@dataclasses.dataclass(frozen=True)
class LoginFront(Front):
    """A front with the file of a login behind its own, or in its place."""

    login: str = ""

    def prepare(self, gateway, binary, changes=()):
        users, conf = gateway.run / "users", gateway.run / "login.conf"
        users.write_text("".join(f"{u}:{hashed(p)}\n" for u, p in PASSWORDS.items()))
        parts = [TOP / self.conf, *([TOP / "httpd-conf" / self.login] if self.login else [])]
        conf.write_text("".join(p.read_text() for p in parts).replace("@USERS@", str(users)))
        return Front.prepare(dataclasses.replace(self, conf=conf), gateway, binary, changes)


def login_front(name, login):
    front = FRONTS[name]
    fields = {f.name: getattr(front, f.name) for f in dataclasses.fields(front)}
    FRONTS[f"{name}+login"] = LoginFront(**fields, login=login)


def hashed(password):
    """hashed - the one form that all three servers read, and Python can write"""
    return "{SHA}" + base64.b64encode(hashlib.sha1(password.encode()).digest()).decode()


for name in ("apache-fcgid", "apache-proxy-fcgi", "apache-cgi"):
    login_front(name, "apache-basic.conf")
login_front("lighttpd", "lighttpd-basic.conf")
FRONTS["nginx+login"] = LoginFront("httpd-conf/nginx-basic.conf", NGINX, pool="own", web_user=True)


class Login:
    """What holds on every server; front says which, trust is a line of mcpd.yaml."""

    trust = ("trust_remote_user: true", "cors_origins: https://page.example")
    changes = ()

    @classmethod
    def setUpClass(cls):
        cls.gw = Gateway(cls.front, config=cls.trust, changes=cls.changes)
        cls.gw.create("users", name="alice")
        cls.gw.create("rbac", name="alice", subjects=[{"kind": "User", "name": "alice"}],
                      roleBindings=[{"role": "edit", "resource": "users"}])  # fmt: skip
        cls.token = cls.gw.create("mcptokens", name="alice", user="alice")["token"]

    def who(self, headers, status=200):
        answer = self.call("GET", "/api/v1/whoami", status=status, token=None, headers=headers)
        return answer.json() if status == 200 else answer


class Mixed(Login):
    def test_a_login_is_a_user_of_the_catalogue(self):
        who = self.who(basic("alice"))
        self.assertEqual((who["user"], who["token"]), ("alice", None))
        self.assertEqual(who["permissions"], [{"role": "edit", "resource": "users"}])
        self.call("GET", "/api/v1/llms", status=403, token=None, headers=basic("alice"))

    def test_a_login_leaves_its_name_in_the_audit(self):
        name = "made-by-login"
        body, alice = {"name": name}, basic("alice")
        self.call("POST", "/api/v1/users", body, 201, None, alice)
        lines = [
            json.loads(line)
            for path in self.gw.state.glob("audit-*.log")
            for line in path.read_text().splitlines()
        ]
        line = next(x for x in lines if x.get("name") == name)
        self.assertIsNone(line["tokenSha"])
        self.assertEqual(line["userId"], self.call("GET", "/api/v1/users/alice").json()["id"])

    def test_no_login_and_no_token_is_asked_for_one(self):
        answer = self.who({}, 401)
        self.assertIn("Basic", answer.headers["WWW-Authenticate"])
        self.call("GET", "/healthz", token=None)

    def test_a_wrong_password_and_a_stranger_are_401(self):
        self.who(basic("alice", "wrong"), 401)
        self.who(basic("admin", ""), 401)
        self.who(basic("mallory"), 401)

    def test_a_token_needs_no_login(self):
        for headers in (
            {"Authorization": f"Bearer {self.token}"},
            {"Authorization": f"bearer {self.token}"},
            {"x-api-key": self.token},
            {"x-api-key": self.token, **basic("alice")},
            {"x-api-key": self.token, **basic("alice", "wrong")},
        ):
            self.assertEqual(self.who(headers)["token"], "alice", headers)

    def test_a_bad_token_is_401_whatever_else_is_sent(self):
        for headers in (
            {"Authorization": "Bearer mcp_" + "x" * 43},
            {"Authorization": "Bearer"},
            {"Authorization": f"Bearer {self.token}", "x-api-key": self.gw.token},
            {"x-api-key": "x", **basic("alice")},
            {"x-api-key": "x", **basic("admin", "")},
            {"x-api-key": "mcp_" + "x" * 43, **basic("alice")},
        ):
            self.who(headers, 401)

    def test_what_a_client_sends_is_never_a_login(self):
        for name in FORGED:
            self.who({name: "admin"}, 401)
            self.who({name: "admin", "x-api-key": "x"}, 401)
            self.assertEqual(self.who({name: "admin", **basic("alice")})["user"], "alice")
            bearer = {"Authorization": f"Bearer {self.token}"}
            self.assertEqual(self.who({name: "admin", **bearer})["token"], "alice")
        for value in ("Basic", "Basic !", "Digest username=admin"):
            answer = self.gw.request(
                "GET", "/api/v1/whoami", token=None, headers={"Authorization": value}
            )
            self.assertIn(answer.status, (400, 401), value)

    def test_paths_that_need_no_login_give_none(self):
        admin = basic("admin", "")
        for path in ("/api/v1/users/healthz", "/api/v1/users/readyz", "/v1/models/readyz"):
            self.call("GET", path, status=401, token=None, headers=admin)
        for path in (
            "/api/v1/whoami?/healthz",
            "/api/v1/whoami/healthz",
            "/healthz/../api/v1/whoami",
            "/api/v1/whoami/%2e%2e/healthz",
            "/healthz/api/v1/whoami",
        ):
            answer = self.gw.request("GET", path, token=None, headers=admin)
            self.assertIn(answer.status, (400, 401, 403, 404), path)
            self.assertNotIn(b"admin", answer.body)

    def test_a_page_of_another_site_can_not_use_the_login(self):
        for site, status in (
            ("cross-site", 403),
            ("same-site", 403),
            ("same-origin", 200),
            ("none", 200),
        ):
            headers = {"Sec-Fetch-Site": site, "Origin": "https://page.example"}
            self.who({**headers, **basic("alice")}, status)
            self.who({**headers, "Authorization": f"Bearer {self.token}"})
            body = {"name": "csrf"}
            if status == 403:
                self.call("POST", "/api/v1/users", body, 403, None, {**headers, **basic("alice")})
            answer = self.gw.request(
                "GET", "/api/v1/whoami", token=None, headers={**headers, **basic("alice")}
            )
            self.assertIsNone(answer.headers["Access-Control-Allow-Credentials"])


class ApacheFcgid(Mixed, GatewayCase):
    front = "apache-fcgid+login"


class ApacheProxyFcgi(Mixed, GatewayCase):
    front = "apache-proxy-fcgi+login"


class ApacheCgi(Mixed, GatewayCase):
    front = "apache-cgi+login"


class Lighttpd(Mixed, GatewayCase):
    front = "lighttpd+login"


class Nginx(Mixed, GatewayCase):
    """With the stock file beside, which sends every Basic header's name as REMOTE_USER."""

    front = "nginx+login"
    trust = (*Login.trust, "remote_user_param: MCPD_USER")
    changes = (("\tfastcgi_pass\t", "\tinclude /etc/nginx/fastcgi_params;\n\tfastcgi_pass\t"),)


class LighttpdInTheWrongOrder(Login, GatewayCase):
    front = "lighttpd+login"
    changes = (
        (
            '"mod_auth", "mod_authn_file", "mod_fastcgi"',
            '"mod_fastcgi", "mod_auth", "mod_authn_file"',
        ),
    )

    def test_nobody_gets_in_by_a_login_that_is_bypassed(self):
        for headers in ({}, basic("alice"), basic("admin", ""), {"Remote-User": "admin"}):
            answer = self.who(headers, 401)
            self.assertIn("Bearer", answer.headers["WWW-Authenticate"])  # mcpd's own word
        self.assertEqual(self.who({"x-api-key": self.token})["token"], "alice")


class NotTrusted(Login, GatewayCase):
    front = "lighttpd+login"
    trust = ()

    def test_a_login_is_nobody_where_it_is_not_trusted(self):
        answer = self.who(basic("alice"), 401)
        self.assertIn("Bearer", answer.headers["WWW-Authenticate"])


class WithoutLogin:
    """Trusted, but the web server has no login: nobody can say that there is one."""

    def test_nothing_makes_a_user(self):
        for headers in (basic("admin", ""), *({name: "admin"} for name in FORGED)):
            self.call("GET", "/api/v1/whoami", status=401, token=None, headers=headers)


class ApacheWithoutLogin(WithoutLogin, GatewayCase):
    options = {"front": "apache-fcgid", "config": Login.trust}


class ApacheCgiWithoutLogin(WithoutLogin, GatewayCase):
    options = {"front": "apache-cgi", "config": Login.trust}


class LighttpdWithoutLogin(WithoutLogin, GatewayCase):
    options = {"front": "lighttpd", "config": Login.trust}


class NginxWithoutLogin(WithoutLogin, GatewayCase):
    options = {"front": "nginx", "config": Login.trust}


if __name__ == "__main__":
    unittest.main()
