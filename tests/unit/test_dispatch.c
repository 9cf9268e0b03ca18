/* test_dispatch.c - the order in which a request is refused, and what is answered */
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/utf8.h"
#include "fcgi/dispatch.h"
#include "fcgi/reply.h"
#include "service/report.h"
#include "tests/unit/request_fixture.h"

TestSuite(dispatch, .init = request_set_up, .fini = request_tear_down);

/* refused - its status line and the message */
static void
refused(const char *status, const char *message)
{
	char line[128];

	snprintf(line, sizeof(line), "Status: %s", status);
	cr_expect(fake_io_has(&io, line), "not %s: %s", status, io.out);
	cr_expect_not_null(strstr(fake_io_body(&io), message), "not '%s': %s", message, io.out);
	cr_expect(fake_io_has(&io, "Content-Type: application/json"));
	cr_expect(fake_io_has(&io, "X-Content-Type-Options: nosniff"));
}

Test(dispatch, an_unknown_path_is_404_before_anyone_is_asked_who_they_are)
{
	run(PARAMS("REQUEST_METHOD=GET", "REQUEST_URI=/nothing"), NULL);
	refused("404 Not Found", "\"error\":\"no such path\"");
	run(PARAMS("REQUEST_METHOD=GET", "REQUEST_URI=/api/v1/nothing", bearer), NULL);
	refused("404 Not Found", "\"error\":\"no such path\"");
}

Test(dispatch, below_v1_one_must_say_who_one_is_first)
{
	run(PARAMS("REQUEST_METHOD=GET", "REQUEST_URI=/v1/audio/speech"), NULL);
	refused("401 Unauthorized", "\"code\":\"invalid_api_key\"");
	run(PARAMS("REQUEST_METHOD=GET", "REQUEST_URI=/v1/audio/speech", bearer), NULL);
	refused("404 Not Found", "not served by mcpd: /v1/audio/speech");
}

Test(dispatch, a_refused_path_has_the_errors_of_its_family)
{
	static const char get[] = "REQUEST_METHOD=GET", post[] = "REQUEST_METHOD=POST";
	const struct {
		const char *method, *uri, *said;
	} rows[] = {
		{ get, "REQUEST_URI=/v1//models?a=b",
		    "{\"error\":{\"message\":\"not served by mcpd: /v1//models\",\"type\":"
		    "\"invalid_request_error\",\"param\":null,\"code\":\"unknown_url\"}}" },
		{ get, "REQUEST_URI=/v1/", "not served by mcpd: /v1/\"" },
		{ get, "REQUEST_URI=/v%31/models", "not served by mcpd: /v%31/models\"" },
		{ get, "REQUEST_URI=/v1/models/%ff", "not served by mcpd: /v1/models/%ff\"" },
		{ post, "REQUEST_URI=/v1//messages", "{\"type\":\"error\",\"error\":{\"type\":"
		    "\"not_found_error\",\"message\":\"not served by mcpd: /v1//messages\"}" },
		{ post, "REQUEST_URI=/v1/./messages/count_tokens", "\"not_found_error\"" },
		{ post, "REQUEST_URI=/api/v1/llms/x//infer", "\"code\":\"unknown_url\"" },
		{ post, "REQUEST_URI=/api/v1/llms/%2e%2e/infer", "\"code\":\"unknown_url\"" },
		{ post, "REQUEST_URI=/api/v1/llms/a%2fb/infer", "\"code\":\"unknown_url\"" },
		{ post, "REQUEST_URI=/api/v1/llms/x/infe%72", "\"code\":\"unknown_url\"" },
		{ post, "REQUEST_URI=/api/v1/llms/x/inferior", "\"error\":\"no such path\"" },
		{ post, "REQUEST_URI=/api/v1//llms", "\"error\":\"no such path\"" },
		{ get, "REQUEST_URI=/v1/../api/v1/llms", "\"error\":\"no such path\"" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		run(PARAMS(rows[i].method, rows[i].uri, bearer), NULL);
		refused("404 Not Found", rows[i].said);
	}
	run(PARAMS("REQUEST_METHOD=GET", "REQUEST_URI=", "SCRIPT_NAME=/m", "PATH_INFO=/v1//x"), NULL);
	refused("404 Not Found", "\"code\":\"unknown_url\"");
}

Test(dispatch, a_wrong_method_is_405_with_the_right_ones)
{
	run(PARAMS("REQUEST_METHOD=PATCH", "REQUEST_URI=/api/v1/users"), NULL);
	refused("405 Method Not Allowed", "GET, HEAD, POST");
	cr_expect(fake_io_has(&io, "Allow: GET, HEAD, POST"));
	run(PARAMS("REQUEST_METHOD=GET", "REQUEST_URI=/api/v1/llms/x/infer"), NULL);
	refused("405 Method Not Allowed", "\"code\":\"method_not_supported\"");
	cr_expect(fake_io_has(&io, "Allow: POST"));
	run(PARAMS("REQUEST_METHOD=OPTIONS", "REQUEST_URI=/v1/models", "HTTP_ORIGIN=https://a.example"),
	    NULL);
	refused("405 Method Not Allowed", "\"type\":\"invalid_request_error\"");
	cr_expect_null(strstr(io.out, "Access-Control"));
}

Test(dispatch, without_a_token_the_body_is_thrown_away)
{
	run(PARAMS("REQUEST_METHOD=POST", "REQUEST_URI=/api/v1/users", "CONTENT_LENGTH=2",
	    "CONTENT_TYPE=application/json"), "{}");
	refused("401 Unauthorized", "token");
	cr_expect(fake_io_has(&io, "WWW-Authenticate: Bearer"));
	cr_expect_eq(io.body_at, 2);
}

Test(dispatch, permission_comes_before_existence_and_before_the_body)
{
	run(PARAMS("REQUEST_METHOD=GET", "REQUEST_URI=/api/v1/llms/nix", bearer), NULL);
	refused("403 Forbidden", "view:llms:nix");
	run(PARAMS("REQUEST_METHOD=GET", "REQUEST_URI=/api/v1/users/nix", bearer), NULL);
	refused("404 Not Found", "User not found: nix");
	run(PARAMS("REQUEST_METHOD=POST", "REQUEST_URI=/api/v1/llms", bearer, "CONTENT_TYPE=text/plain",
	    "CONTENT_LENGTH=900000"), "x");
	refused("403 Forbidden", "create:llms");
	run(PARAMS("REQUEST_METHOD=PUT", "REQUEST_URI=/api/v1/llms/nix", bearer,
	    "CONTENT_TYPE=text/plain", "CONTENT_LENGTH=900000"), "x");
	refused("403 Forbidden", "edit:llms:nix");
	run(PARAMS("REQUEST_METHOD=DELETE", "REQUEST_URI=/api/v1/llms/nix", bearer,
	    "HTTP_IF_MATCH=none"), NULL);
	refused("403 Forbidden", "delete:llms:nix");
	run(PARAMS("REQUEST_METHOD=POST", "REQUEST_URI=/api/v1/secrets/migrate", bearer,
	    "CONTENT_TYPE=text/plain", "CONTENT_LENGTH=900000"), "x");
	refused("403 Forbidden", "run:migrate-secrets");
	run(PARAMS("REQUEST_METHOD=POST", "REQUEST_URI=/api/v1/llms/nix/infer", bearer,
	    "CONTENT_TYPE=application/json", "CONTENT_LENGTH=2"), "{}");
	refused("403 Forbidden", "\"code\":\"model_not_allowed\"");
}

Test(dispatch, a_long_name_in_an_error_is_not_cut_inside_a_character)
{
	struct buf uri = BUF_INIT(16384);
	size_t n;

	for (int i = 0; i < 500; i++)
		buf_addstr(&uri, i == 0 ? "REQUEST_URI=/api/v1/users/" : "%E2%82%AC", NULL);
	run(PARAMS("REQUEST_METHOD=GET", uri.p, bearer), NULL);
	refused("404 Not Found", "User not found: \xe2\x82\xac");
	for (const char *p = fake_io_body(&io); *p != '\0'; p += n)
		cr_assert_gt(n = utf8_len(p, strlen(p)), 0, "%s", p);
	buf_release(&uri);
}

Test(dispatch, a_body_must_be_json_by_its_type)
{
	static const struct {
		const char *type, *status;
	} rows[] = {
		{ "CONTENT_TYPE=application/json", "201 Created" },
		{ "CONTENT_TYPE=Application/JSON; charset=utf-8", "409 Conflict" },
		{ "CONTENT_TYPE=application/json;charset=utf-8", "409 Conflict" },
		{ "CONTENT_TYPE=application/json ; charset=utf-8", "409 Conflict" },
		{ "CONTENT_TYPE=application/jsonx", "415 Unsupported Media Type" },
		{ "CONTENT_TYPE=text/json", "415 Unsupported Media Type" },
		{ "CONTENT_TYPE=application/x-www-form-urlencoded", "415 Unsupported Media Type" },
		{ "CONTENT_TYPE=", "415 Unsupported Media Type" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char line[64];

		run(PARAMS("REQUEST_METHOD=POST", "REQUEST_URI=/api/v1/users", bearer, rows[i].type,
		    "CONTENT_LENGTH=15"), "{\"name\":\"carl\"}");
		snprintf(line, sizeof(line), "Status: %s", rows[i].status);
		cr_expect(fake_io_has(&io, line), "%s: %s", rows[i].type, io.out);
	}
}

Test(dispatch, a_body_that_is_too_large_or_missing_is_told_so)
{
	run(PARAMS("REQUEST_METHOD=POST", "REQUEST_URI=/api/v1/users", bearer,
	    "CONTENT_TYPE=application/json", "CONTENT_LENGTH=65"), "{}");
	refused("413 Content Too Large", "limit of 64 bytes");
	run(PARAMS("REQUEST_METHOD=POST", "REQUEST_URI=/api/v1/users", bearer), NULL);
	refused("400 Bad Request", "a JSON body is required");
	run(PARAMS("REQUEST_METHOD=POST", "REQUEST_URI=/api/v1/users", bearer,
	    "CONTENT_TYPE=application/json"), "{\"name\":");
	refused("400 Bad Request", "invalid JSON: line 1, column");
	run(PARAMS("REQUEST_METHOD=POST", "REQUEST_URI=/api/v1/users", bearer,
	    "CONTENT_TYPE=application/json"), "[]");
	refused("400 Bad Request", "must be a JSON object");
}

Test(dispatch, a_new_object_says_where_it_is_as_the_client_sees_it)
{
	run(PARAMS("REQUEST_METHOD=POST", "REQUEST_URI=/my%20llm/api/v1/users?x", "SCRIPT_NAME=/my llm",
	    "PATH_INFO=/api/v1/users", bearer, "CONTENT_TYPE=application/json"), "{\"name\":\"carl\"}");
	cr_expect(fake_io_has(&io, "Status: 201 Created"), "%s", io.out);
	cr_expect_not_null(strstr(io.out, "\r\nLocation: /my%20llm/api/v1/users/c"), "%s", io.out);
	cr_expect(fake_io_has(&io, "ETag: \"1\""));
}

Test(dispatch, faults_are_all_named)
{
	run(PARAMS("REQUEST_METHOD=POST", "REQUEST_URI=/api/v1/users", bearer,
	    "CONTENT_TYPE=application/json"), "{\"name\":\"!\",\"x\":1}");
	refused("400 Bad Request", "\"details\":[{\"path\":");
	cr_expect_not_null(strstr(io.out, "\"path\":\"x\""));
	cr_expect_not_null(strstr(io.out, "\"path\":\"name\""));
}

Test(dispatch, versions_are_compared)
{
	const char *json = "CONTENT_TYPE=application/json", *uri = "REQUEST_URI=/api/v1/users/bob";

	run(PARAMS("REQUEST_METHOD=PUT", uri, bearer, json, "HTTP_IF_MATCH=\"2\""),
	    "{\"description\":\"x\"}");
	refused("412 Precondition Failed", "version 1");
	run(PARAMS("REQUEST_METHOD=PUT", uri, bearer, json, "HTTP_IF_MATCH=\"0\""),
	    "{\"description\":\"x\"}");
	refused("412 Precondition Failed", "no version");
	run(PARAMS("REQUEST_METHOD=PUT", uri, bearer, json, "HTTP_IF_MATCH=\"1\""),
	    "{\"description\":\"x\"}");
	cr_expect(fake_io_has(&io, "Status: 200 OK"), "%s", io.out);
	cr_expect(fake_io_has(&io, "ETag: \"2\""));
}

Test(dispatch, a_deleted_object_is_answered_without_a_body)
{
	fixture_make(&f, &kind_user, "{'name':'carl'}");
	run(PARAMS("REQUEST_METHOD=DELETE", "REQUEST_URI=/api/v1/users/carl", bearer), NULL);
	cr_expect(fake_io_has(&io, "Status: 204 No Content"));
	cr_expect_null(strstr(io.out, "\r\nContent-"), "%s", io.out);
	cr_expect_str_eq(fake_io_body(&io), "");
}

Test(dispatch, when_every_thread_is_busy_only_health_is_answered)
{
	static const struct {
		const char *uri, *status, *text;
	} rows[] = {
		{ "REQUEST_URI=/healthz", "200 OK", "\"ok\"" },
		{ "REQUEST_URI=/readyz", "200 OK", "\"ok\"" },
		{ "REQUEST_URI=/api/v1/users", "503 Service Unavailable", "\"error\":\"every thread" },
		{ "REQUEST_URI=/v1/models", "503 Service Unavailable", "\"code\":\"saturated\"" },
		{ "REQUEST_URI=/nothing", "404 Not Found", "no such path" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(PARAMS("REQUEST_METHOD=GET", rows[i].uri), NULL);
		r.saturated = true;
		dispatch(&r, routes);
		request_release(&r);
		refused(rows[i].status, rows[i].text);
		cr_expect_eq(strncmp(rows[i].status, "503", 3) == 0,
		    fake_io_has(&io, "retry-after: 1"), "%s: %s", rows[i].uri, io.out);
	}
}

Test(dispatch, without_a_store_it_is_503_and_never_401)
{
	struct config cfg = f.cfg;
	struct server down;

	cfg.db = (char[]){ "/nonexistent/state" };
	server_init(&down, &cfg);
	fake_io_init(&io, PARAMS("REQUEST_METHOD=GET", "REQUEST_URI=/v1/models"), NULL);
	request_init(&r, &down, &http, &io.io);
	dispatch(&r, routes);
	request_release(&r);
	refused("503 Service Unavailable", "\"code\":\"backend_unavailable\"");
	cr_expect_null(strstr(io.out, "nonexistent"), "our disk is nobody's business: %s", io.out);

	fake_io_init(&io, PARAMS("REQUEST_METHOD=GET", "REQUEST_URI=/readyz"), NULL);
	request_init(&r, &down, &http, &io.io);
	dispatch(&r, routes);
	request_release(&r);
	refused("503 Service Unavailable", "{\"status\":\"unavailable\",\"reason\":\"store\"}");

	fake_io_init(&io, PARAMS("REQUEST_METHOD=GET", "REQUEST_URI=/healthz"), NULL);
	request_init(&r, &down, &http, &io.io);
	dispatch(&r, routes);
	request_release(&r);
	refused("200 OK", "\"ok\"");
	server_release(&down);
}

Test(dispatch, pages_of_listed_origins_may_call)
{
	char *origins[] = { (char[]){ "https://a.example" } };

	f.cfg.cors_origins = (struct strings){ origins, 1 };
	run(PARAMS("REQUEST_METHOD=OPTIONS", "REQUEST_URI=/v1/chat/completions",
	    "HTTP_ORIGIN=https://a.example"), NULL);
	cr_expect(fake_io_has(&io, "Status: 204 No Content"), "%s", io.out);
	cr_expect(fake_io_has(&io, "Access-Control-Allow-Origin: https://a.example"));
	cr_expect(fake_io_has(&io, "Access-Control-Allow-Methods: POST"));
	cr_expect(fake_io_has(&io, "Access-Control-Allow-Headers: authorization, content-type, "
	    "x-api-key, anthropic-version, anthropic-beta, if-match, *"), "%s", io.out);
	cr_expect(fake_io_has(&io, "Vary: Origin"));
	cr_expect_null(strstr(io.out, "Credentials"));

	run(PARAMS("REQUEST_METHOD=GET", "REQUEST_URI=/v1/models", bearer,
	    "HTTP_ORIGIN=https://a.example"), NULL);
	cr_expect(fake_io_has(&io, "Access-Control-Allow-Origin: https://a.example"));
	cr_expect(fake_io_has(&io, "Access-Control-Expose-Headers: *"));

	run(PARAMS("REQUEST_METHOD=PATCH", "REQUEST_URI=/v1/models", bearer,
	    "HTTP_ORIGIN=https://a.example"), NULL);
	refused("405 Method Not Allowed", "this path takes GET, HEAD");

	run(PARAMS("REQUEST_METHOD=OPTIONS", "REQUEST_URI=/v1/models",
	    "HTTP_ORIGIN=https://b.example"), NULL);
	cr_expect(fake_io_has(&io, "Status: 405 Method Not Allowed"), "%s", io.out);
	cr_expect_null(strstr(io.out, "Access-Control"));
	cr_expect(fake_io_has(&io, "Vary: Origin"));
	f.cfg.cors_origins = (struct strings){ NULL, 0 };
}

Test(dispatch, a_client_that_left_during_its_upload_is_not_answered)
{
	begin(PARAMS("REQUEST_METHOD=POST", "REQUEST_URI=/api/v1/users", bearer,
	    "CONTENT_TYPE=application/json", "CONTENT_LENGTH=20"), "{");
	io.fail = RC_GONE;
	dispatch(&r, routes);
	request_release(&r);
	cr_expect_eq(io.out_len, 0, "%s", io.out);
}

/* logged - a member of the newest call's line, and its status */
static int64_t
logged(const char *member, int64_t *status)
{
	const struct report_audit q = { .limit = "1" };
	struct json_object *o, *line;
	uint64_t skipped;
	int64_t n;

	cr_assert_eq(report_audit(&f.svc, fixture_look(&f), &q, &o, &skipped, NULL), RC_OK);
	cr_assert_eq(json_object_array_length(o), 1);
	line = json_object_array_get_idx(o, 0);
	*status = jsonx_int(line, "status", -1);
	n = jsonx_int(line, member, -1);
	json_object_put(o);
	return n;
}

static const struct { const char *body, *length; enum rc end; int64_t status; } uploads[] = {
	{ "{", "CONTENT_LENGTH=20", RC_GONE, 499 },
	{ "{}", "CONTENT_LENGTH=9", RC_OK, 400 },	/* less than was said */
	{ "{}", "CONTENT_LENGTH=999", RC_OK, 413 },
	{ "{}", "CONTENT_LENGTH=2", RC_OK, 400 },	/* read, and refused by the engine */
};

Test(dispatch, a_call_lasts_from_its_headers_on_however_it_ends)
{
	struct inflight_sum sum;
	int64_t status, lasted;

	for (size_t i = 0; i < sizeof(uploads) / sizeof(uploads[0]); i++) {
		begin(PARAMS("REQUEST_METHOD=POST", "REQUEST_URI=/v1/chat/completions", bearer,
		    "CONTENT_TYPE=application/json", uploads[i].length), uploads[i].body);
		io.fail = uploads[i].end;
		r.begun_ms -= 5000;		/* as if the body had come slowly */
		dispatch(&r, routes);
		request_release(&r);
		lasted = logged("durationMs", &status);
		cr_expect_eq(status, uploads[i].status, "%zu: %lld", i, (long long)status);
		cr_expect_geq(lasted, 5000, "%zu: %lld", i, (long long)lasted);
		inflight_sum(ledger_inflight(f.svc.ledger), &sum);
		cr_expect_eq(sum.calls, 0, "%zu holds a slot", i);
	}
}

Test(dispatch, a_user_of_the_web_server_is_one_only_where_that_is_trusted)
{
	run(PARAMS("REQUEST_METHOD=GET", "REQUEST_URI=/api/v1/whoami", "REMOTE_USER=bob"), NULL);
	refused("401 Unauthorized", "a token is needed");
	f.cfg.trust_remote_user = true;
	run(PARAMS("REQUEST_METHOD=GET", "REQUEST_URI=/api/v1/whoami", "REMOTE_USER=bob"), NULL);
	cr_expect(fake_io_has(&io, "Status: 200 OK"), "%s", io.out);
	cr_expect_not_null(strstr(fake_io_body(&io), "{\"user\":\"bob\",\"token\":null"), "%s",
	    io.out);
	run(PARAMS("REQUEST_METHOD=GET", "REQUEST_URI=/api/v1/whoami", "REMOTE_USER=bob", bearer),
	    NULL);
	cr_expect_not_null(strstr(fake_io_body(&io), "{\"user\":\"bob\",\"token\":\"t\""), "%s",
	    io.out);
}
