/* test_store_race.c - threads and processes that read and change one catalogue at the same time */
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/relay.h"
#include "tests/unit/trial.h"

#define THREADS		4
#define ROUNDS		25
#define PROCESSES	4

/* plan_count - read, add one, write: lost where two plan on the same revision */
static enum rc
plan_count(struct batch *b, void *arg, struct error *err)
{
	const struct record *old = table_by_name(batch_table(b), &kind_llm, "counter"), *out;
	struct json_object *body = json_object_new_object();
	struct faults faults = FAULTS_INIT;
	char text[32];
	enum rc rc;

	(void)arg;
	snprintf(text, sizeof(text), "%ld",
	    strtol(((const struct llm *)old)->description, NULL, 10) + 1);
	json_object_object_add(body, "description", json_object_new_string(text));
	rc = batch_update(b, old, body, &faults, &out, err);
	json_object_put(body);
	return rc;
}

/* count_up - one writer; NULL when all its changes were acknowledged. Busy is an answer on a slow
   machine, and means that nothing was done */
static void *
count_up(void *store)
{
	struct error err;
	enum rc rc;

	for (int i = 0; i < ROUNDS; i++) {
		do
			rc = store_change(store, plan_count, NULL, &err);
		while (rc == RC_BUSY);
		if (rc != RC_OK)
			return store;
	}
	return NULL;
}

/* check_counter - every change is in it */
static void
check_counter(struct trial *t, int64_t changes)
{
	const struct llm *l = (const struct llm *)trial_get(t, &kind_llm, "counter");

	cr_expect_eq(strtol(l->description, NULL, 10), changes, "%s", l->description);
	cr_expect_eq(l->r.version, changes + 1);
}

/* run_threads - all at once */
static void
run_threads(struct store *const *stores)
{
	pthread_t threads[THREADS];
	void *failed;

	for (int i = 0; i < THREADS; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, count_up, stores[i]), 0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &failed);
		cr_expect_null(failed);
	}
}

#define COUNTER "{'name':'counter','type':'openai','model':'m','description':'0'}"

Test(store_race, threads_of_one_process_lose_no_update)
{
	struct store *stores[THREADS];
	struct trial t;

	trial_open(&t);
	trial_create(&t, &kind_llm, COUNTER);
	for (int i = 0; i < THREADS; i++)
		stores[i] = t.store;
	run_threads(stores);
	check_counter(&t, THREADS * ROUNDS);
	trial_close(&t);
}

Test(store_race, stores_that_share_only_the_engine_lose_no_update)
{
	struct kv *shared = kv_mem_new(NULL);
	struct store_opts opts = { .key_file = "/nowhere" };
	struct store *stores[THREADS];
	struct trial t;

	trial_open_on(&t, &relay_new(shared, false)->kv);
	trial_create(&t, &kind_llm, COUNTER);
	for (int i = 0; i < THREADS; i++)
		stores[i] = store_on(&relay_new(shared, false)->kv, &opts);
	run_threads(stores);
	check_counter(&t, THREADS * ROUNDS);
	for (int i = 0; i < THREADS; i++)
		store_close(stores[i]);
	trial_close(&t);
	kv_close(shared);
}

/* open_bdb - a trial over a new Berkeley DB store in the trial's directory */
static void
open_bdb(struct trial *t, char dir[96])
{
	char parent[64] = "/tmp/mcpd-unit.XXXXXX";
	struct error err;
	struct kv *kv;

	cr_assert_not_null(mkdtemp(parent));
	snprintf(dir, 96, "%s/state", parent);
	cr_assert_eq(kv_bdb_create(dir, NULL, NULL, &err), RC_OK, "%s", err.msg);
	cr_assert_eq(kv_bdb_open(dir, NULL, &kv, &err), RC_OK, "%s", err.msg);
	trial_open_on(t, kv);
}

/* close_bdb - leave nothing */
static void
close_bdb(struct trial *t, char dir[96])
{
	trial_close(t);
	remove_tree(dir);
	*strrchr(dir, '/') = '\0';
	rmdir(dir);
}

/* in_child - run one writer on a store of its own when the pipe closes; its exit status counts */
static pid_t
in_child(const char *dir, const int gate[2], int (*work)(struct store *s, int i), int i)
{
	struct store_opts opts = { .key_file = "/nowhere" };
	struct store *s;
	struct error err;
	pid_t pid;
	char c;

	fflush(NULL);
	pid = fork();
	if (pid != 0)
		return pid;
	close(gate[1]);
	if (store_open(dir, &opts, &s, &err) != RC_OK || read(gate[0], &c, 1) != 0)
		_exit(100);
	_exit(work(s, i));
}

/* run_children - how many exited with 0, and with 1 */
static void
run_children(const char *dir, int (*work)(struct store *s, int i), int counts[2])
{
	pid_t pids[PROCESSES];
	int gate[2], status;

	cr_assert_eq(pipe(gate), 0);
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = in_child(dir, gate, work, i);
		cr_assert_gt(pids[i], 0);
	}
	close(gate[0]);
	close(gate[1]);
	counts[0] = counts[1] = 0;
	for (int i = 0; i < PROCESSES; i++) {
		cr_assert_eq(waitpid(pids[i], &status, 0), pids[i]);
		cr_assert(WIFEXITED(status) && WEXITSTATUS(status) < 2, "status %x", status);
		counts[WEXITSTATUS(status)]++;
	}
}

/* work_count - the counter, from a process */
static int
work_count(struct store *s, int i)
{
	(void)i;
	return count_up(s) == NULL ? 0 : 1;
}

/* plan_same - everybody wants the same name */
static enum rc
plan_same(struct batch *b, void *arg, struct error *err)
{
	struct json_object *body = json_object_new_object();
	struct faults faults = FAULTS_INIT;
	const struct record *out;
	enum rc rc;

	(void)arg;
	json_object_object_add(body, "name", json_object_new_string("same"));
	rc = batch_create(b, &kind_user, body, NULL, NULL, &faults, &out, err);
	json_object_put(body);
	return rc;
}

/* work_same - 0: won, 1: the name was taken */
static int
work_same(struct store *s, int i)
{
	struct error err;
	enum rc rc = store_change(s, plan_same, NULL, &err);

	(void)i;
	if (rc == RC_OK)
		return 0;
	return rc == RC_CONFLICT && strcmp(err.msg, "User already exists: same") == 0 ? 1 : 99;
}

/* plan_delete_same - for the next round */
static enum rc
plan_delete_same(struct batch *b, void *arg, struct error *err)
{
	(void)arg;
	return batch_delete(b, table_by_name(batch_table(b), &kind_user, "same"), err);
}

Test(store_race, of_processes_that_create_the_same_name_exactly_one_wins)
{
	struct trial t;
	char dir[96];
	int counts[2];

	open_bdb(&t, dir);
	for (int round = 0; round < 10; round++) {
		run_children(dir, work_same, counts);
		cr_expect_eq(counts[0], 1);
		cr_expect_eq(counts[1], PROCESSES - 1);
		cr_expect_eq(trial_get(&t, &kind_user, "same")->version, 1, "seen at once");
		cr_assert_eq(store_change(t.store, plan_delete_same, NULL, NULL), RC_OK);
	}
	close_bdb(&t, dir);
}

Test(store_race, processes_lose_no_update)
{
	struct trial t;
	char dir[96];
	int counts[2];

	open_bdb(&t, dir);
	trial_create(&t, &kind_llm, COUNTER);
	run_children(dir, work_count, counts);
	cr_expect_eq(counts[0], PROCESSES);
	check_counter(&t, PROCESSES * ROUNDS);
	close_bdb(&t, dir);
}

/* create_same - one thread of the race; NULL: won */
static void *
create_same(void *store)
{
	return work_same(store, 0) == 0 ? NULL : store;
}

Test(store_race, of_threads_that_create_the_same_name_exactly_one_wins)
{
	pthread_t threads[THREADS];
	struct trial t;
	void *lost;

	trial_open(&t);
	for (int round = 0; round < 20; round++) {
		int wins = 0;

		for (int i = 0; i < THREADS; i++)
			cr_assert_eq(pthread_create(&threads[i], NULL, create_same, t.store), 0);
		for (int i = 0; i < THREADS; i++) {
			pthread_join(threads[i], &lost);
			wins += lost == NULL;
		}
		cr_expect_eq(wins, 1);
		cr_assert_eq(store_change(t.store, plan_delete_same, NULL, NULL), RC_OK);
	}
	trial_close(&t);
}

struct watch {
	struct store	*store;
	atomic_bool	 stop;
	atomic_long	 seen;		/* tables looked at */
	atomic_bool	 torn;
};

/* description - of a user */
static const char *
description(const struct table *table, const char *name)
{
	return ((const struct user *)table_by_name(table, &kind_user, name))->description;
}

/* watch_pair - two users that are always changed together must never differ */
static void *
watch_pair(void *arg)
{
	struct watch *w = arg;
	const struct table *table;

	while (!w->stop) {
		if (store_table(w->store, &table, NULL) != RC_OK)
			continue;
		if (strcmp(description(table, "a"), description(table, "b")) != 0)
			w->torn = true;
		w->seen++;
		table_unref(table);
	}
	return NULL;
}

/* plan_pair - both in one change */
static enum rc
plan_pair(struct batch *b, void *arg, struct error *err)
{
	static const char *const names[] = { "a", "b" };
	struct faults faults = FAULTS_INIT;
	const struct record *out;
	enum rc rc = RC_OK;

	for (int i = 0; i < 2 && rc == RC_OK; i++)
		rc = batch_update(b, table_by_name(batch_table(b), &kind_user, names[i]), arg,
		    &faults, &out, err);
	return rc;
}

Test(store_race, readers_never_see_half_a_change)
{
	struct watch w = { .store = NULL };
	pthread_t threads[2];
	struct trial t;

	trial_open(&t);
	trial_create(&t, &kind_user, "{'name':'a'}");
	trial_create(&t, &kind_user, "{'name':'b'}");
	w.store = t.store;
	for (int i = 0; i < 2; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, watch_pair, &w), 0);
	for (int i = 0; i < 200; i++) {
		char text[64];
		struct json_object *body;

		snprintf(text, sizeof(text), "{'description':'%d'}", i);
		body = trial_json(text);
		cr_assert_eq(store_change(t.store, plan_pair, body, NULL), RC_OK);
		json_object_put(body);
	}
	while (w.seen < 100)
		sched_yield();
	w.stop = true;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	cr_expect_not(w.torn);
	trial_close(&t);
}
