"""Inference that is not streamed: API.md 3, behind lighttpd and a pool."""

import json
import re
import unittest

from gateway import GatewayCase, KEY, unique

HI = {"messages": [{"role": "user", "content": "hi"}]}


def marker():
    """marker - a text that stands in one request only"""
    return f"marker-{next(unique)}-"


class Passthrough(GatewayCase):
    """Bytes in, the same bytes out."""

    def test_a_body_reaches_the_provider_byte_for_byte_but_for_model(self):
        llm, mark = self.gw.llm(model="up\"stream/é"), marker()
        before = (
            '\n{ "x_first" :\t12345678901234567890.10 ,\r\n "messages": [ { "content" : '
            '"\\u00e9\\/\\ud83d\\ude00 é 😀" , "role":"user", "model":"inner" } ] , '
            '"n":1E+2,"d":-0.0,\n "mode\\u006c"  : '
        )
        after = (
            ' , "unknown":{"deep":[1,[2,{"z":null,"a":true}]],"model":"mine"} ,"tools":[],\n'
            f'"user":"{mark}" , "big":100000000000000000000000000000001 }} \n'
        )
        self.infer(llm, before + f'"{llm}"' + after)
        _, _, body = self.gw.recorded(mark)
        replaced = body[len(before.encode()) : len(body) - len(after.encode())]
        self.assertEqual(body, before.encode() + replaced + after.encode())
        self.assertEqual(json.loads(replaced), "up\"stream/é")

    def test_an_answers_bytes_come_back_untouched(self):
        answer = self.infer(self.gw.llm("text=%C3%A9%22%5C"), HI)
        self.assertEqual(answer.headers.get_content_type(), "application/json")
        self.assertTrue(
            answer.body.startswith(
                b'{ "id":"chatcmpl-scripted","created" : 1700000000,"model":"scripted-1",'
                b'"exact":12345678901234567890.10,"fingerprint":"fp\\u00e9\\/1",'
            ),
            answer.body,
        )
        self.assertTrue(answer.body.endswith(b'"total_tokens":8}}\n'), answer.body)
        self.assertEqual(answer.json()["choices"][0]["message"]["content"], 'é"\\')

    def test_blank_lines_before_the_answer_are_allowed(self):
        self.assertEqual(self.infer(self.gw.llm("blank"), HI).json()["model"], "scripted-1")

    def test_only_the_gateways_own_headers_go_upstream(self):
        extra = {"headers": {"x-team": "blue", "x-second": "secret://provider/token"}}
        llm, mark = self.gw.llm(extra=extra), marker()
        self.call(
            "POST",
            f"/api/v1/llms/{llm}/infer",
            {**HI, "user": mark},
            headers={
                "Cookie": "mine=1",
                "OpenAI-Organization": "theirs",
                "X-Forwarded-For": "1.2.3.4",
                "Accept-Encoding": "gzip",
                "User-Agent": "caller/1",
                "anthropic-beta": "x",
            },
        )
        _, head, body = self.gw.recorded(mark)
        headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in head.splitlines()[1:])}
        self.assertEqual(headers.pop("authorization"), f"Bearer {KEY}")
        self.assertEqual(headers.pop("content-length"), str(len(body)))
        self.assertEqual(headers.pop("x-team"), "blue")
        self.assertEqual(headers.pop("x-second"), KEY)
        self.assertEqual(headers.pop("content-type"), "application/json")
        self.assertLessEqual(set(headers), {"host", "user-agent", "accept"})
        self.assertNotIn("caller", headers.get("user-agent", ""))
        self.assertNotIn(self.gw.token, head)

    def test_without_a_key_no_authorization_is_sent(self):
        llm, mark = self.gw.llm(type="vllm", apiKeyRef=None), marker()
        self.infer(llm, {**HI, "user": mark})
        self.assertNotIn("authorization", self.gw.recorded(mark)[1].lower())

    def test_a_trailing_newline_of_a_key_is_taken_off(self):
        self.gw.create("secrets", name="newline", data={"k": "sk-newline\n", "bad": "a\nb"})
        llm, mark = self.gw.llm(apiKeyRef={"name": "newline", "key": "k"}), marker()
        self.infer(llm, {**HI, "user": mark})
        self.assertIn("Authorization: Bearer sk-newline\r\n", self.gw.recorded(mark)[1] + "\r\n")
        bad = self.gw.llm(apiKeyRef={"name": "newline", "key": "bad"})
        self.assertFailure(self.infer(bad, HI, 500), 500, "key_unresolved")

    def test_a_secret_may_be_a_headers_whole_value_but_a_key_is_one_word(self):
        self.gw.create("secrets", name="scheme", data={"h": "Basic c2NoZW1l\n", "k": "two words"})
        header = {"headers": {"Authorization": "secret://scheme/h"}}
        llm, mark = self.gw.llm(extra=header), marker()
        self.infer(llm, {**HI, "user": mark})
        head = self.gw.recorded(mark)[1] + "\r\n"
        self.assertIn("Authorization: Basic c2NoZW1l\r\n", head)
        self.assertNotIn("Bearer", head)
        bad = self.gw.llm(apiKeyRef={"name": "scheme", "key": "k"})
        error = self.assertFailure(self.infer(bad, HI, 500), 500, "key_unresolved")
        self.assertIn("secret 'scheme': key has control characters", error["message"])
        # a word that the provider does not know is told back
        echo = self.gw.llm("told:c2NoZW1l", extra=header)
        self.assertIn("told:***", self.infer(echo, HI, 418).json()["error"]["message"])

    def test_paths_are_put_together_once(self):
        for path, extra, want in (
            ("/v1", {}, "/v1/chat/completions"),
            ("/", {}, "/v1/chat/completions"),
            ("/v1/", {}, "/v1/chat/completions"),
            ("/events=1", {"apiPath": "/v3/x"}, "/events=1/v3/x/chat/completions"),
        ):
            llm, mark = self.gw.llm(url=self.gw.provider_url() + path, extra=extra), marker()
            self.infer(llm, {**HI, "user": mark})
            self.assertEqual(self.gw.recorded(mark)[1].split()[1], want)

    def test_what_comes_back_in_headers(self):
        answer = self.infer(self.gw.llm("headers"), HI)
        self.assertTrue(answer.request_id)
        self.assertEqual(answer.headers["x-upstream-request-id"], "req_upstream")
        self.assertEqual(answer.headers["x-ratelimit-limit-requests"], "10")
        self.assertEqual(answer.headers["openai-processing-ms"], "12")
        for name in ("set-cookie", "openai-organization"):
            self.assertIsNone(answer.headers[name], name)

    def test_a_kept_connection_serves_many_calls(self):
        llm = self.gw.llm()
        for _ in range(20):
            self.infer(llm, HI)
        closing = self.gw.llm("closed")
        for _ in range(5):
            self.infer(closing, HI)


class Models(GatewayCase):
    """Which model is asked for, and who may."""

    def sent_model(self, llm, model_text):
        mark = marker()
        self.infer(llm, f'{{{model_text}"messages":{json.dumps(HI["messages"])},"user":"{mark}"}}')
        return self.gw.recorded(mark)[2]

    def test_absent_null_empty_and_own_name_become_the_llms_model(self):
        llm = self.gw.llm(model="real-model")
        for text in ("", '"model":null,', '"model":"",', f'"model":"{llm}",'):
            body = self.sent_model(llm, text)
            self.assertEqual(json.loads(body)["model"], "real-model", text)
        self.assertTrue(
            re.match(rb'\{\s*"model"', self.sent_model(llm, "")), "inserted as the first member"
        )

    def test_another_model_goes_as_it_is_if_the_llm_allows_it(self):
        free, bound = self.gw.llm(model="m"), self.gw.llm(model="m", extra={"models": ["also"]})
        self.assertEqual(json.loads(self.sent_model(free, '"model":"other",'))["model"], "other")
        self.assertEqual(json.loads(self.sent_model(bound, '"model":"also",'))["model"], "also")
        self.assertEqual(json.loads(self.sent_model(bound, '"model":"m",'))["model"], "m")
        answer = self.infer(bound, {"model": "other", **HI}, 403)
        self.assertFailure(answer, 403, "model_not_allowed", "permission_error")

    def test_v1_finds_an_llm_by_name_alias_and_upstream_model(self):
        alias, model = f"vendor/alias-{next(unique)}:7b", f"upstream-{next(unique)}"
        llm = self.gw.llm(model=model, aliases=[alias])
        for asked in (llm, alias, model):
            mark = marker()
            self.v1({"model": asked, **HI, "user": mark})
            self.assertEqual(json.loads(self.gw.recorded(mark)[2])["model"], model)

    def test_an_upstream_model_that_two_llms_have_is_nobodys(self):
        model = f"upstream-{next(unique)}"
        one, _ = self.gw.llm(model=model), self.gw.llm(model=model)
        body = {"model": model, **HI}
        self.assertFailure(self.v1(body, 404), 404, "model_not_found", "invalid_request_error")
        _, runner = self.gw.user(f"run:llms:{one}")
        self.v1(body, 200, runner)

    def test_unknown_models_are_404_and_foreign_ones_403(self):
        self.assertFailure(self.v1({"model": "nonesuch", **HI}, 404), 404, "model_not_found")
        llm = self.gw.llm()
        _, token = self.gw.user("run:llms:another")
        self.assertFailure(self.v1({"model": llm, **HI}, 403, token), 403)

    def test_a_disabled_llm_serves_nobody_and_is_not_listed(self):
        llm = self.gw.llm(enabled=False)
        self.assertFailure(self.infer(llm, HI, 403), 403, "model_disabled", "permission_error")
        self.assertFailure(self.v1({"model": llm, **HI}, 403), 403, "model_disabled")
        listed = self.gw.request("GET", "/v1/models").json()["data"]
        self.assertNotIn(llm, [m["id"] for m in listed])

    def test_the_list_of_models_is_what_the_caller_may_run(self):
        one = self.gw.llm()
        self.gw.llm()
        _, token = self.gw.user(f"run:llms:{one}")
        listed = self.gw.request("GET", "/v1/models", token=token).json()
        self.assertEqual(listed["object"], "list")
        self.assertEqual([m["id"] for m in listed["data"]], [one])
        model = listed["data"][0]
        self.assertEqual((model["object"], model["owned_by"]), ("model", "mcpd"))
        self.assertIsInstance(model["created"], int)
        self.assertEqual(self.gw.request("GET", f"/v1/models/{one}", token=token).json(), model)
        alias = f"vendor/{one}"
        self.call("PUT", f"/api/v1/llms/{one}", {"aliases": [alias]})
        for path in (alias, alias.replace("/", "%2F")):
            answer = self.gw.request("GET", f"/v1/models/{path}", token=token)
            self.assertEqual(answer.json(), {**model, "id": alias})
        self.assertFailure(
            self.gw.request("GET", "/v1/models/nonesuch", token=token), 404, "model_not_found"
        )

    def test_anthropics_clients_get_their_own_list(self):
        llm = self.gw.llm()
        self.gw.llm()
        listed = self.gw.request(
            "GET", "/v1/models", headers={"anthropic-version": "2023-06-01"}
        ).json()
        ids = [m["id"] for m in listed["data"]]
        self.assertGreater(len(ids), 1)
        self.assertEqual(
            (listed["has_more"], listed["first_id"], listed["last_id"]), (False, ids[0], ids[-1])
        )
        model = next(m for m in listed["data"] if m["id"] == llm)
        self.assertEqual((model["type"], model["display_name"]), ("model", model["display_name"]))


class Audit(GatewayCase):
    """One line a call, whatever its end."""

    FIELDS = {
        "id",
        "event",
        "at",
        "requestId",
        "llm",
        "model",
        "type",
        "userId",
        "tokenSha",
        "via",
        "streaming",
        "status",
        "durationMs",
        "firstByteMs",
        "promptTokens",
        "completionTokens",
        "cachedTokens",
        "aborted",
        "attempts",
        "error",
    }

    def test_a_call_is_one_line_without_its_words(self):
        llm = self.gw.llm("text=secret-answer,events=7")
        answer = self.infer(llm, {"messages": [{"role": "user", "content": "secret-question"}]})
        line = self.gw.audit(answer.request_id)
        self.assertEqual(set(line), self.FIELDS)
        self.assertEqual(
            {
                k: line[k]
                for k in (
                    "event",
                    "llm",
                    "model",
                    "type",
                    "via",
                    "streaming",
                    "status",
                    "promptTokens",
                    "completionTokens",
                    "aborted",
                    "attempts",
                )
            },
            {
                "event": "llm_inference_call",
                "llm": llm,
                "model": "scripted-1",
                "type": "openai",
                "via": "token",
                "streaming": False,
                "status": 200,
                "promptTokens": 5,
                "completionTokens": 7,
                "aborted": False,
                "attempts": 1,
            },
        )
        self.assertNotIn("secret-", json.dumps(line))
        self.assertGreaterEqual(line["durationMs"], 0)

    def test_failures_are_lines_too(self):
        for script, body, status, error in (
            ("status=429", HI, 429, "scripted_code"),
            ("status=401", HI, 502, "upstream_auth"),
            ("status=500", HI, 500, "upstream_error"),
            ("", {"messages": []}, 400, None),
            ("", b"{", 400, None),
        ):
            line = self.gw.audit(self.infer(self.gw.llm(script), body, status).request_id)
            self.assertEqual((line["status"], line["aborted"]), (status, False), line)
            # a code of ours, never the provider's words
            self.assertNotEqual(line["error"], "scripted_code", line)
            if error and error != "scripted_code":
                self.assertEqual(line["error"], error)

    def test_a_refusal_by_permission_is_a_line(self):
        llm = self.gw.llm()
        _, token = self.gw.user("view:llms")
        answer = self.infer(llm, HI, 403, token)
        self.assertEqual(self.gw.audit(answer.request_id)["status"], 403)

    def test_a_change_is_a_line(self):
        llm = self.gw.llm()
        lines = [
            json.loads(line)
            for path in self.gw.state.glob("audit-*.log")
            for line in path.read_text().splitlines()
        ]
        line = next(x for x in lines if x["event"] == "resource_changed" and x["name"] == llm)
        self.assertEqual((line["action"], line["resource"]), ("create", line["resource"]))
        self.assertTrue(line["userId"] and line["tokenSha"])


class Probe(GatewayCase):
    """POST /api/v1/llms/:name/test: does the key work, without a token spent."""

    def probe(self, llm, status=200, token=""):
        return self.call("POST", f"/api/v1/llms/{llm}/test", {}, status, token).json()

    def test_a_key_that_works_and_a_model_that_is_listed(self):
        result = self.probe(self.gw.llm())
        self.assertIsInstance(result.pop("latencyMs"), int)
        self.assertEqual(
            result, {"ok": True, "status": 200, "modelListed": True, "error": None}
        )
        self.assertEqual(self.probe(self.gw.llm(model="another"))["modelListed"], False)

    def test_what_is_wrong_is_said_without_the_key(self):
        gone = self.probe(self.gw.llm(url="http://127.0.0.1:1", extra={"allowPrivateUrl": True}))
        self.assertEqual((gone["ok"], gone["status"], gone["modelListed"]), (False, None, None))
        self.assertIn("connection refused", gone["error"])
        nowhere = self.probe(self.gw.llm(type="vllm", url=""))
        self.assertIn("url is required", nowhere["error"])
        unsupported = self.probe(self.gw.llm(type="gemini-cli", url=""))
        self.assertIn("not supported", unsupported["error"])

    def test_it_takes_the_permission_to_run(self):
        llm = self.gw.llm()
        _, token = self.gw.user("edit:llms")
        self.probe(llm, 403, token)
        self.probe(f"no-{llm}", 404)


if __name__ == "__main__":
    unittest.main()
