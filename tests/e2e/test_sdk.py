"""The official clients, unchanged: only base_url and the key are set."""

import json
import os
import subprocess
import threading
import unittest

from gateway import GatewayCase, PATIENCE
from node import NODE, SDK
from scripted import whole
from scriptedcase import ScriptedCase


def start_script(case, gw, llm, token=None):
    """start_script - the process of one case, whose output is read as text"""
    if not (SDK / "node_modules/openai").is_dir():
        raise AssertionError("run `npm ci` in tests/e2e/sdk, or ./check")
    return subprocess.Popen(
        [NODE, SDK / "openai.mjs", case],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "OPENAI_BASE_URL": f"http://127.0.0.1:{gw.port}/v1",
            "OPENAI_API_KEY": token or gw.token,
            "LLM": llm,
        },
    )


class OpenAI(GatewayCase):
    """npm `openai`, as pinned in sdk/package-lock.json."""

    def run_script(self, case, llm, token=None):
        client = start_script(case, self.gw, llm, token)
        out, err = client.communicate(timeout=3 * PATIENCE)
        self.assertEqual(client.returncode, 0, err)
        return json.loads(out)

    def test_chat(self):
        self.assertEqual(
            self.run_script("chat", self.gw.llm()),
            {"content": "Hello from the scripted provider.", "finish": "stop", "tokens": 8},
        )

    def test_streaming(self):
        self.assertEqual(
            self.run_script("stream", self.gw.llm("events=5,delay=20")),
            {"pieces": ["w0 ", "w1 ", "w2 ", "w3 ", "w4 "], "finish": "stop", "tokens": 10},
        )

    def test_models_list(self):
        llm = self.gw.llm()
        self.assertIn(llm, self.run_script("models", llm))

    def test_an_unknown_model_is_a_not_found_error(self):
        seen = self.run_script("chat", "nonesuch")
        self.assertEqual(
            (seen["error"], seen["status"], seen["code"]), ("NotFoundError", 404, "model_not_found")
        )

    def test_a_bad_token_is_an_authentication_error(self):
        seen = self.run_script("chat", self.gw.llm(), "mcp_" + "x" * 43)
        self.assertEqual(
            (seen["error"], seen["status"], seen["code"]),
            ("AuthenticationError", 401, "invalid_api_key"),
        )

    def test_a_refused_stream_is_an_error_of_its_status(self):
        self.assertEqual(
            self.run_script("stream", self.gw.llm("status=429"))["error"], "RateLimitError"
        )
        self.assertEqual(
            self.run_script("stream", self.gw.llm("status=400"))["error"], "BadRequestError"
        )
        self.assertEqual(
            self.run_script("stream", self.gw.llm("status=401"))["error"], "InternalServerError"
        )

    def test_a_broken_stream_is_an_error(self):
        for script in ("cut=1", "errorevent=1", "garbage=1"):
            self.assertEqual(
                self.run_script("stream", self.gw.llm(script))["error"], "APIError", script
            )

    def test_leaving_a_stream_ends_it_at_the_provider(self):
        llm = self.gw.llm("events=400,delay=50")
        seen = self.run_script("leave", llm)
        self.assertTrue(self.gw.audit(seen["requestId"])["aborted"])


class LateResponse(ScriptedCase):
    """A whole response to a streamed request, from a provider that said nothing until our 200 was out."""

    options = {"config": ("keepalive_after_ms: 300",)}
    TEXT = {"type": "output_text", "text": "Hello.\n", "annotations": []}
    ANSWER = {
        "id": "resp_1", "object": "response", "created_at": 1, "model": "up",
        "status": "completed", "error": None, "usage": {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7},
        "output": [
            {"id": "rs_1", "type": "reasoning",
             "summary": [{"type": "summary_text", "text": "Hm."}]},
            {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed",
             "content": [TEXT, {**TEXT, "text": "Bye."}]},
            {"id": "fc_1", "type": "function_call", "call_id": "call_1", "name": "f",
             "arguments": '{"a": 1}', "status": "completed"},
        ],
    }

    def test_is_told_in_the_events_that_the_client_reads(self):
        waited = threading.Event()
        self.addCleanup(waited.set)
        llm, _ = self.scripted("openai", whole(self.ANSWER, after=waited))
        client = start_script("response", self.gw, llm)
        self.assertEqual(client.stdout.readline(), "connected\n")
        waited.set()
        out, err = client.communicate(timeout=PATIENCE)
        self.assertEqual(client.returncode, 0, err)
        seen = json.loads(out)
        self.assertEqual(seen["text"], "Hello.\nBye.")
        self.assertEqual(seen["snapshot"], "Bye.", "of the second part alone")
        self.assertEqual(seen["arguments"], '{"a": 1}')
        self.assertEqual(seen["thoughts"], "Hm.")
        self.assertEqual((seen["final"], seen["status"]), ("Hello.\nBye.", "completed"))
        self.assertEqual(seen["output"], ["reasoning", "message", "function_call"])
        self.assertEqual((seen["types"][0], seen["types"][-1]),
                         ("response.created", "response.completed"))


if __name__ == "__main__":
    unittest.main()
