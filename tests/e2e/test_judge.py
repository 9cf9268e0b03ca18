"""Every stream of tests/cases that is translated, with the official clients as its judges."""

import json
import os
import subprocess
import unittest

from fronts import TOP
from gateway import PATIENCE
from node import NODE, SDK
from scripted import stream
from scriptedcase import ScriptedCase

ANTHROPIC = ("@anthropic-ai/sdk", "anthropic-sdk-0")
# a folder of tests/cases: the type of its Llms, whose clients read it
FOLDERS = {"anthropic": ("anthropic", ("openai",)), "messages": ("openai", ANTHROPIC),
           "messages-native": ("anthropic", ANTHROPIC)}


class Streams(ScriptedCase):
    def cases(self):
        """cases - (name, client, job, does its stream end well) of each"""
        for folder, (type, clients) in FOLDERS.items():
            for path in sorted((TOP / "tests/cases" / folder).glob("stream-*.in.sse")):
                out = path.with_name(path.name.replace(".in.", ".out.")).read_text()
                llm, _ = self.scripted(type, stream(path.read_bytes()))
                for client in clients:
                    yield f"{folder}/{path.name}", client, llm, "\n-- ended\n" in out

    def test_are_taken_where_they_end_and_errors_where_they_do_not(self):
        self.assertTrue((SDK / "node_modules/openai").is_dir(), "run `npm ci` in tests/e2e/sdk")
        cases = list(self.cases())
        done = subprocess.run(
            [NODE, SDK / "judge.mjs"],
            input=json.dumps([{"client": c, "llm": llm} for _, c, llm, _ in cases]),
            capture_output=True,
            text=True,
            timeout=3 * PATIENCE,
            env={
                **os.environ,
                "GATEWAY": f"http://127.0.0.1:{self.gw.port}",
                "TOKEN": self.gw.token,
            },
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        verdicts = dict(zip([(name, client) for name, client, _, _ in cases], json.loads(done.stdout)))
        self.assertGreater(len(verdicts), 100, "cases were lost")
        for name, client, _, ends in cases:
            seen = verdicts[name, client]
            self.assertEqual("error" not in seen, ends, f"{name} by {client}: {seen}")
        self.same_by_both_generations(verdicts)

    def same_by_both_generations(self, verdicts):
        for (name, client), seen in verdicts.items():
            if client == ANTHROPIC[0] and "error" not in seen:
                self.assertEqual(seen, verdicts[name, ANTHROPIC[1]], name)


if __name__ == "__main__":
    unittest.main()
