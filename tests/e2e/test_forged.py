"""Attacks on the login of each web server (docs/ACCESS.md): nothing that a client sends makes it a user.

Bytes on a socket, so that no client library straightens them. All of them ask for whoami; the answer
names nobody, or alice where her password stands in the request.
"""

import base64
import concurrent.futures
import re
import socket
import unittest

from gateway import Gateway, GatewayCase, PATIENCE
from test_remote_user import Login, Nginx as NginxLogin, login_front

login_front("lighttpd-spawn", "lighttpd-basic.conf")
login_front("htaccess", "apache-basic.conf")

NAMES = (
    "REMOTE_USER", "Remote-User", "Remote_User", "REMOTE-USER", "remote_user", "Remote.User",
    "REMOTE_USER!", "X-Remote-User", "X_Remote_User", "AUTH_USER", "Auth-User", "LOGON_USER",
    "HTTP_REMOTE_USER", "Http-Remote-User", "REDIRECT_REMOTE_USER", "Redirect-Remote-User",
    "REDIRECT_REDIRECT_REMOTE_USER", "MCPD_USER", "Mcpd-User", "HTTP_MCPD_USER", "Remote-Ident",
    "X-Forwarded-User", "Proxy", "Proxy-User", "Proxy-Authorization", "SSL_CLIENT_S_DN_CN",
)  # fmt: skip
# lines that two parsers may read in two ways
LINES = (
    "REMOTE_USER : admin",
    "REMOTE_USER\t: admin",
    " REMOTE_USER: admin",
    "X: a\r\n\tREMOTE_USER: admin",
    "X: a\nREMOTE_USER: admin",
    "X: a\rREMOTE_USER: admin",
    "X: a\r\r\nREMOTE_USER: admin",
    "REMOTE_USER\0: admin",
    "X: a\0REMOTE_USER=admin",
    "X=1\nREMOTE_USER=admin: x",
    "REMOTE_USER=admin",
    ": admin",
)


def login(text, scheme="Basic "):
    text = text.encode() if isinstance(text, str) else text
    return f"Authorization: {scheme}{base64.b64encode(text).decode()}"


ALICE, ADMIN = login("alice:secret"), login("admin:")
BEARER, NOTHING = "Authorization: Bearer x", "Authorization: "
# of each, alice's name may come out where all that is hers is there
LOGINS = (
    b"admin\0alice:secret", b"alice\0admin:secret", b"admin\nalice:secret", b"alice\nadmin:secret",
    b"alice:secret\nadmin:x", b"admin:alice:secret", b" admin:", b"admin", b"admin:\0", b":", b"",
)  # fmt: skip
PAIRS = (
    (ALICE, ADMIN), (ADMIN, ALICE), (ADMIN, BEARER), (BEARER, ADMIN), (ALICE, BEARER), (BEARER, ALICE),
    (ADMIN, NOTHING), (NOTHING, ADMIN), (NOTHING, ALICE, ADMIN),
    (f"{ALICE}, {ADMIN[15:]}",), (f"{ADMIN}, {ALICE[15:]}",), (f"{ADMIN} {ALICE[21:]}",),
    (f"{BEARER}, {ADMIN[15:]}",), (f"{ADMIN}, Bearer x",), ('Authorization: Digest username="admin"',),
)  # fmt: skip
QUERIES = (
    "REMOTE_USER=admin", "REMOTE_USER+admin", "MCPD_USER=admin", "user=admin", "%0aREMOTE_USER=admin",
    "x%00REMOTE_USER=admin", "/healthz", "x=/readyz", "--db+/nonexistent", "--config+/dev/null",
)  # fmt: skip
# {}: where mcpd is mounted. The health checks need no login
PATHS = (
    "{}/api/v1/whoami/healthz", "{}/api/v1/whoami/%2e%2e/healthz", "{}/api/v1/whoami%2fhealthz",
    "{}/api/v1/whoami/..%2fhealthz", "{}/api/v1/whoami%2f..%2fhealthz", "{}/api/v1/whoami%3f/healthz",
    "{}/api/v1/whoami;/healthz", "{}/api/v1/whoami%00/healthz", "{}/api/v1/whoami#/healthz",
    "{}/api/v1/whoami%23/healthz", "{}/api/v1/whoami//healthz", "{}/healthz/../api/v1/whoami",
    "{}/healthz/%2e%2e/api/v1/whoami", "{}/healthz/..%2fapi/v1/whoami", "{}/healthz/api/v1/whoami",
    "{}/healthz%2f..%2fapi%2fv1%2fwhoami", "{}/x/../api/v1/whoami", "/x/..{}/api/v1/whoami",
    "/{}/api/v1/whoami", "{}//api/v1/whoami", "{}/./api/v1/whoami", "{}/%61pi/v1/whoami",
    "{}/api%2fv1%2fwhoami", "{}/api/v1/whoami/", "{}/api/v1/whoami/.", "{}/API/V1/WHOAMI",
    "http://x{}/api/v1/whoami", "http://admin:@x{}/api/v1/whoami", "http://x{}/api/v1/whoami?/healthz",
    "{}/mcpd.cgi/api/v1/whoami", "{}/mcpd.fcgi/api/v1/whoami",
    "{}/mcpd.fcgi/healthz/../api/v1/whoami", "{}/mcpd.cgi/api/v1/whoami/..%2fhealthz",
)  # fmt: skip
CHUNKED = "Transfer-Encoding: chunked"
TRAILER = f"Remote-User: admin\r\nREMOTE_USER: admin\r\n{ADMIN}\r\n\r\n"
# lengths that two parsers may read in two ways: headers, and what goes before the request that is hidden
LENGTHS = (
    (("Content-Length: 0", CHUNKED), "0\r\n\r\n"),
    (("Content-Length: 5", CHUNKED), "0\r\n\r\n"),
    ((CHUNKED, "Transfer-Encoding: identity"), "0\r\n\r\n"),
    (("Transfer-Encoding: identity, chunked",), "0\r\n\r\n"),
    (("Transfer-Encoding: xchunked", "Content-Length: 0"), ""),
    (("Transfer-Encoding : chunked", "Content-Length: 0"), ""),
    (("Content-Length: 0", "Content-Length: 10"), ""),
    (("Content-Length: +0",), ""),
    (("Content-Length: -1",), ""),
    (("Content-Length: 0x1",), ""),
    (("Content-Length: 99999999999999999999",), ""),
    (("CONTENT_LENGTH: 9", "Content_Length: 9", "Content-Length: 0"), ""),
    ((CHUNKED, "Trailer: Remote-User"), "1\r\n{\r\n0\r\n" + TRAILER),
    ((CHUNKED,), "0;REMOTE_USER=admin\r\n\r\n"),
)
PARAMS_SIZES = (30_000, 65_000, 65_535, 65_536, 66_000, 131_072)  # a FastCGI record holds 65 535 bytes
AT_A_TIME = 16  # lighttpd keeps each wrong login waiting for a second
A_PARAM = "\x0b\x05REMOTE_USERadmin"


def big(size):
    """big - headers of so many bytes, the last of which look like FastCGI's parameters"""
    lines = [f"X-{i}: {'a' * 7000}" for i in range(size // 7008)]
    return [*lines, f"Y: {'b' * (size % 7008 + 1)}", f"Z: {A_PARAM * 200}"]


class Attacks:
    """front and trust say where; a class below names them."""

    trust, changes, prefix = Login.trust, (), "/llm"

    @classmethod
    def setUpClass(cls):
        cls.gw = Gateway(cls.front, mount="/llm", config=cls.trust, changes=cls.changes)
        cls.gw.create("users", name="alice")

    def talk(self, data):
        """talk - all that comes for these bytes, until the web server closes"""
        said = b""
        with socket.create_connection(("127.0.0.1", self.gw.port), PATIENCE) as s:
            try:
                s.sendall(data)
                while piece := s.recv(65536):
                    said += piece
            except ConnectionError:  # refused before it was read
                pass
        return said

    def attack(self, *lines, path="/llm/api/v1/whoami", method="GET", body=""):
        """attack - nobody is a user by it, but alice by her password; what was answered"""
        head = "\r\n".join((f"{method} {path} HTTP/1.1", "Host: x", "Connection: close", *lines))
        said = self.talk(f"{head}\r\n\r\n{body}".encode("latin-1"))
        users = set(re.findall(rb'"user":("[^"]*"|null)', said))
        hers = any(ALICE[21:] in line or "YWxpY2U6c2VjcmV0" in line for line in lines)
        self.assertLessEqual(users, {b'"alice"'} if hers and self.logs_in else set(), (lines, path, said))
        self.assertNotIn(b'"admin"', said)
        return said

    logs_in = True

    def test_it_would_show(self):
        said = self.attack(ALICE)
        self.assertEqual(b'"user":"alice"' in said, self.logs_in, said)
        self.assertIn(b'"user":"admin"', self.talk(
            f"GET /llm/api/v1/whoami HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            f"x-api-key: {self.gw.token}\r\n\r\n".encode()))  # fmt: skip

    def attacks(self, rows):
        """attacks - many at a time: rows of the lines of one, and what else it has"""
        with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
            for done in [pool.submit(self.attack, *lines, **more) for lines, more in rows]:
                done.result()

    def test_headers(self):
        rows = []
        for name in NAMES:
            line = f"{name}: admin"
            rows += [
                (line,),
                (line, line, ALICE),
                (line, ADMIN),
                (line, "x-api-key: ", NOTHING),
                (line, "x-api-key: x", ALICE),
                (line, f"Connection: {name}"),
            ]
        self.attacks((lines, {}) for lines in rows)

    def test_lines(self):
        self.attacks(((line, *more), {}) for line in LINES for more in ((), (ALICE,)))

    def test_logins(self):
        rows = [(login(text, how),) for text in LOGINS for how in ("Basic ", "basic  ", "Basic\t")]
        for lines in PAIRS:
            rows += [lines]
            rows += [("x-api-key: ", *lines, f"{key}: x") for key in ("x-api-key", "X_Api_Key")]
        rows += [(ADMIN, "Connection: close, Authorization")]
        self.attacks((lines, {}) for lines in rows)

    def test_paths_and_queries(self):
        paths = [path.format("/llm") for path in PATHS]
        paths += [f"/llm/api/v1/whoami?{query}" for query in QUERIES]
        heads = ((), ("REMOTE_USER: admin", "Remote-User: admin"), (ADMIN,), (ALICE,))
        self.attacks((lines, {"path": path}) for path in paths for lines in heads)

    def test_lengths(self):
        hidden = f"GET /llm/api/v1/whoami HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{TRAILER}"
        self.attacks(
            ((*lines, *more), {"method": method, "body": before + hidden})
            for lines, before in LENGTHS
            for more in ((), (ALICE,))
            for method in ("GET", "POST")
        )

    def test_sizes(self):
        self.attacks(((*big(size), *more), {}) for size in PARAMS_SIZES for more in ((), (ALICE,)))
        self.assertTrue(self.gw.ready())


class ApacheFcgid(Attacks, GatewayCase):
    front = "apache-fcgid+login"


class ApacheProxyFcgi(Attacks, GatewayCase):
    front = "apache-proxy-fcgi+login"


class ApacheCgi(Attacks, GatewayCase):
    front = "apache-cgi+login"


class Htaccess(Attacks, GatewayCase):
    front = "htaccess+login"


class Lighttpd(Attacks, GatewayCase):
    front = "lighttpd+login"


class LighttpdSpawn(Attacks, GatewayCase):
    front = "lighttpd-spawn+login"


class Nginx(Attacks, GatewayCase):
    """With the stock file beside, which sends every Basic header's name as REMOTE_USER."""

    front, trust, changes = "nginx+login", (*NginxLogin.trust, "base_path: /llm"), NginxLogin.changes


class WithoutLogin(Attacks):
    """Trusted, but the web server has no login: not even alice can be somebody."""

    logs_in = False


class ApacheProxyFcgiWithoutLogin(WithoutLogin, GatewayCase):
    front = "apache-proxy-fcgi"


class HtaccessWithoutLogin(WithoutLogin, GatewayCase):
    front = "htaccess"


class NginxWithoutLogin(WithoutLogin, GatewayCase):
    front = "nginx"


if __name__ == "__main__":
    unittest.main()
