"""mcpctl infer, test and whoami: on the store itself, and over HTTP, with the same words. CLI.md."""

import http.server
import json
import os
import pty
import select
import signal
import subprocess
import threading
import time
import unittest

from gateway import BUILD, GatewayCase, PATIENCE, unique, wait_for


def heed(action):
    """heed - what a child does at SIGINT, whoever runs the tests"""
    return lambda: signal.signal(signal.SIGINT, action)


class Meanwhile(http.server.ThreadingHTTPServer):
    """The gateway once more; something happens when the users are asked for, after the log. What was
    asked for stands in paths."""

    def __init__(self, gw, act):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.gw, self.act, self.paths = gw, act, []
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def stop(self):
        self.shutdown()
        self.server_close()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.paths.append(self.path)
            if self.path.startswith("/api/v1/users"):
                self.server.act()
            answer = self.server.gw.request("GET", self.path)
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.headers["Content-Type"])
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *args):
            pass


class Use(GatewayCase):
    def command(self, way, *args):
        place = {
            "store": ["--db", str(self.gw.state)],
            "http": ["--daemon-url", f"http://127.0.0.1:{self.gw.port}"],
        }[way]
        return [str(BUILD / "mcpctl"), *place, *map(str, args)]

    def env(self):
        return {**self.gw.env, "MCPD_TOKEN": self.gw.token, "HOME": str(self.gw.home)}

    def run_both(self, *args, input=""):
        """run_both - what it did on the store; over HTTP it must be the same"""
        seen = [
            subprocess.run(
                self.command(way, *args),
                input=input,
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                env=self.env(),
            )
            for way in ("store", "http")
        ]
        one, other = ((d.returncode, d.stdout, d.stderr) for d in seen)
        self.assertEqual(one, other)
        return seen[0]

    def test_an_answer_comes_out_as_text_with_a_newline_at_its_end(self):
        llm = self.gw.llm("events=3")
        done = self.run_both("infer", llm, "hello")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, "w0 w1 w2 \n")
        whole = self.run_both("infer", llm, "--no-stream", "hello")
        self.assertEqual(whole.stdout, "Hello from the scripted provider.\n")

    def test_text_comes_out_when_it_comes_in(self):
        for way in ("store", "http"):
            gate = self.gw.gate()
            llm = self.gw.llm(f"events=3,gate={gate},hold,text=a%20b%20c")
            child = subprocess.Popen(
                self.command(way, "infer", llm, "hello"), stdout=subprocess.PIPE, env=self.env()
            )
            seen = b""
            for _ in range(3):
                self.gw.open_gate(gate)
                before = seen
                seen += os.read(child.stdout.fileno(), 100)
                self.assertGreater(len(seen), len(before))
            child.communicate(timeout=PATIENCE)
            self.assertEqual(child.returncode, 0)

    def test_the_prompt_may_come_from_stdin_and_a_system_message_goes_first(self):
        marker = f"prompt {next(unique)} äöü\n  two"
        llm = self.gw.llm("events=1")
        done = self.run_both("infer", llm, "-", "--system", "Be brief.", input=marker + "\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        bodies = [p.read_bytes().partition(b"\r\n\r\n")[2] for p in self.gw.record.glob("*.req")]
        bodies = [json.loads(b) for b in bodies if marker[:10].encode() in b]
        self.assertEqual(len(bodies), 2)
        for body in bodies:
            self.assertEqual(
                body["messages"],
                [
                    {"role": "system", "content": "Be brief."},
                    {"role": "user", "content": marker},
                ],
            )

    def test_json_prints_a_line_an_event(self):
        llm = self.gw.llm("events=2")
        for args in (["--json"], ["-o", "json"]):
            done = subprocess.run(
                self.command("store", "infer", llm, "x", *args),
                stdin=subprocess.DEVNULL, capture_output=True, text=True, env=self.env(),
            )
            lines = [json.loads(line) for line in done.stdout.splitlines()]
            self.assertTrue(all(o["object"] == "chat.completion.chunk" for o in lines))
            self.assertEqual(lines[-1]["choices"][0]["finish_reason"], "stop")

    def test_every_failure_has_words_and_a_status(self):
        for script, words in (
            ("status=401", "HTTP 401"),
            ("status=429", "HTTP 429: scripted failure"),
            ("cut=1", "cut: the connection ended before the answer did"),
            ("errorevent=1", "an error in the stream: scripted failure"),
        ):
            done = self.run_both("infer", self.gw.llm(script), "x")
            self.assertEqual(done.returncode, 1)
            self.assertIn(words, done.stderr)
            self.assertTrue(done.stderr.startswith("mcpctl: "), done.stderr)
            self.assertNoKey(done.stderr + done.stdout)
        done = self.run_both("infer", "no-such-llm", "x")
        self.assertEqual((done.returncode, done.stderr), (1, "mcpctl: llm 'no-such-llm' not found\n"))
        done = self.run_both("infer", "x", input="")
        self.assertEqual(done.returncode, 2)

    def test_ctrl_c_ends_the_providers_call(self):
        for way in ("store", "http"):
            llm = self.gw.llm("silence=1")
            child = subprocess.Popen(
                self.command(way, "infer", llm, f"interrupt {way}"),
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.env(),
                preexec_fn=heed(signal.SIG_DFL),
            )
            number, _, _ = self.gw.recorded(f"interrupt {way}")
            self.assertNotEqual(os.read(child.stdout.fileno(), 100), b"")
            child.send_signal(signal.SIGINT)
            _, notes = child.communicate(timeout=PATIENCE)
            self.assertEqual((child.returncode, notes), (130, "mcpctl: interrupted\n"))
            self.assertIn("client-closed", self.gw.ended(number))

    def test_where_ctrl_c_is_ignored_the_answer_goes_on(self):
        llm = self.gw.llm("events=20,delay=20")
        for way in ("store", "http"):
            child = subprocess.Popen(
                self.command(way, "infer", llm, "x"),
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.env(),
                preexec_fn=heed(signal.SIG_IGN),
            )
            os.read(child.stdout.fileno(), 1)
            child.send_signal(signal.SIGINT)
            _, notes = child.communicate(timeout=PATIENCE)
            self.assertEqual((child.returncode, notes), (0, b""))

    def test_a_reader_that_leaves_ends_it_without_a_word(self):
        llm = self.gw.llm("events=50,delay=20")
        for way in ("store", "http"):
            child = subprocess.Popen(
                self.command(way, "infer", llm, "x"),
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.env(),
            )
            os.read(child.stdout.fileno(), 1)
            child.stdout.close()
            self.assertEqual(child.stderr.read(), b"")
            child.stderr.close()
            self.assertEqual(child.wait(PATIENCE), -signal.SIGPIPE)

    def test_a_full_disk_is_no_interrupt(self):
        llm = self.gw.llm("events=2")
        for args in ((), ("--json",), ("--no-stream",), ("--no-stream", "--json")):
            for way in ("store", "http"):
                with open("/dev/full", "w") as full:
                    done = subprocess.run(
                        self.command(way, "infer", llm, "x", *args),
                        stdout=full, stderr=subprocess.PIPE, text=True,
                        timeout=PATIENCE, env=self.env(),
                    )
                self.assertEqual(
                    (done.returncode, done.stderr), (1, "mcpctl: stdout: No space left on device\n")
                )

    def test_an_answer_can_not_steer_the_terminal(self):
        llm = self.gw.llm("events=1,text=a%1b%5b31mb%0ac")
        control, terminal = pty.openpty()
        child = subprocess.Popen(
            self.command("store", "infer", llm, "x"),
            stdin=subprocess.DEVNULL, stdout=terminal, env=self.env(),
        )
        os.close(terminal)
        seen = b""
        try:
            while piece := os.read(control, 1000):
                seen += piece
        except OSError:
            pass  # the end of a terminal
        os.close(control)
        self.assertEqual(child.wait(PATIENCE), 0)
        self.assertEqual(seen, b"a\\x1b[31mb\r\nc\r\n")

    def test_test_llm_says_whether_the_key_works(self):
        llm = self.gw.llm("", model="scripted-1")
        done = self.run_words("test", "llm", llm)
        self.assertRegex(done.stdout, rf"^llm '{llm}' ok: HTTP 200 in \d+ ms, the model is (not )?listed\n$")
        done = self.run_words("test", "llm", self.gw.llm("status=401,echo"), status=1)
        self.assertRegex(done.stderr, r"^mcpctl: llm 'llm-\d+': openai: HTTP 401\b")
        self.assertNoKey(done.stderr)

    def line(self, child):
        """line - the next of its output; a child that says nothing must not hold us for ever"""
        ready, _, _ = select.select([child.stdout], [], [], PATIENCE)
        if not ready:
            child.kill()
            self.fail("nothing came")
        return child.stdout.readline().decode()

    def run_words(self, *args, status=0):
        """run_words - on both ways; their numbers may differ"""
        for way in ("store", "http"):
            done = subprocess.run(
                self.command(way, *args), capture_output=True, text=True, env=self.env()
            )
            self.assertEqual(done.returncode, status, done.stderr)
        return done

    def test_whoami_names_user_token_and_rights(self):
        name, token = self.gw.user("run:llms:some")
        env = {**self.env(), "MCPD_TOKEN": token}
        done = subprocess.run(self.command("http", "whoami"), capture_output=True, text=True, env=env)
        self.assertEqual(
            done.stdout,
            f"User:         {name}\nToken:        token-{name}\nGroups:       -\nLlms:         -\n"
            "Permissions:\n  run   llms   some\n",
        )
        done = subprocess.run(self.command("store", "whoami"), capture_output=True, text=True, env=env)
        self.assertIn("the administrator at the store itself", done.stdout)
        env["MCPD_TOKEN"] = "mcp_" + "x" * 43
        done = subprocess.run(self.command("http", "whoami"), capture_output=True, text=True, env=env)
        self.assertEqual(done.returncode, 4, done.stderr)

    def settle(self):
        """settle - until every call has its line and is counted, which is after its last byte"""

        def settled():
            rows = self.gw.request("GET", "/api/v1/usage?by=llm").json()
            lines = self.gw.audit_lines(event="llm_inference_call")
            running = self.gw.request("GET", "/api/v1/status").json()["calls"]
            return running == 0 and sum(r["requests"] for r in rows) == len(lines)

        wait_for("the books", settled)

    def test_logs_show_calls_and_changes_the_oldest_first(self):
        llm = self.gw.llm("events=2")
        name, token = self.gw.user(f"run:llms:{llm}")
        self.gw.chat(llm, token)
        self.settle()
        self.gw.ctl("patch", "llm", llm, "tier=heavy")
        done = self.run_both("logs", "--llm", llm, "--since", "1h")
        rows = [line.split() for line in done.stdout.splitlines()]
        self.assertEqual(rows[0], ["TIME", "USER", "OBJECT", "STATUS", "MS", "IN", "OUT", "NOTE"])
        self.assertEqual([row[1:4] for row in rows[1:]], [[name, f"llm/{llm}", "200"]])
        done = self.run_both("logs", "--no-headers", "--limit", "1000")
        rows = [line.split() for line in done.stdout.splitlines()]
        self.assertEqual(
            [row[-1] for row in rows if row[2:4] == [f"llm/{llm}", "-"]], ["create", "update"]
        )
        self.assertEqual([row[0] for row in rows], sorted(row[0] for row in rows))
        done = self.run_both("logs", "--llm", llm, "--user", name, "-o", "json")
        self.assertEqual([e["llm"] for e in json.loads(done.stdout)], [llm])
        times = [e["at"] for e in json.loads(self.run_both("logs", "-o", "json").stdout)]
        self.assertGreater(len(times), 2)
        self.assertEqual(times, sorted(times))
        self.assertEqual(self.run_both("logs", "--since", "yesterday").returncode, 2)

    def test_an_edit_that_is_ended_leaves_no_value_behind(self):
        self.gw.create("secrets", name="edited", data={"key": "before"})
        for way, signo in (("store", signal.SIGTERM), ("store", signal.SIGHUP), ("http", signal.SIGHUP)):
            room = self.gw.dir / f"tmp-{way}-{signo}"
            room.mkdir()
            script = self.gw.dir / "slow-editor"
            script.write_text('echo "  key: sk-typed" >>"$1"; cp "$1" "$1~"; exec sleep 60\n')
            child = subprocess.Popen(
                self.command(way, "edit", "secret", "edited"),
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                env={**self.env(), "TMPDIR": str(room), "EDITOR": f"exec sh {script}"},
                # where the tests run under nohup, the editor would not be ended by it either
                preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
            )
            wait_for("the editor", lambda: list(room.glob("*/*~")))
            child.send_signal(signo)
            seen = child.communicate(timeout=PATIENCE)
            self.assertEqual(seen, ("", "mcpctl: interrupted; nothing is changed\n"))
            self.assertEqual(child.returncode, 130)
            self.assertEqual(list(room.iterdir()), [])

    def test_a_migration_tells_each_failure_once(self):
        self.gw.key_ref()
        self.gw.create("secretbackends", name="gone", type="openbao", config={
            "url": "http://127.0.0.1:1", "tokenSecret": {"name": "provider", "key": "token"}})
        self.gw.create("secrets", name="stays", data={"key": "v"})
        for words in (["stays"], ["nowhere"]):
            done = self.run_both("migrate", "secrets", "--from", "sealed", "--to", "gone", *words)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(done.stderr.count(f"secret '{words[0]}'"), 1, done.stderr)

    def test_logs_follow_shows_what_comes(self):
        for way in ("store", "http"):
            llm = self.gw.llm("events=1")
            child = subprocess.Popen(
                self.command(way, "logs", "-f", "--llm", llm, "--no-headers"),
                stdout=subprocess.PIPE, bufsize=0, env=self.env(),
            )  # bufsize: select() does not see what a buffer has
            self.addCleanup(child.kill)
            for _ in range(3):
                self.assertEqual(self.gw.chat(llm).status, 200)
                self.assertIn(f"llm/{llm}", self.line(child))
            child.terminate()  # a background job ignores SIGINT, and so do its children
            self.assertEqual(child.wait(PATIENCE), -signal.SIGTERM)
            child.stdout.close()

    def test_logs_follow_misses_nothing_that_comes_while_it_starts(self):
        llm = self.gw.llm("events=1")
        self.gw.audit(self.gw.chat(self.gw.llm()).request_id)
        server = Meanwhile(self.gw, lambda: self.gw.audit(self.gw.chat(llm).request_id))
        child = subprocess.Popen(
            [BUILD / "mcpctl", "--daemon-url", server.url, "logs", "-f", "--llm", llm, "-o", "name"],
            stdout=subprocess.PIPE, bufsize=0, env=self.env(),
        )
        try:
            self.assertEqual(self.line(child).strip(), self.gw.audit_of(llm)["id"])
        finally:
            child.kill()
            child.communicate()
            server.stop()

    def test_logs_follow_is_not_held_back_by_the_limit_of_its_beginning(self):
        llm = self.gw.llm()
        self.gw.audit(self.gw.chat(llm).request_id)
        day = sorted(self.gw.state.glob("audit-*.log"))[-1]
        event = json.loads(day.read_text().splitlines()[-1])
        for way in ("store", "http"):
            ids = [f"c{way:0>10}{i:014d}" for i in range(1200)]
            child = subprocess.Popen(
                self.command(way, "logs", "-f", "--llm", llm, "--limit", "1", "-o", "name"),
                stdout=subprocess.PIPE, bufsize=0, env=self.env(),
            )
            try:
                self.line(child)
                with day.open("a") as log:
                    log.write("".join(json.dumps({**event, "event": "other", "id": id}) + "\n" for id in ids))
                seen, end = [], time.monotonic() + PATIENCE
                while len(seen) < len(ids) and time.monotonic() < end:
                    seen.append(self.line(child).strip())
                self.assertEqual(seen, ids)
            finally:
                child.kill()
                child.communicate()

    def test_logs_follow_does_not_read_the_events_of_others_again_and_again(self):
        llm, other = self.gw.llm("events=1"), self.gw.llm("events=1")
        self.gw.audit(self.gw.chat(other).request_id)
        server = Meanwhile(self.gw, lambda: None)
        child = subprocess.Popen(
            [BUILD / "mcpctl", "--daemon-url", server.url, "logs", "-f", "--llm", llm, "-o", "name"],
            stdout=subprocess.PIPE, bufsize=0, env=self.env(),
        )
        try:
            wait_for("a look", lambda: any("after=" in path for path in server.paths))
            passed = self.gw.audit(self.gw.chat(other).request_id)["id"]
            wait_for("a look from there on", lambda: any(
                f"llm={llm}" in path and f"after={passed}" in path for path in server.paths))
            self.gw.chat(llm)
            self.assertEqual(self.line(child).strip(), self.gw.audit_of(llm)["id"])
        finally:
            child.kill()
            child.communicate()
            server.stop()

    def test_logs_follow_goes_on_where_the_last_event_was_removed_with_its_day(self):
        home = self.gw.dir / "removed"
        home.mkdir()
        place = [BUILD / "mcpctl", "--db", home / "state"]
        subprocess.run([*place, "init"], check=True, capture_output=True, env=self.env())
        today = int(time.time()) // 86400 * 86400

        def put(*events):
            """put - the file of the first one's day, in one step"""
            lines = [
                json.dumps({"id": f"c{name:0>24}", "event": "e", "at": time.strftime(
                    "%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(at))}) + "\n"
                for name, at in events
            ]
            (home / "new").write_text("".join(lines))
            day = time.strftime("audit-%Y%m%d.log", time.gmtime(events[0][1]))
            (home / "new").rename(home / "state" / day)

        put(("one", today - 86400), ("two", today - 86400))
        put(("three", today + 1))
        child = subprocess.Popen(
            [*place, "logs", "-f", "-o", "name"], stdout=subprocess.PIPE, bufsize=0, env=self.env()
        )
        try:
            seen = [self.line(child).strip().lstrip("c0") for _ in range(3)]
            put(("four", today + 2))
            seen.append(self.line(child).strip().lstrip("c0"))
            self.assertEqual(seen, ["one", "two", "three", "four"])
        finally:
            child.kill()
            child.communicate()

    def test_usage_adds_up_and_status_tells_of_the_pool(self):
        llm = self.gw.llm("events=2")
        for _ in range(3):
            self.gw.chat(llm)
        self.settle()
        done = self.run_both("usage", "--by", "llm")
        rows = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()}
        self.assertEqual(rows["LLM"], ["REQUESTS", "ERRORS", "PROMPT", "COMPLETION", "CACHED"])
        self.assertEqual(rows[llm][:2], ["3", "0"])
        for by in ("user", "token"):
            name = f"{by}-{next(unique)}"
            self.gw.create("users", name=f"z-{name}")
            self.gw.create("rbac", name=f"z-{name}", subjects=[{"kind": "User", "name": f"z-{name}"}],
                           roleBindings=[{"role": "run", "resource": "llms"}])
            for first in ("b", "a", "c"):
                token = self.gw.create("mcptokens", name=f"{first}-{name}", user=f"z-{name}")["token"]
                self.gw.chat(llm, token)
            self.settle()
            rows = json.loads(self.run_both("usage", "--by", by, "-o", "json").stdout)
            names = [r[by] or "" for r in rows]  # calls of mcpctl on the store have none
            self.assertEqual(names, sorted(names))
        done = self.run_both("usage", "--by", "lm")
        self.assertEqual(done.returncode, 2)
        self.assertIn("did you mean 'llm'?", done.stderr)
        done = self.run_words("status")  # a server is busy with the question itself
        self.assertRegex(done.stdout, r"(?m)^Workers: +2$")
        self.assertRegex(done.stdout, r"(?m)^Store: +ok$")


if __name__ == "__main__":
    unittest.main()
