"""The programs on one store, killed at random and at each named point. STORE.md 5.

STORM=seconds makes it longer; QUIET=1 holds the times to what a quiet machine must keep.
"""

import fcntl
import http.client
import json
import mmap
import os
import random
import signal
import struct
import subprocess
import threading
import time
import unittest

import fcgi
from gateway import BUILD, GatewayCase, PATIENCE, wait_for

STORM = float(os.environ.get("STORM", 5))  # seconds of killing
QUIET = "QUIET" in os.environ
SLOW = 1.0  # seconds that no operation takes, on a quiet machine
SLOW_ANY = 30.0  # ... that it may take on any
REST_WRITERS, CTL_WRITERS, REST_READERS, STORE_READERS = 3, 2, 2, 3
WRITERS = REST_WRITERS + CTL_WRITERS
CRASH = BUILD / "tests/crash"


def number(text):
    return int(text[1:] or 0)


class SideLog:
    """What was acknowledged: on disk first, then in the page that the readers look at."""

    def __init__(self, path, board):
        self.fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.path, self.board, self.lock = path, board, threading.Lock()

    def note(self, i, n):
        with self.lock:
            os.write(self.fd, b"%d %d\n" % (i, n))
            os.fdatasync(self.fd)
        struct.pack_into("=Q", self.board, 8 * i, n)

    def acknowledged(self):
        return list(struct.unpack_from(f"={WRITERS}Q", self.board))

    def lines(self):
        return [tuple(map(int, line.split())) for line in self.path.read_text().splitlines()]


class Storm(GatewayCase):
    options = {"workers": 3}

    def setUp(self):
        board = self.gw.dir / "board"
        subprocess.run([CRASH / "store_reader", "--make", board], check=True)
        self.board_path = board
        with open(board, "r+b") as f:
            self.log = SideLog(self.gw.dir / "acknowledged", mmap.mmap(f.fileno(), 0))
        for i in range(WRITERS):
            self.make_llm(name=f"writer-{i}", description="n0", model="m0")
        self.stop, self.faults, self.times = threading.Event(), [], {}
        self.tries = [0] * WRITERS
        self.children, self.children_lock = [], threading.Lock()

    # --- who takes part ---

    def timed(self, what, call):
        began = time.monotonic()
        try:
            return call()
        finally:
            self.times.setdefault(what, []).append(time.monotonic() - began)

    def rest_write(self, i, n):
        fields = {"description": f"n{n}", "model": f"m{n}"}
        answer = self.gw.request("PUT", f"/api/v1/llms/writer-{i}", fields)
        if answer.status not in (200, 500, 502, 503, 504):  # 500: the web server's, for a dead one
            self.faults.append(f"PUT: {answer}")
        return answer.status == 200

    def ctl_write(self, i, n):
        child = self.start_child(
            [BUILD / "mcpctl", "--db", self.gw.state, "patch", "llm", f"writer-{i}"]
            + [f"description=n{n}", f"model=m{n}"]
        )
        _, said = child.communicate(timeout=PATIENCE)
        busy = b"locked by" in said or b"others are changing" in said  # the lock does not queue
        if child.returncode not in (0, -signal.SIGKILL) and not busy:
            self.faults.append(f"mcpctl: {child.returncode} {said}")
        return child.returncode == 0

    def write(self, i):
        self.tries[i] += 1
        n = self.tries[i]
        if i < REST_WRITERS:
            done = self.timed("REST writes", lambda: self.rest_write(i, n))
        else:
            done = self.timed("mcpctl writes", lambda: self.ctl_write(i, n))
        if done:
            self.log.note(i, n)

    def read(self, _):
        before = self.log.acknowledged()
        answer = self.timed("REST reads", lambda: self.gw.request("GET", "/api/v1/llms"))
        if answer.status != 200:
            if answer.status < 500:
                self.faults.append(f"GET: {answer}")
            return
        for llm in answer.json():
            i, n = int(llm["name"].partition("-")[2]), number(llm["description"])
            if n < before[i]:
                self.faults.append(f"stale: {llm['name']} {n}, acknowledged {before[i]}")
            if n != number(llm["model"]):
                self.faults.append(f"torn: {llm}")

    def repeat(self, act, i):
        while not self.stop.is_set():
            try:
                act(i)
            except (OSError, http.client.HTTPException):
                pass  # its worker was killed: no answer, so nothing is acknowledged
            except Exception as e:
                self.faults.append(repr(e))

    def start_child(self, argv):
        child = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        with self.children_lock:
            self.children.append(child)
        return child

    def start_reader(self):
        log = open(self.gw.run / "readers.out", "ab")
        with log:
            return subprocess.Popen(
                [CRASH / "store_reader", self.gw.state, self.board_path], stdout=log, stderr=log
            )

    # --- killing ---

    def kill_for(self, seconds, rng):
        readers = [self.start_reader() for _ in range(STORE_READERS)]
        kills = {"worker": 0, "mcpctl": 0, "reader": 0}
        end = time.monotonic() + seconds
        while time.monotonic() < end or (
            min(kills.values()) == 0 and time.monotonic() < end + PATIENCE
        ):
            time.sleep(rng.uniform(0.05, 0.1))
            self.check_no_environment()
            with self.children_lock:
                self.children = [c for c in self.children if c.poll() is None]
                running = list(self.children)
            kind = rng.choice(["worker", "mcpctl", "mcpctl", "reader"])
            if kind == "worker" and self.gw.workers():
                os.kill(rng.choice(self.gw.workers()), signal.SIGKILL)
            elif kind == "mcpctl" and running:
                rng.choice(running).kill()
            elif kind == "reader":
                i = rng.randrange(STORE_READERS)
                readers[i].kill()
                readers[i].wait()
                readers[i] = self.start_reader()
            else:
                continue
            kills[kind] += 1
        for reader in readers:
            reader.kill()
            reader.wait()
        return kills

    # --- what must hold ---

    def tell_times(self):
        limit = SLOW if QUIET else SLOW_ANY
        for what, times in sorted(self.times.items()):
            times.sort()
            p99, slow = times[len(times) * 99 // 100], sum(t > SLOW for t in times)
            print(
                f"{what}: {len(times)}, p99 {p99 * 1000:.1f} ms,"
                f" longest {times[-1] * 1000:.1f} ms, over 1 s {slow}"
            )
            self.assertLess(times[-1], limit, what)

    def found(self):
        llms = json.loads(self.gw.ctl("get", "llms", "-o", "json"))
        return {llm["name"]: number(llm["description"]) for llm in llms}

    def check_acknowledged(self):
        lines, now = self.log.lines(), self.found()
        lost = [(i, n) for i, n in lines if now[f"writer-{i}"] < n]
        self.assertEqual(lost, [], "acknowledged and lost")
        self.assertEqual(len(lines), len(set(lines)))
        for i in range(WRITERS):
            self.assertLessEqual(now[f"writer-{i}"], self.tries[i], "nobody wrote that")
        print(f"acknowledged {len(lines)}, lost {len(lost)}")
        return now

    def check_audit(self):
        """check_audit - each version of an Llm has one line, also those of writers that were killed"""
        self.gw.ctl("logs", "--limit", "1")  # writes what the dead are owed
        told = dict.fromkeys((f"writer-{i}" for i in range(WRITERS)), 0)
        for log in self.gw.state.glob("audit-*.log"):
            for event in map(json.loads, log.read_text().splitlines()):
                if event["event"] == "resource_changed" and event["name"] in told:
                    told[event["name"]] += 1
        llms = json.loads(self.gw.ctl("get", "llms", "-o", "json"))
        self.assertEqual(told, {llm["name"]: llm["version"] for llm in llms})

    def check_no_environment(self):
        self.assertEqual([p.name for p in self.gw.state.glob("__db*")], [])

    def check_directory(self):
        self.check_no_environment()
        with open(self.gw.state / ".lock") as f:
            fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def test_what_was_acknowledged_stays_and_is_seen_whoever_is_killed(self):
        seed = int(os.environ.get("STORM_SEED", time.time()))
        roles = [(self.write, i) for i in range(WRITERS)] + [(self.read, 0)] * REST_READERS
        threads = [threading.Thread(target=self.repeat, args=role) for role in roles]
        for t in threads:
            t.start()
        kills = self.kill_for(STORM, random.Random(seed))
        self.stop.set()
        for t in threads:
            t.join()
        print(f"\nseed {seed}: {STORM:.0f} s, killed {kills}")
        self.assertEqual(self.faults, [])
        self.assertGreater(min(kills.values()), 0, kills)
        shown = subprocess.run(
            [CRASH / "store_reader", "--show", self.board_path], capture_output=True, text=True
        )
        print(shown.stdout, end="")
        self.assertEqual(shown.returncode, 0, shown.stdout)
        now = self.check_acknowledged()
        self.check_audit()
        self.tell_times()
        self.check_directory()
        self.assertIsNone(self.gw.pool.poll(), "the master is still there")
        wait_for("three workers", lambda: len(self.gw.workers()) == 3)
        (self.gw.state / "snapshot").unlink()
        self.assertEqual(self.found(), now, "the database gives what was published")
        self.call("PUT", "/api/v1/llms/writer-0", {"description": "n0"})


# where a change may be cut off, and whether it was committed before
PLACES = [
    ("lock", False),
    ("open", False),
    ("put", False),
    ("snapshot", False),
    ("commit", True),
    ("rename", True),
    ("generation", True),
]
TIMES = 2 if STORM < 30 else 50  # each place, for each program


class Points(GatewayCase):
    """A program dies at a named point of its change, while the pool serves."""

    options = {"workers": 2}

    def die_in_mcpctl(self, place, llm, text):
        done = subprocess.run(
            [CRASH / "mcpctl", "--db", self.gw.state, "patch", "llm", llm, f"description={text}"],
            env={**self.gw.env, "MCPD_FAULT": place},
            capture_output=True,
            timeout=PATIENCE,
        )
        self.assertEqual(done.returncode, -signal.SIGKILL, f"{place}: {done}")

    def die_in_a_request(self, place, llm, text):
        env = {**self.gw.env, "MCPD_FAULT": place}
        done = fcgi.run(
            CRASH / "mcpd.fcgi",
            env,
            "PUT",
            f"/api/v1/llms/{llm}",
            self.gw.token,
            {"description": text},
        )
        self.assertIsNone(done, f"{place}: it was answered")

    def description(self, llm):
        return self.call("GET", f"/api/v1/llms/{llm}").json()["description"]

    def updates(self, llm):
        """How many changes of the Llm the audit log tells of."""
        events = self.call("GET", "/api/v1/audit?limit=1000").json()
        return [(e["event"], e.get("name")) for e in events].count(("resource_changed", llm)) - 1

    def check(self, die):
        llm, other = (self.make_llm(description="-")["name"] for _ in range(2))
        was, made = "-", 0
        for i in range(TIMES):
            for place, kept in PLACES:
                text = f"{place}-{i}"
                die(place, llm, text)
                made += kept
                self.assertEqual(self.updates(llm), made, f"{place}: lines of changes")
                seen = self.description(llm)
                self.assertIn(seen, (was, text) if kept else (was,), place)
                self.call("PUT", f"/api/v1/llms/{other}", {"description": text})
                was = text if kept else was
                for _ in range(4):
                    self.assertEqual(self.description(llm), was, place)
        self.assertEqual([p.name for p in self.gw.state.glob("__db*")], [])

    def test_mcpctl_dies_at_each_point_and_the_next_writer_makes_up_for_it(self):
        self.check(self.die_in_mcpctl)

    def test_a_request_dies_at_each_point_and_the_next_writer_makes_up_for_it(self):
        self.check(self.die_in_a_request)


if __name__ == "__main__":
    unittest.main()
