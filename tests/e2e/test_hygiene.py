"""No key in any byte that leaves: answers, files, arguments, environment, memory after use. DESIGN.md 5."""

import base64
import os
import pathlib
import signal
import subprocess
import unittest
import urllib.parse

from gateway import BUILD, Gateway, GatewayCase, PATIENCE, wait_for

# one for each way that a key comes in; none is a part of another
CANARIES = {
    "rest": "sk-canary-rest/Q7+zzx9==",
    "put": "sk-canary-put/W8+yyv8==",
    "stdin": "sk-canary-stdin/E9+xxu7==",
    "argument": "sk-canary-file/R1+wwt6==",
    "header": "sk-canary-header/T2+vvs5==",
}
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
        cls.secrets()
        cls.use()

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
        cls.printed = gw.ctl("get", "all", "-o", "yaml") + gw.ctl("describe", "secret", "rest")
        cls.printed += gw.ctl("backup")

    def assertNone(self, where, data):
        for name, canary in CANARIES.items():
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
            self.assertIn(canary.encode(), log, f"the provider never saw the key '{name}'")

    def test_no_answer_holds_a_key(self):
        self.assertGreater(len(self.gw.answers), 80)
        for answer in self.gw.answers:
            self.assertNone("an answer", answer)

    def test_mcpctl_prints_no_key(self):
        self.assertNone("mcpctl", self.printed.encode())

    def test_no_file_holds_a_key(self):
        looked = 0
        for path in self.gw.dir.rglob("*"):
            if path.is_file() and self.gw.record not in path.parents:
                self.assertNone(path.name, path.read_bytes())
                looked += 1
        self.assertGreater(looked, 5)

    def test_no_argument_and_no_environment_holds_a_key(self):
        for pid in self.processes():
            for name in ("cmdline", "environ"):
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


if __name__ == "__main__":
    unittest.main()
