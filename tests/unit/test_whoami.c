/* test_whoami.c - who a caller is, and what is left to them */
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <string.h>

#include "base/jsonx.h"
#include "service/whoami.h"
#include "tests/unit/fixture.h"

static struct fixture f;

static void
open_f(void)
{
	fixture_open(&f);
	fixture_make(&f, &kind_user, "{'name':'alice'}");
	fixture_make(&f, &kind_group, "{'name':'ops','members':['alice']}");
	fixture_make(&f, &kind_llm, "{'name':'a','type':'openai','model':'m'}");
	fixture_make(&f, &kind_llm, "{'name':'b','type':'openai','model':'m'}");
	fixture_make(&f, &kind_llm, "{'name':'off','type':'openai','model':'m','enabled':false}");
	fixture_make(&f, &kind_rbac, "{'name':'r1','subjects':[{'kind':'User','name':'alice'}],"
	    "'roleBindings':[{'role':'edit','resource':'*'},{'role':'run','resource':'llms'}]}");
	fixture_make(&f, &kind_rbac, "{'name':'r2','subjects':[{'kind':'Group','name':'ops'}],"
	    "'roleBindings':[{'role':'run','resource':'llms'},"
	    "{'role':'run','action':'migrate-secrets'}]}");
}

static void
close_f(void)
{
	fixture_close(&f);
}

TestSuite(whoami, .init = open_f, .fini = close_f);

/* expect - the whole object, single quotes for double ones */
static void
expect(const struct caller *c, const char *wanted)
{
	struct json_object *o = whoami_json(f.table, c);
	char text[1024];

	snprintf(text, sizeof(text), "%s", jsonx_text(o));
	for (char *p = text; *p != '\0'; p++)
		if (*p == '"')
			*p = '\'';
	cr_expect_str_eq(text, wanted);
	json_object_put(o);
}

Test(whoami, a_user_has_their_own_rights_and_those_of_their_groups_once)
{
	struct caller c = fixture_caller(&f, "alice", NULL);

	expect(&c, "{'user':'alice','token':null,'groups':['ops'],'permissions':["
	    "{'role':'edit','resource':'*'},{'role':'run','resource':'llms'},"
	    "{'role':'run','action':'migrate-secrets'}],'llms':['a','b']}");
}

Test(whoami, a_scope_leaves_what_both_give)
{
	struct caller c;

	fixture_make(&f, &kind_mcptoken, "{'name':'t','user':'alice','scope':["
	    "{'role':'expose','resource':'secrets'},{'role':'run','resource':'*','name':'b'},"
	    "{'role':'create','resource':'users'},{'role':'edit','resource':'llms','name':'a'}]}");
	c = fixture_caller(&f, "alice", "t");
	expect(&c, "{'user':'alice','token':'t','groups':['ops'],'permissions':["
	    "{'role':'view','resource':'secrets'},{'role':'create','resource':'users'},"
	    "{'role':'edit','resource':'llms','name':'a'},"
	    "{'role':'run','resource':'llms','name':'b'}],'llms':['b']}");
}

Test(whoami, a_tokens_own_rights_count_and_an_empty_scope_leaves_nothing)
{
	struct caller c;

	fixture_make(&f, &kind_user, "{'name':'bot'}");
	fixture_make(&f, &kind_mcptoken, "{'name':'t','user':'bot'}");
	fixture_make(&f, &kind_mcptoken, "{'name':'u','user':'alice','scope':[]}");
	fixture_make(&f, &kind_rbac, "{'name':'r3','subjects':[{'kind':'McpToken','name':'t'}],"
	    "'roleBindings':[{'role':'run','resource':'llms','name':'a'}]}");
	c = fixture_caller(&f, "bot", "t");
	expect(&c, "{'user':'bot','token':'t','groups':[],'permissions':["
	    "{'role':'run','resource':'llms','name':'a'}],'llms':['a']}");
	fixture_make(&f, &kind_mcptoken, "{'name':'v','user':'bot','scope':["
	    "{'role':'run','resource':'llms','name':'b'}]}");
	fixture_make(&f, &kind_rbac, "{'name':'r4','subjects':[{'kind':'User','name':'bot'}],"
	    "'roleBindings':[{'role':'run','resource':'llms','name':'a'}]}");
	c = fixture_caller(&f, "bot", "v");
	expect(&c, "{'user':'bot','token':'v','groups':[],'permissions':[],'llms':[]}");
	c = fixture_caller(&f, "alice", "u");
	expect(&c, "{'user':'alice','token':'u','groups':['ops'],'permissions':[],'llms':[]}");
}

Test(whoami, the_administrator_is_no_user_and_may_do_everything)
{
	fixture_look(&f);
	expect(&f.admin, "{'user':null,'token':null,'groups':[],'permissions':["
	    "{'role':'edit','resource':'*'},{'role':'run','resource':'*'},"
	    "{'role':'expose','resource':'*'},{'role':'run','action':'migrate-secrets'}],"
	    "'llms':['a','b']}");
}
