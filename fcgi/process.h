/*
 * process.h - what this process is to the system: its rights, its descriptors, its user.
 *
 * Shapes  process_harden() first thing in main() and after each change of user
 * Units   none
 * Errors  RC_NOT_FOUND, RC_INVALID, RC_IO with the mend
 * Owns    nothing
 * Source  DESIGN.md 2 and 5; slowcgi(8) for fds 0-2
 */
#ifndef FCGI_PROCESS_H
#define FCGI_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/config.h"

struct process_user {
	uid_t	uid;
	gid_t	gid;
	char	name[256];		/* "": the owner of the store has no name here */
};

/* process_harden - no core, no ptrace by others, umask 077, fds 0-2 open */
void process_harden(void);

/* process_user - whom a master started by root becomes: `user`, else the owner of the store */
enum rc process_user(const struct config *cfg, struct process_user *out, struct error *err);

/* process_become - for good; nothing happens when we are that user already */
enum rc process_become(const struct process_user *u, struct error *err);

#endif
