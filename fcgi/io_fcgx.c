/*
 * io_fcgx.c - FastCGI by libfcgi; the only file that includes fcgiapp.h.
 *
 * We accept connections ourselves: libfcgi's own accept loop can't be woken without races, and waits
 * for a first byte without a limit on TCP. What it is given is an accepted descriptor in a request
 * that claims to keep its connection; FCGX_Accept_r() then reads the request from it. When that
 * fails it tries accept(-1), which fails too: just what we want.
 *
 * The answer's records are written here as well: libfcgi blocks in write(2) for as long as the web
 * server's client reads a byte now and then. Its own output stream stays empty, and closes the request.
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
#include <sys/uio.h>
#include <unistd.h>

#include "base/mem.h"
#include "fcgi/io_out.h"

/*
 * After its last byte libfcgi waits for the web server to close first; real ones do so within
 * 10 ms, and its own default of 2 s would let a silent peer hold a thread for that long.
 */
#define CLOSE_WAIT_MS		"500"
#define FCGI_HEADER_LEN		8	/* bytes, FastCGI 1.0 §3.3 */
#define FCGI_TYPE_AT		1	/* offset of the record's type in it */
#define FCGI_TYPE_ABORT		2	/* FCGI_ABORT_REQUEST, FastCGI 1.0 §8 */
#define FCGI_TYPE_STDOUT	6	/* FCGI_STDOUT */
#define RECORD_MAX		32768	/* bytes of a record's content that we send at once */
#define FAREWELL_MS		1000	/* ms that a reader has for what closes the request */

struct io_fcgx {
	struct io	io;
	FCGX_Request	req;
	struct io_out	out;
	bool		gone;		/* it takes nothing more, or has half a record */
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

/* gone - a read or a write says that nobody is there */
static enum rc
gone(struct error *err)
{
	return error_set(err, RC_GONE, "the client left");
}

/* send_all - of both parts, whenever there is room for some */
static enum rc
send_all(struct io_fcgx *f, struct iovec *parts, struct error *err)
{
	struct msghdr msg = { .msg_iov = parts, .msg_iovlen = 2 };
	enum rc rc;

	while (parts[0].iov_len + parts[1].iov_len > 0) {
		ssize_t n = sendmsg(f->req.ipcFd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);

		for (int i = 0; i < 2 && n > 0; i++) {
			size_t took = (size_t)n < parts[i].iov_len ? (size_t)n : parts[i].iov_len;

			parts[i].iov_base = (char *)parts[i].iov_base + took;
			parts[i].iov_len -= took;
			n -= (ssize_t)took;
		}
		if (n >= 0 || errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return gone(err);
		if ((rc = io_out_room(&f->io, f->req.ipcFd, err)) != RC_OK)
			return rc;
	}
	return RC_OK;
}

/* put - records of FCGI_STDOUT (FastCGI 1.0 §3.3), without padding */
static enum rc
put(struct io *io, const char *p, size_t n, struct error *err)
{
	struct io_fcgx *f = (struct io_fcgx *)io;
	enum rc rc = f->gone ? gone(err) : RC_OK;

	while (n > 0 && rc == RC_OK) {
		size_t len = n < RECORD_MAX ? n : RECORD_MAX;
		unsigned char head[FCGI_HEADER_LEN] = {
			1, FCGI_TYPE_STDOUT,
			(unsigned char)(f->req.requestId >> 8), (unsigned char)f->req.requestId,
			(unsigned char)(len >> 8), (unsigned char)len,
		};
		struct iovec parts[] = { { head, sizeof(head) }, { (char *)(uintptr_t)p, len } };

		rc = send_all(f, parts, err);
		p += len;
		n -= len;
	}
	f->gone = rc != RC_OK;
	return rc;
}

/* write_body - collected first */
static enum rc
write_body(struct io *io, const char *p, size_t n, struct error *err)
{
	return io_out_write(&((struct io_fcgx *)io)->out, io, p, n, err);
}

/* flush - one record, one system call */
static enum rc
flush(struct io *io, struct error *err)
{
	return io_out_flush(&((struct io_fcgx *)io)->out, io, err);
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

/* settled - the web server has said all, and would send its next request: it waits for no farewell,
   and would not give one */
static bool
settled(const struct io_fcgx *f)
{
	return f->io.may_keep && FCGX_HasSeenEOF(f->req.in) != 0;
}

/* close_request - finish. libfcgi blocks in its last write, and waits for a farewell: not where nobody
   reads */
static void
close_request(struct io *io)
{
	struct io_fcgx *f = (struct io_fcgx *)io;

	(void)flush(io, NULL);
	io_ending(io);
	if (f->gone || io_out_room(io, f->req.ipcFd, NULL) != RC_OK)
		shutdown(f->req.ipcFd, SHUT_RDWR);
	io_out_release(&f->out);
	f->req.keepConnection = settled(f);
	FCGX_Finish_r(&f->req);
	/* -1: libfcgi has closed it */
	if (f->req.ipcFd >= 0 && io->kept != NULL)
		*io->kept = f->req.ipcFd;
	else if (f->req.ipcFd >= 0)
		close(f->req.ipcFd);
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
	set_timeout(fd, SO_SNDTIMEO, FAREWELL_MS);
	f = x_calloc(1, sizeof(*f));
	FCGX_InitRequest(&f->req, -1, 0);
	f->req.ipcFd = fd;
	f->req.keepConnection = 1;
	io_out_init(&f->out, put);
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
	f->io.may_keep = f->req.keepConnection;
	patience(&f->io, IO_BODY_MS);
	*out = &f->io;
	return RC_OK;
}
