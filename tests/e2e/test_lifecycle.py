"""Processes that come and go: signals, crashes, reloads, and what a stream sees of them. DESIGN.md 2."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

from client import data_of, text_of
from fastcgi import Request, infer
from gateway import BUILD, Gateway, GatewayCase, PATIENCE, TOP, parallel, wait_for


def log(gw):
    return (gw.run / "pool.out").read_text()


def assertEndsWithError(case, events):
    """assertEndsWithError - an error event, no [DONE]: the client can tell"""
    case.assertIn("error", data_of(events[-1]) or {}, events)
    case.assertNotIn("data: [DONE]", events)


class Reload(GatewayCase):
    """HUP: a new configuration and new workers, and no stream is dropped."""

    options = {"config": ("max_body: 1048576",)}

    def write_config(self, *lines):
        path = self.gw.home / "mcpd.yaml"
        kept = [k for k in path.read_text().splitlines() if not k.startswith("max_body")]
        path.write_text("\n".join([*kept, *lines]) + "\n")

    def test_new_workers_take_over_while_a_stream_goes_on(self):
        gate = self.gw.gate()
        llm = self.gw.llm(f"events=3,gate={gate}")
        stream = self.gw.chat_stream(llm)
        self.assertEqual(text_of([stream.next()[0]]), "w0 ")
        before = set(self.gw.workers())
        self.assertFailure(self.gw.chat(llm, pad="x" * 2_000_000), 413)
        self.write_config("max_body: 8MiB")
        self.gw.pool.send_signal(signal.SIGHUP)
        # the one with the stream stays until its end, all others are new
        wait_for("new workers", lambda: len(set(self.gw.workers()) & before) == 1)
        wait_for("all of them", lambda: len(self.gw.workers()) == 3)
        self.assertStatus(self.gw.chat(self.gw.llm(), pad="x" * 2_000_000), 200)
        for _ in range(2):
            self.gw.open_gate(gate)
        self.assertEqual((text_of(stream.rest()), stream.raw[-14:]), ("w1 w2 ", b"data: [DONE]\n\n"))
        wait_for("the old worker's end", lambda: not set(self.gw.workers()) & before)
        self.assertEqual(len(self.gw.workers()), 2)

    def test_workers_are_counted_before_they_have_served(self):
        def counted():  # on the store: a request would make a worker known
            return json.loads(self.gw.ctl("status", "-o", "json"))["workers"] == 2

        before = set(self.gw.workers())
        self.gw.pool.send_signal(signal.SIGHUP)
        wait_for("the old workers' end", lambda: not set(self.gw.workers()) & before)
        wait_for("both new workers", counted)

    def test_no_request_fails_while_workers_are_replaced(self):
        llm = self.gw.llm()
        end = time.monotonic() + 2

        def call(i):
            statuses = set()
            while time.monotonic() < end:
                if i == 0:
                    self.gw.pool.send_signal(signal.SIGHUP)
                    time.sleep(0.1)
                else:
                    statuses.add(self.gw.chat(llm).status)
            return statuses

        self.assertEqual(set().union(*parallel(4, call)), {200})

    def test_a_configuration_with_a_fault_changes_nothing(self):
        before = set(self.gw.workers())
        self.write_config("max_body: lots")
        self.gw.pool.send_signal(signal.SIGHUP)
        wait_for("a word of it", lambda: "the old configuration stays" in log(self.gw))
        self.assertIn("max_body", log(self.gw))
        self.assertStatus(self.gw.request("GET", "/v1/models"), 200)
        self.write_config("max_body: 8MiB")
        self.assertEqual(set(self.gw.workers()), before)


class Draining(GatewayCase):
    options = {"config": ("drain_seconds: 1",)}

    def test_streams_that_outlast_the_drain_end_with_an_error_event(self):
        llm = self.gw.llm("events=1000,delay=50,running")
        streams = [self.gw.chat_stream(llm) for _ in range(3)]
        whole = infer(self.gw, self.gw.llm("silence=headers"), stream=False)
        for stream in streams:
            stream.next()
        wait_for("all of them", lambda: self.gw.requests_recorded() == 4)
        self.gw.pool.terminate()
        for stream in streams:
            events = stream.rest()
            assertEndsWithError(self, events)
            line = self.gw.audit(stream.request_id)
            self.assertEqual(line["error"], data_of(events[-1])["error"]["code"])
            self.assertGreater(line["completionTokens"], 1)
        whole.rest()
        self.assertEqual(whole.status, 503)
        self.assertEqual(self.gw.pool.wait(PATIENCE), 0)
        # nobody connects any more: the web server says so at once
        self.assertFalse(self.gw.socket.exists())


class Crashes(GatewayCase):
    options = {"workers": 2}

    def test_a_worker_that_crashed_is_replaced(self):
        for sig in (signal.SIGSEGV, signal.SIGKILL):
            before = set(self.gw.workers())
            os.kill(min(before), sig)
            wait_for("another", lambda: len(set(self.gw.workers()) - {min(before)}) == 2)
            self.assertStatus(self.gw.request("GET", "/v1/models"), 200)
            self.assertIn(f"worker {min(before)} was ended by signal {int(sig)}", log(self.gw))

    def test_a_crash_loop_is_slowed_and_says_why(self):
        """every worker is ended as soon as it is there"""

        def delays():
            rows = re.findall(r"ended by signal 11 .*?the next starts in (\d+) ms", log(self.gw))
            return [int(ms) for ms in rows]

        end = time.monotonic() + 2 * PATIENCE
        while (delays() or [0])[-1] < 800:
            self.assertLess(time.monotonic(), end, log(self.gw))
            for pid in self.gw.workers():
                os.kill(pid, signal.SIGSEGV)
            time.sleep(0.02)
        self.assertIn("Segmentation fault", log(self.gw))
        self.assertIsNone(self.gw.pool.poll())
        wait_for("two workers", lambda: len(self.gw.workers()) == 2)
        self.assertStatus(self.gw.request("GET", "/readyz", token=None), 200)


class Worn(GatewayCase):
    options = {"workers": 1, "config": ("max_requests: 10",)}

    def test_a_worker_retires_after_its_share_and_no_request_fails(self):
        llm = self.gw.llm()
        gate = self.gw.gate()
        stream = self.gw.chat_stream(self.gw.llm(f"events=2,gate={gate}"))
        stream.next()
        seen = set()
        for _ in range(50):
            self.assertStatus(self.gw.chat(llm), 200)
            seen.update(self.gw.workers())
        self.assertGreaterEqual(len(seen), 4)
        self.gw.open_gate(gate)
        self.assertEqual(stream.rest()[-1], "data: [DONE]")
        wait_for("one worker", lambda: len(self.gw.workers()) == 1)


class GracefulApache(GatewayCase):
    """apachectl graceful: mod_fcgid says TERM, and KILL 8 s later."""

    options = {"front": "apache-fcgid"}

    def test_a_long_stream_ends_with_an_error_event_before_the_kill(self):
        stream = self.gw.chat_stream(self.gw.llm("events=2000,delay=50,running"))
        stream.next()
        self.gw.web.send_signal(signal.SIGUSR1)  # what apachectl graceful sends
        began = time.monotonic()
        events = stream.rest()
        assertEndsWithError(self, events)
        self.assertGreater(time.monotonic() - began, 4, "it had time to finish")
        line = self.gw.audit(stream.request_id)
        self.assertGreater(line["completionTokens"], 50)
        wait_for("/readyz", self.gw.ready)

    def test_a_short_stream_is_finished(self):
        stream = self.gw.chat_stream(self.gw.llm("events=30,delay=50"))
        stream.next()
        self.gw.web.send_signal(signal.SIGUSR1)
        self.assertEqual(stream.rest()[-1], "data: [DONE]")


class PoolBehindApache(GatewayCase):
    options = {"front": "apache-proxy-fcgi"}

    def test_a_reload_of_the_web_server_touches_no_stream(self):
        gate = self.gw.gate()
        stream = self.gw.chat_stream(self.gw.llm(f"events=2,gate={gate}"))
        stream.next()
        self.gw.web.send_signal(signal.SIGUSR1)
        wait_for("/readyz", self.gw.ready)
        self.gw.open_gate(gate)
        self.assertEqual(stream.rest()[-1], "data: [DONE]")

    def test_a_restart_of_the_pool_is_seen_at_once(self):
        self.gw.pool.terminate()
        self.assertEqual(self.gw.pool.wait(PATIENCE), 0)
        self.gw.children.remove(self.gw.pool)
        self.assertEqual(self.gw.request("GET", "/healthz").status, 503)
        self.gw.start_pool()
        wait_for("an answer", lambda: self.gw.request("GET", "/healthz").status == 200)


class RestartBySystemd(GatewayCase):
    """A new version is put in force so: requests wait in the socket."""

    options = {"front": "systemd-restart"}
    RESTARTS = 3

    def restarted(self):
        return log(self.gw).count("ended with 0")

    def test_no_call_and_no_stream_is_lost(self):
        llm, long = self.gw.llm(), self.gw.llm("events=10,delay=20")
        over = threading.Event()

        def call(i):
            if i == 0:
                try:
                    for n in range(self.RESTARTS):
                        self.gw.pool.send_signal(signal.SIGUSR1)
                        wait_for("the old pool's end", lambda: self.restarted() == n + 1)
                        self.call("GET", "/readyz", token=None)
                finally:
                    over.set()
                return {}
            seen = set()
            while not over.is_set():
                if i % 2:
                    seen.add(self.gw.chat(llm).status)
                else:
                    stream = self.gw.chat_stream(long)
                    seen.add((stream.status, stream.rest()[-1]))
            return seen

        seen = set().union(*parallel(8, call))
        self.assertEqual(seen, {200, (200, "data: [DONE]")})


class KeptConnections(unittest.TestCase):
    """Web servers that keep connections to the pool, against our advice: slower, but right."""

    def look(self, front, changes):
        gw = Gateway(front=front, workers=1, config=("threads: 8",), changes=changes)
        try:
            llm = gw.llm()
            for _ in range(40):
                self.assertEqual(gw.chat(llm).status, 200)
            stranger = Request(gw, "GET", "/v1/models")
            stranger.rest()
            self.assertEqual(stranger.status, 200)
            stream = gw.chat_stream(llm)
            self.assertEqual(stream.rest()[-1], "data: [DONE]")
        finally:
            gw.stop()

    def test_nginx(self):
        pool = "upstream pool { server unix:@SOCKET@; keepalive 8; }\n	server {"
        self.look(
            "nginx",
            [
                ("	server {", pool),
                ("fastcgi_pass	unix:@SOCKET@;", "fastcgi_pass pool; fastcgi_keep_conn on;"),
            ],
        )

    def test_apache(self):
        self.look("apache-proxy-fcgi", [("flushpackets=on", "flushpackets=on enablereuse=on")])


class Units(unittest.TestCase):
    """systemd's files."""

    def test_systemd_takes_them(self):
        if not shutil.which("systemd-analyze"):
            self.skipTest("no systemd-analyze")
        with tempfile.TemporaryDirectory() as d:
            for name in ("mcpd.service", "mcpd.socket"):
                text = (TOP / "httpd-conf" / name).read_text()
                text = text.replace("/usr/local/sbin/mcpd.fcgi", str(BUILD / "mcpd.fcgi"))
                pathlib.Path(d, name).write_text(text)
            done = subprocess.run(
                ["systemd-analyze", "verify", f"{d}/mcpd.service", f"{d}/mcpd.socket"],
                capture_output=True,
                text=True,
            )
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
