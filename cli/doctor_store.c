/* doctor_store.c - checks of the configuration, the state directory and the key file, as files */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/doctor.h"
#include "cli/local.h"
#include "store/statedir.h"

#define NAME_SIZE	64		/* bytes of a user's name, with the NUL */
#define SPACE_FAIL	(1LL << 20)	/* bytes free: below it /readyz says 503 */
#define SPACE_WARN	(64LL << 20)	/* bytes free: a few days of an audit log */
#define INODES_FAIL	8		/* files that can still be made: a day takes two */
#define FILES_TOLD	10		/* files that are named one by one */

/* user_of - a name, or the number */
static const char *
user_of(uid_t uid, char room[NAME_SIZE])
{
	const struct passwd *pw = getpwuid(uid);

	if (pw != NULL)
		snprintf(room, NAME_SIZE, "%s", pw->pw_name);
	else
		snprintf(room, NAME_SIZE, "%lu", (unsigned long)uid);
	return room;
}

/* config_path - the file that is read */
static const char *
config_path(void)
{
	const char *path = getenv("MCPD_CONFIG");

	return path != NULL && *path != '\0' ? path : CONFIG_PATH;
}

/* look_config_file - who can read and write it: it names the store, the proxy and whom to trust */
static void
look_config_file(struct doctor *d, const char *path, const char *word)
{
	struct stat st, dir;
	mode_t mode;

	if (stat(path, &st) != 0) {
		doctor_found(d, VERDICT_OK, "there is no %s, all is at its default", path);
		return;
	}
	mode = st.st_mode & 07777u;
	if (mode & S_IWOTH) {
		doctor_found(d, VERDICT_FAIL, "%s has mode %04o: anyone can change it", path, mode);
		doctor_mend(d, "chmod o-w %s", word);
	} else if (mode & S_IROTH) {
		gid_t gid = stat(d->cfg.db, &dir) == 0 ? dir.st_gid : st.st_gid;

		doctor_found(d, VERDICT_WARN, "%s has mode %04o: anyone can read it%s", path, mode,
		    d->cfg.proxy != NULL ? ", and what it says of the proxy" : "");
		doctor_mend(d, "chgrp %lu %s && chmod 640 %s", (unsigned long)gid, word, word);
	} else
		doctor_found(d, VERDICT_OK, "%s, mode %04o", path, mode);
}

/* look_config - read as mcpd reads it */
static void
look_config(struct doctor *d)
{
	const char *path = config_path();
	char *word = doctor_word(path);
	struct error err;

	if (local_config(&d->cfg, d->db, NULL, &err) == RC_OK) {
		d->missing[NEED_CONFIG] = NULL;
		d->dir_word = doctor_word(d->cfg.db);
		d->key_word = doctor_word(d->cfg.key_file);
		look_config_file(d, path, word);
	} else {
		doctor_found(d, VERDICT_FAIL, "%s", err.msg);
		doctor_mend(d, "${EDITOR:-vi} %s", word);
	}
	free(word);
}

/* look_directory - is there one */
static void
look_directory(struct doctor *d)
{
	const char *path = d->cfg.db;

	if (lstat(path, &d->dir) != 0) {
		doctor_found(d, VERDICT_FAIL, "%s: %s", path, strerror(errno));
		doctor_mend(d, PROGRAM_NAME " --db %s init", d->dir_word);
	} else if (S_ISLNK(d->dir.st_mode)) {
		doctor_found(d, VERDICT_FAIL, "%s is a symbolic link, which root's " PROGRAM_NAME
		    " does not follow", path);
		doctor_mend(d, PROGRAM_NAME " --db \"$(readlink -f %s)\" doctor", d->dir_word);
	} else if (!S_ISDIR(d->dir.st_mode)) {
		doctor_found(d, VERDICT_FAIL, "%s is no directory", path);
		doctor_mend(d, "mv %s %s.aside", d->dir_word, d->dir_word);
	} else {
		doctor_found(d, VERDICT_OK, "%s", path);
		d->missing[NEED_DIR] = d->missing[NEED_FIT] = NULL;
	}
}

/* configured_owner - the user that mcpd becomes where root starts it: the one of its configuration, or
   whoever owns the directory */
static uid_t
configured_owner(const struct doctor *d)
{
	const struct passwd *pw = d->cfg.user != NULL ? getpwnam(d->cfg.user) : NULL;

	return pw != NULL ? pw->pw_uid : d->dir.st_uid;
}

/* unfit - nothing opens the store until this is mended; blind: nor can its files be looked at */
static void
unfit(struct doctor *d, bool blind, const char *why)
{
	d->missing[NEED_FIT] = why;
	if (blind)
		d->missing[NEED_DIR] = why;
}

/* judge_owner - the process is the owner by now, or can't be */
static void
judge_owner(struct doctor *d, const char *owner, uid_t wanted)
{
	char name[NAME_SIZE];

	if (wanted != d->dir.st_uid) {
		doctor_found(d, VERDICT_FAIL, "%s belongs to %s, and mcpd runs as %s (user in its "
		    "configuration)", d->cfg.db, owner, d->cfg.user);
		doctor_mend(d, "chown -R %s: %s", d->cfg.user, d->dir_word);
	} else if (geteuid() != d->dir.st_uid) {
		doctor_found(d, VERDICT_FAIL, "%s belongs to %s, and we are %s", d->cfg.db, owner,
		    user_of(geteuid(), name));
		doctor_mend(d, "sudo -u %s " PROGRAM_NAME " --db %s doctor", owner, d->dir_word);
		unfit(d, true, "it belongs to somebody else");
	} else if (d->dir.st_uid == 0) {
		doctor_found(d, VERDICT_WARN, "%s belongs to root, and mcpd would run as root",
		    d->cfg.db);
		doctor_mend(d, "chown -R www-data: %s %s", d->dir_word, d->key_word);
	} else
		doctor_found(d, VERDICT_OK, "%s", owner);
}

/* look_owner - and become it, before a file is opened */
static void
look_owner(struct doctor *d)
{
	uid_t wanted = configured_owner(d);
	char owner[NAME_SIZE];
	struct error err;

	user_of(d->dir.st_uid, owner);
	if (local_become_owner(d->cfg.db, &err) == RC_OK) {
		judge_owner(d, owner, wanted);
		return;
	}
	doctor_found(d, VERDICT_FAIL, "%s", err.msg);
	doctor_mend(d, "sudo -u %s " PROGRAM_NAME " --db %s doctor", owner, d->dir_word);
	unfit(d, true, "its owner can't be become");
}

/* look_mode - nobody else, and all of it for the owner */
static void
look_mode(struct doctor *d)
{
	mode_t mode = d->dir.st_mode & 07777u;

	if (mode == 0700) {
		doctor_found(d, VERDICT_OK, "0700");
		return;
	}
	doctor_found(d, VERDICT_FAIL, "%s has mode %04o: %s", d->cfg.db, mode,
	    mode & 077 ? "others could read the store" : "the store can't be changed");
	doctor_mend(d, "chmod 700 %s", d->dir_word);
	unfit(d, false, "the directory's mode must be mended first");
}

/* look_file_system - of this host, or said to be used by this host alone */
static void
look_file_system(struct doctor *d)
{
	int fd = open(d->cfg.db, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct statvfs fs;
	struct error err;

	if (fd < 0) {
		doctor_found(d, VERDICT_FAIL, "%s: %s", d->cfg.db, strerror(errno));
		doctor_mend(d, "chmod 700 %s", d->dir_word);
		unfit(d, true, "it can't be opened");
		return;
	}
	if (statvfs(d->cfg.db, &fs) == 0 && (fs.f_flag & ST_RDONLY) != 0) {
		doctor_found(d, VERDICT_FAIL, "%s is mounted read-only: reads alone go on", d->cfg.db);
		doctor_mend(d, "mount -o remount,rw \"$(stat -c %%m %s)\"", d->dir_word);
	} else if (statedir_local(fd, d->cfg.db, &err) == RC_OK)
		doctor_found(d, VERDICT_OK, "local");
	else {
		doctor_found(d, d->cfg.allow_network_fs ? VERDICT_WARN : VERDICT_FAIL, "%s",
		    err.msg);
		doctor_mend(d, "mv %s /var/lib/mcpd/, and db in mcpd.yaml likewise", d->dir_word);
		if (!d->cfg.allow_network_fs)
			unfit(d, false, "the directory must move first");
	}
	close(fd);
}

/* look_space - for changes and the audit log */
static void
look_space(struct doctor *d)
{
	struct statvfs fs;
	long long left;

	if (statvfs(d->cfg.db, &fs) != 0) {
		doctor_found(d, VERDICT_FAIL, "%s: %s", d->cfg.db, strerror(errno));
		doctor_mend(d, "df -h %s", d->dir_word);
		return;
	}
	left = (long long)fs.f_bavail * (long long)fs.f_frsize;
	if (fs.f_files > 0 && fs.f_favail < INODES_FAIL)
		doctor_found(d, VERDICT_FAIL, "%lu more files can be made",
		    (unsigned long)fs.f_favail);
	else
		doctor_found(d, left < SPACE_FAIL ? VERDICT_FAIL : left < SPACE_WARN ?
		    VERDICT_WARN : VERDICT_OK, "%lld MiB", left >> 20);
	if (left < SPACE_WARN || (fs.f_files > 0 && fs.f_favail < INODES_FAIL))
		doctor_mend(d, "df -h %s; du -xh %s | sort -h | tail", d->dir_word, d->dir_word);
}

/* bad_file - what is wrong with a file of the directory; the command that mends it begins with *mend.
   NULL: nothing */
static const char *
bad_file(const struct doctor *d, const char *name, const struct stat *st, const char **mend)
{
	*mend = "rm";
	if (strcmp(name, "DB_CONFIG") == 0)
		return "would change how the store is opened";
	if (S_ISLNK(st->st_mode))
		return "is a symbolic link";
	if (!S_ISREG(st->st_mode)) {
		*mend = S_ISDIR(st->st_mode) ? "rmdir" : "rm";
		return "is no regular file";
	}
	*mend = "chmod 600";
	if ((st->st_mode & 07777) != 0600)
		return st->st_mode & 077 ? "can be read by others" : "has another mode than 0600";
	*mend = "chown";
	return st->st_uid != d->dir.st_uid ? "belongs to somebody else" : NULL;
}

/* tell_file - one that is not as it should be */
static void
tell_file(struct doctor *d, const char *name, const char *bad, const char *mend)
{
	char *path = x_asprintf("%s/%s", d->cfg.db, name), *word = doctor_word(path);
	char owner[NAME_SIZE];

	doctor_found(d, VERDICT_FAIL, "%s %s", name, bad);
	if (strcmp(mend, "chown") == 0)
		doctor_mend(d, "chown %s: %s", user_of(d->dir.st_uid, owner), word);
	else
		doctor_mend(d, "%s %s", mend, word);
	free(word);
	free(path);
}

/* look_files - each of the directory */
static void
look_files(struct doctor *d)
{
	DIR *dir = opendir(d->cfg.db);
	unsigned n = 0, bad = 0;
	const char *mend, *why;
	struct dirent *e;
	struct stat st;

	while (dir != NULL && (e = readdir(dir)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
		    fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		n++;
		why = bad_file(d, e->d_name, &st, &mend);
		if (why != NULL && bad++ < FILES_TOLD)
			tell_file(d, e->d_name, why, mend);
	}
	if (dir != NULL)
		closedir(dir);
	if (bad > FILES_TOLD)
		doctor_found(d, VERDICT_FAIL, "and %u more", bad - FILES_TOLD);
	else if (bad == 0)
		doctor_found(d, VERDICT_OK, "%u, each 0600", n);
}

/* bad_key_file - what is wrong with it as a file, told; false: nothing */
static bool
bad_key_file(struct doctor *d, const struct stat *st)
{
	const char *path = d->cfg.key_file;
	mode_t mode = st->st_mode & 07777u;
	char name[NAME_SIZE];

	if (S_ISLNK(st->st_mode)) {
		doctor_found(d, VERDICT_FAIL, "%s is a symbolic link", path);
		doctor_mend(d, "cp --remove-destination \"$(readlink -f %s)\" %s && chmod 600 %s",
		    d->key_word, d->key_word, d->key_word);
	} else if (!S_ISREG(st->st_mode)) {
		doctor_found(d, VERDICT_FAIL, "%s is no regular file", path);
		doctor_mend(d, "mv %s %s.aside", d->key_word, d->key_word);
	} else if (mode != 0600 && mode != 0400) {
		doctor_found(d, VERDICT_FAIL, "%s has mode %04o", path, mode);
		doctor_mend(d, "chmod 600 %s", d->key_word);
	} else if (st->st_uid != geteuid()) {
		doctor_found(d, VERDICT_FAIL, "%s belongs to %s, not to the owner of the store",
		    path, user_of(st->st_uid, name));
		doctor_mend(d, "chown %s: %s", user_of(geteuid(), name), d->key_word);
	} else
		return false;
	return true;
}

/* look_key_file - as a file; what is in it is looked at with the values that need it */
static void
look_key_file(struct doctor *d)
{
	const char *path = d->cfg.key_file;
	struct stat st;

	if (lstat(path, &st) != 0) {
		doctor_found(d, VERDICT_FAIL, "%s: %s", path, strerror(errno));
		doctor_mend(d, "install -m 600 COPY_OF_THE_KEY_FILE %s", d->key_word);
	} else if (!bad_key_file(d, &st)) {
		doctor_found(d, VERDICT_OK, "%s, mode %04o", path, st.st_mode & 07777u);
		d->missing[NEED_KEYS] = NULL;
	}
}

const struct check doctor_store_checks[] = {	/* nothing in the directory is opened for writing */
	{ "configuration",	NEED_NOTHING,	look_config },
	{ "directory",		NEED_CONFIG,	look_directory },
	{ "owner",		NEED_DIR,	look_owner },
	{ "mode",		NEED_DIR,	look_mode },
	{ "file system",	NEED_DIR,	look_file_system },
	{ "free space",		NEED_DIR,	look_space },
	{ "files",		NEED_DIR,	look_files },
	{ "key file",		NEED_DIR,	look_key_file },
	{ NULL, NEED_NOTHING, NULL }
};
