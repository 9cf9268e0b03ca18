/*
 * io_cgi.c - plain CGI (RFC 3875): parameters in the environment, body on fd 0, answer on fd 1.
 *
 * A web server whose client left closes fd 1, and ends us: by TERM, and 3 s later by KILL (Apache).
 * What was used must be booked before that, so TERM is taken for what it says: nobody reads any more.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "fcgi/io_out.h"

#define PIECE_MAX	4096		/* bytes that a pipe or socket with room takes without blocking */

struct io_cgi {
	struct io	io;
	int64_t		left;		/* of the body; -1: until its end (chunked upload) */
	struct io_out	out;
};

/* param - an environment variable */
static const char *
param(struct io *io, const char *name)
{
	(void)io;
	return getenv(name);
}

/* read_body - never past CONTENT_LENGTH: there may be no end of file behind it (RFC 3875 4.2) */
static enum rc
read_body(struct io *io, char *p, size_t n, size_t *got, struct error *err)
{
	struct io_cgi *c = (struct io_cgi *)io;
	ssize_t len;

	if (c->left >= 0 && (uint64_t)c->left < n)
		n = (size_t)c->left;
	do
		len = n > 0 ? read(STDIN_FILENO, p, n) : 0;
	while (len < 0 && errno == EINTR);
	if (len < 0)
		return error_set(err, RC_GONE, "body: the web server closed the connection");
	if (c->left >= 0)
		c->left -= len;
	*got = (size_t)len;
	return RC_OK;
}

/* put - piece by piece, each when there is room: fd 1 blocks, and is not ours alone to change */
static enum rc
put(struct io *io, const char *p, size_t n, struct error *err)
{
	enum rc rc;

	while (n > 0) {
		ssize_t len;

		if ((rc = io_out_room(io, STDOUT_FILENO, err)) != RC_OK)
			return rc;
		len = write(STDOUT_FILENO, p, n < PIECE_MAX ? n : PIECE_MAX);
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return error_set(err, RC_GONE, "the client left");
		p += len;
		n -= (size_t)len;
	}
	return RC_OK;
}

/* write_body - collected first */
static enum rc
write_body(struct io *io, const char *p, size_t n, struct error *err)
{
	return io_out_write(&((struct io_cgi *)io)->out, io, p, n, err);
}

/* flush - what was collected */
static enum rc
flush(struct io *io, struct error *err)
{
	return io_out_flush(&((struct io_cgi *)io)->out, io, err);
}

/* watch - whatever it is */
static enum rc
watch(struct io *io, bool *again, struct error *err)
{
	struct epoll_event event;

	*again = true;
	if (epoll_wait(io->watch_fd, &event, 1, 0) == 1)
		return error_set(err, RC_GONE, "the client left");
	return RC_OK;
}

/* watch_new - one descriptor for both signs: TERM, and a hang-up of fd 1. Of that nothing else may
   count: mod_cgid gives a socket, which is "readable" as soon as the body is read */
static int
watch_new(void)
{
	struct epoll_event in = { .events = EPOLLIN }, hangup = { .events = 0 };
	int fd = epoll_create1(EPOLL_CLOEXEC), term;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	term = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd >= 0 && term >= 0)
		(void)epoll_ctl(fd, EPOLL_CTL_ADD, term, &in);
	if (fd >= 0)				/* a file, which has no hang-up, is refused */
		(void)epoll_ctl(fd, EPOLL_CTL_ADD, STDOUT_FILENO, &hangup);
	return fd;
}

/* stop_reading - what nobody reads any more is refused, what has come already is thrown away: mod_cgid
   loses an answer whose sender ends with bytes unread */
static void
stop_reading(void)
{
	char piece[PIECE_MAX];

	if (shutdown(STDIN_FILENO, SHUT_RD) == 0)	/* a pipe needs none of that */
		while (read(STDIN_FILENO, piece, sizeof(piece)) > 0)
			;
}

/* close_request - the rest out; the process ends after it */
static void
close_request(struct io *io)
{
	struct io_cgi *c = (struct io_cgi *)io;

	(void)flush(io, NULL);
	stop_reading();
	if (io->watch_fd >= 0)
		close(io->watch_fd);
	io_out_release(&c->out);
	free(c);
}

static const struct io_ops ops_cgi = {
	.param	= param,
	.read	= read_body,
	.write	= write_body,
	.flush	= flush,
	.watch	= watch,
	.close	= close_request,
};

/* io_cgi_open - the one request of this process */
struct io *
io_cgi_open(void)
{
	struct io_cgi *c = x_calloc(1, sizeof(*c));
	const char *len = getenv("CONTENT_LENGTH");
	char *end = NULL;

	c->io.ops = &ops_cgi;
	io_out_init(&c->out, put);
	if (len != NULL && *len != '\0')
		c->left = strtoll(len, &end, 10);
	else if (getenv("HTTP_TRANSFER_ENCODING") != NULL)
		c->left = -1;
	if (c->left < -1 || (end != NULL && *end != '\0'))
		c->left = 0;
	c->io.watch_fd = watch_new();
	return &c->io;
}
