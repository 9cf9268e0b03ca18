#!/usr/bin/env python3
"""hosts.py - how fast each web server of httpd-conf/ passes things on; docs/HOSTS.md shows a run.

    MCPD_BUILD=build/check tests/bench/hosts.py [FRONT...]

Shapes  for each: ms from the provider's sending of an event to its arrival at the client (200 events,
        10 ms apart), ms for a small answer that is not streamed (200 calls, one after the other), and
        ms from the start of the program to its first byte as plain CGI
Units   ms; the machine should have nothing else to do
"""

import os
import pathlib
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from client import data_of  # noqa: E402 - the folder is only known now
from fronts import FRONTS  # noqa: E402
from gateway import BUILD, Gateway  # noqa: E402

EVENTS = 200
CALLS = 200
STARTS = 100


def show(name, ms):
    ms = sorted(ms)
    print(
        f"{name:34} median {statistics.median(ms):6.2f}   p95 {ms[len(ms) * 95 // 100]:6.2f}"
        f"   max {ms[-1]:6.2f}",
        flush=True,
    )


def events(gw):
    stream = gw.chat_stream(gw.llm(f"events={EVENTS},delay=10"))
    for event, when in stream:
        data = data_of(event)
        if data and data["choices"] and data["choices"][0]["delta"].get("content"):
            yield when * 1000 - data["sent_ms"]


def calls(gw):
    llm = gw.llm("events=1")
    for _ in range(CALLS):
        began = time.monotonic()
        gw.chat(llm)
        yield (time.monotonic() - began) * 1000


def first_bytes(gw):
    env = {
        "MCPD_CONFIG": str(gw.home / "mcpd.yaml"),
        "GATEWAY_INTERFACE": "CGI/1.1",
        "REQUEST_METHOD": "GET",
        "REQUEST_URI": "/v1/models",
        "HTTP_AUTHORIZATION": f"Bearer {gw.token}",
    }
    for _ in range(STARTS):
        began = time.monotonic()
        child = subprocess.Popen(
            [BUILD / "mcpd.fcgi"], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        os.read(child.stdout.fileno(), 1)
        yield (time.monotonic() - began) * 1000
        child.communicate()


def main():
    for front in sys.argv[1:] or FRONTS:
        gw = Gateway(front=front, mount="/llm")
        try:
            gw.chat(gw.llm())
            show(f"{front}: event", list(events(gw)))
            show(f"{front}: call", list(calls(gw)))
            if front == "apache-cgi":
                show("plain CGI: exec to first byte", list(first_bytes(gw)))
        finally:
            gw.stop()


if __name__ == "__main__":
    main()
