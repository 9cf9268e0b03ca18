/* test_lastused.c - when tokens were used, on a file that processes share */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/random.h"
#include "store/lastused.h"
#include "tests/unit/trial.h"

#define NOW_MS	INT64_C(1900000000123)
#define FILE_BYTES (4096 + LASTUSED_SLOTS * 8)

static struct trial t;
static struct lastused *l;

static void
setup(void)
{
	struct error err;

	trial_open(&t);
	trial_look(&t);
	cr_assert_eq(lastused_open(t.dir, &l, &err), RC_OK, "%s", err.msg);
}

static void
teardown(void)
{
	lastused_close(l);
	trial_close(&t);
}

TestSuite(lastused, .init = setup, .fini = teardown);

Test(lastused, a_token_was_never_used_until_it_is)
{
	char one[ID_SIZE], other[ID_SIZE];

	random_id(one);
	random_id(other);
	cr_expect_eq(lastused_at(l, one), 0);
	lastused_touch(l, t.table, one, NOW_MS);
	cr_expect_eq(lastused_at(l, one), NOW_MS / 1000 * 1000);
	cr_expect_eq(lastused_at(l, other), 0);
	lastused_touch(l, t.table, one, NOW_MS + 5000);
	cr_expect_eq(lastused_at(l, one), NOW_MS / 1000 * 1000 + 5000);
}

Test(lastused, without_a_file_nothing_is_noted)
{
	lastused_touch(NULL, t.table, "c012345678901234567890123", NOW_MS);
	cr_expect_eq(lastused_at(NULL, "c012345678901234567890123"), 0);
}

Test(lastused, other_processes_and_the_next_start_see_it)
{
	struct lastused *again;
	char one[ID_SIZE];
	struct error err;
	int status;
	pid_t pid;

	random_id(one);
	if ((pid = fork()) == 0) {
		cr_assert_eq(lastused_open(t.dir, &again, &err), RC_OK);
		lastused_touch(again, t.table, one, NOW_MS);
		_exit(0);		/* without a word, as if it were killed */
	}
	cr_assert(waitpid(pid, &status, 0) == pid && status == 0);
	cr_expect_eq(lastused_at(l, one), NOW_MS / 1000 * 1000);
	cr_assert_eq(lastused_open(t.dir, &again, &err), RC_OK);
	cr_expect_eq(lastused_at(again, one), NOW_MS / 1000 * 1000);
	lastused_close(again);
}

Test(lastused, the_file_is_private_and_allocated_as_a_whole)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/lastused", t.dir);
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0600);
	cr_expect_eq(st.st_size, FILE_BYTES);
	cr_expect_geq(st.st_blocks * 512, FILE_BYTES);
}

Test(lastused, a_disk_that_is_full_is_an_error_and_no_signal)
{
	struct rlimit small = { 4096, 4096 };
	struct lastused *again = NULL;
	char path[128];
	struct error err;
	enum rc rc;

	snprintf(path, sizeof(path), "%s/lastused", t.dir);
	cr_assert_eq(unlink(path), 0);
	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	rc = lastused_open(t.dir, &again, &err);
	cr_expect_neq(rc, RC_OK);
	cr_expect_not_null(strstr(err.msg, "lastused"), "%s", err.msg);
	lastused_touch(again, t.table, "c012345678901234567890123", NOW_MS);
}

Test(lastused, a_file_that_is_cut_short_loses_times_and_no_process)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/lastused", t.dir);
	lastused_touch(l, t.table, "c012345678901234567890123", NOW_MS);
	cr_assert_eq(truncate(path, 8), 0);
	cr_expect_eq(lastused_at(l, "c012345678901234567890123"), 0);
	lastused_touch(l, t.table, "c012345678901234567890123", NOW_MS);
	cr_expect_eq(lastused_at(l, "c012345678901234567890123"), NOW_MS / 1000 * 1000);
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_size, FILE_BYTES);
}

Test(lastused, a_foreign_file_is_left_alone)
{
	static const char foreign[] = "something else";
	struct lastused *again;
	char path[128], seen[sizeof(foreign)];
	struct error err;
	int fd;

	snprintf(path, sizeof(path), "%s/lastused", t.dir);
	cr_assert_eq(unlink(path), 0);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	cr_assert_eq(write(fd, foreign, sizeof(foreign)), sizeof(foreign));
	cr_expect_eq(lastused_open(t.dir, &again, &err), RC_CORRUPT);
	cr_expect_not_null(strstr(err.msg, "is not a file of mcpd: remove it"), "%s", err.msg);
	cr_assert_eq(pread(fd, seen, sizeof(seen), 0), sizeof(seen));
	cr_expect_str_eq(seen, foreign);
	close(fd);
}

/* fill - with tokens that are no more, until every window is full */
static void
fill(void)
{
	char id[ID_SIZE];

	for (int i = 0; i < LASTUSED_SLOTS * 4; i++) {
		random_id(id);
		lastused_touch(l, t.table, id, NOW_MS);
	}
}

Test(lastused, slots_of_deleted_tokens_are_taken_over)
{
	char sha[65], body[64];
	const char *id;

	trial_create(&t, &kind_user, "{'name':'al'}");
	for (int i = 0; i < 20; i++) {
		snprintf(sha, sizeof(sha), "%064x", i);
		snprintf(body, sizeof(body), "{'name':'t%d','user':'al'}", i);
		cr_assert_str_eq(trial_token(&t, body, sha), "ok");
	}
	trial_look(&t);
	for (size_t i = 0; i < 10; i++)
		lastused_touch(l, t.table, table_at(t.table, &kind_mcptoken, i)->id, NOW_MS + 9000);
	fill();
	for (size_t i = 10; i < 20; i++) {
		id = table_at(t.table, &kind_mcptoken, i)->id;
		cr_expect_eq(lastused_at(l, id), 0);
		lastused_touch(l, t.table, id, NOW_MS + 9000);
	}
	for (size_t i = 0; i < 20; i++)		/* and the living keep theirs */
		cr_expect_eq(lastused_at(l, table_at(t.table, &kind_mcptoken, i)->id),
		    NOW_MS / 1000 * 1000 + 9000, "token %zu", i);
}
