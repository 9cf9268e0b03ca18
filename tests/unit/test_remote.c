/* test_remote.c - the transport over HTTP, and inference on both transports */
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/jsonx.h"
#include "cli/local_call.h"
#include "cli/remote.h"
#include "cli/reports.h"
#include "cli/transport.h"
#include "service/infer.h"
#include "tests/unit/fixture.h"
#include "tests/unit/http_bench.h"

#define ANSWER(status, body)	"HTTP/1.1 " status "\r\nContent-Type: application/json\r\n" \
	"Connection: close\r\n\r\n" body
#define STREAM "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
#define EVENT(text) "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" text "\"}," \
	"\"finish_reason\":null}]}\n\n"
#define BODY "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"stream\":true}"

static struct bench b;

/* serve - a server with one answer, and a transport to it; its url has a path: mcpd is mounted there */
static struct transport *
serve(const struct step *script)
{
	struct remote_opts opts = { .url = b.url, .token = "mcp_test" };

	bench_open(&b, script);
	return remote_new(&opts);
}

/* stop - both ends; what the server saw can be read then */
static void
stop(struct transport *t)
{
	transport_close(t);
	bench_stop(&b);
}

Test(remote, asks_with_the_token_and_gives_what_is_answered, .timeout = 60)
{
	static const struct step script[] = { { ANSWER("200 OK", "[{\"name\":\"a\"}]"), SHUT },
		{ NULL, END } };
	struct transport *t = serve(script);
	struct json_object *list;
	struct error err;

	cr_assert_eq(t->ops->list(t, &kind_llm, &list, &err), RC_OK, "%s", err.msg);
	cr_expect_eq(json_object_array_length(list), 1);
	json_object_put(list);
	stop(t);
	cr_expect_eq(strncmp(b.server.seen[0].p, "GET /v1/x/api/v1/llms HTTP/1.1\r\n", 32), 0);
	cr_expect_not_null(strstr(b.server.seen[0].p, "\r\nAuthorization: Bearer mcp_test\r\n"));
	bench_release(&b);
}

Test(remote, escapes_a_name_and_sends_the_version_it_wants, .timeout = 60)
{
	static const struct step script[] = { { ANSWER("200 OK", "{}"), SHUT }, { NULL, END } };
	struct transport *t = serve(script);
	struct json_object *body = json_object_new_object(), *out;
	struct faults faults = FAULTS_INIT;
	struct error err;

	cr_assert_eq(t->ops->update(t, &kind_user, "DOM\\a+b@c", 7, body, &faults, &out, &err),
	    RC_OK, "%s", err.msg);
	json_object_put(body);
	json_object_put(out);
	stop(t);
	cr_expect_eq(strncmp(b.server.seen[0].p, "PUT /v1/x/api/v1/users/DOM%5Ca%2Bb%40c HTTP", 43), 0,
	    "%s", b.server.seen[0].p);
	cr_expect_not_null(strstr(b.server.seen[0].p, "\r\nIf-Match: \"7\"\r\n"));
	bench_release(&b);
}

Test(remote, a_name_that_no_path_can_carry_is_not_asked_for)
{
	static const char *const names[] = { "", ".", "..", "a/b", "a\nb", "\x1b[2J" };
	struct remote_opts opts = { .url = "http://127.0.0.1:1", .token = "t" };
	struct transport *t = remote_new(&opts);
	struct json_object *o;
	struct error err;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_expect_eq(t->ops->get(t, &kind_llm, names[i], &o, &err), RC_NOT_FOUND);
	transport_close(t);
}

/* what a server may say instead of an answer */
static const struct {
	const char	*answer;
	enum rc		 rc;
	const char	*says;
} refusals[] = {
	{ ANSWER("400 Bad", "{\"error\":\"invalid llm\",\"details\":[{\"path\":\"url\","
	    "\"message\":\"bad\"}]}"), RC_INVALID, "invalid llm" },
	{ ANSWER("401 No", "{\"error\":\"invalid token\"}"), RC_UNAUTHENTICATED, "invalid token" },
	{ ANSWER("502 Bad Gateway", "<html>"), RC_UPSTREAM, "HTTP 502, and no answer of mcpd" },
	{ ANSWER("200 OK", "<html>"), RC_UPSTREAM, "HTTP 200, and no answer of mcpd" },
	{ "HTTP/1.1 301 Moved\r\nLocation: https://evil.example/\r\nContent-Length: 0\r\n\r\n",
	    RC_UPSTREAM, "redirect to https://evil.example/ not followed" },
	{ "", RC_UPSTREAM, "closed without an answer" },
};

Test(remote, a_refusal_is_the_error_that_it_was, .timeout = 60)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct step script[] = { { refusals[i].answer, SHUT }, { NULL, END } };
		struct transport *t = serve(script);
		struct json_object *body = json_object_new_object(), *out;
		struct faults faults = FAULTS_INIT;
		struct error err = { .msg = "" };

		cr_expect_eq(t->ops->create(t, &kind_llm, body, &faults, &out, &err),
		    refusals[i].rc, "%zu: %s", i, err.msg);
		cr_expect_not_null(strstr(err.msg, refusals[i].says), "%zu: %s", i, err.msg);
		cr_expect_eq(faults.n, refusals[i].rc == RC_INVALID);
		faults_release(&faults);
		json_object_put(body);
		stop(t);
		bench_release(&b);
	}
}

/* every question, and what goes to a server for it */
static const struct {
	enum ask	 what;
	const char	*name, *line;
	bool		 list;
} asked[] = {
	{ ASK_WHOAMI, NULL, "GET /v1/x/api/v1/whoami?llm=a%20b%26&since=1h HTTP", false },
	{ ASK_PROBE, "c d", "POST /v1/x/api/v1/llms/c%20d/test?llm=a%20b%26&since=1h HTTP", false },
	{ ASK_AUDIT, NULL, "GET /v1/x/api/v1/audit?llm=a%20b%26&since=1h HTTP", true },
	{ ASK_USAGE, NULL, "GET /v1/x/api/v1/usage?llm=a%20b%26&since=1h HTTP", true },
	{ ASK_STATUS, NULL, "GET /v1/x/api/v1/status?llm=a%20b%26&since=1h HTTP", false },
	{ ASK_MIGRATE, NULL, "POST /v1/x/api/v1/secrets/migrate?llm=a%20b%26&since=1h HTTP", false },
};

Test(remote, a_question_goes_to_its_path_with_what_was_given, .timeout = 60)
{
	static const struct param params[] = { { "llm", "a b&" }, { "after", NULL },
		{ "since", "1h" }, { NULL, NULL } };
	static const struct step object[] = { { ANSWER("200 OK", "{\"a\":1}"), SHUT }, { NULL, END } };
	static const struct step list[] = { { ANSWER("200 OK", "[]"), SHUT }, { NULL, END } };

	cr_assert_eq(sizeof(asked) / sizeof(asked[0]), ASK__MAX);
	for (size_t i = 0; i < ASK__MAX; i++) {
		struct question q = {
			.what = asked[i].what, .name = asked[i].name, .params = params
		};
		struct transport *t = serve(asked[i].list ? list : object);
		struct json_object *out;
		struct error err;

		cr_assert_eq(t->ops->ask(t, &q, &out, &err), RC_OK, "%s", err.msg);
		cr_expect(asked[i].list ? json_object_is_type(out, json_type_array) :
		    jsonx_int(out, "a", 0) == 1);
		json_object_put(out);
		stop(t);
		cr_expect_eq(strncmp(b.server.seen[0].p, asked[i].line, strlen(asked[i].line)), 0,
		    "%s", b.server.seen[0].p);
		bench_release(&b);
	}
}

Test(reports, the_store_itself_answers_the_same_questions)
{
	static const enum ask whole[] = { ASK_WHOAMI, ASK_USAGE, ASK_STATUS };
	static const struct param wrong[] = { { "since", "soon" }, { NULL, NULL } };
	struct fixture f;
	struct report_place at;
	struct question q;
	struct json_object *out;
	struct error err;

	fixture_open(&f);
	at = (struct report_place){ &f.svc, &f.admin, fixture_look(&f), NULL };
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		q = (struct question){ .what = whole[i] };
		cr_expect_not(report_needs_http(whole[i]));
		cr_assert_eq(report_answer(&at, &q, &out, &err), RC_OK, "%s", err.msg);
		json_object_put(out);
	}
	q = (struct question){ .what = ASK_USAGE, .params = wrong };
	cr_expect_eq(report_answer(&at, &q, &out, &err), RC_INVALID);
	q.what = ASK_AUDIT;
	cr_expect_eq(report_answer(&at, &q, &out, &err), RC_INVALID);
	q = (struct question){ .what = ASK_PROBE, .name = "nothing" };
	cr_expect(report_needs_http(ASK_PROBE));
	cr_expect_eq(report_answer(&at, &q, &out, &err), RC_NOT_FOUND);
	fixture_close(&f);
}

Test(remote, an_answer_of_another_shape_is_none, .timeout = 60)
{
	static const char *const lists[] = { "{}", "[1]", "[null]", "7", "null" };
	static const char *const objects[] = { "[]", "\"x\"", "null" };
	struct json_object *out;
	struct error err;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		char answer[200];
		const struct step script[] = { { answer, SHUT }, { NULL, END } };
		struct transport *t;

		snprintf(answer, sizeof(answer), ANSWER("200 OK", "%s"), lists[i]);
		t = serve(script);
		cr_expect_eq(t->ops->list(t, &kind_llm, &out, &err), RC_UPSTREAM, "%s", lists[i]);
		stop(t);
		bench_release(&b);
	}
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
		char answer[200];
		const struct step script[] = { { answer, SHUT }, { NULL, END } };
		struct transport *t;

		snprintf(answer, sizeof(answer), ANSWER("200 OK", "%s"), objects[i]);
		t = serve(script);
		cr_expect_eq(t->ops->get(t, &kind_llm, "x", &out, &err), RC_UPSTREAM, "%s",
		    objects[i]);
		stop(t);
		bench_release(&b);
	}
}

struct taken {				/* a sink that keeps what it gets */
	struct sink	 sink;
	int		 status, flushes;
	struct buf	 text;
	int		 keys[2];	/* a pipe: where Ctrl-C comes from, as chat.c has it */
};

static enum rc
start(struct sink *s, int status, const struct http_header *headers, size_t n, int64_t length,
    struct error *err)
{
	(void)headers;
	(void)n;
	(void)length;
	(void)err;
	((struct taken *)s)->status = status;
	return RC_OK;
}

static enum rc
put(struct sink *s, const char *p, size_t n, struct error *err)
{
	return buf_add(&((struct taken *)s)->text, p, n, err);
}

/* flush - and, where Ctrl-C is waited for, press it */
static enum rc
flush(struct sink *s, struct error *err)
{
	struct taken *t = (struct taken *)s;

	(void)err;
	t->flushes++;
	if (s->watch_fd >= 0)
		cr_assert_eq(write(t->keys[1], "", 1), 1);
	return RC_OK;
}

static enum rc
watch(struct sink *s, bool *again, struct error *err)
{
	(void)s;
	*again = true;
	return error_set(err, RC_GONE, "interrupted");
}

static struct taken
taken(void)
{
	return (struct taken){
		.sink = {
			.start = start, .write = put, .flush = flush, .watch = watch, .watch_fd = -1
		},
		.text = BUF_INIT(MAX_TEXT),
	};
}

Test(remote, inference_streams_to_the_sink, .timeout = 60)
{
	static const struct step script[] = { { STREAM EVENT("a") "data: [DONE]\n\n", SHUT },
		{ NULL, END } };
	struct transport *t = serve(script);
	struct taken to = taken();
	struct error err;

	cr_assert_eq(t->ops->infer(t, "x", BODY, strlen(BODY), &to.sink, &err), RC_OK, "%s",
	    err.msg);
	cr_expect_eq(to.status, 200);
	cr_expect_str_eq(to.text.p, EVENT("a") "data: [DONE]\n\n");
	cr_expect_geq(to.flushes, 1);
	buf_release(&to.text);
	stop(t);
	cr_expect_eq(strncmp(b.server.seen[0].p, "POST /v1/x/api/v1/llms/x/infer HTTP", 35), 0);
	bench_release(&b);
}

Test(remote, a_refused_inference_never_comes_to_the_sink, .timeout = 60)
{
	static const struct step script[] = { { ANSWER("403 No", "{\"error\":{\"message\":"
	    "\"permission denied: run:llms:x\",\"type\":\"t\",\"param\":null,\"code\":null}}"), SHUT },
		{ NULL, END } };
	struct transport *t = serve(script);
	struct taken to = taken();
	struct error err;

	cr_expect_eq(t->ops->infer(t, "x", BODY, strlen(BODY), &to.sink, &err), RC_FORBIDDEN);
	cr_expect_str_eq(err.msg, "permission denied: run:llms:x");
	cr_expect_eq(to.status, 0);
	cr_expect_eq(to.text.len, 0);
	stop(t);
	bench_release(&b);
}

Test(remote, ctrl_c_ends_the_call, .timeout = 60)
{
	static const struct step script[] = { { STREAM EVENT("a"), HOLD }, { NULL, END } };
	struct transport *t = serve(script);
	struct taken to = taken();
	struct error err;

	cr_assert_eq(pipe(to.keys), 0);
	to.sink.watch_fd = to.keys[0];
	cr_expect_eq(t->ops->infer(t, "x", BODY, strlen(BODY), &to.sink, &err), RC_GONE);
	close(to.keys[0]);
	close(to.keys[1]);
	cr_expect_str_eq(to.text.p, EVENT("a"));
	buf_release(&to.text);
	stop(t);
	cr_expect(b.server.saw_close);
	bench_release(&b);
}

/* call_local - on the store itself, with the scripted server as the provider */
static enum rc
call_local(const char *llm, const struct step *script, struct taken *to, struct error *err)
{
	struct fixture f;
	struct local_call call = { .llm = llm, .body = BODY, .len = strlen(BODY) };
	char text[200];
	enum rc rc;

	fixture_open(&f);
	bench_open(&b, script);
	snprintf(text, sizeof(text), "{'name':'l','type':'vllm','model':'m','url':'%s'}", b.url);
	fixture_make(&f, &kind_llm, text);
	call.table = fixture_look(&f);
	call.svc = &f.svc;
	call.caller = &f.admin;
	call.http = service_http(&f.svc);
	rc = local_call(&call, &to->sink, err);
	http_free(call.http);
	fixture_close(&f);
	bench_stop(&b);
	return rc;
}

Test(local_call, streams_to_the_sink, .timeout = 60)
{
	static const struct step script[] = { { STREAM EVENT("a") "data: [DONE]\n\n", SHUT },
		{ NULL, END } };
	struct taken to = taken();
	struct error err;

	cr_assert_eq(call_local("l", script, &to, &err), RC_OK, "%s", err.msg);
	cr_expect_eq(to.status, 200);
	cr_expect_str_eq(to.text.p, EVENT("a") "data: [DONE]\n\n");
	buf_release(&to.text);
	bench_release(&b);
}

Test(local_call, a_refusal_never_comes_to_the_sink, .timeout = 60)
{
	static const struct step script[] = { { ANSWER("401 No", "{\"error\":{\"message\":\"bad\"}}"),
	    SHUT }, { NULL, END } };
	struct taken to = taken();
	struct error err;

	cr_expect_eq(call_local("l", script, &to, &err), RC_UPSTREAM);
	cr_expect_not_null(strstr(err.msg, "401"), "%s", err.msg);
	cr_expect_eq(to.status, 0);
	cr_expect_eq(to.text.len, 0);
	bench_release(&b);
}

Test(local_call, an_llm_that_is_not_there_is_not_found, .timeout = 60)
{
	static const struct step script[] = { { NULL, END } };
	struct taken to = taken();
	struct error err;

	cr_expect_eq(call_local("other", script, &to, &err), RC_NOT_FOUND);
	cr_expect_str_eq(err.msg, "Llm not found: other");
	bench_release(&b);
}

Test(local_call, ctrl_c_ends_the_providers_call, .timeout = 60)
{
	static const struct step script[] = { { STREAM EVENT("a"), HOLD }, { NULL, END } };
	struct taken to = taken();
	struct error err;

	cr_assert_eq(pipe(to.keys), 0);
	to.sink.watch_fd = to.keys[0];
	cr_expect_eq(call_local("l", script, &to, &err), RC_GONE);
	cr_expect_str_eq(err.msg, "interrupted");
	close(to.keys[0]);
	close(to.keys[1]);
	cr_expect(b.server.saw_close);
	buf_release(&to.text);
	bench_release(&b);
}
