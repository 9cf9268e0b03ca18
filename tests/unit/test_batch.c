/* test_batch.c - several changes as one */
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "base/jsonx.h"
#include "store/batch.h"
#include "tests/unit/trial.h"

static struct trial t;
static struct batch *b;

static void
setup(void)
{
	trial_open(&t);
	trial_create(&t, &kind_user, "{'name':'al'}");
	trial_create(&t, &kind_user, "{'name':'bo'}");
	b = batch_new(trial_look(&t), store_keyring(t.store), true);
}

static void
teardown(void)
{
	batch_free(b);
	trial_close(&t);
}

TestSuite(batch, .init = setup, .fini = teardown);

/* create - in the batch */
static enum rc
create(const struct kind *k, const char *text, const struct record **out, struct error *err)
{
	struct json_object *body = trial_json(text);
	struct faults faults = FAULTS_INIT;
	enum rc rc = batch_create(b, k, body, NULL, NULL, &faults, out, err);

	faults_release(&faults);
	json_object_put(body);
	return rc;
}

/* update - in the batch */
static enum rc
update(const struct record *old, const char *text, const struct record **out, struct error *err)
{
	struct json_object *body = trial_json(text);
	struct faults faults = FAULTS_INIT;
	enum rc rc = batch_update(b, old, body, &faults, out, err);

	faults_release(&faults);
	json_object_put(body);
	return rc;
}

/* ops - "+user/cy -user/al", without the mark */
static const char *
ops(void)
{
	static char text[512];
	const struct kv_op *v;
	size_t n = batch_ops(b, &v), len = 0;

	text[0] = '\0';
	for (size_t i = 0; i + 1 < n; i++) {
		len = strlen(text);
		snprintf(text + len, sizeof(text) - len, "%s%c%s", i > 0 ? " " : "",
		    v[i].type == KV_PUT ? '+' : '-', v[i].key);
	}
	if (n > 0)
		cr_expect_str_eq(v[n - 1].key, CATALOGUE_CHANGE);
	return text;
}

Test(batch, without_a_change_there_is_nothing_to_write)
{
	const struct kv_op *v;

	cr_expect_eq(batch_ops(b, &v), 0);
}

Test(batch, writes_what_differs_in_the_end)
{
	const struct record *cy, *dee, *out, *al = table_by_name(t.table, &kind_user, "al");
	struct error err;

	cr_assert_eq(create(&kind_user, "{'name':'cy'}", &cy, &err), RC_OK);
	cr_assert_eq(create(&kind_user, "{'name':'dee'}", &dee, &err), RC_OK);
	cr_assert_eq(update(cy, "{'description':'x'}", &out, &err), RC_OK);
	cr_expect_str_eq(cy->name, "cy", "what a plan was given stays");
	cr_expect_eq(out->version, 2);
	cr_assert_eq(batch_delete(b, dee, &err), RC_OK);
	cr_assert_eq(batch_delete(b, al, &err), RC_OK);
	cr_expect_str_eq(ops(), "-user/al +user/cy");
}

Test(batch, later_changes_see_earlier_ones)
{
	const struct record *out;
	struct error err;

	cr_assert_eq(create(&kind_secret, "{'name':'s','data':{'k':'v'}}", &out, &err), RC_OK);
	cr_assert_eq(create(&kind_llm, "{'name':'a','type':'openai','model':'m',"
	    "'apiKeyRef':{'name':'s','key':'k'}}", &out, &err), RC_OK, "%s", err.msg);
	cr_expect_eq(create(&kind_llm, "{'name':'a','type':'openai','model':'m'}", &out, &err),
	    RC_CONFLICT);
	cr_expect_str_eq(ops(), "+secret/s +llm/a");
	cr_expect_null(table_by_name(t.table, &kind_llm, "a"));
	cr_expect_not_null(table_by_name(batch_table(b), &kind_llm, "a"));
}

Test(batch, a_change_that_fails_leaves_no_trace)
{
	const struct record *out = NULL, *al = table_by_name(t.table, &kind_user, "al");
	struct error err;

	cr_expect_eq(create(&kind_user, "{'name':'cy','x':1}", &out, &err), RC_INVALID);
	cr_expect_str_eq(err.msg, "invalid user");
	cr_expect_eq(create(&kind_user, "{'name':'al'}", &out, &err), RC_CONFLICT);
	cr_expect_eq(update(al, "{'name':'x'}", &out, &err), RC_INVALID);
	cr_expect_null(out);
	cr_expect_str_eq(ops(), "");
}

Test(batch, new_records_have_id_version_and_times)
{
	const struct record *one, *two;
	struct error err;

	create(&kind_user, "{'name':'cy'}", &one, &err);
	create(&kind_user, "{'name':'dee'}", &two, &err);
	cr_expect(random_is_id(one->id));
	cr_expect_str_neq(one->id, two->id);
	cr_expect_eq(one->version, 1);
	cr_expect_gt(one->created_ms, 0);
	cr_expect_eq(one->created_ms, one->updated_ms);
}

struct asked {
	char	text[256];
	enum rc	answer;
};

/* ask - note what is asked */
static enum rc
ask(void *arg, const struct table *table, const struct record *old, const struct record *new,
    struct error *err)
{
	struct asked *a = arg;
	size_t len = strlen(a->text);

	cr_expect_eq(table, batch_table(b));
	snprintf(a->text + len, sizeof(a->text) - len, "%s>%s ", old != NULL ? old->name : "",
	    new != NULL ? new->name : "");
	return a->answer == RC_OK ? RC_OK : error_set(err, a->answer, "no");
}

Test(batch, nothing_is_done_without_permission_and_no_consequence_needs_one)
{
	const struct record *out, *al = table_by_name(t.table, &kind_user, "al");
	struct asked a = { "", RC_OK };
	struct error err;

	create(&kind_secret, "{'name':'s','data':{'k':'v'}}", &out, &err);
	create(&kind_llm, "{'name':'a','type':'openai','model':'m',"
	    "'apiKeyRef':{'name':'s','key':'k'}}", &out, &err);
	batch_permit_by(b, ask, &a);
	cr_expect_eq(create(&kind_user, "{'name':'cy'}", &out, &err), RC_OK);
	cr_expect_eq(update(al, "{'description':'x'}", &out, &err), RC_OK);
	cr_expect_eq(update(out, "{'description':'x'}", &out, &err), RC_OK);
	cr_expect_eq(batch_delete(b, table_by_name(batch_table(b), &kind_secret, "s"), &err),
	    RC_OK);
	cr_expect_str_eq(a.text, ">cy al>al s> ");
	cr_expect_null(((const struct llm *)table_by_name(batch_table(b), &kind_llm,
	    "a"))->key_secret_id);
	a.answer = RC_FORBIDDEN;
	cr_expect_eq(create(&kind_user, "{'name':'dee'}", &out, &err), RC_FORBIDDEN);
	cr_expect_eq(update(al, "{'description':'y'}", &out, &err), RC_FORBIDDEN);
	cr_expect_eq(batch_delete(b, table_by_name(batch_table(b), &kind_user, "bo"), &err),
	    RC_FORBIDDEN);
	cr_expect_str_eq(ops(), "+llm/a +user/al +user/cy");
}

Test(batch, faults_of_many_bodies_can_be_collected)
{
	struct json_object *one = trial_json("{'name':'A b'}"), *two = trial_json("{'x':1}");
	struct faults faults = FAULTS_INIT;
	const struct record *out;

	cr_expect_eq(batch_create(b, &kind_user, one, NULL, NULL, &faults, &out, NULL), RC_INVALID);
	cr_expect_eq(batch_create(b, &kind_user, two, NULL, NULL, &faults, &out, NULL), RC_INVALID);
	cr_expect_eq(faults.total, 3);
	json_object_put(one);
	json_object_put(two);
	one = trial_json("{'name':'fine'}");
	cr_expect_eq(batch_create(b, &kind_user, one, NULL, NULL, &faults, &out, NULL), RC_OK,
	    "a body does not pay for the one before");
	json_object_put(one);
	faults_release(&faults);
}

Test(batch, only_some_users_are_named_in_a_conflict)
{
	struct error err;

	batch_free(b);
	for (int i = 0; i < 11; i++) {
		char body[64], sha[65];

		snprintf(body, sizeof(body), "{'name':'k%02d','user':'al'}", i);
		snprintf(sha, sizeof(sha), "%064x", i);
		trial_token(&t, body, sha);
	}
	b = batch_new(trial_look(&t), store_keyring(t.store), true);
	cr_expect_eq(batch_delete(b, table_by_name(t.table, &kind_user, "al"), &err), RC_CONFLICT);
	cr_expect_str_eq(err.msg,
	    "User in use: al (McpToken k00, k01, k02, k03, k04, k05, k06, k07 and 3 more)");
}

/* odd - a batch_sees: names that end so */
static bool
odd(void *arg, const struct table *table, const struct record *r)
{
	cr_expect_eq(arg, &t);
	cr_expect_eq(table, batch_table(b));
	return (r->name[strlen(r->name) - 1] & 1) != 0;
}

Test(batch, a_conflict_counts_what_may_not_be_seen)
{
	struct error err;

	batch_free(b);
	for (int i = 0; i < 4; i++) {
		char body[64], sha[65];

		snprintf(body, sizeof(body), "{'name':'k%02d','user':'%s'}", i, i < 3 ? "al" : "bo");
		snprintf(sha, sizeof(sha), "%064x", i);
		trial_token(&t, body, sha);
	}
	trial_create(&t, &kind_rbac, "{'name':'r2','subjects':[{'kind':'User','name':'al'},"
	    "{'kind':'User','name':'bo'}],'roleBindings':[{'role':'run','resource':'llms'}]}");
	b = batch_new(trial_look(&t), store_keyring(t.store), true);
	batch_permit_by(b, NULL, &t);
	batch_seen_by(b, odd);
	cr_expect_eq(batch_delete(b, table_by_name(t.table, &kind_user, "al"), &err), RC_CONFLICT);
	cr_expect_str_eq(err.msg, "User in use: al (McpToken k01 and 2 more; 1 Rbac)");
	cr_expect_eq(batch_delete(b, table_by_name(t.table, &kind_user, "bo"), &err), RC_CONFLICT);
	cr_expect_str_eq(err.msg, "User in use: bo (McpToken k03; 1 Rbac)");
}
