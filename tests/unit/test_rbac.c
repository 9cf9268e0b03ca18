/* test_rbac.c - who holds which permission */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/fixture.h"

static struct fixture f;

static void
open_f(void)
{
	fixture_open(&f);
	fixture_make(&f, &kind_user, "{'name':'alice'}");
	fixture_make(&f, &kind_user, "{'name':'bob'}");
	fixture_make(&f, &kind_user, "{'name':'root'}");
	fixture_make(&f, &kind_rbac, "{'name':'roots','subjects':[{'kind':'User','name':'root'}],"
	    "'roleBindings':[{'role':'edit','resource':'*'},{'role':'run','resource':'*'},"
	    "{'role':'run','action':'migrate-secrets'}]}");
}

static void
close_f(void)
{
	fixture_close(&f);
}

TestSuite(rbac, .init = open_f, .fini = close_f);

/* grant - give alice a list of bindings */
static struct caller
grant(const char *bindings)
{
	char text[1024];

	snprintf(text, sizeof(text), "{'name':'g','subjects':[{'kind':'User','name':'alice'}],"
	    "'roleBindings':[%s]}", bindings);
	fixture_make(&f, &kind_rbac, text);
	return fixture_caller(&f, "alice", NULL);
}

Test(rbac, edit_is_view_create_edit_delete_and_never_run)
{
	struct caller c = grant("{'role':'edit','resource':'llms'}");

	cr_expect(rbac_allows(f.table, &c, VERB_VIEW, RESOURCE_LLMS, "x"));
	cr_expect(rbac_allows(f.table, &c, VERB_CREATE, RESOURCE_LLMS, NULL));
	cr_expect(rbac_allows(f.table, &c, VERB_EDIT, RESOURCE_LLMS, "x"));
	cr_expect(rbac_allows(f.table, &c, VERB_DELETE, RESOURCE_LLMS, "x"));
	cr_expect_not(rbac_allows(f.table, &c, VERB_RUN, RESOURCE_LLMS, "x"));
	cr_expect_not(rbac_allows(f.table, &c, VERB_VIEW, RESOURCE_SECRETS, "x"));
}

/* what alice holds, what the scope of her token leaves, and may she ask for a list of Llms */
static const struct meeting {
	const char *held, *scope;
	bool list;
} meetings[] = {
	{ "'role':'view','resource':'llms'", "'role':'view','resource':'llms','name':'a'", true },
	{ "'role':'view','resource':'llms','name':'a'", "'role':'edit','resource':'*'", true },
	{ "'role':'expose','resource':'llms'", "'role':'edit','resource':'llms'", true },
	{ "'role':'view','resource':'*','name':'a'", "'role':'view','resource':'llms','name':'a'",
	    true },
	{ "'role':'view','resource':'llms','name':'b'", "'role':'view','resource':'llms','name':'a'",
	    false },
	{ "'role':'view','resource':'llms'", "'role':'run','resource':'llms'", false },
	{ "'role':'run','resource':'llms'", "'role':'view','resource':'llms'", false },
};

Test(rbac, a_list_is_for_who_may_see_something_of_it_under_their_scope)
{
	char text[256];

	for (size_t i = 0; i < sizeof(meetings) / sizeof(meetings[0]); i++) {
		const struct meeting *m = &meetings[i];
		struct caller c;

		close_f();
		open_f();
		snprintf(text, sizeof(text), "{'name':'t','user':'alice','scope':[{%s},"
		    "{'role':'view','resource':'users'}]}", m->scope);
		fixture_make(&f, &kind_mcptoken, text);
		snprintf(text, sizeof(text), "{'role':'delete','resource':'llms'},{%s}", m->held);
		grant(text);
		c = fixture_caller(&f, "alice", "t");
		cr_expect_eq(rbac_allows_some(f.table, &c, VERB_VIEW, RESOURCE_LLMS), m->list,
		    "{%s} under {%s}", m->held, m->scope);
	}
}

Test(rbac, a_named_binding_is_for_that_object_alone)
{
	struct caller c = grant("{'role':'view','resource':'llm','name':'x'}");

	cr_expect(rbac_allows(f.table, &c, VERB_VIEW, RESOURCE_LLMS, "x"));
	cr_expect_not(rbac_allows(f.table, &c, VERB_VIEW, RESOURCE_LLMS, "y"));
	cr_expect_not(rbac_allows(f.table, &c, VERB_VIEW, RESOURCE_LLMS, NULL));
	cr_expect(rbac_allows_some(f.table, &c, VERB_VIEW, RESOURCE_LLMS));
	cr_expect_not(rbac_allows_some(f.table, &c, VERB_EDIT, RESOURCE_LLMS));
}

Test(rbac, run_on_everything_is_no_action)
{
	struct caller c = grant("{'role':'run','resource':'*'}");

	cr_expect(rbac_allows(f.table, &c, VERB_RUN, RESOURCE_LLMS, "x"));
	cr_expect_not(rbac_allows_action(f.table, &c, "migrate-secrets"));
	cr_expect_not(rbac_allows(f.table, &c, VERB_VIEW, RESOURCE_LLMS, "x"));
}

Test(rbac, an_action_is_no_run)
{
	struct caller c = grant("{'role':'run','action':'migrate-secrets'}");

	cr_expect(rbac_allows_action(f.table, &c, "migrate-secrets"));
	cr_expect_not(rbac_allows(f.table, &c, VERB_RUN, RESOURCE_LLMS, "x"));
}

Test(rbac, a_scope_cuts_and_never_gives)
{
	struct caller c;

	grant("{'role':'run','resource':'llms'},{'role':'view','resource':'llms'}");
	fixture_make(&f, &kind_mcptoken, "{'name':'t','user':'alice','scope':["
	    "{'role':'run','resource':'llms','name':'x'},{'role':'view','resource':'secrets'}]}");
	c = fixture_caller(&f, "alice", "t");
	cr_expect(rbac_allows(f.table, &c, VERB_RUN, RESOURCE_LLMS, "x"));
	cr_expect_not(rbac_allows(f.table, &c, VERB_RUN, RESOURCE_LLMS, "y"));
	cr_expect_not(rbac_allows(f.table, &c, VERB_VIEW, RESOURCE_LLMS, "x"));
	cr_expect_not(rbac_allows(f.table, &c, VERB_VIEW, RESOURCE_SECRETS, "s"));
}

Test(rbac, a_token_can_be_a_subject_itself)
{
	struct caller c;

	fixture_make(&f, &kind_mcptoken, "{'name':'t','user':'bob'}");
	fixture_make(&f, &kind_rbac, "{'name':'g','subjects':[{'kind':'McpToken','name':'t'}],"
	    "'roleBindings':[{'role':'run','resource':'llms'}]}");
	c = fixture_caller(&f, "bob", "t");
	cr_expect(rbac_allows(f.table, &c, VERB_RUN, RESOURCE_LLMS, "x"));
	c.token = NULL;
	cr_expect_not(rbac_allows(f.table, &c, VERB_RUN, RESOURCE_LLMS, "x"));
}

Test(rbac, a_member_has_what_each_of_its_groups_has)
{
	struct caller c;
	struct error err;

	fixture_make(&f, &kind_group, "{'name':'readers','members':['bob']}");
	fixture_make(&f, &kind_group, "{'name':'runners','members':['alice','bob']}");
	fixture_make(&f, &kind_rbac, "{'name':'g','subjects':[{'kind':'Group','name':'readers'}],"
	    "'roleBindings':[{'role':'view','resource':'llms'}]}");
	fixture_make(&f, &kind_rbac, "{'name':'h','subjects':[{'kind':'Group','name':'runners'}],"
	    "'roleBindings':[{'role':'run','resource':'llms'}]}");
	c = fixture_caller(&f, "bob", NULL);
	cr_expect(rbac_allows(f.table, &c, VERB_VIEW, RESOURCE_LLMS, "x"));
	cr_expect(rbac_allows(f.table, &c, VERB_RUN, RESOURCE_LLMS, "x"));
	c = fixture_caller(&f, "alice", NULL);
	cr_expect_not(rbac_allows(f.table, &c, VERB_VIEW, RESOURCE_LLMS, "x"));
	cr_expect(rbac_allows(f.table, &c, VERB_RUN, RESOURCE_LLMS, "x"));
	cr_assert_eq(fixture_put(&f, &f.admin, &kind_group, "runners", "{'members':['bob']}", &err),
	    RC_OK);
	c = fixture_caller(&f, "alice", NULL);
	cr_expect_not(rbac_allows(f.table, &c, VERB_RUN, RESOURCE_LLMS, "x"));
}

Test(rbac, a_refusal_names_the_permission)
{
	struct caller c = fixture_caller(&f, "bob", NULL);
	struct error err;

	cr_expect_eq(rbac_require(f.table, &c, VERB_RUN, RESOURCE_LLMS, "x", &err), RC_FORBIDDEN);
	cr_expect_str_eq(err.msg, "permission denied: run:llms:x");
	cr_expect_eq(rbac_require(f.table, &c, VERB_CREATE, RESOURCE_SECRETS, NULL, &err),
	    RC_FORBIDDEN);
	cr_expect_str_eq(err.msg, "permission denied: create:secrets");
	cr_expect_eq(rbac_require_action(f.table, &c, "migrate-secrets", &err), RC_FORBIDDEN);
	cr_expect_str_eq(err.msg, "permission denied: run:migrate-secrets");
	c = fixture_caller(&f, "root", NULL);
	cr_expect_eq(rbac_require_action(f.table, &c, "migrate-secrets", &err), RC_OK);
}
