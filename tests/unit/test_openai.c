/* test_openai.c - passthrough: what is changed, and that nothing else is */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/adapter.h"
#include "base/jscan.h"

#define MAX 65536			/* bytes of a body in these tests */

/* call_of - a call with this body; finds what the service would find */
static struct adapter_call
call_of(const char *type, const char *body)
{
	const struct jscan_opts opts = { 128, 0 };
	struct jscan_want want = { .name = "model" };
	struct adapter_call call = {
		.api = API_CHAT, .type = type, .url = "", .model = "m", .body = body,
		.body_len = strlen(body),
	};

	cr_assert_eq(jscan_object(body, call.body_len, &opts, &want, 1, &call.object, NULL), RC_OK);
	call.model_at = want.value;
	return call;
}

static const struct { const char *model, *in, *out; } bodies[] = {
	{ "gpt", "{\"model\":\"x\",\"a\":1}", "{\"model\":\"gpt\",\"a\":1}" },
	{ "gpt", " {\n\t\"a\" : 12345678901234567890 , \"mod\\u0065l\" : \"x\" , \"b\":1.50e+01}\n",
	  " {\n\t\"a\" : 12345678901234567890 , \"mod\\u0065l\" : \"gpt\" , \"b\":1.50e+01}\n" },
	{ "a/g", " {\"model\" : \"\\u0061\\/g\" }", " {\"model\" : \"\\u0061\\/g\" }" },
	{ "gpt", "{\"model\":null}", "{\"model\":\"gpt\"}" },
	{ "gpt", "{\"a\":{\"model\":\"y\"}}", "{\"model\":\"gpt\",\"a\":{\"model\":\"y\"}}" },
	{ "gpt", " { \"a\":1}", " {\"model\":\"gpt\", \"a\":1}" },
	{ "gpt", "{ }", "{\"model\":\"gpt\" }" },
	{ "org/a \"b\"\\", "{\"model\":\"x\"}", "{\"model\":\"org/a \\\"b\\\"\\\\\"}" },
	{ "org/a \"b\"", "{\"a\":1}", "{\"model\":\"org/a \\\"b\\\"\",\"a\":1}" },
};

Test(openai, forwards_a_body_byte_for_byte_but_its_model)
{
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct adapter_call call = call_of("openai", bodies[i].in);
		struct adapter_request req;

		call.model = bodies[i].model;
		adapter_request_init(&req, MAX);
		cr_assert_eq(adapter_openai.request(&call, &req, NULL), RC_OK);
		cr_expect_str_eq(req.body.p, bodies[i].out, "body %zu: %s", i, req.body.p);
		adapter_request_release(&req);
	}
}

static const struct { const char *type, *url, *path, *expected; } urls[] = {
	{ "openai", "", NULL, "https://api.openai.com/v1/chat/completions" },
	{ "deepseek", "", NULL, "https://api.deepseek.com/v1/chat/completions" },
	{ "vllm", "http://h:8000", NULL, "http://h:8000/v1/chat/completions" },
	{ "vllm", "http://h:8000/", NULL, "http://h:8000/v1/chat/completions" },
	{ "vllm", "http://h:8000/v1", NULL, "http://h:8000/v1/chat/completions" },
	{ "vllm", "http://h:8000/x/v1/", NULL, "http://h:8000/x/v1/chat/completions" },
	{ "openai", "http://v1", NULL, "http://v1/v1/chat/completions" },
	{ "openai", "https://h", "/api/v3", "https://h/api/v3/chat/completions" },
	{ "openai", "https://h/api/v3", "/api/v3/", "https://h/api/v3/chat/completions" },
	{ "openai", "https://h", "@evil.example/", "https://h/@evil.example/chat/completions" },
	{ "openai", "https://h", "", "https://h/chat/completions" },
	{ "openai", "https://h", "/", "https://h/chat/completions" },
	{ "vllm", "", NULL, NULL },
	{ "ollama", "", NULL, NULL },
};

Test(openai, calls_the_right_url)
{
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct adapter_call call = call_of(urls[i].type, "{}");
		struct adapter_request req;
		struct error err;
		enum rc rc;

		call.url = urls[i].url;
		call.api_path = urls[i].path;
		adapter_request_init(&req, MAX);
		rc = adapter_find(urls[i].type, API_CHAT)->request(&call, &req, &err);
		if (urls[i].expected != NULL) {
			cr_assert_eq(rc, RC_OK);
			cr_expect_str_eq(req.url, urls[i].expected, "url %zu: %s", i, req.url);
		} else {
			cr_expect_eq(rc, RC_UPSTREAM);
			cr_expect(strstr(err.msg, ": url is required (no default endpoint for this "
			    "provider)") != NULL, "%s", err.msg);
		}
		adapter_request_release(&req);
	}
}

/* headers_text - all headers of the request, for comparing; borrowed from out */
static const char *
headers_text(const struct adapter_call *call, struct buf *out)
{
	struct adapter_request req;

	buf_clear(out);
	adapter_request_init(&req, MAX);
	cr_assert_eq(adapter_openai.request(call, &req, NULL), RC_OK);
	for (size_t i = 0; i < req.nheaders; i++)
		buf_addf(out, NULL, "%s: %s\n", req.headers[i].name, req.headers[i].value);
	adapter_request_release(&req);
	return out->p;
}

Test(openai, sends_the_key_and_no_header_twice)
{
	static const struct http_header extra[] = { { "authorization", "Key k2" }, { "X-A", "b" } };
	struct adapter_call call = call_of("openai", "{}");
	struct buf text = BUF_INIT(MAX);

	cr_expect_str_eq(headers_text(&call, &text),
	    "Content-Type: application/json\nAccept: application/json\n");
	call.key = "k1";
	call.stream = true;
	cr_expect_str_eq(headers_text(&call, &text), "Content-Type: application/json\n"
	    "Accept: text/event-stream\nAuthorization: Bearer k1\n");
	call.headers = extra;
	call.nheaders = 2;
	cr_expect_str_eq(headers_text(&call, &text), "Content-Type: application/json\n"
	    "Accept: text/event-stream\nauthorization: Key k2\nX-A: b\n");
	buf_release(&text);
}

static const struct { const char *body; enum rc rc; struct usage usage; } wholes[] = {
	{ "{\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":5,\"prompt_tokens_details\":"
	  "{\"cached_tokens\":3}}}", RC_OK, { 9, 5, 3 } },
	{ " \n{\"usage\":{\"input_tokens\":9,\"output_tokens\":5,\"input_tokens_details\":"
	  "{\"cached_tokens\":0}}}\n", RC_OK, { 9, 5, 0 } },
	{ "{\"usage\":{\"prompt_tokens\":9,\"prompt_cache_hit_tokens\":4}}", RC_OK, { 9, -1, 4 } },
	{ "{\"usage\":null}", RC_OK, { -1, -1, -1 } },
	{ "{\"usage\":{\"prompt_tokens\":\"9\",\"prompt_tokens_details\":null}}", RC_OK,
	  { -1, -1, -1 } },
	{ "{}", RC_OK, { -1, -1, -1 } },
	{ "", RC_UPSTREAM, { 0, 0, 0 } },
	{ "<html>", RC_UPSTREAM, { 0, 0, 0 } },
	{ " [[0.5], null]\n", RC_OK, { -1, -1, -1 } },
	{ "[]]", RC_UPSTREAM, { 0, 0, 0 } },
	{ "{}{}", RC_UPSTREAM, { 0, 0, 0 } },
	{ "{\"a\":1", RC_UPSTREAM, { 0, 0, 0 } },
	{ "data: {}\n\n", RC_UPSTREAM, { 0, 0, 0 } },
};

Test(openai, passes_a_whole_answer_untouched_if_it_is_one_value)
{
	struct adapter_call call = call_of("openai", "{}");

	for (size_t i = 0; i < sizeof(wholes) / sizeof(wholes[0]); i++) {
		struct usage u = { 0, 0, 0 };
		struct buf out = BUF_INIT(MAX);
		const char *body = wholes[i].body;

		cr_expect_eq(adapter_openai.response(&call, body, strlen(body), &out, &u, NULL),
		    wholes[i].rc, "answer %zu", i);
		cr_expect_str_eq(out.p, wholes[i].rc == RC_OK ? body : "");
		cr_expect_eq(u.prompt, wholes[i].usage.prompt, "answer %zu", i);
		cr_expect_eq(u.completion, wholes[i].usage.completion, "answer %zu", i);
		cr_expect_eq(u.cached, wholes[i].usage.cached, "answer %zu", i);
		buf_release(&out);
	}
}

struct stream {				/* one stream through the adapter */
	struct adapter_call	call;
	struct adapter_stream	s;
	char			state[64];
	struct buf		out;
	struct error		err;
};

/* take - as the service does: nothing more after the end */
static enum rc
take(void *arg, const struct sse_event *event, struct error *err)
{
	struct stream *st = arg;

	if (st->s.ended || st->s.failed)
		return RC_OK;
	return adapter_openai.event(&st->call, &st->s, event, &st->out, err);
}

/* play - the whole stream, and its end */
static enum rc
play(struct stream *st, enum api api, const char *in)
{
	struct sse sse;
	enum rc rc;

	*st = (struct stream){ .call = call_of("openai", "{}") };
	cr_assert_leq(adapter_openai.stream_size, sizeof(st->state));
	st->call.api = api;
	st->s.state = st->state;
	st->s.usage = (struct usage){ -1, -1, -1 };
	buf_init(&st->out, MAX);
	sse_init(&sse, MAX);
	rc = sse_feed(&sse, in, strlen(in), take, st, &st->err);
	if (rc == RC_OK)
		rc = sse_end(&sse, take, st, &st->err);
	if (rc == RC_OK && !st->s.ended && !st->s.failed)
		rc = adapter_openai.finish(&st->call, &st->s, &st->out, &st->err);
	sse_release(&sse);
	return rc;
}

#define CHUNK	"data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":null}]}\n\n"
#define LAST	"data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
#define BLANK	"data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"\"}]}\n\n"
#define ODD	"data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":false}]}\n\n"
#define USAGE	"data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":5}}\n\n"
#define DONE	"data: [DONE]\n\n"
#define REST	"data: {\"choices\":[{\"index\":0,\"finish_reason\":\"stop\"}]}"
#define COMPLETED "event: response.completed\ndata: {\"type\":\"response.completed\"," \
	"\"response\":{\"usage\":{\"input_tokens\":3,\"output_tokens\":4}}}\n\n"

enum end { ENDS, FAILS, CUT };		/* a real end, an error event, RC_UPSTREAM */

static const struct { enum api api; enum end end; const char *in, *out; } streams[] = {
	{ API_CHAT, ENDS, CHUNK LAST DONE, CHUNK LAST DONE },
	{ API_CHAT, ENDS, ": hi\n\n" CHUNK "\n" DONE CHUNK, ": hi\n\n" CHUNK "\n" DONE },
	{ API_CHAT, ENDS, "id: 1\r\n: x\r\nevent: y\r\ndata:{ }\r\n\r\ndata:[DONE]\r\n\r\n",
	  "id: 1\r\n: x\r\nevent: y\r\ndata:{ }\r\n\r\ndata:[DONE]\r\n\r\n" },
	/* a finish_reason and a clean end: exactly one [DONE] */
	{ API_CHAT, ENDS, CHUNK LAST, CHUNK LAST DONE },
	{ API_CHAT, ENDS, CHUNK LAST USAGE, CHUNK LAST USAGE DONE },
	{ API_COMPLETIONS, ENDS, LAST, LAST DONE },
	/* the last event is made whole */
	{ API_CHAT, ENDS, CHUNK REST, CHUNK REST "\n\n" DONE },
	{ API_CHAT, ENDS, CHUNK REST "\n", CHUNK REST "\n\n" DONE },
	{ API_CHAT, ENDS, REST "\r", REST "\r\r" DONE },
	{ API_CHAT, ENDS, CHUNK "data: [DONE]", CHUNK DONE },
	{ API_CHAT, ENDS, CHUNK "data: [DONE]\n", CHUNK DONE },
	{ API_CHAT, ENDS, LAST ": torn comm", LAST DONE },
	{ API_CHAT, ENDS, LAST "data: ", LAST DONE },
	/* ends that are none */
	{ API_CHAT, CUT, CHUNK, CHUNK },
	{ API_CHAT, CUT, "", "" },
	{ API_CHAT, CUT, BLANK, BLANK },
	{ API_CHAT, CUT, ODD, ODD },
	{ API_CHAT, CUT, CHUNK "data: {\"choices\":[{\"fini", CHUNK },
	{ API_CHAT, CUT, LAST "data: {\"torn", LAST },
	{ API_CHAT, CUT, CHUNK "data: [DON", CHUNK },
	{ API_CHAT, CUT, CHUNK "data: garbage\n\n" DONE, CHUNK },
	{ API_CHAT, CUT, CHUNK "data: [1]\n\n" DONE, CHUNK },
	{ API_CHAT, CUT, CHUNK "data: {\"a\":1}x\n\n" DONE, CHUNK },
	/* what only begins like the end */
	{ API_CHAT, CUT, CHUNK "data: [DONE] x\n\n", CHUNK },
	/* errors, in several forms */
	{ API_CHAT, FAILS, CHUNK "event: error\ndata: {\"message\":\"x\"}\n\n" DONE, CHUNK },
	{ API_CHAT, FAILS, CHUNK "event: error\ndata: no json\n\n" DONE, CHUNK },
	{ API_CHAT, FAILS, CHUNK "data: {\"error\":{\"message\":\"x\"}}\n\n" DONE, CHUNK },
	{ API_CHAT, FAILS, CHUNK "data: {\"object\":\"error\",\"message\":\"x\"}\n\n", CHUNK },
	{ API_CHAT, FAILS, "data: {\"error\":\"x\"}", "" },
	{ API_RESPONSES, FAILS, "data: {\"type\":\"error\",\"code\":\"server_error\",\"message\":\"x\","
	  "\"param\":null}\n\n", "" },
	{ API_CHAT, ENDS, "data: {\"error\":null,\"choices\":null}\n\n" DONE,
	  "data: {\"error\":null,\"choices\":null}\n\n" DONE },
	/* responses have ends of their own */
	{ API_RESPONSES, ENDS, "data: {\"type\":\"response.created\"}\n\n" COMPLETED DONE,
	  "data: {\"type\":\"response.created\"}\n\n" COMPLETED },
	{ API_RESPONSES, ENDS, "data: {\"type\":\"response.failed\",\"response\":{}}\n\n",
	  "data: {\"type\":\"response.failed\",\"response\":{}}\n\n" },
	{ API_RESPONSES, CUT, "data: {\"type\":\"response.created\"}\n\n",
	  "data: {\"type\":\"response.created\"}\n\n" },
	{ API_RESPONSES, CUT, LAST DONE, LAST },
};

Test(openai, passes_streams_untouched_and_tells_real_ends)
{
	struct stream st;

	for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
		enum rc rc = play(&st, streams[i].api, streams[i].in);

		cr_expect_str_eq(st.out.p, streams[i].out, "stream %zu: %s", i, st.out.p);
		cr_expect_eq(rc, streams[i].end == CUT ? RC_UPSTREAM : RC_OK, "stream %zu", i);
		cr_expect_eq(st.s.ended, streams[i].end == ENDS, "stream %zu", i);
		cr_expect_eq(st.s.failed, streams[i].end == FAILS, "stream %zu", i);
		buf_release(&st.out);
	}
}

Test(openai, reads_the_usage_of_a_stream)
{
	struct stream st;

	cr_assert_eq(play(&st, API_CHAT, CHUNK LAST USAGE DONE), RC_OK);
	cr_expect_eq(st.s.usage.prompt, 9);
	cr_expect_eq(st.s.usage.completion, 5);
	cr_expect_eq(st.s.usage.cached, -1);
	buf_release(&st.out);
	cr_assert_eq(play(&st, API_RESPONSES, COMPLETED), RC_OK);
	cr_expect_eq(st.s.usage.prompt, 3);
	cr_expect_eq(st.s.usage.completion, 4);
	buf_release(&st.out);
}

Test(openai, fills_the_failure_of_an_error_event)
{
	struct stream st;

	cr_assert_eq(play(&st, API_CHAT, "data: {\"error\":{\"message\":\"slow\",\"code\":"
	    "\"rate_limit_exceeded\"}}\n\n"), RC_OK);
	cr_expect_eq(st.s.failure.status, 429);
	cr_expect(strstr(st.s.failure.message, "slow") != NULL);
	buf_release(&st.out);
}

Test(openai, is_found_by_the_types_that_speak_it)
{
	cr_expect_eq(adapter_find("openai", API_CHAT), &adapter_openai);
	cr_expect_eq(adapter_find("deepseek", API_CHAT), &adapter_deepseek);
	cr_expect_eq(adapter_find("vllm", API_CHAT), &adapter_vllm);
	cr_expect_eq(adapter_find("ollama", API_CHAT), &adapter_ollama);
	cr_expect_null(adapter_find("gemini-cli", API_CHAT));
}

static const struct { const char *in, *out; } counted[] = {
	{ "{\"model\":\"x\",\"stream\":true}",
	  "{\"stream_options\":{\"include_usage\":true},\"model\":\"m\",\"stream\":true}" },
	{ "{ \"stream\":true}",
	  "{\"model\":\"m\",\"stream_options\":{\"include_usage\":true}, \"stream\":true}" },
	{ "{\"stream_options\": null ,\"model\":\"x\"}",
	  "{\"stream_options\": {\"include_usage\":true} ,\"model\":\"m\"}" },
	{ "{\"model\":\"x\",\"stream_options\":{ \"include_usage\" : false , \"z\":1}}",
	  "{\"model\":\"m\",\"stream_options\":{ \"include_usage\" : true , \"z\":1}}" },
	{ "{\"model\":\"x\",\"stream_options\":{\"include_usage\":null}}",
	  "{\"model\":\"m\",\"stream_options\":{\"include_usage\":true}}" },
	{ "{\"stream_options\":{ \"z\":1},\"model\":\"x\"}",
	  "{\"stream_options\":{\"include_usage\":true, \"z\":1},\"model\":\"m\"}" },
	{ "{\"model\":\"x\",\"stream_options\":{ }}",
	  "{\"model\":\"m\",\"stream_options\":{\"include_usage\":true }}" },
	{ "{\"model\":\"x\",\"stream_options\":{\"include_usage\":true}}",
	  "{\"model\":\"m\",\"stream_options\":{\"include_usage\":true}}" },
	{ "{\"model\":\"x\",\"stream_options\":7}", "{\"model\":\"m\",\"stream_options\":7}" },
};

Test(openai, asks_for_the_usage_of_streams_of_chat_and_completions)
{
	for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++) {
		for (enum api api = API_CHAT; api <= API_RESPONSES; api <<= 1) {
			struct adapter_call call = call_of("openai", counted[i].in);
			bool asked = api == API_CHAT || api == API_COMPLETIONS;
			struct jscan_want want = { .name = "stream_options" };
			struct adapter_request req;

			jscan_object(call.body, call.body_len, &(struct jscan_opts){ 9, 0 }, &want,
			    1, NULL, NULL);
			call.options_at = want.value;
			call.api = api;
			call.stream = true;
			adapter_request_init(&req, MAX);
			cr_assert_eq(adapter_openai.request(&call, &req, NULL), RC_OK);
			if (asked)
				cr_expect_str_eq(req.body.p, counted[i].out);
			else if (strstr(counted[i].in, "true}}") == NULL)
				cr_expect_null(strstr(req.body.p, "include_usage\":true"));
			adapter_request_release(&req);
		}
	}
}

/* one chunk, and whether it goes on to a client that did not ask for the usage */
static const struct { enum api api; const char *chunk; bool passes; } chunks[] = {
	{ API_CHAT, "{\"choices\":[],\"usage\":{\"prompt_tokens\":9}}", false },
	{ API_CHAT, "{\"usage\":{\"prompt_tokens\":9}, \"choices\" : [ ] }", false },
	{ API_COMPLETIONS, "{\"choices\":[],\"usage\":{\"prompt_tokens\":9}}", false },
	{ API_CHAT, "{\"choices\":[{\"delta\":{}}],\"usage\":{\"prompt_tokens\":9}}", true },
	{ API_CHAT, "{\"choices\":[],\"usage\":null}", true },
	{ API_CHAT, "{\"choices\":[],\"prompt_filter_results\":[]}", true },
	{ API_CHAT, "{\"usage\":{\"prompt_tokens\":9}}", true },
	{ API_RESPONSES, "{\"choices\":[],\"usage\":{\"input_tokens\":9}}", true },
};

Test(openai, takes_the_usage_chunk_out_where_only_we_had_asked_for_it)
{
	for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
		for (int asked = 0; asked < 2; asked++) {
			struct adapter_call call = call_of("openai", "{}");
			int state = 0;
			struct adapter_stream s = { .usage = { -1, -1, -1 }, .state = &state };
			char raw[256];
			struct buf out = BUF_INIT(MAX);
			int n = snprintf(raw, sizeof(raw), "data: %s\n\n", chunks[i].chunk);
			const struct sse_event event = {
				.data = chunks[i].chunk, .data_len = strlen(chunks[i].chunk),
				.raw = raw, .raw_len = (size_t)n, .whole = true,
			};

			call.api = chunks[i].api;
			call.stream = true;
			call.include_usage = asked;
			cr_assert_eq(adapter_openai.event(&call, &s, &event, &out, NULL), RC_OK);
			cr_expect_str_eq(out.p, asked || chunks[i].passes ? raw : "", "chunk %zu", i);
			if (strstr(raw, "prompt_tokens\":9"))
				cr_expect_eq(s.usage.prompt, 9, "chunk %zu", i);
			buf_release(&out);
		}
	}
}
