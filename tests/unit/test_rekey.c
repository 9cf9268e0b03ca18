/* test_rekey.c - every sealed value under a new key, and nothing else changed */
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "service/rekey.h"
#include "tests/unit/fixture.h"

#define MANY (2 * REKEY_BATCH + 7)	/* secrets: three transactions */

static struct fixture f;

static void
setup(void)
{
	char text[64];

	fixture_open(&f);
	for (int i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "{'name':'s%d','data':{'k':'v%d'}}", i, i);
		fixture_make(&f, &kind_secret, text);
	}
}

static void
teardown(void)
{
	fixture_close(&f);
}

TestSuite(rekey, .init = setup, .fini = teardown, .timeout = 60);

/* run - rekey, and its facts */
static struct rekey
run(void)
{
	struct rekey r = { .each = NULL };
	struct error err = { .msg = "" };

	cr_assert_eq(rekey_run(&f.svc, &f.admin, &r, &err), RC_OK, "%s", err.msg);
	return r;
}

/* under - secrets whose value is sealed with that key, each of which must open to its value */
static int
under(uint32_t key_id)
{
	const struct table *t = fixture_look(&f);
	int n = 0;

	for (int i = 0; i < MANY; i++) {
		char name[16], value[16], *clear;
		const struct secret *s;
		struct error err = { .msg = "" };

		snprintf(name, sizeof(name), "s%d", i);
		snprintf(value, sizeof(value), "v%d", i);
		s = (const void *)table_by_name(t, &kind_secret, name);
		n += seal_key_id(s->values[0].stored) == key_id;
		cr_assert_eq(secret_open(s, table_store_id(t), store_keyring(f.svc.store), "k",
		    &clear, &err), RC_OK, "%s: %s", name, err.msg);
		cr_expect_str_eq(clear, value);
		cr_expect_eq(s->r.version, 1, "%s looks changed", name);
		mem_free_wiped(clear);
	}
	return n;
}

/* keep_lines - rewrite the key file with only its last n lines */
static void
keep_lines(int n)
{
	char path[96], lines[8][80];
	FILE *file;
	int count = 0;

	snprintf(path, sizeof(path), "%s/key", f.dir);
	file = fopen(path, "r");
	while (count < 8 && fgets(lines[count], sizeof(lines[0]), file) != NULL)
		count++;
	fclose(file);
	file = fopen(path, "w");
	for (int i = count - n; i < count; i++)
		fputs(lines[i], file);
	fclose(file);
}

Test(rekey, seals_everything_with_a_new_key_and_the_old_one_can_go)
{
	struct rekey r = run();

	cr_expect(r.added);
	cr_expect_eq(r.key_id, 2);
	cr_expect_eq(r.done, MANY);
	cr_expect_eq(r.total, MANY);
	keep_lines(1);
	cr_expect_eq(keyring_check(store_keyring(f.svc.store), NULL), RC_OK);
	cr_expect_eq(under(2), MANY);
}

Test(rekey, goes_on_where_one_before_it_was_killed)
{
	uint32_t id;
	struct error err = { .msg = "" };
	struct rekey r;

	/* half-done, as a kill between two transactions leaves it: a new key, some under it */
	cr_assert_eq(keyring_rotate(store_keyring(f.svc.store), 1, &id, &err), RC_OK, "%s",
	    err.msg);
	cr_expect_eq(id, 2);
	for (int i = 0; i < 50; i++) {
		char name[16], body[64];

		snprintf(name, sizeof(name), "s%d", i);
		snprintf(body, sizeof(body), "{'data':{'k':'x'}}");
		cr_assert_eq(fixture_put(&f, &f.admin, &kind_secret, name, body, &err), RC_OK);
		snprintf(body, sizeof(body), "{'data':{'k':'v%d'}}", i);
		cr_assert_eq(fixture_put(&f, &f.admin, &kind_secret, name, body, &err), RC_OK);
	}
	r = run();
	cr_expect_not(r.added, "the key of before is used");
	cr_expect_eq(r.key_id, 2);
	cr_expect_eq(r.done, MANY - 50);
}

Test(rekey, each_time_it_is_asked_for_with_nothing_waiting_is_a_new_key)
{
	run();
	cr_expect_eq(run().key_id, 3);
	cr_expect_eq(under(3), MANY);
}

Test(rekey, a_value_that_does_not_open_ends_it_with_its_name_and_what_was_done_stays)
{
	struct rekey r = { .each = NULL };
	struct error err = { .msg = "" };
	char path[96];
	FILE *file;

	snprintf(path, sizeof(path), "%s/key", f.dir);
	file = fopen(path, "w");	/* the old key is lost */
	fputs("9 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n", file);
	fclose(file);
	cr_assert_eq(keyring_check(store_keyring(f.svc.store), NULL), RC_OK);
	cr_expect_eq(rekey_run(&f.svc, &f.admin, &r, &err), RC_NOT_FOUND);
	cr_expect_not_null(strstr(err.msg, "secret 's0'"), "%s", err.msg);
	cr_expect_not_null(strstr(err.msg, "key id 1 is not in"), "%s", err.msg);
	cr_expect_eq(r.done, 0);
}

Test(rekey, a_rotation_that_another_one_was_faster_with_adds_no_second_key)
{
	struct keyring *k = store_keyring(f.svc.store);
	struct error err;
	uint32_t id;

	cr_assert_eq(keyring_rotate(k, 1, &id, &err), RC_OK);
	cr_expect_eq(id, 2);
	cr_assert_eq(keyring_rotate(k, 1, &id, &err), RC_OK);
	cr_expect_eq(id, 2);
	cr_assert_eq(keyring_active_id(k, &id, &err), RC_OK);
	cr_expect_eq(id, 2);
}

Test(rekey, a_key_file_keeps_its_mode)
{
	struct keyring *k = store_keyring(f.svc.store);
	struct error err;
	struct stat st;
	uint32_t id;

	cr_assert_eq(chmod(keyring_path(k), 0400), 0);
	cr_assert_eq(keyring_rotate(k, 1, &id, &err), RC_OK, "%s", err.msg);
	cr_assert_eq(stat(keyring_path(k), &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0400, "%04o", st.st_mode & 07777u);
}

struct race {				/* a change that is planned while a rekey runs */
	struct fixture	*f;
	bool		 run;
};

/* plan_secret - seal a value, then let the rekey of another process come in between */
static enum rc
plan_secret(struct batch *b, void *arg, struct error *err)
{
	struct json_object *body = json_tokener_parse("{\"name\":\"late\",\"data\":{\"k\":\"v\"}}");
	struct race *race = arg;
	struct faults faults = FAULTS_INIT;
	const struct record *made;
	struct rekey r = { .each = NULL };
	enum rc rc;

	rc = batch_create(b, &kind_secret, body, NULL, NULL, &faults, &made, err);
	json_object_put(body);
	faults_release(&faults);
	if (rc == RC_OK && !race->run) {
		race->run = true;
		rc = rekey_run(&race->f->svc, &race->f->admin, &r, err);
		cr_expect_eq(r.done, 0, "there was nothing to seal anew");
	}
	return rc;
}

Test(rekey, a_change_that_was_sealed_before_it_and_comes_after_it_is_sealed_again, .init = NULL)
{
	struct fixture empty;
	struct race race = { .f = &empty };
	const struct secret *s;
	struct store_opts opts = { .key_file = NULL };
	struct error err = { .msg = "" };
	struct store *other;

	fixture_open(&empty);
	opts.key_file = keyring_path(store_keyring(empty.svc.store));
	other = store_on(store_kv(empty.svc.store), &opts);	/* as another process would */
	cr_assert_eq(store_change(other, plan_secret, &race, &err), RC_OK, "%s", err.msg);
	s = (const void *)table_by_name(fixture_look(&empty), &kind_secret, "late");
	cr_expect_eq(seal_key_id(s->values[0].stored), 2);
	fixture_close(&empty);
}
