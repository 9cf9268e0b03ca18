/* test_answer_refusals.c - what a client gets to see of a refusal, and of the provider's headers */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/play.h"

#define JSON	{ .v = { { "Content-Type", "application/json" } } }

/* count - how often a text has a word */
static int
count(const char *text, const char *word)
{
	int n = 0;

	for (; (text = strstr(text, word)) != NULL; text++)
		n++;
	return n;
}

Test(answer_refusals, says_once_whether_and_when_to_try_again)
{
	struct play p;

	play_open(&p, false);
	play_begin(&p);
	play_head(&p, 401, (struct headers){ .v = { { "x-should-retry", "true" } } });
	play_end(&p);
	cr_expect_eq(count(p.client.headers.p, "x-should-retry"), 1, "%s", p.client.headers.p);
	cr_expect_not_null(strstr(p.client.headers.p, "x-should-retry: false\n"));
	play_close(&p);

	play_open(&p, false);
	play_begin(&p);
	play_head(&p, 529, (struct headers){ .v = { { "Retry-After", "7" } } });
	play_end(&p);
	cr_expect_str_eq(p.client.headers.p, "Retry-After: 7\nContent-Type: application/json\n");
	play_close(&p);
}

/* the provider's words in each place that has some */
Test(answer_refusals, no_word_of_a_refusal_has_the_key)
{
	static const struct { int status; enum api api; } calls[] = {
		{ 400, API_CHAT }, { 401, API_CHAT }, { 400, API_MESSAGES }, { 401, API_MESSAGES },
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		struct play p;
		const struct failure *f = &p.answer.failure;

		play_open(&p, false);
		p.call.api = calls[i].api;
		p.call.request_id = "req_1";
		if (calls[i].api == API_MESSAGES)
			p.call.type = "anthropic";
		scrub_add(&p.scrub, "topsecretkey");
		play_begin(&p);
		play_head(&p, calls[i].status, (struct headers)JSON);
		play_data(&p, "{\"type\":\"error\",\"error\":{\"type\":\"topsecretkey\",\"message\":"
		    "\"topsecretkey\",\"code\":\"topsecretkey\",\"param\":\"topsecretkey\"}}");
		play_end(&p);
		for (const char *const *word = (const char *const[]){ p.client.body.p, f->message,
		    f->code, f->param, f->log, f->native, NULL }; *word != NULL; word++)
			cr_expect_null(strstr(*word, "topsecretkey"), "%zu: %s", i, *word);
		play_close(&p);
	}
}

Test(answer_refusals, a_refusal_counts_however_it_ends, .timeout = 60)
{
	static char words[ANSWER_REFUSAL_MAX];
	struct play p;

	memset(words, 'x', sizeof(words) - 1);
	play_open(&p, true);
	play_begin(&p);
	play_head(&p, 429, (struct headers){ .v = { { "retry-after", "3" } } });
	for (int i = 0; i < 3; i++)
		play_data(&p, words);
	cr_expect_eq(p.rc, RC_OK, "%s", p.err.msg);
	cr_expect_eq(p.answer.whole.len, ANSWER_REFUSAL_MAX, "%zu", p.answer.whole.len);
	p.rc = error_set(&p.err, RC_UPSTREAM, "cut");
	play_end(&p);
	cr_expect_eq(p.client.status, 429);
	cr_expect_not_null(strstr(p.client.headers.p, "retry-after: 3\n"));
	play_close(&p);
}

/* upstream_id - what the client is told of it */
static void
upstream_id(struct headers headers, const char *told)
{
	struct play p;

	play_open(&p, false);
	scrub_add(&p.scrub, "topsecretkey");
	play_begin(&p);
	play_head(&p, 400, headers);
	play_end(&p);
	cr_expect_str_eq(p.client.headers.p, told, "%s", p.client.headers.p);
	play_close(&p);
}

Test(answer_refusals, have_the_providers_id_by_either_name_and_without_the_key)
{
	static const char none[] = "Content-Type: application/json\n";

	upstream_id((struct headers){ .v = { { "request-id", "a" } } },
	    "x-upstream-request-id: a\nContent-Type: application/json\n");
	upstream_id((struct headers){ .v = { { "request-id", "a" }, { "X-Request-Id", "b" } } },
	    "x-upstream-request-id: b\nContent-Type: application/json\n");
	upstream_id((struct headers){ .v = { { "x-request-id", "topsecretkey" } } }, none);
	upstream_id((struct headers){ .v = { { "x-other-id", "a" } } }, none);
}

Test(answer_refusals, a_provider_with_many_headers_leaves_room_for_ours)
{
	char names[PLAY_HEADERS][32];
	struct headers h = { .v = { { NULL } } };
	struct play p;

	for (size_t i = 0; i < PLAY_HEADERS; i++) {
		snprintf(names[i], sizeof(names[i]), "x-ratelimit-%zu", i);
		h.v[i][0] = names[i];
		h.v[i][1] = "1";
	}
	play_open(&p, false);
	play_begin(&p);
	play_head(&p, 401, h);
	play_end(&p);
	cr_expect_not_null(strstr(p.client.headers.p, "x-ratelimit-31: 1\n"));
	cr_expect_null(strstr(p.client.headers.p, "x-ratelimit-32: 1\n"));
	cr_expect_not_null(strstr(p.client.headers.p, "\nx-should-retry: false\n"));
	cr_expect_not_null(strstr(p.client.headers.p, "\nContent-Type: application/json\n"));
	for (size_t i = 0; i < 2 * ANSWER_HEADERS_MAX; i++)
		answer_header_add(&p.answer, "x", "y");
	cr_expect_eq(p.answer.nheaders, ANSWER_HEADERS_MAX);
	play_close(&p);
}

/* as in a stream of the provider's own */
Test(answer_refusals, a_failed_response_that_came_whole_is_told_without_the_key)
{
	struct play p;

	play_open(&p, true);
	p.call.api = API_RESPONSES;
	scrub_add(&p.scrub, "top/secret");
	play_begin(&p);
	play_tick(&p, 15000);
	play_head(&p, 200, (struct headers)JSON);
	play_data(&p, "{\"status\":\"failed\",\"error\":{\"message\":\"no top\\/secret\"},\"output\":[]}");
	play_end(&p);
	cr_expect_null(strstr(p.client.body.p, "secret"), "%s", p.client.body.p);
	cr_expect_not_null(strstr(p.client.body.p, "\n\nevent: response.failed\ndata: {\"type\":"
	    "\"response.failed\",\"sequence_number\":1,\"response\":{\"status\":\"failed\",\"error\":"
	    "{\"message\":\"no ***\"},\"output\":[]}}\n\n"), "%s", p.client.body.p);
	play_close(&p);
}
