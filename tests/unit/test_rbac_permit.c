/* test_rbac_permit.c - nobody gives what they don't hold */
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

TestSuite(rbac_permit, .init = open_f, .fini = close_f);

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

/* edit on all that is stored, and on nothing else */
#define EDIT_OF(resource) "{'role':'edit','resource':'" resource "'}"
#define STORED_EACH EDIT_OF("secretbackends") "," EDIT_OF("secrets") "," EDIT_OF("llms") "," \
	EDIT_OF("users") "," EDIT_OF("groups") "," EDIT_OF("rbac") "," EDIT_OF("mcptokens")

/* what alice holds, what she tries, and what she is told; NULL: it is done */
static const struct escalation {
	const char		*name, *holds;
	const struct kind	*kind;
	const char		*ref;		/* NULL: create */
	const char		*body, *refusal;
} escalations[] = {
	{ "rbac for a binding not held", "{'role':'edit','resource':'rbac'}", &kind_rbac, NULL,
	  "{'name':'n','subjects':[{'kind':'User','name':'alice'}],"
	  "'roleBindings':[{'role':'run','resource':'llms'}]}", "permission denied: run:llms" },
	{ "rbac for a binding held", "{'role':'edit','resource':'rbac'}", &kind_rbac, NULL,
	  "{'name':'n','subjects':[{'kind':'User','name':'bob'}],"
	  "'roleBindings':[{'role':'view','resource':'rbac'}]}", NULL },
	{ "everything, holding rbac alone", "{'role':'edit','resource':'rbac'}", &kind_rbac, NULL,
	  "{'name':'n','subjects':[{'kind':'User','name':'alice'}],"
	  "'roleBindings':[{'role':'view','resource':'*'}]}",
	  "permission denied: view:secretbackends" },
	{ "everything, holding all but audit and usage", STORED_EACH, &kind_rbac, NULL,
	  "{'name':'n','subjects':[{'kind':'User','name':'alice'}],"
	  "'roleBindings':[{'role':'view','resource':'*'}]}", "permission denied: view:audit" },
	{ "everything, holding all but usage", STORED_EACH ",{'role':'view','resource':'audit'}",
	  &kind_rbac, NULL, "{'name':'n','subjects':[{'kind':'User','name':'alice'}],"
	  "'roleBindings':[{'role':'view','resource':'*'}]}", "permission denied: view:usage" },
	{ "everything, piece by piece", STORED_EACH ",{'role':'view','resource':'audit'},"
	  "{'role':'view','resource':'usage'}", &kind_rbac, NULL,
	  "{'name':'n','subjects':[{'kind':'User','name':'alice'}],"
	  "'roleBindings':[{'role':'view','resource':'*'}]}", NULL },
	{ "an action not held", "{'role':'edit','resource':'rbac'}", &kind_rbac, NULL,
	  "{'name':'n','subjects':[{'kind':'User','name':'alice'}],"
	  "'roleBindings':[{'role':'run','action':'migrate-secrets'}]}",
	  "permission denied: run:migrate-secrets can't be given by who does not hold it" },
	{ "herself into a strong definition", "{'role':'edit','resource':'rbac'}", &kind_rbac,
	  "roots", "{'subjects':[{'kind':'User','name':'root'},{'kind':'User','name':'alice'}]}",
	  "permission denied: view:secretbackends" },
	{ "those who are there another right", "{'role':'edit','resource':'rbac'}", &kind_rbac, "s",
	  "{'roleBindings':[{'role':'run','resource':'llms'},{'role':'view','resource':'secrets'}]}",
	  "permission denied: view:secrets" },
	{ "one that is held, and one that is not", "{'role':'edit','resource':'rbac'}", &kind_rbac,
	  "s", "{'roleBindings':[{'role':'view','resource':'rbac'},{'role':'view',"
	  "'resource':'secrets'}]}", "permission denied: view:secrets" },
	{ "those who are there what is held", "{'role':'edit','resource':'rbac'}", &kind_rbac, "s",
	  "{'roleBindings':[{'role':'run','resource':'llms'},{'role':'view','resource':'rbac'}]}",
	  NULL },
	{ "someone out of a strong definition", "{'role':'edit','resource':'rbac'}", &kind_rbac,
	  "roots", "{'roleBindings':[{'role':'edit','resource':'*'}]}", NULL },
	{ "a token for another user", "{'role':'create','resource':'mcptokens'}", &kind_mcptoken,
	  NULL, "{'name':'n','user':'bob'}", "permission denied: edit:users:bob" },
	{ "a token for a stronger user",
	  "{'role':'create','resource':'mcptokens'},{'role':'edit','resource':'users'}",
	  &kind_mcptoken, NULL, "{'name':'n','user':'root'}",
	  "permission denied: view:secretbackends" },
	{ "a scoped token for a stronger user",
	  "{'role':'create','resource':'mcptokens'},{'role':'edit','resource':'users'}",
	  &kind_mcptoken, NULL, "{'name':'n','user':'root','scope':[{'role':'run',"
	  "'resource':'llms'}]}", "permission denied: run:llms" },
	{ "a token of her own", "{'role':'create','resource':'mcptokens'}", &kind_mcptoken, NULL,
	  "{'name':'n','user':'alice'}", NULL },
	{ "a token for someone whose group is stronger",
	  "{'role':'create','resource':'mcptokens'},{'role':'edit','resource':'users'}",
	  &kind_mcptoken, NULL, "{'name':'n','user':'bob'}", "permission denied: run:llms" },
	{ "herself into a strong group", "{'role':'edit','resource':'groups'}", &kind_group,
	  "strong", "{'members':['bob','alice']}", "permission denied: run:llms" },
	{ "someone else into a strong group", "{'role':'edit','resource':'groups'}", &kind_group,
	  "strong", "{'members':['root']}", "permission denied: run:llms" },
	{ "someone out of a strong group", "{'role':'edit','resource':'groups'}", &kind_group,
	  "strong", "{'members':[]}", NULL },
	{ "into a group whose rights she holds", "{'role':'edit','resource':'groups'},"
	  "{'role':'run','resource':'llms'}", &kind_group, "strong", "{'members':['alice']}", NULL },
	{ "a group without rights", "{'role':'create','resource':'groups'}", &kind_group, NULL,
	  "{'name':'n','members':['alice','root']}", NULL },
	{ "rights to a group", "{'role':'edit','resource':'rbac'}", &kind_rbac, NULL,
	  "{'name':'n','subjects':[{'kind':'Group','name':'strong'}],"
	  "'roleBindings':[{'role':'run','resource':'llms'}]}", "permission denied: run:llms" },
	{ "a user that a binding waits for", "{'role':'create','resource':'users'}", &kind_user,
	  NULL, "{'name':'waited'}", "permission denied: view:users:waited" },
	{ "a group that a binding waits for", "{'role':'create','resource':'groups'}", &kind_group,
	  NULL, "{'name':'waited'}", "permission denied: view:groups:waited" },
	{ "a token that a binding waits for", "{'role':'create','resource':'mcptokens'}",
	  &kind_mcptoken, NULL, "{'name':'waited','user':'alice'}",
	  "permission denied: view:mcptokens:waited" },
	{ "a definition that a binding waits for", "{'role':'create','resource':'rbac'}",
	  &kind_rbac, NULL, "{'name':'waited','subjects':[{'kind':'User','name':'bob'}],"
	  "'roleBindings':[{'role':'create','resource':'rbac'}]}",
	  "permission denied: view:rbac:waited" },
	{ "a secret that a binding waits for", "{'role':'create','resource':'secrets'}",
	  &kind_secret, NULL, "{'name':'waited','data':{}}",
	  "permission denied: view:secrets:waited" },
	{ "a key to a place of her choice", "{'role':'edit','resource':'llms'}", &kind_llm, NULL,
	  "{'name':'n','type':'openai','model':'m','url':'https://evil.example',"
	  "'apiKeyRef':{'name':'s','key':'k'}}", "permission denied: edit:secrets:s" },
	{ "a key by a header", "{'role':'edit','resource':'llms'}", &kind_llm, NULL,
	  "{'name':'n','type':'openai','model':'m','url':'https://evil.example','extraConfig':"
	  "{'headers':{'x-api-key':'secret://s/k'}}}", "permission denied: edit:secrets:s" },
	{ "an Llm with a key to another url", "{'role':'edit','resource':'llms'}", &kind_llm, "l",
	  "{'url':'https://evil.example'}", "permission denied: edit:secrets:s" },
	{ "an Llm with a key to another path", "{'role':'edit','resource':'llms'}", &kind_llm, "l",
	  "{'extraConfig':{'apiPath':'/echo'}}", "permission denied: edit:secrets:s" },
	{ "a key that is not there, with a fault beside", "{'role':'edit','resource':'llms'}",
	  &kind_llm, NULL, "{'name':'n','bogus':1,'apiKeyRef':{'name':'absent','key':'k'}}",
	  "permission denied: edit:secrets:absent" },
	{ "a key that is there, with a fault beside", "{'role':'edit','resource':'llms'}",
	  &kind_llm, NULL, "{'name':'n','bogus':1,'apiKeyRef':{'name':'s','key':'k'}}",
	  "permission denied: edit:secrets:s" },
	{ "another key, not there", "{'role':'edit','resource':'llms'}", &kind_llm, "l",
	  "{'apiKeyRef':{'name':'absent','key':'k'}}", "permission denied: edit:secrets:absent" },
	{ "the key that it has", "{'role':'edit','resource':'llms'}", &kind_llm, "l",
	  "{'apiKeyRef':{'name':'s','key':'k'},'description':'d'}", NULL },
	{ "a token for nobody", "{'role':'create','resource':'mcptokens'}", &kind_mcptoken, NULL,
	  "{'name':'n','user':'absent'}", "permission denied: edit:users:absent" },
	{ "another description of an Llm with a key", "{'role':'edit','resource':'llms'}",
	  &kind_llm, "l", "{'description':'d'}", NULL },
	{ "the key taken off", "{'role':'edit','resource':'llms'}", &kind_llm, "l",
	  "{'apiKeyRef':null}", NULL },
	{ "with the secret's edit", "{'role':'edit','resource':'llms'},"
	  "{'role':'edit','resource':'secrets','name':'s'}", &kind_llm, "l",
	  "{'url':'https://good.example'}", NULL },
	{ "a backend whose token is there", "{'role':'edit','resource':'secretbackends'}",
	  &kind_secretbackend, NULL, "{'name':'n','type':'openbao','config':{'url':"
	  "'https://bao.example','tokenSecret':{'name':'s','key':'k'}}}",
	  "permission denied: edit:secrets" },
	{ "a backend whose token is not there", "{'role':'edit','resource':'secretbackends'}",
	  &kind_secretbackend, NULL, "{'name':'n','bogus':1,'type':'openbao','config':{'url':"
	  "'https://bao.example','tokenSecret':{'name':'absent','key':'k'}}}",
	  "permission denied: edit:secrets" },
	{ "another token, not there", "{'role':'edit','resource':'secretbackends'}",
	  &kind_secretbackend, "bao", "{'config':{'tokenSecret':{'name':'absent','key':'k'}}}",
	  "permission denied: edit:secrets" },
	{ "the token that it has", "{'role':'edit','resource':'secretbackends'}",
	  &kind_secretbackend, "bao", "{'description':'d','config':{'tokenSecret':{'name':'s',"
	  "'key':'k'}}}", NULL },
	{ "values to another server", "{'role':'edit','resource':'secretbackends'},"
	  "{'role':'edit','resource':'secrets','name':'s'}", &kind_secretbackend, "bao",
	  "{'config':{'url':'https://evil.example'}}", "permission denied: edit:secrets" },
	{ "values to another mount", "{'role':'edit','resource':'secretbackends'}",
	  &kind_secretbackend, "bao", "{'config':{'mount':'other'}}",
	  "permission denied: edit:secrets" },
	{ "values below another prefix", "{'role':'edit','resource':'secretbackends'}",
	  &kind_secretbackend, "bao", "{'config':{'pathPrefix':'other'}}",
	  "permission denied: edit:secrets" },
	{ "values to another namespace", "{'role':'edit','resource':'secretbackends'}",
	  &kind_secretbackend, "bao", "{'config':{'namespace':'other'}}",
	  "permission denied: edit:secrets" },
	{ "another key of the token's secret", "{'role':'edit','resource':'secretbackends'}",
	  &kind_secretbackend, "bao", "{'config':{'tokenSecret':{'name':'s','key':'j'}}}",
	  "permission denied: edit:secrets" },
	{ "another time in the cache", "{'role':'edit','resource':'secretbackends'}",
	  &kind_secretbackend, "bao", "{'config':{'cacheSeconds':1}}", NULL },
	{ "values to another server, with edit on all", "{'role':'edit','resource':'secrets'},"
	  "{'role':'edit','resource':'secretbackends'}", &kind_secretbackend, "bao",
	  "{'config':{'url':'https://good.example'}}", NULL },
	{ "new values to another backend", "{'role':'edit','resource':'secretbackends'},"
	  "{'role':'edit','resource':'secrets','name':'s'}", &kind_secretbackend, "bao",
	  "{'default':true}", "permission denied: edit:secrets" },
	{ "new values to a new backend", "{'role':'edit','resource':'secretbackends'}",
	  &kind_secretbackend, NULL, "{'name':'n','type':'plaintext','default':true}",
	  "permission denied: edit:secrets" },
	{ "a backend of another type", "{'role':'edit','resource':'secretbackends'}",
	  &kind_secretbackend, NULL, "{'name':'n','type':'plaintext'}", NULL },
	{ "a private url, named edit only", "{'role':'create','resource':'llms'},"
	  "{'role':'edit','resource':'llms','name':'n'}", &kind_llm, NULL,
	  "{'name':'n','type':'vllm','model':'m','url':'http://10.0.0.1'}",
	  "permission denied: edit:llms" },
	{ "the url of a vllm, private or not", "{'role':'create','resource':'llms'},"
	  "{'role':'edit','resource':'llms','name':'n'}", &kind_llm, NULL,
	  "{'name':'n','type':'vllm','model':'m','url':'https://gpu.example',"
	  "'extraConfig':{'allowPrivateUrl':false}}", "permission denied: edit:llms" },
	{ "allowPrivateUrl, before there is a url", "{'role':'create','resource':'llms'},"
	  "{'role':'edit','resource':'llms','name':'n'}", &kind_llm, NULL,
	  "{'name':'n','type':'openai','model':'m','extraConfig':{'allowPrivateUrl':true}}",
	  "permission denied: edit:llms" },
	{ "allowPrivateUrl, said where it was the default",
	  "{'role':'edit','resource':'llms','name':'near'}", &kind_llm, "near",
	  "{'extraConfig':{'allowPrivateUrl':true}}", "permission denied: edit:llms" },
	{ "allowPrivateUrl, where it was false", "{'role':'edit','resource':'llms','name':'far'},"
	  "{'role':'edit','resource':'secrets'}", &kind_llm, "far", "{'extraConfig':"
	  "{'allowPrivateUrl':true,'headers':{'x-a':'1','x-b':'secret://s/k'}}}",
	  "permission denied: edit:llms" },
	{ "another private url", "{'role':'edit','resource':'llms','name':'inside'}", &kind_llm,
	  "inside", "{'url':'http://10.0.0.2'}", "permission denied: edit:llms" },
	{ "another path at a private url", "{'role':'edit','resource':'llms','name':'inside'}",
	  &kind_llm, "inside", "{'extraConfig':{'allowPrivateUrl':true,'apiPath':'/x'}}", NULL },
	{ "another key of the same secret", "{'role':'edit','resource':'llms'}", &kind_llm, "l",
	  "{'apiKeyRef':{'name':'s','key':'other'}}", "permission denied: edit:secrets:s" },
	{ "another value of a header", "{'role':'edit','resource':'llms'}", &kind_llm, "far",
	  "{'extraConfig':{'allowPrivateUrl':false,'headers':{'x-a':'2','x-b':'secret://s/k'}}}",
	  "permission denied: edit:secrets:s" },
	{ "another key in a header", "{'role':'edit','resource':'llms'}", &kind_llm, "far",
	  "{'extraConfig':{'allowPrivateUrl':false,'headers':{'x-a':'1','x-b':'secret://s/j'}}}",
	  "permission denied: edit:secrets:s" },
	{ "another setting beside the same headers", "{'role':'edit','resource':'llms'}",
	  &kind_llm, "far", "{'extraConfig':{'allowPrivateUrl':false,'maxTokens':5,"
	  "'headers':{'x-a':'1','x-b':'secret://s/k'}}}", NULL },
	{ "run on a resource, holding an action", "{'role':'edit','resource':'rbac'},"
	  "{'role':'run','action':'migrate-secrets'}", &kind_rbac, NULL,
	  "{'name':'n','subjects':[{'kind':'User','name':'bob'}],'roleBindings':["
	  "{'role':'run','resource':'secretbackends'}]}", "permission denied: run:secretbackends" },
	{ "another url of a vllm, named edit only", "{'role':'edit','resource':'llms','name':'near'}",
	  &kind_llm, "near", "{'url':'https://gpu.example','extraConfig':"
	  "{'allowPrivateUrl':false}}", "permission denied: edit:llms" },
	{ "a vllm without a url", "{'role':'create','resource':'llms'},"
	  "{'role':'edit','resource':'llms','name':'n'}", &kind_llm, NULL,
	  "{'name':'n','type':'vllm','model':'m'}", NULL },
	{ "another description of a vllm", "{'role':'edit','resource':'llms','name':'near'}",
	  &kind_llm, "near", "{'url':'http://10.0.0.1','description':'d'}", NULL },
	{ "what a binding waits for", "{'role':'create','resource':'llms'}", &kind_llm, NULL,
	  "{'name':'waited','type':'openai','model':'m'}",
	  "permission denied: run:llms:waited" },
};

Test(rbac_permit, nobody_gives_what_they_do_not_hold)
{
	struct error err;

	for (size_t i = 0; i < sizeof(escalations) / sizeof(escalations[0]); i++) {
		const struct escalation *e = &escalations[i];
		struct caller c;
		enum rc rc;

		fixture_make(&f, &kind_secret, "{'name':'s','data':{'k':'v'}}");
		fixture_make(&f, &kind_llm, "{'name':'l','type':'openai','model':'m',"
		    "'apiKeyRef':{'name':'s','key':'k'}}");
		fixture_make(&f, &kind_secretbackend, "{'name':'bao','type':'openbao','config':"
		    "{'url':'https://bao.example','tokenSecret':{'name':'s','key':'k'}}}");
		fixture_make(&f, &kind_llm, "{'name':'near','type':'vllm','model':'m',"
		    "'url':'http://10.0.0.1'}");
		fixture_make(&f, &kind_llm, "{'name':'far','type':'openai','model':'m','extraConfig':"
		    "{'allowPrivateUrl':false,'headers':{'x-a':'1','x-b':'secret://s/k'}}}");
		fixture_make(&f, &kind_llm, "{'name':'inside','type':'openai','model':'m',"
		    "'url':'http://10.0.0.1','extraConfig':{'allowPrivateUrl':true}}");
		fixture_make(&f, &kind_rbac, "{'name':'w','subjects':[{'kind':'User','name':"
		    "'root'}],'roleBindings':[{'role':'run','resource':'llms','name':'waited'},"
		    "{'role':'edit','resource':'users','name':'waited'},"
		    "{'role':'view','resource':'*','name':'waited'}]}");
		fixture_make(&f, &kind_group, "{'name':'strong','members':['bob']}");
		fixture_make(&f, &kind_rbac, "{'name':'s','subjects':[{'kind':'Group','name':"
		    "'strong'}],'roleBindings':[{'role':'run','resource':'llms'}]}");
		c = grant(e->holds);
		rc = e->ref == NULL ? fixture_try(&f, &c, e->kind, e->body, &err)
		    : fixture_put(&f, &c, e->kind, e->ref, e->body, &err);
		if (e->refusal == NULL) {
			cr_expect_eq(rc, RC_OK, "%s: %s", e->name, err.msg);
		} else {
			cr_expect_eq(rc, RC_FORBIDDEN, "%s: code %d", e->name, rc);
			cr_expect_str_eq(err.msg, e->refusal, "%s: %s", e->name, err.msg);
		}
		close_f();
		open_f();
	}
}

Test(rbac_permit, a_scoped_token_can_not_make_an_unscoped_one)
{
	struct error err;
	struct caller c;

	grant("{'role':'edit','resource':'mcptokens'},{'role':'run','resource':'llms'}");
	fixture_make(&f, &kind_mcptoken, "{'name':'t','user':'alice','scope':["
	    "{'role':'edit','resource':'mcptokens'}]}");
	c = fixture_caller(&f, "alice", "t");
	cr_expect_eq(fixture_try(&f, &c, &kind_mcptoken, "{'name':'n','user':'alice'}", &err),
	    RC_FORBIDDEN);
	cr_expect_str_eq(err.msg, "permission denied: run:llms");
	cr_expect_eq(fixture_put(&f, &c, &kind_mcptoken, "t", "{'revoked':true}", &err), RC_OK,
	    "%s", err.msg);
}

/* what alice, who may edit tokens and users and run no Llm, makes of a token that runs Llms: of bob's,
   which has a scope and an end, or of her own, which rbac gives more than her; NULL: it is done */
static const struct widening {
	const char *token, *body, *refusal;
} widenings[] = {
	{ "b", "{'expiresAt':'2200-01-01T00:00:00Z'}", "permission denied: run:llms:x" },
	{ "b", "{'expiresAt':null}", "permission denied: run:llms:x" },
	{ "b", "{'expiresAt':'2090-01-01T00:00:00Z'}", NULL },
	{ "b", "{'scope':null}", "permission denied: run:llms" },
	{ "b", "{'scope':[{'role':'run','resource':'llms'}]}", "permission denied: run:llms" },
	{ "b", "{'scope':[{'role':'run','resource':'llms','name':'x'}]}", NULL },
	{ "b", "{'scope':[]}", NULL },
	{ "b", "{'revoked':true,'scope':null,'expiresAt':null}", NULL },
	{ "a", "{'expiresAt':null}", "permission denied: run:llms" },
	{ "a", "{'expiresAt':'2090-01-01T00:00:00Z'}", NULL },
	{ "a", "{'scope':[]}", NULL },
};

Test(rbac_permit, a_token_is_narrowed_by_its_editor_and_widened_by_who_holds_what_it_gives)
{
	struct error err;

	for (size_t i = 0; i < sizeof(widenings) / sizeof(widenings[0]); i++) {
		const struct widening *w = &widenings[i];
		struct caller c = grant("{'role':'edit','resource':'mcptokens'},"
		    "{'role':'edit','resource':'users'}");
		enum rc rc;

		fixture_make(&f, &kind_rbac, "{'name':'b','subjects':[{'kind':'User','name':'bob'}],"
		    "'roleBindings':[{'role':'run','resource':'llms'}]}");
		fixture_make(&f, &kind_mcptoken, "{'name':'b','user':'bob','expiresAt':"
		    "'2100-01-01T00:00:00Z','scope':[{'role':'run','resource':'llms','name':'x'},"
		    "{'role':'run','resource':'llms','name':'y'}]}");
		fixture_make(&f, &kind_mcptoken,
		    "{'name':'a','user':'alice','expiresAt':'2100-01-01T00:00:00Z'}");
		fixture_make(&f, &kind_rbac, "{'name':'a','subjects':[{'kind':'McpToken','name':'a'}],"
		    "'roleBindings':[{'role':'run','resource':'llms'}]}");
		c = fixture_caller(&f, "alice", NULL);
		rc = fixture_put(&f, &c, &kind_mcptoken, w->token, w->body, &err);
		cr_expect_eq(rc, w->refusal == NULL ? RC_OK : RC_FORBIDDEN, "%s %s: %s", w->token,
		    w->body, rc == RC_OK ? "done" : err.msg);
		if (w->refusal != NULL && rc != RC_OK)
			cr_expect_str_eq(err.msg, w->refusal, "%s %s: %s", w->token, w->body, err.msg);
		close_f();
		open_f();
	}
}

/* a binding that is exchanged for another one, and whether that takes rights away and gives none */
static const struct exchange {
	const char *before, *after;
	bool less;
} exchanges[] = {
	{ "'role':'edit','resource':'llms'", "'role':'view','resource':'llms'", true },
	{ "'role':'edit','resource':'llms'", "'role':'view','resource':'llms','name':'x'", true },
	{ "'role':'edit','resource':'*'", "'role':'delete','resource':'users'", true },
	{ "'role':'edit','resource':'*','name':'x'", "'role':'edit','resource':'llms','name':'x'",
	    true },
	{ "'role':'run','resource':'llms'", "'role':'run','resource':'llms','name':'x'", true },
	{ "'role':'expose','resource':'llms'", "'role':'view','resource':'llms'", true },
	{ "'role':'view','resource':'llms'", "'role':'edit','resource':'llms'", false },
	{ "'role':'view','resource':'llms','name':'x'", "'role':'view','resource':'llms'", false },
	{ "'role':'view','resource':'llms','name':'x'", "'role':'view','resource':'llms','name':'y'",
	    false },
	{ "'role':'edit','resource':'llms'", "'role':'run','resource':'llms'", false },
	{ "'role':'edit','resource':'llms'", "'role':'expose','resource':'llms'", false },
	{ "'role':'view','resource':'llms'", "'role':'view','resource':'secrets'", false },
	{ "'role':'view','resource':'llms'", "'role':'view','resource':'*'", false },
	{ "'role':'run','resource':'*'", "'role':'run','action':'migrate-secrets'", false },
	{ "'role':'run','action':'migrate-secrets'", "'role':'run','resource':'llms'", false },
};

Test(rbac_permit, what_takes_rights_away_is_permitted_to_who_holds_none_of_them)
{
	struct error err = { RC_OK, "" };
	char text[512];

	for (size_t i = 0; i < sizeof(exchanges) / sizeof(exchanges[0]); i++) {
		const struct exchange *x = &exchanges[i];
		enum rc rc = x->less ? RC_OK : RC_FORBIDDEN;
		struct caller c;

		snprintf(text, sizeof(text), "{'name':'d','subjects':[{'kind':'User','name':'bob'}],"
		    "'roleBindings':[{%s}]}", x->before);
		fixture_make(&f, &kind_rbac, text);
		snprintf(text, sizeof(text), "{'name':'t','user':'root','scope':[{%s}]}", x->before);
		fixture_make(&f, &kind_mcptoken, text);
		c = grant("{'role':'edit','resource':'rbac'},{'role':'edit','resource':'mcptokens'}");
		snprintf(text, sizeof(text), "{'roleBindings':[{%s}]}", x->after);
		cr_expect_eq(fixture_put(&f, &c, &kind_rbac, "d", text, &err), rc, "%s", text);
		snprintf(text, sizeof(text), "{'scope':[{%s}]}", x->after);
		cr_expect_eq(fixture_put(&f, &c, &kind_mcptoken, "t", text, &err), rc, "%s", text);
		close_f();
		open_f();
	}
}

Test(rbac_permit, a_token_of_somebody_else_is_widened_with_edit_on_its_user)
{
	struct error err = { RC_OK, "" };
	struct caller c;

	fixture_make(&f, &kind_mcptoken,
	    "{'name':'b','user':'bob','expiresAt':'2100-01-01T00:00:00Z'}");
	fixture_make(&f, &kind_mcptoken,
	    "{'name':'r','user':'root','scope':[{'role':'view','resource':'llms'}]}");
	c = grant("{'role':'edit','resource':'mcptokens'},{'role':'view','resource':'secrets'},"
	    "{'role':'edit','resource':'users','name':'bob'}");
	cr_expect_eq(fixture_put(&f, &c, &kind_mcptoken, "b", "{'expiresAt':null}", &err), RC_OK,
	    "%s", err.msg);
	cr_expect_eq(fixture_put(&f, &c, &kind_mcptoken, "r",
	    "{'scope':[{'role':'view','resource':'secrets'}]}", &err), RC_FORBIDDEN);
	cr_expect_str_eq(err.msg, "permission denied: edit:users:root");
}

Test(rbac_permit, a_token_ends_at_its_time_for_a_request_that_has_begun_too)
{
	struct error err = { RC_OK, "" };
	struct caller c, now;
	int64_t end_ms;

	grant("{'role':'edit','resource':'llms'}");
	fixture_make(&f, &kind_mcptoken,
	    "{'name':'t','user':'alice','expiresAt':'2100-01-01T00:00:00Z'}");
	c = fixture_caller(&f, "alice", "t");
	end_ms = c.token->expires_ms;
	cr_expect_eq(rbac_caller(f.table, &c, end_ms - 1, &now, &err), RC_OK, "%s", err.msg);
	cr_expect_eq(now.token, c.token);
	cr_expect_eq(rbac_caller(f.table, &c, end_ms, &now, &err), RC_UNAUTHENTICATED);
	cr_expect_str_eq(err.msg, "the token has expired");
}

Test(rbac_permit, what_was_taken_back_while_a_request_waited_counts)
{
	const struct table *begun;
	struct caller c, gone;
	struct error err;

	grant("{'role':'edit','resource':'*'}");
	fixture_make(&f, &kind_mcptoken, "{'name':'t','user':'alice'}");
	fixture_make(&f, &kind_mcptoken, "{'name':'u','user':'bob'}");
	c = fixture_caller(&f, "alice", "t");
	begun = table_ref(f.table);	/* as a request holds the one that it began with */
	gone = c;
	gone.user = (const void *)table_by_name(f.table, &kind_user, "bob");
	gone.token = NULL;
	cr_expect_eq(fixture_try(&f, &c, &kind_user, "{'name':'one'}", &err), RC_OK, "%s", err.msg);
	cr_assert_eq(fixture_put(&f, &f.admin, &kind_mcptoken, "t", "{'revoked':true}", &err), RC_OK);
	cr_expect_eq(fixture_try(&f, &c, &kind_user, "{'name':'two'}", &err), RC_UNAUTHENTICATED);
	cr_expect_str_eq(err.msg, "the token is revoked");
	cr_expect_eq(fixture_put(&f, &c, &kind_user, "one", "{'description':'d'}", &err),
	    RC_UNAUTHENTICATED);
	cr_expect_eq(catalogue_delete(&f.svc, &c, &kind_user, "one", 0, &err), RC_UNAUTHENTICATED);
	cr_assert_eq(catalogue_delete(&f.svc, &f.admin, &kind_mcptoken, "u", 0, &err), RC_OK);
	cr_assert_eq(catalogue_delete(&f.svc, &f.admin, &kind_user, "bob", 0, &err), RC_OK);
	cr_expect_eq(catalogue_delete(&f.svc, &gone, &kind_user, "one", 0, &err),
	    RC_UNAUTHENTICATED);
	cr_expect_str_eq(err.msg, "the user does not exist any more");
	table_unref(begun);
}
