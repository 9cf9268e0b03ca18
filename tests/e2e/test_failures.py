"""Calls that fail: TRANSLATION.md 4, and the order of checks of API.md 3."""

import json
import os
import signal
import unittest

import fcgi
from fastcgi import Request
from gateway import BUILD, GatewayCase, free_port, unique, wait_for

HI = {"messages": [{"role": "user", "content": "hi"}]}


class Paths(GatewayCase):
    """Where the store and its key are is for the log, and for who works on the store itself."""

    def hears(self, answer, words, status=503):
        """hears - the words are in (status, body), and no path of this host is"""
        self.assertEqual(answer[0], status, answer)
        self.assertIn(words.encode(), answer[1])
        self.assertNotIn(str(self.gw.home).encode(), answer[1])

    def test_a_change_that_fails_names_no_directory(self):
        lock, aside = self.gw.state / ".lock", self.gw.state / "aside"
        os.rename(lock, aside)
        lock.mkdir()
        try:
            answer = self.gw.request("POST", "/api/v1/users", {"name": self.unused_name()})
            local = self.gw.ctl("create", "user", self.unused_name(), check=False).stderr
        finally:
            lock.rmdir()
            os.rename(aside, lock)
        self.hears((answer.status, answer.body), '"state/.lock is no regular file"')
        whole = f"{self.gw.state}/.lock is no regular file"
        self.assertIn(whole, local)
        wait_for("the line of the log", lambda: f"503 {whole}\n" in self.gw.logs())

    def test_a_key_file_that_is_gone_is_named_alone(self):
        llm = self.gw.llm()
        self.gw.create("secretbackends", name="clear", type="plaintext")
        key, aside = self.gw.home / "mcpd.key", self.gw.home / "aside"
        migration = {"from": "sealed", "to": "clear"}
        os.rename(key, aside)
        try:
            # a process of its own each, which has never read the key
            ask = lambda path, body: fcgi.run(
                BUILD / "mcpd.fcgi", self.gw.env, "POST", path, self.gw.token, body
            )
            answers = (
                (ask("/api/v1/secrets", {"name": "s", "data": {"k": "v"}}), 503),
                (ask(f"/api/v1/llms/{llm}/infer", HI), 503),
                (ask(f"/api/v1/llms/{llm}/test", None), 200),
                (ask("/api/v1/secrets/migrate", migration), 200),
            )
            local = self.gw.ctl("test", "llm", llm, check=False)
        finally:
            os.rename(aside, key)
        for answer, status in answers:
            self.hears(answer, "mcpd.key: there is no key file", status)
        self.assertIn(f"{key}: there is no key file", local.stdout + local.stderr)


class Refusals(GatewayCase):
    """A request that is wrong never reaches the provider, and hears why in the right order."""

    options = {"config": ("max_body: 1048576",)}

    def test_bad_requests(self):
        llm = self.gw.llm()
        before = self.gw.requests_recorded()
        good = '"messages":[{"role":"user","content":"x"}]'
        for body, param in (
            (b"", None),
            (b"{", None),
            (b"[]", None),
            (b'"x"', None),
            (b"{} {}", None),
            (b"{}", "messages"),
            (b'{"messages":[]}', "messages"),
            (b'{"messages":{}}', "messages"),
            (b'{"messages":null}', "messages"),
            (f'{{"model":1,{good}}}'.encode(), "model"),
            (f'{{"stream":"yes",{good}}}'.encode(), "stream"),
            (f'{{"stream":1,{good}}}'.encode(), "stream"),
            (f'{{"model":"a","model":"a",{good}}}'.encode(), None),
            (f'{{"mod\\u0065l":"a","model":"a",{good}}}'.encode(), None),
            (f'{{"stream":true,"str\\u0065am":false,{good}}}'.encode(), None),
            (f'{{{good},{good}}}'.encode(), None),
            (b'{"a":"\xff",' + good.encode() + b"}", None),
            (b'{"a":' + b"[" * 200 + b"]" * 200 + b"," + good.encode() + b"}", None),
        ):
            answer = self.infer(llm, body, 400)
            self.assertFailure(answer, 400, type="invalid_request_error", param=param)
        self.assertEqual(self.gw.requests_recorded(), before)

    def test_v1_needs_a_model(self):
        for model in ({}, {"model": None}, {"model": ""}, {"model": 7}):
            answer = self.gw.request("POST", "/v1/chat/completions", {**HI, **model})
            self.assertIn(answer.status, (400, 404), answer)
            self.assertFailure(answer, answer.status, type="invalid_request_error")

    def test_a_body_over_the_limit_is_413(self):
        llm = self.gw.llm()
        answer = self.infer(llm, {**HI, "x": "y" * (1 << 20)}, 413)
        self.assertFailure(answer, 413, type="invalid_request_error")

    def test_the_order_of_checks(self):
        llm = self.gw.llm()
        _, nobody = self.gw.user("view:llms")
        self.assertFailure(self.infer(llm, b"{", 401, None), 401, "invalid_api_key")
        self.assertFailure(self.infer(llm, b"{", 403, nobody), 403)
        self.assertFailure(self.infer("nonesuch", b"{", 404), 404, "model_not_found")
        self.assertFailure(self.infer(llm, b"{", 400), 400)
        self.assertFailure(self.v1(b"{", 400, nobody), 400)
        gemini = self.gw.llm(type="gemini-cli", apiKeyRef=None, url=None)
        self.assertFailure(self.infer(gemini, b"{", 400), 400)
        answer = self.infer(gemini, HI, 501)
        self.assertFailure(answer, 501, "unsupported_provider", "server_error")
        self.assertEqual(answer.headers["x-should-retry"], "false")

    def test_a_missing_key_is_500_before_the_provider(self):
        llm = self.gw.llm(apiKeyRef={"name": self.gw.key_ref()["name"], "key": "token"})
        secret = f"secret-{next(unique)}"
        self.gw.create("secrets", name=secret, data={"a": "x", "b": "y"})
        self.call("PUT", f"/api/v1/llms/{llm}", {"apiKeyRef": {"name": secret, "key": "b"}})
        self.call("PUT", f"/api/v1/secrets/{secret}", {"data": {"a": "x"}})
        before = self.gw.requests_recorded()
        answer = self.infer(llm, HI, 500)
        error = self.assertFailure(answer, 500, "key_unresolved", "server_error")
        self.assertIn("Failed to resolve API key", error["message"])
        self.assertEqual(answer.headers["x-should-retry"], "false")
        self.assertEqual(self.gw.requests_recorded(), before)

    def test_a_type_without_a_default_needs_a_url(self):
        llm = self.gw.llm(type="vllm", url=None, apiKeyRef=None)
        error = self.assertFailure(self.infer(llm, HI, 502), 502)
        self.assertIn(
            "vllm: url is required (no default endpoint for this provider)", error["message"]
        )


class Uploads(GatewayCase):
    """A call that never comes to its end leaves one line, however its body was cut."""

    def calls(self):
        return self.call("GET", "/api/v1/status").json()["calls"]

    def line(self, path, end):
        """line - of a call that is ended in the middle of its body"""
        before = {e["id"] for e in self.gw.audit_lines(event="llm_inference_call")}
        upload = Request(self.gw, "POST", path, None, CONTENT_LENGTH="100")
        upload.send_body(b'{"messages":')
        wait_for("the call to be known", lambda: self.calls() == 1)
        end(upload)

        def new():
            self.calls()  # whoever asks writes the lines of the dead
            lines = self.gw.audit_lines(event="llm_inference_call")
            return [e for e in lines if e["id"] not in before]

        lines = wait_for("its line", new)
        wait_for("the call to be over", lambda: self.calls() == 0)
        upload.close()
        self.assertEqual(len(new()), 1, new())
        return lines[0]

    def kill(self, _):
        for pid in self.gw.workers():
            os.kill(pid, signal.SIGKILL)

    def test_a_client_that_leaves(self):
        llm = self.gw.llm()
        for path, name in ((f"/api/v1/llms/{llm}/infer", llm), ("/v1/chat/completions", None)):
            for end in (Request.abort, Request.close):
                line = self.line(path, end)
                self.assertEqual(
                    [line[k] for k in ("llm", "status", "aborted", "attempts", "error")],
                    [name, 499, True, 0, None],
                )

    def test_a_worker_that_is_killed(self):
        llm = self.gw.llm()
        for path, name in ((f"/api/v1/llms/{llm}/infer", llm), ("/v1/chat/completions", None)):
            line = self.line(path, self.kill)
            self.assertEqual(
                [line[k] for k in ("llm", "status", "aborted", "attempts", "error")],
                [name, None, True, 0, "worker_died"],
            )


class ProviderErrors(GatewayCase):
    """Whatever a provider says, a caller hears it in one shape and without the key."""

    # status and body of the provider -> status, type and code to the caller
    TABLE = (
        ("status=400,body=openai", 400, "invalid_request_error", "scripted_code"),
        ("status=422,body=vllm", 422, "invalid_request_error", "scripted_code"),
        ("status=401,body=openai", 502, "api_error", "upstream_auth"),
        ("status=403,body=openai", 502, "api_error", "upstream_auth"),
        ("status=402,body=openai", 429, "insufficient_quota", "insufficient_quota"),
        (
            "status=429,body=openai,code=insufficient_quota",
            429,
            "insufficient_quota",
            "insufficient_quota",
        ),
        (
            "status=429,body=openai,code=x_spend_limit_reached",
            429,
            "insufficient_quota",
            "insufficient_quota",
        ),
        ("status=404,body=openai", 404, "invalid_request_error", "model_not_found"),
        ("status=408,body=empty", 408, "timeout_error", "upstream_timeout"),
        ("status=409,body=openai", 409, "invalid_request_error", None),
        ("status=413,body=html", 413, "invalid_request_error", None),
        ("status=429,body=openai", 429, "rate_limit_error", "scripted_code"),
        ("status=429,body=empty", 429, "rate_limit_error", "rate_limit_exceeded"),
        ("status=500,body=string", 500, "server_error", "upstream_error"),
        ("status=502,body=html", 502, "server_error", "upstream_error"),
        ("status=503,body=empty", 503, "server_error", "upstream_error"),
        ("status=504,body=vllm", 504, "server_error", "upstream_error"),
        ("status=529,body=anthropic", 503, "server_error", "overloaded"),
        ("redirect=http%3A%2F%2F127.0.0.1%2F", 502, "server_error", "upstream_error"),
        ("garbage=0", 502, "server_error", "upstream_error"),
        ("gzip", 502, "server_error", "upstream_error"),
        ("sse", 502, "server_error", "upstream_error"),
        ("cut=0", 502, "server_error", "upstream_error"),
        ("reset=0", 502, "server_error", "upstream_error"),
    )

    def test_each_status_has_its_meaning(self):
        for script, status, kind, code in self.TABLE:
            with self.subTest(script):
                answer = self.infer(self.gw.llm(script), HI, status)
                self.assertFailure(answer, status, code, kind)
                self.assertEqual(answer.headers.get_content_type(), "application/json")

    def test_a_refusal_of_a_stream_is_a_real_status(self):
        for script, status, kind, code in self.TABLE[:18]:
            with self.subTest(script):
                answer = self.infer(self.gw.llm(script), {**HI, "stream": True}, status)
                self.assertFailure(answer, status, code, kind)

    def test_the_providers_words_come_after_type_and_status(self):
        for shape in ("openai", "anthropic", "string", "vllm"):
            answer = self.infer(self.gw.llm(f"status=400,body={shape},text=too%20long"), HI, 400)
            self.assertEqual(
                self.assertFailure(answer, 400)["message"], "openai: HTTP 400: too long", shape
            )

    def test_retry_hints(self):
        for script, headers in (
            ("status=429,retry-after=7", {"retry-after": "7"}),
            ("status=529,body=anthropic", {"retry-after": "1"}),
            ("status=529,body=anthropic,retry-after=9", {"retry-after": "9"}),
            ("status=401", {"x-should-retry": "false"}),
            ("status=402", {"x-should-retry": "false"}),
        ):
            answer = self.gw.chat(self.gw.llm(script))
            for name, value in headers.items():
                self.assertEqual(answer.headers[name], value, (script, answer))

    def test_a_key_that_the_provider_echoes_is_scrubbed(self):
        for script in (
            "status=400,echo",
            "status=401,echo",
            "status=500,body=string,echo",
            "status=429,body=vllm,echo",
            "status=529,body=anthropic,echo",
            "echo",
        ):
            answer = self.gw.chat(self.gw.llm(script))
            self.assertNoKey(answer.body)
            self.assertNoKey(str(answer.headers))
            self.assertNoKey(json.dumps(self.gw.audit(answer.request_id)))
        self.assertNoKey(self.gw.logs())

    def test_the_words_of_a_refused_key_stay_here(self):
        answer = self.infer(self.gw.llm("status=401,text=org-1234%20is%20locked"), HI, 502)
        self.assertNotIn(b"org-1234", answer.body)

    def test_nobody_listens(self):
        llm = self.gw.llm(url=f"http://127.0.0.1:{free_port()}")
        self.assertFailure(self.infer(llm, HI, 502), 502, "upstream_error", "server_error")

    def test_a_silent_provider_is_504(self):
        for script in ("silence=headers", "silence=0"):
            llm = self.gw.llm(script, extra={"headerTimeoutMs": 200, "idleTimeoutMs": 200})
            answer = self.infer(llm, HI, 504)
            self.assertFailure(answer, 504, "upstream_timeout", "timeout_error")
            self.assertEqual(answer.headers["x-should-retry"], "false")

    def test_an_answer_that_takes_too_long_in_all_is_504(self):
        llm = self.gw.llm("late=20000", extra={"totalTimeoutMs": 300})
        self.assertFailure(self.infer(llm, HI, 504), 504, "upstream_timeout")

    def test_a_private_address_needs_leave(self):
        name = f"llm-{next(unique)}"
        self.gw.create(
            "llms",
            name=name,
            type="openai",
            model="m",
            url=self.gw.provider_url(),
            extraConfig={"allowPrivateUrl": True},
        )
        for extra in ({}, {"allowPrivateUrl": False}):
            answer = self.gw.request("PUT", f"/api/v1/llms/{name}", {"extraConfig": extra})
            self.assertEqual(answer.status, 400, answer)


if __name__ == "__main__":
    unittest.main()
