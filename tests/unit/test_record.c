/* test_record.c - kinds, names, and the stored form */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "store/record.h"
#include "tests/unit/trial.h"

#define HUNDRED "a123456789b123456789c123456789d123456789e123456789" \
	"f123456789g123456789h123456789i123456789j123456789"

Test(record, names_follow_the_rules_of_their_kind)
{
	static const struct {
		const char *name;
		bool llm, plain, user;
	} cases[] = {
		{ "claude", true, true, true },
		{ "gpt-4o", true, true, true },
		{ "-x", true, false, false },
		{ "gpt-4.1", false, true, true },
		{ "a_b", false, true, true },
		{ ".a", false, false, false },
		{ "a..b", false, false, false },
		{ "", false, false, false },
		{ "Alice", false, false, true },
		{ "al@example.org", false, false, true },
		{ "DOM\\al+x", false, false, true },
		{ "@al", false, false, false },
		{ "a b", false, false, false },
		{ "a/b", false, false, false },
		{ "caf\xc3\xa9", false, false, false },
		{ HUNDRED, true, true, true },
		{ HUNDRED "x", false, false, false },
		{ "c0123456789abcdefghijklmn", false, false, false },
		{ "c0123456789abcdefghijklm", true, true, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_expect_eq(name_bad_llm(cases[i].name) == NULL, cases[i].llm, "llm %s",
		    cases[i].name);
		cr_expect_eq(name_bad_plain(cases[i].name) == NULL, cases[i].plain, "plain %s",
		    cases[i].name);
		cr_expect_eq(name_bad_user(cases[i].name) == NULL, cases[i].user, "user %s",
		    cases[i].name);
	}
}

Test(record, kinds_are_found_by_every_word_of_the_command_line)
{
	static const struct {
		const char *word;
		const struct kind *kind;
	} cases[] = {
		{ "llms", &kind_llm }, { "llm", &kind_llm }, { "secret", &kind_secret },
		{ "sec", &kind_secret }, { "sb", &kind_secretbackend }, { "users", &kind_user },
		{ "rbac", &kind_rbac }, { "rbac-definition", &kind_rbac },
		{ "rbac-binding", &kind_rbac }, { "token", &kind_mcptoken },
		{ "mcptokens", &kind_mcptoken }, { "group", &kind_group }, { "audit", NULL },
		{ "*", NULL }, { "LLMS", NULL }, { "", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(kind_find(cases[i].word), cases[i].kind, "%s", cases[i].word);
}

Test(record, resources_are_plural_or_singular_and_nothing_shorter)
{
	cr_expect_eq(resource_find("llms"), RESOURCE_LLMS);
	cr_expect_eq(resource_find("llm"), RESOURCE_LLMS);
	cr_expect_eq(resource_find("groups"), RESOURCE_GROUPS);
	cr_expect_eq(resource_find("usage"), RESOURCE_USAGE);
	cr_expect_eq(resource_find("*"), RESOURCE_ANY);
	cr_expect_eq(resource_find("sec"), -1);
	cr_expect_str_eq(resource_name(RESOURCE_ANY), "*");
	for (int r = 0; r < RESOURCE__STORED; r++)
		if (kinds[r] != NULL) {
			cr_expect_eq((int)kinds[r]->resource, r);
			cr_expect_str_eq(resource_name(r), kinds[r]->plural);
			cr_expect_eq(resource_find(kinds[r]->singular), r);
		}
}

#define COMMON "\"id\":\"c0123456789abcdefghijklmn\",\"version\":3,\"createdAt\":1,\"updatedAt\":2"
#define STORED_USER "{\"id\":\"c0123456789abcdefghijklmn\",\"description\":\"d\"," \
	"\"version\":3,\"createdAt\":1,\"updatedAt\":2}"

/* decode - the error text, or "ok" */
static const char *
decode(const char *key, const char *val)
{
	struct kv_item item = { key, val, strlen(val), 7 };
	const struct record *r = NULL;
	static struct error err;
	enum rc rc = record_decode(&item, &r, &err);

	if (rc == RC_OK)
		cr_expect_eq(r->mod_rev, 7);
	else
		cr_expect_eq(rc, RC_CORRUPT, "%s", err.msg);
	record_unref(r);
	return rc == RC_OK ? "ok" : err.msg;
}

Test(record, what_does_not_decode_names_its_key)
{
	static const struct {
		const char *key, *val, *said;
	} cases[] = {
		{ "user/a", STORED_USER, "ok" },
		{ "user/a", "{" COMMON "}", "ok" },
		{ "user/a", "{", "user/a: " },
		{ "user/a", "[]", "user/a: not an object" },
		{ "user/a", "{\"id\":\"x\"}", "user/a: id is" },
		{ "user/a", "{\"id\":\"c0123456789abcdefghijklmn\"}", "user/a: version" },
		{ "user/", STORED_USER, "user/: name must" },
		{ "user", STORED_USER, "user: not a kind" },
		{ "users/a", STORED_USER, "users/a: not a kind" },
		{ "gnu/a", STORED_USER, "gnu/a: not a kind" },
		{ "group/a", "{" COMMON "}", "group/a: members are no list" },
		{ "group/a", "{" COMMON ",\"members\":[\"alice\"]}", "group/a: members[0] is no id" },
		{ "group/a", "{" COMMON ",\"members\":[null]}", "group/a: members[0] is no id" },
		{ "llm/A", "{" COMMON "}", "llm/A: name" },
		{ "llm/a", "{" COMMON "}", "llm/a: type or tier" },
		{ "secret/a", "{" COMMON "}", "secret/a: backend" },
		{ "mcptoken/a", "{" COMMON "}", "mcptoken/a: user" },
		{ "rbac/a", "{" COMMON "}", "rbac/a: subjects" },
		{ "rbac/a", "{" COMMON ",\"subjects\":[null],\"roleBindings\":[]}",
		    "rbac/a: subjects[0]" },
		{ "rbac/a", "{" COMMON ",\"subjects\":[],\"roleBindings\":[{\"role\":\"king\"}]}",
		    "rbac/a: binding[0]" },
		{ "secretbackend/a", "{" COMMON ",\"type\":\"vault\"}", "secretbackend/a: type" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *said = decode(cases[i].key, cases[i].val);

		cr_expect_eq(strncmp(said, cases[i].said, strlen(cases[i].said)), 0,
		    "%s %s: %s", cases[i].key, cases[i].val, said);
	}
}

Test(record, stored_form_survives_decoding_and_encoding)
{
	struct kv_item item = { "user/a", STORED_USER, strlen(STORED_USER), 7 };
	const struct record *r;
	char *text, *key;

	cr_assert_eq(record_decode(&item, &r, NULL), RC_OK);
	text = record_encode(r);
	key = record_key(r);
	cr_expect_str_eq(text, STORED_USER);
	cr_expect_str_eq(key, "user/a");
	free(text);
	free(key);
	record_unref(r);
}

Test(record, view_begins_with_id_and_name_and_ends_with_version_and_times)
{
	struct trial t;

	trial_open(&t);
	trial_create(&t, &kind_user, "{'name':'al','description':'d'}");
	cr_expect_eq(strncmp(trial_view(&t, &kind_user, "al"), "{'id':'c", 8), 0);
	cr_expect_not_null(strstr(trial_view(&t, &kind_user, "al"),
	    "','name':'al','description':'d','version':1,'createdAt':'2"));
	cr_expect_not_null(strstr(trial_view(&t, &kind_user, "al"), "Z','updatedAt':'2"));
	trial_close(&t);
}
