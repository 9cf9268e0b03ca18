"""mcpctl over HTTP: to whom a token is sent, and how a server is found."""

import http.server
import json
import os
import pathlib
import subprocess
import tempfile
import threading
import unittest

import gateway
import tls


class Home:
    """Home - a user of mcpctl on another machine: no store, a home directory of their own."""

    def __init__(self):
        self.dir = tempfile.TemporaryDirectory(prefix="mcpctl-home-")
        self.config = pathlib.Path(self.dir.name) / ".mcpctl/config.json"

    def run(self, *args, input=None, **env):
        base = {k: v for k, v in os.environ.items() if not k.startswith("MCPD_")}
        config = os.path.join(self.dir.name, "mcpd.yaml")
        pathlib.Path(config).write_text(f"db: {self.dir.name}/none\n")
        return subprocess.run(
            [gateway.BUILD / "mcpctl", *args],
            input=input,
            capture_output=True,
            text=True,
            timeout=gateway.PATIENCE,
            env={**base, "HOME": self.dir.name, "MCPD_CONFIG": config, **env},
        )


class Thief(http.server.BaseHTTPRequestHandler):
    """Thief - a server that sends everyone to another place, and keeps what it is told."""

    def do_GET(self):
        self.server.heads.append(self.headers)
        self.send_response(302)
        self.send_header("Location", self.server.to)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


def thief(to):
    server = http.server.HTTPServer(("127.0.0.1", 0), Thief)
    server.heads, server.to = [], to
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class OverHttp(gateway.GatewayCase):
    options = {"mount": "/llm"}

    def setUp(self):
        self.home = Home()
        self.url = f"http://127.0.0.1:{self.gw.port}/llm"

    def relay(self, *names):
        certificate = tls.Certificate(*names)
        relay = tls.Relay(certificate, self.gw.port)
        return certificate, f"https://127.0.0.1:{relay.port}/llm"

    def assertExit(self, done, code, text=""):
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertIn(text, done.stdout + done.stderr)
        return done

    def login(self, url, *args):
        return self.home.run("login", url, *args, input=self.gw.token + "\n")

    def test_a_login_below_a_path_is_kept_and_used(self):
        self.assertExit(self.login(self.url), 0, "as admin")
        self.assertEqual(self.home.config.stat().st_mode & 0o777, 0o600)
        self.assertEqual(json.loads(self.home.config.read_text())["url"], self.url)
        self.assertExit(self.home.run("get", "users", "-o", "name"), 0, "user/admin")
        self.assertExit(self.home.run("logout"), 0)
        self.assertNotIn("mcp_", self.home.config.read_text())
        self.assertExit(self.home.run("get", "users"), 1, "mcpctl login URL")

    def test_a_token_is_neither_in_messages_nor_in_view(self):
        self.login(self.url)
        seen = self.home.run("config", "view").stdout
        self.assertNotIn(self.gw.token, seen)
        self.assertIn(f"mcp_…{self.gw.token[-4:]}", seen)

    def test_tls_is_verified(self):
        certificate, url = self.relay()
        self.assertExit(self.login(url), 1, "certificate verify failed")
        self.assertFalse(self.home.config.exists())
        self.assertExit(self.login(url, "--insecure"), 1, "certificate verify failed")
        self.assertExit(self.home.run("config", "set", "caFile", str(certificate.file)), 0)
        self.assertExit(self.login(url), 0, "as admin")
        self.assertExit(self.home.run("get", "users", "-o", "name"), 0, "user/admin")

    def test_a_certificate_of_another_name_is_refused(self):
        certificate, url = self.relay("DNS:other.example")
        self.home.run("config", "set", "caFile", str(certificate.file))
        self.assertExit(self.login(url), 1, "certificate verify failed")

    def test_a_redirect_is_not_followed(self):
        second = thief("http://127.0.0.1:1/")
        first = thief(f"http://127.0.0.1:{second.server_port}/")
        done = self.login(f"http://127.0.0.1:{first.server_port}")
        self.assertExit(done, 1, "not followed")
        self.assertEqual(len(first.heads), 1)
        self.assertEqual(second.heads, [])

    def test_the_environments_proxy_is_not_used(self):
        proxy = thief("http://127.0.0.1:1/")
        address = f"http://127.0.0.1:{proxy.server_port}"
        done = self.home.run(
            "get", "users", "-o", "name", http_proxy=address, https_proxy=address,
            ALL_PROXY=address, MCPD_URL=self.url, MCPD_TOKEN=self.gw.token,
        )
        self.assertExit(done, 0, "user/admin")
        self.assertEqual(proxy.heads, [])

    def test_a_web_server_without_mcpd_is_told_from_it(self):
        done = self.login(f"http://127.0.0.1:{self.gw.port}/elsewhere")
        self.assertExit(done, 1, "no mcpd there")

    def test_a_store_made_by_files_is_the_same_either_way(self):
        def names(text):
            return [line.split()[0] for line in text.splitlines() if line.endswith("unchanged")]

        text = self.gw.ctl("get", "all", "-o", "yaml")
        here = self.gw.ctl("apply", "-f", "-", input=text)
        done = self.home.run("apply", "-f", "-", input=text, MCPD_URL=self.url,
                             MCPD_TOKEN=self.gw.token)
        self.assertExit(done, 0)
        self.assertEqual(done.stdout, here)
        self.assertEqual(len(names(here)), len(here.splitlines()))


if __name__ == "__main__":
    unittest.main()
