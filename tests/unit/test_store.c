/* test_store.c - one reader and one writer of a catalogue, and an engine that fails */
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/relay.h"
#include "tests/unit/trial.h"

/* open_relay - a trial over a relay, whose counters begin at 0 */
static struct relay *
open_relay(struct trial *t)
{
	struct relay *r = relay_new(kv_mem_new(NULL), true);

	trial_open_on(t, &r->kv);
	trial_look(t);
	r->txns = r->ranges = 0;
	return r;
}

Test(store, an_unchanged_catalogue_is_read_once)
{
	const struct table *one, *two;
	struct trial t;
	struct relay *r = open_relay(&t);

	cr_assert_eq(store_table(t.store, &one, NULL), RC_OK);
	cr_assert_eq(store_table(t.store, &two, NULL), RC_OK);
	cr_expect_eq(one, two);
	cr_expect_eq(r->ranges, 0);
	table_unref(one);
	table_unref(two);
	trial_close(&t);
}

/* expect_user - the newest table has this one */
static void
expect_user(struct trial *t, const char *name)
{
	const struct table *table;

	cr_assert_eq(store_table(t->store, &table, NULL), RC_OK);
	cr_expect_not_null(table_by_name(table, &kind_user, name), "%s was not seen", name);
	table_unref(table);
}

Test(store, a_generation_that_is_wiped_twice_hides_nothing)
{
	struct trial t;
	struct relay *r = open_relay(&t);
	const struct store_opts opts = { .key_file = t.key_file };
	struct store *other = store_on(r->inner, &opts);	/* another process */
	struct trial o = { .store = other };

	r->wiped = true;
	cr_expect_str_eq(trial_create(&o, &kind_user, "{'name':'alice'}"), "ok");
	expect_user(&t, "alice");	/* it has seen generation 0 now */
	/* a change, told while this one did not look, and the page is wiped again */
	cr_expect_str_eq(trial_create(&o, &kind_user, "{'name':'bob'}"), "ok");
	expect_user(&t, "bob");
	r->owns = false;
	trial_close(&t);
	table_unref(o.table);
	store_close(other);
}

Test(store, a_table_in_use_outlives_changes_and_the_store)
{
	const struct table *held;
	struct trial t;

	trial_open(&t);
	trial_create(&t, &kind_user, "{'name':'al'}");
	cr_assert_eq(store_table(t.store, &held, NULL), RC_OK);
	trial_delete(&t, &kind_user, "al");
	cr_expect_null(table_by_name(trial_look(&t), &kind_user, "al"));
	trial_close(&t);
	cr_expect_str_eq(table_by_name(held, &kind_user, "al")->name, "al");
	table_unref(held);
}

Test(store, readers_keep_the_old_table_when_the_new_one_can_not_be_read)
{
	const struct table *old;
	struct trial t;
	struct relay *r = open_relay(&t);

	overtake(r->inner);
	r->range_rc = RC_CORRUPT;
	old = t.table;
	cr_expect_eq(trial_look(&t), old);
	cr_expect_not_null(strstr(trial_create(&t, &kind_user, "{'name':'al'}"), "corrupt: "),
	    "a writer must not plan on it");
	r->range_rc = RC_OK;
	cr_expect_neq(trial_look(&t), old);
	trial_close(&t);
}

Test(store, without_any_table_the_reason_is_given)
{
	struct relay *r = relay_new(kv_mem_new(NULL), true);
	struct store_opts opts = { .key_file = "/nowhere" };
	struct store *s = store_on(&r->kv, &opts);
	const struct table *table;
	struct error err;

	r->range_rc = RC_UNAVAILABLE;
	cr_expect_eq(store_table(s, &table, &err), RC_UNAVAILABLE);
	cr_expect_str_eq(err.msg, "as the test wants");
	store_close(s);
}

Test(store, a_plan_that_changes_nothing_writes_nothing)
{
	struct trial t;
	struct relay *r = open_relay(&t);

	trial_create(&t, &kind_user, "{'name':'al'}");
	cr_expect_eq(r->txns, 1);
	cr_expect_str_eq(trial_update(&t, &kind_user, "al", "{'description':''}"), "ok");
	cr_expect_eq(r->txns, 1);
	trial_close(&t);
}

Test(store, a_change_that_was_overtaken_is_planned_again)
{
	struct trial t;
	struct relay *r = open_relay(&t);

	r->overtakes = 3;
	cr_expect_str_eq(trial_create(&t, &kind_user, "{'name':'al'}"), "ok");
	cr_expect_eq(r->txns, 4);
	cr_expect_not_null(table_by_name(trial_look(&t), &kind_user, "al"));
	trial_close(&t);
}

Test(store, an_unknown_end_is_repeated_under_the_same_name)
{
	struct trial t;
	struct relay *r = open_relay(&t);

	r->unknown = 1;
	cr_expect_str_eq(trial_create(&t, &kind_user, "{'name':'al'}"), "ok");
	cr_expect_eq(r->txns, 2);
	cr_expect_str_eq(r->op_ids[0], r->op_ids[1]);
	cr_expect_eq(((const struct user *)trial_get(&t, &kind_user, "al"))->r.version, 1);
	r->txns = 0;
	r->unknown = 1;
	r->repeat_rc = RC_BUSY;
	cr_expect_str_eq(trial_create(&t, &kind_user, "{'name':'bo'}"),
	    "unknown: stored, not yet visible");
	trial_close(&t);
}

/* plan_many - six users */
static enum rc
plan_many(struct batch *b, void *arg, struct error *err)
{
	int *n = arg;
	enum rc rc = RC_OK;

	for (int i = 0; i < *n && rc == RC_OK; i++) {
		struct json_object *body = json_object_new_object();
		struct faults faults = FAULTS_INIT;
		const struct record *out;
		char name[16];

		snprintf(name, sizeof(name), "u%d", i);
		json_object_object_add(body, "name", json_object_new_string(name));
		rc = batch_create(b, &kind_user, body, NULL, NULL, &faults, &out, err);
		json_object_put(body);
	}
	return rc;
}

Test(store, more_objects_than_the_engine_takes_are_refused_before_anything_is_written)
{
	struct trial t;
	struct relay *r = open_relay(&t);
	struct error err;
	int n = 5;

	cr_expect_eq(store_change(t.store, plan_many, &n, &err), RC_TOO_LARGE);
	cr_expect_str_eq(err.msg, "too many objects for one transaction: 5, at most 4");
	cr_expect_eq(r->txns, 0);
	n = 4;
	cr_expect_eq(store_change(t.store, plan_many, &n, &err), RC_OK);
	cr_expect_eq(table_count(trial_look(&t), &kind_user), 4);
	trial_close(&t);
}

Test(store, a_rehearsal_says_what_a_change_would_and_writes_nothing)
{
	struct trial t;
	struct relay *r = open_relay(&t);
	struct error err;
	int n = 5;

	cr_expect_eq(store_rehearse(t.store, plan_many, &n, &err), RC_TOO_LARGE);
	cr_expect_str_eq(err.msg, "too many objects for one transaction: 5, at most 4");
	n = 4;
	cr_expect_eq(store_rehearse(t.store, plan_many, &n, &err), RC_OK);
	cr_expect_eq(r->txns, 0);
	cr_expect_eq(table_count(trial_look(&t), &kind_user), 0);
	trial_close(&t);
}

/* note_commit - which transaction it was */
static void
note_commit(void *arg, const char *op_id)
{
	snprintf(arg, KV_OP_ID_MAX, "%s", op_id);
}

/* plan_noted - a user, by a transaction that is noted */
static enum rc
plan_noted(struct batch *b, void *arg, struct error *err)
{
	int one = 1;

	batch_at_commit(b, note_commit, arg);
	return plan_many(b, &one, err);
}

Test(store, whether_a_change_was_made_can_be_asked_later)
{
	char op_id[KV_OP_ID_MAX] = "";
	struct error err;
	struct trial t;

	open_relay(&t);
	cr_expect_eq(store_rehearse(t.store, plan_noted, op_id, &err), RC_OK);
	cr_expect_str_eq(op_id, "", "nothing is about to be committed");
	cr_expect_eq(store_change(t.store, plan_noted, op_id, &err), RC_OK);
	cr_expect_str_neq(op_id, "");
	cr_expect_eq(store_made(t.store, op_id, &err), RC_OK, "%s", err.msg);
	cr_expect_eq(store_made(t.store, "another", &err), RC_NOT_FOUND, "%s", err.msg);
	trial_close(&t);
}
