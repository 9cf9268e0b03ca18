"""mcpctl doctor, and the route that it asks: each check is seen failing once. CLI.md."""

import json
import time
import unittest

from client import data_of
from gateway import GatewayCase

BEAT = 0.5  # seconds between the two events of /api/v1/heartbeat
MIB = 1 << 20


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
        self.assertEqual([data_of(text) for text, _ in seen], beats)
        self.assertGreater(seen[1][1] - seen[0][1], BEAT / 2)

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


if __name__ == "__main__":
    unittest.main()
