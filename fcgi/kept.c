/* kept.c - a few descriptors: found by looking at all of them */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "fcgi/kept.h"

/* kept_init - nothing waits */
bool
kept_init(struct kept *k)
{
	k->n = 0;
	k->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return k->epoll_fd >= 0;
}

/* kept_close - the set alone */
void
kept_close(struct kept *k)
{
	close(k->epoll_fd);
}

/* kept_add - where there is room */
bool
kept_add(struct kept *k, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	if (k->n == KEPT_MAX)
		return false;
	if (epoll_ctl(k->epoll_fd, EPOLL_CTL_ADD, fd, &ev) != 0) {
		log_warn("epoll_ctl: %s", strerror(errno));
		return false;
	}
	k->fds[k->n++] = fd;
	return true;
}

/* has_come - is there a request, rather than nothing or the end */
static bool
has_come(int fd)
{
	char c;

	return recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
}

/* take_out - the last one fills the place; what has no request is closed, and -1 */
static int
take_out(struct kept *k, unsigned i)
{
	int fd = k->fds[i];

	epoll_ctl(k->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	k->fds[i] = k->fds[--k->n];
	if (has_come(fd))
		return fd;
	close(fd);
	return -1;
}

/* kept_next - as the kernel tells */
int
kept_next(struct kept *k)
{
	struct epoll_event ev;
	int fd = -1;

	while (fd < 0 && epoll_wait(k->epoll_fd, &ev, 1, 0) == 1)
		for (unsigned i = k->n; i-- > 0;)
			if (k->fds[i] == ev.data.fd)
				fd = take_out(k, i);
	return fd;
}

/* kept_last - from the end: whoever fills a place was looked at already */
int
kept_last(struct kept *k)
{
	int fd = -1;

	for (unsigned i = k->n; i-- > 0 && fd < 0;)
		fd = take_out(k, i);
	return fd;
}
