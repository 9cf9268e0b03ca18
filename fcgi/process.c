/* process.c - fewer rights than we were started with */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "fcgi/process.h"

/* open_standard - a socket that came to be fd 2 would be sent our log */
static void
open_standard(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)open("/dev/null", O_RDWR);
}

/* process_harden - keys are in our memory: no file and no debugger must come to have it */
void
process_harden(void)
{
	const struct rlimit none = { 0, 0 };

	umask(077);
	open_standard();
	setrlimit(RLIMIT_CORE, &none);
#ifndef WITH_SANITIZER			/* the leak checker is a debugger */
	prctl(PR_SET_DUMPABLE, 0);
#endif
}

/* from_passwd - fill it from an entry */
static void
from_passwd(struct process_user *u, const struct passwd *pw)
{
	u->uid = pw->pw_uid;
	u->gid = pw->pw_gid;
	snprintf(u->name, sizeof(u->name), "%s", pw->pw_name);
}

/* process_user - who it should be */
enum rc
process_user(const struct config *cfg, struct process_user *out, struct error *err)
{
	struct process_user u = { .name = "" };
	const struct passwd *pw;
	struct stat st;

	if (cfg->user != NULL) {
		if ((pw = getpwnam(cfg->user)) == NULL)
			return error_set(err, RC_NOT_FOUND, "user: no such user: %s", cfg->user);
		from_passwd(&u, pw);
		*out = u;
		return RC_OK;
	}
	if (stat(cfg->db, &st) != 0)
		return error_set(err, RC_NOT_FOUND, "%s: %s (make a store with: mcpctl init)",
		    cfg->db, strerror(errno));
	u.uid = st.st_uid;
	u.gid = st.st_gid;
	if ((pw = getpwuid(st.st_uid)) != NULL)
		from_passwd(&u, pw);
	*out = u;
	return RC_OK;
}

/* drop - groups first: without root they can't be changed any more */
static bool
drop(const struct process_user *u)
{
	if (*u->name != '\0' ? initgroups(u->name, u->gid) != 0 : setgroups(1, &u->gid) != 0)
		return false;
	return setgid(u->gid) == 0 && setuid(u->uid) == 0;
}

/* process_become - and no way back */
enum rc
process_become(const struct process_user *u, struct error *err)
{
	if (geteuid() == u->uid) {
		if (u->uid == 0)
			log_warn("running as root: set user, or give the store to one of its own");
		return RC_OK;
	}
	if (geteuid() != 0)
		return error_set(err, RC_INVALID, "only root can become another user (uid %u)",
		    (unsigned)u->uid);
	if (!drop(u))
		return error_set(err, RC_IO, "becoming uid %u: %s", (unsigned)u->uid,
		    strerror(errno));
	if (u->uid != 0 && setuid(0) == 0)
		return error_set(err, RC_IO, "becoming uid %u did not last", (unsigned)u->uid);
	process_harden();
	return RC_OK;
}
