"""/v1/messages and the other paths beside chat: API.md 3, TRANSLATION.md 5, behind lighttpd."""

import json
import threading
import unittest

from gateway import KEY
from scripted import Reply, chunk, event, stream, whole
from scriptedcase import HI, MESSAGE, EVENTS, USAGE, DONE, ScriptedCase

ANSWER = {
    "id": "chatcmpl-1",
    "model": "up",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "Hello."}, "finish_reason": "stop"}
    ],
    "usage": {"prompt_tokens": 8, "completion_tokens": 7},
}


class Native(ScriptedCase):
    """To an anthropic Llm: bytes pass."""

    def test_a_request_passes_but_for_its_model(self):
        llm, url = self.scripted("anthropic", whole(MESSAGE))
        before = '\n{ "x" :\t12345678901234567890.10 ,\r\n "messages":[{"role":"user","content":'
        before += '"\\u00e9 é"}] , "mode\\u006c" : '
        after = ' , "system":[{"type":"text","text":"a","cache_control":{"ttl":"1h"}}], "n":1E+2} \n'
        answer = self.call("POST", "/v1/messages", before + f'"{llm}"' + after)
        self.assertEqual(answer.json(), MESSAGE)
        [(path, headers, body)] = self.provider.seen(url)
        self.assertEqual(path, "/v1/messages")
        self.assertEqual(body, (before + '"up"' + after).encode())
        self.assertEqual(headers["x-api-key"], KEY)
        self.assertIsNone(headers["authorization"])

    def test_an_answer_passes_untouched(self):
        text = ' {"type":"message","x":1.50,\n"usage":{"input_tokens":5,"output_tokens":7}}\n'
        llm, _ = self.scripted("anthropic", Reply(text))
        answer = self.messages(llm)
        self.assertEqual(answer.body, text.encode())
        self.assertEqual(answer.headers["request-id"], answer.request_id)
        audit = self.gw.audit(answer.request_id)
        self.assertEqual((audit["promptTokens"], audit["completionTokens"]), (5, 7))

    def test_a_stream_passes_untouched(self):
        text = ": hello\r\n\r\nevent:ping\ndata:{\"type\":\"ping\"}\n\n" + "".join(EVENTS)
        llm, _ = self.scripted("anthropic", stream(*(text[i : i + 11] for i in range(0, len(text), 11))))
        body = {"model": llm, "max_tokens": 9, "messages": HI, "stream": True}
        got, headers = self.events("/v1/messages", body)
        self.assertEqual(got, text)
        audit = self.gw.audit(headers["x-request-id"])
        self.assertEqual(
            [audit[k] for k in ("promptTokens", "completionTokens", "cachedTokens", "error")],
            [8, 9, 3, None],
        )

    def test_only_version_and_betas_of_the_callers_headers_go_upstream(self):
        llm, url = self.scripted("anthropic", whole(MESSAGE))
        self.messages(llm)
        mine = {"anthropic-version": "2099-01-01", "anthropic-beta": "a-1,b-2"}
        self.messages(llm, headers={**mine, "Cookie": "c=1", "X-Mine": "1"})
        [(_, first, _), (_, second, _)] = self.provider.seen(url)
        self.assertEqual(first["anthropic-version"], "2023-06-01")
        self.assertIsNone(first["anthropic-beta"])
        for name, value in mine.items():
            self.assertEqual(second[name], value)
        known = {"host", "user-agent", "accept", "content-type", "content-length", "x-api-key"}
        self.assertLessEqual({name.lower() for name in second}, known | set(mine))

    def test_refusals_stay_what_they_are(self):
        for status, type in ((400, "invalid_request_error"), (404, "not_found_error"),
                             (413, "request_too_large"), (429, "rate_limit_error"),
                             (500, "api_error"), (529, "overloaded_error")):
            said = {"type": "error", "error": {"type": type, "message": f"words {KEY}"}}
            llm, _ = self.scripted("anthropic", whole(said, status=status, retry_after="7"))
            answer = self.messages(llm, status)
            self.assertEqual(self.assertAnthropicError(answer, type), "words ***")
            self.assertEqual(answer.headers["retry-after"], "7")
            self.assertNoKey(answer.body)

    def test_a_bad_key_is_the_gateways_trouble(self):
        for status in (401, 403):
            said = {"type": "error", "error": {"type": "authentication_error", "message": KEY[:9]}}
            llm, _ = self.scripted("anthropic", whole(said, status=status))
            answer = self.messages(llm, 502)
            self.assertNotIn(KEY[:9], self.assertAnthropicError(answer, "api_error"))
            self.assertEqual(answer.headers["x-should-retry"], "false")

    def test_an_error_in_the_stream_stays_and_a_cut_is_told(self):
        said = {"type": "overloaded_error", "message": "Overloaded"}
        llm, _ = self.scripted("anthropic", stream(*EVENTS[:4], event("error", error=said)))
        cut, _ = self.scripted("anthropic", stream(*EVENTS[:4]))
        for name, type in ((llm, "overloaded_error"), (cut, "api_error")):
            body = {"model": name, "max_tokens": 9, "messages": HI, "stream": True}
            got, headers = self.events("/v1/messages", body)
            self.assertTrue(got.startswith("".join(EVENTS[:4]) + "event: error\ndata: "), got)
            error = json.loads(got.rsplit("data: ", 1)[1])
            self.assertEqual(error["type"], "error")
            self.assertEqual(error["error"]["type"], type)
            self.assertEqual(error["request_id"], headers["request-id"])
            self.assertNotIn("message_stop", got)

    def test_tokens_are_counted_by_anthropic(self):
        llm, url = self.scripted("anthropic", whole({"input_tokens": 14}))
        answer = self.messages(llm, path="/count_tokens")
        self.assertEqual(answer.json(), {"input_tokens": 14})
        self.assertIsNone(answer.headers["x-mcpd-estimate"])
        self.assertEqual(self.provider.seen(url)[0][0], "/v1/messages/count_tokens")


class Translated(ScriptedCase):
    """To an Llm of another kind."""

    def test_a_request_goes_out_as_chat_and_twice_the_same(self):
        llm, url = self.scripted("openai", whole(ANSWER))
        headers = {"anthropic-version": "2023-06-01", "anthropic-beta": "claude-code-20250219"}
        request = {
            "system": [{"type": "text", "text": "Be Claude Code.", "cache_control": {}}],
            "tools": [{"name": "Read", "input_schema": {"type": "object"}, "cache_control": {}}],
            "thinking": {"type": "enabled", "budget_tokens": 31999},
            "metadata": {"user_id": "u"},
            "newest": 1,
        }
        for _ in range(2):
            answer = self.messages(llm, headers=headers, **request)
        self.assertEqual(
            answer.json(),
            {
                "id": "msg_chatcmpl-1",
                "type": "message",
                "role": "assistant",
                "model": "up",
                "content": [{"type": "text", "text": "Hello."}],
                "stop_reason": "end_turn",
                "stop_sequence": None,
                "usage": {"input_tokens": 8, "output_tokens": 7},
            },
        )
        self.assertEqual(
            answer.headers["x-mcpd-ignored"], "newest, claude-code-20250219, thinking"
        )
        [(path, sent, first), (_, _, second)] = self.provider.seen(url)
        self.assertEqual((path, first), ("/v1/chat/completions", second))
        self.assertEqual(sent["authorization"], f"Bearer {KEY}")
        self.assertIsNone(sent["anthropic-beta"])
        self.assertEqual(
            json.loads(first),
            {
                "model": "up",
                "messages": [{"role": "system", "content": "Be Claude Code."}, *HI],
                "max_completion_tokens": 9,
                "tools": [
                    {
                        "type": "function",
                        "function": {"name": "Read", "parameters": {"type": "object"}},
                    }
                ],
                "user": "u",
            },
        )

    def test_a_stream_comes_back_as_messages_events(self):
        llm, _ = self.scripted(
            "openai", stream(chunk({"content": "Hel"}), chunk({"content": "lo."}, "stop"), USAGE, DONE)
        )
        body = {"model": llm, "max_tokens": 9, "messages": HI, "stream": True}
        got, headers = self.events("/v1/messages", body)
        names = [line[7:] for line in got.splitlines() if line.startswith("event: ")]
        self.assertEqual(
            names,
            ["message_start", "content_block_start", "content_block_delta", "content_block_delta",
             "content_block_stop", "message_delta", "message_stop"],
        )
        self.assertNotIn("[DONE]", got)
        audit = self.gw.audit(headers["x-request-id"])
        self.assertEqual((audit["promptTokens"], audit["completionTokens"]), (8, 7))

    def test_silence_is_filled_with_pings(self):
        llm, _ = self.scripted(
            "openai", stream(chunk({"content": "a"}), 6, chunk({}, "stop") + DONE)
        )
        body = {"model": llm, "max_tokens": 9, "messages": HI, "stream": True}
        got, _ = self.events("/v1/messages", body)
        self.assertIn('event: ping\ndata: {"type": "ping"}\n\n', got)
        self.assertNotIn(": keepalive", got)

    def test_refusals_are_told_in_anthropics_words(self):
        for status, want, type in ((400, 400, "invalid_request_error"), (401, 502, "api_error"),
                                   (404, 404, "not_found_error"), (429, 429, "rate_limit_error"),
                                   (500, 500, "api_error"), (529, 503, "overloaded_error")):
            llm, _ = self.scripted(
                "openai", whole({"error": {"message": f"no {KEY}", "code": None}}, status=status)
            )
            self.assertNoKey(self.assertAnthropicError(self.messages(llm, want), type))

    def test_a_cut_stream_ends_with_an_error_event(self):
        llm, _ = self.scripted("openai", stream(chunk({"content": "a"})))
        body = {"model": llm, "max_tokens": 9, "messages": HI, "stream": True}
        got, _ = self.events("/v1/messages", body)
        self.assertIn("event: error\ndata: ", got)
        self.assertNotIn("message_stop", got)

    def test_what_can_not_be_translated_is_refused_before_the_provider(self):
        llm, url = self.scripted("openai", whole(ANSWER))
        answer = self.messages(llm, 400, tools=[{"type": "web_search_20250305", "name": "w"}])
        self.assertIn("tools[0].type", self.assertAnthropicError(answer, "invalid_request_error"))
        self.assertEqual(self.provider.seen(url), [])

    def test_a_whole_answer_to_a_stream_passes_as_one(self):
        llm, _ = self.scripted("openai", whole(ANSWER))
        answer = self.messages(llm, stream=True)
        self.assertEqual(answer.json()["content"], [{"type": "text", "text": "Hello."}])

    def test_tokens_are_estimated(self):
        llm, url = self.scripted("vllm", whole(ANSWER), apiKeyRef=None)
        body = json.dumps({"model": llm, "messages": HI})
        answer = self.call("POST", "/v1/messages/count_tokens", body)
        self.assertEqual(answer.json(), {"input_tokens": len(body) // 4})
        self.assertEqual(answer.headers["x-mcpd-estimate"], "true")
        self.assertEqual(self.provider.seen(url), [])
        self.assertEqual(self.gw.audit(answer.request_id)["status"], 200)


class Ours(ScriptedCase):
    """What the gateway says by itself on /v1/messages, and to whom."""

    def test_errors_of_the_dispatcher_have_anthropics_shape(self):
        _, nobody = self.gw.user()
        llm, _ = self.scripted("openai", whole(ANSWER))
        body = {"model": llm, "messages": HI, "max_tokens": 1}
        for method, path, status, type, more in (
            ("POST", "/v1/messages", 401, "authentication_error", {"token": None}),
            ("POST", "/v1/messages", 403, "permission_error", {"token": nobody}),
            ("POST", "/v1/messages", 404, "not_found_error", {"body": {**body, "model": "none"}}),
            ("GET", "/v1/messages", 405, "invalid_request_error", {"body": None}),
            ("POST", "/v1/messages", 415, "invalid_request_error",
             {"headers": {"Content-Type": "text/plain"}}),
            ("POST", "/v1/messages/count_tokens", 401, "authentication_error", {"token": None}),
            ("POST", "/v1/messages/batches", 404, "not_found_error", {}),
            ("POST", "/v1/messages", 400, "invalid_request_error", {"body": {"model": llm}}),
        ):
            answer = self.call(method, path, **{"body": body, "status": status, **more})
            self.assertAnthropicError(answer, type)

    def test_a_token_is_taken_from_either_header(self):
        llm, _ = self.scripted("openai", whole(ANSWER))
        self.messages(llm, token=None, headers={"x-api-key": self.gw.token})
        answer = self.messages(llm, 401, headers={"x-api-key": "mcp_" + "x" * 43})
        self.assertAnthropicError(answer, "authentication_error")

    def test_models_have_anthropics_shape_for_its_clients(self):
        llm, _ = self.scripted("openai", whole(ANSWER))
        _, token = self.gw.user(f"run:llms:{llm}")
        headers = {"anthropic-version": "2023-06-01"}
        listed = self.call("GET", "/v1/models", token=token, headers=headers).json()
        [model] = listed["data"]
        self.assertEqual(set(model), {"type", "id", "display_name", "created_at"})
        self.assertEqual(
            (model["type"], model["id"], model["display_name"]), ("model", llm, llm)
        )
        self.assertEqual(
            {k: listed[k] for k in listed if k != "data"},
            {"has_more": False, "first_id": llm, "last_id": llm},
        )
        one = self.call("GET", f"/v1/models/{llm}", token=token, headers=headers).json()
        self.assertEqual(one, model)
        _, nobody = self.gw.user()
        empty = self.call("GET", "/v1/models", token=nobody, headers=headers).json()
        self.assertEqual(empty, {"data": [], "has_more": False, "first_id": None, "last_id": None})


class Others(ScriptedCase):
    """completions, embeddings, responses: passthrough alone."""

    def test_bodies_and_answers_pass(self):
        for path, body in (("completions", {"prompt": "x"}), ("embeddings", {"input": ["x"]}),
                           ("responses", {"input": "x"})):
            llm, url = self.scripted("openai", Reply(' {"usage":{"input_tokens":3}}\n'))
            answer = self.call("POST", f"/v1/{path}", {"model": llm, **body})
            self.assertEqual(answer.body, b' {"usage":{"input_tokens":3}}\n')
            [(asked, _, sent)] = self.provider.seen(url)
            self.assertEqual((asked, json.loads(sent)), (f"/v1/{path}", {"model": "up", **body}))
            self.assertEqual(self.gw.audit(answer.request_id)["promptTokens"], 3)

    def test_other_types_are_refused_by_name(self):
        claude, _ = self.scripted("anthropic", whole(MESSAGE))
        for path, body in (("completions", {"prompt": "x"}), ("embeddings", {"input": ["x"]}),
                           ("responses", {"input": "x"})):
            answer = self.call("POST", f"/v1/{path}", {"model": claude, **body}, 400)
            self.assertIn("'anthropic'", self.assertFailure(answer, 400)["message"])

    def test_what_a_path_needs_is_demanded(self):
        llm, _ = self.scripted("openai", whole({}))
        for path, member in (("completions", "prompt"), ("embeddings", "input"), ("responses", "input")):
            answer = self.call("POST", f"/v1/{path}", {"model": llm}, 400)
            self.assertFailure(answer, 400, param=member)

    def test_streams_of_responses_end_without_done(self):
        pieces = (
            'event: response.created\ndata: {"type":"response.created","response":{}}\n\n',
            'event: response.completed\ndata: {"type":"response.completed","response":'
            '{"usage":{"input_tokens":3,"output_tokens":4}}}\n\n',
        )
        llm, url = self.scripted("openai", stream(*pieces), stream(pieces[0]))
        body = {"model": llm, "input": "x", "stream": True}
        got, headers = self.events("/v1/responses", body)
        self.assertEqual(got, "".join(pieces))
        audit = self.gw.audit(headers["x-request-id"])
        self.assertEqual((audit["promptTokens"], audit["completionTokens"]), (3, 4))
        self.assertEqual(json.loads(self.provider.seen(url)[0][2]), {**body, "model": "up"})
        got, _ = self.events("/v1/responses", body)
        self.assertTrue(got.startswith(pieces[0] + "event: error\ndata: "), got)
        error = json.loads(got.rsplit("data: ", 1)[1])
        self.assertEqual(set(error), {"type", "code", "message", "param"})
        self.assertEqual((error["type"], error["code"]), ("error", "upstream_error"))

    def test_usage_is_asked_for_and_taken_out_again(self):
        for path, body in (("chat/completions", {"messages": HI}), ("completions", {"prompt": "x"})):
            pieces = (chunk({"content": "a"}), chunk({}, "stop"), USAGE, DONE)
            for options, kept in ((None, False), ({"include_usage": False}, False),
                                  ({"include_usage": True}, True)):
                llm, url = self.scripted("openai", stream(*pieces))
                asked = {"model": llm, **body, "stream": True, "stream_options": options}
                got, headers = self.events(f"/v1/{path}", asked)
                self.assertEqual(got, "".join(p for p in pieces if kept or p is not USAGE))
                sent = json.loads(self.provider.seen(url)[0][2])
                self.assertEqual(sent["stream_options"], {"include_usage": True})
                audit = self.gw.audit(headers["x-request-id"])
                self.assertEqual((audit["promptTokens"], audit["completionTokens"]), (8, 7))


class LateWhole(ScriptedCase):
    """A whole answer to a streamed request, from a provider that said nothing until our 200 was out."""

    options = {"config": ("keepalive_after_ms: 300",)}

    def late(self, path, answer, sign, **body):
        """late - what comes behind the first sign of life: (event or None, data) pairs"""
        waited = threading.Event()
        self.addCleanup(waited.set)
        llm, _ = self.scripted("openai", whole(answer, after=waited))
        got = self.gw.stream(path, {"model": llm, "stream": True, **body})
        self.assertEqual(got.status, 200)
        self.assertEqual(got.headers.get_content_type(), "text/event-stream")
        self.assertEqual(got.next()[0], sign)
        waited.set()
        events = []
        for event in got.rest():
            if event == sign:
                continue
            fields = dict(line.split(": ", 1) for line in event.split("\n"))
            data = fields["data"]
            events.append((fields.get("event"), data if data == "[DONE]" else json.loads(data)))
        return events, self.gw.audit(got.request_id)

    def test_of_chat_completions(self):
        call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
        message = {"role": "assistant", "content": "Hi.", "tool_calls": [call]}
        usage = {"prompt_tokens": 5, "completion_tokens": 7}
        about = {"id": "chatcmpl-1", "created": 1, "model": "up"}
        answer = {**about, "object": "chat.completion", "usage": usage,
                  "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}
        events, audit = self.late("/v1/chat/completions", answer, ": keepalive", messages=HI,
                                  stream_options={"include_usage": True})
        self.assertEqual({name for name, _ in events}, {None})
        *chunks, done = [data for _, data in events]
        self.assertEqual(done, "[DONE]")
        for each in chunks:
            self.assertEqual(each["object"], "chat.completion.chunk")
            self.assertEqual({name: each[name] for name in about}, about)
        self.assertEqual([each["usage"] for each in chunks], [None, None, None, usage])
        choices = [each["choices"][0] for each in chunks[:-1]]
        self.assertEqual([c["delta"] for c in choices],
                         [{"role": "assistant", "content": "Hi."},
                          {"tool_calls": [{"index": 0, **call}]}, {}])
        self.assertEqual([c["finish_reason"] for c in choices], [None, None, "tool_calls"])
        self.assertEqual(chunks[-1]["choices"], [])
        self.assertEqual((audit["promptTokens"], audit["completionTokens"]), (5, 7))

    def test_of_responses(self):
        for status in ("completed", "incomplete", "failed"):
            answer = {"id": "resp_1", "object": "response", "status": status,
                      "usage": {"input_tokens": 3, "output_tokens": 4}}
            events, audit = self.late("/v1/responses", answer, ": keepalive", input="x")
            begun = {**answer, "status": "in_progress", "usage": None}
            told = [("response.created", begun), (f"response.{status}", answer)]
            self.assertEqual(events, [(t, {"type": t, "sequence_number": i, "response": r})
                                      for i, (t, r) in enumerate(told)])
            self.assertEqual((audit["promptTokens"], audit["completionTokens"]), (3, 4))

    def test_of_messages(self):
        events, _ = self.late("/v1/messages", ANSWER, 'event: ping\ndata: {"type": "ping"}',
                              max_tokens=9, messages=HI)
        self.assertEqual([name for name, _ in events],
                         ["message_start", "content_block_start", "content_block_delta",
                          "content_block_stop", "message_delta", "message_stop"])
        self.assertEqual(events[2][1]["delta"], {"type": "text_delta", "text": "Hello."})

    def test_that_is_none(self):
        for path, body in (("/v1/chat/completions", {"messages": HI}), ("/v1/responses", {"input": "x"})):
            [(_, error)], audit = self.late(path, [], ": keepalive", **body)
            self.assertEqual(error.get("error", error)["code"], "upstream_error")
            self.assertEqual(audit["error"], "upstream_error")


if __name__ == "__main__":
    unittest.main()
