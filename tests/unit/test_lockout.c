/* test_lockout.c - the last one who can edit rbac stays, whatever the route */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/trial.h"

#define SHA "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define REFUSED "conflict: nobody could edit rbac any more: give edit on rbac to another user or " \
	"group first"

static struct trial t;

static void
setup(void)
{
	trial_open(&t);
	trial_create(&t, &kind_user, "{'name':'al'}");
	trial_create(&t, &kind_user, "{'name':'bo'}");
	trial_create(&t, &kind_group, "{'name':'ops','members':['bo']}");
	trial_token(&t, "{'name':'ci','user':'bo'}", SHA);
}

static void
teardown(void)
{
	trial_close(&t);
}

TestSuite(lockout, .init = setup, .fini = teardown);

/* define - an rbac definition of one subject and one binding */
static void
define(const char *name, const char *kind, const char *subject, const char *binding)
{
	char text[512];

	snprintf(text, sizeof(text), "{'name':'%s','subjects':[{'kind':'%s','name':'%s'}],"
	    "'roleBindings':[%s]}", name, kind, subject, binding);
	cr_assert_str_eq(trial_create(&t, &kind_rbac, text), "ok");
}

Test(lockout, the_last_definition_stays_as_strong_as_it_is)
{
	define("a", "User", "al", "{'role':'edit','resource':'*'}");
	cr_expect_str_eq(trial_delete(&t, &kind_rbac, "a"), REFUSED);
	cr_expect_str_eq(trial_update(&t, &kind_rbac, "a",
	    "{'roleBindings':[{'role':'edit','resource':'llms'}]}"), REFUSED);
	cr_expect_str_eq(trial_update(&t, &kind_rbac, "a",
	    "{'roleBindings':[{'role':'edit','resource':'rbac','name':'a'}]}"), REFUSED);
	cr_expect_str_eq(trial_update(&t, &kind_rbac, "a",
	    "{'roleBindings':[{'role':'view','resource':'rbac'}]}"), REFUSED);
	cr_expect_str_eq(trial_update(&t, &kind_rbac, "a",
	    "{'subjects':[{'kind':'McpToken','name':'ci'}]}"), REFUSED);
	cr_expect_str_eq(trial_update(&t, &kind_rbac, "a",
	    "{'roleBindings':[{'role':'edit','resource':'rbac'}]}"), "ok");
	cr_expect_str_eq(trial_update(&t, &kind_rbac, "a",
	    "{'subjects':[{'kind':'User','name':'bo'}]}"), "ok");
}

Test(lockout, with_another_one_it_may_go)
{
	define("a", "User", "al", "{'role':'edit','resource':'*'}");
	define("b", "Group", "ops", "{'role':'edit','resource':'rbac'}");
	cr_expect_str_eq(trial_delete(&t, &kind_rbac, "a"), "ok");
	cr_expect_str_eq(trial_delete(&t, &kind_rbac, "b"), REFUSED);
}

Test(lockout, the_last_group_is_not_emptied)
{
	define("a", "Group", "ops", "{'role':'edit','resource':'rbac'}");
	cr_expect_str_eq(trial_update(&t, &kind_group, "ops", "{'members':[]}"), REFUSED);
	trial_delete(&t, &kind_mcptoken, "ci");
	cr_expect_str_eq(trial_delete(&t, &kind_user, "bo"), REFUSED);
	cr_expect_str_eq(trial_update(&t, &kind_group, "ops", "{'members':['al']}"), "ok");
	cr_expect_str_eq(trial_delete(&t, &kind_user, "bo"), "ok");
}

Test(lockout, a_token_is_no_administrator_and_can_always_be_revoked)
{
	define("a", "User", "bo", "{'role':'edit','resource':'*'}");
	define("b", "McpToken", "ci", "{'role':'edit','resource':'*'}");
	cr_expect_str_eq(trial_delete(&t, &kind_rbac, "a"), REFUSED);
	cr_expect_str_eq(trial_update(&t, &kind_mcptoken, "ci", "{'revoked':true}"), "ok");
}

Test(lockout, a_store_without_an_administrator_can_be_changed)
{
	define("a", "User", "al", "{'role':'edit','resource':'llms'}");
	cr_expect_str_eq(trial_delete(&t, &kind_rbac, "a"), "ok");
}
