/* test_http.c - one call: what is sent, and every way in which an answer can end */
#include <criterion/criterion.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/unit/http_bench.h"

#define FIFTY	"http://h.example/34567890123456789012345678901234/"

/* one answer, and how the call ends: the body, or what the error says */
static const struct { const char *answer; enum then then; enum rc rc; const char *says; } ends[] = {
	{ OK_HELLO, SHUT, RC_OK, "hello" },
	{ CHUNKED "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", SHUT, RC_OK, "hello" },
	{ CHUNKED "5\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n", SHUT, RC_OK, "hello" },
	{ "HTTP/1.1 200 OK\r\n\r\nhello", SHUT, RC_OK, "hello" },
	{ "HTTP/1.0 200 OK\r\n\r\nhello", SHUT, RC_OK, "hello" },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", SHUT, RC_OK, "" },
	{ "HTTP/1.1 204 No Content\r\n\r\n", KEEP, RC_OK, "" },
	{ "HTTP/1.1 429 No\r\nContent-Length: 4\r\n\r\nslow", SHUT, RC_OK, "slow" },
	{ "HTTP/1.1 100 Continue\r\nX-ID: no\r\n\r\n" OK_HELLO, SHUT, RC_OK, "hello" },
	{ "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" OK_HELLO, SHUT, RC_OK,
	  "hello" },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", SHUT, RC_UPSTREAM, "cut: " },
	{ CHUNKED "5\r\nhello\r\n", SHUT, RC_UPSTREAM, "cut: " },
	{ CHUNKED "5\r\nhel", SHUT, RC_UPSTREAM, "cut: " },
	{ CHUNKED "zz\r\n", SHUT, RC_UPSTREAM, "the chunks of the answer are garbled" },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: x-new\r\n\r\nhello", SHUT, RC_UPSTREAM,
	  "the answer has a coding that is unknown or garbled" },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
	  SHUT, RC_UPSTREAM, "the answer has a coding that is unknown or garbled" },
	{ CHUNKED "1\r\nxx\r\n", SHUT, RC_UPSTREAM, "the chunks of the answer are garbled" },
	{ CHUNKED "5\r\nhello\r\n", RESET, RC_UPSTREAM, "cut: " },
	{ "", SHUT, RC_UPSTREAM, "closed without an answer" },
	{ "", RESET, RC_UPSTREAM, "lost before an answer" },
	{ "HTTP/1.1 200 OK\r\nContent-Le", SHUT, RC_UPSTREAM, "" },
	{ "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", SHUT, RC_UPSTREAM, "not HTTP" },
	{ "SSH-2.0-x\r\n", SHUT, RC_UPSTREAM, "not HTTP" },
	{ "HTTP/1.1 302 Found\r\nLocation: https://h.example/p?secret=1#f\r\n"
	  "Content-Length: 0\r\n\r\n", SHUT, RC_UPSTREAM,
	  "HTTP 302: redirect to https://h.example/p not followed" },
	{ "HTTP/1.1 304 Not Modified\r\n\r\n", SHUT, RC_UPSTREAM,
	  "HTTP 304: a redirect without a location" },
	{ "HTTP/1.1 302 Found\r\nLocation: " FIFTY FIFTY FIFTY FIFTY "no\r\n\r\n", SHUT, RC_UPSTREAM,
	  FIFTY " not followed" },
	{ "HTTP/1.1 302 Found\r\nLocation:\r\n\r\n", SHUT, RC_UPSTREAM,
	  "HTTP 302: a redirect without a location" },
	{ "HTTP/1.1 302 Found\r\nLocation: ?secret\r\n\r\n", SHUT, RC_UPSTREAM,
	  "HTTP 302: redirect to the same path not followed" },
	{ "HTTP/1.1 302 Found\r\nLocation: #f\r\n\r\n", SHUT, RC_UPSTREAM,
	  "HTTP 302: redirect to the same path not followed" },
};

Test(http, tells_whole_answers_from_cut_ones, .timeout = 60)
{
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		const struct step script[] = { { ends[i].answer, ends[i].then }, { NULL, END } };
		struct bench b;
		enum rc rc;

		bench_open(&b, script);
		rc = bench_call(&b);
		bench_stop(&b);
		cr_expect_eq(rc, ends[i].rc, "answer %zu: %d %s", i, rc, b.err.msg);
		if (rc == RC_OK)
			cr_expect_str_eq(b.body.p, ends[i].says, "answer %zu: %s", i, b.body.p);
		else
			cr_expect(strstr(b.err.msg, ends[i].says) != NULL, "answer %zu: %s", i,
			    b.err.msg);
		cr_expect_eq(b.heads, rc == RC_OK || strncmp(ends[i].says, "cut", 3) == 0 ||
		    strstr(ends[i].says, "garbled") != NULL,
		    "answer %zu", i);
		cr_expect_eq(b.result.attempts, 1, "answer %zu", i);
		cr_expect_null(b.x_id, "answer %zu", i);
		bench_release(&b);
	}
}

Test(http, sends_what_it_is_given_and_little_more)
{
	static const struct step script[] = {
		{ OK_HELLO, KEEP }, { OK_HELLO, SHUT }, { NULL, END }
	};
	static const struct http_header headers[] = {
		{ "Content-Type", "application/json" }, { "Accept", "a\t/b" }, { "X-Empty", "" },
	};
	struct bench b;
	char post[400], get[400];

	setenv("http_proxy", "http://127.0.0.1:1/", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1/", 1);
	bench_open(&b, script);
	b.req.headers = headers;
	b.req.nheaders = 3;
	cr_assert_eq(bench_call(&b), RC_OK, "%s", b.err.msg);
	snprintf(post, sizeof(post), "POST /v1/x HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
	    "User-Agent: mcpd\r\nContent-Type: application/json\r\nAccept: a\t/b\r\nX-Empty:\r\n"
	    "Content-Length: 2\r\n\r\n{}", b.server.port);
	/* nothing of one call is left in the next */
	b.req.method = "GET";
	b.req.body = NULL;
	b.req.nheaders = 0;
	cr_assert_eq(bench_call(&b), RC_OK, "%s", b.err.msg);
	snprintf(get, sizeof(get), "GET /v1/x HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
	    "User-Agent: mcpd\r\nAccept: */*\r\n\r\n", b.server.port);
	bench_stop(&b);
	cr_expect_str_eq(b.server.seen[0].p, post, "%s", b.server.seen[0].p);
	cr_expect_str_eq(b.server.seen[1].p, get, "%s", b.server.seen[1].p);
	bench_release(&b);
}

Test(http, sends_a_large_body_without_asking_first)
{
	static const struct step script[] = { { OK_HELLO, SHUT }, { NULL, END } };
	size_t n = 5u << 20;
	char *body = x_malloc(n);
	struct bench b;

	memset(body, 'b', n);
	bench_open(&b, script);
	b.req.body = body;
	b.req.body_len = n;
	cr_assert_eq(bench_call(&b), RC_OK, "%s", b.err.msg);
	bench_stop(&b);
	cr_expect_null(strcasestr(b.server.seen[0].p, "expect:"));
	cr_expect_null(strcasestr(b.server.seen[0].p, "accept-encoding"));
	cr_expect_eq(strlen(strstr(b.server.seen[0].p, "\r\n\r\n") + 4), n);
	free(body);
	bench_release(&b);
}

Test(http, refuses_a_header_that_would_end_its_line)
{
	static const struct step script[] = { { NULL, END } };
	static const struct http_header evil = { "X-A", "b\r\nX-Evil: 1" };
	struct bench b;

	bench_open(&b, script);
	b.req.headers = &evil;
	b.req.nheaders = 1;
	cr_expect_eq(bench_call(&b), RC_INVALID);
	cr_expect_str_eq(b.err.msg, "header X-A has control characters");
	bench_stop(&b);
	bench_release(&b);
}

Test(http, gives_the_headers_of_the_final_answer)
{
	static const struct step script[] = {
		{ "HTTP/1.1 103 Hints\r\nX-ID: early\r\n\r\nHTTP/1.1 200 OK\r\nx-id: \t final \r\n"
		  "X-ID: second\r\nX-Empty:\r\nContent-Length: 0\r\n\r\n", SHUT },
		{ NULL, END }
	};
	struct bench b;

	bench_open(&b, script);
	cr_assert_eq(bench_call(&b), RC_OK, "%s", b.err.msg);
	bench_stop(&b);
	cr_expect_str_eq(b.x_id, "final");
	bench_release(&b);
}

/* padded - an answer whose header x-id has n bytes of value; owned by the caller */
static char *
padded(size_t n)
{
	char *value = x_malloc(n + 1), *answer;

	memset(value, 'v', n);
	value[n] = '\0';
	answer = x_asprintf("HTTP/1.1 200 OK\r\nX-ID: %s\r\nContent-Length: 0\r\n\r\n", value);
	free(value);
	return answer;
}

Test(http, takes_header_lines_up_to_their_limit)
{
	static const struct { size_t n; enum rc rc; } sizes[] = {
		{ MAX_HEADER - 6, RC_OK }, { MAX_HEADER - 5, RC_UPSTREAM }, { 300000, RC_UPSTREAM },
	};

	for (size_t i = 0; i < 3; i++) {
		char *answer = padded(sizes[i].n);
		const struct step script[] = { { answer, SHUT }, { NULL, END } };
		struct bench b;

		bench_open(&b, script);
		cr_expect_eq(bench_call(&b), sizes[i].rc, "%zu: %s", sizes[i].n, b.err.msg);
		if (sizes[i].rc != RC_OK)
			cr_expect(strstr(b.err.msg, "header is") != NULL, "%s", b.err.msg);
		bench_stop(&b);
		free(answer);
		bench_release(&b);
	}
}

/* long_head - an answer with so many lines of 8000 bytes; owned by the caller */
static char *
long_head(size_t lines)
{
	static char value[7993];		/* with "X-Id: ", CR and LF 8000, and a NUL */
	struct buf b = BUF_INIT(lines * 8000 + 1000);

	memset(value, 'v', sizeof(value) - 1);
	(void)buf_addstr(&b, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", NULL);
	for (size_t i = 0; i < lines; i++)
		(void)buf_addf(&b, NULL, "X-Id: %s\r\n", value);
	(void)buf_addstr(&b, "\r\n", NULL);
	return b.p;
}

Test(http, takes_heads_up_to_their_limit)
{
	static const struct { size_t lines; enum rc rc; } sizes[] = {
		{ 32, RC_OK }, { 34, RC_UPSTREAM }, { 60, RC_UPSTREAM },
	};
	struct http_settings settings = { .max_header = 8192 };

	for (size_t i = 0; i < 3; i++) {
		char *answer = long_head(sizes[i].lines);
		const struct step script[] = { { answer, SHUT }, { NULL, END } };
		struct bench b;

		bench_open(&b, script);
		http_free(b.http);
		b.http = http_new(&settings);
		cr_expect_eq(bench_call(&b), sizes[i].rc, "%zu: %s", sizes[i].lines, b.err.msg);
		if (sizes[i].rc != RC_OK)
			cr_expect_str_eq(b.err.msg, "the answer's headers are longer than 262144 "
			    "bytes");
		bench_stop(&b);
		free(answer);
		bench_release(&b);
	}
}

Test(http, takes_so_many_header_lines_and_no_more)
{
	for (int more = 0; more < 2; more++) {
		struct buf answer = BUF_INIT(65536);
		const struct step *script;
		struct bench b;

		(void)buf_addstr(&answer, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", NULL);
		for (int i = 1; i < 128 + more; i++)
			(void)buf_addf(&answer, NULL, "X-%d: 1\r\n", i);
		(void)buf_addstr(&answer, "\r\n", NULL);
		script = (const struct step[]){ { answer.p, SHUT }, { NULL, END } };
		bench_open(&b, script);
		cr_expect_eq(bench_call(&b), more ? RC_UPSTREAM : RC_OK, "%s", b.err.msg);
		if (more)
			cr_expect_str_eq(b.err.msg, "the answer has more than 128 header lines");
		bench_stop(&b);
		buf_release(&answer);
		bench_release(&b);
	}
}

/* which deadline passes: the one that is short; and the text names it */
static const struct deadline_row {
	const char	*answer;
	enum then	 then;
	size_t		 limit, body_len;
	const char	*scheme, *says;
} deadlines[] = {
	{ "", DEAF, offsetof(struct http_request, connect_timeout_ms), 2, "https",
	  "connect: no connection in 60 ms" },
	{ "", DEAF, offsetof(struct http_request, idle_timeout_ms), 12u << 20, "http",
	  "idle: no byte of the request was taken in 60 ms" },
	{ "", HOLD, offsetof(struct http_request, header_timeout_ms), 2, "http",
	  "header: no answer in 60 ms" },
	{ "", HOLD, offsetof(struct http_request, header_timeout_ms), 2u << 20, "http",
	  "header: no answer in 60 ms" },
	{ "HTTP/1.1 100 Continue\r\n\r\n", HOLD,
	  offsetof(struct http_request, header_timeout_ms), 2, "http",
	  "header: no answer in 60 ms" },
	{ CHUNKED "1\r\nx\r\n", HOLD, offsetof(struct http_request, idle_timeout_ms), 2, "http",
	  "idle: no byte in 60 ms" },
	{ "HTTP/1.1 200 OK\r\n", HOLD, offsetof(struct http_request, idle_timeout_ms), 2, "http",
	  "idle: no byte in 60 ms" },
	{ CHUNKED "1\r\nx\r\n", HOLD, offsetof(struct http_request, total_timeout_ms), 2, "http",
	  "total: not done in 60 ms" },
};

Test(http, names_the_deadline_that_passed_and_closes, .timeout = 60)
{
	char *body = x_calloc(12u << 20, 1);

	for (size_t i = 0; i < sizeof(deadlines) / sizeof(deadlines[0]); i++) {
		const struct deadline_row *row = &deadlines[i];
		const struct step script[] = {
			{ row->answer, row->then }, { OK_HELLO, SHUT }, { NULL, END }
		};
		struct bench b;

		bench_open(&b, script);
		snprintf(b.url, sizeof(b.url), "%s://127.0.0.1:%d/", row->scheme, b.server.port);
		*(int64_t *)(void *)((char *)&b.req + row->limit) = SHORT_MS;
		b.req.body = body;
		b.req.body_len = row->body_len;
		cr_expect_eq(bench_call(&b), RC_TIMEOUT, "row %zu: %s", i, b.err.msg);
		cr_expect_str_eq(b.err.msg, row->says, "row %zu: %s", i, b.err.msg);
		/* the client goes on, over a new connection */
		snprintf(b.url, sizeof(b.url), "http://127.0.0.1:%d/", b.server.port);
		*(int64_t *)(void *)((char *)&b.req + row->limit) = LONG_MS;
		b.req.body_len = 2;
		cr_expect_eq(bench_call(&b), RC_OK, "row %zu: %s", i, b.err.msg);
		bench_stop(&b);
		cr_expect_eq(b.server.saw_close, row->then == HOLD, "row %zu", i);
		cr_expect_eq(b.server.connections, 2, "row %zu", i);
		bench_release(&b);
	}
	free(body);
}

/* after the status line each byte is a sign of life: libcurl shows whole lines and chunks alone */
static const struct { const char *what, *answer; enum then before; } drips[] = {
	{ "chunks", CHUNKED "1\r\nx\r\n\f1\r\ny\r\n\f1\r\nz\r\n0\r\n\r\n", SHUT },
	{ "a header line of a kept connection", "HTTP/1.1 200 OK\r\nTransf\fer-Encoding: ch\f"
	  "unked\r\n\r\n3\r\nxyz\r\n0\r\n\r\n", KEEP },
	{ "the size of a chunk", CHUNKED "0\f0\f3\r\nxyz\r\n0\r\n\r\n", SHUT },
};

Test(http, counts_idle_time_from_the_last_byte, .timeout = 60)
{
	for (size_t i = 0; i < sizeof(drips) / sizeof(drips[0]); i++) {
		const struct step script[] = {
			{ OK_HELLO, drips[i].before }, { drips[i].answer, DRIP }, { NULL, END }
		};
		struct bench b;

		bench_open(&b, script);
		cr_expect_eq(bench_call(&b), RC_OK, "%s", b.err.msg);
		b.req.idle_timeout_ms = DRIP_MS * 2 - DRIP_MS / 8;	/* less than two pauses */
		cr_expect_eq(bench_call(&b), RC_OK, "%s: %s", drips[i].what, b.err.msg);
		cr_expect_str_eq(b.body.p, "xyz", "%s", drips[i].what);
		bench_stop(&b);
		cr_expect_eq(b.server.connections, drips[i].before == KEEP ? 1 : 2);
		bench_release(&b);
	}
}

/* headerTimeoutMs is to the status line, however often a part of it comes */
Test(http, counts_the_time_to_the_status_line_from_the_request, .timeout = 60)
{
	static const struct step script[] = {
		{ "HTTP/1.1 \f200\f OK\r\nContent-Length: 0\r\n\r\n", DRIP }, { NULL, END }
	};
	struct bench b;

	bench_open(&b, script);
	b.req.header_timeout_ms = DRIP_MS * 3 / 2;
	cr_expect_eq(bench_call(&b), RC_TIMEOUT, "%s", b.err.msg);
	cr_expect_str_eq(b.err.msg, "header: no answer in 2400 ms");
	bench_stop(&b);
	bench_release(&b);
}

/* but what came before is none */
Test(http, counts_idle_time_though_a_line_is_not_whole, .timeout = 60)
{
	static const struct step script[] = {
		{ "HTTP/1.1 200 OK\r\nTransf", HOLD }, { NULL, END }
	};
	struct bench b;

	bench_open(&b, script);
	b.req.idle_timeout_ms = SHORT_MS;
	cr_expect_eq(bench_call(&b), RC_TIMEOUT);
	cr_expect_str_eq(b.err.msg, "idle: no byte in 60 ms");
	bench_stop(&b);
	bench_release(&b);
}
