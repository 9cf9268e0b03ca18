"""No key in any byte that leaves: answers, files, arguments, environment, memory after use. DESIGN.md 5."""

import base64
import fnmatch
import json
import os
import pathlib
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
import unittest
import urllib.parse

from gateway import BUILD, Gateway, GatewayCase, PATIENCE, WEB_USER, wait_for
from openbao import OpenBao, TOKEN

# one for each way that a key comes in; none is a part of another
CANARIES = {
    "rest": "sk-canary-rest/Q7+zzx9==",
    "put": "sk-canary-put/W8+yyv8==",
    "stdin": "sk-canary-stdin/E9+xxu7==",
    "argument": "sk-canary-file/R1+wwt6==",
    "header": "sk-canary-header/T2+vvs5==",
    "http": "sk-canary-http/Y3+uur4==",
    "apply": "sk-canary-apply/U4+ttq3==",
    "edit": "sk-canary-edit/I5+ssp2==",
    "moved": "sk-canary-moved/O6+rro1==",
    "bao": "sk-canary-bao/P7+qqn0==",
    "clear": "sk-canary-clear/A8+ppm9==",
}
# what is in clear by its administrator's choice may stand here, and nowhere else
CLEAR = {"clear": ("cat.db", "log.*", "snapshot", "a backup", "memory of *")}
MAP_MAX = 256 << 20  # bytes of one mapping that are looked through


def forms(canary):
    """forms - a key as it is, and as texts would hold it"""
    plain = canary.encode()
    yield plain
    yield urllib.parse.quote(canary, safe="").encode()
    yield canary.replace("/", "\\/").encode()
    yield plain.hex().encode()
    for shift in range(3):  # base64 of something that holds it, at any place
        coded = base64.b64encode(b"x" * shift + plain)
        yield coded[4 if shift else 0 : -4]


class Spy(Gateway):
    """A gateway that keeps every byte of every answer."""

    def __init__(self, **options):
        self.answers = []
        super().__init__(**options)

    def request(self, *args, **kwargs):
        answer = super().request(*args, **kwargs)
        self.answers.append(str(answer.headers).encode() + answer.body)
        return answer


class Hygiene(GatewayCase):
    @classmethod
    def setUpClass(cls):
        cls.gw = Spy(workers=1)
        cls.bao = OpenBao(cls.gw)
        cls.login()
        cls.secrets()
        cls.backends()
        cls.use()
        cls.gw.ctl("rekey")
        cls.use_anthropic()
        cls.print_all()

    @classmethod
    def login(cls):
        """login - mcpctl over HTTP, with its settings in a home of its own"""
        gw = cls.gw
        cls.user_home = gw.dir / "user"
        cls.user_home.mkdir()
        cls.user_env = {**gw.env, "HOME": str(cls.user_home), "TMPDIR": str(cls.user_home)}
        cls.remote("login", f"http://127.0.0.1:{gw.port}", input=gw.token)

    @classmethod
    def remote(cls, *args, input="", **env):
        done = subprocess.run(
            [BUILD / "mcpctl", *args], input=input, capture_output=True, text=True,
            timeout=PATIENCE, env={**cls.user_env, **env},
        )
        assert done.returncode == 0, done
        return done.stdout + done.stderr

    @classmethod
    def secrets(cls):
        gw = cls.gw
        gw.create("secrets", name="rest", data={"k": CANARIES["rest"]})
        gw.create("secrets", name="put", data={"k": "before"})
        answer = gw.request("PUT", "/api/v1/secrets/put", {"data": {"k": CANARIES["put"]}})
        assert answer.status == 200, answer
        gw.ctl("create", "secret", "stdin", "--data", "k=-", input=CANARIES["stdin"] + "\n")
        source = gw.dir / "key.txt"
        source.write_text(CANARIES["argument"])
        gw.ctl("create", "secret", "argument", "--from-file", f"k={source}")
        source.unlink()
        gw.create("secrets", name="header", data={"k": CANARIES["header"]})
        gw.create("secrets", name="moved", data={"k": CANARIES["moved"]})
        cls.remote("create", "secret", "http", "--data", "k=-", input=CANARIES["http"])
        document = {"kind": "secret", "name": "apply", "data": {"k": CANARIES["apply"]}}
        cls.remote("apply", "-f", "-", input=json.dumps(document))
        gw.ctl("apply", "-f", "-", input=json.dumps(document))
        gw.create("secrets", name="edit", data={"k": "before"})
        cls.edit()

    @classmethod
    def editor(cls):
        """editor - types a key over the empty value, and keeps what it saw of file and parent"""
        script, kept = cls.gw.dir / "editor", cls.gw.dir / "seen-by-editor"
        script.write_text(
            f'cat "$1" /proc/$PPID/cmdline /proc/$PPID/environ /proc/$$/cmdline /proc/$$/environ '
            f'>>{kept}\nread -r value <{cls.gw.dir}/fifo\n'
            f"""sed -i "s|k: ''|k: '$value'|" "$1"\n"""
        )
        return f"sh {script}"

    @classmethod
    def edit(cls):
        """edit - over HTTP and on the store; the key comes to the editor by a pipe"""
        fifo = cls.gw.dir / "fifo"
        os.mkfifo(fifo)
        for place in ((), ("--db", cls.gw.state)):
            child = subprocess.Popen(
                [BUILD / "mcpctl", *place, "edit", "secret", "edit"], stdin=subprocess.DEVNULL,
                env={**cls.user_env, "EDITOR": cls.editor()},
            )
            fifo.write_text(CANARIES["edit"] + "\n")
            assert child.wait(PATIENCE) == 0
        fifo.unlink()

    @classmethod
    def backends(cls):
        """backends - an openbao one, whose cache keeps nothing, and one in clear"""
        gw = cls.gw
        gw.create("secrets", name="bao-token", data={"t": TOKEN})
        gw.create("secretbackends", name="bao", type="openbao", config={
            "url": cls.bao.url, "tokenSecret": {"name": "bao-token", "key": "t"},
            "cacheSeconds": 0, "staleSeconds": 0})
        gw.create("secretbackends", name="clear", type="plaintext")
        gw.create("secrets", name="bao", backend="bao", data={"k": CANARIES["bao"]})
        gw.create("secrets", name="clear", backend="clear", data={"k": CANARIES["clear"]})
        moving = {"from": "sealed", "to": "bao", "names": ["moved"]}
        assert gw.request("POST", "/api/v1/secrets/migrate", moving).json()["failed"] == []
        gw.ctl("migrate", "secrets", "--from", "bao", "--to", "sealed", "moved")
        # what OpenBao says of a write may hold what was written
        cls.bao.state(status=400, errors=[f"no: {CANARIES['bao']} {TOKEN}"])
        refused = {"name": "refused", "backend": "bao", "data": {"k": CANARIES["bao"]}}
        assert gw.request("POST", "/api/v1/secrets", refused).status == 502
        cls.refused = gw.ctl("create", "secret", "refused", "--backend", "bao", "--data", "k=-",
                             input=CANARIES["bao"], check=False).stderr
        assert "HTTP 400" in cls.refused, cls.refused
        cls.bao.state(status=None, errors=[])

    @classmethod
    def use(cls):
        """use - every key, in calls of every end"""
        gw = cls.gw
        for secret in CANARIES:
            for script in ("", "echo", "status=401,echo", "status=400,echo", "errorevent=1,echo",
                           "headers,echo", "cut=2", "reset=1", "garbage=1"):
                llm = gw.llm(script, apiKeyRef={"name": secret, "key": "k"},
                             extra={"headers": {"api-key": "secret://header/k"}})
                gw.chat(llm)
                stream = gw.chat_stream(llm)
                while stream.next():
                    pass
                gw.answers.append(str(stream.headers).encode() + stream.raw)
                if script == "":
                    gw.request("POST", f"/api/v1/llms/{llm}/test")
        for path in ("llms", "secrets", "secrets/rest", "rbac", "users", "mcptokens"):
            gw.request("GET", f"/api/v1/{path}")
        # refused bodies that hold a key
        gw.request("POST", "/api/v1/secrets", {"name": "Bad Name", "data": {"k": CANARIES["rest"]}})
        gw.request("POST", "/api/v1/secrets", '{"name":"x","data":{"k":"%s"' % CANARIES["put"])
        gw.request("POST", "/api/v1/llms", {"name": "l", "apiKey": CANARIES["rest"]})

    @classmethod
    def use_anthropic(cls):
        """use_anthropic - the same keys by the other protocol, to both kinds of provider"""
        gw = cls.gw
        body = {"max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
        for secret in CANARIES:
            for script in ("", "echo", "status=401,echo", "errorevent=1,echo", "cut=2"):
                for kind in ("anthropic", "openai"):
                    llm = gw.llm(script, type=kind, apiKeyRef={"name": secret, "key": "k"})
                    gw.chat(llm)
                    gw.request("POST", "/v1/messages", {**body, "model": llm})
                    gw.request("POST", "/v1/messages/count_tokens", {**body, "model": llm})
                    stream = gw.stream("/v1/messages", {**body, "model": llm, "stream": True})
                    while stream.next():
                        pass
                    gw.answers.append(str(stream.headers).encode() + stream.raw)

    @classmethod
    def print_all(cls):
        gw = cls.gw
        llm = gw.llm("status=401,echo", apiKeyRef={"name": "http", "key": "k"})
        failed = gw.ctl("infer", llm, "hi", check=False)
        cls.printed = cls.refused + failed.stdout + failed.stderr
        for run in (gw.ctl, cls.remote):
            for command in ("get all -o yaml", "get all -o json", "describe secret rest",
                            "describe secretbackend bao", "logs --limit 1000 -o json",
                            "status -o json", "usage -o json"):
                cls.printed += run(*command.split())
        cls.backup = gw.ctl("backup")

    def assertNone(self, where, data):
        for name, canary in {**CANARIES, "token of OpenBao": TOKEN}.items():
            if any(fnmatch.fnmatch(where, at) for at in CLEAR.get(name, ())):
                continue
            for form in forms(canary):
                at = data.find(form)
                if at >= 0:
                    self.fail(f"{where} holds the key '{name}' as {form!r}: "
                              f"{data[max(0, at - 60) : at + 90]!r}")

    def processes(self):
        return [self.gw.pool.pid, *self.gw.workers()]

    def test_the_calls_were_real(self):
        log = b"".join(p.read_bytes() for p in self.gw.record.glob("*.req"))
        for name, canary in CANARIES.items():
            self.assertTrue(canary.encode() in log, f"the provider never saw the key '{name}'")

    def test_no_answer_holds_a_key(self):
        self.assertGreater(len(self.gw.answers), 80)
        for answer in self.gw.answers:
            self.assertNone("an answer", answer)

    def test_mcpctl_prints_no_key(self):
        self.assertNone("mcpctl", self.printed.encode())
        self.assertNone("a backup", self.backup.encode())

    def test_an_administrators_choice_of_plaintext_is_told_aloud(self):
        self.assertIn(CANARIES["clear"], self.backup)
        self.assertIn("in clear: secret 'clear'", self.gw.ctl("backup", check=False).stderr)

    def test_mcpctl_keeps_the_token_in_one_private_file(self):
        kept = [p for p in self.user_home.rglob("*") if p.is_file()]
        self.assertEqual(kept, [self.user_home / ".mcpctl/config.json"])
        self.assertIn(self.gw.token, kept[0].read_text())
        self.assertEqual(stat.S_IMODE(kept[0].stat().st_mode), 0o600)
        self.assertNotIn(self.gw.token, self.remote("config", "view", "-o", "json"))

    def test_an_editor_sees_names_of_keys_and_no_value(self):
        seen = (self.gw.dir / "seen-by-editor").read_bytes()
        self.assertIn(b"k: ''", seen)
        self.assertNone("what the editor saw", seen)
        self.assertEqual(list(self.user_home.glob("mcpctl-edit*")), [])

    def test_no_file_holds_a_key(self):
        looked = 0
        for path in self.gw.dir.rglob("*"):
            if path.is_file() and self.gw.record not in path.parents:
                self.assertNone(path.name, path.read_bytes())
                looked += 1
        self.assertGreater(looked, 5)

    def test_no_argument_and_no_environment_holds_a_key(self):
        # the environment of a process that lets nobody look is for root
        names = ("cmdline", "environ") if os.getuid() == 0 else ("cmdline",)
        for pid in self.processes():
            for name in names:
                self.assertNone(f"{name} of {pid}", pathlib.Path(f"/proc/{pid}/{name}").read_bytes())

    def test_processes_leave_no_core_and_let_nobody_look(self):
        for pid in self.processes():
            limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
            self.assertRegex(limits, r"Max core file size\s+0\s+0")
            if os.getuid() != 0:
                with self.assertRaises(PermissionError):
                    open(f"/proc/{pid}/mem", "rb")

    @unittest.skipUnless(os.getuid() == 0, "only root may read the memory of another process")
    @unittest.skipIf("asan" in str(BUILD) or "tsan" in str(BUILD), "sanitizers keep freed memory")
    def test_memory_holds_no_key_when_the_calls_are_over(self):
        for pid in self.processes():
            with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
                for line in maps:
                    where, rights = line.split()[:2]
                    start, end = (int(n, 16) for n in where.split("-"))
                    if "w" not in rights or end - start > MAP_MAX:
                        continue
                    mem.seek(start)
                    self.assertNone(f"memory of {pid}, {line.strip()}", mem.read(end - start))


@unittest.skipUnless(os.getuid() == 0, "only root may start processes of another user")
@unittest.skipIf("asan" in str(BUILD) or "tsan" in str(BUILD), "the leak checker is a debugger")
class Dumpable(unittest.TestCase):
    """What /proc shows of a process is its user's, unless the process is not dumpable: then it is root's,
    and neither a debugger of that user nor a core comes to its memory. proc(5)"""

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="mcpd-dumpable-"))
        self.addCleanup(shutil.rmtree, self.dir)
        shutil.chown(self.dir, WEB_USER, WEB_USER)
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.dir),
                    "MCPD_CONFIG": str(self.dir / "mcpd.yaml"), "MCPD_DB": str(self.dir / "state")}
        pathlib.Path(self.env["MCPD_CONFIG"]).touch()
        self.assertEqual(self.start("mcpctl", "init").wait(PATIENCE), 0)

    def start(self, program, *args, **options):
        child = subprocess.Popen(
            [BUILD / program, *args], env=self.env, stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            **{"user": WEB_USER, "group": WEB_USER, "extra_groups": [], **options},
        )
        # not killed: the workers of a master that was would still write into the directory for a moment
        self.addCleanup(lambda: (child.stdin.close(), child.terminate(), child.wait(PATIENCE)))
        return child

    def assertShut(self, pid):
        environ = pathlib.Path(f"/proc/{pid}/environ")
        wait_for(f"{pid} to shut its memory", lambda: environ.stat().st_uid == 0)

    def test_a_command_that_asks_for_a_key_is_not(self):
        self.assertShut(self.start("mcpctl", "create", "secret", "s", "--data", "k=-").pid)

    def test_root_becomes_the_owner_and_keeps_no_group(self):
        owner = pwd.getpwnam(WEB_USER)
        child = self.start(
            "mcpctl", "logs", "-f", user=0, group=0, extra_groups=[0, owner.pw_gid + 1]
        )

        def ids():
            text = pathlib.Path(f"/proc/{child.pid}/status").read_text()
            return {key: list(map(int, re.search(rf"^{key}:(.*)", text, re.M)[1].split()))
                    for key in ("Uid", "Gid", "Groups")}

        wait_for("the owner", lambda: ids()["Uid"] == [owner.pw_uid] * 4)
        self.assertEqual(ids()["Gid"], [owner.pw_gid] * 4)
        self.assertEqual(ids()["Groups"], [owner.pw_gid])
        self.assertShut(child.pid)

    def test_a_master_and_its_worker_are_not(self):
        master = self.start("mcpd.fcgi", "--listen", f"unix:{self.dir}/socket", "--workers", "1")
        children = pathlib.Path(f"/proc/{master.pid}/task/{master.pid}/children")
        wait_for("a worker", lambda: children.read_text().split())
        for pid in (master.pid, *children.read_text().split()):
            self.assertShut(pid)


if __name__ == "__main__":
    unittest.main()
