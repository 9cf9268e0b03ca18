/*
 * io.h - one request's connection to the web server, FastCGI or plain CGI behind one vtable.
 *
 * Shapes  parameters are CGI's names ("REQUEST_URI"); the answer is CGI's too: "Status: 200 OK",
 *         headers, an empty line, the body
 * Units   bytes, ms
 * Errors  RC_GONE: the web server closed the connection, or takes nothing for too long; RC_TIMEOUT:
 *         nothing came for as long as patience() said
 * Owns    io_close() ends the request, closes the connection and frees; parameters are borrowed
 *         until then
 * Source  RFC 3875; FastCGI 1.0
 */
#ifndef FCGI_IO_H
#define FCGI_IO_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rc.h"

#define IO_PARAMS_MS	2000		/* ms between two pieces of the parameters */
#define IO_BODY_MS	60000		/* ms between two pieces of a body */
#define IO_WRITE_MS	60000		/* ms that a reader may take nothing, where until_ms is 0 */

struct io;

struct io_ops {
	/* MUST. NULL: not sent */
	const char	*(*param)(struct io *io, const char *name);
	/* MUST. Up to n bytes of the body; *got 0 is its end */
	enum rc		(*read)(struct io *io, char *p, size_t n, size_t *got, struct error *err);
	/* MUST. May keep it until flush() */
	enum rc		(*write)(struct io *io, const char *p, size_t n, struct error *err);
	enum rc		(*flush)(struct io *io, struct error *err);
	/* MUST. watch_fd is readable: RC_GONE, or RC_OK; *again false: it tells nothing any more */
	enum rc		(*watch)(struct io *io, bool *again, struct error *err);
	/* MAY. How long read() waits from now on */
	void		(*patience)(struct io *io, int ms);
	/* MUST */
	void		(*close)(struct io *io);
};

struct io {				/* a backend's struct begins with it */
	const struct io_ops	*ops;
	int			 watch_fd;	/* -1: nothing tells that the client left */
	int64_t			 until_ms;	/* clock_mono_ms() at which no write waits any more; 0: none */
	bool			 may_keep;	/* the web server would use the connection again */
	int			*kept;		/* where close() puts it then, if it can; NULL: it is closed */
	const atomic_int	*stop;		/* not 0: no write waits any more; NULL: never */
	void			(*ending)(void *arg);	/* its end goes out, or just did */
	void			*ending_arg;
};

/* io_ending - whoever knows says so; more than once is fine */
static inline void
io_ending(const struct io *io)
{
	if (io->ending != NULL)
		io->ending(io->ending_arg);
}

/* io_fcgx_global - once a process, after its signal handlers are set, before its first thread */
void io_fcgx_global(void);

/* io_fcgx_open - take an accepted connection, read the parameters; fd is closed on failure */
enum rc io_fcgx_open(int fd, int params_ms, struct io **out, struct error *err);

/* io_cgi_open - the environment, fd 0 and fd 1 of this process */
struct io *io_cgi_open(void);

#endif
