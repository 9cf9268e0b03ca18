/* test_kv_bdb.c - what can happen to a store's files, and what the engine makes of it */
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/support/tmpdir.h"
#include "tests/unit/kv_fixture.h"

TestSuite(kv_bdb, .init = state_set_up, .fini = state_tear_down);

Test(kv_bdb, is_created_once_and_whole)
{
	struct error err;
	struct kv *kv;

	make();
	cr_expect_eq(kv_bdb_create(dir, NULL, NULL, &err), RC_CONFLICT, "%s", err.msg);
	kv = open_store();
	expect_items(kv, 0, 1);
	cr_expect_eq(strlen(kv_store_id(kv)), KV_STORE_ID - 1);
	cr_expect_eq(strspn(kv_store_id(kv), "0123456789abcdef"), KV_STORE_ID - 1);
	kv_close(kv);
}

Test(kv_bdb, a_store_id_that_is_given_must_be_one)
{
	cr_expect_eq(kv_bdb_create(dir, "0123", NULL, NULL), RC_INVALID);
	cr_expect_eq(kv_bdb_create(dir, "0123456789ABCDEF0123456789abcdef", NULL, NULL), RC_INVALID);
	cr_expect_neq(access(dir, F_OK), 0);
}

/* the damages a snapshot can take */
static void
snapshot_deleted(void)
{
	cr_assert_eq(unlink(in_dir("snapshot")), 0);
}

static void
snapshot_truncated(void)
{
	cr_assert_eq(truncate(in_dir("snapshot"), 150), 0);
}

static void
snapshot_emptied(void)
{
	cr_assert_eq(truncate(in_dir("snapshot"), 0), 0);
}

static void
snapshot_flipped(void)
{
	write_file("snapshot", 160, "\377", 1);
}

static void
snapshot_of_another_store(void)
{
	char *other = x_asprintf("%s/other", top), *theirs = x_asprintf("%s/snapshot", other);

	cr_assert_eq(kv_bdb_create(other, NULL, NULL, NULL), RC_OK);
	cr_assert_eq(rename(theirs, in_dir("snapshot")), 0);
	free(theirs);
	tmpdir_remove(other);
}

static void
generation_deleted(void)
{
	unlink(in_dir("gen"));		/* a reader does not need it and leaves it missing */
}

static void
generation_zeroed(void)
{
	static const char zeroes[4096];

	write_file("gen", 0, zeroes, sizeof(zeroes));
}

static void
lock_deleted(void)
{
	unlink(in_dir(".lock"));
}

static void
modes_loosened(void)
{
	static const char *const names[] = { "cat.db", "gen", "snapshot", ".lock",
	    "log.0000000001" };

	for (size_t i = 0; i < COUNT(names); i++)
		cr_assert_eq(chmod(in_dir(names[i]), 0644), 0);
}

static void
stray_files(void)
{
	write_file("__db.001", 0, "stray", 5);
	write_file("snapshot.tmp", 0, "half", 4);
}

static void (*const damages[])(void) = {
	snapshot_deleted, snapshot_truncated, snapshot_emptied, snapshot_flipped,
	snapshot_of_another_store, generation_deleted, generation_zeroed, lock_deleted, stray_files,
	modes_loosened,
};

Test(kv_bdb, damage_is_mended_for_a_reader_a_writer_and_an_opener)
{
	struct kv *kv, *again;

	for (size_t i = 0; i < COUNT(damages); i++) {
		make();
		kv = open_store();
		put(kv, "a");
		put(kv, "b");
		damages[i]();
		expect_items(kv, 2, 3);
		damages[i]();
		put(kv, "c");
		expect_items(kv, 3, 4);
		damages[i]();
		again = open_store();
		cr_expect_str_eq(kv_store_id(again), kv_store_id(kv));
		expect_items(again, 3, 4);
		put(again, "d");
		expect_items(kv, 4, 5);
		kv_close(again);
		kv_close(kv);
		state_tear_down();
		state_set_up();
	}
}

Test(kv_bdb, a_generation_that_was_wiped_never_comes_back_to_a_number_seen)
{
	uint64_t seen, wiped;
	struct kv *kv;

	make();
	kv = open_store();
	seen = kv_generation(kv);
	generation_zeroed();
	cr_expect_neq(kv_generation(kv), seen);
	wiped = kv_generation(kv);
	for (int i = 0; i < 5; i++) {
		put(kv, "a");
		cr_expect_neq(kv_generation(kv), wiped);
		cr_expect_neq(kv_generation(kv), seen);
	}
	generation_zeroed();
	put(kv, "a");
	seen = kv_generation(kv);
	generation_zeroed();
	put(kv, "a");
	cr_expect_neq(kv_generation(kv), seen, "each start is another");
	kv_close(kv);
}

Test(kv_bdb, a_generation_file_that_is_missing_is_followed_where_it_is_made_again)
{
	struct kv *writer, *reader;
	uint64_t seen;

	make();
	writer = open_store();
	generation_deleted();
	put(writer, "a");
	reader = open_store();
	seen = kv_generation(reader);
	cr_expect_eq(kv_generation(writer), seen, "the writer looks at the new file too");
	put(writer, "b");
	cr_expect_neq(kv_generation(reader), seen);
	kv_close(reader);
	kv_close(writer);
}

/* stale_publish - as a writer leaves it that died between its commit and the rename */
static void
stale_publish(struct kv *kv)
{
	char *old = x_asprintf("%s/old", top);

	cr_assert_eq(link(in_dir("snapshot"), old), 0);
	put(kv, "b");
	cr_assert_eq(rename(old, in_dir("snapshot")), 0);
	free(old);
}

Test(kv_bdb, a_change_that_was_committed_but_not_published_is_published_by_the_next_writer)
{
	struct kv_compare wrong = { "a", 99 };
	struct kv_txn txn = { .compares = &wrong, .ncompares = 1, .deadline_ms = INT64_MAX };
	uint64_t seen;
	struct kv *kv;

	make();
	kv = open_store();
	put(kv, "a");
	stale_publish(kv);
	expect_items(kv, 1, 2);
	seen = kv_generation(kv);
	cr_expect_eq(kv_txn(kv, &txn, NULL, NULL), RC_STALE, "even one that changes nothing");
	cr_expect_neq(kv_generation(kv), seen);
	expect_items(kv, 2, 3);
	kv_close(kv);
}

Test(kv_bdb, a_writer_that_died_before_the_generation_is_made_up_for)
{
	struct kv_txn nothing = { .deadline_ms = INT64_MAX };
	uint64_t seen, page[2];
	struct kv *kv;

	make();
	kv = open_store();
	put(kv, "a");
	seen = kv_generation(kv);
	page[0] = seen;
	page[1] = 1;			/* the revision that readers were last told of */
	write_file("gen", 0, page, sizeof(page));
	cr_expect_eq(kv_txn(kv, &nothing, NULL, NULL), RC_OK);
	cr_expect_neq(kv_generation(kv), seen, "a reader may have slept through the rename");
	seen = kv_generation(kv);
	cr_expect_eq(kv_txn(kv, &nothing, NULL, NULL), RC_OK);
	cr_expect_eq(kv_generation(kv), seen, "once is enough");
	kv_close(kv);
}

Test(kv_bdb, an_op_id_is_remembered_by_the_store_not_by_the_process)
{
	struct kv_op op = { KV_PUT, "a", "1", 1 };
	struct kv_txn txn = { .ops = &op, .nops = 1, .op_id = "once", .deadline_ms = INT64_MAX };
	uint64_t rev = 0;
	struct kv *kv;

	make();
	kv = open_store();
	cr_assert_eq(kv_txn(kv, &txn, &rev, NULL), RC_OK);
	put(kv, "b");
	kv_close(kv);
	kv = open_store();
	cr_expect_eq(kv_txn(kv, &txn, &rev, NULL), RC_OK);
	cr_expect_eq(rev, 2);
	expect_items(kv, 2, 3);
	kv_close(kv);
}

/* put_over - a file of the other store, under the same name in ours */
static void
put_over(const char *from, const char *name)
{
	char *path = x_asprintf("%s/%s", from, name);

	cr_assert_eq(rename(path, in_dir(name)), 0);
	free(path);
}

Test(kv_bdb, a_database_of_another_store_is_damage_for_writers_and_nothing_to_readers)
{
	char *ours = dir, *other = x_asprintf("%s/other", top);
	struct error err;
	struct kv *kv;

	make();
	kv = open_store();
	put(kv, "a");
	dir = other;
	make();
	dir = ours;
	put_over(other, "cat.db");
	put_over(other, "log.0000000001");
	for (int i = 0; i < 2; i++) {
		cr_expect_eq(put_within(kv, "b", WAIT_MS, &err), RC_CORRUPT);
		cr_expect_not_null(strstr(err.msg, "of another store"), "%s", err.msg);
		expect_items(kv, 1, 2);
		kv_close(kv);
		kv = open_store();
	}
	kv_close(kv);
	free(other);
}

Test(kv_bdb, a_lock_held_by_another_is_busy_for_writers_and_nothing_to_readers)
{
	struct error err;
	int64_t began;
	struct kv *kv;
	int fd;

	make();
	kv = open_store();
	put(kv, "a");
	fd = open(in_dir(".lock"), O_RDWR | O_CLOEXEC);
	cr_assert_eq(flock(fd, LOCK_EX), 0);
	began = clock_mono_ms();
	cr_expect_eq(put_within(kv, "b", 100, &err), RC_BUSY);
	cr_expect_geq(clock_mono_ms() - began, 100, "not before the deadline");
	cr_expect_neq(strstr(err.msg, "locked by process"), NULL, "%s", err.msg);
	cr_expect_eq(put_within(kv, "b", -1, NULL), RC_BUSY, "a deadline in the past");
	expect_items(kv, 1, 2);
	snapshot_deleted();
	cr_expect_eq(kv_range(kv, "", &(struct kv_items){ .n = 0 }, &err), RC_BUSY);
	/* within a second of a try that failed; more than one, for a machine that takes that long */
	for (int i = 0; i < 20 && strstr(err.msg, "tried a moment ago") == NULL; i++)
		cr_expect_neq(kv_range(kv, "", &(struct kv_items){ .n = 0 }, &err), RC_OK);
	cr_expect_eq(err.rc, RC_UNAVAILABLE);
	cr_expect_neq(strstr(err.msg, "tried a moment ago"), NULL,
	    "each reader waits for the lock: %s", err.msg);
	cr_expect_eq(put_within(kv, "b", 0, NULL), RC_BUSY);
	close(fd);
	put(kv, "b");
	expect_items(kv, 2, 3);
	kv_close(kv);
}

static struct kv *inherited;		/* opened before the fork */

/* write_inherited - through the handle of the parent */
static int
write_inherited(void)
{
	return put_within(inherited, "child", WAIT_MS, NULL);
}

Test(kv_bdb, is_opened_before_fork_and_used_on_both_sides)
{
	uint64_t seen;

	make();
	inherited = open_store();
	seen = kv_generation(inherited);
	cr_expect_eq(child(write_inherited), RC_OK);
	cr_expect_neq(kv_generation(inherited), seen);
	expect_items(inherited, 1, 2);
	put(inherited, "parent");
	expect_items(inherited, 2, 3);
	kv_close(inherited);
}

Test(kv_bdb, a_database_that_went_away_is_not_made_anew)
{
	struct error err;
	struct kv *kv;

	make();
	kv = open_store();
	put(kv, "a");
	cr_assert_eq(unlink(in_dir("cat.db")), 0);
	cr_expect_neq(put_within(kv, "b", WAIT_MS, &err), RC_OK);
	expect_items(kv, 1, 2);
	kv_close(kv);
}

/* copy - a whole file */
static void
copy(const char *from, const char *to)
{
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT, 0600);
	char block[4096];
	ssize_t n;

	cr_assert(in >= 0 && out >= 0);
	while ((n = read(in, block, sizeof(block))) > 0)
		cr_assert_eq(write(out, block, (size_t)n), n);
	close(in);
	close(out);
}

/* keep_aside - a copy of the database files in top, or back in place from there */
static void
keep_aside(int back)
{
	static const char *const names[] = { "cat.db", "log.0000000001" };
	char *aside;

	for (size_t i = 0; i < COUNT(names); i++) {
		aside = x_asprintf("%s/%s", top, names[i]);
		if (back)
			cr_assert_eq(rename(aside, in_dir(names[i])), 0);
		else
			copy(in_dir(names[i]), aside);
		free(aside);
	}
}

Test(kv_bdb, a_database_older_than_what_was_acknowledged_is_refused)
{
	struct error err;
	struct kv *kv;

	make();
	kv = open_store();
	put(kv, "a");
	keep_aside(0);
	put(kv, "b");
	keep_aside(1);
	cr_expect_eq(put_within(kv, "c", WAIT_MS, &err), RC_CORRUPT);
	cr_expect_neq(strstr(err.msg, "was acknowledged"), NULL, "%s", err.msg);
	cr_expect_neq(strstr(err.msg, "mcpctl doctor says"), NULL, "%s", err.msg);
	cr_expect_eq(kv_bdb_create(dir, NULL, NULL, &err), RC_CORRUPT, "a restore begins so");
	cr_expect_neq(strstr(err.msg, "mcpctl doctor says"), NULL, "%s", err.msg);
	expect_items(kv, 2, 3);
	snapshot_deleted();
	put(kv, "c");
	expect_items(kv, 2, 3);
	kv_close(kv);
}

Test(kv_bdb, many_small_changes_leave_a_small_directory)
{
	off_t total = 0;
	struct dirent *e;
	struct stat st;
	struct kv *kv;
	char key[16];
	DIR *d;

	make();
	kv = open_store();
	for (int i = 0; i < 500; i++) {
		snprintf(key, sizeof(key), "k/%d", i % 300);
		put(kv, key);
	}
	kv_close(kv);
	d = opendir(dir);
	while ((e = readdir(d)) != NULL)
		if (fstatat(dirfd(d), e->d_name, &st, 0) == 0 && S_ISREG(st.st_mode))
			total += st.st_size;
	closedir(d);
	cr_expect_lt(total, 1500 << 10, "%jd bytes", (intmax_t)total);
}

Test(kv_bdb, a_database_whose_log_was_taken_away_is_not_called_whole)
{
	struct error err = { .msg = "" };
	struct kv *kv;

	make();
	kv = open_store();
	put(kv, "a");
	cr_expect_eq(kv_verify(kv, &err), RC_OK, "%s", err.msg);
	cr_assert_eq(unlink(in_dir("log.0000000001")), 0);
	cr_expect_eq(kv_verify(kv, &err), RC_CORRUPT, "no change is possible: %s", err.msg);
	cr_expect_eq(put_within(kv, "b", WAIT_MS, &err), RC_CORRUPT);
	cr_expect_neq(strstr(err.msg, "mcpctl doctor says"), NULL, "%s", err.msg);
	expect_items(kv, 1, 2);
	kv_close(kv);
}
