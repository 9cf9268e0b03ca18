/* test_rbac_record.c - rbac definitions as records: subjects by id, bindings by word */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/trial.h"

#define SHA "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define AL "'subjects':[{'kind':'User','name':'al'}]"
#define VIEW "'roleBindings':[{'role':'view','resource':'*'}]"

static struct trial t;

static void
setup(void)
{
	trial_open(&t);
	trial_create(&t, &kind_user, "{'name':'al'}");
	trial_token(&t, "{'name':'ci','user':'al'}", SHA);
}

static void
teardown(void)
{
	trial_close(&t);
}

TestSuite(rbac_record, .init = setup, .fini = teardown);

Test(rbac_record, subjects_are_stored_by_id_and_shown_by_name)
{
	const struct rbac *r;

	cr_assert_str_eq(trial_create(&t, &kind_rbac, "{'name':'r','subjects':[{'kind':'User',"
	    "'name':'al'},{'kind':'McpToken','name':'ci'}],'roleBindings':["
	    "{'role':'edit','resource':'llm'},{'role':'run','resource':'*'},"
	    "{'role':'run','resource':'llms','name':'claude'},"
	    "{'role':'run','action':'migrate-secrets'}]}"), "ok");
	cr_expect_not_null(strstr(trial_view(&t, &kind_rbac, "r"), "'name':'r','subjects':["
	    "{'kind':'User','name':'al'},{'kind':'McpToken','name':'ci'}],'roleBindings':["
	    "{'role':'edit','resource':'llms'},{'role':'run','resource':'*'},"
	    "{'role':'run','resource':'llms','name':'claude'},"
	    "{'role':'run','action':'migrate-secrets'}],'version':1"));
	r = (const struct rbac *)trial_get(&t, &kind_rbac, "r");
	cr_expect_str_eq(r->subjects[0].id, table_by_name(t.table, &kind_user, "al")->id);
	cr_expect_eq(r->bindings.v[1].resource, RESOURCE_ANY);
	cr_expect_str_eq(r->bindings.v[2].name, "claude");
	cr_expect_str_eq(r->bindings.v[3].action, "migrate-secrets");
}

Test(rbac_record, wrong_members_are_all_faults)
{
	static const struct {
		const char *members, *said;
	} cases[] = {
		{ "'x':1",
		    "[roleBindings: is required] [subjects: is required] [x: unknown field]" },
		{ "'subjects':[],'roleBindings':[]",
		    "[roleBindings: must not be empty] [subjects: must not be empty]" },
		{ "'subjects':{},'roleBindings':null",
		    "[roleBindings: must be a list] [subjects: must be a list]" },
		{ VIEW ",'subjects':[{'kind':'User','name':'bo'},{'kind':'Group','name':'g'},"
		    "{'kind':'user','name':'al'},{'kind':'McpToken','name':'al'},'al',{'id':1}]",
		    "[subjects[0].name: User not found: bo] [subjects[1].name: Group not found: g] "
		    "[subjects[2].kind: must be User, Group or McpToken] "
		    "[subjects[3].name: McpToken not found: al] [subjects[4]: must be an object] "
		    "[subjects[5].id: unknown field] [subjects[5].kind: is required] "
		    "[subjects[5].name: is required]" },
		{ AL ",'roleBindings':[{'role':'admin','resource':'llms'},{'role':'view'},"
		    "{'resource':'pets','name':5},{'role':'view','resource':'llms','verb':'x'},1]",
		    "[roleBindings[0].role: must be view, create, delete, edit, run or expose] "
		    "[roleBindings[1].resource: is required] "
		    "[roleBindings[2].name: must be a string] "
		    "[roleBindings[2].resource: must be *, llms, secrets, secretbackends, users, "
		    "groups, rbac, mcptokens, audit or usage] [roleBindings[2].role: is required] "
		    "[roleBindings[3].verb: unknown field] [roleBindings[4]: must be an object]" },
		{ AL ",'roleBindings':[{'role':'view','action':'migrate-secrets'},"
		    "{'role':'run','action':'reboot'},"
		    "{'role':'run','action':'migrate-secrets','resource':'*'}]",
		    "[roleBindings[0].role: must be run for an action] "
		    "[roleBindings[1].action: must be migrate-secrets] "
		    "[roleBindings[2].resource: unknown field]" },
		{ AL ",'roleBindings':[{'role':'view','resource':'llms','name':'A'},"
		    "{'role':'view','resource':'users','name':'A'},"
		    "{'role':'view','resource':'llms','name':''}]",
		    "[roleBindings[0].name: must be 1 to 100 of a-z, 0-9 and '-'] "
		    "[roleBindings[2].name: must not be empty]" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char body[1024];
		const char *said;

		snprintf(body, sizeof(body), "{'name':'r',%s}", cases[i].members);
		said = trial_create(&t, &kind_rbac, body);
		cr_expect_eq(strncmp(said, "invalid: invalid rbac ", 22), 0, "%s", said);
		cr_expect_str_eq(strchr(said, '['), cases[i].said, "%s", cases[i].members);
	}
}

Test(rbac_record, an_update_replaces_only_the_list_that_it_has)
{
	trial_create(&t, &kind_rbac, "{'name':'r'," AL "," VIEW "}");
	cr_expect_str_eq(trial_update(&t, &kind_rbac, "r",
	    "{'roleBindings':[{'role':'run','resource':'llms'}]}"), "ok");
	cr_expect_not_null(strstr(trial_view(&t, &kind_rbac, "r"),
	    AL ",'roleBindings':[{'role':'run','resource':'llms'}],'version':2"));
	cr_expect_str_eq(trial_update(&t, &kind_rbac, "r", "{'name':'r'," AL "}"), "ok");
	cr_expect_not_null(strstr(trial_view(&t, &kind_rbac, "r"), "'version':2"));
	cr_expect_str_eq(trial_update(&t, &kind_rbac, "r", "{'subjects':[]}"),
	    "invalid: invalid rbac [subjects: must not be empty]");
}

Test(rbac_record, who_is_named_can_not_be_deleted)
{
	trial_create(&t, &kind_user, "{'name':'bo'}");
	trial_create(&t, &kind_rbac, "{'name':'r','subjects':[{'kind':'McpToken','name':'ci'}],"
	    VIEW "}");
	trial_create(&t, &kind_rbac, "{'name':'q'," AL "," VIEW "}");
	cr_expect_str_eq(trial_delete(&t, &kind_user, "al"),
	    "conflict: User in use: al (McpToken ci; Rbac q)");
	cr_expect_str_eq(trial_delete(&t, &kind_mcptoken, "ci"),
	    "conflict: McpToken in use: ci (Rbac r)");
	cr_expect_str_eq(trial_delete(&t, &kind_user, "bo"), "ok");
	cr_expect_str_eq(trial_delete(&t, &kind_rbac, "r"), "ok");
	cr_expect_str_eq(trial_delete(&t, &kind_rbac, "q"), "ok");
	cr_expect_str_eq(trial_delete(&t, &kind_mcptoken, "ci"), "ok");
	cr_expect_str_eq(trial_delete(&t, &kind_user, "al"), "ok");
}

Test(rbac_record, roles_hold_their_verbs_and_edit_never_run)
{
	static const char *const held[ROLE__MAX] = {
		[ROLE_VIEW]	= "view",
		[ROLE_CREATE]	= "create",
		[ROLE_DELETE]	= "delete",
		[ROLE_EDIT]	= "view create delete edit",
		[ROLE_RUN]	= "run",
		[ROLE_EXPOSE]	= "view expose",
	};

	for (int role = 0; role < ROLE__MAX; role++)
		for (int verb = 0; verb < VERB__MAX; verb++)
			cr_expect_eq(role_grants(role, verb),
			    strstr(held[role], verb_names[verb]) != NULL, "%s %s",
			    role_names[role], verb_names[verb]);
}
