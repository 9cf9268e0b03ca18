"""What becomes of the books when someone takes their files away under a pool."""

import contextlib
import json
import os
import unittest

from gateway import GatewayCase, PATIENCE, wait_for

FILES = ("counters", "inflight", "metrics", "lastused")


class Deleted(GatewayCase):
    options = {"workers": 2}

    def held(self):
        """held - files that workers have open and no name is left for"""
        found = []
        for pid in self.gw.workers():
            for fd in os.scandir(f"/proc/{pid}/fd"):
                with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                    found.append(os.readlink(fd.path))
        ours = [f for f in found if f.startswith(str(self.gw.state))]
        return [f for f in ours if f.endswith((" (deleted)", ".rotated"))]

    def calls(self, n):
        return [self.gw.chat(self.llm).request_id for _ in range(n)]

    def logged(self):
        """logged - the ids of the calls in the log"""
        lines = [x for p in self.gw.state.glob("audit-*.log") for x in p.read_text().splitlines()]
        return [e["requestId"] for e in map(json.loads, lines) if e["event"] == "llm_inference_call"]

    def used(self):
        rows = self.call("GET", "/api/v1/usage?by=llm").json()
        return sum(r["requests"] for r in rows)

    def move_on(self):
        """move_on - until no worker has the old files open"""

        def moved():
            self.calls(4)
            return not self.held()

        wait_for("the new files", moved)

    def restart(self):
        self.gw.pool.terminate()
        self.gw.pool.wait(PATIENCE)
        self.gw.children.remove(self.gw.pool)
        self.gw.start_pool()
        wait_for("the pool", self.gw.ready)

    def setUp(self):
        self.llm = self.gw.llm()

    def test_deleted_files_are_made_anew_and_the_books_agree(self):
        self.calls(8)
        for name in FILES:
            (self.gw.state / name).unlink()
        self.move_on()
        self.calls(8)
        self.assertEqual([n for n in FILES if not (self.gw.state / n).exists()], [])
        self.restart()
        wait_for("the lines", lambda: self.used() == len(self.logged()))
        self.assertEqual(self.call("GET", "/api/v1/status").json()["workers"], 2)

    def test_a_day_of_the_log_that_is_renamed_is_begun_anew(self):
        before = self.calls(4)
        for request in before:
            self.gw.audit(request)
        for log in self.gw.state.glob("audit-*.log"):
            log.rename(log.with_suffix(".rotated"))
        self.move_on()
        after = self.calls(4)
        wait_for("the lines", lambda: set(after) <= set(self.logged()))
        self.assertEqual(set(before) & set(self.logged()), set())


if __name__ == "__main__":
    unittest.main()
