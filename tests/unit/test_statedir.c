/* test_statedir.c - whose directory it is, and who may do what in it */
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/statedir.h"
#include "tests/unit/kv_fixture.h"

static long faked_fs;			/* f_type that fstatfs() tells, 0: the real one */

TestSuite(statedir, .init = state_set_up, .fini = state_tear_down);

/* fstatfs - the libc's, or the file system that a test needs */
int
fstatfs(int fd, struct statfs *st)
{
	int r = (int)syscall(SYS_fstatfs, fd, st);

	if (r == 0 && faked_fs != 0)
		st->f_type = faked_fs;
	return r;
}

Test(statedir, files_are_0600_and_the_directory_0700_under_any_umask)
{
	static const mode_t masks[] = { 0, 022, 077, 0177, 0777 };
	struct stat st;
	struct kv *kv;

	for (size_t i = 0; i < COUNT(masks); i++) {
		umask(masks[i] & 077);
		make();
		umask(masks[i]);
		kv = open_store();
		for (int n = 0; n < 3; n++)
			put(kv, "a");
		kv_close(kv);
		cr_assert_eq(stat(dir, &st), 0);
		cr_expect_eq(st.st_mode & 07777, 0700);
		state_tear_down();
		umask(0);
		state_set_up();
	}
}

Test(statedir, is_created_with_one_missing_directory_above_it)
{
	char *deep = x_asprintf("%s/var/state", top), *deeper = x_asprintf("%s/a/b/state", top);
	struct error err;

	cr_expect_eq(kv_bdb_create(deep, NULL, NULL, &err), RC_OK, "%s", err.msg);
	cr_expect_eq(kv_bdb_create(deeper, NULL, NULL, &err), RC_UNAVAILABLE);
	free(deep);
	free(deeper);
}

/* expect_refused - neither open nor create, and the words say why */
static void
expect_refused(const char *says)
{
	struct error err = { .msg = "" };
	struct kv *kv;

	cr_expect_eq(kv_bdb_open(dir, NULL, &kv, &err), RC_UNAVAILABLE);
	cr_expect_neq(strstr(err.msg, says), NULL, "%s", err.msg);
}

Test(statedir, a_directory_without_a_store_is_left_as_it_is)
{
	expect_refused("make one with mcpctl init");
	cr_assert_eq(mkdir(dir, 0700), 0);
	expect_refused("make one with mcpctl init");
	cr_expect_eq(rmdir(dir), 0, "it is still empty");
}

Test(statedir, a_directory_that_others_may_read_is_refused)
{
	make();
	cr_assert_eq(chmod(dir, 0750), 0);
	expect_refused("chmod 700");
	cr_assert_eq(chmod(dir, 0700), 0);
	kv_close(open_store());
}

Test(statedir, a_db_config_is_refused_at_open_and_at_a_write)
{
	struct error err;
	struct kv *kv;

	make();
	kv = open_store();
	write_file("DB_CONFIG", 0, "\n", 1);
	expect_refused("DB_CONFIG");
	cr_expect_eq(put_within(kv, "a", WAIT_MS, &err), RC_UNAVAILABLE);
	cr_expect_neq(strstr(err.msg, "DB_CONFIG"), NULL, "%s", err.msg);
	cr_assert_eq(unlink(in_dir("DB_CONFIG")), 0);
	put(kv, "a");
	kv_close(kv);
}

static const struct { long type; const char *name; } network[] = {
	{ 0x6969, "NFS" }, { 0xff534d42, "CIFS" }, { (int)0xfe534d42, "SMB2" },
	{ 0x65735546, "FUSE" },
};

Test(statedir, network_file_systems_are_refused_unless_allowed)
{
	struct kv_bdb_opts allow = { .allow_network_fs = 1 };
	struct error err;
	struct kv *kv;

	make();
	for (size_t i = 0; i < COUNT(network); i++) {
		faked_fs = network[i].type;
		expect_refused(network[i].name);
		expect_refused("allow_network_fs");
		cr_expect_eq(kv_bdb_open(dir, &allow, &kv, &err), RC_OK, "%s", err.msg);
		kv_close(kv);
	}
	faked_fs = 0;
}

/* holders - how often this process has a file open, by any name it had */
static int
holders(const char *path)
{
	DIR *d = opendir("/proc/self/fd");
	char target[512];
	struct dirent *e;
	ssize_t len;
	int n = 0;

	while ((e = readdir(d)) != NULL) {
		len = readlinkat(dirfd(d), e->d_name, target, sizeof(target) - 1);
		target[len > 0 ? len : 0] = '\0';
		n += strncmp(target, path, strlen(path)) == 0;
	}
	closedir(d);
	return n;
}

/* wait_for_lock - a writer that is patient for a while */
static void *
wait_for_lock(void *kv)
{
	static enum rc rc;

	rc = put_within(kv, "a", 1000, NULL);
	return &rc;
}

Test(statedir, a_lock_file_that_was_replaced_does_not_make_two_writers)
{
	char *path = x_strdup(in_dir(".lock"));
	pthread_t writer;
	struct kv *kv;
	int old, new;
	void *rc;

	make();
	kv = open_store();
	old = open(path, O_RDWR | O_CLOEXEC);
	cr_assert_eq(flock(old, LOCK_EX), 0);
	cr_assert_eq(pthread_create(&writer, NULL, wait_for_lock, kv), 0);
	while (holders(path) < 2)
		sched_yield();
	cr_assert_eq(unlink(path), 0);
	new = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	cr_assert_eq(flock(new, LOCK_EX), 0);
	close(old);
	pthread_join(writer, &rc);
	cr_expect_eq(*(enum rc *)rc, RC_BUSY, "the old file's lock is worth nothing");
	close(new);
	put(kv, "a");
	kv_close(kv);
	free(path);
}

/* use_read_only - what a service can do in a directory it may not write */
static int
use_read_only(void)
{
	struct kv_items items;
	struct kv *kv;

	if (geteuid() == 0 && (setgid(OTHER_USER) != 0 || setuid(OTHER_USER) != 0))
		return 10;
	if (kv_bdb_open(dir, NULL, &kv, NULL) != RC_OK)
		return 11;
	if (kv_range(kv, "", &items, NULL) != RC_OK || items.n != 1)
		return 12;
	kv_items_release(&items);
	if (put_within(kv, "b", WAIT_MS, NULL) != RC_UNAVAILABLE)
		return 13;
	if (truncate(in_dir("snapshot"), 10) != 0)
		return 14;
	if (kv_range(kv, "", &items, NULL) != RC_UNAVAILABLE)
		return 15;
	kv_close(kv);
	return 0;
}

Test(statedir, a_directory_that_is_not_writable_is_read_and_writes_are_unavailable)
{
	struct kv *kv;

	make();
	kv = open_store();
	put(kv, "a");
	give();
	cr_assert_eq(chmod(dir, 0500), 0);
	cr_expect_eq(child(use_read_only), 0);
	cr_assert_eq(chmod(dir, 0700), 0);
	expect_items(kv, 1, 2);
	kv_close(kv);
}

Test(statedir, what_root_writes_stays_the_owners)
{
	DIR *d;
	struct dirent *e;
	struct stat st;
	struct kv *kv;

	if (geteuid() != 0)
		cr_skip_test("only root can");
	cr_assert_eq(mkdir(dir, 0700), 0);
	give();
	make();
	kv = open_store();
	for (int i = 0; i < 3; i++)
		put(kv, "a");
	kv_close(kv);
	d = opendir(dir);
	while ((e = readdir(d)) != NULL) {
		cr_assert_eq(fstatat(dirfd(d), e->d_name, &st, 0), 0);
		if (strcmp(e->d_name, "..") != 0)
			cr_expect_eq(st.st_uid, OTHER_USER, "%s", e->d_name);
	}
	closedir(d);
}

/* open_as_other - with the parent's store */
static int
open_as_other(void)
{
	struct error err;
	struct kv *kv;

	if (setgid(OTHER_USER) != 0 || setuid(OTHER_USER) != 0)
		return 10;
	return kv_bdb_open(dir, NULL, &kv, &err) == RC_UNAVAILABLE ? 0 : 11;
}

Test(statedir, a_store_of_another_user_is_refused)
{
	if (geteuid() != 0)
		cr_skip_test("only root can");
	make();
	cr_assert_eq(chmod(top, 0711), 0);
	cr_expect_eq(child(open_as_other), 0);
}

/* write_as_owner - where one file is root's, as an ill-set backup or umask leaves it */
static int
write_as_owner(void)
{
	struct error err;
	struct kv *kv;

	if (setgid(OTHER_USER) != 0 || setuid(OTHER_USER) != 0)
		return 10;
	if (kv_bdb_open(dir, NULL, &kv, &err) != RC_OK)
		return 11;
	if (put_within(kv, "b", WAIT_MS, &err) != RC_UNAVAILABLE)
		return 12;
	return strstr(err.msg, "/cat.db belongs to root: chown it") != NULL ? 0 : 13;
}

Test(statedir, a_file_that_is_not_the_owners_is_named_with_the_mend)
{
	struct kv *kv;

	if (geteuid() != 0)
		cr_skip_test("only root can");
	cr_assert_eq(chmod(top, 0711), 0);
	cr_assert_eq(mkdir(dir, 0700), 0);
	give();
	make();
	kv = open_store();
	put(kv, "a");
	kv_close(kv);
	cr_assert_eq(chown(in_dir("cat.db"), 0, 0), 0);
	cr_expect_eq(child(write_as_owner), 0);
}

Test(statedir, a_database_that_is_a_link_is_not_followed)
{
	struct error err;
	struct kv *kv;
	char *away = x_asprintf("%s/away", top);

	make();
	kv = open_store();
	cr_assert_eq(rename(in_dir("cat.db"), away), 0);
	cr_assert_eq(symlink(away, in_dir("cat.db")), 0);
	cr_expect_eq(put_within(kv, "a", WAIT_MS, &err), RC_UNAVAILABLE);
	cr_assert_eq(rename(away, in_dir("cat.db")), 0);
	put(kv, "a");
	kv_close(kv);
	free(away);
}

/* as_link, as_fifo, as_dir - what stands under a name of ours */
static void
as_link(const char *path)
{
	cr_assert_eq(symlink("/dev/null", path), 0);
}

static void
as_fifo(const char *path)
{
	cr_assert_eq(mkfifo(path, 0600), 0);
}

static void
as_dir(const char *path)
{
	cr_assert_eq(mkdir(path, 0700), 0);
}

Test(statedir, what_is_no_regular_file_is_named_so_whoever_opens_it_and_how)
{
	static const int flags[] = { O_RDONLY, O_RDWR | O_CREAT, O_WRONLY | O_APPEND | O_CREAT };
	void (*const put_there[])(const char *) = { as_link, as_fifo, as_dir };
	struct statedir d;
	struct error err;
	int fd;

	make();
	cr_assert_eq(statedir_open(&d, dir, false, &err), RC_OK, "%s", err.msg);
	for (size_t i = 0; i < COUNT(put_there); i++) {
		put_there[i](in_dir("thing"));
		for (size_t k = 0; k < COUNT(flags); k++) {
			cr_expect_eq(statedir_file(&d, "thing", flags[k], &fd, &err),
			    RC_UNAVAILABLE);
			cr_expect_neq(strstr(err.msg, "/thing is no regular file"), NULL,
			    "%zu %zu: %s", i, k, err.msg);
		}
		cr_assert_eq(remove(in_dir("thing")), 0);
	}
	statedir_close(&d);
}

Test(statedir, a_directory_that_was_replaced_is_not_written)
{
	char *away = x_asprintf("%s/away", top);
	struct error err;
	struct kv *kv;

	make();
	kv = open_store();
	cr_assert_eq(rename(dir, away), 0);
	make();
	cr_expect_eq(put_within(kv, "a", WAIT_MS, &err), RC_UNAVAILABLE);
	cr_expect_neq(strstr(err.msg, "was moved or replaced"), NULL, "%s", err.msg);
	kv_close(kv);
	free(away);
}
