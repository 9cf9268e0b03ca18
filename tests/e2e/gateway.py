"""gateway.py - a whole gateway in a directory of its own, for one file of tests.

Shapes  Gateway makes a store with mcpctl, starts the scripted provider (tests/support/), the pool
        or a web server from httpd-conf/, and stops them all again; GatewayCase gives a class of
        tests one gateway, and shows its logs when a test fails
Units   seconds, as in Python's own library
Errors  anything that does not come up raises with the logs in its text
Source  $MCPD_BUILD is where `make` put the programs (default: the top of the source)
"""

import atexit
import base64
import http.client
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse
import urllib.request

from client import Response, Stream
from fronts import FRONTS, TOP, WEB_USER

sys.path.append(str(TOP / "tests/support"))
from place import short_and_plain  # noqa: E402, its folder was not known before
from ports import free_port  # noqa: E402

BUILD = pathlib.Path(os.environ.get("MCPD_BUILD", TOP)).resolve()
LOG_END = 20000  # characters of each log that are shown
PATIENCE = 60.0  # seconds until something that must happen is given up, on a machine that is busy
STOPPING = 20.0  # ... until what should end is killed
KEY = "sk-canary/+=42"  # the provider's key: nothing that leaves may hold it, in any encoding

# what a build with sanitizers, or valgrind before the programs, says of a fault
REPORT = re.compile(
    r"AddressSanitizer|LeakSanitizer|ThreadSanitizer|runtime error:|^==\d+== ", re.M
)
WRAPPER = os.environ.get("MCPD_WRAPPER", "").split()  # "valgrind -q ..." before mcpd.fcgi

tempfile.tempdir = short_and_plain()
# a web server drops root, and reads what we have made
os.umask(0o022)

# TERM ends us as Ctrl-C does, so that atexit runs and the servers end too; after any other
# exception unittest would go on
signal.signal(signal.SIGTERM, signal.default_int_handler)

unique = itertools.count(1)


def wait_for(what, probe, patience=PATIENCE):
    """wait_for - call probe until it gives something true; its value"""
    end = time.monotonic() + patience
    while True:
        late = time.monotonic() > end  # before: whoever was held up may look once more
        value = probe()
        if value:
            return value
        if late:
            raise AssertionError(f"waited {patience} s for {what}")
        time.sleep(0.01)


def listens(path):
    """listens - does somebody answer at a socket; its name is there before that"""
    with socket.socket(socket.AF_UNIX) as s:
        return s.connect_ex(str(path)) == 0


class Gateway:
    """mcpd behind a front of fronts.py; changes are (old, new) in its configuration, env what the
    programs find in their environment, tls a certificate (tls.py) where the front has its part."""

    def __init__(
        self, front="lighttpd", mount="/", workers=2, config=(), changes=(), env=(), tls=None
    ):
        self.front, self.mount, self.changes, self.tls = FRONTS[front], mount, changes, tls
        self.prefix = mount.rstrip("/")
        self.children, self.gates = [], itertools.count()
        self.asks_again = False  # where every thread is busy; for tests that need all of them
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="mcpd-e2e-"))
        atexit.register(self.stop)
        try:
            self.make_store(workers, [*config, *self.front.config(self)])
            self.start_provider()
            self.env.update(env)
            if self.front.pool:
                self.start_pool()
            self.start_front()
        except BaseException as e:
            logs = self.logs()
            self.stop()
            raise AssertionError(f"the gateway did not come up: {e}\n{logs}") from None

    # --- making and starting ---

    def make_store(self, workers, config):
        self.dir.chmod(0o755)
        # nothing that another mcpd on this machine is told
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("MCPD_")}
        self.env["MCPD_CONFIG"] = str(self.dir / "home/mcpd.yaml")
        self.home, self.run, self.record = (self.dir / n for n in ("home", "run", "record"))
        for d in (self.home, self.run, self.record):
            d.mkdir(mode=0o755)
        self.state = self.home / "state"
        self.socket = self.run / "pool.sock"
        (self.home / "mcpd.yaml").write_text(
            "".join(
                f"{line}\n"
                for line in (
                    f"db: {self.state}",
                    f"workers: {workers}",
                    *(() if "keepalive_seconds" in str(config) else ("keepalive_seconds: 1",)),
                    *config,
                )
            )
        )
        self.token = self.ctl("init").strip()
        if self.front.web_user and os.getuid() == 0:
            for path in (self.home, self.run, *self.home.rglob("*")):
                shutil.chown(path, WEB_USER, WEB_USER)

    def start(self, name, argv):
        log = open(self.run / f"{name}.out", "ab")
        child = subprocess.Popen(
            [str(a) for a in argv],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=self.dir,
            env=self.env,
        )
        log.close()
        child.name = name
        self.children.append(child)
        return child

    def wait_up(self, what, probe):
        def alive():
            for child in self.children:
                if child.poll() is not None:
                    raise AssertionError(f"{child.name} ended with {child.returncode}")
            return probe()

        return wait_for(what, alive)

    def start_provider(self):
        port_file = self.run / "provider.port"
        self.start(
            "provider",
            [BUILD / "tests/support/provider", "--record", self.record, "--port-file", port_file],
        )
        self.wait_up("the provider", port_file.exists)
        self.provider_port = int(port_file.read_text())

    def start_pool(self):
        argv = self.front.pool_argv(self, BUILD / "mcpd.fcgi")
        self.pool = self.start("pool", [*WRAPPER, *argv])
        self.wait_up("the pool's socket", lambda: listens(self.socket))

    def start_front(self):
        self.port = free_port()
        argv = self.front.prepare(self, BUILD / "mcpd.fcgi", self.changes)
        self.web = self.start("front", argv)
        self.wait_up("/readyz", self.ready)

    def ready(self):
        try:
            return self.request("GET", "/readyz", token=None).status == 200
        except (OSError, http.client.HTTPException):
            return False

    # --- ending ---

    def stop(self):
        """stop - end all that was started, throw the directory away; what stood in the logs"""
        atexit.unregister(self.stop)
        for child in reversed(self.children):
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        for child in reversed(self.children):
            try:
                child.wait(STOPPING)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self.children = []
        logs = self.logs()
        shutil.rmtree(self.dir, ignore_errors=True)
        return logs

    def logs(self):
        """logs - the end of everything that was logged"""
        parts = []
        for path in sorted(itertools.chain(self.run.glob("*.out"), self.run.glob("*.log"))):
            parts.append(f"--- {path.name}\n" + path.read_text(errors="replace")[-LOG_END:])
        return "\n".join(parts)

    # --- using it ---

    def ctl(self, *args, input=None, check=True):
        """ctl - mcpctl on the store; what it printed, or the whole result where check is False"""
        done = subprocess.run(
            [BUILD / "mcpctl", "--db", self.state, *map(str, args)],
            input=input,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            env=self.env,
        )
        if not check:
            return done
        if done.returncode != 0:
            raise AssertionError(f"mcpctl {' '.join(args)}: exit {done.returncode}\n{done.stderr}")
        return done.stdout

    def connect(self, timeout=PATIENCE):
        if self.tls is None:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        return http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=timeout, context=self.tls.client_context()
        )

    def send(self, method, path, body, token, headers, timeout=PATIENCE):
        connection = self.connect(timeout)
        headers = dict(headers or {})
        if token is not None:
            headers.setdefault("Authorization", f"Bearer {token}")
        if body is not None:
            if not isinstance(body, (bytes, str)):
                body = json.dumps(body)
            if isinstance(body, str):
                body = body.encode()
            headers.setdefault("Content-Type", "application/json")

        def answer():
            connection.request(method, self.prefix + path, body, headers)
            response = connection.getresponse()
            if response.status != 503 or not self.asks_again:
                return response
            response.read()
            return None

        return connection, wait_for("a free thread", answer)

    def request(self, method, path, body=None, token="", headers=None):
        """request - one call; token "": the administrator's, None: none"""
        token = self.token if token == "" else token
        connection, answer = self.send(method, path, body, token, headers)
        try:
            return Response(answer)
        finally:
            connection.close()

    def stream(self, path, body, token="", headers=None):
        token = self.token if token == "" else token
        return Stream(*self.send("POST", path, body, token, headers))

    def chat(self, llm, token="", **fields):
        """chat - a call of /infer that is not streamed"""
        body = {"messages": [{"role": "user", "content": "hi"}], **fields}
        return self.request("POST", f"/api/v1/llms/{llm}/infer", body, token)

    def chat_stream(self, llm, token="", **fields):
        body = {"messages": [{"role": "user", "content": "hi"}], "stream": True, **fields}
        return self.stream(f"/api/v1/llms/{llm}/infer", body, token)

    # --- its provider and its catalogue ---

    def gate(self):
        """gate - a number for a script's gate= that no other test has"""
        return next(self.gates)

    def open_gate(self, gate):
        """open_gate - let the provider send one more event"""
        urllib.request.urlopen(
            self.provider_url(f"gate={gate}/next"), data=b"", timeout=PATIENCE
        ).close()

    def provider_url(self, script=""):
        return f"http://127.0.0.1:{self.provider_port}" + (f"/{script}" if script else "")

    def create(self, resource, **fields):
        done = self.request("POST", f"/api/v1/{resource}", fields)
        if done.status != 201:
            raise AssertionError(f"create {resource} {fields}: {done}")
        return done.json()

    def key_ref(self):
        """key_ref - the Secret with the provider's key, made once"""
        if self.request("GET", "/api/v1/secrets/provider").status == 404:
            self.create("secrets", name="provider", data={"token": KEY})
        return {"name": "provider", "key": "token"}

    def llm(self, script="", name=None, extra=None, **fields):
        """llm - an Llm whose provider follows the script; its name"""
        name = name or f"llm-{next(unique)}"
        fields = {
            "type": "openai",
            "model": "scripted-1",
            "url": self.provider_url(script),
            "apiKeyRef": self.key_ref(),
            **fields,
        }
        self.create(
            "llms",
            name=name,
            extraConfig={"allowPrivateUrl": True, **(extra or {})},
            **{k: v for k, v in fields.items() if v is not None},
        )
        return name

    def user(self, *roles, name=None):
        """user - a user with roles ("run:llms:one"), and a token of theirs"""
        name = name or f"user-{next(unique)}"
        self.create("users", name=name)
        if roles:
            self.create(
                "rbac",
                name=f"rbac-{name}",
                subjects=[{"kind": "User", "name": name}],
                roleBindings=[dict(zip(("role", "resource", "name"), r.split(":"))) for r in roles],
            )
        token = self.create("mcptokens", name=f"token-{name}", user=name)["token"]
        return name, token

    # --- what the provider and the records saw ---

    def recorded(self, marker):
        """recorded - (number, head, body) of the one request whose bytes hold the marker"""
        marker = marker.encode() if isinstance(marker, str) else marker

        def look():
            for path in sorted(self.record.glob("*.req")):
                data = path.read_bytes()
                if marker in data:
                    head, _, body = data.partition(b"\r\n\r\n")
                    return int(path.stem), head.decode(), body
            return None

        return wait_for(f"a request with {marker!r}", look)

    def requests_recorded(self):
        return len(list(self.record.glob("*.req")))

    def ended(self, number, patience=PATIENCE):
        """ended - how the provider's log says that a request ended"""

        def look():
            log = self.record / "log"
            lines = log.read_text().splitlines() if log.exists() else []
            return next((line for line in lines if line.startswith(f"{number:04d} ")), None)

        return wait_for(f"the end of request {number}", look, patience)

    def audit_lines(self, **members):
        """audit_lines - those that have all of these members"""
        lines = [
            json.loads(line)
            for path in sorted(self.state.glob("audit-*.log"))
            for line in path.read_text().splitlines()
        ]
        return [line for line in lines if all(line.get(k) == v for k, v in members.items())]

    def audit_of(self, llm):
        """audit_of - the one line of the one call of an Llm"""
        return self.one_line(event="llm_inference_call", llm=llm)

    def audit(self, request_id):
        """audit - the one line of a call"""
        return self.one_line(requestId=request_id)

    def one_line(self, **members):
        lines = wait_for(f"the audit line of {members}", lambda: self.audit_lines(**members))
        if len(lines) != 1:
            raise AssertionError(f"{len(lines)} audit lines of one call: {lines}")
        return lines[0]

    def workers(self):
        """workers - the process ids of the pool's workers"""
        pid = self.pool.pid
        return [
            int(p) for p in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        ]


# the least that an Llm must have
LLM = {"type": "openai", "model": "gpt-4o"}


class GatewayCase(unittest.TestCase):
    """Tests that share one gateway; options are those of Gateway."""

    options = {}
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.gw = Gateway(**cls.options)

    @classmethod
    def tearDownClass(cls):
        logs = cls.gw.stop()
        if REPORT.search(logs):
            raise AssertionError(f"a fault was reported:\n{logs}")

    def run(self, result=None):
        before = len(result.failures) + len(result.errors) if result else 0
        super().run(result)
        if result and len(result.failures) + len(result.errors) > before:
            print(f"=== logs after {self.id()}\n{self.gw.logs()}\n===", flush=True)

    def assertStatus(self, answer, status):
        self.assertEqual(answer.status, status, repr(answer))
        return answer

    def call(self, method, path, body=None, status=200, token="", headers=None):
        """call - a request that must be answered with this status"""
        return self.assertStatus(self.gw.request(method, path, body, token, headers), status)

    def make_llm(self, **fields):
        """make_llm - an Llm without a provider, for tests of the catalogue alone"""
        fields = {"name": self.unused_name(), **LLM, **fields}
        return self.call("POST", "/api/v1/llms", fields, 201).json()

    def unused_name(self):
        return f"n{next(unique)}"

    def infer(self, llm, body, status=200, token=""):
        return self.call("POST", f"/api/v1/llms/{llm}/infer", body, status, token)

    def v1(self, body, status=200, token=""):
        return self.call("POST", "/v1/chat/completions", body, status, token)

    def assertFailure(self, answer, status, code=None, type=None, param=None):
        """assertFailure - the one error shape of inference paths; its error object"""
        self.assertStatus(answer, status)
        error = answer.json()["error"]
        self.assertEqual(set(error), {"message", "type", "param", "code"})
        self.assertIsInstance(error["message"], str)
        self.assertNotEqual(error["message"], "")
        if code:
            self.assertEqual(error["code"], code, error)
        if type:
            self.assertEqual(error["type"], type, error)
        if param:
            self.assertEqual(error["param"], param, error)
        return error

    def assertNoKey(self, data):
        """assertNoKey - the provider's key, plain or encoded, is not in there"""
        data = data if isinstance(data, bytes) else str(data).encode()
        for form in (
            KEY.encode(),
            base64.b64encode(KEY.encode()),
            urllib.parse.quote(KEY, safe="").encode(),
            KEY.replace("/", "\\/").encode(),
        ):
            self.assertNotIn(form, data)


def parallel(n, call):
    """parallel - call(i) in n threads at a time; their results, or the first exception"""
    results, errors = [None] * n, []

    def one(i):
        try:
            results[i] = call(i)
        except BaseException as e:
            errors.append(e)

    threads = [threading.Thread(target=one, args=(i,)) for i in range(n)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if errors:
        raise errors[0]
    return results
