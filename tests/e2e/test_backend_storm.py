"""Secrets that are moved between backends, changed and sealed anew at once, by processes that are killed.

Whatever dies where: a secret keeps the value that was acknowledged last, or one that was sent after it.
STORM=seconds makes it longer, STORM_SEED=n repeats its choices.
"""

import contextlib
import http.client
import os
import random
import signal
import subprocess
import threading
import time
import unittest

from gateway import BUILD, Gateway, GatewayCase
from openbao import OpenBao, TOKEN

SECONDS = float(os.environ.get("STORM", 6))
MORE = 120  # seconds that a slow machine has beyond those, until enough has happened
SECRETS, CHANGED = 6, 3  # the first ones are changed, too
BACKENDS = ("sealed", "bao", "clear")


class Storm(GatewayCase):
    options = {"workers": 3}

    @classmethod
    def setUpClass(cls):
        cls.gw = Gateway(**cls.options)
        cls.bao = OpenBao(cls.gw)
        cls.gw.create("secrets", name="bao-token", data={"t": TOKEN})
        token = {"name": "bao-token", "key": "t"}
        cls.gw.create("secretbackends", name="bao", type="openbao",
                      config={"url": cls.bao.url, "tokenSecret": token})
        cls.gw.create("secretbackends", name="clear", type="plaintext")

    def setUp(self):
        seed = int(os.environ.get("STORM_SEED", random.randrange(1 << 32)))
        print(f"STORM_SEED={seed}")
        self.random = random.Random(seed)
        self.running, self.lock, self.done = {}, threading.Lock(), {}
        self.sent = {f"m{i}": [f"v-{i}-0"] for i in range(SECRETS)}
        self.acknowledged = {name: 0 for name in self.sent}
        for name, values in self.sent.items():
            self.gw.create("secrets", name=name, data={"k": values[0]})
        self.end = time.monotonic() + SECONDS

    def count(self, what):
        with self.lock:
            self.done[what] = self.done.get(what, 0) + 1

    def mcpctl(self, *args, text=""):
        """mcpctl - did it do it; it may be killed meanwhile"""
        child = subprocess.Popen(
            [BUILD / "mcpctl", "--db", self.gw.state, *args], stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True, env=self.gw.env,
        )
        with self.lock:
            self.running[child.pid] = child
        child.communicate(text)
        with self.lock:
            del self.running[child.pid]
        self.count(args[0] + (" killed" if child.returncode < 0 else ""))
        return child.returncode == 0

    def rest(self, method, path, body):
        """rest - did it do it; a worker may be killed meanwhile"""
        try:
            return self.gw.request(method, path, body).status == 200
        except (OSError, http.client.HTTPException):
            return False

    def migrate(self):
        source, target = self.random.sample(BACKENDS, 2)
        names = self.random.sample(sorted(self.sent), 3)
        if self.random.random() < 0.5:
            self.mcpctl("migrate", "secrets", "--from", source, "--to", target, *names)
        else:
            body = {"from": source, "to": target, "names": names}
            self.rest("POST", "/api/v1/secrets/migrate", body)

    def change(self, name):
        value = f"v-{name[1:]}-{len(self.sent[name])}"
        self.sent[name].append(value)
        if self.random.random() < 0.3:
            done = self.mcpctl("create", "secret", name, "--force", "--data", "k=-", text=value)
        else:
            done = self.rest("PUT", f"/api/v1/secrets/{name}", {"data": {"k": value}})
        if done:
            self.acknowledged[name] = len(self.sent[name]) - 1
            self.count("acknowledged")

    def kill_one(self):
        time.sleep(self.random.uniform(0.05, 0.1))
        with self.lock:  # so that the id is not another process's by now
            victims = [*self.running, *self.gw.workers()]
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.random.choice(victims), signal.SIGKILL)
        self.count("kills")

    def is_over(self, *counts):
        """is_over - the time is, and these have happened; where they have not, it is made longer"""
        late = time.monotonic() - self.end
        enough = all(self.done.get(c, 0) > SECONDS for c in counts)
        return late > MORE or (late > 0 and enough)

    def until_end(self, counts, work, *args):
        def loop():
            while not self.is_over(*counts):
                work(*args)

        return threading.Thread(target=loop)

    def test_no_value_is_lost(self):
        both = ("kills", "acknowledged")
        threads = [self.until_end(both, self.migrate) for _ in range(2)]
        threads += [self.until_end(both, self.change, f"m{i}") for i in range(CHANGED)]
        threads += [self.until_end(both, self.mcpctl, "rekey")]
        threads += [self.until_end(("kills",), self.kill_one)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        print(self.done)
        for count in both:
            self.assertGreater(self.done.get(count, 0), SECONDS, count)
        for source in ("bao", "clear"):
            self.gw.ctl("migrate", "secrets", "--from", source, "--to", "sealed")
        for name, values in self.sent.items():
            shown = self.gw.ctl("describe", "secret", name, "--show-values").split()
            self.assertIn(shown[shown.index("k") + 1], values[self.acknowledged[name] :])
        self.assertNotIn("copyIn", self.gw.ctl("backup"))
        left = {p.name for p in self.gw.state.iterdir() if p.name.endswith((".tmp", ".new"))}
        left |= {p.name for p in self.gw.home.iterdir()} - {"state", "mcpd.key", "mcpd.yaml"}
        self.assertEqual(left, set())


if __name__ == "__main__":
    unittest.main()
