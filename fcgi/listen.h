/*
 * listen.h - the socket that web servers connect to.
 *
 * Shapes  "unix:PATH" or "HOST:PORT" ("[::1]:9000"); non-blocking, close-on-exec
 * Units   none
 * Errors  RC_CONFLICT: another process listens there; RC_INVALID: not of these forms;
 *         RC_IO: the system's reason
 * Owns    listen_close() closes, and unlinks the path where it is still ours
 * Source  DESIGN.md 2; unix(7)
 */
#ifndef FCGI_LISTEN_H
#define FCGI_LISTEN_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/rc.h"

#define LISTEN_BACKLOG 1024		/* connections; the kernel's somaxconn may cut it */

struct listener {
	int	 fd;			/* -1: closed */
	char	*path;			/* NULL: no path of ours */
	dev_t	 dev;
	ino_t	 ino;
};

enum rc listen_open(const char *spec, mode_t mode, struct listener *out, struct error *err);

/* listen_give - the path's owner, before root is given up */
enum rc listen_give(const struct listener *l, uid_t uid, gid_t gid, struct error *err);

void listen_close(struct listener *l);

/* listen_is - is the descriptor a listening socket */
bool listen_is(int fd);

#endif
