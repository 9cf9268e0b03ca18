/*
 * pool.h - the threads of one worker, as many as there are requests, and one more.
 *
 * Shapes  one thread leads: it alone waits for a connection. When it has taken one, another
 *         becomes the leader, or is started, up to max. A reserved thread beyond them accepts
 *         only while all threads of all workers are busy, and is told so. A connection that is kept
 *         waits for its next request in what the leader waits for, without a thread, until the web
 *         server closes it. We do so some time after pool_stop(), and where all threads of this
 *         worker are busy while another worker has time
 * Units   threads, ms
 * Errors  a thread that can't be started is logged; the ones that are there go on
 * Owns    pool_free() frees, after every thread has ended; the listening descriptor stays the
 *         caller's, but leads to /dev/null after pool_stop()
 * Source  DESIGN.md 2
 */
#ifndef FCGI_POOL_H
#define FCGI_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "fcgi/board.h"

struct http;
struct pool;

struct pool_job {			/* a thread's work on one request */
	struct pool	*pool;
	struct http	*http;		/* the thread's own client, made by serve(); NULL: not yet */
	bool		 saturated;	/* every thread is busy: this is the reserved one */
	bool		 last;		/* another worker has time: it had better come anew */
	bool		 ending;	/* pool_ending() was called */
};

struct pool_opts {
	int		 listen_fd;	/* non-blocking */
	unsigned	 max;		/* threads, without the reserved one */
	struct board	*board;		/* NULL: alone, and no reserved thread */
	unsigned	 slot;		/* ours on the board */
	unsigned	 capacity;	/* threads of all workers */
	int64_t		 max_requests;	/* 0: no limit */
	int		 ending_ms;	/* that a refusal waits for a thread that is ending its request */
	int		 linger_ms;	/* after pool_stop(), for a request on a connection that is kept */
	/* one request: the connection where it is kept for the next, -1 where it was closed */
	int		(*serve)(void *arg, struct pool_job *job, int fd);
	/* called from any thread, once each: the last thread ended; max_requests were taken */
	void		(*ended)(void *arg);
	void		(*worn)(void *arg);
	void		*arg;
};

struct pool *pool_new(const struct pool_opts *opts);

/* pool_start - serve() may be called before it returns; signals should be blocked, threads inherit that */
void pool_start(struct pool *p);

/* pool_stop - accept no more; threads end as their requests do */
void pool_stop(struct pool *p);

/* pool_ending - in serve(), before the last bytes of the answer go out: its client may ask again as
   soon as it has them, and must not be told that all threads are busy. Again where they took long */
void pool_ending(struct pool_job *job);

/* pool_keeps - serve() may give back a connection that the web server keeps */
bool pool_keeps(const struct pool_job *job);

/* pool_threads - how many are there, the reserved one too */
unsigned pool_threads(struct pool *p);
void pool_free(struct pool *p);

#endif
