"""Streams: events as they come, and ends that are real. API.md 3, behind lighttpd and a pool."""

import os
import socket
import statistics
import struct
import unittest

from client import data_of, text_of
from gateway import GatewayCase, PATIENCE, unique

GAP = 0.150  # seconds between the provider's events
LATE = GAP / 2 if "QUIET" in os.environ else GAP * 2  # ... that half of them arrive after that
HI = {"messages": [{"role": "user", "content": "hi"}]}


class Case(GatewayCase):

    def stream(self, llm, **fields):
        stream = self.gw.chat_stream(llm, **fields)
        self.assertEqual(stream.status, 200, stream.status)
        self.assertEqual(stream.headers.get_content_type(), "text/event-stream")
        return stream

    def assertBroken(self, events, code=None):
        """assertBroken - the stream ends with an error event, and nothing says that it is whole"""
        error = data_of(events[-1])
        self.assertIn("error", error or {}, events)
        self.assertEqual(set(error["error"]), {"message", "type", "param", "code"})
        self.assertNotIn("data: [DONE]", events)
        reasons = [
            c["choices"][0]["finish_reason"]
            for c in filter(None, map(data_of, events))
            if c.get("choices")
        ]
        self.assertEqual([r for r in reasons if r], [])
        if code:
            self.assertEqual(error["error"]["code"], code, error)
        return error["error"]


class Arrival(Case):
    """When events arrive."""

    def test_each_event_arrives_before_the_next_is_sent(self):
        gate = self.gw.gate()
        stream = self.stream(self.gw.llm(f"events=5,gate={gate}"))
        for i in range(5):
            event, _ = stream.next()
            self.assertEqual(text_of([event]), f"w{i} ")
            self.gw.open_gate(gate)
        self.assertEqual(stream.rest()[-1], "data: [DONE]")

    def test_eight_events_arrive_as_far_apart_as_they_were_sent(self):
        stream = self.stream(self.gw.llm(f"events=8,delay={int(GAP * 1000)}"))
        events = [(data_of(event), when) for event, when in stream if data_of(event)]
        texts = [(e, when) for e, when in events if e["choices"][0]["delta"].get("content")]
        self.assertEqual(len(texts), 8)
        # A machine that is busy delays one or another; a host that buffers holds back all but the last,
        # half of them by more than three gaps.
        late = [when - event["sent_ms"] / 1000 for event, when in texts]
        self.assertLess(statistics.median(late), LATE, late)

    def test_a_silent_provider_is_bridged_by_comments(self):
        stream = self.stream(self.gw.llm("events=2,delay=2500"))
        events = stream.rest()
        self.assertIn(": keepalive", events)
        self.assertEqual((text_of(events), events[-1]), ("w0 w1 ", "data: [DONE]"))

    def test_streams_share_a_worker(self):
        gate = self.gw.gate()
        llm = self.gw.llm(f"events=2,gate={gate}")
        streams = [self.stream(llm) for _ in range(16)]
        for stream in streams:  # none can be at its end
            self.assertEqual(text_of([stream.next()[0]]), "w0 ")
        self.gw.open_gate(gate)
        for stream in streams:
            self.assertEqual(text_of(stream.rest()), "w1 ")


class Bytes(Case):
    """What events look like."""

    def test_headers_of_a_stream(self):
        stream = self.stream(self.gw.llm("headers,delay=100"))
        self.assertEqual(stream.headers["Cache-Control"], "no-cache, no-transform")
        self.assertEqual(stream.headers["X-Accel-Buffering"], "no")
        self.assertEqual(stream.headers["x-upstream-request-id"], "req_upstream")
        self.assertIsNone(stream.headers["Content-Length"])
        self.assertIsNone(stream.headers["set-cookie"])
        stream.rest()

    def test_the_bytes_of_events_are_the_providers(self):
        stream = self.stream(self.gw.llm("events=2"))
        events = stream.rest()
        for event in events[:2]:
            self.assertTrue(
                event.startswith(
                    'data: { "id":"chatcmpl-scripted","created" : 1700000000,"model":"scripted-1",'
                    '"exact":12345678901234567890.10,"fingerprint":"fp\\u00e9\\/1",'
                ),
                event,
            )

    def test_shapes_of_events_that_providers_send(self):
        for script in (
            "crlf",
            "slowbyte",
            "comment",
            "eof",
            "closed",
            "text=caf%C3%A9%20%F0%9F%98%80,events=9,slowbyte",
        ):
            with self.subTest(script):
                events = self.stream(self.gw.llm(script)).rest()
                want = "café 😀" if "caf" in script else "Hello from the scripted provider."
                self.assertEqual(text_of(events), want)
                self.assertEqual(events.count("data: [DONE]"), 1)
                self.assertEqual(events[-1], "data: [DONE]")

    def test_a_usage_chunk_is_passed_on_and_booked(self):
        stream = self.stream(self.gw.llm("events=4"), stream_options={"include_usage": True})
        chunks = list(filter(None, map(data_of, stream.rest())))
        self.assertEqual([c["usage"]["completion_tokens"] for c in chunks if not c["choices"]], [4])
        line = self.gw.audit(stream.request_id)
        self.assertEqual(
            (line["promptTokens"], line["completionTokens"], line["streaming"]), (5, 4, True)
        )

    def test_a_whole_answer_to_a_streamed_request_is_passed_on(self):
        stream = self.gw.chat_stream(self.gw.llm("json"))
        self.assertEqual(
            (stream.status, stream.headers.get_content_type()), (200, "application/json")
        )
        self.assertIn(b'"chat.completion"', stream.answer.read())


class Ends(Case):
    """How a stream ends is never guessed."""

    def test_a_clean_end_after_finish_reason_gets_its_done(self):
        for script in ("nodone", "nodone,eof,closed"):
            events = self.stream(self.gw.llm(script)).rest()
            self.assertEqual(events.count("data: [DONE]"), 1)
            self.assertEqual(events[-1], "data: [DONE]")

    def test_done_without_finish_reason_is_a_real_end(self):
        self.assertEqual(self.stream(self.gw.llm("nofinish")).rest()[-1], "data: [DONE]")

    def test_an_end_without_either_is_broken(self):
        self.assertBroken(self.stream(self.gw.llm("nofinish,nodone")).rest())

    def test_a_cut_stream_is_broken(self):
        for script in ("cut=2", "reset=2", "cut=0", "cut=1,slowbyte"):
            with self.subTest(script):
                stream = self.stream(self.gw.llm(f"events=4,{script}"))
                self.assertBroken(stream.rest(), "upstream_error")
                self.assertTrue(self.gw.audit(stream.request_id)["error"])

    def test_garbage_is_broken(self):
        self.assertBroken(self.stream(self.gw.llm("garbage=1")).rest())

    def test_an_error_event_is_rewritten_and_scrubbed(self):
        stream = self.stream(self.gw.llm("errorevent=1,echo,text=out%20of%20luck"))
        error = self.assertBroken(stream.rest())
        self.assertIn("out of luck", error["message"])
        self.assertNoKey(stream.raw)
        self.assertNoKey(str(stream.headers))

    def test_an_event_past_the_limit_is_broken(self):
        stream = self.stream(self.gw.llm("hugeline=6000000"))
        events = stream.rest()
        self.assertBroken(events)
        self.assertLess(max(map(len, events)), 5 << 20)

    def test_a_stalled_stream_is_broken(self):
        stream = self.stream(self.gw.llm("silence=1", extra={"idleTimeoutMs": 1000}))
        self.assertBroken(stream.rest(), "upstream_timeout")

    def test_comments_of_the_provider_keep_a_slow_stream_alive(self):
        llm = self.gw.llm("events=4,delay=1000,comment", extra={"idleTimeoutMs": 3000})
        self.assertEqual(self.stream(llm).rest()[-1], "data: [DONE]")

    def test_a_stream_has_a_longest_time(self):
        llm = self.gw.llm("events=100,delay=100", extra={"totalTimeoutMs": 2500})
        self.assertBroken(self.stream(llm).rest(), "upstream_timeout")

    def test_no_status_from_the_provider_is_a_504(self):
        stream = self.gw.chat_stream(self.gw.llm("silence=headers", extra={"headerTimeoutMs": 300}))
        self.assertEqual(stream.status, 504)
        stream.close()


class LateStatus(Case):
    """A provider that thinks long before its status line."""

    options = {"config": ("keepalive_after_ms: 1000",)}

    def test_the_answer_begins_with_comments(self):
        events = self.stream(self.gw.llm("late=2500")).rest()
        self.assertTrue(events[0].startswith(":"), events)
        self.assertEqual(text_of(events), "Hello from the scripted provider.")

    def test_a_late_refusal_is_an_error_event(self):
        events = self.stream(self.gw.llm("late=2500,status=429,text=slow%20down")).rest()
        self.assertIn("slow down", self.assertBroken(events)["message"])


class Gone(Case):
    """A client that leaves costs no more than it used."""

    def leave(self, llm, read, **fields):
        mark = f"marker-{next(unique)}-"
        stream = self.gw.chat_stream(llm, user=mark, **fields)
        for _ in range(read):
            stream.next()
        number = self.gw.recorded(mark)[0]
        request_id = stream.request_id
        stream.close()
        end = self.gw.ended(number)
        self.assertIn("client-closed", end)
        return request_id, end

    def test_a_client_gone_mid_stream_closes_the_providers_connection(self):
        request_id, end = self.leave(self.gw.llm("events=4000,delay=50"), 3)
        line = self.gw.audit(request_id)
        self.assertEqual((line["aborted"], line["streaming"]), (True, True))
        self.assertLess(int(end.split(" after ")[1].split()[0]), 2000, end)

    def test_a_client_gone_while_the_provider_is_silent(self):
        request_id, _ = self.leave(self.gw.llm("silence=2"), 2)
        self.assertTrue(self.gw.audit(request_id)["aborted"])

    def test_a_client_gone_from_a_call_that_is_not_streamed(self):
        mark = f"marker-{next(unique)}-"
        body = f'{{"messages":[{{"role":"user","content":"hi"}}],"user":"{mark}"}}'
        llm = self.gw.llm("late=50000")
        s = socket.create_connection(("127.0.0.1", self.gw.port))
        self.call("GET", "/healthz")  # lighttpd watches only a client that it had to wait for
        s.sendall(
            (
                f"POST /api/v1/llms/{llm}/infer HTTP/1.1\r\nHost: x\r\n"
                f"Authorization: Bearer {self.gw.token}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n{body}"
            ).encode()
        )
        number = self.gw.recorded(mark)[0]
        # a reset: without a write to the client, lighttpd notices nothing less (DESIGN.md 6)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()
        self.assertIn("client-closed", self.gw.ended(number))


class Draining(Case):
    """TERM lets streams finish, and takes no new ones."""

    options = {"config": ("drain_seconds: 30",)}

    def test_a_running_stream_is_finished(self):
        stream = self.stream(self.gw.llm("events=20,delay=100"))
        stream.next()
        self.gw.pool.terminate()
        self.assertEqual(stream.rest()[-1], "data: [DONE]")
        self.assertEqual(self.gw.pool.wait(PATIENCE), 0)


if __name__ == "__main__":
    unittest.main()
