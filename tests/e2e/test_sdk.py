"""The official clients, unchanged: only base_url and the key are set."""

import json
import os
import subprocess
import unittest

from gateway import GatewayCase, PATIENCE
from node import NODE, SDK


class OpenAI(GatewayCase):
    """npm `openai`, as pinned in sdk/package-lock.json."""

    def run_script(self, case, llm, token=None):
        self.assertTrue(
            (SDK / "node_modules/openai").is_dir(), "run `npm ci` in tests/e2e/sdk, or ./check"
        )
        done = subprocess.run(
            [NODE, SDK / "openai.mjs", case],
            capture_output=True,
            text=True,
            timeout=3 * PATIENCE,
            env={
                **os.environ,
                "OPENAI_BASE_URL": f"http://127.0.0.1:{self.gw.port}/v1",
                "OPENAI_API_KEY": token or self.gw.token,
                "LLM": llm,
            },
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

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


if __name__ == "__main__":
    unittest.main()
