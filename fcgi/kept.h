/*
 * kept.h - connections that a web server keeps, and that wait for its next request without a thread.
 *
 * Shapes  a set of descriptors, watched by somebody's epoll set
 * Units   none
 * Errors  kept_add(): false when there is no room, and nothing was done
 * Owns    the connections in it; the epoll set and the lock around every call are the caller's
 * Source  DESIGN.md 2
 */
#ifndef FCGI_KEPT_H
#define FCGI_KEPT_H

#include <stdbool.h>

#define KEPT_MAX	64		/* connections of a worker that wait for a request */
#define KEPT_ANY	(-1)		/* kept_take(): whichever has a request */

struct kept {
	int		epoll_fd;
	unsigned	n;
	int		fds[KEPT_MAX];
};

/* kept_watch - the epoll set tells when there is something to read */
bool kept_watch(int epoll_fd, int fd);

/* kept_add - wait for the next request */
bool kept_add(struct kept *k, int fd);

/* kept_take - a connection with a request, the caller's from now on, or -1; those that were looked at
   and have none are closed: this one, or all */
int kept_take(struct kept *k, int only);

#endif
