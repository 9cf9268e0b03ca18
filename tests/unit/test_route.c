/* test_route.c - the table has no dead row, and says what a path takes */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/handlers.h"

#define PATH_MAX_TEXT 256

/* find - a row by its client's words */
static const struct route *
find(const char *method, const char *path, char **arg, unsigned *allow)
{
	const struct path p = { (char *)(uintptr_t)path, NULL, true };

	return route_find(routes, method_find(method), &p, arg, allow);
}

/* sample - a path that a pattern is meant for */
static void
sample(const char *pattern, char out[PATH_MAX_TEXT])
{
	size_t n = strcspn(pattern, ":*"), skip = strcspn(pattern + n, "/");

	snprintf(out, PATH_MAX_TEXT, "%.*s%s%s", (int)n, pattern, pattern[n] != '\0' ? "some" : "",
	    pattern + n + skip);
}

Test(route, no_row_is_shadowed)
{
	for (const struct route *row = routes; row->path != NULL; row++) {
		enum method m = row->method == METHOD_ANY ? PUT : row->method;
		const struct route *found;
		char path[PATH_MAX_TEXT], *arg;
		unsigned allow;

		sample(row->path, path);
		found = find(method_name(m), path, &arg, &allow);
		cr_expect_eq(found, row, "%s %s finds %s", method_name(m), path,
		    found != NULL ? found->path : "nothing");
		free(arg);
	}
}

Test(route, every_row_is_complete)
{
	for (const struct route *row = routes; row->path != NULL; row++) {
		cr_expect_not_null(row->handler, "%s", row->path);
		cr_expect_eq(row->path[0], '/', "%s", row->path);
		if (row->action.needed)
			cr_expect_lt(row->action.resource, RESOURCE__MAX, "%s", row->path);
		/* what has a free piece looks its object up among the stored ones */
		if (row->action.needed && strchr(row->path, ':') != NULL)
			cr_expect_lt(row->action.resource, RESOURCE__STORED, "%s", row->path);
		if (strncmp(row->path, "/api/", 5) == 0 && row->handler != do_whoami &&
		    row->handler != do_heartbeat)
			cr_expect(row->action.needed, "%s is open to anyone", row->path);
		if (strncmp(row->path, "/v1/", 4) == 0)
			cr_expect(row->flags & R_V1, "%s has the wrong shape of errors", row->path);
		if (row->flags & R_PUBLIC)
			cr_expect_eq(row->method, GET, "%s", row->path);
		if (row->flags & R_INFER)
			cr_expect(row->flags & R_V1, "%s: a refusal is audited as a failure", row->path);
	}
}

Test(route, the_free_piece_is_decoded)
{
	static const struct {
		const char *path, *arg;		/* arg NULL: no row */
	} rows[] = {
		{ "/api/v1/llms/claude", "claude" },
		{ "/api/v1/llms/cl%61ude", "claude" },
		{ "/api/v1/llms/a%2fb", NULL },
		{ "/api/v1/llms/", NULL },
		{ "/api/v1/llms/a/b", NULL },
		{ "/api/v1/llms/claude/", NULL },
		{ "/api/v1/users/o%40example.org", "o@example.org" },
		{ "/v1/models/meta/llama%203", "meta/llama 3" },
		{ "/v1/models/meta%2fllama", "meta/llama" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct route *row;
		unsigned allow;
		char *arg;

		row = find("GET", rows[i].path, &arg, &allow);
		cr_expect_eq(row != NULL, rows[i].arg != NULL, "%s", rows[i].path);
		if (row != NULL && rows[i].arg != NULL)
			cr_expect_str_eq(arg, rows[i].arg);
		free(arg);
	}
}

Test(route, escapes_in_the_fixed_part_do_not_match)
{
	unsigned allow;
	char *arg;

	cr_expect_null(find("GET", "/api/v1/%6clms", &arg, &allow));
	cr_expect_eq(allow, 0);
	cr_expect_null(find("POST", "/api/v1/llms/x/%69nfer", &arg, &allow));
	cr_expect_eq(allow, 0);
}

Test(route, an_unknown_method_is_told_what_the_path_takes)
{
	static const struct {
		const char *method, *path, *allow;
	} rows[] = {
		{ "PATCH", "/api/v1/llms", "GET, HEAD, POST" },
		{ "POST", "/api/v1/secrets/x", "GET, HEAD, PUT, DELETE" },
		{ "GET", "/api/v1/llms/x/infer", "POST" },
		{ "GET", "/v1/chat/completions", "POST" },
		{ "DELETE", "/healthz", "GET, HEAD" },
		{ "OPTIONS", "/v1/models", "GET, HEAD" },
		{ "get", "/v1/models", "GET, HEAD" },
		{ "GET", "/api/v1/nothing", "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[ROUTE_ALLOW_MAX], *arg;
		unsigned allow;

		cr_expect_null(find(rows[i].method, rows[i].path, &arg, &allow), "%s", rows[i].path);
		cr_expect_null(arg);
		route_allow(allow, text);
		cr_expect_str_eq(text, rows[i].allow, "%s %s: %s", rows[i].method, rows[i].path, text);
	}
}

Test(route, head_is_get)
{
	unsigned allow;
	char *arg;

	cr_expect_eq(find("HEAD", "/healthz", &arg, &allow), find("GET", "/healthz", &arg, &allow));
}

Test(route, what_is_not_served_below_v1_has_a_row_for_every_method)
{
	static const char *const methods[] = { "GET", "POST", "PATCH", "OPTIONS" };

	for (size_t i = 0; i < 4; i++) {
		unsigned allow;
		char *arg;
		const struct route *row = find(methods[i], "/v1/audio/speech", &arg, &allow);

		cr_assert_not_null(row);
		cr_expect_eq(row->method, METHOD_ANY);
		free(arg);
	}
}

Test(route, all_methods_fit_into_allow)
{
	char text[ROUTE_ALLOW_MAX];

	route_allow(~0u, text);
	cr_expect_str_eq(text, "GET, HEAD, POST, PUT, DELETE, OPTIONS");
}
