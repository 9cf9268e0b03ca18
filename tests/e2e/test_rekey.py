"""mcpctl rekey while the gateway works: nothing fails, a kill is resumed, the old key can go. DESIGN.md 5."""

import base64
import json
import pathlib
import select
import signal
import subprocess
import threading
import unittest

from gateway import BUILD, GatewayCase, KEY, PATIENCE, unique, wait_for

SECRETS = 230  # three transactions of 100
CALLERS = 4


class Load:
    """Calls with many different keys, until it is stopped; what failed."""

    def __init__(self, gw, llms):
        self.gw, self.llms = gw, llms
        self.over = threading.Event()
        self.calls, self.failed = 0, []
        self.threads = [threading.Thread(target=self.run, args=(i,)) for i in range(CALLERS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def run(self, first):
        at = first
        while not self.over.is_set():
            try:
                answer = self.gw.chat(self.llms[at % len(self.llms)])
                if answer.status != 200:
                    self.failed.append(repr(answer))
            except Exception as e:
                self.failed.append(repr(e))
            self.calls += 1
            at += 1


class Rekey(GatewayCase):
    options = {"workers": 2}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.llms = []
        for i in range(SECRETS):
            cls.gw.create("secrets", name=f"s{i}", data={"k": KEY})
            if i % 10 == 0:
                cls.llms.append(cls.gw.llm(apiKeyRef={"name": f"s{i}", "key": "k"}))
        cls.key_file = cls.gw.home / "mcpd.key"

    def rekey(self, program=BUILD / "mcpctl", **env):
        return subprocess.Popen(
            [program, "--db", self.gw.state, "rekey"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**self.gw.env, **env},
        )

    def kill_in_the_middle(self):
        """kill_in_the_middle - a rekey that has told of one transaction, and stops in the next"""
        run = self.rekey(BUILD / "tests/crash/mcpctl", MCPD_STOP="lock")
        status = pathlib.Path(f"/proc/{run.pid}/stat")

        def is_there():
            if status.read_text().rpartition(")")[2].split()[0] != "T":
                return False
            if select.select([run.stdout], [], [], 0)[0]:
                return True
            run.send_signal(signal.SIGCONT)
            return False

        wait_for("the second transaction", is_there)
        run.kill()
        out, notes = run.communicate(timeout=PATIENCE)
        self.assertIn("rekeyed", out, notes)

    def put_key_file(self, text):
        """put_key_file - at once: a worker may read it at any moment"""
        new = self.key_file.with_suffix(".new")
        new.touch(0o600)
        new.write_text(text)
        new.rename(self.key_file)

    def create(self, name):
        """create - once the lock can be had: it does not queue"""

        def done():
            answer = self.gw.request("POST", "/api/v1/secrets", {"name": name, "data": {"k": KEY}})
            return answer.status != 503 and self.assertStatus(answer, 201)

        wait_for("the lock", done)

    def key_ids(self):
        return [line.split()[0] for line in self.key_file.read_text().splitlines()]

    def sealed_with(self):
        """sealed_with - how many secrets are under the newest key, and how many there are"""
        head = b"MS1\x01" + int(self.key_ids()[-1]).to_bytes(4, "big")
        texts = [x for x in self.gw.ctl("backup").splitlines() if x.startswith("secret/")]
        values = [json.loads(x.partition(" ")[2])["data"]["k"] for x in texts if '"k"' in x]
        return sum(base64.b64decode(v).startswith(head) for v in values), len(values)

    def test_killed_and_resumed_under_load_it_fails_no_call_and_the_old_key_can_go(self):
        before = self.key_ids()
        with Load(self.gw, self.llms) as load:
            wait_for("the first calls", lambda: load.calls > 20)
            self.kill_in_the_middle()
            done, total = self.sealed_with()
            self.assertIn(done, range(90, total), "killed in the middle")

            second = self.rekey()
            out, notes = second.communicate(timeout=PATIENCE)
            self.assertEqual(second.returncode, 0, notes)
            left = [x for x in out.splitlines() if not x.startswith("secret/provider")]
            self.assertEqual(len(left), total - done, "only what was left")
            self.assertEqual(len(self.key_ids()), len(before) + 1, "the same new key")
            done, total = self.sealed_with()
            self.assertEqual(done, total)

            # the old key goes while calls run; workers that start anew have never seen it
            newest_line = self.key_file.read_text().splitlines()[-1]
            self.put_key_file(newest_line + "\n")
            seen = load.calls
            wait_for("calls after that", lambda: load.calls > seen + 50)
            workers = set(self.gw.workers())
            self.gw.pool.send_signal(signal.SIGHUP)
            wait_for("other workers", lambda: self.gw.workers() and not
                     workers & set(self.gw.workers()))
            seen = load.calls
            wait_for("calls after that", lambda: load.calls > seen + 100)
        self.assertEqual(load.failed, [])

    def test_a_secret_made_while_rekey_runs_opens_with_the_new_key_alone(self):
        names = [f"made-{next(unique)}" for _ in range(40)]
        run = self.rekey()
        for name in names:
            self.create(name)
        notes = run.communicate(timeout=PATIENCE)[1]
        if "locked by process" in notes:
            run = self.rekey()
            notes = run.communicate(timeout=PATIENCE)[1]
        self.assertEqual(run.returncode, 0, notes)
        newest_line = self.key_file.read_text().splitlines()[-1]
        self.put_key_file(newest_line + "\n")
        for name in names:
            self.assertIn(KEY, self.gw.ctl("describe", "secret", name, "--show-values"))


if __name__ == "__main__":
    unittest.main()
