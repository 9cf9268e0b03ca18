"""The store under a running pool: what is acknowledged stays and is seen. DESIGN.md 4."""

import http.client
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import threading
import time
import unittest

from gateway import BUILD, GatewayCase, PATIENCE, parallel, unique, wait_for

STORM = float(os.environ.get("STORM", 5))  # seconds of killing
LLM = {"type": "openai", "model": "m"}


class Visibility(GatewayCase):
    options = {"workers": 3}

    def test_a_patch_by_mcpctl_is_seen_by_every_worker_on_its_next_request(self):
        llm = self.gw.llm()

        def description(_):
            return self.gw.request("GET", f"/api/v1/llms/{llm}").json()["description"]

        for i in range(20):
            self.gw.ctl("patch", "llm", llm, f"description=d{i}")
            self.assertEqual(set(parallel(12, description)), {f"d{i}"})

    def test_mcpctl_sees_what_rest_wrote(self):
        llm = self.gw.llm(description="written by rest")
        self.assertIn("written by rest", self.gw.ctl("get", "llm", llm, "-o", "json"))

    def test_a_new_token_works_at_once_and_a_revoked_one_no_more(self):
        token = self.gw.ctl("create", "mcptoken", "brief", "--user", "admin").strip()

        def status(_):
            return self.gw.request("GET", "/api/v1/llms", token=token).status

        self.assertEqual(set(parallel(12, status)), {200})
        self.gw.ctl("delete", "mcptoken", "brief")
        self.assertEqual(set(parallel(12, status)), {401})

    def test_many_writers_lose_nothing(self):
        llm = self.gw.llm()
        path = f"/api/v1/llms/{llm}"

        def write(i):
            for _ in range(5):
                while True:
                    got = self.gw.request("GET", path)
                    done = self.gw.request(
                        "PUT",
                        path,
                        {"description": f"{i}-{next(unique)}"},
                        headers={"If-Match": got.headers["ETag"]},
                    )
                    if done.status == 200:
                        break
                    if done.status != 412:
                        raise AssertionError(done)

        parallel(4, write)
        self.assertEqual(self.gw.request("GET", path).json()["version"], 21)


class Quiet(GatewayCase):
    """A worker that serves a warm request leaves the store's files alone."""

    options = {"workers": 1}

    def trace(self, worker, calls, act):
        out = self.gw.dir / "trace"
        tracer = subprocess.Popen(
            ["strace", "-f", "-qq", "-o", out, "-e", f"trace={calls}", "-p", str(worker)],
            stderr=subprocess.PIPE,
            text=True,
        )
        tasks = pathlib.Path(f"/proc/{worker}/task")

        def attached():
            if tracer.poll() is not None:
                return True
            return all(
                re.search(r"TracerPid:\t[1-9]", (t / "status").read_text()) for t in tasks.iterdir()
            )

        wait_for("strace to attach", attached)
        if tracer.poll() is not None:
            self.skipTest(f"strace can't attach here: {tracer.stderr.read()}")
        try:
            act()
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.communicate(timeout=PATIENCE)
        return out.read_text()

    def test_a_warm_request_opens_and_stats_no_file_of_the_store(self):
        self.assertTrue(shutil.which("strace"), "strace is missing")
        llm = self.gw.llm()
        for _ in range(3):
            self.assertStatus(self.gw.chat(llm), 200)
        text = self.trace(
            self.gw.workers()[0],
            "%file,pread64,fsync,fdatasync,flock,fcntl",
            lambda: self.assertStatus(self.gw.chat(llm), 200),
        )
        for line in text.splitlines():
            self.assertNotRegex(line, r"cat\.db|log\.\d|snapshot|__db|\.lock", line)
            self.assertNotRegex(line, r"fsync|fdatasync|flock|F_SETLK", line)
            if re.search(r"\b(open|openat|stat|newfstatat|statx|access)\(", line):
                self.assertTrue(str(self.gw.state) not in line or "/gen" in line, line)

    def test_the_trace_would_show_a_changed_store(self):
        llm = self.gw.llm()
        self.assertStatus(self.gw.chat(llm), 200)
        text = self.trace(
            self.gw.workers()[0],
            "%file",
            lambda: (self.gw.ctl("patch", "llm", llm, "description=x"), self.gw.chat(llm)),
        )
        self.assertIn("snapshot", text)


class Killed(GatewayCase):
    """kill -9 at any moment: the store opens again, and what was acknowledged is in it."""

    options = {"workers": 3}

    def names(self):
        return {
            line.removeprefix("llm/") for line in self.gw.ctl("get", "llms", "-o", "name").split()
        }

    def test_mcpctl_killed_at_any_moment(self):
        rng, acknowledged, killed = random.Random(1), set(), 0
        end = time.monotonic() + STORM
        while time.monotonic() < end:
            name = f"ctl-{next(unique)}"
            child = subprocess.Popen(
                [
                    BUILD / "mcpctl",
                    "--db",
                    self.gw.state,
                    "create",
                    "llm",
                    name,
                    "--type",
                    "openai",
                    "--model",
                    "m",
                ],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            time.sleep(rng.uniform(0, 0.04))
            child.kill()
            out, _ = child.communicate()
            if b"created" in out:
                acknowledged.add(name)
            if child.returncode == -signal.SIGKILL:
                killed += 1
            self.assertLessEqual(acknowledged, self.names())
        self.assertGreater(killed, 10)
        self.assertStatus(
            self.gw.request("POST", "/api/v1/llms", {**LLM, "name": "after-the-storm"}), 201
        )

    def test_workers_killed_at_any_moment(self):
        acknowledged, stop, faults = set(), threading.Event(), []

        def write(i):
            name = f"rest-{i}-{next(unique)}"
            if self.gw.request("POST", "/api/v1/llms", {**LLM, "name": name}).status == 201:
                acknowledged.add(name)

        def read(_):
            before = set(acknowledged)
            answer = self.gw.request("GET", "/api/v1/llms")
            if answer.status == 200:
                missing = before - {llm["name"] for llm in answer.json()}
                if missing:
                    faults.append(f"acknowledged but not seen: {missing}")

        def repeat(act, i):
            while not stop.is_set():
                try:
                    act(i)
                except (OSError, http.client.HTTPException):
                    pass  # its worker was killed: no answer, so nothing is acknowledged
                except Exception as e:
                    faults.append(repr(e))

        threads = [
            threading.Thread(target=repeat, args=(act, i))
            for i, act in enumerate([write, write, write, read])
        ]
        for t in threads:
            t.start()
        rng, kills = random.Random(2), 0
        end = time.monotonic() + STORM
        while time.monotonic() < end:
            workers = self.gw.workers()
            if workers:
                os.kill(rng.choice(workers), signal.SIGKILL)
                kills += 1
            time.sleep(rng.uniform(0.05, 0.1))
        stop.set()
        for t in threads:
            t.join()
        self.assertEqual(faults, [])
        self.assertGreater(kills, 20)
        self.assertGreater(len(acknowledged), 10)
        self.assertLessEqual(acknowledged, self.names())
        self.assertIsNone(self.gw.pool.poll(), "the master is still there")
        wait_for("three workers", lambda: len(self.gw.workers()) == 3)
        self.assertStatus(self.gw.request("GET", "/readyz", token=None), 200)
        self.assertEqual([p.name for p in self.gw.state.glob("__db*")], [])


class Restart(GatewayCase):
    options = {"workers": 2}

    def test_everything_is_there_after_a_new_start(self):
        llm = self.gw.llm(description="kept")
        self.gw.pool.kill()
        self.gw.pool.wait()
        self.gw.children.remove(self.gw.pool)
        self.gw.start_pool()
        self.gw.wait_up("/readyz", self.gw.ready)
        self.assertEqual(
            self.gw.request("GET", f"/api/v1/llms/{llm}").json()["description"], "kept"
        )
        self.assertStatus(self.gw.chat(llm), 200)


if __name__ == "__main__":
    unittest.main()
