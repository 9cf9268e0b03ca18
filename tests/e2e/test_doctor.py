"""mcpctl doctor, and the route that it asks: each check is seen failing once. CLI.md."""

import gzip
import http.server
import json
import os
import subprocess
import tempfile
import threading
import time
import unittest

from client import data_of
from gateway import BUILD, Gateway, GatewayCase, PATIENCE, parallel, wait_for
from tls import Certificate

BEAT = 0.5  # seconds between the two events of /api/v1/heartbeat
MIB = 1 << 20
HTTP_CHECKS = [
    "server", "ready", "transport", "no token", "authorization", "forged user", "long body",
    "streaming", "gone clients",
]  # fmt: skip
STORE_CHECKS = [
    "configuration", "directory", "owner", "mode", "file system", "free space", "files", "key file",
    "snapshot", "store", "database", "records", "key ids", "sealed values", "plaintext",
    "migrations", "audit log", "remote user", "libfcgi",
]  # fmt: skip


def doctor(*args, env):
    """doctor - what it found, {check: [(status, what, mend)]}; its exit status must fit"""
    done = subprocess.run(
        [BUILD / "mcpctl", *map(str, args), "-o", "json"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env=env,
    )
    found = {}
    for line in json.loads(done.stdout):
        found.setdefault(line["check"], []).append((line["status"], line["what"], line["mend"]))
    for line in json.loads(done.stdout):
        skipped = line["what"].startswith("skipped: ")
        assert line["status"] == "ok" or line["mend"] or skipped, f"no mend: {line}"
    fails = failing(found)
    assert done.returncode == (1 if fails else 0), (done.returncode, done.stdout, done.stderr)
    return found


def failing(found):
    return sorted(c for c, lines in found.items() if any(s == "fail" for s, _, _ in lines))


def over(gw, *args, token=True, **env):
    """over - the doctor on a gateway's store and web server"""
    scheme = "https" if gw.tls else "http"
    url = f"{scheme}://127.0.0.1:{gw.port}{gw.prefix}"
    env = {**gw.env, "HOME": str(gw.home), **({"MCPD_TOKEN": gw.token} if token else {}), **env}
    return doctor("--db", gw.state, "doctor", "--url", url, *args, env=env)


class Heartbeat(GatewayCase):
    def beat(self, body, **options):
        return self.gw.stream("/api/v1/heartbeat", body, **options)

    def test_two_events_come_apart_and_tell_how_much_of_the_body_came(self):
        body = json.dumps({"pad": "x" * MIB})
        stream = self.beat(body)
        self.assertEqual(stream.status, 200)
        for name, value in (
            ("Content-Type", "text/event-stream"),
            ("Cache-Control", "no-cache, no-transform"),
            ("X-Accel-Buffering", "no"),
        ):
            self.assertEqual(stream.headers[name], value)
        seen = list(stream)
        beats = [{"beat": n, "bytes": len(body)} for n in (1, 2)]
        self.assertEqual([data_of(text[text.index("\n") + 1 :]) for text, _ in seen], beats)
        self.assertTrue(all(text.startswith(": ") for text, _ in seen), "a comment first")
        # what mod_deflate waits for before it lets anything pass
        self.assertGreater(min(len(text) for text, _ in seen), 68)

    def test_the_first_event_comes_before_the_second_is_sent(self):
        def apart():  # a reader that is held up sees both at once
            seen = list(self.beat({}))
            return seen[1][1] - seen[0][1] > BEAT / 2

        wait_for("two events as they are sent", apart)

    def test_the_second_event_ends_it(self):
        began = time.monotonic()
        self.assertEqual(len(self.beat({}).rest()), 2)
        self.assertGreater(time.monotonic() - began, BEAT * 0.9)

    def test_whoever_is_known_may_ask_and_nobody_else(self):
        _, token = self.gw.user()
        self.assertEqual(len(self.beat({}, token=token).rest()), 2)
        self.call("POST", "/api/v1/heartbeat", {}, status=401, token=None)
        self.call("POST", "/api/v1/heartbeat", {}, status=401, token="mcp_" + "x" * 43)

    def test_what_is_no_json_object_is_refused_and_no_line_is_left(self):
        before = self.gw.audit_lines()
        for body, status in (("{", 400), ("[]", 400), ("", 400)):
            self.call("POST", "/api/v1/heartbeat", body, status=status)
        big = json.dumps({"pad": "x" * (33 * MIB)})
        self.call("POST", "/api/v1/heartbeat", big, status=413)
        self.beat({}).rest()
        self.assertEqual(self.gw.audit_lines(), before)


def packing(filter_name, *modules):
    """packing - Apache compresses all that mcpd's CGI program says: a change of apache-cgi.conf"""
    load = "".join(f"LoadModule {m}_module /usr/lib/apache2/modules/mod_{m}.so\n" for m in modules)
    return ("# --- mod_cgid ---\n", f"# --- mod_cgid ---\n{load}SetOutputFilter {filter_name}\n")


DEFLATE = packing("DEFLATE", "deflate")
BROTLI = packing("BROTLI_COMPRESS", "brotli")


class WebServers(unittest.TestCase):
    """Real ones: as their files in httpd-conf/ say, and with a line of it changed."""

    WELL = ("lighttpd", "nginx", "apache-fcgid", "apache-proxy-fcgi", "apache-cgi", "htaccess")

    # front, changes, mcpd.yaml: what must fail, and a word of its mend
    ILL = (
        (
            "lighttpd",
            [("server.stream-response-body = 1", "server.stream-response-body = 0")],
            (),
            {"streaming": "server.stream-response-body = 1"},
        ),
        (
            "apache-fcgid",
            [
                ("\tCGIPassAuth On\n", ""),
                ("FcgidMaxRequestLen 41943040", "FcgidMaxRequestLen 131072"),
                ("FcgidOutputBufferSize 0", "FcgidOutputBufferSize 65536"),
            ],
            (),
            {
                "authorization": "CGIPassAuth On",
                "long body": "FcgidMaxRequestLen",
                "streaming": "FcgidOutputBufferSize 0",
            },
        ),
        (
            "apache-proxy-fcgi",
            [("flushpackets=on ", "")],
            (),
            {"streaming": "flushpackets=on"},
        ),
        (
            "apache-cgi",
            [DEFLATE, ("\tSetEnv no-gzip 1\n", "")],
            (),
            {"streaming": "SetEnv no-gzip 1"},
        ),
        (
            "apache-cgi",
            [BROTLI, ("\tSetEnv no-brotli 1\n", "")],
            (),
            {"streaming": "no-brotli"},
        ),
        (
            "nginx",
            [
                ("client_max_body_size\t40m", "client_max_body_size\t100k"),
                (
                    "\tfastcgi_pass\t",
                    "\tinclude /etc/nginx/fastcgi_params;\n"
                    "\tfastcgi_ignore_headers X-Accel-Buffering;\n\tfastcgi_pass\t",
                ),
            ],
            ("trust_remote_user: true",),
            {
                "forged user": "trust_remote_user: false",
                "long body": "client_max_body_size",
                "streaming": "fastcgi_buffering off",
            },
        ),
    )

    def test_a_host_that_compresses_is_well_with_what_is_shipped(self):
        def look(i, gw):
            found = over(gw)
            assert failing(found) == [], found

        options = [{"front": "apache-cgi", "changes": [c]} for c in (DEFLATE, BROTLI)]
        self.with_gateways(options, look)

    def with_gateways(self, options, look):
        """with_gateways - look at each, all at the same time"""

        def one(i):
            gw = Gateway(**options[i])
            try:
                look(i, gw)
            except AssertionError as e:
                raise AssertionError(f"{options[i]}: {e}\n{gw.logs()}") from None
            finally:
                gw.stop()

        parallel(len(options), one)

    def test_nothing_is_wrong_with_the_configurations_that_are_shipped(self):
        def look(i, gw):
            found = over(gw)
            assert failing(found) == [], found
            assert list(found) == STORE_CHECKS + HTTP_CHECKS, list(found)
            for check in HTTP_CHECKS[:-1]:
                assert [s for s, _, _ in found[check]] == ["ok"], found
            gone = found["gone clients"][0]
            apache = self.WELL[i] not in ("lighttpd", "nginx")
            assert gone[0] == ("warn" if apache else "ok"), gone
            assert ("never" in gone[1]) == apache, gone

        self.with_gateways([{"front": f, "mount": "/llm"} for f in self.WELL], look)

    def test_what_is_wrong_is_found_and_the_mend_is_the_web_servers_own(self):
        def look(i, gw):
            found, wanted = over(gw), self.ILL[i][3]
            assert failing(found) == sorted(wanted), found
            for check, mend in wanted.items():
                assert mend in found[check][0][2], found[check]
            if DEFLATE in self.ILL[i][1] or BROTLI in self.ILL[i][1]:
                assert "compresses streams" in found["streaming"][0][1], found
            if "streaming" in wanted:
                assert "not noticed" in found["streaming"][0][1], found["streaming"]

        self.with_gateways(
            [{"front": f, "changes": c, "config": y} for f, c, y, _ in self.ILL], look
        )


class Nginx(GatewayCase):
    """One that is well, asked in other ways."""

    tls = Certificate()
    options = {
        "front": "nginx",
        "tls": tls,
        "changes": [
            ("listen	127.0.0.1:@PORT@", "listen	127.0.0.1:@PORT@ ssl"),
            (
                "		location",
                f"ssl_certificate {tls.file};\nssl_certificate_key {tls.key};\n		location",
            ),
        ],
    }

    def setUp(self):
        (self.gw.home / ".mcpctl").mkdir(mode=0o700, exist_ok=True)
        path = self.gw.home / ".mcpctl/config.json"
        path.write_text(json.dumps({"caFile": str(self.tls.file)}))
        path.chmod(0o600)

    def test_https_is_good_where_the_certificate_is(self):
        found = over(self.gw)
        self.assertEqual(failing(found), [])
        self.assertIn("https", found["transport"][0][1])
        (self.gw.home / ".mcpctl/config.json").unlink()
        found = over(self.gw)
        self.assertEqual(failing(found), ["server"])
        self.assertIn("certificate", found["server"][0][1])

    def test_without_a_token_what_needs_one_is_skipped(self):
        found = over(self.gw, token=False)
        self.assertEqual(failing(found), [])
        for check in ("authorization", "long body", "streaming"):
            self.assertEqual(found[check][0][0], "warn")
            self.assertIn("skipped: there is no token", found[check][0][1])
        self.assertIn("mcpctl login", found["authorization"][0][2])
        for check in ("server", "no token", "forged user"):
            self.assertEqual(found[check][0][0], "ok")

    def test_a_token_that_is_not_known_is_told_apart_from_a_header_that_is_kept(self):
        found = over(self.gw, MCPD_TOKEN="mcp_" + "x" * 43)
        self.assertEqual(failing(found), ["authorization"])
        self.assertIn("HTTP 401", found["authorization"][0][1])
        self.assertIn("mcpctl login", found["authorization"][0][2])
        self.assertIn("skipped", found["streaming"][0][1])

    def test_another_users_name_is_tried_too(self):
        name, token = self.gw.user()
        found = over(self.gw, MCPD_TOKEN=token)
        self.assertEqual(failing(found), [])
        self.assertIn(name, found["authorization"][0][1])

    def test_over_http_the_store_is_not_looked_at(self):
        env = {**self.gw.env, "HOME": str(self.gw.home), "MCPD_TOKEN": self.gw.token}
        found = doctor(
            "--daemon-url", f"https://127.0.0.1:{self.gw.port}", "doctor", env=env
        )
        self.assertEqual(list(found), ["store", *HTTP_CHECKS])
        self.assertIn("skipped", found["store"][0][1])


def answer(status, body=b"", **headers):
    return status, body, {k.replace("_", "-"): v for k, v in headers.items()}


OURS = {"x_request_id": "r", "X_Content_Type_Options": "nosniff"}
HEALTHY = answer(200, b'{"status":"ok"}', **OURS)
REFUSED = answer(401, b'{"error":"token"}', WWW_Authenticate="Bearer", **OURS)
WHO = answer(200, b'{"user":"admin"}', **OURS)


def beats(n, at):
    text = "".join(f'data: {{"beat":{i + 1},"bytes":{at}}}\n\n' for i in range(n))
    return answer(200, text.encode(), Content_Type="text/event-stream", **OURS)


class Wrong:
    """A server that is wrong in a way that no real one is; its answers by path, "token " before it
    where there is one."""

    WELL = {
        "/healthz": HEALTHY,
        "/readyz": HEALTHY,
        "/api/v1/whoami": REFUSED,
        "token /api/v1/whoami": WHO,
        "token /api/v1/heartbeat": beats(2, 1),
    }

    def __init__(self, software="wrong", packs=False, **changes):
        answers = {**self.WELL, **changes}

        class Handler(http.server.BaseHTTPRequestHandler):
            server_version, sys_version = software, ""

            def log_message(self, *args):
                pass

            def do_GET(self):
                self.rfile.read(int(self.headers["Content-Length"] or 0))
                token = (self.headers["Authorization"] or "").startswith("Bearer")
                forged = self.headers["X-Remote-User"] is not None
                key = f"forged {self.path}" if forged else self.path
                key = f"token {self.path}" if token else key
                status, body, headers = answers.get(key) or answers[self.path]
                self.send_response(status)
                for header in headers.items():
                    self.send_header(*header)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                """a heartbeat: held back and compressed for who asks for that, else as it should be"""
                if not packs:
                    return self.do_GET()
                body = self.rfile.read(int(self.headers["Content-Length"]))
                text = b'data: {"beat":1,"bytes":%d}\n\n' % len(body)
                self.send_response(200)
                for header in {**beats(0, 0)[2], "Connection": "close"}.items():
                    self.send_header(*header)
                if "gzip" in self.headers.get("Accept-Encoding", ""):
                    self.send_header("Content-Encoding", "gzip")
                    self.end_headers()
                    self.wfile.write(gzip.compress(text * 2))
                else:
                    self.end_headers()
                    self.wfile.write(text)
                    time.sleep(BEAT)
                    self.wfile.write(text)
                self.close_connection = True

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.server.shutdown()
        self.server.server_close()


class WrongServers(unittest.TestCase):
    env = {k: v for k, v in os.environ.items() if not k.startswith("MCPD_")}

    def look(self, changes, *args, host="127.0.0.1", **env):
        with Wrong(**changes) as server:
            url = f"http://{host}:{server.port}"
            env = {**self.env, "HOME": "/nonexistent", "MCPD_TOKEN": "mcp_t", **env}
            # a directory that nobody can read: a server is meant
            return doctor("--daemon-url", url, *args, "doctor", env=env)

    # answers: what fails, and what is said
    CASES = (
        ({"/healthz": answer(404, b"none")}, "server", "HTTP 404"),
        ({"/healthz": answer(200, b"<html>")}, "server", "no mcpd"),
        ({"/healthz": answer(200, b'{"status":"ok"}')}, "server", "no mcpd"),
        ({"/healthz": answer(302, Location="https://x.example/")}, "server", "not followed"),
        ({"/readyz": answer(503, b'{"reason":"space"}', **OURS)}, "ready", "space"),
        ({"/api/v1/whoami": answer(401, **OURS)}, "no token", "without WWW-Authenticate"),
        ({"/api/v1/whoami": answer(500)}, "no token", "HTTP 500 from the web server"),
        ({"/api/v1/whoami": answer(200)}, "no token", "no token gets in"),
        ({"forged /api/v1/whoami": WHO}, "forged user", "X-Remote-User"),
        ({"forged /api/v1/whoami": answer(502)}, "forged user", "HTTP 502"),
        ({"token /api/v1/whoami": answer(503)}, "authorization", "HTTP 503"),
        ({"token /api/v1/heartbeat": answer(500)}, "long body", "HTTP 500 from the web server"),
        ({"token /api/v1/heartbeat": beats(2, 7)}, "long body", "of 204800 bytes 7 arrive"),
        ({"token /api/v1/heartbeat": beats(1, 204800)}, "streaming", "1 of 2 events"),
        ({"token /api/v1/heartbeat": beats(2, 204800)}, "streaming", "holds streams back"),
        ({"token /api/v1/heartbeat": answer(404, **OURS)}, "streaming", "HTTP 404 from mcpd"),
    )

    def test_each_wrong_answer_is_told(self):
        for changes, check, says in self.CASES:
            with self.subTest(changes):
                found = self.look(changes)
                self.assertIn(check, failing(found))
                self.assertIn(says, found[check][0][1])

    def test_a_stream_that_is_held_back_to_be_compressed_is_told(self):
        for software, mend in (
            ("Apache/2.4", "no-gzip"),
            ("nginx", "gzip off"),
            ("lighttpd", "deflate.mimetypes"),
            ("wrong", "must not compress"),
        ):
            with self.subTest(software):
                found = self.look({"software": software, "packs": True})
                self.assertEqual(failing(found), ["streaming"])
                self.assertIn("compresses streams", found["streaming"][0][1])
                self.assertIn(mend, found["streaming"][0][2])

    def test_an_unknown_web_server_is_said_to_be_one(self):
        found = self.look({})
        self.assertEqual(found["gone clients"][0][0], "warn")
        self.assertIn("not known", found["gone clients"][0][1])

    def test_in_clear_over_a_network_no_token_is_sent(self):
        hosts = tempfile.NamedTemporaryFile("w", suffix=".hosts")
        self.addCleanup(hosts.close)
        hosts.write("llm.example 127.0.0.1\n")
        hosts.flush()
        names = {
            "LD_PRELOAD": str(BUILD / "tests/support/resolve.so"),
            "TEST_HOSTS": hosts.name,
        }
        with Wrong() as server:
            env = {**self.env, "HOME": "/nonexistent", "MCPD_TOKEN": "mcp_t", **names}
            place = ("--db", "/nonexistent", "doctor", "--url", f"http://llm.example:{server.port}")
            found = doctor(*place, env=env)
            self.assertIn("transport", failing(found))
            self.assertNotIn("authorization", failing(found))
            self.assertIn("in clear", found["authorization"][0][1])
            found = doctor("--insecure", *place, env=env)
            self.assertIn("transport", failing(found))
            self.assertEqual(found["authorization"][0][0], "ok")


if __name__ == "__main__":
    unittest.main()
