/* test_kv_load.c - many changes at once, many one after the other, and a log that lost its end */
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/unit/kv_fixture.h"

#define PROCESSES	3
#define THREADS		4
#define LOG		"log.0000000001"
#define CUT_MAX		4096		/* bytes that the log may lose */

TestSuite(kv_load, .init = state_set_up, .fini = state_tear_down);

/* full - the numbers of docs/STORE.md, or some that don't hold up ./check */
static int
full(int all, int few)
{
	return getenv("FULL") != NULL ? all : few;
}

/* add_one - read, add, write by compare, until nobody was faster; false: another answer than that */
static int
add_one(struct kv *kv)
{
	struct kv_items items;
	struct error err;
	char text[24];
	enum rc rc;

	do {
		if (kv_get(kv, "sum", &items, &err) != RC_OK)
			return 0;
		snprintf(text, sizeof(text), "%ld",
		    items.n > 0 ? strtol(items.v[0].val, NULL, 10) + 1 : 1);
		struct kv_compare c = { "sum", items.n > 0 ? items.v[0].mod_rev : 0 };
		struct kv_op op = { KV_PUT, "sum", text, strlen(text) };
		struct kv_txn txn = { .compares = &c, .ncompares = 1, .ops = &op, .nops = 1,
		    .deadline_ms = clock_mono_ms() + WAIT_MS };

		rc = kv_txn(kv, &txn, NULL, &err);
		kv_items_release(&items);
	} while (rc == RC_STALE);
	return rc == RC_OK;
}

/* add_rounds - one thread; NULL: all went well */
static void *
add_rounds(void *kv)
{
	for (int i = full(100, 15); i > 0; i--)
		if (!add_one(kv))
			return kv;
	return NULL;
}

/* add_in_threads - THREADS of them on one handle; the number that went well */
static int
add_in_threads(struct kv *kv)
{
	pthread_t threads[THREADS];
	void *failed;
	int good = 0;

	for (int i = 0; i < THREADS; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, add_rounds, kv), 0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &failed);
		good += failed == NULL;
	}
	return good;
}

/* expect_sum - every addition is in it */
static void
expect_sum(struct kv *kv, long sum)
{
	struct kv_items items;

	cr_assert_eq(kv_get(kv, "sum", &items, NULL), RC_OK);
	cr_assert_eq(items.n, 1);
	cr_expect_eq(strtol(items.v[0].val, NULL, 10), sum, "%s", items.v[0].val);
	kv_items_release(&items);
}

Test(kv_load, threads_that_add_to_one_key_by_compare_lose_nothing)
{
	EACH_ENGINE(p) {
		cr_expect_eq(add_in_threads(p.kv), THREADS, "%s", p.engine);
		expect_sum(p.kv, THREADS * full(100, 15));
	}
}

Test(kv_load, threads_of_several_processes_that_add_to_one_key_by_compare_lose_nothing)
{
	pid_t pids[PROCESSES];
	struct kv *kv;
	int status;

	make();
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(add_in_threads(open_store()) == THREADS ? 0 : 1);
	}
	for (int i = 0; i < PROCESSES; i++) {
		cr_assert_eq(waitpid(pids[i], &status, 0), pids[i]);
		cr_expect_eq(status, 0);
	}
	kv = open_store();
	expect_sum(kv, PROCESSES * THREADS * full(100, 15));
	kv_close(kv);
}

/* state_size - bytes of the state directory, as a disk counts them; *logs: how many log files */
static off_t
state_size(int *logs)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	struct stat st;
	off_t total = 0;

	*logs = 0;
	while ((e = readdir(d)) != NULL) {
		if (fstatat(dirfd(d), e->d_name, &st, 0) == 0 && S_ISREG(st.st_mode))
			total += st.st_size;
		*logs += strncmp(e->d_name, "log.", 4) == 0;
	}
	closedir(d);
	return total;
}

/* resident - KiB of this process */
static long
resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long pages = 0;

	cr_assert_eq(fscanf(f, "%*d %ld", &pages), 1);
	fclose(f);
	return pages * (sysconf(_SC_PAGESIZE) >> 10);
}

Test(kv_load, thousands_of_changes_leave_a_small_directory_and_a_small_process)
{
	int changes = full(10000, 1000), logs;
	static char value[272];
	char key[16];
	long before = 0;
	off_t size;
	struct kv *kv;

	make();
	kv = open_store();
	memset(value, 'v', sizeof(value));
	for (int i = 0; i < changes; i++) {
		struct kv_op op = { KV_PUT, key, value, sizeof(value) };
		struct kv_txn txn = { .ops = &op, .nops = 1, .deadline_ms = INT64_MAX };

		snprintf(key, sizeof(key), "llm/%d", i % 300);
		cr_assert_eq(kv_txn(kv, &txn, NULL, NULL), RC_OK);
		if (i == 300)
			before = resident();
	}
	size = state_size(&logs);
	fprintf(stderr, "%d changes: %jd KiB in %d log files, resident %+ld KiB\n", changes,
	    (intmax_t)size >> 10, logs, resident() - before);
	cr_expect_lt(size, 1500 << 10, "%jd bytes", (intmax_t)size);
	cr_expect_leq(logs, 2);
#ifndef __SANITIZE_ADDRESS__			/* it keeps what is freed */
	cr_expect_lt(resident() - before, 1024, "KiB more than after the first 300");
#endif
	expect_items(kv, 300, (uint64_t)changes + 1);
	kv_close(kv);
}

/* slurp - a file of the state directory, or NULL; spit - its inverse */
static char *
slurp(const char *name, size_t *len)
{
	int fd = open(in_dir(name), O_RDONLY);
	struct stat st;
	char *p;

	if (fd < 0)
		return NULL;
	cr_assert_eq(fstat(fd, &st), 0);
	p = x_malloc((size_t)st.st_size + 1);
	*len = (size_t)st.st_size;
	cr_assert_eq(read(fd, p, *len), (ssize_t)*len);
	close(fd);
	return p;
}

static void
spit(const char *name, const char *p, size_t len)
{
	cr_assert(unlink(in_dir(name)) == 0 || access(in_dir(name), F_OK) != 0);
	if (p != NULL)
		write_file(name, 0, p, len);
}

/* everything of a store that counts, to put it back as it was */
static const char *const kept[] = { "cat.db", LOG, "snapshot", "gen", "log.0000000002" };

struct image { char *p[COUNT(kept)]; size_t len[COUNT(kept)]; };

/* put_back - the store as it was, but for the end of its log */
static void
put_back(const struct image *was, size_t log_len)
{
	for (size_t i = 0; i < COUNT(kept); i++)
		spit(kept[i], was->p[i], i == 1 ? log_len : was->len[i]);
}

/* try_cut - with that log: the store says all that it held, or refuses in words; never less */
static int
try_cut(size_t lost)
{
	struct error err = { .msg = "" };
	struct kv_items items;
	struct kv *kv = NULL;
	enum rc rc;

	rc = kv_bdb_open(dir, NULL, &kv, &err);
	cr_assert_eq(rc, RC_OK, "readers go on with the snapshot: %s", err.msg);
	rc = put_within(kv, "new", WAIT_MS, &err);
	cr_assert_eq(kv_range(kv, "", &items, NULL), RC_OK);
	cr_expect_eq(items.n, rc == RC_OK ? 21 : 20, "%zu bytes cut: %zu items", lost, items.n);
	cr_expect(rc == RC_OK || rc == RC_CORRUPT, "%zu bytes cut: %s: %s", lost,
	    rc_info(rc)->name, err.msg);
	kv_items_release(&items);
	kv_close(kv);
	return rc == RC_OK;
}

/* without_snapshot - with the witness gone too: what is left is a store as it once was, not a mixture;
   how many items it has */
static size_t
without_snapshot(size_t lost)
{
	struct error err = { .msg = "" };
	struct kv_items items;
	struct kv *kv = NULL;
	size_t n;
	enum rc rc;

	cr_assert_eq(unlink(in_dir("snapshot")), 0);
	rc = kv_bdb_open(dir, NULL, &kv, &err);
	cr_expect(rc == RC_OK || rc == RC_CORRUPT, "%zu bytes cut: %s: %s", lost,
	    rc_info(rc)->name, err.msg);
	if (rc != RC_OK)
		return 0;
	cr_assert_eq(kv_range(kv, "", &items, NULL), RC_OK);
	n = items.n;
	cr_expect_eq(items.rev, n + 1, "%zu bytes cut: %zu items of revision %ju", lost, n,
	    (uintmax_t)items.rev);
	for (size_t i = 0; i < n; i++)
		cr_expect_leq(items.v[i].mod_rev, items.rev);
	kv_items_release(&items);
	kv_close(kv);
	return n;
}

/* written - where the records of a log end and its zeroes begin */
static size_t
written(const char *p, size_t len)
{
	while (len > 0 && p[len - 1] == '\0')
		len--;
	return len;
}

Test(kv_load, a_log_without_its_last_bytes_is_made_up_for_or_refused_and_nothing_is_wrong)
{
	struct image was;
	struct kv *kv;
	char key[16];
	size_t ends[2];
	int good = 0, tried = 0, whole = 0;

	make();
	kv = open_store();
	for (int i = 0; i < 20; i++) {
		snprintf(key, sizeof(key), "key/%d", i);
		put(kv, key);
	}
	kv_close(kv);
	for (size_t i = 0; i < COUNT(kept); i++)
		was.p[i] = slurp(kept[i], &was.len[i]);
	ends[0] = was.len[1];
	ends[1] = written(was.p[1], was.len[1]);
	for (size_t e = 0; e < COUNT(ends); e++) {
		for (size_t lost = 1; lost <= CUT_MAX && lost <= ends[e]; lost += full(1, 91)) {
			put_back(&was, ends[e] - lost);
			good += try_cut(lost);
			put_back(&was, ends[e] - lost);
			whole += without_snapshot(lost) == 20;
			tried++;
		}
	}
	fprintf(stderr, "log cut %d times (%zu bytes, %zu written): %d went on, %d refused; "
	    "%d were whole without their snapshot\n", tried, ends[0], ends[1], good, tried - good,
	    whole);
	for (size_t i = 0; i < COUNT(kept); i++)
		free(was.p[i]);
}
