/*
 * statedir.h - the state directory: is it safe to use, its files, its lock.
 *
 * Shapes  one directory, 0700, of the user we run as (or we are root), on a local file system;
 *         files in it are regular, 0600 whatever the umask, of the directory's owner even when
 *         root makes them, never reached through a symbolic link
 * Units   deadlines in clock_mono_ms()
 * Errors  RC_UNAVAILABLE says what is wrong with the directory and how to mend it; RC_BUSY: the
 *         lock was not had before the deadline; RC_NO_SPACE, RC_IO
 * Owns    statedir_close() frees; descriptors given out are the caller's
 * Source  DESIGN.md 4; flock(2), statfs(2)
 */
#ifndef STORE_STATEDIR_H
#define STORE_STATEDIR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/rc.h"

#define STATEDIR_DATABASE "cat.db"	/* its presence makes a directory a store */

struct statedir {
	char	*named;			/* as it was asked for: may lead over a link */
	char	*path;			/* absolute */
	int	 fd;
	uid_t	 uid;
	gid_t	 gid;
	dev_t	 dev;
	ino_t	 ino;
};

#define STATEDIR_INIT { .named = NULL, .path = NULL, .fd = -1 }

/* statedir_open - check the directory and hold it */
enum rc statedir_open(struct statedir *d, const char *path, bool allow_network_fs,
    struct error *err);
void statedir_close(struct statedir *d);

/* statedir_local - is an open directory on a file system of this host */
enum rc statedir_local(int fd, const char *path, struct error *err);

/* statedir_moved - its name is of another directory by now, or of none; where that can't be told, it
   is not. One stat(2) */
bool statedir_moved(const struct statedir *d);

/* statedir_home - a path for Berkeley DB, which opens by path, its log not before it writes it: of this
   directory whatever becomes of its name, or it would write into the store that took the place. Owned by
   the caller */
char *statedir_home(const struct statedir *d);

/* statedir_here - RC_UNAVAILABLE where it was moved: what is done in it from now on, nobody finds */
enum rc statedir_here(const struct statedir *d, struct error *err);

/* statedir_emptied - neither the database is there, nor what readers go by without it */
bool statedir_emptied(const struct statedir *d);

/* statedir_make - the directory (0700), and one missing directory above it */
enum rc statedir_make(const char *path, struct error *err);

/* statedir_file - open a file by open(2) flags; ENOENT without O_CREAT is RC_NOT_FOUND */
enum rc statedir_file(const struct statedir *d, const char *name, int flags, int *fd,
    struct error *err);

/* statedir_is - the name in the directory is still that of an open file. Two stat(2) */
bool statedir_is(const struct statedir *d, const char *name, int fd);

/* statedir_ready - before a write: the name is still of this directory, it is writable, and what
   Berkeley DB will open is regular, ours, and not reconfigured by a DB_CONFIG */
enum rc statedir_ready(const struct statedir *d, struct error *err);

/* statedir_tidy - give what the writer made, or Berkeley DB for it, the right owner and mode */
enum rc statedir_tidy(const struct statedir *d, struct error *err);

/* statedir_lock - the one writer of this directory, until close(*fd). Never fork while it is held:
   the child would keep it */
enum rc statedir_lock(const struct statedir *d, int64_t deadline_ms, int *fd, struct error *err);

#endif
