"""OpenAI's clients with a Claude behind the gateway: requests, answers, streams, tools, errors."""

import itertools
import json
import os
import subprocess
import unittest

import claude
from client import data_of
from claude import Claude, answer, case, events, refusal, text, thinking, use
from gateway import KEY, GatewayCase, PATIENCE
from node import NODE, SDK, aimock

HI = {"messages": [{"role": "user", "content": "hi"}]}


class ClaudeCase(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.claude = Claude()

    @classmethod
    def tearDownClass(cls):
        cls.claude.stop()
        super().tearDownClass()

    def claude_llm(self, *answers, **fields):
        """claude_llm - (name, url) of an Llm whose calls get these answers"""
        url = self.claude.url(*answers)
        return self.gw.llm(type="anthropic", model="claude-asked", url=url, **fields), url

    def sent(self, url, n=1):
        """sent - the bodies of the n requests that the provider got"""
        seen = self.claude.seen(url)
        self.assertEqual(len(seen), n)
        return [{**json.loads(raw), "raw": raw} for _, _, raw in seen]

    def sdk(self, case, llm, prompt="hi"):
        return self.sdk_all([(case, llm)], prompt)[0]

    def sdk_all(self, pairs, prompt="hi"):
        """sdk_all - what each of the (case, Llm) saw, one after the other in one client"""
        self.assertTrue((SDK / "node_modules/zod").is_dir(), "run `npm ci` in tests/e2e/sdk")
        done = subprocess.run(
            [NODE, SDK / "claude.mjs", *itertools.chain(*pairs)],
            capture_output=True,
            text=True,
            timeout=3 * PATIENCE,
            env={
                **os.environ,
                "OPENAI_BASE_URL": f"http://127.0.0.1:{self.gw.port}/v1",
                "OPENAI_API_KEY": self.gw.token,
                "PROMPT": prompt,
            },
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)


class Wire(ClaudeCase):
    """What goes over the wire, without a client's library."""

    def test_only_anthropics_headers_go_upstream(self):
        llm, url = self.claude_llm(answer(text("x")), extra={"headers": {"anthropic-beta": "b1"}})
        self.call("POST", f"/api/v1/llms/{llm}/infer", HI, headers={"Cookie": "c=1", "X-Mine": "1"})
        headers = {k.lower(): v for k, v in self.claude.seen(url)[0][1].items()}
        self.assertEqual(headers.pop("x-api-key"), KEY)
        self.assertEqual(headers.pop("anthropic-version"), "2023-06-01")
        self.assertEqual(headers.pop("anthropic-beta"), "b1")
        self.assertEqual(headers.pop("content-type"), "application/json")
        self.assertLessEqual(set(headers), {"host", "user-agent", "accept", "content-length"})

    def test_without_a_key_no_key_header_is_sent(self):
        llm, url = self.claude_llm(answer(text("x")), apiKeyRef=None)
        self.infer(llm, HI)
        self.assertNotIn("x-api-key", self.claude.seen(url)[0][1])

    def test_the_same_request_gives_the_same_bytes(self):
        llm, url = self.claude_llm(answer(text("x")))
        body = {
            **HI,
            "tools": [
                {"type": "function", "function": {"name": n, "parameters": {"z": 1, "a": 2}}}
                for n in ("b", "a", "c")
            ],
        }
        for _ in range(3):
            self.infer(llm, body)
        first, second, third = self.sent(url, 3)
        self.assertEqual(first["raw"], second["raw"])
        self.assertEqual(first["raw"], third["raw"])
        self.assertEqual([t["name"] for t in first["tools"]], ["b", "a", "c"])
        self.assertEqual(first["model"], "claude-asked")

    def test_the_llms_settings_fill_what_the_caller_leaves_out(self):
        llm, url = self.claude_llm(
            answer(text("x")),
            extra={"maxTokens": 77, "thinking": "adaptive", "sampling": "all"},
        )
        self.infer(llm, {**HI, "reasoning_effort": "minimal"})
        self.infer(llm, {**HI, "temperature": 0.5, "top_p": 0.5, "max_tokens": 5})
        first, second = self.sent(url, 2)
        self.assertEqual(first["max_tokens"], 77)
        self.assertEqual(first["thinking"]["type"], "adaptive")
        self.assertEqual(first["output_config"], {"effort": "low"})
        self.assertEqual(
            [second[k] for k in ("temperature", "top_p", "max_tokens")], [0.5, 0.5, 5]
        )

    def test_a_refused_field_is_named_and_nothing_is_sent(self):
        llm, url = self.claude_llm(answer(text("x")))
        for field, value in (("api_key", "sk"), ("base_url", "http://evil"), ("n", 2), ("stop", 1)):
            refused = self.infer(llm, {**HI, field: value}, 400)
            self.assertFailure(refused, 400, type="invalid_request_error", param=field)
        part = {"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}
        refused = self.v1({"model": llm, "messages": [*HI["messages"], part]}, 400)
        self.assertFailure(refused, 400, param="messages[1].content[0].type")
        self.sent(url, 0)

    def test_a_deep_schema_fits_a_threads_stack(self):
        schema = {"type": "string"}
        for _ in range(58):  # two levels of JSON each: as deep as a body may be
            schema = {"properties": {"a": schema}}
        llm, url = self.claude_llm(answer(text("{}")))
        format = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}
        self.infer(llm, {**HI, "response_format": format})
        got = self.sent(url)[0]["output_config"]["format"]["schema"]
        for _ in range(58):
            self.assertIs(got["additionalProperties"], False)
            got = got["properties"]["a"]
        self.assertEqual(got, {"type": "string"})

    def test_unknown_fields_are_ignored_by_name(self):
        llm, _ = self.claude_llm(answer(text("x")), extra={"thinking": "none"})
        got = self.infer(llm, {**HI, "seed": 1, "brand_new": 1, "reasoning_effort": "low"})
        self.assertEqual(got.headers["x-mcpd-ignored"], "brand_new, reasoning_effort")
        self.assertIsNone(self.infer(llm, {**HI, "seed": 1}).headers["x-mcpd-ignored"])

    def test_the_usage_is_booked(self):
        usage = {
            "input_tokens": 3,
            "cache_creation_input_tokens": 20,
            "cache_read_input_tokens": 100,
            "output_tokens": 5,
        }
        llm, _ = self.claude_llm(
            events(text("y" * 20), usage=usage), answer(text("x"), usage=usage)
        )
        stream = self.gw.chat_stream(llm, stream_options={"include_usage": False})
        self.assertNotIn("usage", "".join(stream.rest()))
        for id in (self.infer(llm, HI).request_id, stream.request_id):
            line = self.gw.audit(id)
            self.assertEqual(
                [line[k] for k in ("promptTokens", "completionTokens", "cachedTokens")],
                [123, 5, 100],
            )

    def test_a_streams_events_come_as_they_are_sent(self):
        llm, _ = self.claude_llm(events(text("0123456" * 10), pause=0.05))
        times = [at for event, at in self.gw.chat_stream(llm) if '"content":"0' in event]
        self.assertGreater(times[-1] - times[0], 0.2)

    def test_a_stream_is_the_cases_to_the_byte(self):
        llm, _ = self.claude_llm(case("stream-text_then_tool"))
        stream = self.gw.chat_stream(llm, stream_options={"include_usage": True})
        created = data_of(stream.rest()[0])["created"]
        want = (claude.CASES / "stream-text_then_tool.out.sse").read_text().split("\n-- ")[0]
        head, want = want.split("\n\n", 1)
        shared = head.removeprefix("S = ").replace('"created":0', f'"created":{created}')
        self.assertEqual(stream.raw.decode(), want.replace("{S,", "{" + shared + ","))

    def test_broken_streams_end_with_an_error_alone(self):
        for name in (
            "closed_before_the_end",
            "cut_inside_an_event",
            "error_event",
            "error_without_event_line",
            "garbage",
        ):
            llm, _ = self.claude_llm(case(f"stream-{name}"))
            stream = self.gw.chat_stream(llm)
            self.assertIn("error", data_of(stream.rest()[-1]), name)
            self.assertNotIn(b"[DONE]", stream.raw, name)
            self.assertNotIn(b'"finish_reason":"', stream.raw, name)

    def test_refusals_become_openais(self):
        rows = (
            (400, "invalid_request_error", "bad", 400, "invalid_request_error", None),
            (
                400,
                "invalid_request_error",
                "You have reached your specified API usage limits.",
                429,
                "insufficient_quota",
                "insufficient_quota",
            ),
            (401, "authentication_error", f"invalid {KEY}", 502, "api_error", "upstream_auth"),
            (402, "billing_error", "pay", 429, "insufficient_quota", "insufficient_quota"),
            (403, "permission_error", "no", 502, "api_error", "upstream_auth"),
            (404, "not_found_error", "model", 404, "invalid_request_error", "model_not_found"),
            (413, "request_too_large", "big", 413, "invalid_request_error", None),
            (429, "rate_limit_error", "slow", 429, "rate_limit_error", "rate_limit_exceeded"),
            (500, "api_error", "oops", 500, "server_error", "upstream_error"),
            (529, "overloaded_error", "Overloaded", 503, "server_error", "overloaded"),
        )
        for status, type, words, want, want_type, code in rows:
            llm, _ = self.claude_llm(refusal(status, type, words))
            for body in (HI, {**HI, "stream": True}):
                got = self.infer(llm, body, want)
                error = self.assertFailure(got, want, type=want_type)
                self.assertEqual(error["code"], code)
                self.assertTrue(error["message"].startswith(f"anthropic: HTTP {status}"), error)
                self.assertNoKey(got.body)
                if status == 529:
                    self.assertEqual(got.headers["retry-after"], "1")
                if want_type in ("api_error", "insufficient_quota"):
                    self.assertEqual(got.headers["x-should-retry"], "false")

    def test_retry_after_is_kept_as_it_is(self):
        when = "Wed, 21 Oct 2026 07:28:00 GMT"
        for headers in ({"retry_after": "7"}, {"retry_after": when}, {"retry_after_ms": "1500"}):
            llm, _ = self.claude_llm(refusal(429, "rate_limit_error", "slow", **headers))
            got = self.infer(llm, HI, 429)
            for name, value in headers.items():
                self.assertEqual(got.headers[name.replace("_", "-")], value)

    def test_the_llm_is_tested_with_the_list_of_models(self):
        for model, listed in (("claude-scripted", True), ("other", False)):
            url = self.claude.url(answer(text("x")))
            llm = self.gw.llm(type="anthropic", model=model, url=url)
            got = self.call("POST", f"/api/v1/llms/{llm}/test").json()
            self.assertEqual((got["ok"], got["status"], got["modelListed"]), (True, 200, listed))
            path, headers, _ = self.claude.seen(url)[0]
            self.assertTrue(path.endswith("/v1/models"))
            self.assertEqual(headers["x-api-key"], KEY)
            self.assertEqual(headers["anthropic-version"], "2023-06-01")


class OpenAI(ClaudeCase):
    """npm `openai`, as pinned in sdk/package-lock.json."""

    def test_chat(self):
        llm, _ = self.claude_llm(answer(text("Hello "), text("Claude.")))
        self.assertEqual(
            self.sdk("chat", llm),
            {
                "content": "Hello Claude.",
                "finish": "stop",
                "model": "claude-scripted",
                "id": "chatcmpl-msg_e2e",
                "usage": {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14},
            },
        )

    def test_streaming(self):
        llm, _ = self.claude_llm(events(text("One by one, né."), stop="max_tokens"))
        seen = self.sdk("stream", llm)
        self.assertEqual(seen["pieces"], ["One by ", "one, né", "."])
        self.assertEqual((seen["finish"], seen["usage"]["total_tokens"]), ("length", 14))

    def loop(self, of):
        return self.claude_llm(
            of(use("toolu_1", "add", a=1), stop="tool_use"),
            of(
                text("And now two."),
                use("toolu_2", "add", a=2),
                use("toolu_3", "now"),
                stop="tool_use",
            ),
            of(text("Done.")),
        )

    def test_a_tool_loop_of_three_turns_runs_unmodified(self):
        kinds = [
            (kind, *self.loop(of))
            for kind, of in (("loop", answer), ("streamloop", events), ("runtools", answer))
        ]
        saw = self.sdk_all([(kind, llm) for kind, llm, _ in kinds])
        for (kind, _, url), seen in zip(kinds, saw):
            self.assertEqual(seen["content"], "Done.", kind)
            if kind != "runtools":
                self.assertEqual(seen["turns"], ["tool_calls", "tool_calls", "stop"], kind)
            bodies = self.sent(url, 3)
            turns = bodies[-1]["messages"]
            self.assertEqual([m["role"] for m in turns], ["user", "assistant"] * 2 + ["user"], kind)
            self.assertEqual(turns[1]["content"], [use("toolu_1", "add", a=1)], kind)
            self.assertEqual(turns[2]["content"][0]["content"], "2", kind)
            self.assertEqual(
                turns[3]["content"],
                [text("And now two."), use("toolu_2", "add", a=2), use("toolu_3", "now")],
                kind,
            )
            self.assertEqual([r["content"] for r in turns[4]["content"]], ["3", "noon"], kind)

    def test_parsed_structured_output(self):
        llm, url = self.claude_llm(answer(text('{"city":"Oslo","inner":{"n":1.5}}')))
        self.assertEqual(self.sdk("parse", llm), {"city": "Oslo", "inner": {"n": 1.5}})
        format = self.sent(url)[0]["output_config"]["format"]
        self.assertEqual(format["type"], "json_schema")
        self.assertIs(format["schema"]["additionalProperties"], False)
        self.assertIs(format["schema"]["properties"]["inner"]["additionalProperties"], False)

    def test_images_and_documents(self):
        llm, url = self.claude_llm(answer(text("A cat.")))
        self.assertEqual(self.sdk("image", llm)["content"], "A cat.")
        blocks = self.sent(url)[0]["messages"][0]["content"]
        self.assertEqual([b["type"] for b in blocks], ["text", "image", "image", "document"])
        self.assertEqual(blocks[1]["source"]["data"], "iVBORw0KGgo=")
        self.assertEqual(blocks[2]["source"]["url"], "https://example.com/a.png")

    def test_thinking_goes_back_whole(self):
        thought = thinking("Let me \"add\".\n", "c2lnbmF0dXJl")
        llm, url = self.claude_llm(
            events(thought, text("Adding."), use("toolu_1", "add", a=1), stop="tool_use"),
            answer(text("Two.")),
        )
        seen = self.sdk("thinking", llm)
        self.assertEqual(seen, {"reasoning": thought["thinking"], "content": "Two."})
        second = self.sent(url, 2)[1]
        self.assertEqual(second["thinking"], {"type": "enabled", "budget_tokens": 1024})
        self.assertEqual(
            second["messages"][1]["content"],
            [thought, text("Adding."), use("toolu_1", "add", a=1)],
        )

    def test_errors_have_the_clients_classes(self):
        rows = (
            (400, "invalid_request_error", "BadRequestError"),
            (401, "authentication_error", "InternalServerError"),
            (404, "not_found_error", "NotFoundError"),
            (429, "rate_limit_error", "RateLimitError"),
            (529, "overloaded_error", "InternalServerError"),
        )
        llms = [self.claude_llm(refusal(status, type, "words"))[0] for status, type, _ in rows]
        for kind in ("chat", "stream"):
            saw = self.sdk_all([(kind, llm) for llm in llms])
            self.assertEqual([seen["error"] for seen in saw], [row[2] for row in rows], kind)
        seen = self.sdk("badimage", self.claude_llm(answer(text("x")))[0])
        self.assertEqual(
            (seen["error"], seen["param"]),
            ("BadRequestError", "messages[0].content[0].image_url.url"),
        )

    def test_a_broken_stream_is_an_error(self):
        names = "stream-error_event", "stream-closed_before_the_end"
        saw = self.sdk_all([("stream", self.claude_llm(case(name))[0]) for name in names])
        self.assertEqual(
            [(seen["error"], seen["code"]) for seen in saw],
            [("APIError", "overloaded"), ("APIError", "upstream_error")],
        )

    def test_leaving_a_stream_ends_it_at_the_provider(self):
        llm, url = self.claude_llm(events(text("0123456" * 400), pause=0.05))
        seen = self.sdk("leave", llm)
        self.assertTrue(self.claude.was_left(url, PATIENCE))
        self.assertTrue(self.gw.audit(seen["requestId"])["aborted"])


class Aimock(ClaudeCase):
    """npm `@copilotkit/aimock` as the provider: what others take for Claude."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        url = aimock(cls.gw, "claude.json")
        cls.mocked = cls.gw.llm(type="anthropic", model="claude-sonnet-4-5", url=url)

    def test_chat(self):
        seen = self.sdk("chat", self.mocked, "hello")
        self.assertEqual(seen["content"], "Hello from a mock of Claude, in several pieces.")
        self.assertEqual(seen["finish"], "stop")

    def test_streaming(self):
        seen = self.sdk("stream", self.mocked, "hello")
        self.assertGreater(len(seen["pieces"]), 3)
        self.assertEqual(
            "".join(seen["pieces"]), "Hello from a mock of Claude, in several pieces."
        )

    def test_tools(self):
        pairs = [(kind, self.mocked) for kind in ("loop", "streamloop")]
        for seen in self.sdk_all(pairs, "weather"):
            self.assertEqual(
                seen, {"turns": ["tool_calls", "stop"], "content": "It is sunny in Oslo."}
            )


if __name__ == "__main__":
    unittest.main()
