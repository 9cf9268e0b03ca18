/*
 * tmpdir.h - a directory of a test's own, below $TMPDIR.
 *
 * Shapes  absolute paths
 * Units   none
 * Errors  the process aborts: a test can't go on without
 * Owns    texts are the caller's; tmpdir_remove() frees the path it is given
 * Source  mkdtemp(3)
 */
#ifndef TESTS_TMPDIR_H
#define TESTS_TMPDIR_H

char *tmpdir_make(void);

/* tmpdir_remove - the directory with all that is in it; NULL is fine */
void tmpdir_remove(char *dir);

#endif
