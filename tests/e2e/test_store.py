"""The store under a running pool: what is acknowledged stays and is seen. DESIGN.md 4."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import unittest

import fcgi
from gateway import BUILD, GatewayCase, PATIENCE, parallel, unique, wait_for

CHANGES = 10_000 if "FULL" in os.environ else 200


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
                    if done.status not in (412, 503):  # 503: the lock, which does not queue
                        raise AssertionError(done)

        parallel(4, write)
        self.assertEqual(self.gw.request("GET", path).json()["version"], 21)


class EachProcess(GatewayCase):
    """Several pools of one worker each, so that it is known which process answers."""

    options = {"workers": 1}
    OTHERS = 2

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sockets = [cls.gw.socket]
        for i in range(cls.OTHERS):
            path = cls.gw.run / f"pool-{i}.sock"
            cls.gw.start(f"pool-{i}", [BUILD / "mcpd.fcgi", "--listen", f"unix:{path}"])
            cls.gw.wait_up("another pool", path.exists)
            cls.sockets.append(path)

    def test_a_change_is_seen_by_the_first_request_after_it_in_every_process(self):
        path = f"/api/v1/llms/{self.gw.llm()}"
        name, token, seen = path.rpartition("/")[2], self.gw.token, 0
        for i in range(CHANGES):
            text = f"change {i}"
            if i % 3 == 2:
                self.gw.ctl("patch", "llm", name, f"description={text}")
            else:
                by = self.sockets[i % len(self.sockets)]
                done, _ = fcgi.request(by, "PUT", path, token, {"description": text})
                self.assertEqual(done, 200)
            answers = [fcgi.request(s, "GET", path, token) for s in self.sockets]
            for status, body in answers:
                self.assertEqual((status, json.loads(body)["description"]), (200, text))
            seen += 1
        print(
            f"\n{seen} of {CHANGES} changes seen by the first request in {len(answers)} processes"
        )


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
                # a look at the name of the directory, and at that of the generation, once a second
                looked = "/gen" in line or 'stat' in line and f'"{self.gw.state}"' in line
                self.assertTrue(str(self.gw.state) not in line or looked, line)

    def test_the_trace_would_show_a_changed_store(self):
        llm = self.gw.llm()
        self.assertStatus(self.gw.chat(llm), 200)
        text = self.trace(
            self.gw.workers()[0],
            "%file",
            lambda: (self.gw.ctl("patch", "llm", llm, "description=x"), self.gw.chat(llm)),
        )
        self.assertIn("snapshot", text)


class Restart(GatewayCase):
    options = {"workers": 2}

    def runs(self, pid):
        """runs - a process that is there, and no zombie"""
        return os.path.exists(f"/proc/{pid}/exe")

    def test_everything_is_there_after_a_new_start(self):
        llm = self.gw.llm(description="kept")
        workers = self.gw.workers()
        self.gw.pool.kill()
        self.gw.pool.wait()
        # those of a killed master answer on for a moment: what is asked is for the new ones
        wait_for("the workers to end", lambda: not any(self.runs(pid) for pid in workers))
        self.gw.children.remove(self.gw.pool)
        self.gw.start_pool()
        self.gw.wait_up("/readyz", self.gw.ready)
        self.assertEqual(
            self.gw.request("GET", f"/api/v1/llms/{llm}").json()["description"], "kept"
        )
        self.assertStatus(self.gw.chat(llm), 200)


if __name__ == "__main__":
    unittest.main()
