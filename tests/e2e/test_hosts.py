"""The same small set behind every web server whose configuration is shipped."""

import statistics
import time
import unittest

from client import data_of, text_of
from gateway import GatewayCase, KEY, unique

GAP = 0.150  # seconds between the provider's events


class Host:
    """The set; a class below names the web server."""

    def test_health(self):
        self.call("GET", "/healthz", token=None)

    def test_a_token_arrives_and_is_needed(self):
        self.call("GET", "/v1/models")
        self.call("GET", "/v1/models", status=401, token=None)
        self.call("GET", "/v1/models", token=None, headers={"x-api-key": self.gw.token})

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

    def test_eight_events_arrive_as_far_apart_as_they_were_sent(self):
        stream = self.gw.chat_stream(self.gw.llm(f"events=8,delay={int(GAP * 1000)}"))
        late = [when - data_of(event)["sent_ms"] / 1000 for event, when in stream if text_of([event])]
        self.assertEqual(len(late), 8)
        # A machine that is busy delays one or another; a host that buffers holds back all but the last.
        self.assertLess(statistics.median(late), GAP / 2, late)

    def test_a_long_prompt_passes(self):
        mark = f"marker-{next(unique)}-"
        answer = self.gw.chat(self.gw.llm(), user=mark, pad="x" * 3_000_000)
        self.assertStatus(answer, 200)
        self.assertGreater(len(self.gw.recorded(mark)[2]), 3_000_000)

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
        for i in range(20):
            self.call("PUT", f"/api/v1/llms/{llm}", {"description": f"d{i}"})
            seen = self.gw.request("GET", f"/api/v1/llms/{llm}").json()["description"]
            self.assertEqual(seen, f"d{i}")

    def test_a_client_gone_mid_stream_closes_the_providers_connection(self):
        mark = f"marker-{next(unique)}-"
        stream = self.gw.chat_stream(self.gw.llm("events=600,delay=50"), user=mark)
        for _ in range(3):
            stream.next()
        request_id = stream.request_id
        stream.close()
        left = time.monotonic()
        self.assertIn("client-closed", self.gw.ended(self.gw.recorded(mark)[0]))
        self.assertLess(time.monotonic() - left, 10)
        self.assertTrue(self.gw.audit(request_id)["aborted"])


class LighttpdPool(Host, GatewayCase):
    options = {"front": "lighttpd"}


class LighttpdSpawn(Host, GatewayCase):
    options = {"front": "lighttpd-spawn"}


class ApacheFcgid(Host, GatewayCase):
    options = {"front": "apache-fcgid"}


class ApacheFcgidBelowAPrefix(GatewayCase):
    options = {"front": "apache-fcgid", "mount": "/llm"}

    def test_paths_are_found(self):
        for path in ("/healthz", "/api/v1/llms", "/v1/models"):
            self.call("GET", path)
        stream = self.gw.chat_stream(self.gw.llm())
        self.assertEqual(data_of(stream.rest()[0])["model"], "scripted-1")


if __name__ == "__main__":
    unittest.main()
