/* tmpdir.c - a directory of a test's own */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/tmpdir.h"

/* tmpdir_make - 0700, empty */
char *
tmpdir_make(void)
{
	const char *top = getenv("TMPDIR");
	char *path;

	if (asprintf(&path, "%s/mcpd-test-XXXXXX", top != NULL ? top : "/tmp") < 0 ||
	    mkdtemp(path) == NULL) {
		perror("mkdtemp");
		abort();
	}
	return path;
}

/* remove_one - children come before their directory */
static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

/* tmpdir_remove - all of it */
void
tmpdir_remove(char *dir)
{
	if (dir == NULL)
		return;
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(dir);
}
