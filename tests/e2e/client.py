"""client.py - answers as a client sees them: whole, or event by event.

Shapes  an event is its text without the blank line that ends it: "data: {...}", ": comment"
Units   time.monotonic() seconds
Errors  what http.client raises
"""

import json
import re
import time

EVENT_END = re.compile(rb"\r?\n\r?\n")


class Response:
    """A whole answer."""

    def __init__(self, answer):
        self.status = answer.status
        self.headers = answer.headers
        self.body = answer.read()

    def json(self):
        return json.loads(self.body)

    @property
    def request_id(self):
        return self.headers["x-request-id"]

    def __repr__(self):
        return f"<{self.status} {self.body[:600]!r}>"


class Stream:
    """A streamed answer: events as they arrive, each with the time of its arrival."""

    def __init__(self, connection, answer):
        self.connection, self.answer = connection, answer
        self.status, self.headers = answer.status, answer.headers
        self.raw = b""
        self.parsed = 0

    @property
    def request_id(self):
        return self.headers["x-request-id"]

    def next(self):  # not __next__: its callers want None, and no exception, at the end
        """next - (text of an event or comment, monotonic time of arrival), or None at the end"""
        while True:
            end = EVENT_END.search(self.raw, self.parsed)
            if end:
                event = self.raw[self.parsed : end.start()]
                self.parsed = end.end()
                return event.decode(), time.monotonic()
            data = self.answer.read1(65536)
            if not data:
                self.close()
                return None
            self.raw += data

    def __iter__(self):
        return iter(self.next, None)

    def rest(self):
        """rest - the texts of all that is still to come"""
        return [event for event, _ in self]

    def close(self):
        self.answer.close()
        self.connection.close()


def data_of(event):
    """data_of - the JSON of a "data:" event; None: a comment, or [DONE]"""
    if not event.startswith("data: ") or event == "data: [DONE]":
        return None
    return json.loads(event[len("data: ") :])


def text_of(events):
    """text_of - the answer's text out of the chunks of a stream"""
    chunks = filter(None, map(data_of, events))
    return "".join(
        c["choices"][0]["delta"].get("content") or "" for c in chunks if c.get("choices")
    )
