"""scriptedcase.py - tests against a provider that plays a list of answers.

Shapes  a case has self.provider (scripted.py); scripted() is an Llm whose calls get these answers
Units   none
Errors  an unexpected status fails the test
"""

from gateway import GatewayCase
from scripted import Scripted, chunk, event

HI = [{"role": "user", "content": "hi"}]
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude",
    "content": [{"type": "text", "text": "Hello."}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 5, "cache_read_input_tokens": 3, "output_tokens": 7},
}
EVENTS = (
    event("message_start", message={**MESSAGE, "content": [], "stop_reason": None}),
    event("ping"),
    event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
    event("content_block_delta", index=0, delta={"type": "text_delta", "text": "Hello."}),
    event("content_block_stop", index=0),
    event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 9}),
    event("message_stop"),
)
USAGE = chunk(choices=[], usage={"prompt_tokens": 8, "completion_tokens": 7})
DONE = "data: [DONE]\n\n"


class ScriptedCase(GatewayCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider = Scripted()

    @classmethod
    def tearDownClass(cls):
        cls.provider.stop()
        super().tearDownClass()

    def scripted(self, type, *answers, **fields):
        """scripted - (name, url) of an Llm whose calls get these answers"""
        url = self.provider.url(*answers)
        return self.gw.llm(type=type, model="up", url=url, **fields), url

    def messages(self, llm, status=200, path="", token="", headers=None, **fields):
        body = {"model": llm, "max_tokens": 9, "messages": HI, **fields}
        return self.call("POST", f"/v1/messages{path}", body, status, token, headers)

    def events(self, path, body):
        """events - a whole stream as text"""
        answer = self.gw.stream(path, body)
        self.assertEqual(answer.status, 200)
        answer.rest()
        return answer.raw.decode(), answer.headers

    def assertAnthropicError(self, answer, type):
        body = answer.json()
        self.assertEqual(set(body), {"type", "error", "request_id"}, body)
        self.assertEqual((body["type"], body["error"]["type"]), ("error", type), body)
        self.assertEqual(set(body["error"]), {"type", "message"})
        self.assertNotEqual(body["error"]["message"], "")
        self.assertEqual(body["request_id"], answer.headers["x-request-id"])
        self.assertEqual(body["request_id"], answer.headers["request-id"])
        return body["error"]["message"]
