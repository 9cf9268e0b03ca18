/*
 * kept.h - connections that a web server keeps, and that wait for its next request without a thread.
 *
 * Shapes  a set of descriptors; its epoll_fd is readable when something has come on one of them
 * Units   none
 * Errors  kept_init(), kept_add(): false, and nothing was done
 * Owns    the connections in it, until kept_close(); the lock around every call is the caller's
 * Source  DESIGN.md 2; FastCGI 1.0 §5.1, FCGI_KEEP_CONN
 */
#ifndef FCGI_KEPT_H
#define FCGI_KEPT_H

#include <stdbool.h>

#define KEPT_MAX	64		/* connections of a worker that wait for a request */

struct kept {
	int		epoll_fd;
	unsigned	n;
	int		fds[KEPT_MAX];
};

bool kept_init(struct kept *k);

/* kept_add - wait for the next request; false where there is no room */
bool kept_add(struct kept *k, int fd);

/* kept_next - a connection with a request, the caller's from now on, or -1. Those that the web server
   has closed are closed */
int kept_next(struct kept *k);

/* kept_last - the same, but all that have none are closed */
int kept_last(struct kept *k);

/* kept_close - an empty set */
void kept_close(struct kept *k);

#endif
