/*
 * io_fcgx.c - FastCGI by libfcgi; the only file that includes fcgiapp.h.
 *
 * We accept connections ourselves: libfcgi's own accept loop can't be woken without races, and waits
 * for a first byte without a limit on TCP. What it is given is an accepted descriptor in a request
 * that claims to keep its connection; FCGX_Accept_r() then reads the request from it. When that
 * fails it tries accept(-1), which fails too: just what we want.
 */
#include <errno.h>
#include <fcgiapp.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/mem.h"
#include "fcgi/io.h"

/*
 * After its last byte libfcgi waits for the web server to close first; real ones do so within
 * 10 ms, and its own default of 2 s would let a silent peer hold a thread for that long.
 */
#define CLOSE_WAIT_MS		"500"
#define FCGI_HEADER_LEN		8	/* bytes, FastCGI 1.0 §3.3 */
#define FCGI_TYPE_AT		1	/* offset of the record's type in it */
#define FCGI_TYPE_ABORT		2	/* FCGI_ABORT_REQUEST, FastCGI 1.0 §8 */

struct io_fcgx {
	struct io	io;
	FCGX_Request	req;
};

/* io_fcgx_global - set up libfcgi */
void
io_fcgx_global(void)
{
	setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", CLOSE_WAIT_MS, 0);
	FCGX_Init();
	/* it takes over an ignored SIGPIPE for a handler of its own, which would interrupt calls */
	signal(SIGPIPE, SIG_IGN);
}

/* param - a CGI parameter */
static const char *
param(struct io *io, const char *name)
{
	struct io_fcgx *f = (struct io_fcgx *)io;

	return FCGX_GetParam(name, f->req.envp);
}

/*
 * take - no more than libfcgi holds now (one byte makes it read on), and wipe it there: its buffer lives
 * as long as the thread, and a body may hold a key
 */
static int
take(FCGX_Stream *in, char *p, size_t n)
{
	size_t held = (size_t)(in->stop - in->rdNext);
	int len = FCGX_GetStr(p, (int)(held == 0 ? 1 : held < n ? held : n), in);

	if (len > 0)
		mem_wipe(in->rdNext - len, (size_t)len);
	return len;
}

/* read_body - from the stdin stream */
static enum rc
read_body(struct io *io, char *p, size_t n, size_t *got, struct error *err)
{
	struct io_fcgx *f = (struct io_fcgx *)io;
	int len, code;

	len = take(f->req.in, p, n > INT_MAX ? INT_MAX : n);
	code = len > 0 ? 0 : FCGX_GetError(f->req.in);
	if (code == EAGAIN || code == EWOULDBLOCK)
		return error_set(err, RC_TIMEOUT, "body: nothing came for too long");
	if (code != 0)
		return error_set(err, RC_GONE, "body: the web server closed the connection");
	*got = len > 0 ? (size_t)len : 0;
	return RC_OK;
}

/* gone - a write did not go through; a reader that is too slow counts as one that left */
static enum rc
gone(struct error *err)
{
	return error_set(err, RC_GONE, "the client left");
}

/* write_body - into libfcgi's buffer, out when that is full */
static enum rc
write_body(struct io *io, const char *p, size_t n, struct error *err)
{
	struct io_fcgx *f = (struct io_fcgx *)io;

	while (n > 0) {
		int len = n > INT_MAX ? INT_MAX : (int)n;

		if (FCGX_PutStr(p, len, f->req.out) != len)
			return gone(err);
		p += len;
		n -= (size_t)len;
	}
	return RC_OK;
}

/* flush - one record, one write(2) */
static enum rc
flush(struct io *io, struct error *err)
{
	struct io_fcgx *f = (struct io_fcgx *)io;

	return FCGX_FFlush(f->req.out) < 0 ? gone(err) : RC_OK;
}

/* watch - end of file, an error, or an abort record mean that the client left */
static enum rc
watch(struct io *io, bool *again, struct error *err)
{
	struct io_fcgx *f = (struct io_fcgx *)io;
	unsigned char head[FCGI_HEADER_LEN];
	ssize_t n;

	n = recv(f->req.ipcFd, head, sizeof(head), MSG_PEEK | MSG_DONTWAIT);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
		return gone(err);
	if (n > FCGI_TYPE_AT && head[FCGI_TYPE_AT] == FCGI_TYPE_ABORT)
		return gone(err);
	/* anything else stays there unread, and would make the descriptor readable for ever */
	*again = n < 0;
	return RC_OK;
}

/* set_timeout - of one direction of the socket */
static void
set_timeout(int fd, int option, int ms)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	setsockopt(fd, SOL_SOCKET, option, &tv, sizeof(tv));
}

/* patience - libfcgi has no read timeout: the socket has */
static void
patience(struct io *io, int ms)
{
	struct io_fcgx *f = (struct io_fcgx *)io;

	set_timeout(f->req.ipcFd, SO_RCVTIMEO, ms);
}

/* close_request - finish, and never keep the connection: an idle one would pin a thread */
static void
close_request(struct io *io)
{
	struct io_fcgx *f = (struct io_fcgx *)io;

	f->req.keepConnection = 0;
	FCGX_Finish_r(&f->req);
	free(f);
}

static const struct io_ops ops_fcgx = {
	.param		= param,
	.read		= read_body,
	.write		= write_body,
	.flush		= flush,
	.watch		= watch,
	.patience	= patience,
	.close		= close_request,
};

/* io_fcgx_open - a connection becomes a request */
enum rc
io_fcgx_open(int fd, int params_ms, struct io **out, struct error *err)
{
	struct pollfd first = { .fd = fd, .events = POLLIN };
	struct io_fcgx *f;

	/* a peer that says nothing is closed here, without libfcgi's wait for its farewell */
	if (poll(&first, 1, params_ms) <= 0) {
		close(fd);
		return error_set(err, RC_TIMEOUT, "a connection without a request");
	}
	set_timeout(fd, SO_RCVTIMEO, params_ms);
	set_timeout(fd, SO_SNDTIMEO, IO_WRITE_MS);
	f = x_calloc(1, sizeof(*f));
	FCGX_InitRequest(&f->req, -1, 0);
	f->req.ipcFd = fd;
	f->req.keepConnection = 1;
	if (FCGX_Accept_r(&f->req) < 0) {	/* and it has closed fd */
		free(f);
		return error_set(err, RC_GONE, "a connection without a complete request");
	}
	f->io.ops = &ops_fcgx;
	/* libfcgi takes parameters that were cut off for the end of them */
	if (FCGX_GetError(f->req.in) != 0) {
		close_request(&f->io);
		return error_set(err, RC_GONE, "a request without the end of its parameters");
	}
	f->io.watch_fd = f->req.ipcFd;
	patience(&f->io, IO_BODY_MS);
	*out = &f->io;
	return RC_OK;
}
