/* test_mcptoken.c - the resource McpToken */
#include <criterion/criterion.h>
#include <string.h>

#include "base/clock.h"
#include "tests/unit/trial.h"

#define SHA "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define SHA2 "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static struct trial t;

static void
setup(void)
{
	trial_open(&t);
	trial_create(&t, &kind_user, "{'name':'al'}");
	trial_create(&t, &kind_user, "{'name':'bo'}");
}

static void
teardown(void)
{
	trial_close(&t);
}

TestSuite(mcptoken, .init = setup, .fini = teardown);

Test(mcptoken, view_has_the_digest_and_never_a_token)
{
	cr_assert_str_eq(trial_token(&t, "{'name':'ci','user':'al'}", SHA), "ok");
	cr_expect_not_null(strstr(trial_view(&t, &kind_mcptoken, "ci"), "'name':'ci','user':'al',"
	    "'scope':null,'expiresAt':null,'revoked':false,'tokenSha':'" SHA "',"
	    "'lastUsedAt':null,'version':1"));
	cr_assert_str_eq(trial_token(&t, "{'name':'x','user':'al','expiresAt':"
	    "'2199-01-01T02:00:00.5+02:00','scope':[{'role':'run','resource':'llm'}]}", SHA2),
	    "ok");
	cr_expect_not_null(strstr(trial_view(&t, &kind_mcptoken, "x"),
	    "'scope':[{'role':'run','resource':'llms'}],'expiresAt':'2199-01-01T00:00:00.500Z'"));
}

Test(mcptoken, is_found_by_its_digest)
{
	trial_token(&t, "{'name':'ci','user':'al'}", SHA);
	cr_expect_str_eq(table_token(trial_look(&t), SHA)->r.name, "ci");
	cr_expect_null(table_token(t.table, SHA2));
}

Test(mcptoken, faults_are_all_named)
{
	static const struct {
		const char *body, *said;
	} cases[] = {
		{ "{}", "[name: is required] [user: is required]" },
		{ "{'name':'x','user':'cy'}", "[user: User not found: cy]" },
		{ "{'name':'x','user':'al','token':'mcp_x'}", "[token: unknown field]" },
		{ "{'name':'x','user':'al','expiresAt':'tomorrow','scope':'all','revoked':true}",
		    "[expiresAt: must be a time like 2030-01-31T12:00:00Z, or null] "
		    "[revoked: a new token can't be revoked] [scope: must be a list]" },
		{ "{'name':'x','user':'al','expiresAt':'2020-01-01T00:00:00Z'}",
		    "[expiresAt: must be in the future]" },
		{ "{'name':'x','user':'al','scope':[{'role':'run','resource':'x'}]}",
		    "[scope[0].resource: must be *, llms, secrets, secretbackends, users, groups, "
		    "rbac, mcptokens, audit or usage]" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_str_eq(strchr(trial_token(&t, cases[i].body, SHA), '['), cases[i].said,
		    "%s", cases[i].body);
}

Test(mcptoken, can_not_change_its_user)
{
	trial_token(&t, "{'name':'ci','user':'al'}", SHA);
	cr_expect_str_eq(trial_update(&t, &kind_mcptoken, "ci", "{'user':'al'}"), "ok");
	/* whether there is such a user is not told by the way */
	for (size_t i = 0; i < 3; i++) {
		static const char *const bodies[] = {
			"{'user':'bo'}", "{'user':'cy'}", "{'user':'no name'}"
		};

		cr_expect_str_eq(trial_update(&t, &kind_mcptoken, "ci", bodies[i]),
		    "invalid: invalid mcptoken [user: can't be changed]");
	}
}

Test(mcptoken, is_revoked_for_good)
{
	trial_token(&t, "{'name':'ci','user':'al','revoked':false}", SHA);
	cr_expect_str_eq(trial_update(&t, &kind_mcptoken, "ci", "{'revoked':true}"), "ok");
	cr_expect_not_null(strstr(trial_view(&t, &kind_mcptoken, "ci"), "'revoked':true"));
	cr_expect_str_eq(trial_update(&t, &kind_mcptoken, "ci", "{'revoked':false}"),
	    "invalid: invalid mcptoken [revoked: a revoked token stays revoked]");
	cr_expect_str_eq(trial_update(&t, &kind_mcptoken, "ci", "{'revoked':true}"), "ok");
	cr_expect_not_null(strstr(trial_view(&t, &kind_mcptoken, "ci"), "'version':2"));
}

/* expire - as if time had passed */
static enum rc
expire(struct batch *b, void *arg, struct error *err)
{
	const struct record *old = table_by_name(batch_table(b), &kind_mcptoken, arg);
	struct record *copy = batch_copy(old);

	(void)err;
	clock_parse("2020-01-01T00:00:00Z", &((struct mcptoken *)copy)->expires_ms);
	batch_replace(b, old, copy);
	return RC_OK;
}

Test(mcptoken, keeps_an_expiry_that_passed_but_takes_no_new_one)
{
	trial_token(&t, "{'name':'ci','user':'al','expiresAt':'2199-01-01T00:00:00Z'}", SHA);
	cr_assert_eq(store_change(t.store, expire, (void *)"ci", NULL), RC_OK);
	cr_expect_str_eq(trial_update(&t, &kind_mcptoken, "ci",
	    "{'expiresAt':'2020-01-01T00:00:00Z','revoked':true}"), "ok");
	cr_expect_str_eq(trial_update(&t, &kind_mcptoken, "ci",
	    "{'expiresAt':'2020-01-01T00:00:01Z'}"),
	    "invalid: invalid mcptoken [expiresAt: must be in the future]");
	cr_expect_str_eq(trial_update(&t, &kind_mcptoken, "ci", "{'expiresAt':null}"), "ok");
}

Test(mcptoken, empty_scope_is_a_scope)
{
	const struct mcptoken *k;

	trial_token(&t, "{'name':'ci','user':'al','scope':[]}", SHA);
	k = (const struct mcptoken *)trial_get(&t, &kind_mcptoken, "ci");
	cr_expect(k->scoped && k->scope.n == 0);
	cr_expect_str_eq(trial_update(&t, &kind_mcptoken, "ci", "{'scope':null}"), "ok");
	k = (const struct mcptoken *)trial_get(&t, &kind_mcptoken, "ci");
	cr_expect_not(k->scoped);
}

Test(mcptoken, without_a_digest_is_never_stored)
{
	const char *said = trial_create(&t, &kind_mcptoken, "{'name':'ci','user':'al'}");

	cr_expect_not_null(strstr(said, "tokenSha is no digest"), "%s", said);
	cr_expect_eq(table_count(trial_look(&t), &kind_mcptoken), 0);
}
