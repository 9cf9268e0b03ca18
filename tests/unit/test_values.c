/* test_values.c - a secret's values from options and files, and the small forms of the line */
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/jsonx.h"
#include "cli/assign.h"
#include "cli/values.h"

static const struct opt options[] = {
	{ "data", 0, "K[=V]", OPT_REPEAT, "" },
	{ "from-file", 0, "K=FILE", OPT_REPEAT, "" },
	{ "from-env-file", 0, "FILE", OPT_REPEAT, "" },
	{ NULL, 0, NULL, 0, NULL }
};

/* collect - the values of one option; text is overwritten as argv would be */
static enum rc
collect(char *option, char *text, struct json_object **out, struct error *err)
{
	char *argv[] = { option, text, NULL }, **at = argv;
	struct args a = ARGS_INIT;
	enum rc rc;

	cr_assert_eq(args_parse(&a, options, NULL, &at, false, err), RC_OK);
	rc = values_collect(&a, out, err);
	args_release(&a);
	return rc;
}

/* file - a file in /tmp of that content; its name in path */
static void
file(char path[32], const char *content, size_t len)
{
	int fd;

	snprintf(path, 32, "/tmp/mcpd-values.XXXXXX");
	cr_assert_geq(fd = mkstemp(path), 0);
	cr_assert_eq(write(fd, content, len), (ssize_t)len);
	close(fd);
}

/* env - an environment file's values */
static enum rc
env(const char *content, struct json_object **out, struct error *err)
{
	char option[] = "--from-env-file", path[32];
	enum rc rc;

	file(path, content, strlen(content));
	rc = collect(option, path, out, err);
	unlink(path);
	return rc;
}

Test(values, read_lines_of_an_environment_file)
{
	static const struct { const char *content, *json; } rows[] = {
		{ "A=1\nB=two words\n", "{\"A\":\"1\",\"B\":\"two words\"}" },
		{ "# no\n\n  A = x \t\r\nexport B=y", "{\"A\":\"x\",\"B\":\"y\"}" },
		{ "A=a#b=c", "{\"A\":\"a#b=c\"}" },
		{ "A=\nB=x", "{\"A\":\"\",\"B\":\"x\"}" },
		{ "A='it # \"is\\n'  # note", "{\"A\":\"it # \\\"is\\\\n\"}" },
		{ "A=\"l1\\nl2\\\\ \\\"q\\\" \\t\"", "{\"A\":\"l1\\nl2\\\\ \\\"q\\\" \\\\t\"}" },
		{ "exported=1", "{\"exported\":\"1\"}" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct json_object *o, *want;
		struct error err;

		cr_assert_eq(env(rows[i].content, &o, &err), RC_OK, "%s", err.msg);
		cr_assert_eq(jsonx_parse(rows[i].json, strlen(rows[i].json), JSONX_DEPTH, &want,
		    &err), RC_OK, "%s", err.msg);
		cr_expect(jsonx_equal(o, want), "%s gave %s", rows[i].content, jsonx_text(o));
		json_object_put(o);
		json_object_put(want);
	}
}

Test(values, name_the_line_that_is_wrong_and_never_the_value)
{
	static const struct { const char *content, *end; } rows[] = {
		{ "A=1\nsk-secret", ":2: expected KEY=VALUE" },
		{ "A='sk-secret", ":1: the quotes of A don't match" },
		{ "A=\"sk-secret\" more", ":1: the quotes of A don't match" },
		{ "=sk-secret", ":1: the key's name is missing" },
		{ "A=1\n\nA=sk-secret", ":3: A is given twice" },
		{ "A=sk-secret\xff", ":1: the value of A is not text" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct json_object *o;
		struct error err;
		size_t n;

		cr_assert_neq(env(rows[i].content, &o, &err), RC_OK, "%s", rows[i].content);
		n = strlen(err.msg);
		cr_assert_geq(n, strlen(rows[i].end));
		cr_expect_str_eq(err.msg + n - strlen(rows[i].end), rows[i].end);
		cr_expect_null(strstr(err.msg, "sk-"), "%s", err.msg);
	}
}

Test(values, leave_nothing_in_argv)
{
	char option[] = "--data", text[] = "key=sk-secret";
	struct json_object *o;
	struct error err;

	cr_assert_eq(collect(option, text, &o, &err), RC_OK);
	cr_expect_str_eq(jsonx_str(o, "key", ""), "sk-secret");
	for (size_t i = 4; i < sizeof(text); i++)
		cr_expect_eq(text[i], '\0');
	jsonx_wipe(o);
	cr_expect_str_eq(jsonx_str(o, "key", "?"), "");
	json_object_put(o);
}

Test(values, take_files_byte_by_byte_up_to_their_limit)
{
	char option[] = "--from-file", path[32], text[40];
	char *big = calloc(1, VALUE_MAX + 2);
	struct json_object *o;
	struct error err;

	memset(big, 'x', VALUE_MAX + 1);
	file(path, " a\n\n", 4);
	snprintf(text, sizeof(text), "key=%s", path);
	cr_assert_eq(collect(option, text, &o, &err), RC_OK);
	cr_expect_str_eq(jsonx_str(o, "key", ""), " a\n\n");
	json_object_put(o);
	unlink(path);

	file(path, big, VALUE_MAX);
	snprintf(text, sizeof(text), "key=%s", path);
	cr_assert_eq(collect(option, text, &o, &err), RC_OK);
	cr_expect_eq(strlen(jsonx_str(o, "key", "")), VALUE_MAX);
	json_object_put(o);
	unlink(path);

	file(path, big, VALUE_MAX + 1);
	snprintf(text, sizeof(text), "key=%s", path);
	cr_expect_eq(collect(option, text, &o, &err), RC_INVALID);
	unlink(path);

	file(path, "a\0b", 3);
	snprintf(text, sizeof(text), "key=%s", path);
	cr_expect_eq(collect(option, text, &o, &err), RC_INVALID);
	unlink(path);
	free(big);
}

Test(assign, takes_json_as_json_and_the_rest_as_text)
{
	static const struct { const char *text, *json; } rows[] = {
		{ "k=1", "{\"k\":1}" }, { "k=true", "{\"k\":true}" }, { "k=null", "{\"k\":null}" },
		{ "k=", "{\"k\":\"\"}" }, { "k=a=b", "{\"k\":\"a=b\"}" },
		{ "k=\"1\"", "{\"k\":\"1\"}" }, { "k=[1", "{\"k\":\"[1\"}" },
		{ "k={\"a\":[1]}", "{\"k\":{\"a\":[1]}}" }, { "k=x y", "{\"k\":\"x y\"}" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct json_object *o = json_object_new_object();
		struct error err;

		cr_assert_eq(assign(o, rows[i].text, &err), RC_OK, "%s", rows[i].text);
		cr_expect_str_eq(jsonx_text(o), rows[i].json);
		cr_expect_eq(assign(o, rows[i].text, &err), RC_USAGE, "given twice");
		json_object_put(o);
	}
}

Test(assign, parses_the_forms_of_rights)
{
	static const struct {
		enum rc (*parse)(const char *, const char *, struct json_object **, struct error *);
		const char *text, *json;		/* json NULL: refused */
	} rows[] = {
		{ assign_binding, "edit:llms", "{\"role\":\"edit\",\"resource\":\"llms\"}" },
		{ assign_binding, "run:llms:c",
		    "{\"role\":\"run\",\"resource\":\"llms\",\"name\":\"c\"}" },
		{ assign_binding, "run:*", "{\"role\":\"run\",\"resource\":\"*\"}" },
		{ assign_binding, "edit", NULL }, { assign_binding, "edit:", NULL },
		{ assign_binding, ":llms", NULL }, { assign_binding, "run:llms:", NULL },
		{ assign_subject, "user:a@b", "{\"kind\":\"User\",\"name\":\"a@b\"}" },
		{ assign_subject, "MCPTOKEN:ci", "{\"kind\":\"McpToken\",\"name\":\"ci\"}" },
		{ assign_subject, "Group:", NULL }, { assign_subject, "alice", NULL },
		{ assign_subject, "Users:alice", NULL },
		{ assign_key_ref, "s/k", "{\"name\":\"s\",\"key\":\"k\"}" },
		{ assign_key_ref, "s", NULL }, { assign_key_ref, "/k", NULL },
		{ assign_key_ref, "s/", NULL },
		{ assign_time, "2030-01-31T00:00:00Z", "\"2030-01-31T00:00:00.000Z\"" },
		{ assign_time, "30", NULL }, { assign_time, "soon", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct json_object *o = NULL;
		struct error err;
		enum rc rc = rows[i].parse(rows[i].text, "opt", &o, &err);

		cr_expect_eq(rc, rows[i].json != NULL ? RC_OK : RC_USAGE, "%s", rows[i].text);
		if (rc == RC_OK && rows[i].json != NULL)
			cr_expect_str_eq(jsonx_text(o), rows[i].json);
		json_object_put(o);
	}
}
