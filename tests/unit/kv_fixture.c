/* kv_fixture.c - stores for the tests of the engines */
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "tests/support/tmpdir.h"
#include "tests/unit/kv_fixture.h"

const char *const engines[2] = { "bdb", "mem" };

/* place_open - a store without items */
struct place
place_open(const char *engine)
{
	struct place p = { .engine = engine };
	struct error err;
	char *path;

	if (strcmp(engine, "mem") == 0) {
		p.kv = kv_mem_new(STORE_ID);
		return p;
	}
	p.top = tmpdir_make();
	path = x_asprintf("%s/state", p.top);
	cr_assert_eq(kv_bdb_create(path, STORE_ID, NULL, &err), RC_OK, "%s", err.msg);
	cr_assert_eq(kv_bdb_open(path, NULL, &p.kv, &err), RC_OK, "%s", err.msg);
	free(path);
	return p;
}

/* place_close - with all that was in it */
void
place_close(struct place *p)
{
	kv_close(p->kv);
	tmpdir_remove(p->top);
}

char *top, *dir;

/* state_set_up - a place for a store, none in it */
void
state_set_up(void)
{
	log_level(LOG_LEVEL_ERROR);
	top = tmpdir_make();
	dir = x_asprintf("%s/state", top);
}

/* state_tear_down - after each test: nothing of a shared environment, nothing others may read */
void
state_tear_down(void)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	struct stat st;

	while (d != NULL && (e = readdir(d)) != NULL) {
		cr_expect_neq(strncmp(e->d_name, "__db", 4), 0, "%s", e->d_name);
		if (e->d_name[0] == '.' && e->d_name[1] != 'l')
			continue;
		cr_assert_eq(fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW), 0);
		cr_expect_eq(st.st_mode & 07777, 0600, "%s has %04o", e->d_name, st.st_mode);
	}
	if (d != NULL)
		closedir(d);
	free(dir);
	tmpdir_remove(top);
}

/* in_dir - a file's path, until the next call */
const char *
in_dir(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

/* make - the store */
void
make(void)
{
	struct error err;

	cr_assert_eq(kv_bdb_create(dir, NULL, NULL, &err), RC_OK, "%s", err.msg);
}

/* open_store - as a process does at its start */
struct kv *
open_store(void)
{
	struct error err;
	struct kv *kv;

	cr_assert_eq(kv_bdb_open(dir, NULL, &kv, &err), RC_OK, "%s", err.msg);
	return kv;
}

/* put_within - one text, waiting so long for the lock */
enum rc
put_within(struct kv *kv, const char *key, int64_t ms, struct error *err)
{
	struct kv_op op = { KV_PUT, key, "value", 5 };
	struct kv_txn txn = { .ops = &op, .nops = 1, .deadline_ms = clock_mono_ms() + ms };

	return kv_txn(kv, &txn, NULL, err);
}

/* put - one text; must succeed */
void
put(struct kv *kv, const char *key)
{
	struct error err;

	cr_assert_eq(put_within(kv, key, WAIT_MS, &err), RC_OK, "%s", err.msg);
}

/* expect_items - how many there are, and at which revision */
void
expect_items(struct kv *kv, size_t n, uint64_t rev)
{
	struct kv_items items;
	struct error err = { .msg = "" };

	cr_assert_eq(kv_range(kv, "", &items, &err), RC_OK, "%s", err.msg);
	cr_expect_eq(items.n, n, "%zu items", items.n);
	cr_expect_eq(items.rev, rev, "revision %ju", (uintmax_t)items.rev);
	kv_items_release(&items);
}

/* write_file - bytes over what is there from an offset */
void
write_file(const char *name, off_t at, const void *p, size_t n)
{
	int fd = open(in_dir(name), O_WRONLY | O_CREAT, 0600);

	cr_assert_geq(fd, 0);
	cr_assert_eq(pwrite(fd, p, n, at), (ssize_t)n);
	close(fd);
}

/* child - run a function in a process of its own; its exit status */
int
child(int (*run)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(run());
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* give - directory and files to another user, where we may */
void
give(void)
{
	struct dirent *e;
	DIR *d;

	if (geteuid() != 0)
		return;
	cr_assert_eq(chmod(top, 0711), 0);
	d = opendir(dir);
	while ((e = readdir(d)) != NULL)
		if (strcmp(e->d_name, "..") != 0)
			cr_assert_eq(fchownat(dirfd(d), e->d_name, OTHER_USER, OTHER_USER, 0), 0);
	closedir(d);
}
