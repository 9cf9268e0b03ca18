"""The pool, met by a web server that does the unusual: API.md 3 and DESIGN.md 2, over FastCGI itself."""

import json
import os
import select
import socket
import time
import unittest

from fastcgi import Request, infer
from gateway import GatewayCase, PATIENCE, unique, wait_for
from process import rss, threads
from scripted import chunk, stream
from scriptedcase import DONE, ScriptedCase

QUIET = "QUIET" in os.environ  # on a machine that does nothing else
SECOND = 1000 if QUIET else 10000  # ms: the longest from a sign to the provider's end
REFUSAL = 0.1 if QUIET else 2.0  # seconds


def end_ms(line):
    """end_ms - when the provider saw the end of a request, of its log's line"""
    return int(line.rpartition("t=")[2])


class Gone(GatewayCase):
    """A sign that the client left ends the provider's work within a second of it."""

    options = {"config": ("keepalive_after_ms: 60000", "keepalive_seconds: 60")}

    # phase: the provider's script, streamed, what the client has read before it leaves
    PHASES = {
        "no answer yet": ("silence=headers", True, b""),
        "before the first event": ("silence=0", True, b"\r\n\r\n"),
        "mid-stream": ("events=9,silence=2,running", True, b'"w1 "'),
        "not streamed": ("silence=headers", False, b""),
        "half of an answer": ("silence=0", False, b""),
    }

    def leave(self, how):
        for phase, (script, stream, read) in self.PHASES.items():
            with self.subTest(phase):
                mark = f"marker-{next(unique)}-"
                llm = self.gw.llm(script)
                call = infer(self.gw, llm, stream, {"user": mark})
                number = self.gw.recorded(mark)[0]
                call.until(read)
                left = time.monotonic() * 1000
                how(call)
                line = self.gw.ended(number)
                self.assertIn("client-closed", line)
                self.assertLess(end_ms(line) - left, SECOND)
                event = self.gw.audit_of(llm)
                used = (5, 2) if phase == "mid-stream" else (None, None)
                self.assertEqual((event["promptTokens"], event["completionTokens"]), used)
                self.assertEqual((event["aborted"], event["error"]), (True, None))
                call.close()

    def test_a_closed_connection(self):
        self.leave(lambda call: call.close())

    def test_a_connection_closed_for_writing(self):
        self.leave(lambda call: call.socket.shutdown(socket.SHUT_WR))

    def test_an_abort_record(self):
        self.leave(lambda call: call.abort())

    def test_an_upload_that_is_broken_off_is_booked(self):
        llm = self.gw.llm()
        before = self.gw.requests_recorded()
        call = Request(self.gw, "POST", f"/api/v1/llms/{llm}/infer", None, CONTENT_LENGTH="1000")
        call.send_body(b'{"messages":[')
        call.close()
        event = self.gw.audit_of(llm)
        self.assertEqual((event["aborted"], event["status"], event["attempts"]), (True, 499, 0))
        self.assertEqual(self.gw.requests_recorded(), before)


class Crowded(GatewayCase):
    """One worker with two threads: what happens when both are taken."""

    options = {"workers": 1, "config": ("threads: 2",)}

    def setUp(self):
        self.gw.asks_again = True  # a thread is busy for a moment after its answer

    def hold(self, llm):
        """hold - a call that the provider has, and that takes a thread until its gate opens"""

        def attempt():
            before = self.gw.requests_recorded()
            call = infer(self.gw, llm)

            def decided():
                refused = select.select([call.socket], [], [], 0)[0]
                return refused or self.gw.requests_recorded() > before

            if wait_for("the provider, or a refusal", decided) is True:
                return call
            call.close()
            return None

        return wait_for("a thread", attempt)

    def answered(self, ask):
        """answered - (a call, seconds that it took); who takes half a second for its parameters gets nothing"""

        def attempt():
            began = time.monotonic()
            try:
                call = ask()
                call.rest()
            except (BrokenPipeError, ConnectionResetError):
                return None
            return call.out and (call, time.monotonic() - began)

        return wait_for("an answer", attempt)

    def refusal(self, ask):
        """refusal - the pool's own, and not that of a web server which took as long"""

        def attempt():
            answer = ask()
            return answer if answer.request_id else None

        return wait_for("an answer of the pool", attempt)

    def test_a_full_pool_refuses_at_once_and_still_says_that_it_lives(self):
        gate = self.gw.gate()
        llm = self.gw.llm(f"events=1,hold,gate={gate}")
        held = [self.hold(llm) for _ in range(2)]
        self.gw.asks_again = False
        took = []
        for _ in range(9):
            call, seconds = self.answered(lambda: infer(self.gw, llm))
            took.append(seconds)
            self.assertEqual((call.status, call.header("retry-after")), (503, "1"))
            self.assertIn(b'"error":{', call.out)
        # the claim is 100 ms; a busy machine delays one or another
        self.assertLess(sorted(took)[4], REFUSAL, took)
        listed, _ = self.answered(lambda: Request(self.gw, "GET", "/api/v1/llms"))
        self.assertEqual((listed.status, listed.header("retry-after")), (503, "1"))
        for path in ("/healthz", "/readyz"):
            health, _ = self.answered(lambda: Request(self.gw, "GET", path, token=None))
            self.assertEqual(health.status, 200, path)
        # the same through the web server
        answer = self.refusal(lambda: self.gw.chat(llm))
        self.assertFailure(answer, 503)
        self.assertEqual(answer.headers["retry-after"], "1")
        self.gw.open_gate(gate)
        for call in held:
            self.assertIn(b"[DONE]", call.rest())
        self.gw.asks_again = True
        self.call("GET", "/v1/models")

    def test_a_large_body_is_refused_as_fast(self):
        gate = self.gw.gate()
        llm = self.gw.llm(f"events=1,hold,gate={gate}")
        held = [self.hold(llm) for _ in range(2)]
        self.gw.asks_again = False
        answer = self.refusal(lambda: self.gw.chat(llm, pad="x" * (1 << 20)))
        self.assertFailure(answer, 503)
        self.gw.open_gate(gate)
        for call in held:
            call.rest()

    def test_connections_that_say_nothing_cost_two_seconds(self):
        silent = [socket.socket(socket.AF_UNIX) for _ in range(2)]
        began = time.monotonic()
        for s in silent:
            s.settimeout(PATIENCE)
            s.connect(str(self.gw.socket))
        self.call("GET", "/v1/models")
        for s in silent:
            self.assertEqual(s.recv(1), b"")
            s.close()
        self.assertGreater(time.monotonic() - began, 1.5)

    def test_connections_that_say_half_of_something_cost_two_seconds(self):
        half = [socket.socket(socket.AF_UNIX) for _ in range(2)]
        for s in half:
            s.settimeout(PATIENCE)
            s.connect(str(self.gw.socket))
            s.sendall(b"\1\1\0\1\0\10\0\0\0\1")
        self.call("GET", "/v1/models")
        for s in half:
            self.assertEqual(s.recv(1), b"")
            s.close()


class Kept(GatewayCase):
    """Connections that a web server keeps open."""

    options = {"workers": 1, "config": ("threads: 6",)}

    def keep(self, n):
        """keep - n connections that have had an answer"""
        kept = []
        for _ in range(n):  # one after the other: all threads busy would close them
            kept.append(Request(self.gw, "GET", "/healthz", keep=True))
            kept[-1].answer()
            self.assertEqual((kept[-1].status, kept[-1].ended), (200, True))
        return kept

    def test_they_pin_nothing(self):
        kept = self.keep(20)
        for _ in range(10):
            self.call("GET", "/v1/models")
        for call in kept:
            call.ask("GET", "/healthz")
            call.rest()
            self.assertEqual(call.status, 200)

    def test_they_are_used_again(self):
        llm = self.gw.llm("events=3")
        call = Request(self.gw, "GET", "/healthz", keep=True)
        call.answer()
        for _ in range(20):
            fields = {"model": llm, "stream": True, "messages": [{"role": "user", "content": "?"}]}
            call.ask("POST", "/v1/chat/completions", json.dumps(fields).encode(), keep=True)
            self.assertIn(b"[DONE]", call.answer())
            call.ask("GET", "/v1/models", keep=True, token="mcpd_pat_unknown")
            call.answer()
            self.assertEqual(call.status, 401)
        call.ask("GET", "/healthz")
        call.rest()

    def late(self):
        """late - one more, that was answered; a pool without a thread waits 50 ms for its request"""
        late = Request(self.gw, "GET", "/v1/models", keep=True)
        return late if late.answer() else None

    def test_they_are_refused_and_stay_where_no_thread_is_left_for_them(self):
        (kept,) = self.keep(1)
        self.gw.asks_again = True
        gate = self.gw.gate()
        llm = self.gw.llm(f"events=2,gate={gate}")
        streams = [self.gw.chat_stream(llm) for _ in range(6)]
        for path, status in (("/v1/models", 503), ("/healthz", 200)) * 3:
            kept.ask("GET", path, keep=True)
            kept.answer()
            self.assertEqual((kept.status, kept.ended), (status, True))
        late = wait_for("an answer", self.late)
        late.ask("GET", "/v1/models", keep=True)
        late.answer()
        self.assertEqual((late.status, late.header("retry-after")), (503, "1"))
        self.gw.open_gate(gate)
        for stream in streams:
            self.assertEqual(stream.rest()[-1], "data: [DONE]")
        for call in (kept, late):
            call.ask("GET", "/v1/models")
            call.rest()
            self.assertEqual(call.status, 200)


class OneThread(ScriptedCase):
    options = {"workers": 1, "config": ("threads: 1",)}

    def test_a_client_that_asks_when_it_has_its_answer_is_never_refused(self):
        llm = self.gw.llm("events=2")
        for i in range(150):
            answer = self.gw.chat(llm)
            self.assertEqual(answer.status, 200, f"call {i}: {answer}")

    def test_a_stream_is_over_with_its_last_event_though_the_provider_stays(self):
        whole = stream(chunk({"content": "hi"}), chunk({}, "stop"), DONE, PATIENCE)
        llm, _ = self.scripted("openai", whole)
        for i in range(5):
            call = infer(self.gw, llm)
            call.until(b"[DONE]")
            after = Request(self.gw, "GET", "/v1/models")
            call.rest()
            after.rest()
            self.assertEqual(after.status, 200, f"call {i}")


class SlowReader(GatewayCase):
    """A client that takes a byte a second has one thread, until the total deadline."""

    options = {"workers": 1, "config": ("threads: 4",)}

    def test_it_ends_at_the_total_deadline_and_costs_no_memory(self):
        llm = self.gw.llm(f"events=100000,text={'x' * 900}", extra={"totalTimeoutMs": 4000})
        warm = infer(self.gw, self.gw.llm("events=2000"))
        warm.rest()
        worker = self.gw.workers()[0]
        before = rss(worker), threads(worker)
        began = time.monotonic()
        slow = infer(self.gw, llm)
        slow.until(b"\r\n\r\n")
        most = 0
        while not (lines := self.gw.audit_lines(llm=llm)):
            self.assertLess(time.monotonic() - began, PATIENCE)
            self.assertTrue(slow.more(1))
            self.assertEqual(self.gw.request("GET", "/v1/models").status, 200)
            most = max(most, rss(worker) - before[0])
            time.sleep(0.2)
        self.assertGreater(lines[0]["durationMs"], 3900)
        self.assertLess(lines[0]["durationMs"], 4000 + (3000 if QUIET else 30000))
        self.assertTrue(lines[0]["aborted"], lines)
        self.assertLess(most, 4 << 20)
        self.assertLessEqual(threads(worker), before[1] + 2)
        slow.close()


if __name__ == "__main__":
    unittest.main()
