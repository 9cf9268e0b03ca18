/* statedir.c - the state directory */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "store/oserr.h"
#include "store/statedir.h"

/* ms between two tries on the lock: one who changes without a pause lets go of it for less than one */
#define LOCK_NAP_MIN	1
#define LOCK_NAP_SPAN	2		/* ms; random, so that waiters don't march in step */
#define LOCK_FILE	".lock"

/*
 * File systems where flock or mmap do not mean what they mean on one host. FUSE is among them
 * because it can be anything (sshfs, glusterfs). Numbers: statfs(2), linux/magic.h.
 */
static const struct network_fs {
	uint32_t	 magic;
	const char	*name;
} network_fs[] = {
	{ 0x00006969, "NFS" },
	{ 0xff534d42, "CIFS" },
	{ 0xfe534d42, "SMB2" },
	{ 0x0000517b, "SMB" },
	{ 0x65735546, "FUSE" },
	{ 0x5346414f, "AFS" },
	{ 0x6b414653, "AFS" },
	{ 0x73757245, "Coda" },
	{ 0x00c36400, "Ceph" },
	{ 0x01021997, "9p" },
	{ 0x0bd00bd0, "Lustre" },
	{ 0x47504653, "GPFS" },
	{ 0x01161970, "GFS2" },
	{ 0x7461636f, "OCFS2" },
	{ 0x786f4256, "VirtualBox shared folder" },
	{ 0, NULL }
};

/* statedir_local - flock and shared mappings must work between all who open the directory */
enum rc
statedir_local(int fd, const char *path, struct error *err)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) != 0)
		return oserr(err, "statfs %s", path);
	for (const struct network_fs *n = network_fs; n->name != NULL; n++) {
		if ((uint32_t)fs.f_type != n->magic)
			continue;
		return error_set(err, RC_UNAVAILABLE, "%s is on %s: the store needs a local file "
		    "system (allow_network_fs: true overrides, for a directory that only one host "
		    "uses)", path, n->name);
	}
	return RC_OK;
}

/* user_name - for messages; not safe for long, so it is copied into out */
static const char *
user_name(uid_t uid, char *out, size_t size)
{
	char room[1024];
	struct passwd pw, *found = NULL;

	if (getpwuid_r(uid, &pw, room, sizeof(room), &found) == 0 && found != NULL)
		snprintf(out, size, "%s", pw.pw_name);
	else
		snprintf(out, size, "uid %ju", (uintmax_t)uid);
	return out;
}

/* check_owner - nobody else can read it, and what we make in it stays usable to its owner */
static enum rc
check_owner(const struct statedir *d, const struct stat *st, struct error *err)
{
	char owner[64], self[64];

	if ((st->st_mode & 077) != 0)
		return error_set(err, RC_UNAVAILABLE,
		    "%s has mode %04o, others could read the store: chmod 700 %s",
		    d->path, st->st_mode & 07777u, d->path);
	if (geteuid() == 0 || geteuid() == st->st_uid)
		return RC_OK;
	return error_set(err, RC_UNAVAILABLE, "%s belongs to %s, this process is %s: run it as %s",
	    d->path, user_name(st->st_uid, owner, sizeof(owner)),
	    user_name(geteuid(), self, sizeof(self)), owner);
}

/* check_config - a DB_CONFIG in the directory overrides what the code sets, silently */
static enum rc
check_config(const struct statedir *d, struct error *err)
{
	struct stat st;

	if (fstatat(d->fd, "DB_CONFIG", &st, AT_SYMLINK_NOFOLLOW) == 0)
		return error_set(err, RC_UNAVAILABLE,
		    "%s/DB_CONFIG would override the store's settings: remove it", d->path);
	return RC_OK;
}

/* hold - open the directory itself and remember which one it is */
static enum rc
hold(struct statedir *d, const char *path, struct stat *st, struct error *err)
{
	d->named = x_strdup(path);
	d->path = realpath(path, NULL);
	if (d->path == NULL && errno == ENOENT)
		return error_set(err, RC_UNAVAILABLE, "no store in %s: make one with mcpctl init",
		    path);
	if (d->path == NULL)
		return oserr(err, "open %s", path);
	d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (d->fd < 0 || fstat(d->fd, st) != 0)
		return oserr(err, "open %s", d->path);
	d->uid = st->st_uid;
	d->gid = st->st_gid;
	d->dev = st->st_dev;
	d->ino = st->st_ino;
	return RC_OK;
}

/* statedir_open - check the directory and hold it */
enum rc
statedir_open(struct statedir *out, const char *path, bool allow_network_fs, struct error *err)
{
	struct statedir d = STATEDIR_INIT;
	struct stat st;
	enum rc rc;

	rc = hold(&d, path, &st, err);
	if (rc == RC_OK)
		rc = check_owner(&d, &st, err);
	if (rc == RC_OK && !allow_network_fs)
		rc = statedir_local(d.fd, d.path, err);
	if (rc == RC_OK)
		rc = check_config(&d, err);
	if (rc == RC_OK)
		*out = d;
	else
		statedir_close(&d);
	return rc;
}

/* statedir_close - let go of it */
void
statedir_close(struct statedir *d)
{
	if (d->fd >= 0)
		close(d->fd);
	free(d->path);
	free(d->named);
	*d = (struct statedir)STATEDIR_INIT;
}

/* named - a directory that is open holds its inode: no other one can be given its number */
static enum rc
named(const struct statedir *d, bool *same, struct error *err)
{
	struct stat st;
	int ret = stat(d->named, &st);

	if (ret != 0 && errno != ENOENT && errno != ENOTDIR)
		return oserr(err, "stat %s", d->named);
	*same = ret == 0 && st.st_dev == d->dev && st.st_ino == d->ino;
	return RC_OK;
}

/* statedir_moved - see statedir.h */
bool
statedir_moved(const struct statedir *d)
{
	bool same = true;

	return named(d, &same, NULL) == RC_OK && !same;
}

/* statedir_emptied - see statedir.h */
bool
statedir_emptied(const struct statedir *d)
{
	static const char *const names[] = { STATEDIR_DATABASE, "snapshot" };
	struct stat st;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (fstatat(d->fd, names[i], &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT)
			return false;
	return true;
}

/* statedir_is - where it can't be told, it is */
bool
statedir_is(const struct statedir *d, const char *name, int fd)
{
	struct stat named, open;

	if (fstat(fd, &open) != 0)
		return true;
	if (fstatat(d->fd, name, &named, AT_SYMLINK_NOFOLLOW) != 0)
		return errno != ENOENT;
	return named.st_dev == open.st_dev && named.st_ino == open.st_ino;
}

/* statedir_make - "./var/state" on a new machine: var is missing too */
enum rc
statedir_make(const char *path, struct error *err)
{
	char *copy = x_strdup(path);
	enum rc rc = RC_OK;

	if (mkdir(dirname(copy), 0755) != 0 && errno != EEXIST)
		rc = oserr(err, "mkdir %s", copy);
	else if (mkdir(path, 0700) != 0 && errno != EEXIST)
		rc = oserr(err, "mkdir %s", path);
	free(copy);
	return rc;
}

/* adopt - a file that was just made or found: regular, 0600, the directory owner's */
static enum rc
adopt(const struct statedir *d, const char *name, int fd, bool creating, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return oserr(err, "stat %s/%s", d->path, name);
	if (!S_ISREG(st.st_mode))
		return error_set(err, RC_UNAVAILABLE, "%s/%s is no regular file", d->path, name);
	if (!creating)
		return RC_OK;
	if ((st.st_mode & 07777) != 0600 && fchmod(fd, 0600) != 0)
		return oserr(err, "chmod %s/%s", d->path, name);
	if (geteuid() == 0 && st.st_uid != d->uid && fchown(fd, d->uid, d->gid) != 0)
		return oserr(err, "chown %s/%s", d->path, name);
	return RC_OK;
}

/* statedir_file - open one file of ours */
enum rc
statedir_file(const struct statedir *d, const char *name, int flags, int *out, struct error *err)
{
	enum rc rc;
	int fd;

	/* O_NONBLOCK: a FIFO under this name must not hang us; regular files don't care */
	fd = openat(d->fd, name, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd < 0 && errno == ENOENT && !(flags & O_CREAT))
		return error_set(err, RC_NOT_FOUND, "%s/%s is missing", d->path, name);
	/* a link, a directory, or a FIFO that nobody reads */
	if (fd < 0 && (errno == ELOOP || errno == EISDIR || errno == ENXIO))
		return error_set(err, RC_UNAVAILABLE, "%s/%s is no regular file", d->path, name);
	if (fd < 0)
		return oserr(err, "open %s/%s", d->path, name);
	rc = adopt(d, name, fd, (flags & O_CREAT) != 0, err);
	if (rc != RC_OK)
		close(fd);
	else
		*out = fd;
	return rc;
}

/* is_writers - a name that the writer opens; the others take care of themselves */
static bool
is_writers(const char *name)
{
	static const char *const names[] = { STATEDIR_DATABASE, LOCK_FILE, "gen", "snapshot" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return strncmp(name, "log.", 4) == 0;
}

/* tidy_one - one file; nothing is changed when all is well */
static enum rc
tidy_one(const struct statedir *d, const char *name, struct error *err)
{
	struct stat st;
	char owner[64];

	if (fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? RC_OK : oserr(err, "stat %s/%s", d->path, name);
	if (!S_ISREG(st.st_mode))
		return error_set(err, RC_UNAVAILABLE, "%s/%s is no regular file", d->path, name);
	if (geteuid() == 0 && (st.st_uid != d->uid || st.st_gid != d->gid) &&
	    fchownat(d->fd, name, d->uid, d->gid, AT_SYMLINK_NOFOLLOW) != 0)
		return oserr(err, "chown %s/%s", d->path, name);
	if (geteuid() != 0 && st.st_uid != d->uid)
		return error_set(err, RC_UNAVAILABLE, "%s/%s belongs to %s: chown it to the "
		    "directory's owner", d->path, name,
		    user_name(st.st_uid, owner, sizeof(owner)));
	if ((st.st_mode & 07777) != 0600 && fchmodat(d->fd, name, 0600, 0) != 0)
		return oserr(err, "chmod %s/%s", d->path, name);
	return RC_OK;
}

/* statedir_tidy - Berkeley DB makes files as the process is, umask and all */
enum rc
statedir_tidy(const struct statedir *d, struct error *err)
{
	enum rc rc = RC_OK;
	struct dirent *e;
	DIR *dir;
	int fd;

	fd = openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (dir == NULL) {
		rc = oserr(err, "read %s", d->path);
		if (fd >= 0)
			close(fd);
		return rc;
	}
	while (rc == RC_OK && (e = readdir(dir)) != NULL)
		if (is_writers(e->d_name))
			rc = tidy_one(d, e->d_name, err);
	closedir(dir);
	return rc;
}

/* statedir_home - see statedir.h */
char *
statedir_home(const struct statedir *d)
{
	char *path = x_asprintf("/proc/self/fd/%d", d->fd);

	if (access(path, F_OK) == 0)
		return path;
	free(path);				/* no /proc here */
	return x_strdup(d->path);
}

/* statedir_here - see statedir.h */
enum rc
statedir_here(const struct statedir *d, struct error *err)
{
	bool same = true;
	enum rc rc = named(d, &same, err);

	if (rc != RC_OK || same)
		return rc;
	return error_set(err, RC_UNAVAILABLE,
	    "%s was moved or replaced while it was open: try again", d->named);
}

/* statedir_ready - Berkeley DB opens by path, so look at what the path holds */
enum rc
statedir_ready(const struct statedir *d, struct error *err)
{
	enum rc rc = statedir_here(d, err);

	if (rc != RC_OK)
		return rc;
	if (faccessat(d->fd, ".", W_OK | X_OK, AT_EACCESS) != 0)
		return oserr(err, "write to %s", d->path);
	rc = check_config(d, err);
	return rc == RC_OK ? statedir_tidy(d, err) : rc;
}

/* same_lock - the name still stands for what we locked; two inodes would be two writers */
static bool
same_lock(const struct statedir *d, int fd)
{
	struct stat held, named;

	return fstat(fd, &held) == 0 &&
	    fstatat(d->fd, LOCK_FILE, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	    held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

/* sign - the holder's pid, for the one who wonders; on a full disk it stays what it was */
static void
sign(int fd)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%-10d\n", (int)getpid());

	if (pwrite(fd, text, (size_t)n, 0) != n)
		return;
}

/* lock_busy - who has it */
static enum rc
lock_busy(const struct statedir *d, int fd, struct error *err)
{
	char text[16] = "";
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? strcspn(text, " \n") : 0] = '\0';
	return error_set(err, RC_BUSY, "the store in %s is locked by process %s", d->path,
	    text[0] != '\0' ? text : "(unknown)");
}

/* wait_lock - non-blocking tries: a stopped holder must not stop us for ever */
static enum rc
wait_lock(const struct statedir *d, int fd, int64_t deadline_ms, struct error *err)
{
	unsigned char jitter;

	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return oserr(err, "lock %s/" LOCK_FILE, d->path);
		if (clock_mono_ms() >= deadline_ms)
			return lock_busy(d, fd, err);
		random_bytes(&jitter, 1);
		clock_nap(LOCK_NAP_MIN + jitter % LOCK_NAP_SPAN);
	}
	return RC_OK;
}

/* statedir_lock - by an open file description of its own each time: flock counts those, not threads */
enum rc
statedir_lock(const struct statedir *d, int64_t deadline_ms, int *out, struct error *err)
{
	enum rc rc;
	int fd;

	for (;;) {
		rc = statedir_file(d, LOCK_FILE, O_RDWR | O_CREAT, &fd, err);
		if (rc != RC_OK)
			return rc;
		rc = wait_lock(d, fd, deadline_ms, err);
		if (rc == RC_OK && same_lock(d, fd))
			break;
		close(fd);
		if (rc != RC_OK)
			return rc;
	}
	sign(fd);
	*out = fd;
	return RC_OK;
}
