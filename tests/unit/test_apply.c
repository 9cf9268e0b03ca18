/* test_apply.c - many objects as one change: all, or none */
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "service/apply.h"
#include "tests/unit/fixture.h"

#define ITEMS_MAX 8

static struct fixture f;
static struct apply_item items[ITEMS_MAX];
static size_t n;

static void
open_f(void)
{
	fixture_open(&f);
	n = 0;
}

static void
close_f(void)
{
	apply_release(items, n);
	for (size_t i = 0; i < n; i++)
		json_object_put(items[i].body);
	fixture_close(&f);
}

TestSuite(apply, .init = open_f, .fini = close_f);

/* item - one more; text in single quotes, NULL: delete it */
static void
item(const struct kind *k, const char *name, const char *text)
{
	char *json = x_strdup(text != NULL ? text : "null");
	struct error err;

	for (char *p = json; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	items[n] = (struct apply_item){ .kind = k, .name = name };
	cr_assert_eq(jsonx_parse(json, strlen(json), JSONX_DEPTH, &items[n++].body, &err), RC_OK);
	free(json);
}

/* run - apply them as the administrator */
static enum rc
run(bool rehearse, struct error *err)
{
	return catalogue_apply(&f.svc, &f.admin, items, n, rehearse, err);
}

/* there - is it in the newest table */
static bool
there(const struct kind *k, const char *name)
{
	return table_by_name(fixture_look(&f), k, name) != NULL;
}

Test(apply, tells_what_became_of_each)
{
	struct error err;

	fixture_make(&f, &kind_user, "{'name':'a'}");
	fixture_make(&f, &kind_user, "{'name':'b'}");
	fixture_make(&f, &kind_user, "{'name':'c'}");
	item(&kind_user, "a", "{'name':'a'}");
	item(&kind_user, "b", "{'name':'b','description':'x'}");
	item(&kind_user, "d", "{'name':'d'}");
	item(&kind_user, "c", NULL);
	cr_assert_eq(run(false, &err), RC_OK, "%s", err.msg);
	cr_expect_eq(items[0].outcome, APPLY_UNCHANGED);
	cr_expect_eq(items[1].outcome, APPLY_CONFIGURED);
	cr_expect_eq(items[2].outcome, APPLY_CREATED);
	cr_expect_eq(items[3].outcome, APPLY_DELETED);
	cr_expect(there(&kind_user, "d") && !there(&kind_user, "c"));
}

Test(apply, one_that_fails_keeps_all_from_being_made_and_each_says_why)
{
	struct error err;

	item(&kind_user, "fine", "{'name':'fine'}");
	item(&kind_llm, "x", "{'name':'x','type':'nope','bogus':1}");
	item(&kind_group, "g", "{'name':'g','members':['nobody']}");
	cr_assert_eq(run(false, &err), RC_INVALID);
	cr_expect_str_eq(err.msg, "2 of 3 objects can't be applied");
	cr_expect_eq(items[0].rc, RC_OK);
	cr_expect_eq(items[1].faults.total, 3);
	cr_expect_eq(items[2].faults.total, 1);
	cr_expect_not(there(&kind_user, "fine"));
}

Test(apply, a_rehearsal_changes_nothing)
{
	struct error err;

	item(&kind_user, "a", "{'name':'a'}");
	cr_assert_eq(run(true, &err), RC_OK);
	cr_expect_eq(items[0].outcome, APPLY_CREATED);
	cr_expect_str_eq(jsonx_str(items[0].view, "name", ""), "a");
	cr_expect_not(there(&kind_user, "a"));
}

Test(apply, the_order_does_not_matter_as_long_as_there_is_one)
{
	struct error err;

	fixture_make(&f, &kind_llm, "{'name':'old','type':'openai','model':'m','aliases':['x']}");
	item(&kind_group, "g", "{'name':'g','members':['late']}");
	item(&kind_llm, "new", "{'name':'new','type':'openai','model':'m','aliases':['x']}");
	item(&kind_llm, "old", "{'name':'old','aliases':[]}");
	item(&kind_user, "late", "{'name':'late'}");
	cr_assert_eq(run(false, &err), RC_OK, "%s", err.msg);
	cr_expect_str_eq(table_llm_alias(fixture_look(&f), "x")->r.name, "new");
}

Test(apply, a_key_in_use_is_not_deleted_by_the_way)
{
	struct error err;

	fixture_make(&f, &kind_secret, "{'name':'s','data':{'k':'v'}}");
	fixture_make(&f, &kind_llm, "{'name':'l','type':'openai','model':'m',"
	    "'apiKeyRef':{'name':'s','key':'k'}}");
	item(&kind_secret, "s", NULL);
	cr_assert_eq(run(false, &err), RC_INVALID);
	cr_expect_str_eq(items[0].why, "is the key of llm l");
	item(&kind_llm, "l", NULL);
	cr_expect_eq(run(false, &err), RC_OK);
	cr_expect_not(there(&kind_secret, "s"));
}

Test(apply, a_secret_as_it_comes_out_must_match)
{
	struct error err;

	fixture_make(&f, &kind_secret, "{'name':'s','data':{'a':'1','b':'2'}}");
	item(&kind_secret, "s", "{'name':'s','keys':['a','b'],'version':9,'id':'x'}");
	cr_assert_eq(run(false, &err), RC_OK);
	cr_expect_eq(items[0].outcome, APPLY_UNCHANGED);
	item(&kind_secret, "s", "{'name':'s','keys':['a']}");
	item(&kind_secret, "none", "{'name':'none','keys':['a']}");
	item(&kind_secret, "s", "{'name':'s','keys':['a'],'data':{'a':'1','b':'2'}}");
	cr_assert_eq(run(false, &err), RC_INVALID);
	cr_expect_str_eq(items[1].faults.v[0].path, "keys");
	cr_expect_str_eq(items[2].faults.v[0].path, "data");
	cr_expect_eq(items[3].rc, RC_OK);
	cr_expect_eq(items[3].outcome, APPLY_UNCHANGED);
}

Test(apply, a_token_is_never_made_and_never_changed)
{
	struct error err;

	fixture_make(&f, &kind_user, "{'name':'u'}");
	fixture_make(&f, &kind_mcptoken, "{'name':'t','user':'u'}");
	item(&kind_mcptoken, "t", "{'name':'t','user':'u','scope':null,'lastUsedAt':'x'}");
	cr_assert_eq(run(false, &err), RC_OK);
	cr_expect_eq(items[0].outcome, APPLY_UNCHANGED);
	item(&kind_mcptoken, "t", "{'name':'t','revoked':true}");
	item(&kind_mcptoken, "new", "{'name':'new','user':'u'}");
	cr_assert_eq(run(false, &err), RC_INVALID);
	cr_expect_str_eq(items[1].faults.v[0].path, "revoked");
	cr_expect_str_eq(items[2].faults.v[0].path, "name");
}

Test(apply, may_be_done_by_who_may_do_each_part)
{
	struct caller c;
	struct error err;

	fixture_make(&f, &kind_user, "{'name':'u'}");
	fixture_make(&f, &kind_rbac, "{'name':'r','subjects':[{'kind':'User','name':'u'}],"
	    "'roleBindings':[{'role':'edit','resource':'llms'}]}");
	c = fixture_caller(&f, "u", NULL);
	item(&kind_llm, "l", "{'name':'l','type':'openai','model':'m'}");
	cr_expect_eq(catalogue_apply(&f.svc, &c, items, n, false, &err), RC_OK);
	item(&kind_user, "v", "{'name':'v'}");
	cr_expect_eq(catalogue_apply(&f.svc, &c, items, n, false, &err), RC_INVALID);
	cr_expect_eq(items[1].rc, RC_FORBIDDEN);
	cr_expect_str_eq(items[1].why, "permission denied: create:users:v");
}
