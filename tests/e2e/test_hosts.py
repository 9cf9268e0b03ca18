"""The same set behind every web server whose configuration is shipped. docs/HOSTS.md."""

import contextlib
import json
import socket
import struct
import unittest

from client import Response, Stream, text_of
from fronts import FRONTS, MOD_CGI
from gateway import Gateway, GatewayCase, KEY, PATIENCE, unique
from tls import Certificate

MIB = 1 << 20
CONFIG = ("keepalive_after_ms: 1000",)


class Host(GatewayCase):
    """The set; a class below names the web server, mounted below a prefix."""

    options = {"mount": "/llm", "config": CONFIG}
    # how a client of an answer that is not streamed must leave for the web server to notice
    whole_hears = None

    @classmethod
    def setUpClass(cls):
        if cls is Host:
            raise unittest.SkipTest("no web server")
        super().setUpClass()

    def test_paths_are_found(self):
        for path in ("/healthz", "/readyz"):
            self.call("GET", path, token=None)
        for path in ("/api/v1/llms", "/v1/models"):
            self.call("GET", path)
        self.call("GET", "/api/v1/llms?tier=fast&type=openai")

    def test_a_token_arrives_and_is_needed(self):
        self.call("GET", "/v1/models", status=401, token=None)
        self.call("GET", "/v1/models", token=None, headers={"x-api-key": self.gw.token})
        llm = self.gw.llm()
        path, body = f"/api/v1/llms/{llm}/infer", {"messages": [{"role": "user", "content": "x"}]}
        self.call("POST", path, body, 401, token=None)
        self.call("POST", path, body, 200, token=None, headers={"x-api-key": self.gw.token})

    def test_a_whole_answer(self):
        answer = self.assertStatus(self.gw.chat(self.gw.llm()), 200)
        self.assertEqual(
            answer.json()["choices"][0]["message"]["content"], "Hello from the scripted provider."
        )

    def test_each_event_arrives_before_the_next_is_sent(self):
        gate = self.gw.gate()
        stream = self.gw.chat_stream(self.gw.llm(f"events=4,gate={gate}"))
        for i in range(4):
            event, _ = stream.next()
            self.assertEqual(text_of([event]), f"w{i} ")
            self.gw.open_gate(gate)
        self.assertEqual(stream.rest()[-1], "data: [DONE]")

    def test_a_stream_arrives_so_though_the_client_takes_gzip(self):
        gate = self.gw.gate()
        llm = self.gw.llm(f"events=2,gate={gate}")
        body = {"messages": [{"role": "user", "content": "x"}], "stream": True, "model": llm}
        stream = self.gw.stream("/v1/chat/completions", body, headers={"Accept-Encoding": "gzip"})
        self.assertEqual((stream.status, stream.headers["Content-Encoding"]), (200, None))
        self.assertEqual(text_of([stream.next()[0]]), "w0 ")
        self.gw.open_gate(gate)
        self.assertEqual(stream.rest()[-1], "data: [DONE]")

    def test_a_silent_provider_is_bridged_by_comments(self):
        gate = self.gw.gate()
        stream = self.gw.chat_stream(self.gw.llm(f"events=1,hold,gate={gate}"))
        self.assertEqual([stream.next()[0] for _ in range(2)], [": keepalive"] * 2)
        self.gw.open_gate(gate)
        self.assertEqual(text_of(stream.rest()), "w0 ")

    def test_long_prompts_pass(self):
        for size in (200_000, 10 * MIB):
            mark = f"marker-{next(unique)}-"
            answer = self.gw.chat(self.gw.llm(), user=mark, pad="x" * size)
            self.assertStatus(answer, 200)
            self.assertGreater(len(self.gw.recorded(mark)[2]), size)

    def test_a_body_over_the_limit_gets_the_gateways_own_413(self):
        llm = self.gw.llm()
        body = {"messages": [], "pad": "x" * (33 * MIB)}
        # mod_fcgid keeps all of it in a file first: that takes its time
        connection, answer = self.gw.send(
            "POST", f"/api/v1/llms/{llm}/infer", body, self.gw.token, None, 5 * PATIENCE
        )
        with contextlib.closing(connection):
            self.assertFailure(Response(answer), 413)

    def test_a_chunked_upload_arrives_whole(self):
        mark = f"marker-{next(unique)}-"
        body = json.dumps({"messages": [{"role": "user", "content": mark}], "pad": "x" * 100_000})
        pieces = (body[i : i + 9000].encode() for i in range(0, len(body), 9000))
        connection = self.gw.connect()
        connection.request(
            "POST",
            f"{self.gw.prefix}/api/v1/llms/{self.gw.llm()}/infer",
            pieces,
            {"Authorization": f"Bearer {self.gw.token}", "Content-Type": "application/json"},
            encode_chunked=True,
        )
        answer = connection.getresponse()
        self.assertEqual(answer.status, 200, answer.read())
        connection.close()
        self.assertGreater(len(self.gw.recorded(mark)[2]), 100_000)

    def test_a_refusal_of_a_stream_is_a_real_status(self):
        stream = self.gw.chat_stream(self.gw.llm("status=429,retry-after=3,echo"))
        self.assertEqual((stream.status, stream.headers["retry-after"]), (429, "3"))
        self.assertNotIn(KEY.encode(), stream.answer.read())
        stream.close()

    def test_errors_are_the_gateways_own(self):
        self.assertEqual(
            self.gw.request("GET", "/api/v1/llms/none").json(), {"error": "Llm not found: none"}
        )
        self.assertFailure(self.gw.chat("none"), 404, "model_not_found")
        answer = self.call("PATCH", "/api/v1/llms", status=405)
        self.assertIn("GET", answer.headers["Allow"])

    def test_a_change_is_seen_by_the_next_request(self):
        llm = self.gw.llm()
        for i in range(10):
            self.call("PUT", f"/api/v1/llms/{llm}", {"description": f"d{i}"})
            seen = self.gw.request("GET", f"/api/v1/llms/{llm}").json()["description"]
            self.assertEqual(seen, f"d{i}")

    # --- clients that leave ---

    # phase: the provider's script, what else the body has, events that are read before
    PHASES = {
        "no answer yet": ("hold,gate={}", {"stream": True}, None),
        "before the first event": ("silence=0", {"stream": True}, 0),
        "mid-stream": ("events=9,silence=2,running", {"stream": True}, 2),
        "not streamed": ("hold,gate={}", {}, None),
    }

    def begin(self, phase):
        """begin - a call in this phase: (its connection, its number at the provider, its gate)"""
        script, fields, read = self.PHASES[phase]
        mark, gate = f"marker-{next(unique)}-", self.gw.gate()
        llm = self.gw.llm(script.format(gate))
        body = {"messages": [{"role": "user", "content": "hi"}], "user": mark, **fields}
        connection = self.gw.connect()
        connection.connect()
        # lighttpd watches a client that it had to wait for, and no other: it has accepted this one
        # before it answers the next
        self.call("GET", "/healthz")
        connection.request(
            "POST",
            f"{self.gw.prefix}/api/v1/llms/{llm}/infer",
            json.dumps(body),
            {"Authorization": f"Bearer {self.gw.token}", "Content-Type": "application/json"},
        )
        number = self.gw.recorded(mark)[0]
        if read is not None:
            stream = Stream(connection, connection.getresponse())
            for _ in range(read):
                stream.next()
        return connection, number, gate, llm

    def test_a_client_that_leaves_ends_the_providers_work(self):
        calls = {phase: self.begin(phase) for phase in self.PHASES}
        for phase, (connection, *_) in calls.items():
            reset = phase == "not streamed" and self.whole_hears != "close"
            leave(connection, reset)
        for phase, (_, number, gate, llm) in calls.items():
            with self.subTest(phase):
                if phase == "not streamed" and self.whole_hears is None:
                    # nothing tells: the call goes on to its end, and is paid for
                    self.gw.open_gate(gate)
                    self.assertIn("answered", self.gw.ended(number))
                    continue
                self.assertIn("client-closed", self.gw.ended(number))
                line = self.gw.audit_of(llm)
                self.assertTrue(line["aborted"], line)
                used = 2 if phase == "mid-stream" else None
                self.assertEqual(line["completionTokens"], used, line)


def leave(connection, reset):
    """leave - by a close, or by a reset"""
    if reset:
        linger = struct.pack("ii", 1, 0)
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    connection.close()


class LighttpdPool(Host):
    options = {**Host.options, "front": "lighttpd"}
    whole_hears = "reset"


class LighttpdSpawn(Host):
    options = {**Host.options, "front": "lighttpd-spawn"}
    whole_hears = "reset"


class Nginx(Host):
    options = {**Host.options, "front": "nginx"}
    whole_hears = "close"


class NginxWithTls(Host):
    tls = Certificate()
    options = {
        **Host.options,
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
    whole_hears = "close"


class ApacheFcgid(Host):
    options = {**Host.options, "front": "apache-fcgid"}


class ApacheProxyFcgi(Host):
    options = {**Host.options, "front": "apache-proxy-fcgi"}


class ApacheCgi(Host):
    options = {**Host.options, "front": "apache-cgi"}


class Htaccess(Host):
    options = {**Host.options, "front": "htaccess"}


class HtaccessWithModCgi(Host):
    options = {**Host.options, "front": "htaccess", "changes": MOD_CGI}


class HtaccessWhereStreamsAreDeflated(GatewayCase):
    """A host that deflates what it should not: the recipe turns it off."""

    options = {
        "front": "htaccess",
        "mount": "/llm",
        "changes": [("DEFLATE text/html", "DEFLATE text/event-stream text/html")],
    }
    test_it = Host.test_a_stream_arrives_so_though_the_client_takes_gzip


class HtaccessAndApachesTimeout(GatewayCase):
    """What a directory on a shared host can not set: docs/HOSTS.md."""

    options = {
        "front": "htaccess",
        "mount": "/llm",
        "config": CONFIG,
        "changes": [("ServerName", "Timeout 2\nServerName")],
    }

    def test_a_silent_call_is_ended_and_a_stream_is_not(self):
        gate = self.gw.gate()
        stream = self.gw.chat_stream(self.gw.llm(f"events=1,hold,gate={gate}"))
        # though it began before: its comments are what Apache waits for
        self.assertStatus(self.gw.chat(self.gw.llm("silence=headers")), 504)
        self.gw.open_gate(gate)
        events = stream.rest()
        self.assertEqual((text_of(events), events[-1]), ("w0 ", "data: [DONE]"))


class Systemd(Host):
    options = {**Host.options, "front": "systemd"}
    whole_hears = "reset"


class AtTheRoot(unittest.TestCase):
    """Mounted at "/", where web servers take the first part of a path for a script's name."""

    def look(self, front):
        gw = Gateway(front=front, config=CONFIG)
        try:
            llm = gw.llm()
            for path in ("/healthz", "/api/v1/llms", f"/api/v1/llms/{llm}", "/v1/models"):
                answer = gw.request("GET", path)
                self.assertEqual(answer.status, 200, (front, path, answer))
            self.assertEqual(gw.request("GET", "/v2/models").status, 404, front)
            body = {"messages": [{"role": "user", "content": "x"}], "stream": True, "model": llm}
            for path in ("/v1/chat/completions", f"/api/v1/llms/{llm}/infer"):
                stream = gw.stream(path, body)
                self.assertEqual(stream.rest()[-1], "data: [DONE]", (front, path))
        finally:
            gw.stop()

    def test_paths_are_found(self):
        for front in FRONTS:
            if not FRONTS[front].user_dir:
                with self.subTest(front):
                    self.look(front)


if __name__ == "__main__":
    unittest.main()
