"""Many calls with faults at random, and then: what do the workers hold that they did not before?

Units   SOAK is the number of calls, 3000 where it is not set; 100000 stand for a day of a busy gateway
        (docs/HOSTS.md has the figures of such a run)
"""

import collections
import os
import random
import time
import unittest

import fastcgi
from gateway import GatewayCase, parallel, wait_for
from process import fds, rss, threads

CALLS = int(os.environ.get("SOAK", 3000))
CLIENTS = 12
SEED = int(os.environ.get("SEED", 1))
MIB = 1 << 20

# (how often, the provider's script, the Llm's own settings)
PROVIDERS = [
    (30, "events=4", {}),
    (4, "events=40", {}),
    (4, "status=429,retry-after=1", {}),
    (4, "status=500,body=html", {}),
    (3, "status=401,echo", {}),
    (4, "cut=2", {}),
    (4, "reset=1", {}),
    (3, "reset=0", {}),
    (3, "garbage=1", {}),
    (3, "halfstatus=9", {}),
    (2, "bigheader=20000", {}),
    (1, "hugeline=5000000", {}),
    (3, "keepdrop", {}),
    (3, "closed", {}),
    (2, "nofinish,nodone", {}),
    (2, "errorevent=1", {}),
    (2, "slowbyte,events=2", {}),
    (2, "gzip", {}),
    (2, "redirect=http%3A%2F%2F127.0.0.1%2F", {}),
    (2, "silence=1", {"idleTimeoutMs": 60}),
    (2, "silence=headers", {"headerTimeoutMs": 60}),
    (2, "events=100,delay=5", {"totalTimeoutMs": 100}),
    (2, "events=100,delay=5", {}),
]


class Soak(GatewayCase):
    options = {"workers": 2, "config": ("keepalive_seconds: 1", "log: /dev/null")}

    # --- what a client does ---

    def whole(self, call, rng):
        call.rest()
        return str(call.status)

    def leave_now(self, call, rng):
        call.close()
        return "left at once"

    def leave_later(self, call, rng):
        call.more(rng.randrange(1, 300))
        call.close()
        return "left later"

    def abort(self, call, rng):
        call.abort()
        call.rest()
        return "aborted"

    CLIENTS = [(80, whole), (8, leave_now), (8, leave_later), (4, abort)]

    def strange(self, rng):
        """strange - a request that never comes to a provider"""
        kind = rng.randrange(5)
        if kind == 0:
            call = fastcgi.infer(self.gw, "no-such-llm")
        elif kind == 1:
            call = fastcgi.Request(self.gw, "GET", "/v1/models", token="mcp_" + "x" * 43)
        elif kind == 2:
            call = fastcgi.Request(self.gw, "POST", "/v1/chat/completions", b"{" * rng.randrange(999))
        elif kind == 3:
            call = fastcgi.Request(self.gw, "POST", "/v1/chat/completions", None)
            call.send_body(b"x" * rng.randrange(1, 9999))
            call.close()
            return "upload broken off"
        else:
            call = fastcgi.infer(self.gw, self.llms[0], body={"pad": "x" * rng.randrange(1 << 20)})
        call.rest()
        return f"strange {call.status}"

    def client(self, i, calls):
        """client - one of them: so many calls, one after the other"""
        rng, seen = random.Random(SEED * 1000 + i), collections.Counter()
        for _ in range(calls):
            try:
                if rng.random() < 0.05:
                    seen[self.strange(rng)] += 1
                    continue
                llm = rng.choices(self.llms, [n for n, _, _ in PROVIDERS])[0]
                act = rng.choices([a for _, a in self.CLIENTS], [n for n, _ in self.CLIENTS])[0]
                call = fastcgi.infer(self.gw, llm, rng.random() < 0.7)
                seen[act(self, call, rng)] += 1
            except (BrokenPipeError, ConnectionResetError):
                seen["refused in mid-air"] += 1
        return seen

    def run_calls(self, calls):
        seen = parallel(CLIENTS, lambda i: self.client(i, calls // CLIENTS + 1))
        return sum(seen, collections.Counter())

    # --- what the workers hold ---

    def holds(self):
        """holds - (bytes, descriptors, threads) over all workers, once they are quiet"""
        pids = self.gw.workers()

        def quiet():
            return all(threads(pid) <= 1 + 1 + 5 for pid in pids)  # main, reserve, a few that wait

        wait_for("quiet workers", quiet, 60)
        return tuple(sum(f(pid) for pid in pids) for f in (rss, fds, threads))

    def test_nothing_is_left_behind(self):
        self.llms = [self.gw.llm(script, extra=extra) for _, script, extra in PROVIDERS]
        pids = self.gw.workers()
        self.run_calls(max(CALLS // 5, 1000))  # caches fill, arenas take their size
        before = self.holds()
        began = time.monotonic()
        seen = self.run_calls(CALLS)
        took = time.monotonic() - began
        after = self.holds()
        text = f"{CALLS} calls in {took:.0f} s: {dict(seen)}; (bytes, fds, threads) {before} -> {after}"
        print(text, flush=True)
        self.assertEqual(self.gw.workers(), pids, "no worker crashed")
        self.assertLess(after[0] - before[0], 4 * MIB, text)
        self.assertLessEqual(after[1] - before[1], 16, text)
        self.assertLessEqual(after[2] - before[2], 4, text)
        for status in ("200", "502", "504", "429"):
            self.assertGreater(seen[status], 0, text)


if __name__ == "__main__":
    unittest.main()
