"""Anthropic's own clients on /v1/messages, with Llms of every kind, behind lighttpd."""

import json
import os
import subprocess
import unittest

from gateway import PATIENCE
from node import NODE, SDK, aimock
from scripted import chunk, stream, whole
from scriptedcase import MESSAGE, EVENTS, USAGE, DONE, ScriptedCase

SDKS = ("@anthropic-ai/sdk", "anthropic-sdk-0")  # since 1.0, and before


class Client(ScriptedCase):
    """npm `@anthropic-ai/sdk`, both generations, as pinned in sdk/package-lock.json."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        url = aimock(cls.gw, "openai.json")
        cls.mocked = cls.gw.llm(type="openai", model="gpt-4o", url=url)

    def sdk(self, sdk, llm, *cases, token=None):
        """sdk - what each case saw with the Llm, or with its own ("chat@one")"""
        self.assertTrue((SDK / "node_modules" / sdk).is_dir(), "run `npm ci` in tests/e2e/sdk")
        done = subprocess.run(
            [NODE, SDK / "anthropic.mjs", *(c if "@" in c else f"{c}@{llm}" for c in cases)],
            capture_output=True,
            text=True,
            timeout=3 * PATIENCE,
            env={
                **os.environ,
                "SDK": sdk,
                "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{self.gw.port}",
                "ANTHROPIC_API_KEY": token or self.gw.token,
            },
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_an_openai_provider_serves_it(self):
        for sdk in SDKS:
            chat, streamed, loop, streamloop, image, count, models = self.sdk(
                sdk, self.mocked, "chat", "stream", "loop", "streamloop", "image", "count", "models"
            )
            words = "Hello from a mock of OpenAI, in several pieces."
            self.assertEqual((chat["text"], chat["stop"], chat["requestId"]), (words, "end_turn", True))
            self.assertGreater(len(streamed["pieces"]), 3)
            self.assertEqual(("".join(streamed["pieces"]), streamed["text"]), (words, words))
            for seen in (loop, streamloop):
                self.assertEqual(
                    seen, {"stops": ["tool_use", "tool_use", "end_turn"], "text": "It is 3, then 7."}
                )
            self.assertEqual(image, "A red dot.")
            self.assertGreater(count, 10)
            self.assertIn([self.mocked, "model", self.mocked, True], models["names"])
            self.assertEqual(models["one"], self.mocked)

    def test_structured_output_is_parsed(self):
        [seen] = self.sdk(SDKS[0], self.mocked, "parse")
        self.assertEqual(seen, {"name": "Ada", "age": 36})

    def test_anthropic_itself_serves_it(self):
        for sdk in SDKS:
            llm, _ = self.scripted("anthropic", whole(MESSAGE), stream(*EVENTS))
            chat, streamed = self.sdk(sdk, llm, "chat", "stream")
            self.assertEqual((chat["text"], chat["id"]), ("Hello.", "msg_1"))
            self.assertEqual((streamed["pieces"], streamed["stop"]), (["Hello."], "end_turn"))
            self.assertEqual(streamed["usage"]["output_tokens"], 9)

    def test_blocks_of_every_kind_are_put_together(self):
        def call(index, **function):
            return {"tool_calls": [{"index": index, "id": f"c{index}", "function": function}]}

        pieces = [
            chunk({"reasoning_content": "hm"}),
            chunk({"content": "Look: "}),
            chunk(call(0, name="f", arguments="")),
            chunk(call(1, name="g", arguments='{"b":')),
            chunk(call(0, arguments='{"a":1}')),
            chunk(call(1, arguments="2}")),
            chunk({}, "tool_calls"),
            USAGE,
            DONE,
        ]
        for sdk in SDKS:
            llm, _ = self.scripted("openai", stream(*pieces))
            [content] = self.sdk(sdk, llm, "blocks")
            self.assertEqual(
                content,
                [
                    {"type": "thinking", "thinking": "hm", "signature": ""},
                    {"type": "text", "text": "Look: "},
                    {"type": "tool_use", "id": "c0", "name": "f", "input": {"a": 1}},
                    {"type": "tool_use", "id": "c1", "name": "g", "input": {"b": 2}},
                ],
            )

    def test_errors_have_their_classes(self):
        refused = {"error": {"message": "no", "type": "x", "code": None}}
        rows = ((400, "BadRequestError", "invalid_request_error"),
                (429, "RateLimitError", "rate_limit_error"),
                (500, "InternalServerError", "api_error"))
        llms = [self.scripted("openai", whole(refused, status=row[0]))[0] for row in rows]
        cut, _ = self.scripted("openai", stream(chunk({"content": "a"})))
        # the older one takes an error event for a broken connection, from Anthropic too
        cuts = {SDKS[0]: ("APIError", "api_error"), SDKS[1]: ("APIConnectionError", None)}
        for sdk in SDKS:
            calls = [f"{case}@{llm}" for llm in llms for case in ("chat", "stream")]
            *seen, none, ended = self.sdk(sdk, cut, *calls, "chat@nonesuch", "stream")
            want = [{"error": n, "status": s, "type": t} for s, n, t in rows for _ in range(2)]
            self.assertEqual(seen, want)
            self.assertEqual((none["error"], none["type"]), ("NotFoundError", "not_found_error"))
            self.assertEqual((ended["error"], ended["type"]), cuts[sdk])
            [seen] = self.sdk(sdk, cut, "chat", token="mcp_" + "x" * 43)
            self.assertEqual(seen["error"], "AuthenticationError")

    def test_leaving_a_stream_ends_it_at_the_provider(self):
        for sdk in SDKS:
            llm, url = self.scripted(
                "openai", stream(*[chunk({"content": "x"}), 0.05] * 400)
            )
            [seen] = self.sdk(sdk, llm, "leave")
            self.assertTrue(self.provider.was_left(url, PATIENCE))
            self.assertTrue(self.gw.audit(seen["requestId"])["aborted"])

if __name__ == "__main__":
    unittest.main()
