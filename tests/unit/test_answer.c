/* test_answer.c - the streaming engine between a scripted provider and a recording client */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "tests/unit/play.h"

#define SSE	{ .v = { { "content-type", "text/event-stream; charset=utf-8" } } }
#define JSON	{ .v = { { "Content-Type", "application/json" } } }
#define NONE	{ .v = { { NULL } } }
#define CHUNK	"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"}," \
		"\"finish_reason\":null}]}\n\n"
#define LAST	"data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
#define DONE	"data: [DONE]\n\n"

static const struct scene {
	const char	*name;
	bool		 stream;
	int		 status;	/* the provider's */
	struct headers	 headers;
	const char	*body[5];
	int		 got;		/* the client's */
	const char	*exact;		/* its whole body, or */
	const char	*begins, *holds, *lacks;
} scenes[] = {
	{ "a stream passes byte for byte", true, 200, SSE, { ": hi\n\n" CHUNK, LAST DONE }, 200,
	  .exact = ": hi\n\n" CHUNK LAST DONE },
	{ "events cut anywhere", true, 200, SSE, { "da", "ta: {\"choices\":[]}\r", "\n\r\n",
	  LAST DONE }, 200, .exact = "data: {\"choices\":[]}\r\n\r\n" LAST DONE },
	{ "nothing after the end", true, 200, SSE, { LAST DONE CHUNK, CHUNK }, 200,
	  .exact = LAST DONE },
	{ "an end that is torn is one", true, 200, SSE, { CHUNK LAST "data: [DONE]" }, 200,
	  .exact = CHUNK LAST DONE },
	{ "a clean end without [DONE] is given one", true, 200, SSE, { CHUNK LAST }, 200,
	  .exact = CHUNK LAST DONE },
	{ "an end without finish_reason is a cut", true, 200, SSE, { CHUNK }, 200,
	  .begins = CHUNK "data: {\"error\":", .holds = "upstream_error", .lacks = "[DONE]" },
	{ "garbage ends it", true, 200, SSE, { CHUNK "data: {oops\n\n" CHUNK }, 200,
	  .begins = CHUNK "data: {\"error\":", .lacks = "[DONE]" },
	{ "half an event is a cut", true, 200, SSE, { CHUNK "data: {\"choi" }, 200,
	  .begins = CHUNK "data: {\"error\":", .lacks = "[DONE]" },
	{ "an error event is put into our shape", true, 200, SSE,
	  { CHUNK "data: {\"error\":\"boom\"}\n\n" DONE }, 200,
	  .begins = CHUNK "data: {\"error\":{\"message\":", .holds = "boom", .lacks = "[DONE]" },
	{ "a refusal of a stream is a real one", true, 429, JSON,
	  { "{\"error\":{\"message\":\"slow down\",\"code\":\"rpm\"}}" }, 429,
	  .begins = "{\"error\":{\"message\":\"openai: HTTP 429", .holds = "slow down" },
	{ "JSON to a stream is passed on whole", true, 200, JSON, { "{\"a\":", "1}" }, 200,
	  .exact = "{\"a\":1}" },
	{ "no type: events are seen by their first byte", true, 200, NONE, { "\n", "data: {\"choices"
	  "\":[{\"finish_reason\":\"stop\"}]}\n\n" }, 200, .begins = "\ndata: ", .holds = DONE },
	{ "no type: a field of no use", true, 200, NONE, { "retry: 5\n\n" LAST }, 200,
	  .exact = "retry: 5\n\n" LAST DONE },
	{ "no type: a byte order mark before events", true, 200, NONE, { "\xef", "\xbb\xbf", "data: {\"a\":"
	  "1}\n\n" LAST }, 200, .exact = "\xef\xbb\xbf" "data: {\"a\":1}\n\n" LAST DONE },
	{ "no type: a byte order mark alone", true, 200, NONE, { "\xef\xbb\xbf" }, 502,
	  .begins = "{\"error\":" },
	{ "no type: half a byte order mark", true, 200, NONE, { "\xef\xbb:", "data: {}\n\n" }, 502,
	  .begins = "{\"error\":" },
	{ "no type: a list", true, 200, NONE, { " [1]" }, 200, .exact = " [1]" },
	{ "a type that begins like that of a stream", false, 200,
	  { .v = { { "content-type", "text/event-streams" } } }, { "{}" }, 200, .exact = "{}" },
	{ "a coding without a name is none", true, 200,
	  { .v = { { "content-type", "text/event-stream" }, { "content-encoding", "" } } },
	  { LAST DONE }, 200, .exact = LAST DONE },
	{ "no type: HTML is refused", true, 200, NONE, { "<html>" }, 502,
	  .begins = "{\"error\":", .lacks = "html>" },
	{ "a whole answer is untouched", false, 200, JSON, { "\n \n{ \"n\": 12345678901234567890,",
	  "\"x\":\"\\u0041\"}\n" }, 200,
	  .exact = "\n \n{ \"n\": 12345678901234567890,\"x\":\"\\u0041\"}\n" },
	{ "half a whole answer is none", false, 200, JSON, { "{\"a\":1" }, 502,
	  .begins = "{\"error\":" },
	{ "an empty one is none", false, 200, JSON, { "" }, 502, .begins = "{\"error\":" },
	{ "a stream to a question without one", false, 200, SSE, { CHUNK DONE }, 502,
	  .begins = "{\"error\":" },
	{ "an encoded answer", false, 200, { .v = { { "content-encoding", "gzip" } } }, { "{}" },
	  502, .begins = "{\"error\":" },
	{ "a stream encoded by the second of two headers", true, 200,
	  { .v = { { "content-type", "text/event-stream" }, { "content-encoding", "identity" },
	    { "Content-Encoding", "gzip" } } }, { LAST DONE }, 502, .begins = "{\"error\":",
	  .holds = "the answer is encoded", .lacks = "[DONE]" },
	{ "two headers of no coding", false, 200,
	  { .v = { { "content-encoding", "" }, { "content-encoding", "Identity" } } }, { "{}" }, 200,
	  .exact = "{}" },
	{ "a coding that nobody knows", false, 200,
	  { .v = { { "content-encoding", "identity, x-new" } } }, { "{}" }, 502,
	  .begins = "{\"error\":" },
	{ "a refusal in a coding is one without words", false, 404,
	  { .v = { { "content-encoding", "gzip" } } }, { "\x1f\x8b" }, 404,
	  .begins = "{\"error\":{\"message\":\"openai: HTTP 404\"," },
	{ "a key refused by the provider is not the caller's fault", false, 401, JSON,
	  { "{\"error\":{\"message\":\"bad key sk-12345678\"}}" }, 502, .begins = "{\"error\":",
	  .holds = "upstream_auth", .lacks = "sk-1234" },
	{ "a provider that echoes the key", false, 400, JSON,
	  { "{\"error\":{\"message\":\"you sent Bearer topsecretkey\"}}" }, 400,
	  .holds = "you sent Bearer ***", .lacks = "topsecretkey" },
};

Test(answer, scenes)
{
	for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++) {
		const struct scene *s = &scenes[i];
		struct play p;
		const char *body;

		play_open(&p, s->stream);
		scrub_add(&p.scrub, "topsecretkey");
		play_begin(&p);
		play_head(&p, s->status, s->headers);
		for (size_t k = 0; k < 5 && s->body[k] != NULL; k++)
			play_data(&p, s->body[k]);
		play_end(&p);
		body = p.client.body.p;
		cr_expect_eq(p.client.status, s->got, "%s: %d", s->name, p.client.status);
		cr_expect(p.client.ending && p.client.ending_at < p.client.body.len,
		    "%s: the end is told after it", s->name);
		if (s->exact != NULL)
			cr_expect_str_eq(body, s->exact, "%s: %s", s->name, body);
		if (s->begins != NULL)
			cr_expect_eq(strncmp(body, s->begins, strlen(s->begins)), 0, "%s: %s",
			    s->name, body);
		if (s->holds != NULL)
			cr_expect_not_null(strstr(body, s->holds), "%s: %s", s->name, body);
		if (s->lacks != NULL)
			cr_expect_null(strstr(body, s->lacks), "%s: %s", s->name, body);
		play_close(&p);
	}
}

Test(answer, a_stream_says_so_in_its_headers)
{
	struct play p;

	play_open(&p, true);
	play_begin(&p);
	play_head(&p, 200, (struct headers)SSE);
	cr_expect_eq(p.client.flushes, 1, "the head is out before the first event");
	cr_expect_str_eq(p.client.headers.p, "Content-Type: text/event-stream\n"
	    "Cache-Control: no-cache, no-transform\nX-Accel-Buffering: no\n");
	cr_expect_eq(p.client.length, -1);
	play_data(&p, LAST CHUNK);
	cr_expect_eq(p.client.flushes, 2, "one flush a read");
	play_close(&p);
}

Test(answer, a_failed_response_is_passed_without_the_key)
{
	struct play p;

	play_open(&p, true);
	p.call.api = API_RESPONSES;
	scrub_add(&p.scrub, "top/secret");
	play_begin(&p);
	play_head(&p, 200, (struct headers)SSE);
	play_data(&p, "data: {\"type\":\"response.created\",\"n\":\"top/secret\"}\n\n"
	    "data: {\"type\":\"response.failed\",\"response\":{\"error\":"
	    "{\"message\":\"no top\\/secret, \\u0074op/secret\"}}}\n\n");
	play_end(&p);
	cr_expect_str_eq(p.client.body.p, "data: {\"type\":\"response.created\",\"n\":"
	    "\"top/secret\"}\n\ndata: {\"type\":\"response.failed\",\"response\":"
	    "{\"error\":{\"message\":\"no ***, ***\"}}}\n\n", "%s", p.client.body.p);
	play_close(&p);
}

Test(answer, gives_back_the_few_headers_that_clients_act_on)
{
	struct play p;
	struct headers h = { .v = {
		{ "Content-Type", "application/json" }, { "set-cookie", "a=b" },
		{ "X-RateLimit-Remaining", "7" }, { "Retry-After", "3" },
		{ "openai-organization", "us" }, { "x-request-id", "up-1" },
		{ "x-ratelimit-echo", "has topsecretkey" },
	} };

	play_open(&p, false);
	scrub_add(&p.scrub, "topsecretkey");
	play_begin(&p);
	play_head(&p, 200, h);
	play_data(&p, "{}");
	play_end(&p);
	cr_expect_str_eq(p.client.headers.p, "X-RateLimit-Remaining: 7\nRetry-After: 3\n"
	    "x-upstream-request-id: up-1\nContent-Type: application/json\n");
	cr_expect_eq(p.client.length, 2);
	play_close(&p);
}

Test(answer, a_provider_that_is_overloaded_is_tried_again_in_a_second)
{
	struct play p;

	play_open(&p, false);
	play_begin(&p);
	play_head(&p, 529, (struct headers)JSON);
	play_end(&p);
	cr_expect_eq(p.client.status, 503);
	cr_expect_not_null(strstr(p.client.headers.p, "retry-after: 1\n"));
	cr_expect_not_null(strstr(p.client.body.p, "\"overloaded\""));
	play_close(&p);
}

Test(answer, keeps_a_silent_stream_alive)
{
	struct play p;

	play_open(&p, true);
	play_begin(&p);
	play_head(&p, 200, (struct headers)SSE);
	play_tick(&p, 4000);
	cr_expect_str_eq(p.client.body.p, "");
	play_tick(&p, 5000);
	cr_expect_str_eq(p.client.body.p, ": keepalive\n\n");
	play_close(&p);
}

/* only the first bytes of all are a mark */
Test(answer, lets_no_byte_order_mark_through_behind_a_comment)
{
	for (int wait = 0; wait < 2; wait++) {
		for (size_t cut = 0; cut < 8; cut++) {
			const char *mark = "\xef\xbb\xbf" CHUNK LAST DONE;
			char head[16] = "";
			struct play p;

			memcpy(head, mark, cut);
			play_open(&p, true);
			play_begin(&p);
			play_tick(&p, wait * 15000);
			play_head(&p, 200, (struct headers)SSE);
			if (cut > 0)
				play_data(&p, head);
			play_data(&p, mark + cut);
			play_end(&p);
			cr_expect_str_eq(p.client.body.p, wait ? ": keepalive\n\n" CHUNK LAST DONE
			    : mark, "%d %zu: %s", wait, cut, p.client.body.p);
			play_close(&p);
		}
	}
}

Test(answer, commits_to_a_stream_when_the_provider_is_slow_and_then_fails_in_it)
{
	struct play p;

	play_open(&p, true);
	play_begin(&p);
	play_tick(&p, 14000);
	cr_expect_eq(p.client.status, 0);
	play_tick(&p, 15000);
	cr_expect_eq(p.client.status, 200);
	cr_expect_str_eq(p.client.body.p, ": keepalive\n\n");
	play_head(&p, 500, (struct headers)JSON);
	play_data(&p, "{\"error\":\"down\"}");
	play_end(&p);
	cr_expect_eq(strncmp(p.client.body.p, ": keepalive\n\ndata: {\"error\":", 28), 0, "%s",
	    p.client.body.p);
	cr_expect_null(strstr(p.client.body.p, "[DONE]"));
	cr_expect_eq(p.answer.status, 500, "the audit knows");
	play_close(&p);
}

Test(answer, gives_a_whole_answer_as_events_where_the_stream_has_begun)
{
	struct play p;

	play_open(&p, true);
	play_begin(&p);
	play_tick(&p, 15000);
	play_head(&p, 200, (struct headers)JSON);
	play_data(&p, "{\"choices\":\n[{\"message\":{\"content\":\"hi\"}}]}\n");
	play_end(&p);
	cr_expect_not_null(strstr(p.client.body.p, ",\"content\":\"hi\"},\"logprobs\":"));
	cr_expect_not_null(strstr(p.client.body.p, "}]}\n\ndata: [DONE]\n\n"));
	cr_expect_not(p.answer.failed);
	play_close(&p);
}

/* each of these items costs much more as events than as two bytes */
Test(answer, gives_no_more_events_of_a_whole_answer_than_it_may)
{
	char body[4000] = "{\"output\":[{}";
	struct play p;

	for (size_t at = strlen(body); at < sizeof(body) - 8; at += 3)
		memcpy(body + at, ",{}", 4);
	strncat(body, "]}", 3);
	play_open(&p, true);
	p.call.api = API_RESPONSES;
	p.cfg.max_answer = sizeof(body);
	play_begin(&p);
	play_tick(&p, 15000);
	play_head(&p, 200, (struct headers)JSON);
	play_data(&p, body);
	play_end(&p);
	cr_expect_str_eq(p.client.body.p, ": keepalive\n\nevent: error\ndata: {\"type\":\"error\",\"code\":"
	    "\"upstream_error\",\"message\":\"openai: the answer is larger than 97536 bytes\",\"param\":"
	    "null}\n\n", "%.500s", p.client.body.p);
	cr_expect_eq(p.answer.status, 502);
	play_close(&p);
}

Test(answer, never_says_200_early_without_a_stream)
{
	struct play p;

	play_open(&p, false);
	play_begin(&p);
	play_tick(&p, 600000);
	cr_expect_eq(p.client.status, 0);
	play_close(&p);
}

Test(answer, a_stream_left_open_after_its_end_is_closed)
{
	struct play p;

	play_open(&p, true);
	play_begin(&p);
	play_head(&p, 200, (struct headers)SSE);
	play_data(&p, LAST DONE);
	play_tick(&p, 0);
	cr_expect_eq(p.rc, RC_OK, "its last chunk may be on its way");
	play_tick(&p, ANSWER_END_GRACE_MS + 1);
	cr_expect_eq(p.rc, RC_GONE);
	play_end(&p);
	cr_expect_not(p.answer.gone);
	cr_expect_not(p.answer.failed);
	cr_expect_str_eq(p.client.body.p, LAST DONE);
	play_close(&p);
}

Test(answer, the_end_of_a_stream_is_told_before_it_is_written_and_not_earlier)
{
	struct play p;

	play_open(&p, true);
	play_begin(&p);
	play_head(&p, 200, (struct headers)SSE);
	play_data(&p, CHUNK);
	play_data(&p, LAST);
	cr_expect_not(p.client.ending);
	play_data(&p, DONE);
	cr_expect(p.client.ending);
	cr_expect_eq(p.client.ending_at, strlen(CHUNK LAST));
	play_end(&p);
	cr_expect_str_eq(p.client.body.p, CHUNK LAST DONE);
	play_close(&p);
}

Test(answer, an_event_past_the_limit_ends_the_stream)
{
	struct play p;

	play_open(&p, true);
	p.cfg.max_event = 1024;
	play_begin(&p);
	play_head(&p, 200, (struct headers)SSE);
	play_data(&p, CHUNK "data: ");
	for (int i = 0; i < 64; i++)
		play_data(&p, "0123456789012345678901234567890123456789");
	play_end(&p);
	cr_expect_eq(strncmp(p.client.body.p, CHUNK "data: {\"error\":",
	    strlen(CHUNK "data: {\"error\":")), 0, "%s", p.client.body.p);
	cr_expect_not_null(strstr(p.client.body.p, "larger than 1024 bytes"));
	play_close(&p);
}

Test(answer, an_answer_past_the_limit_is_refused)
{
	struct play p;

	play_open(&p, false);
	p.cfg.max_answer = 16;
	play_begin(&p);
	play_head(&p, 200, (struct headers)JSON);
	play_data(&p, "{\"a\":\"0123456789012345678901234567890123456789\"}");
	play_end(&p);
	cr_expect_eq(p.client.status, 502);
	play_close(&p);
}

Test(answer, holds_no_more_events_than_one_write_needs)
{
	struct play p;

	play_open(&p, true);
	play_begin(&p);
	play_head(&p, 200, (struct headers)SSE);
	for (int i = 0; i < 1000 && p.rc == RC_OK; i++)		/* nothing is drained */
		p.rc = p.events.data(p.events.arg, CHUNK, strlen(CHUNK), &p.err);
	cr_expect_gt(p.client.body.len, 0);
	cr_expect_lt(p.answer.out.len, 65536);
	play_close(&p);
}

/* whatever is written puts the next comment off, and only the first byte is the first */
Test(answer, knows_when_it_wrote_and_when_it_read)
{
	int64_t first, next;
	struct play p;

	play_open(&p, true);
	play_begin(&p);
	p.answer.last_write_ms = 0;
	play_head(&p, 200, (struct headers)SSE);
	cr_expect_gt(p.answer.last_write_ms, 0);
	p.answer.last_write_ms = 0;
	play_data(&p, CHUNK);
	cr_expect_gt(p.answer.last_write_ms, 0);
	first = p.answer.first_byte_ms;
	p.answer.started_ms -= 1000;
	play_data(&p, CHUNK);
	cr_expect_eq(p.answer.first_byte_ms, first);
	cr_assert_eq(p.events.tick(p.events.arg, p.answer.last_write_ms + 4900, &next, &p.err), RC_OK);
	cr_expect_eq(next, p.answer.last_write_ms + 5000);
	play_close(&p);
}

Test(answer, says_no_200_early_once_the_provider_has_its_status)
{
	struct play p;

	play_open(&p, true);
	play_begin(&p);
	play_head(&p, 429, (struct headers)JSON);
	play_tick(&p, 600000);
	play_end(&p);
	cr_expect_eq(p.client.status, 429);
	play_close(&p);
}

Test(answer, deadlines_are_504_or_an_error_event)
{
	struct play p;

	play_open(&p, true);
	play_begin(&p);
	p.rc = error_set(&p.err, RC_TIMEOUT, "header: nothing in 5 ms");
	play_end(&p);
	cr_expect_eq(p.client.status, 504);
	cr_expect_not_null(strstr(p.client.headers.p, "x-should-retry: false\n"));
	cr_expect_not_null(strstr(p.client.body.p, "upstream_timeout"));
	play_close(&p);

	play_open(&p, true);
	play_begin(&p);
	play_head(&p, 200, (struct headers)SSE);
	play_data(&p, CHUNK);
	p.rc = error_set(&p.err, RC_TIMEOUT, "idle: nothing in 5 ms");
	play_end(&p);
	cr_expect_not_null(strstr(p.client.body.p, "upstream_timeout"));
	cr_expect_null(strstr(p.client.body.p, "[DONE]"));
	play_close(&p);
}

Test(answer, a_client_that_left_is_told_nothing)
{
	struct play p;

	play_open(&p, true);
	play_begin(&p);
	play_head(&p, 200, (struct headers)SSE);
	p.client.leave = true;
	play_data(&p, CHUNK);
	cr_expect_eq(p.rc, RC_GONE);
	play_end(&p);
	cr_expect(p.answer.gone);
	cr_expect_not(p.answer.failed);
	cr_expect_eq(p.answer.status, 200, "which it had");
	play_close(&p);

	play_open(&p, false);
	play_begin(&p);
	p.rc = error_set(&p.err, RC_GONE, "gone");
	play_end(&p);
	cr_expect_eq(p.client.status, 0);
	cr_expect_eq(p.answer.status, 499);
	play_close(&p);
}

Test(answer, our_shutdown_is_said)
{
	struct play p;

	play_open(&p, true);
	play_begin(&p);
	play_head(&p, 200, (struct headers)SSE);
	play_data(&p, CHUNK);
	atomic_store(&p.draining, 1);
	play_tick(&p, 0);
	play_end(&p);
	cr_expect_not_null(strstr(p.client.body.p, "shutting down"));
	cr_expect_not_null(strstr(p.client.body.p, "\"saturated\""));
	cr_expect_null(strstr(p.client.body.p, "[DONE]"));
	play_close(&p);
}
