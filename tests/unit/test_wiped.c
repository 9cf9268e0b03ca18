/* test_wiped.c - no block of memory is given back with a value in it; what is freed, a core would show */
#include "config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "fcgi/dispatch.h"
#include "service/rekey.h"
#include "service/secret_cache.h"
#include "service/secrets.h"
#include "tests/unit/freed.h"
#include "tests/unit/http_bench.h"
#include "tests/unit/request_fixture.h"

#define CANARY	"canary-of-the-heap"

static void
set_up(void)
{
	http_global();			/* as a worker: before libcrypto is used */
	request_set_up();
	f.cfg.max_body = 4096;
	fixture_make(&f, &kind_rbac, "{'name':'w','subjects':[{'kind':'User','name':'bob'}],"
	    "'roleBindings':[{'role':'edit','resource':'*'}]}");
	freed_watch(CANARY);
}

static void
tear_down(void)
{
	freed_watch(NULL);
	request_tear_down();
}

TestSuite(wiped, .init = set_up, .fini = tear_down, .timeout = 60);

/* expect_none - since the last time */
static void
expect_none(const char *what)
{
	cr_expect_eq(freed_with(), 0, "%s: a value was freed unwiped", what);
}

/* make_secret - by a request: the fixture would leave the value where later blocks are taken from */
static void
make_secret(void)
{
	run(PARAMS("REQUEST_METHOD=POST", "REQUEST_URI=/api/v1/secrets", bearer,
	    "CONTENT_TYPE=application/json"), "{\"name\":\"s\",\"data\":{\"k\":\"" CANARY "\"}}");
}

Test(wiped, the_watch_sees_what_it_is_for)
{
#ifndef WITH_SANITIZER
	free(x_strdup("0123456789abcdef " CANARY));
	cr_expect_eq(freed_with(), 1);
	free(realloc(x_strdup("0123456789abcdef " CANARY), 4096));
	cr_expect_eq(freed_with(), 2);
	mem_free_wiped(x_strdup("0123456789abcdef " CANARY));
	cr_expect_eq(freed_with(), 0);
#endif
}

/* each must be answered so, and leave nothing behind */
static const struct { const char *method, *uri, *body, *status; } requests[] = {
	{ "POST", "/api/v1/secrets", "{\"name\":\"a\",\"data\":{\"k\":\"" CANARY "\"}}", "201" },
	{ "POST", "/api/v1/secrets", "{\"name\":\"b\",\"data\":{\"k\":\"" CANARY "\\u0041\\n\","
	    "\"l\":\"" CANARY "2\"}}", "201" },
	{ "POST", "/api/v1/secrets", "{\"name\":\"a\",\"data\":{\"k\":\"" CANARY "\"}}", "409" },
	{ "POST", "/api/v1/secrets", "{\"name\":\"A B\",\"data\":{\"k\":\"" CANARY "\"}}", "400" },
	{ "POST", "/api/v1/secrets", "{\"name\":\"c\",\"data\":{\"k\":\"" CANARY "\"}", "400" },
	{ "POST", "/api/v1/secrets", "{\"name\":\"c\",\"data\":{\"k\":\"" CANARY "\\q", "400" },
	{ "POST", "/api/v1/secrets", "{\"name\":\"c\",\"data\":\"" CANARY "\"}", "400" },
	{ "POST", "/api/v1/secrets", "{\"name\":\"c\",\"x\":{\"k\":[\"" CANARY "\"]}}", "400" },
	{ "PUT", "/api/v1/secrets/a", "{\"data\":{\"k\":\"" CANARY "-other\"}}", "200" },
	{ "PUT", "/api/v1/secrets/a", "{\"data\":{\"k\":\"" CANARY "-other\"}}", "200" },
	{ "PUT", "/api/v1/secrets/z", "{\"data\":{\"k\":\"" CANARY "\"}}", "404" },
	{ "DELETE", "/api/v1/secrets/a", NULL, "204" },
};

Test(wiped, requests_with_values)
{
	char method[32], uri[64], what[96];

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		snprintf(method, sizeof(method), "REQUEST_METHOD=%s", requests[i].method);
		snprintf(uri, sizeof(uri), "REQUEST_URI=%s", requests[i].uri);
		snprintf(what, sizeof(what), "%zu %s %s", i, requests[i].method, requests[i].status);
		run(PARAMS(method, uri, bearer, "CONTENT_TYPE=application/json"), requests[i].body);
		cr_expect_not_null(strstr(io.out, requests[i].status), "%s: %s", what, io.out);
		expect_none(what);
	}
}

Test(wiped, a_value_that_outgrows_every_buffer_on_its_way)
{
	/* in pieces, as a value with line breaks comes to the parser */
	static const char piece[] = CANARY "\\n";
	char *value = x_calloc(3001, 1), *body;

	for (size_t at = 0; at + sizeof(piece) < 3000; at += sizeof(piece) - 1)
		memcpy(value + at, piece, sizeof(piece) - 1);
	body = x_asprintf("{\"name\":\"long\",\"data\":{\"k\":\"%s\"}}", value);
	run(PARAMS("REQUEST_METHOD=POST", "REQUEST_URI=/api/v1/secrets", bearer,
	    "CONTENT_TYPE=application/json"), body);
	cr_expect_not_null(strstr(io.out, "201"), "%s", io.out);
	expect_none("a long value");
	mem_free_wiped(value);
	mem_free_wiped(body);
}

Test(wiped, a_new_token_that_was_answered)
{
	freed_watch("mcp_");
	run(PARAMS("REQUEST_METHOD=POST", "REQUEST_URI=/api/v1/mcptokens", bearer,
	    "CONTENT_TYPE=application/json"), "{\"name\":\"fresh\",\"user\":\"bob\"}");
	cr_expect_not_null(strstr(io.out, "\"token\":\"mcp_"), "%s", io.out);
	expect_none("a token");
}

Test(wiped, values_that_are_opened_and_sealed_anew)
{
	const struct table *t;
	const struct secret *s;
	struct seal_place elsewhere = { NULL, "secret", "other", "k" };
	struct rekey rekey = { .each = NULL };
	struct pairs values = PAIRS_INIT;
	struct error err;
	int64_t version;
	char *clear;

	make_secret();
	t = fixture_look(&f);
	s = (const void *)table_by_name(t, &kind_secret, "s");
	elsewhere.store_id = table_store_id(t);
	cr_assert_eq(secrets_open(&f.svc, t, s, "k", &clear, &err), RC_OK, "%s", err.msg);
	cr_expect_str_eq(clear, CANARY);
	mem_free_wiped(clear);
	cr_expect_eq(secrets_open(&f.svc, t, s, "none", &clear, &err), RC_NOT_FOUND);
	cr_assert_eq(secrets_read(&f.svc, t, s, &values, &version, &err), RC_OK, "%s", err.msg);
	pairs_wipe(&values);
	expect_none("opened");
	cr_expect_eq(seal_open(store_keyring(f.svc.store), &elsewhere, s->values[0].stored, &clear,
	    &err), RC_CORRUPT);
	expect_none("of another place: it was clear before its tag was looked at");
	cr_assert_eq(rekey_run(&f.svc, &f.admin, &rekey, &err), RC_OK, "%s", err.msg);
	expect_none("sealed anew");
}

/* fetch - a value of a backend */
static enum rc
fetch(void *arg, struct pairs *out, struct error *err)
{
	(void)arg;
	(void)err;
	pairs_add(out, x_strdup("k"), x_strdup(CANARY));
	return RC_OK;
}

Test(wiped, what_the_cache_forgets)
{
	struct secret_ref ref = { "s1", "b1", 1, 1, 60000, 60000 };
	struct secret_cache *cache = secret_cache_new();
	struct error err;
	char *value;

	for (int i = 0; i < 4; i++) {
		cr_expect_eq(secret_cache_get(cache, &ref, "k", fetch, NULL, &value, &err), RC_OK);
		mem_free_wiped(value);
		ref.secret_version += i % 2;	/* another one: the values before go */
		if (i == 2)
			secret_cache_drop(cache, "s1");
	}
	expect_none("changed and dropped");
	secret_cache_free(cache);
	expect_none("all of it");
	cr_expect_eq(secret_cache_get(NULL, &ref, "k", fetch, NULL, &value, &err), RC_OK);
	mem_free_wiped(value);
	expect_none("without a cache");
}

#define ASKED "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"
#define REPEATED "you sent " CANARY

/* what a provider does with its caller's key, and what its client is told */
static const struct { const char *what, *answer, *body, *status; } echoes[] = {
	{ "an answer", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", ASKED "}", "200" },
	{ "an answer that repeats it", "HTTP/1.1 200 OK\r\nContent-Length: 35\r\n\r\n{\"a\":\"" REPEATED
	  "\"}", ASKED "}", "200" },
	{ "an error that repeats it", "HTTP/1.1 400 No\r\nX-Key: " CANARY "\r\nContent-Length: 54\r\n"
	  "\r\n{\"error\":{\"message\":\"" REPEATED "\"}}   ",
	  ASKED "}", "400" },
	{ "a refusal that repeats it", "HTTP/1.1 401 No\r\nX-Key: " CANARY "\r\nContent-Length: 54\r\n"
	  "\r\n{\"error\":{\"message\":\"" REPEATED "\"}}   ",
	  ASKED "}", "502" },
	{ "half an answer", "HTTP/1.1 200 OK\r\nX-Key: " CANARY "\r\nContent-Length: 99\r\n\r\n\"" REPEATED,
	  ASKED "}", "502" },
	{ "an error in a stream", "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: " CANARY
	  "\nevent: " CANARY "\ndata: {\"error\":\"" REPEATED "\"}\n\n", ASKED ",\"stream\":true}", "200" },
	{ "half an event", "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: {\"a\":\""
	  CANARY "\"}\n\nevent: x" CANARY "\ndata: {\"a\":\"" REPEATED, ASKED ",\"stream\":true}", "200" },
	{ "no answer", "", ASKED "}", "502" },
};

Test(wiped, calls_that_carry_a_key)
{
	struct bench b;
	char text[512];

	make_secret();
	fixture_make(&f, &kind_rbac, "{'name':'run','subjects':[{'kind':'User','name':'bob'}],"
	    "'roleBindings':[{'role':'run','resource':'llms'}]}");
	for (size_t i = 0; i < sizeof(echoes) / sizeof(echoes[0]); i++) {
		const struct step script[] = { { echoes[i].answer, SHUT }, { NULL, END } };
		char uri[64];

		bench_open(&b, script);
		snprintf(text, sizeof(text), "{'name':'m%zu','type':'openai','model':'m','url':"
		    "'http://127.0.0.1:%d','apiKeyRef':{'name':'s','key':'k'},'extraConfig':"
		    "{'allowPrivateUrl':true,'headers':{'api-key':'secret://s/k'}}}", i,
		    b.server.port);
		fixture_make(&f, &kind_llm, text);
		expect_none("made");
		snprintf(uri, sizeof(uri), "REQUEST_URI=/api/v1/llms/m%zu/infer", i);
		begin(PARAMS("REQUEST_METHOD=POST", uri, bearer, "CONTENT_TYPE=application/json"),
		    echoes[i].body);
		dispatch(&r, routes);
		request_release(&r);
		expect_none(echoes[i].what);
		cr_expect_eq(strncmp(io.out + strlen("Status: "), echoes[i].status, 3), 0, "%s: %s",
		    echoes[i].what, io.out);
		bench_stop(&b);
		cr_expect_not_null(strstr(b.server.seen[0].p, "Authorization: Bearer " CANARY "\r\n"));
		cr_expect_not_null(strstr(b.server.seen[0].p, "api-key: " CANARY "\r\n"));
		freed_watch(NULL);		/* the server's own memory */
		bench_release(&b);
		freed_watch(CANARY);
	}
}
