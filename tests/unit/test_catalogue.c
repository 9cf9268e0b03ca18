/* test_catalogue.c - JSON in, JSON out, permission first */
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <string.h>

#include "base/digest.h"
#include "base/jsonx.h"
#include "tests/unit/fixture.h"

static struct fixture f;

static void
open_f(void)
{
	fixture_open(&f);
	fixture_make(&f, &kind_user, "{'name':'alice'}");
	fixture_make(&f, &kind_llm, "{'name':'a','type':'openai','model':'m','tier':'heavy'}");
	fixture_make(&f, &kind_llm, "{'name':'b','type':'vllm','model':'m'}");
}

static void
close_f(void)
{
	fixture_close(&f);
}

TestSuite(catalogue, .init = open_f, .fini = close_f);

Test(catalogue, lists_by_name_and_filters)
{
	struct catalogue_filter heavy = { .tier = "heavy" }, vllm = { .type = "vllm" };
	struct json_object *out;
	struct error err;

	fixture_look(&f);
	cr_assert_eq(catalogue_list(&f.svc, f.table, &f.admin, &kind_llm, NULL, &out, &err), RC_OK);
	cr_expect_eq(json_object_array_length(out), 2);
	cr_expect_str_eq(jsonx_str(json_object_array_get_idx(out, 0), "name", ""), "a");
	json_object_put(out);
	cr_assert_eq(catalogue_list(&f.svc, f.table, &f.admin, &kind_llm, &heavy, &out, &err), RC_OK);
	cr_expect_eq(json_object_array_length(out), 1);
	json_object_put(out);
	cr_assert_eq(catalogue_list(&f.svc, f.table, &f.admin, &kind_llm, &vllm, &out, &err), RC_OK);
	cr_expect_str_eq(jsonx_str(json_object_array_get_idx(out, 0), "name", ""), "b");
	json_object_put(out);
}

Test(catalogue, shows_what_may_be_seen_and_refuses_who_may_see_nothing)
{
	struct caller c = fixture_caller(&f, "alice", NULL);
	struct json_object *out;
	struct error err;

	cr_expect_eq(catalogue_list(&f.svc, f.table, &c, &kind_llm, NULL, &out, &err), RC_FORBIDDEN);
	fixture_make(&f, &kind_rbac, "{'name':'g','subjects':[{'kind':'User','name':'alice'}],"
	    "'roleBindings':[{'role':'view','resource':'llms','name':'b'}]}");
	c = fixture_caller(&f, "alice", NULL);
	cr_assert_eq(catalogue_list(&f.svc, f.table, &c, &kind_llm, NULL, &out, &err), RC_OK);
	cr_expect_eq(json_object_array_length(out), 1);
	json_object_put(out);
}

Test(catalogue, permission_comes_before_existence)
{
	struct caller c = fixture_caller(&f, "alice", NULL);
	struct json_object *out;
	struct error err;

	cr_expect_eq(catalogue_get(&f.svc, f.table, &c, &kind_llm, "nope", &out, &err), RC_FORBIDDEN);
	cr_expect_str_eq(err.msg, "permission denied: view:llms:nope");
	cr_expect_eq(catalogue_get(&f.svc, f.table, &c, &kind_llm, "a", &out, &err), RC_FORBIDDEN);
	cr_expect_eq(catalogue_get(&f.svc, f.table, &f.admin, &kind_llm, "nope", &out, &err),
	    RC_NOT_FOUND);
	cr_expect_str_eq(err.msg, "Llm not found: nope");
}

Test(catalogue, an_id_is_judged_by_the_objects_name_and_a_refusal_does_not_tell_it)
{
	char id[ID_SIZE], words[128];
	struct json_object *out = NULL;
	struct error err;
	struct caller c;

	fixture_make(&f, &kind_rbac, "{'name':'g','subjects':[{'kind':'User','name':'alice'}],"
	    "'roleBindings':[{'role':'view','resource':'llms','name':'b'}]}");
	c = fixture_caller(&f, "alice", NULL);
	memcpy(id, table_by_name(f.table, &kind_llm, "a")->id, sizeof(id));
	cr_expect_eq(catalogue_get(&f.svc, f.table, &c, &kind_llm, id, &out, &err), RC_FORBIDDEN);
	snprintf(words, sizeof(words), "permission denied: view:llms:%s", id);
	cr_expect_str_eq(err.msg, words);
	memcpy(id, table_by_name(f.table, &kind_llm, "b")->id, sizeof(id));
	cr_assert_eq(catalogue_get(&f.svc, f.table, &c, &kind_llm, id, &out, &err), RC_OK);
	cr_expect_str_eq(jsonx_str(out, "name", ""), "b");
	json_object_put(out);
}

/* as: a role, and which of the three changes of the user bob it is enough for */
static const struct changer {
	const char *role;
	bool create, update, delete;
} changers[] = {
	{ "view", false, false, false },
	{ "create", true, false, false },
	{ "delete", false, false, true },
	{ "edit", true, true, true },
	{ "run", false, false, false },
	{ "expose", false, false, false },
};

/* judged - did it end as it should */
static void
judged(enum rc rc, bool may, const struct changer *w, const char *what, const struct error *err)
{
	char words[64];

	snprintf(words, sizeof(words), "permission denied: %s:users:bob", what);
	cr_expect_eq(rc, may ? RC_OK : RC_FORBIDDEN, "%s by %s: %s", what, w->role, err->msg);
	if (!may)
		cr_expect_str_eq(err->msg, words);
}

Test(catalogue, a_change_is_judged_when_it_is_made_whatever_the_dispatcher_has_found)
{
	for (size_t i = 0; i < sizeof(changers) / sizeof(changers[0]); i++) {
		const struct changer *w = &changers[i];
		struct error err = { RC_OK, "" };
		struct caller c;
		char text[256];

		close_f();
		open_f();
		snprintf(text, sizeof(text), "{'name':'g','subjects':[{'kind':'User','name':'alice'}],"
		    "'roleBindings':[{'role':'%s','resource':'users','name':'bob'}]}", w->role);
		fixture_make(&f, &kind_rbac, text);
		c = fixture_caller(&f, "alice", NULL);
		judged(fixture_try(&f, &c, &kind_user, "{'name':'bob'}", &err), w->create, w,
		    "create", &err);
		if (!w->create)
			fixture_make(&f, &kind_user, "{'name':'bob'}");
		judged(fixture_put(&f, &c, &kind_user, "bob", "{'description':'d'}", &err),
		    w->update, w, "edit", &err);
		judged(catalogue_delete(&f.svc, &c, &kind_user, "bob", 0, &err), w->delete, w,
		    "delete", &err);
	}
}

Test(catalogue, if_match_is_the_version)
{
	struct faults faults = FAULTS_INIT;
	struct json_object *body = json_object_new_object(), *out = NULL;
	struct error err;

	jsonx_put_str(body, "model", "m2");
	cr_expect_eq(catalogue_update(&f.svc, &f.admin, &kind_llm, "a", body, 7, &faults, &out,
	    &err), RC_PRECONDITION);
	cr_assert_eq(catalogue_update(&f.svc, &f.admin, &kind_llm, "a", body, 1, &faults, &out,
	    &err), RC_OK);
	cr_expect_eq(jsonx_int(out, "version", 0), 2);
	json_object_put(out);
	cr_assert_eq(catalogue_update(&f.svc, &f.admin, &kind_llm, "a", body, -1, &faults, &out,
	    &err), RC_OK);
	cr_expect_eq(jsonx_int(out, "version", 0), 2, "nothing changed");
	json_object_put(out);
	json_object_put(body);
	cr_expect_eq(catalogue_delete(&f.svc, &f.admin, &kind_llm, "a", 1, &err),
	    RC_PRECONDITION);
	cr_expect_eq(catalogue_delete(&f.svc, &f.admin, &kind_llm, "a", 2, &err), RC_OK);
}

Test(catalogue, a_token_is_shown_once_and_found_by_its_digest)
{
	struct faults faults = FAULTS_INIT;
	struct json_object *body = json_object_new_object(), *out = NULL, *again;
	const struct mcptoken *t;
	char sha[SHA256_HEX];
	struct error err;
	const char *token;

	jsonx_put_str(body, "name", "t");
	jsonx_put_str(body, "user", "alice");
	cr_assert_eq(catalogue_create(&f.svc, &f.admin, &kind_mcptoken, body, &faults, &out,
	    &err), RC_OK, "%s", err.msg);
	token = jsonx_str(out, "token", "");
	cr_expect(random_is_token(token));
	sha256_hex(token, strlen(token), sha);
	t = table_token(fixture_look(&f), sha);
	cr_assert_not_null(t);
	cr_expect_str_eq(t->r.name, "t");
	cr_assert_eq(catalogue_get(&f.svc, f.table, &f.admin, &kind_mcptoken, "t", &again, &err),
	    RC_OK);
	cr_expect_not(jsonx_has(again, "token"));
	cr_expect_str_eq(jsonx_str(again, "tokenSha", ""), sha);
	json_object_put(again);
	json_object_put(out);
	json_object_put(body);
}

Test(catalogue, names_the_llms_that_use_a_secret)
{
	char *names;

	fixture_make(&f, &kind_secret, "{'name':'s','data':{'k':'v'}}");
	fixture_make(&f, &kind_llm, "{'name':'c','type':'openai','model':'m',"
	    "'apiKeyRef':{'name':'s','key':'k'}}");
	fixture_make(&f, &kind_llm, "{'name':'d','type':'openai','model':'m','extraConfig':"
	    "{'headers':{'api-key':'secret://s/k'}}}");
	fixture_look(&f);
	names = catalogue_users(f.table, table_by_name(f.table, &kind_secret, "s"));
	cr_expect_str_eq(names, "c, d");
	free(names);
}
