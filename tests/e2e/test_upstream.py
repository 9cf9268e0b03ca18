"""Providers that misbehave, and addresses that a call may go to. API.md 3 "Streaming", and 5."""

import pathlib
import socket
import ssl
import tempfile
import threading
import unittest

from client import text_of
from gateway import BUILD, unique, wait_for
from process import rss
from test_stream import Case
from tls import Certificate, Relay

MIB = 1 << 20


class Misbehaviour(Case):
    options = {"workers": 1, "config": ("keepalive_after_ms: 300",)}

    def test_a_line_of_100_mb_ends_the_stream_early_and_costs_no_memory(self):
        mark = f"marker-{next(unique)}-"
        before = rss(self.gw.workers()[0])
        stream = self.stream(self.gw.llm("hugeline=104857600"), user=mark)
        self.assertBroken(stream.rest(), "upstream_error")
        self.assertIn("client-closed", self.gw.ended(self.gw.recorded(mark)[0]))
        # one event is 4 MiB at most, and a buffer that grows may be there twice
        self.assertLess(rss(self.gw.workers()[0]) - before, 24 * MIB)

    def test_a_header_line_past_the_limit_is_refused(self):
        for stream in (False, True):
            answer = self.gw.request(
                "POST",
                f"/api/v1/llms/{self.gw.llm('bigheader=9000')}/infer",
                {"messages": [{"role": "user", "content": "x"}], "stream": stream},
            )
            self.assertFailure(answer, 502, "upstream_error")
        self.assertStatus(self.gw.chat(self.gw.llm("bigheader=8000")), 200)
        self.assertFailure(self.gw.chat(self.gw.llm("bigheader=2000000")), 502)

    def test_half_a_status_line_is_no_answer_and_is_not_asked_for_twice(self):
        for n in (0, 5, 12, 22):
            before = self.gw.requests_recorded()
            answer = self.gw.chat(self.gw.llm(f"halfstatus={n}"))
            self.assertFailure(answer, 502, "upstream_error")
            attempts = self.gw.audit(answer.request_id)["attempts"]
            self.assertEqual(self.gw.requests_recorded(), before + attempts, n)
            # a connection that an earlier test has left, and that ends without a byte, may be the reason
            self.assertLessEqual(attempts, 2 if n == 0 else 1, n)

    def test_a_redirect_is_never_followed(self):
        for stream in (False, True):
            before = self.gw.requests_recorded()
            target = self.gw.provider_url("events=1/v1/chat/completions")
            script = "redirect=" + target.replace(":", "%3A").replace("/", "%2F").replace(",", "%2C")
            for status in (302, 307, 308):
                answer = self.gw.request(
                    "POST",
                    f"/api/v1/llms/{self.gw.llm(f'{script},status={status}')}/infer",
                    {"messages": [{"role": "user", "content": "x"}], "stream": stream},
                )
                self.assertFailure(answer, 502, "upstream_error")
            self.assertEqual(self.gw.requests_recorded(), before + 3)

    def test_an_answer_late_after_an_early_200_is_an_error_event(self):
        llm = self.gw.llm("silence=headers", extra={"headerTimeoutMs": 3000})
        stream = self.stream(llm)
        self.assertEqual(stream.next()[0], ": keepalive")
        self.assertBroken(stream.rest(), "upstream_timeout")
        self.assertEqual(self.gw.audit(stream.request_id)["error"], "upstream_timeout")

    def test_comments_alone_do_not_outlast_the_total_deadline(self):
        llm = self.gw.llm("events=1000,delay=30,comment", extra={"totalTimeoutMs": 2500})
        self.assertBroken(self.stream(llm).rest(), "upstream_timeout")


class KeptConnections(Case):
    """One call of a client is one call of the provider, but for the one re-send that HTTP allows."""

    options = {"workers": 1, "config": ("threads: 1",)}

    def setUp(self):
        self.gw.asks_again = True

    def fresh(self):
        """fresh - an Llm whose provider drops kept connections, and none that was kept before"""
        self.assertStatus(self.gw.chat(self.gw.llm("closed")), 200)
        return self.gw.llm("keepdrop")

    def test_a_kept_connection_that_dies_is_replaced_once_and_that_is_booked(self):
        llm = self.fresh()
        for attempts in (1, 2, 2):
            before = self.gw.requests_recorded()
            answer = self.assertStatus(self.gw.chat(llm), 200)
            self.assertEqual(self.gw.audit(answer.request_id)["attempts"], attempts)
            self.assertEqual(self.gw.requests_recorded(), before + attempts)

    def test_a_stream_too(self):
        llm = self.fresh()
        for attempts in (1, 2):
            stream = self.stream(llm)
            self.assertEqual(stream.rest()[-1], "data: [DONE]")
            self.assertEqual(self.gw.audit(stream.request_id)["attempts"], attempts)

    def test_nothing_is_sent_again_once_there_was_a_word_of_an_answer(self):
        self.assertStatus(self.gw.chat(self.gw.llm()), 200)  # there is a kept connection now
        for script in ("cut=0", "reset=0", "cut=1,events=3"):
            before = self.gw.requests_recorded()
            stream = self.gw.chat_stream(self.gw.llm(script))
            self.assertBroken(stream.rest())
            self.assertEqual(self.gw.requests_recorded(), before + 1, script)
            self.assertStatus(self.gw.chat(self.gw.llm()), 200)


class Stray:
    """A provider whose answers are longer than they say: in one TLS record with the end of each comes what
    looks like the next. With `last` a connection has one answer alone, without more, and ends with these
    bytes of a second one."""

    HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n"
    ANSWER, OTHER = b'{"answer":1}', b'{"answer":2}'

    def __init__(self, certificate, last=None, newest=ssl.TLSVersion.MAXIMUM_SUPPORTED):
        self.context, self.last = certificate.server_context(), last
        self.context.maximum_version = newest
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.requests = 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        try:
            with self.context.wrap_socket(client, server_side=True) as tls, tls.makefile("rb") as lines:
                answers = 0
                while self.read(lines):
                    self.requests += 1
                    if answers > 0 and self.last is not None:
                        tls.sendall(self.last)
                        tls.unwrap()  # says that it ends
                        return
                    answers += 1
                    tls.sendall(self.HEAD)
                    tls.sendall(self.ANSWER + (b"" if self.last is not None else self.HEAD + self.OTHER))
        except OSError:
            pass

    def read(self, lines):
        """read - a request; False: there is none"""
        if not lines.readline():
            return False
        length = 0
        while (line := lines.readline().lower()) not in (b"\r\n", b""):
            if line.startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        lines.read(length)
        return True

    def close(self):
        self.listener.close()


class Tls(Case):
    certificate = Certificate("IP:127.0.0.1")
    other = Certificate("DNS:elsewhere.test")
    threads = 4
    options = {"workers": 1, "config": (f"ca_file: {certificate.file}", f"threads: {threads}")}

    def relay(self, certificate=None, mode="tls"):
        relay = Relay(certificate or self.certificate, self.gw.provider_port, mode)
        self.addCleanup(relay.close)
        return relay

    def over(self, relay, script="", **extra):
        url = f"https://127.0.0.1:{relay.port}" + (f"/{script}" if script else "")
        return self.gw.llm(url=url, extra=extra)

    def test_a_private_authority_is_trusted_and_streams_are_as_ever(self):
        relay, gate = self.relay(), self.gw.gate()
        self.assertStatus(self.gw.chat(self.over(relay)), 200)
        stream = self.stream(self.over(relay, f"events=3,gate={gate}"))
        for i in range(3):
            self.assertEqual(text_of([stream.next()[0]]), f"w{i} ")
            self.gw.open_gate(gate)
        self.assertEqual(stream.rest()[-1], "data: [DONE]")

    def test_a_cut_stream_is_cut_over_tls_too(self):
        self.assertBroken(self.stream(self.over(self.relay(), "events=4,cut=2")).rest())

    def test_what_comes_behind_an_answer_is_nobodys(self):
        stray = Stray(self.certificate)
        self.addCleanup(stray.close)
        llm = self.gw.llm(url=f"https://127.0.0.1:{stray.port}")
        calls = 3 * self.threads  # each thread keeps its own connection
        for _ in range(calls):
            answer = self.gw.chat(llm)
            self.assertStatus(answer, 200)
            self.assertEqual(answer.body, Stray.ANSWER)
        self.assertEqual(stray.requests, calls)

    def last_words(self, last, newest):
        """last_words - (statuses, attempts of all, requests) of calls to a provider that ends so"""
        stray = Stray(self.certificate, last, newest)
        self.addCleanup(stray.close)
        llm = self.gw.llm(url=f"https://127.0.0.1:{stray.port}")
        answers = [self.gw.chat(llm) for _ in range(3 * self.threads)]
        attempts = [self.gw.audit(a.request_id)["attempts"] for a in answers]
        return {a.status for a in answers}, attempts, stray.requests

    def test_a_kept_connection_that_ends_in_an_answer_is_not_asked_again(self):
        for newest in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            for last in (b"H", b"HTTP/1.1 20"):
                statuses, attempts, requests = self.last_words(last, newest)
                self.assertEqual(statuses, {200, 502})
                self.assertEqual(set(attempts), {1})
                self.assertEqual(requests, len(attempts), "one call, one request")

    def test_a_kept_connection_that_ends_without_a_word_is_asked_again(self):
        for newest in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            statuses, attempts, requests = self.last_words(b"", newest)
            self.assertEqual(statuses, {200})
            self.assertEqual(set(attempts), {1, 2})
            self.assertEqual(requests, sum(attempts))

    def test_certificates_of_others_are_refused_before_anything_is_sent(self):
        stranger = Certificate()
        for certificate in (self.other, stranger):
            before = self.gw.requests_recorded()
            answer = self.gw.chat(self.over(self.relay(certificate)))
            self.assertIn("certificate", self.assertFailure(answer, 502)["message"])
            self.assertEqual(self.gw.requests_recorded(), before)

    def test_a_handshake_that_never_ends_is_the_connect_deadline(self):
        relay = self.relay(mode="silent")
        answer = self.gw.chat(self.over(relay, connectTimeoutMs=400))
        self.assertFailure(answer, 504, "upstream_timeout")
        wait_for("the relay", lambda: relay.seen == 1)

    def test_no_tls_at_all_is_refused(self):
        self.assertFailure(self.gw.chat(self.over(self.relay(mode="garbage"))), 502)


class Destinations(Case):
    """The address that counts is the one that is connected, whatever the name was."""

    hosts = tempfile.NamedTemporaryFile("w", prefix="mcpd-hosts-")
    options = {
        "workers": 1,
        "config": ("threads: 1",),
        "env": {"LD_PRELOAD": str(BUILD / "tests/support/resolve.so"), "TEST_HOSTS": hosts.name},
    }
    NEVER = {
        "metadata": "169.254.169.254",
        "mapped-metadata": "::ffff:169.254.169.254",
        "nat64-metadata": "64:ff9b::a9fe:a9fe",
        "aws6": "fd00:ec2::254",
        "alibaba": "100.100.100.200",
        "azure": "168.63.129.16",
        "oracle": "192.0.0.192",
        "zero": "0.0.0.0",
        "zero6": "::",
        "multicast": "224.0.0.1",
    }
    PRIVATE = {"loopback": "127.0.0.1", "mapped": "::ffff:127.0.0.1", "other": "127.9.9.9"}

    @classmethod
    def names(cls, **names):
        """names - what the name service says from now on"""
        lines = [f"{n}.test {a}\n" for n, a in {**cls.NEVER, **cls.PRIVATE, **names}.items()]
        pathlib.Path(cls.hosts.name).write_text("".join(lines))

    def setUp(self):
        self.gw.asks_again = True
        self.names()

    def at(self, name, allow, script="", key=True):
        """at - an Llm whose url has the name"""
        url = f"http://{name}.test:{self.gw.provider_port}" + (f"/{script}" if script else "")
        fields = {} if key else {"apiKeyRef": None}
        return self.gw.llm(url=url, extra={"allowPrivateUrl": allow}, **fields)

    def assertRefused(self, llm, word):
        before = self.gw.requests_recorded()
        answer = self.gw.chat(llm)
        self.assertIn(word, self.assertFailure(answer, 502)["message"])
        self.assertEqual(self.gw.requests_recorded(), before)
        self.assertNoKey(answer.body)

    def test_the_shim_works(self):
        self.assertStatus(self.gw.chat(self.at("loopback", True)), 200)

    def test_a_name_of_a_private_address_needs_leave(self):
        for name in self.PRIVATE:
            with self.subTest(name):
                self.assertRefused(self.at(name, False, key=False), "private address")

    def test_some_addresses_are_never_connected(self):
        for name in self.NEVER:
            with self.subTest(name):
                self.assertRefused(self.at(name, True), "never connected")

    def test_a_key_goes_to_a_public_address_over_https_only(self):
        self.names(public="203.0.113.5")
        self.assertRefused(self.at("public", True), "https only")

    def test_a_kept_connection_is_judged_by_the_call_that_would_use_it(self):
        may, may_not = self.at("loopback", True), self.at("loopback", False, key=False)
        self.assertStatus(self.gw.chat(may), 200)
        self.assertRefused(may_not, "private address")
        self.assertStatus(self.gw.chat(may), 200)

    def test_an_allowed_address_behind_a_forbidden_one_is_taken(self):
        self.names(**{"both": "169.254.169.254"})
        with open(self.hosts.name, "a") as f:
            f.write("both.test 127.0.0.1\n")
        self.assertStatus(self.gw.chat(self.at("both", True)), 200)


if __name__ == "__main__":
    unittest.main()
