/* test_migrate.c - who may move secrets, at the moment each of them is moved */
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <string.h>

#include "base/jsonx.h"
#include "service/migrate.h"
#include "service/move.h"
#include "service/secret_cache.h"
#include "tests/unit/fixture.h"

static struct fixture f;
static const struct table *begun;	/* as a request holds the one that it began with */
static struct caller alice;

static void
setup(void)
{
	fixture_open(&f);
	f.svc.secrets = secret_cache_new();
	fixture_make(&f, &kind_secretbackend, "{'name':'clear','type':'plaintext'}");
	fixture_make(&f, &kind_secret, "{'name':'one','data':{'k':'v'}}");
	fixture_make(&f, &kind_secret, "{'name':'two','data':{'k':'w'}}");
	fixture_make(&f, &kind_user, "{'name':'alice'}");
	fixture_make(&f, &kind_mcptoken, "{'name':'t','user':'alice'}");
	fixture_make(&f, &kind_rbac, "{'name':'m','subjects':[{'kind':'User','name':'alice'}],"
	    "'roleBindings':[{'role':'run','action':'migrate-secrets'}]}");
	fixture_make(&f, &kind_rbac, "{'name':'e','subjects':[{'kind':'User','name':'alice'}],"
	    "'roleBindings':[{'role':'edit','resource':'secrets','name':'one'}]}");
	alice = fixture_caller(&f, "alice", "t");
	begun = table_ref(f.table);
}

static void
teardown(void)
{
	table_unref(begun);
	fixture_close(&f);
}

TestSuite(migrate, .init = setup, .fini = teardown);

/* migrate - to the backend clear, those in names (a JSON list) or all; the code, *moved is how many */
static enum rc
migrate(const struct caller *c, const char *names, size_t *moved, struct error *err)
{
	struct json_object *body = json_object_new_object(), *out = NULL;
	struct faults faults = FAULTS_INIT;
	enum rc rc;

	jsonx_put_str(body, "from", "sealed");
	jsonx_put_str(body, "to", "clear");
	if (names != NULL)
		jsonx_put(body, "names", json_tokener_parse(names));
	rc = migrate_secrets(&f.svc, c, body, &faults, &out, err);
	*moved = rc == RC_OK ? json_object_array_length(jsonx_get(out, "migrated")) : 0;
	faults_release(&faults);
	json_object_put(body);
	json_object_put(out);
	return rc;
}

/* in_clear - how many secrets the backend clear has */
static size_t
in_clear(void)
{
	const struct table *t = fixture_look(&f);
	size_t n = 0;

	for (size_t i = 0; i < table_count(t, &kind_secret); i++)
		n += ((const struct secret *)table_at(t, &kind_secret, i))->kept == KEPT_PLAINTEXT;
	return n;
}

/* step - the move of one secret by itself, as if the rest of its migration had been allowed */
static enum rc
step(const char *name, struct error *err)
{
	struct move m = { .svc = &f.svc, .caller = &alice };

	memcpy(m.from_id, table_by_name(begun, &kind_secretbackend, "sealed")->id, ID_SIZE);
	memcpy(m.to_id, table_by_name(begun, &kind_secretbackend, "clear")->id, ID_SIZE);
	return move_secret(&m, name, err);
}

Test(migrate, takes_the_operation_and_edit_on_each_or_moves_nothing)
{
	struct error err = { RC_OK, "" };
	size_t moved;

	cr_expect_eq(migrate(&alice, "[\"one\",\"two\"]", &moved, &err), RC_FORBIDDEN);
	cr_expect_str_eq(err.msg, "permission denied: edit:secrets:two");
	cr_expect_eq(migrate(&alice, "[\"none\"]", &moved, &err), RC_FORBIDDEN);
	cr_expect_str_eq(err.msg, "permission denied: edit:secrets:none");
	cr_expect_eq(migrate(&alice, NULL, &moved, &err), RC_FORBIDDEN);
	cr_expect_eq(in_clear(), 0);
	cr_expect_eq(migrate(&alice, "[\"one\"]", &moved, &err), RC_OK, "%s", err.msg);
	cr_expect_eq(moved, 1);
	cr_expect_eq(in_clear(), 1);
	cr_expect_eq(migrate(&f.admin, NULL, &moved, &err), RC_OK, "%s", err.msg);
	cr_expect_eq(in_clear(), 2);
}

Test(migrate, a_token_that_is_revoked_while_the_body_comes_in_moves_nothing)
{
	struct error err = { RC_OK, "" };
	size_t moved;

	cr_assert_eq(fixture_put(&f, &f.admin, &kind_mcptoken, "t", "{'revoked':true}", &err), RC_OK);
	cr_expect_eq(migrate(&alice, "[\"one\"]", &moved, &err), RC_UNAUTHENTICATED);
	cr_expect_str_eq(err.msg, "the token is revoked");
	cr_expect_eq(in_clear(), 0);
}

Test(migrate, each_secret_is_judged_when_its_turn_comes)
{
	struct error err = { RC_OK, "" };

	cr_expect_eq(step("two", &err), RC_FORBIDDEN);
	cr_expect_str_eq(err.msg, "permission denied: edit:secrets:two");
	cr_assert_eq(catalogue_delete(&f.svc, &f.admin, &kind_rbac, "m", 0, &err), RC_OK);
	cr_expect_eq(step("one", &err), RC_FORBIDDEN);
	cr_expect_str_eq(err.msg, "permission denied: run:migrate-secrets");
	fixture_make(&f, &kind_rbac, "{'name':'m','subjects':[{'kind':'User','name':'alice'}],"
	    "'roleBindings':[{'role':'run','action':'migrate-secrets'}]}");
	cr_assert_eq(fixture_put(&f, &f.admin, &kind_mcptoken, "t", "{'scope':[]}", &err), RC_OK);
	cr_expect_eq(step("one", &err), RC_FORBIDDEN);
	cr_assert_eq(fixture_put(&f, &f.admin, &kind_mcptoken, "t", "{'scope':null}", &err), RC_OK);
	cr_assert_eq(fixture_put(&f, &f.admin, &kind_mcptoken, "t", "{'revoked':true}", &err), RC_OK);
	cr_expect_eq(step("one", &err), RC_UNAUTHENTICATED);
	cr_expect_eq(in_clear(), 0);
}
