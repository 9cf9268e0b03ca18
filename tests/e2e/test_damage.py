"""What can happen to a store from outside while a pool serves it. STORE.md 5.

QUIET=1 holds the times to what a quiet machine must keep.
"""

import ctypes
import os
import pathlib
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import time
import unittest

from gateway import BUILD, Gateway, GatewayCase, PATIENCE, WEB_USER, wait_for

CRASH = BUILD / "tests/crash"
QUIET = "QUIET" in os.environ
STOPPED = 10.0  # seconds that the holder of the lock is stopped
BUSY = 5.5 if QUIET else 9.0  # ... within which a writer is told that it can't be
AFTER = 1.0 if QUIET else 20.0  # ... after which all is as before
READ = 0.05 if QUIET else 4.0  # ... that no read takes
DISK = (
    20 << 20
)  # bytes of the small disk: what is allocated for counters and calls, and 3 MB to fill
CLONE_NEWNS = 0x20000  # sched.h


def timed(call):
    began = time.monotonic()
    return call(), time.monotonic() - began


def percentile(times, p):
    return sorted(times)[min(len(times) - 1, len(times) * p // 100)]


def wait_stopped(child):
    status = pathlib.Path(f"/proc/{child.pid}/stat")
    wait_for("a writer to stop", lambda: status.read_text().rpartition(")")[2].split()[0] == "T")


class StoppedHolder(threading.Thread):
    """A writer that is stopped while it holds the lock. It takes its time, beside the other tests."""

    def __init__(self):
        super().__init__()
        self.failure, self.figures = None, ""
        self.start()

    def run(self):
        gw = Gateway(workers=2)
        try:
            self.stop_one(gw)
        except BaseException as e:
            self.failure = AssertionError(f"{e!r}\n{gw.logs()}")
        finally:
            gw.stop()

    def read(self, gw):
        answer, seconds = timed(lambda: gw.request("GET", "/api/v1/llms/kept"))
        assert answer.status == 200, answer
        assert answer.json()["description"] == "before", answer
        return seconds

    def hold(self, gw):
        holder = subprocess.Popen(
            [CRASH / "mcpctl", "--db", gw.state, "patch", "llm", "kept", "description=after"],
            env={**gw.env, "MCPD_STOP": "put"},
            stdout=subprocess.DEVNULL,
        )
        wait_stopped(holder)
        return holder

    def write(self, gw):
        return gw.request("PUT", "/api/v1/llms/other", {"description": str(time.monotonic())})

    def be_refused(self, gw):
        """be_refused - both ways to write, at the same time"""
        child = subprocess.Popen(
            [BUILD / "mcpctl", "--db", gw.state, "patch", "llm", "other", "description=x"],
            stderr=subprocess.PIPE,
            text=True,
        )
        answer, seconds = timed(lambda: self.write(gw))
        assert answer.status == 503, answer
        assert seconds < BUSY, seconds
        said, more = timed(lambda: child.communicate(timeout=PATIENCE)[1])
        assert child.returncode == 1 and "locked by process" in said, (child.returncode, said)
        assert seconds + more < BUSY, seconds + more
        return seconds

    def stop_one(self, gw):
        for name in ("kept", "other"):
            gw.create("llms", name=name, type="openai", model="m", description="before")
        before = [self.read(gw) for _ in range(200)]
        holder, refused = self.hold(gw), []
        writer = threading.Thread(target=lambda: refused.append(self.be_refused(gw)))
        writer.start()
        end, during = time.monotonic() + STOPPED, []
        while time.monotonic() < end:
            during.append(self.read(gw))
            time.sleep(0.01)
        writer.join()
        assert refused, "a writer was not told that it is busy"
        assert max(during) < READ, max(during)
        holder.send_signal(signal.SIGCONT)
        continued = time.monotonic()
        assert holder.wait(PATIENCE) == 0
        answer = self.write(gw)
        took = time.monotonic() - continued
        assert answer.status == 200, answer
        assert took < AFTER, took
        assert gw.request("GET", "/api/v1/llms/kept").json()["description"] == "after"
        self.figures = (
            f"holder stopped {STOPPED:.0f} s: reads p99 {percentile(before, 99) * 1000:.1f} ms before,"
            f" {percentile(during, 99) * 1000:.1f} ms during, longest {max(during) * 1000:.1f} ms;"
            f" busy after {refused[0]:.2f} s; a write {took:.3f} s after SIGCONT"
        )


def setUpModule():
    global stopped
    stopped = StoppedHolder()


class Stopped(unittest.TestCase):
    def test_a_stopped_holder_of_the_lock_keeps_no_reader_and_writers_only_for_a_while(self):
        stopped.join()
        if stopped.failure:
            raise stopped.failure
        print(f"\n{stopped.figures}")


class Files(GatewayCase):
    """Files deleted, cut and scribbled over while two workers serve."""

    options = {"workers": 2}

    def snapshot_of_another_store(self):
        other = self.gw.dir / "other"
        subprocess.run(
            [BUILD / "mcpctl", "--db", other / "state", "init"],
            check=True,
            env=self.gw.env,
            stdout=subprocess.DEVNULL,
        )
        shutil.copy(other / "state/snapshot", self.gw.state / "snapshot")
        shutil.rmtree(other)

    def flip(self, name):
        with open(self.gw.state / name, "r+b") as f:
            f.seek(200)
            byte = f.read(1)
            f.seek(200)
            f.write(bytes([byte[0] ^ 1]))

    def zero(self, name):
        with open(self.gw.state / name, "r+b") as f:
            f.write(bytes(4096))

    def test_every_reader_goes_on_and_sees_every_change(self):
        state = self.gw.state
        damages = {
            "snapshot deleted": lambda: (state / "snapshot").unlink(),
            "snapshot cut": lambda: os.truncate(state / "snapshot", 150),
            "snapshot emptied": lambda: os.truncate(state / "snapshot", 0),
            "snapshot flipped": lambda: self.flip("snapshot"),
            "snapshot of another store": self.snapshot_of_another_store,
            "generation zeroed": lambda: self.zero("gen"),
            "generation cut": lambda: os.truncate(state / "gen", 0),
            "generation deleted": lambda: (state / "gen").unlink(),
            "lock deleted": lambda: (state / ".lock").unlink(),
        }
        llm = self.make_llm(description="-")["name"]
        workers = self.gw.workers()
        for what, damage in damages.items():
            for write in (self.put, self.patch):
                with self.subTest(what, write=write.__name__):
                    was = self.description(llm)
                    damage()
                    for _ in range(6):
                        self.assertEqual(self.description(llm), was)
                    text = f"{what} {write.__name__}"
                    write(llm, text)
                    for _ in range(6):
                        self.assertEqual(self.description(llm), text)
                    self.assertIn(text, self.gw.ctl("get", "llm", llm, "-o", "json"))
        self.assertEqual(self.gw.workers(), workers, "none was replaced")

    def test_without_its_key_file_it_is_not_ready_and_says_why(self):
        key, away = self.gw.home / "mcpd.key", self.gw.home / "away"
        key.rename(away)
        try:
            answer = wait_for("the key to be missed", lambda: self.unready())
            self.assertEqual(answer.json(), {"status": "unavailable", "reason": "key"})
            self.call("GET", "/healthz")
            store = self.call("GET", "/api/v1/status").json()["store"]
            self.assertEqual((store["status"], store["reason"]), ("unavailable", "key"))
        finally:
            away.rename(key)
        wait_for("the key to be found", lambda: not self.unready())

    def unready(self):
        """unready - the answer of /readyz where it is a 503"""
        answer = self.gw.request("GET", "/readyz", token=None)
        return answer if answer.status == 503 else None

    def description(self, llm):
        return self.call("GET", f"/api/v1/llms/{llm}").json()["description"]

    def put(self, llm, text):
        self.call("PUT", f"/api/v1/llms/{llm}", {"description": text})

    def patch(self, llm, text):
        self.gw.ctl("patch", "llm", llm, f"description={text}")


class Replaced(GatewayCase):
    """The directory is moved away under two workers, and another store takes its place."""

    options = {"workers": 2}

    def all_answer(self, llm, status, **wanted):
        """all_answer - each worker by now, and from now on"""

        def answers():
            path = f"/api/v1/llms/{llm}"
            found = [self.gw.request("GET", path, **wanted) for _ in range(8)]
            return all(a.status == status for a in found) and found[-1]

        wait_for(f"status {status}", answers)
        time.sleep(1.2)  # no worker that was not asked comes back with the old one
        return answers()

    def database(self):
        files = (*self.gw.state.glob("log.*"), self.gw.state / "cat.db")
        return {path.name: path.read_bytes() for path in files}

    def test_what_is_there_now_is_served_and_what_was_there_no_more(self):
        gw, aside, gate = self.gw, self.gw.home / "aside", self.gw.gate()
        llm = gw.llm(f"events=3,gate={gate}", description="one")
        backup = gw.ctl("backup")
        _, revoked = gw.user("edit:llms")
        workers = gw.workers()
        self.all_answer(llm, 200, token=revoked)
        stream = gw.chat_stream(llm)

        gw.state.rename(aside)
        gone = self.all_answer(llm, 503)
        self.assertEqual(gone.json(), {"error": "the store is not available"})
        ready = gw.request("GET", "/readyz", token=None)
        self.assertEqual((ready.status, ready.json()["reason"]), (503, "store"))
        self.assertStatus(gw.chat(llm), 503)

        gw.ctl("restore", "-f", "-", input=backup)
        gw.ctl("patch", "llm", llm, "description=two")
        answer = self.all_answer(llm, 200)
        self.assertTrue(answer, "one is refused again")
        self.assertEqual(answer.json()["description"], "two")
        self.assertTrue(self.all_answer(llm, 401, token=revoked), "a token of the old store is good")
        self.call("PUT", f"/api/v1/llms/{llm}", {"description": "three"})
        self.assertIn("three", gw.ctl("get", "llm", llm, "-o", "json"))
        for _ in range(3):
            gw.open_gate(gate)
        self.assertEqual(stream.rest()[-1], "data: [DONE]", "a call that had begun ends whole")
        self.assertEqual(gw.workers(), workers, "none was replaced")

    def test_a_writer_that_was_at_it_acknowledges_nothing_in_what_was_moved_away(self):
        gw, llm = self.gw, self.gw.llm(description="one")
        backup = gw.ctl("backup")
        for point in ("lock", "open", "put", "snapshot"):
            with self.subTest(point):
                aside = gw.home / f"aside-{point}"  # stays: the pool may not have left it yet
                writer = subprocess.Popen(
                    [CRASH / "mcpctl", "--db", gw.state, "patch", "llm", llm, "description=lost"],
                    env={**gw.env, "MCPD_STOP": point}, text=True,
                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                )
                self.addCleanup(writer.kill)  # where it is still stopped
                wait_stopped(writer)
                gw.state.rename(aside)
                gw.ctl("restore", "-f", "-", input=backup)
                restored = self.database()
                writer.send_signal(signal.SIGCONT)
                said = writer.communicate(timeout=PATIENCE)[1]
                self.assertEqual(writer.returncode, 1, said)
                self.assertIn("was moved or replaced", said)
                self.assertEqual(self.database(), restored, "it wrote into what took the place")
                for db in (gw.state, aside):
                    got = subprocess.run([BUILD / "mcpctl", "--db", db, "backup"], env=gw.env,
                                         capture_output=True, text=True, timeout=PATIENCE)
                    self.assertEqual(got.stdout, backup, db)
        self.assertTrue(self.all_answer(llm, 200), "the pool has found what is there now")

    def test_a_directory_that_is_emptied_is_no_store_until_one_is_restored_into_it(self):
        gw, llm = self.gw, self.gw.llm()
        backup = gw.ctl("backup")
        for path in gw.state.iterdir():
            path.unlink()
        self.assertTrue(self.all_answer(llm, 503), "one goes on with what is no more")
        gw.ctl("restore", "-f", "-", input=backup)
        self.assertTrue(self.all_answer(llm, 200))


class SmallDisk(Gateway):
    """A gateway whose state directory is a small disk of its own."""

    def make_store(self, workers, config):
        super().make_store(workers, config)
        aside = self.dir / "aside"
        self.state.rename(aside)
        self.state.mkdir(mode=0o700)
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=700", "tmpfs", self.state], check=True
        )
        for path in aside.iterdir():
            shutil.copy2(path, self.state)

    def stop(self):
        logs = super().stop()
        subprocess.run(["umount", "-l", self.state], stderr=subprocess.DEVNULL)
        shutil.rmtree(self.dir, ignore_errors=True)
        return logs


def may_mount():
    """may_mount - in a mount namespace of our own, that goes when we do"""
    if os.getuid() != 0 or ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        return False
    private = subprocess.run(["mount", "--make-rprivate", "/"], stderr=subprocess.DEVNULL)
    return private.returncode == 0


class FullDisk(GatewayCase):
    @classmethod
    def setUpClass(cls):
        if not may_mount():
            raise unittest.SkipTest("a small disk can't be mounted here")
        cls.gw = SmallDisk(workers=2)
        cls.calls = 0

    def fill(self):
        """fill - to the last byte"""
        with open(self.gw.state / "filler", "ab", buffering=0) as f:
            for size in (65536, 4096, 1):
                try:
                    while True:
                        f.write(bytes(size))
                except OSError:
                    pass

    def free(self):
        (self.gw.state / "filler").unlink()

    def refused(self, i):
        answer = self.gw.request(
            "POST", "/api/v1/llms", {"name": f"no-{i}", "type": "openai", "model": "m"}
        )
        self.assertStatus(answer, 507)
        done = self.gw.ctl("patch", "llm", "first", "description=no", check=False)
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("space", done.stderr)

    def chat(self, llm):
        self.assertStatus(self.gw.chat(llm), 200)
        self.calls += 1

    def requests(self):
        return sum(row["requests"] for row in self.call("GET", "/api/v1/usage?by=llm").json())

    def waiting(self):
        return self.call("GET", "/api/v1/status").json()["audit"]["waiting"]

    def written(self):
        return sum(
            p.read_text().count("llm_inference_call") for p in self.gw.state.glob("audit-*.log")
        )

    def check_books(self):
        """check_books - each call is counted; its line is written, or waits for room"""
        wait_for("all calls in the usage", lambda: self.requests() >= self.calls)
        self.assertEqual(self.requests(), self.calls)
        # a line that waited may be written while we look
        wait_for("all lines", lambda: self.waiting() + self.written() == self.calls)

    def read_and_call(self, llm):
        """read_and_call - as if nothing were"""
        for _ in range(6):
            answer = self.call("GET", f"/api/v1/llms/{llm}")
            self.assertEqual(answer.json()["description"], "kept")
            self.chat(llm)
        self.check_books()

    def test_a_full_disk_refuses_writes_and_nothing_else(self):
        llm = self.gw.llm(name="first", description="kept")
        self.chat(llm)
        workers, names = self.gw.workers(), {"first"}
        for i in range(3):
            self.fill()
            for _ in range(3):
                self.refused(i)
            self.read_and_call(llm)
            self.assertEqual(
                self.call("GET", "/readyz", status=503).json(),
                {"status": "unavailable", "reason": "space"},
            )
            self.free()
            self.call("GET", "/readyz")
            name = f"after-{i}"
            self.call("POST", "/api/v1/llms", {"name": name, "type": "openai", "model": "m"}, 201)
            names.add(name)
            self.gw.ctl("patch", "llm", name, "description=by mcpctl")
            self.chat(llm)
            wait_for("the lines that had no room", lambda: self.waiting() == 0)
            self.check_books()
        found = {llm["name"] for llm in self.gw.request("GET", "/api/v1/llms").json()}
        self.assertEqual(found, names)
        self.assertEqual(self.gw.workers(), workers, "none was replaced")
        self.assertEqual([p.name for p in self.gw.state.glob("__db*")], [])


class BackupFile(unittest.TestCase):
    """A backup onto the one of before, killed at each call that changes the file."""

    CALLS = ("fallocate", "pwrite64", "ftruncate", "fsync")

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="mcpd-backup-"))
        self.addCleanup(shutil.rmtree, self.dir)
        self.file = self.dir / "backup"
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("MCPD_")}
        self.env["HOME"] = str(self.dir)
        # the leak checker can't work where strace does
        self.env["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
        self.ctl("init")

    def ctl(self, *args, db="state", before=(), check=True):
        done = subprocess.run(
            [*before, BUILD / "mcpctl", "--db", self.dir / db, *args], env=self.env,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE * 5,
        )
        if check:
            self.assertEqual(done.returncode, 0, done)
        return done

    def killed(self, call, nth):
        """killed - did it come to that call, and die there"""
        tracer = ("strace", "-qq", "-o", self.dir / "trace", "-e", f"trace={call}",
                  "-e", f"inject={call}:signal=KILL:when={nth}")
        done = self.ctl("backup", "-f", self.file, before=tracer, check=False)
        if b"ptrace" in done.stderr:
            self.skipTest(f"strace can't trace here: {done.stderr}")
        self.assertIn(done.returncode, (0, -signal.SIGKILL), done)
        return done.returncode != 0

    def test_half_of_two_backups_never_passes_for_one(self):
        self.assertTrue(shutil.which("strace"), "strace is missing")
        self.ctl("create", "secret", "s", "--data", "k=one")
        old = self.ctl("backup").stdout
        self.ctl("create", "secret", "s", "--data", "k=two", "--force")
        whole = (old, self.ctl("backup").stdout)
        refused = 0
        for call in self.CALLS:
            nth = 1
            self.file.write_bytes(old)
            while self.killed(call, nth):
                with self.subTest(call, nth=nth):
                    if self.file.read_bytes() not in whole:
                        done = self.ctl("restore", "-f", self.file, db="other", check=False)
                        self.assertEqual(done.returncode, 1, done)
                        self.assertIn(b"line 1: not a dump of mcpd", done.stderr)
                        refused += 1
                nth += 1
                self.file.write_bytes(old)
            self.assertEqual(self.file.read_bytes(), whole[1])
        self.assertGreater(refused, 3, "the file was changed in ways that nobody would see")


class OwnedGateway(Gateway):
    """A gateway whose store belongs to another user; its pool runs as that user."""

    def make_store(self, workers, config):
        super().make_store(workers, config)
        for path in (self.home, self.run, *self.home.rglob("*")):
            shutil.chown(path, WEB_USER, WEB_USER)


@unittest.skipUnless(os.getuid() == 0, "only root can be somebody else")
class Owner(GatewayCase):
    @classmethod
    def setUpClass(cls):
        cls.gw = OwnedGateway(workers=2)

    def assertOwned(self):
        for path in (self.gw.state, *self.gw.state.iterdir()):
            found = path.lstat()
            wanted = 0o700 if path == self.gw.state else 0o600
            self.assertEqual((path.owner(), path.group()), (WEB_USER, WEB_USER), path)
            self.assertEqual(stat.S_IMODE(found.st_mode), wanted, path)

    def test_files_stay_the_owners_whoever_writes_under_whatever_umask(self):
        llm = self.make_llm()["name"]
        for umask in (0o000, 0o022, 0o077):
            for name in ("gen", "snapshot", ".lock"):
                (self.gw.state / name).unlink()
            done = subprocess.run(
                [BUILD / "mcpctl", "--db", self.gw.state, "patch", "llm", llm]
                + [f"description=umask {umask:03o}"],
                umask=umask,
                env=self.gw.env,
                capture_output=True,
            )
            self.assertEqual(done.returncode, 0, done)
            self.assertOwned()
            self.call("PUT", f"/api/v1/llms/{llm}", {"description": "by the pool"})
            self.assertOwned()

    def test_a_store_made_under_any_umask_is_the_owners_alone(self):
        for umask in (0o000, 0o022):
            top = self.gw.dir / f"umask-{umask:03o}"
            done = subprocess.run(
                [BUILD / "mcpctl", "--db", top / "state", "init"],
                umask=umask,
                env=self.gw.env,
                capture_output=True,
            )
            self.assertEqual(done.returncode, 0, done)
            self.assertEqual(stat.S_IMODE((top / "state").stat().st_mode), 0o700)
            for path in (top / "mcpd.key", *(top / "state").iterdir()):
                self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600, path)

    def test_a_directory_that_can_not_be_written_is_read_and_nobody_runs_in_circles(self):
        llm = self.gw.llm(description="kept")
        workers = self.gw.workers()
        self.gw.state.chmod(0o500)
        try:
            said = len(self.gw.logs())
            for _ in range(10):
                answer, seconds = timed(
                    lambda: self.gw.request("PUT", f"/api/v1/llms/{llm}", {"description": "no"})
                )
                self.assertStatus(answer, 503)
                self.assertLess(seconds, AFTER)
                self.assertEqual(
                    self.call("GET", f"/api/v1/llms/{llm}").json()["description"], "kept"
                )
                self.assertStatus(self.gw.chat(llm), 200)
            self.assertLess(len(self.gw.logs()) - said, 20000, "the log is not flooded")
            self.assertEqual(self.gw.workers(), workers, "none was replaced")
        finally:
            self.gw.state.chmod(0o700)
        self.call("PUT", f"/api/v1/llms/{llm}", {"description": "yes"})


if __name__ == "__main__":
    unittest.main()
