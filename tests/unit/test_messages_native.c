/* test_messages_native.c - Anthropic's clients to Anthropic: what is changed, and nothing else */
#include <criterion/criterion.h>
#include <string.h>

#include "adapters/messages.h"

#define MAX 65536			/* bytes */

/* call_of - a call with this body; finds what the service would find */
static struct adapter_call
call_of(enum api api, const char *body)
{
	const struct jscan_opts opts = { 128, 0 };
	struct jscan_want want = { .name = "model" };
	struct adapter_call call = {
		.api = api, .type = "anthropic", .url = "", .model = "claude", .body = body,
		.body_len = strlen(body), .key = "k1",
	};

	cr_assert_eq(jscan_object(body, call.body_len, &opts, &want, 1, &call.object, NULL), RC_OK);
	call.model_at = want.value;
	return call;
}

/* sent - url, headers and body as text; borrowed from out */
static const char *
sent(const struct adapter_call *call, struct buf *out)
{
	struct adapter_request req;
	struct error err = { RC_OK, "" };

	buf_clear(out);
	adapter_request_init(&req, MAX);
	if (messages_to_anthropic.request(call, &req, &err) != RC_OK) {
		(void)buf_addstr(out, err.msg, NULL);
	} else {
		(void)buf_addf(out, NULL, "%s\n", req.url);
		for (size_t i = 0; i < req.nheaders; i++)
			(void)buf_addf(out, NULL, "%s: %s\n", req.headers[i].name,
			    req.headers[i].value);
		(void)buf_addf(out, NULL, "\n%s", req.body.p);
	}
	adapter_request_release(&req);
	return out->p;
}

Test(messages_native, forwards_all_but_the_model)
{
	struct adapter_call call = call_of(API_MESSAGES,
	    " {\"x\" : 1.50e1,\n\"model\":\"llm\" , \"stream\":true }\n");
	struct buf out = BUF_INIT(MAX);

	call.stream = true;
	cr_expect_str_eq(sent(&call, &out), "https://api.anthropic.com/v1/messages\n"
	    "Content-Type: application/json\nAccept: text/event-stream\nx-api-key: k1\n"
	    "anthropic-version: 2023-06-01\n\n"
	    " {\"x\" : 1.50e1,\n\"model\":\"claude\" , \"stream\":true }\n");
	buf_release(&out);
}

Test(messages_native, passes_the_callers_version_and_betas_on)
{
	static const struct http_header extra[] = { { "anthropic-beta", "mine" }, { "x-a", "b" } };
	struct adapter_call call = call_of(API_COUNT_TOKENS, "{\"model\":\"llm\"}");
	struct buf out = BUF_INIT(MAX);

	call.version = "2099-01-01";
	call.beta = "a-1,b-2";
	call.headers = extra;
	call.nheaders = 2;
	cr_expect_str_eq(sent(&call, &out), "https://api.anthropic.com/v1/messages/count_tokens\n"
	    "Content-Type: application/json\nAccept: application/json\nx-api-key: k1\n"
	    "anthropic-version: 2099-01-01\nanthropic-beta: a-1,b-2\nanthropic-beta: mine\n"
	    "x-a: b\n\n{\"model\":\"claude\"}");
	call.beta = "a\r\nx-evil: 1";
	cr_expect_str_eq(sent(&call, &out), "anthropic-beta is no plain text");
	call.beta = NULL;
	call.version = "1\n2";
	cr_expect_str_eq(sent(&call, &out), "anthropic-version is no plain text");
	buf_release(&out);
}

Test(messages_native, lists_models_to_try_a_key)
{
	struct adapter_call call = { .api = API_MODELS, .type = "anthropic", .url = "http://h" };
	struct buf out = BUF_INIT(MAX);

	cr_expect_str_eq(sent(&call, &out), "http://h/v1/models\nAccept: application/json\n"
	    "anthropic-version: 2023-06-01\n\n");
	buf_release(&out);
}

static const struct { const char *body; enum rc rc; struct usage usage; } wholes[] = {
	{ " {\"usage\":{\"input_tokens\":5,\"output_tokens\":7}}\n", RC_OK, { 5, 7, -1 } },
	{ "{\"usage\":{\"input_tokens\":5,\"cache_creation_input_tokens\":2,"
	  "\"cache_read_input_tokens\":3,\"output_tokens\":7}}", RC_OK, { 10, 7, 3 } },
	{ "{\"usage\":{\"input_tokens\":9223372036854775807,\"cache_read_input_tokens\":"
	    "9223372036854775807,\"output_tokens\":1000000000001}}", RC_OK, { -1, -1, -1 } },
	{ "{\"usage\":{\"input_tokens\":1000000000000,\"cache_read_input_tokens\":1000000000000,"
	    "\"output_tokens\":1}}", RC_OK, { 2000000000000, 1, 1000000000000 } },
	{ "{\"usage\":{\"input_tokens\":5,\"cache_creation_input_tokens\":null}}", RC_OK,
	  { 5, -1, -1 } },
	{ "{\"input_tokens\":14}", RC_OK, { -1, -1, -1 } },
	{ "<html>", RC_UPSTREAM, { 0, 0, 0 } },
	{ "", RC_UPSTREAM, { 0, 0, 0 } },
};

Test(messages_native, passes_whole_answers_and_reads_their_usage)
{
	struct adapter_call call = call_of(API_MESSAGES, "{}");

	for (size_t i = 0; i < sizeof(wholes) / sizeof(wholes[0]); i++) {
		struct buf out = BUF_INIT(MAX);
		struct usage u = { 0, 0, 0 };

		cr_expect_eq(messages_to_anthropic.response(&call, wholes[i].body,
		    strlen(wholes[i].body), &out, &u, NULL), wholes[i].rc);
		cr_expect(memcmp(&u, &wholes[i].usage, sizeof(u)) == 0, "usage %zu", i);
		if (wholes[i].rc == RC_OK)
			cr_expect_str_eq(out.p, wholes[i].body);
		buf_release(&out);
	}
}

struct play {
	struct adapter_call	call;
	struct adapter_stream	s;
	struct buf		out;
};

static enum rc
play_event(void *arg, const struct sse_event *event, struct error *err)
{
	struct play *p = arg;

	if (p->s.ended || p->s.failed)
		return RC_OK;
	return messages_to_anthropic.event(&p->call, &p->s, event, &p->out, err);
}

/* play - a whole stream */
static enum rc
play(struct play *p, const char *text)
{
	static int64_t state[8];
	struct sse sse;
	enum rc rc;

	memset(state, 0, sizeof(state));
	p->call = call_of(API_MESSAGES, "{}");
	p->s = (struct adapter_stream){ .usage = { -1, -1, -1 }, .state = state };
	buf_init(&p->out, MAX);
	sse_init(&sse, MAX);
	rc = sse_feed(&sse, text, strlen(text), play_event, p, NULL);
	if (rc == RC_OK)
		rc = sse_end(&sse, play_event, p, NULL);
	if (rc == RC_OK && !p->s.ended && !p->s.failed)
		rc = messages_to_anthropic.finish(&p->call, &p->s, &p->out, NULL);
	sse_release(&sse);
	return rc;
}

#define START	"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":"	\
		"{\"input_tokens\":5,\"cache_read_input_tokens\":3,\"output_tokens\":1}}}\n\n"
#define STOP	"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"

Test(messages_native, passes_a_stream_to_its_end)
{
	static const char text[] = START ": a comment\n\nevent:ping\r\ndata:{\"type\":\"ping\"}\r\n\r\n"
	    "event: message_delta\ndata: {\"type\":\"message_delta\",\"usage\":"
	    "{\"input_tokens\":5,\"cache_read_input_tokens\":3,\"output_tokens\":9}}\n\n" STOP;
	struct play p;

	cr_expect_eq(play(&p, text), RC_OK);
	cr_expect(p.s.ended);
	cr_expect_str_eq(p.out.p, text);
	cr_expect_eq(p.s.usage.prompt, 8);	/* said twice, counted once */
	cr_expect_eq(p.s.usage.completion, 9);
	cr_expect_eq(p.s.usage.cached, 3);
	buf_release(&p.out);
}

Test(messages_native, invents_no_end)
{
	struct play p;

	cr_expect_eq(play(&p, START), RC_UPSTREAM);
	cr_expect_str_eq(p.out.p, START);
	buf_release(&p.out);
	cr_expect_eq(play(&p, "data: {\"type\":\n\n"), RC_UPSTREAM);
	buf_release(&p.out);
}

Test(messages_native, takes_errors_out_of_a_stream)
{
	static const char *const errors[] = {
		"event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
		"\"message\":\"Overloaded\"}}\n\n",
		"data: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
		"\"message\":\"Overloaded\"}}\n\n",
	};
	struct play p;

	for (int i = 0; i < 2; i++) {
		cr_expect_eq(play(&p, errors[i]), RC_OK);
		cr_expect(p.s.failed && !p.s.ended);
		cr_expect_str_eq(p.s.failure.native, "overloaded_error");
		cr_expect_str_eq(p.s.failure.message, "Overloaded");
		cr_expect_eq(p.out.len, 0);
		buf_release(&p.out);
	}
}

Test(messages_native, takes_an_error_of_another_kind_for_one_too)
{
	struct play p;

	cr_expect_eq(play(&p, START "data: {\"error\":{\"type\":\"x\",\"message\":\"boom\"}}\n\n"), RC_OK);
	cr_expect(p.s.failed && !p.s.ended);
	cr_expect_str_eq(p.s.failure.message, "boom");
	cr_expect_str_eq(p.out.p, START);
	buf_release(&p.out);
}

Test(messages_native, takes_an_event_named_error_for_one)
{
	struct play p;

	cr_expect_eq(play(&p, "event: error\ndata: {\"message\":\"boom\"}\n\n"), RC_OK);
	cr_expect(p.s.failed);
	cr_expect_str_eq(p.s.failure.message, "boom");
	cr_expect_eq(p.out.len, 0);
	buf_release(&p.out);
}
