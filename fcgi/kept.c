/* kept.c - a few descriptors: found by looking at all of them */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "fcgi/kept.h"

/* kept_watch - for the listening descriptor, too */
bool
kept_watch(int epoll_fd, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev) == 0)
		return true;
	log_warn("epoll_ctl: %s", strerror(errno));
	return false;
}

/* kept_add - where there is room */
bool
kept_add(struct kept *k, int fd)
{
	if (k->n == KEPT_MAX || !kept_watch(k->epoll_fd, fd))
		return false;
	k->fds[k->n++] = fd;
	return true;
}

/* take_out - the last one fills the place */
static void
take_out(struct kept *k, unsigned i)
{
	epoll_ctl(k->epoll_fd, EPOLL_CTL_DEL, k->fds[i], NULL);
	k->fds[i] = k->fds[--k->n];
}

/* has_come - is there a request, rather than nothing or the end */
static bool
has_come(int fd)
{
	char c;

	return recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
}

/* kept_take - from the end: whoever fills a place was looked at already */
int
kept_take(struct kept *k, int only)
{
	for (unsigned i = k->n; i-- > 0;) {
		int fd = k->fds[i];

		if (only != KEPT_ANY && fd != only)
			continue;
		take_out(k, i);
		if (has_come(fd))
			return fd;
		close(fd);
	}
	return -1;
}
