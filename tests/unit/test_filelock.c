/* test_filelock.c - who holds which place */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/filelock.h"
#include "tests/support/tmpdir.h"

#define FILES	4
#define PLACES	10
#define WAIT_MS	20

static char *dir, *path;
static int fds[FILES];

/* set_up - one file, opened several times */
static void
set_up(void)
{
	dir = tmpdir_make();
	path = x_asprintf("%s/file", dir);
	for (int i = 0; i < FILES; i++)
		cr_assert_geq(fds[i] = open(path, O_RDWR | O_CREAT, 0600), 0);
}

/* tear_down - away with it */
static void
tear_down(void)
{
	for (int i = 0; i < FILES; i++)
		close(fds[i]);
	free(path);
	tmpdir_remove(dir);
}

TestSuite(filelock, .init = set_up, .fini = tear_down);

Test(filelock, a_place_is_one_open_files_or_shared)
{
	cr_expect(filelock(fds[0], 3, FILELOCK_ALONE));
	cr_expect(!filelock(fds[1], 3, FILELOCK_ALONE));
	cr_expect(!filelock(fds[1], 3, FILELOCK_SHARED));
	cr_expect(filelock(fds[1], 4, FILELOCK_ALONE), "the next place is free");
	cr_expect(filelock(fds[0], 3, FILELOCK_SHARED));
	cr_expect(filelock(fds[1], 3, FILELOCK_SHARED));
	cr_expect(!filelock(fds[0], 3, FILELOCK_ALONE));
	cr_expect(filelock(fds[1], 3, FILELOCK_NONE));
	cr_expect(filelock(fds[0], 3, FILELOCK_ALONE));
}

Test(filelock, memory_of_one_process_has_every_lock)
{
	cr_expect(filelock(-1, 3, FILELOCK_ALONE));
	cr_expect(filelock_wait(-1, 3, FILELOCK_ALONE, 0));
	cr_expect_eq(filelock_held(-1, 0, PLACES), -1);
}

Test(filelock, the_lowest_place_is_told_in_whatever_order_they_were_taken)
{
	static const unsigned orders[][3] = {
		{ 3, 5, 8 }, { 8, 5, 3 }, { 5, 3, 8 }, { 5, 8, 3 }, { 8, 3, 5 },
	};

	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		for (int n = 0; n < 3; n++)
			cr_assert(filelock(fds[n], orders[i][n], FILELOCK_ALONE));
		cr_expect_eq(filelock_held(fds[3], 0, PLACES), 3, "row %zu", i);
		cr_expect_eq(filelock_held(fds[3], 3, PLACES), 3, "row %zu", i);
		cr_expect_eq(filelock_held(fds[3], 4, PLACES), 5, "row %zu", i);
		cr_expect_eq(filelock_held(fds[3], 6, PLACES), 8, "row %zu", i);
		cr_expect_eq(filelock_held(fds[3], 6, 2), -1, "row %zu", i);
		cr_expect_eq(filelock_held(fds[3], 9, PLACES), -1, "row %zu", i);
		for (int n = 0; n < 3; n++)
			cr_assert(filelock(fds[n], orders[i][n], FILELOCK_NONE));
	}
}

Test(filelock, ones_own_are_not_told)
{
	cr_assert(filelock(fds[0], 3, FILELOCK_ALONE));
	cr_expect_eq(filelock_held(fds[0], 0, PLACES), -1);
}

Test(filelock, a_wait_has_an_end)
{
	int64_t begun = clock_mono_ms();

	cr_assert(filelock(fds[0], 3, FILELOCK_ALONE));
	cr_expect(!filelock_wait(fds[1], 3, FILELOCK_ALONE, begun + WAIT_MS));
	cr_expect_geq(clock_mono_ms() - begun, WAIT_MS);
}

Test(filelock, a_killed_process_holds_nothing)
{
	int ready[2], fd;
	char byte;
	pid_t pid;

	cr_assert_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		fd = open(path, O_RDWR);
		if (filelock(fd, 3, FILELOCK_ALONE) && write(ready[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	cr_expect(!filelock(fds[0], 3, FILELOCK_ALONE));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	cr_expect(filelock(fds[0], 3, FILELOCK_ALONE));
	close(ready[0]);
}
