/* test_failure.c - the table of API.md 3, "Errors" */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/failure.h"
#include "base/jscan.h"
#include "base/mem.h"

#define QUOTA_TEXT "You have reached your specified API usage limits. Regain access on 1st"

/* what a provider answered, and the status|type|code|kind|retry that the client gets */
static const struct { int status; const char *body, *expected; } answers[] = {
	{ 400, "{\"error\":{\"message\":\"m\",\"type\":\"t\","
	  "\"code\":\"context_length_exceeded\"}}",
	  "400|invalid_request_error|context_length_exceeded|invalid_request_error|" },
	{ 400, "", "400|invalid_request_error|null|invalid_request_error|" },
	{ 422, "{\"error\":{\"message\":\"m\",\"code\":17}}",
	  "422|invalid_request_error|17|invalid_request_error|" },
	{ 401, "", "502|api_error|upstream_auth|upstream_auth|no" },
	{ 403, "", "502|api_error|upstream_auth|upstream_auth|no" },
	{ 402, "", "429|insufficient_quota|insufficient_quota|insufficient_quota|no" },
	{ 400, "{\"error\":{\"type\":\"invalid_request_error\",\"message\":\"" QUOTA_TEXT "\"}}",
	  "429|insufficient_quota|insufficient_quota|insufficient_quota|no" },
	{ 429, "{\"error\":{\"message\":\"m\",\"code\":\"insufficient_quota\"}}",
	  "429|insufficient_quota|insufficient_quota|insufficient_quota|no" },
	{ 429, "{\"error\":{\"message\":\"m\",\"type\":\"insufficient_quota\",\"code\":null}}",
	  "429|insufficient_quota|insufficient_quota|insufficient_quota|no" },
	{ 429, "{\"error\":{\"message\":\"m\",\"code\":\"project_spend_limit_reached\"}}",
	  "429|insufficient_quota|insufficient_quota|insufficient_quota|no" },
	{ 429, "{\"error\":{\"message\":\"m\",\"code\":\"tokens_per_min\"}}",
	  "429|rate_limit_error|tokens_per_min|rate_limit_exceeded|" },
	{ 429, "{\"error\":{\"message\":\"m\",\"code\":null}}",
	  "429|rate_limit_error|rate_limit_exceeded|rate_limit_exceeded|" },
	{ 404, "{\"error\":{\"message\":\"m\",\"code\":\"x\"}}",
	  "404|invalid_request_error|model_not_found|model_not_found|" },
	{ 408, "", "408|timeout_error|upstream_timeout|upstream_timeout|" },
	{ 409, "", "409|invalid_request_error|null|invalid_request_error|" },
	{ 413, "", "413|invalid_request_error|null|invalid_request_error|" },
	{ 418, "", "418|invalid_request_error|null|invalid_request_error|" },
	{ 407, "", "502|server_error|upstream_error|upstream_error|" },
	{ 500, "{\"error\":{\"message\":\"m\",\"code\":\"x\"}}",
	  "500|server_error|upstream_error|upstream_error|" },
	{ 502, "", "502|server_error|upstream_error|upstream_error|" },
	{ 503, "<html>busy</html>", "503|server_error|upstream_error|upstream_error|" },
	{ 504, "", "504|server_error|upstream_error|upstream_error|" },
	{ 501, "", "502|server_error|upstream_error|upstream_error|" },
	{ 520, "", "502|server_error|upstream_error|upstream_error|" },
	{ 529, "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"O\"}}",
	  "503|server_error|overloaded|overloaded|1" },
	/* Anthropic's bodies have a type and no code */
	{ 400, "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"m\"}}",
	  "400|invalid_request_error|null|invalid_request_error|" },
	{ 401, "{\"type\":\"error\",\"error\":{\"type\":\"authentication_error\",\"message\":\"m\"}}",
	  "502|api_error|upstream_auth|upstream_auth|no" },
	{ 402, "{\"type\":\"error\",\"error\":{\"type\":\"billing_error\",\"message\":\"m\"}}",
	  "429|insufficient_quota|insufficient_quota|insufficient_quota|no" },
	{ 404, "{\"type\":\"error\",\"error\":{\"type\":\"not_found_error\",\"message\":\"m\"}}",
	  "404|invalid_request_error|model_not_found|model_not_found|" },
	{ 413, "{\"type\":\"error\",\"error\":{\"type\":\"request_too_large\",\"message\":\"m\"}}",
	  "413|invalid_request_error|null|invalid_request_error|" },
	{ 429, "{\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"m\"}}",
	  "429|rate_limit_error|rate_limit_exceeded|rate_limit_exceeded|" },
	{ 429, "{\"type\":\"error\",\"error\":{\"type\":\"workspace_spend_limit_reached\"}}",
	  "429|insufficient_quota|insufficient_quota|insufficient_quota|no" },
	{ 504, "{\"type\":\"error\",\"error\":{\"type\":\"timeout_error\",\"message\":\"m\"}}",
	  "504|server_error|upstream_error|upstream_error|" },
	{ 302, "", "502|server_error|upstream_error|upstream_error|" },
	{ 200, "<html>", "502|server_error|upstream_error|upstream_error|" },
};

/* shown - a failure without its message, for comparing; owned by the caller */
static char *
shown(const struct failure *f)
{
	return x_asprintf("%d|%s|%s|%s|%s%s", f->status, f->type, *f->code ? f->code : "null",
	    f->kind, f->no_retry ? "no" : "", f->retry_after);
}

Test(failure, maps_a_providers_status_as_the_table_says)
{
	struct failure f;

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		char *text;

		failure_answer(&f, "openai", answers[i].status, answers[i].body,
		    strlen(answers[i].body));
		text = shown(&f);
		cr_expect_str_eq(text, answers[i].expected, "row %zu: %s", i, text);
		free(text);
	}
}

/* every shape of error, and the words that are taken from it */
static const struct { const char *body, *message; } shapes[] = {
	{ "{\"error\":{\"message\":\"bad \\\"x\\\"\",\"type\":\"t\"}}", ": bad \"x\"" },
	{ "{\"type\":\"error\",\"error\":{\"type\":\"t\",\"message\":\"bad\"}}", ": bad" },
	{ "{\"error\":\"model 'x' not found\"}", ": model 'x' not found" },
	{ "{\"object\":\"error\",\"message\":\"bad\",\"code\":400}", ": bad" },
	{ "{\"message\":\"bad\"}", ": bad" },
	{ "{\"detail\":\"bad\"}", ": bad" },
	{ "[{\"error\":{\"message\":\"bad\"}}]", ": bad" },
	{ " {\"error\":{\"message\":\"bad\\u0000\\u0007\\n\\tx\\u007f\"}} \n", ": bad   x" },
	{ "{\"error\":{}}", "" },
	{ "{\"error\":null}", "" },
	{ "{\"error\":{\"message\":\"cut", "" },
	{ "<html>no</html>", "" },
	{ "[]", "" },
	{ "\"text\"", "" },
	{ "", "" },
	{ "\xff\xfe", "" },
};

Test(failure, finds_the_words_in_every_shape)
{
	struct failure f;

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		char *expected = x_asprintf("vllm: HTTP 400%s", shapes[i].message);

		failure_answer(&f, "vllm", 400, shapes[i].body, strlen(shapes[i].body));
		cr_expect_str_eq(f.message, expected, "shape %zu: %s", i, f.message);
		free(expected);
	}
}

Test(failure, keeps_the_words_of_a_refused_key_for_the_log)
{
	static const char body[] = "{\"error\":{\"message\":\"Incorrect key sk-ab***yz\","
	    "\"code\":\"sk-code\",\"param\":\"sk-param\"}}";
	struct failure f;

	failure_answer(&f, "openai", 401, body, sizeof(body) - 1);
	cr_expect_str_eq(f.message, "openai: HTTP 401");
	cr_expect_str_eq(f.code, "upstream_auth");
	cr_expect_str_eq(f.param, "");
	cr_expect_str_eq(f.log, "openai: HTTP 401: Incorrect key sk-ab***yz");
	cr_expect_str_eq(f.kind, "upstream_auth");
}

Test(failure, cuts_a_long_message_between_words_and_characters)
{
	struct failure f;
	char *body, text[4096];

	/* a cut word may be half a key, which no scrubber would find */
	memset(text, 'k', sizeof(text));
	memcpy(text, "some words ", 11);
	body = x_asprintf("{\"error\":\"%.*s\"}", 4000, text);
	failure_answer(&f, "openai", 400, body, strlen(body));
	cr_expect_str_eq(f.message, "openai: HTTP 400: some words ");
	free(body);
	for (size_t i = 0; i + 3 <= sizeof(text); i += 3)
		memcpy(text + i, "\xe2\x82\xac", 3);
	body = x_asprintf("{\"error\":\"%.*s\"}", 3000, text);
	failure_answer(&f, "openai", 400, body, strlen(body));
	cr_expect_leq(strlen(f.message), 2048);
	cr_expect_geq(strlen(f.message), 2048 - 3);
	cr_expect_str_eq(f.message + strlen(f.message) - 3, "\xe2\x82\xac");
	free(body);
}

Test(failure, has_a_row_for_every_cause_of_ours)
{
	struct failure f;

	for (int cause = 0; cause < FAILURE__MAX; cause++) {
		failure_set(&f, (enum failure_cause)cause, "p", "text %d", cause);
		cr_expect_geq(f.status, 400, "cause %d", cause);
		cr_expect(f.type[0] != '\0' && f.kind[0] != '\0', "cause %d", cause);
		cr_expect_str_eq(f.param, "p");
	}
}

static const struct { enum rc rc; const char *expected; } codes[] = {
	{ RC_TIMEOUT, "504|timeout_error|upstream_timeout|upstream_timeout|no" },
	{ RC_UPSTREAM, "502|server_error|upstream_error|upstream_error|" },
	{ RC_INVALID, "400|invalid_request_error|null|invalid_request_error|" },
	{ RC_TOO_LARGE, "413|invalid_request_error|null|invalid_request_error|" },
	{ RC_UNAVAILABLE, "503|server_error|backend_unavailable|backend_unavailable|" },
	{ RC_GONE, "499|server_error|client_gone|client_gone|" },
	{ RC_CORRUPT, "500|server_error|internal_error|internal_error|" },
};

Test(failure, maps_our_own_codes)
{
	struct failure f;

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		struct error err;
		char *text;

		error_set(&err, codes[i].rc, "why");
		failure_rc(&f, &err);
		text = shown(&f);
		cr_expect_str_eq(text, codes[i].expected, "%s", text);
		cr_expect_str_eq(f.message, "why");
		free(text);
	}
}

/* an error inside a stream is judged as the refusal that it would have been */
static const struct { const char *data, *expected; } events[] = {
	{ "{\"error\":{\"type\":\"overloaded_error\",\"message\":\"O\"}}",
	  "503|server_error|overloaded|overloaded|1" },
	{ "{\"error\":{\"code\":\"rate_limit_exceeded\"}}",
	  "429|rate_limit_error|rate_limit_exceeded|rate_limit_exceeded|" },
	{ "{\"error\":{\"code\":\"insufficient_quota\"}}",
	  "429|insufficient_quota|insufficient_quota|insufficient_quota|no" },
	{ "{\"error\":{\"type\":\"rate_limit_error\",\"code\":\"insufficient_quota\"}}",
	  "429|insufficient_quota|insufficient_quota|insufficient_quota|no" },
	{ "{\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"I\"}}",
	  "500|server_error|upstream_error|upstream_error|" },
	{ "{\"type\":\"error\",\"error\":{\"type\":\"billing_error\",\"message\":\"I\"}}",
	  "429|insufficient_quota|insufficient_quota|insufficient_quota|no" },
	{ "{\"error\":{\"code\":503}}", "503|server_error|upstream_error|upstream_error|" },
	{ "{\"error\":{\"code\":99}}", "502|server_error|upstream_error|upstream_error|" },
	{ "{\"error\":\"boom\"}", "502|server_error|upstream_error|upstream_error|" },
	{ "garbage", "502|server_error|upstream_error|upstream_error|" },
};

Test(failure, judges_an_error_event_by_its_words)
{
	struct failure f;

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		char *text;

		failure_event(&f, "vllm", events[i].data, strlen(events[i].data));
		text = shown(&f);
		cr_expect_str_eq(text, events[i].expected, "event %zu: %s", i, text);
		cr_expect_eq(strncmp(f.message, "vllm: HTTP 200", 14), 0, "%s", f.message);
		free(text);
	}
}

/* each word that stands for a status, as a type or as a code; the words of a refused key are nobody's */
static const struct { const char *word; int status; const char *message; } words[] = {
	{ "overloaded_error", 503, ": why" }, { "rate_limit_error", 429, ": why" },
	{ "rate_limit_exceeded", 429, ": why" }, { "insufficient_quota", 429, ": why" },
	{ "billing_error", 429, ": why" }, { "authentication_error", 502, "" },
	{ "invalid_api_key", 502, "" }, { "permission_error", 502, "" },
	{ "not_found_error", 404, ": why" }, { "model_not_found", 404, ": why" },
	{ "timeout_error", 408, ": why" }, { "api_error", 500, ": why" },
	{ "request_too_large", 413, ": why" }, { "invalid_request_error", 400, ": why" },
	{ "anything_else", 502, ": why" },
};

Test(failure, knows_the_words_of_an_error_event)
{
	static const char *const members[] = { "type", "code" };
	struct failure f;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		for (size_t k = 0; k < 2; k++) {
			char *data = x_asprintf("{\"error\":{\"message\":\"why\",\"%s\":\"%s\"}}",
			    members[k], words[i].word);

			failure_event(&f, "vllm", data, strlen(data));
			cr_expect_eq(f.status, words[i].status, "%s: %d", data, f.status);
			cr_expect_str_eq(f.message + strlen("vllm: HTTP 200, then an error in the stream"),
			    words[i].message, "%s: %s", data, f.message);
			free(data);
		}
	}
}

Test(failure, keeps_the_words_of_a_refused_key_in_a_stream_too)
{
	static const char data[] = "{\"error\":{\"type\":\"authentication_error\","
	    "\"message\":\"sk-1\"}}";
	struct failure f;

	failure_event(&f, "openai", data, sizeof(data) - 1);
	cr_expect_str_eq(f.kind, "upstream_auth");
	cr_expect(strstr(f.message, "sk-1") == NULL);
	cr_expect(strstr(f.log, "sk-1") != NULL);
}

Test(failure, writes_real_nulls_and_escapes)
{
	struct buf out = BUF_INIT(4096);
	struct failure f;

	failure_set(&f, FAILURE_REQUEST, NULL, "a \"b\" \\ /\x01 \xff");
	failure_json(&f, &out);
	cr_expect_str_eq(out.p, "{\"error\":{\"message\":\"a \\\"b\\\" \\\\ / ?\",\"type\":"
	    "\"invalid_request_error\",\"param\":null,\"code\":null}}");
	buf_clear(&out);
	failure_set(&f, FAILURE_MODEL_NOT_FOUND, "model", "m");
	failure_json(&f, &out);
	cr_expect_str_eq(out.p, "{\"error\":{\"message\":\"m\",\"type\":\"invalid_request_error\","
	    "\"param\":\"model\",\"code\":\"model_not_found\"}}");
	buf_release(&out);
}
