/* test_kv_disk.c - a disk that fails, at each call in turn: all of a change or nothing of it */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/unit/kv_fixture.h"

/* bits; write is pwrite too, because Berkeley DB takes the one where the other fails */
enum call {
	CALL_NONE = 0, CALL_WRITE = 1, CALL_SYNC = 2, CALL_DISK = 3, CALL_RENAME = 4, CALL_CLOSE = 8
};

static const struct row {
	enum call	 call;
	const char	*name;
} rows[] = {
	{ CALL_WRITE, "write" }, { CALL_SYNC, "fdatasync" }, { CALL_DISK, "disk" },
	{ CALL_RENAME, "rename" }, { CALL_CLOSE, "close" },
};

static enum call failing;		/* which call */
static int countdown = -1;		/* it fails when this reaches 0; below: no more */
static int number;			/* errno it fails with */
static int burst = 1;			/* so many in a row */
static int left;			/* of them */
static int after_snapshot;		/* ... from when a snapshot was written: at the commit */
static int no_room;			/* errno for one more file; 0: there is some */
static int inherited;			/* files that a child would get */
static int armed;			/* that, until it was */

/* fails - is it this one's turn */
static int
fails(enum call call)
{
	if ((call & failing) == 0 || countdown < 0)
		return 0;
	if (countdown > 0 && --countdown > 0)
		return 0;
	if (--left <= 0)
		countdown = -1;
	errno = number;
	return 1;
}

/* sees - what is written; a snapshot is the last before the commit */
static void
sees(const void *p, size_t n)
{
	if (!armed || n <= 8 || memcmp(p, "mcpdsnap", 8) != 0)
		return;
	armed = 0;
	countdown = 1;
}

/* the libc's calls, as Berkeley DB and the snapshot make them */
ssize_t
write(int fd, const void *p, size_t n)
{
	if (fails(CALL_WRITE))
		return -1;
	sees(p, n);
	return syscall(SYS_write, fd, p, n);
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t at)
{
	return fails(CALL_WRITE) ? -1 : syscall(SYS_pwrite64, fd, p, n, at);
}

ssize_t
pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	return pwrite(fd, p, n, at);
}

int
fdatasync(int fd)
{
	return fails(CALL_SYNC) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int
renameat(int from, const char *old, int to, const char *new)
{
	return fails(CALL_RENAME) ? -1 : (int)syscall(SYS_renameat2, from, old, to, new, 0);
}

/* where a file of Berkeley DB's would be made; ours are made by openat(2) */
int
open(const char *path, int flags, ...)
{
	va_list ap;
	int mode;

	va_start(ap, flags);
	mode = va_arg(ap, int);
	va_end(ap);
	inherited += (flags & O_CLOEXEC) == 0;
	errno = no_room;
	return no_room != 0 && flags & O_CREAT ? -1 :
	    (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

/* whatever it says, the file is closed */
int
close(int fd)
{
	int ret = (int)syscall(SYS_close, fd);

	return fails(CALL_CLOSE) ? -1 : ret;
}

TestSuite(kv_disk, .init = state_set_up, .fini = state_tear_down);

/* present - does a reader see the key; the store must be readable */
static int
present(struct kv *kv, const char *key)
{
	struct kv_items items;
	struct error err;
	int n;

	cr_assert_eq(kv_get(kv, key, &items, &err), RC_OK, "%s", err.msg);
	n = (int)items.n;
	kv_items_release(&items);
	return n;
}

#define FOREVER	INT_MAX

static const int bursts[] = { 1, FOREVER };
static char value[2000];

/* change_failing - a change while call number nth fails; false when the call was not reached */
static int
change_failing(struct kv *kv, enum call call, int nth, const char *key, enum rc *rc)
{
	struct kv_op op = { KV_PUT, key, value, sizeof(value) };
	struct kv_txn txn = {
		.ops = &op, .nops = 1, .op_id = key, .deadline_ms = clock_mono_ms() + WAIT_MS,
	};
	struct error err = { .msg = "" };
	int reached;

	failing = call;
	left = burst;
	armed = after_snapshot;
	countdown = after_snapshot ? -1 : nth;
	*rc = kv_txn(kv, &txn, NULL, &err);
	reached = left < burst;
	countdown = -1;
	armed = 0;
	if (*rc == RC_OK || *rc == RC_UNKNOWN)
		return reached;
	cr_expect_neq(access(in_dir("snapshot.tmp"), F_OK), 0, "%s: room is left to what failed", key);
	cr_expect(*rc == (number == ENOSPC ? RC_NO_SPACE : RC_IO) || *rc == RC_CORRUPT,
	    "%s: %s: %s", key, rc_info(*rc)->name, err.msg);
	cr_expect(number != ENOSPC || *rc == RC_NO_SPACE, "%s: %s: %s", key, rc_info(*rc)->name,
	    err.msg);
	return reached;
}

/* sweep - each call of a kind in turn; what was said is what is, and the next change goes */
static void
sweep(struct kv *kv, const struct row *row)
{
	struct kv_op op = { KV_PUT, "", "value", 5 };
	struct kv_txn again = { .ops = &op, .nops = 1, .deadline_ms = INT64_MAX };
	char key[64];
	int nth = 0, was;
	enum rc rc;

	do {
		nth++;
		snprintf(key, sizeof(key), "%s/%d/%d/%d", row->name, nth, number, burst);
		was = change_failing(kv, row->call, nth, key, &rc);
		if (rc == RC_OK)
			cr_expect_eq(present(kv, key), 1, "%s was acknowledged", key);
		else if (rc != RC_UNKNOWN)
			cr_expect_eq(present(kv, key), 0, "%s was refused (%d)", key, rc);
		put(kv, "next");
		if (rc != RC_OK && rc != RC_UNKNOWN)
			cr_expect_eq(present(kv, key), 0, "%s was refused (%d)", key, rc);
		again.op_id = key;
		op.key = key;
		cr_expect_eq(kv_txn(kv, &again, NULL, NULL), RC_OK);
		cr_expect_eq(present(kv, key), 1);
	} while (was);
	cr_expect_gt(nth, 1, "%s was never met", row->name);
}

Test(kv_disk, a_call_that_fails_leaves_all_or_nothing)
{
	static const int numbers[] = { EIO, ENOSPC };
	struct kv *kv;

	make();
	kv = open_store();
	for (size_t b = 0; b < COUNT(bursts); b++) {
		burst = bursts[b];
		for (size_t i = 0; i < COUNT(numbers); i++) {
			number = numbers[i];
			for (size_t r = 0; r < COUNT(rows); r++)
				sweep(kv, &rows[r]);
		}
	}
	kv_close(kv);
}

/* revision - of the store, as the next writer leaves it */
static uint64_t
revision(struct kv *kv)
{
	struct kv_txn nothing = { .deadline_ms = INT64_MAX };
	uint64_t rev = 0;

	cr_assert_eq(kv_txn(kv, &nothing, &rev, NULL), RC_OK);
	return rev;
}

/* count_failing - a change by compare and without a name of its own, while call number nth fails: done
   once or not at all, and never taken for the change of another; false: the call was not reached */
static int
count_failing(struct kv *kv, const struct row *row, int nth)
{
	uint64_t before = revision(kv), counted = 0, after;
	struct kv_compare c = { "count", before };
	struct kv_op op = { KV_PUT, "count", value, sizeof(value) };
	struct kv_txn txn = {
		.compares = &c, .ncompares = 1, .ops = &op, .nops = 1,
		.deadline_ms = clock_mono_ms() + WAIT_MS,
	};
	struct error err = { .msg = "" };
	int reached;
	enum rc rc;

	failing = row->call;
	left = burst;
	armed = after_snapshot;
	countdown = after_snapshot ? -1 : nth;
	rc = kv_txn(kv, &txn, &counted, &err);
	reached = left < burst;
	countdown = -1;
	armed = 0;
	after = revision(kv);
	cr_expect_neq(rc, RC_STALE, "%s %d: its own change stood in its way", row->name, nth);
	if (rc == RC_OK) {
		cr_expect_eq(counted, before + 1, "%s %d: told %ju", row->name, nth,
		    (uintmax_t)counted);
		cr_expect_eq(after, before + 1, "%s %d: applied twice", row->name, nth);
	} else if (rc != RC_UNKNOWN) {
		cr_expect_eq(after, before, "%s %d: refused (%s: %s), but applied", row->name, nth,
		    rc_info(rc)->name, err.msg);
	}
	if (after == before) {
		txn.compares = NULL;
		txn.ncompares = 0;
		cr_assert_eq(kv_txn(kv, &txn, NULL, NULL), RC_OK);
	}
	return reached;
}

Test(kv_disk, a_change_without_a_name_is_done_once_or_refused_whatever_call_fails)
{
	struct kv_op op = { KV_PUT, "count", "0", 1 };
	struct kv_txn first = { .ops = &op, .nops = 1, .deadline_ms = INT64_MAX };
	struct kv *kv;

	make();
	kv = open_store();
	cr_assert_eq(kv_txn(kv, &first, NULL, NULL), RC_OK);
	for (size_t b = 0; b < COUNT(bursts); b++) {
		burst = bursts[b];
		for (number = EIO; number != 0; number = number == EIO ? ENOSPC : 0) {
			for (size_t r = 0; r < COUNT(rows); r++) {
				int nth = 1;

				while (count_failing(kv, &rows[r], nth))
					nth++;
				cr_expect_gt(nth, 1, "%s was never met", rows[r].name);
			}
		}
	}
	kv_close(kv);
}

/* failures at a commit after which Berkeley DB gives its environment up, found by trying: a new open
   then finds the commit done */
static const struct doubt {
	struct row	row;
	int		burst;
} doubts[] = {
	{ { CALL_SYNC, "fdatasync" }, 2 }, { { CALL_WRITE, "write" }, 6 },
};

Test(kv_disk, a_commit_whose_end_is_not_known_is_found_done_and_not_done_twice)
{
	struct kv_op op = { KV_PUT, "count", "0", 1 };
	struct kv_txn first = { .ops = &op, .nops = 1, .deadline_ms = INT64_MAX };
	struct kv *kv;

	/* all along a log file: it is where the log goes on to a new one */
	make();
	kv = open_store();
	cr_assert_eq(kv_txn(kv, &first, NULL, NULL), RC_OK);
	number = ENOSPC;
	after_snapshot = 1;
	for (const struct doubt *d = doubts; d < doubts + COUNT(doubts); d++) {
		burst = d->burst;
		for (int i = 0; i < 130; i++)
			count_failing(kv, &d->row, 1);
	}
	kv_close(kv);
}

Test(kv_disk, no_commit_that_failed_is_taken_for_one_that_did_not)
{
	struct kv *kv;
	char key[32];
	enum rc rc;

	/* all along a log file of 256 KiB: where it is full the commit goes on to a new one */
	make();
	kv = open_store();
	number = ENOSPC;
	burst = FOREVER;
	for (int i = 0; i < 150; i++) {
		snprintf(key, sizeof(key), "key/%d", i);
		after_snapshot = 1;
		change_failing(kv, CALL_WRITE, 1, key, &rc);
		cr_expect_neq(rc, RC_OK, "change %d", i);
		after_snapshot = 0;
		change_failing(kv, CALL_NONE, 1, key, &rc);
		cr_expect_eq(rc, RC_OK);
		cr_expect_eq(present(kv, key), 1);
	}
	kv_close(kv);
}

Test(kv_disk, what_is_stored_but_not_yet_visible_is_unknown_and_can_be_repeated)
{
	struct kv *kv;
	enum rc rc;

	make();
	kv = open_store();
	number = EIO;
	burst = FOREVER;
	change_failing(kv, CALL_RENAME, 1, "a", &rc);
	cr_expect_eq(rc, RC_UNKNOWN);
	cr_expect_eq(present(kv, "a"), 0);
	change_failing(kv, CALL_NONE, 1, "a", &rc);
	cr_expect_eq(rc, RC_OK);
	expect_items(kv, 1, 2);
	kv_close(kv);
}

/* free_descriptors - so many, and not one more, can be had from now on; -1: as many as before */
static void
free_descriptors(int n)
{
	static struct rlimit before;
	struct rlimit few;

	if (n < 0) {
		cr_assert_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
		return;
	}
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = (rlim_t)dup(STDIN_FILENO);
	cr_assert_eq(close((int)few.rlim_cur), 0);
	few.rlim_cur += (rlim_t)n;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
}

Test(kv_disk, without_a_free_descriptor_a_change_can_be_made_again)
{
	struct error err;
	struct kv *kv;
	int64_t began;
	int refused = 0;
	enum rc rc;

	make();
	kv = open_store();
	began = clock_mono_ms();
	do {
		put(kv, "before");
		free_descriptors(refused);
		rc = put_within(kv, "key", WAIT_MS, &err);
		free_descriptors(-1);
		if (rc == RC_OK)
			break;
		cr_expect(rc == RC_BUSY || rc == RC_UNKNOWN, "%d: %s: %s", refused, rc_info(rc)->name,
		    err.msg);
		cr_expect_not_null(strstr(err.msg, "Too many open files"), "%s", err.msg);
		cr_expect(rc == RC_UNKNOWN || present(kv, "key") == 0);
	} while (++refused < 100);
	cr_expect_eq(rc, RC_OK);
	cr_expect_lt(clock_mono_ms() - began, WAIT_MS / 2, "Berkeley DB was let wait, under the lock");
	cr_expect_gt(refused, 3, "a lock, a directory, a database, its log, a snapshot");
	cr_expect_eq(present(kv, "key"), 1);
	kv_close(kv);
}

Test(kv_disk, without_room_for_one_more_file_nothing_waits_for_it)
{
	static const struct { int number; enum rc rc; } shortages[] = {
		{ ENOSPC, RC_NO_SPACE }, { EMFILE, RC_BUSY }, { ENFILE, RC_BUSY }, { ENOMEM, RC_BUSY },
	};
	int64_t began = clock_mono_ms();
	struct error err;

	for (size_t i = 0; i < COUNT(shortages); i++) {
		no_room = shortages[i].number;
		cr_expect_eq(kv_bdb_create(dir, NULL, NULL, &err), shortages[i].rc, "%s", err.msg);
	}
	no_room = 0;
	cr_expect_lt(clock_mono_ms() - began, WAIT_MS / 2, "Berkeley DB was let wait, under the lock");
	make();
	cr_expect_eq(inherited, 0, "a child that is forked meanwhile has the database open");
}
