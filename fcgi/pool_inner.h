/*
 * pool_inner.h - what the pool's own files know of each other.
 *
 * Shapes  pool.c has the threads that serve, pool_reserve.c the one beyond them
 * Units   as pool.h
 * Errors  pool_accept(), pool_asked(): -1
 * Owns    as pool.h; descriptors that are returned are the caller's
 * Source  DESIGN.md 2
 */
#ifndef FCGI_POOL_INNER_H
#define FCGI_POOL_INNER_H

#include <pthread.h>

#include "fcgi/kept.h"
#include "fcgi/pool.h"

struct pool {
	struct pool_opts	opts;
	pthread_mutex_t		lock;
	pthread_cond_t		turn;		/* the leader has found work, or all shall end */
	pthread_cond_t		full;		/* all threads are busy, or all shall end */
	int			stop_fd;	/* readable from pool_stop() on */
	int			epoll_fd;	/* what the leader waits for */
	/* below: under the lock */
	bool			leading;	/* one thread waits for connections */
	bool			stopping;
	int64_t			stop_ms;	/* when it began */
	unsigned		threads;	/* all that have not ended, the reserved one too */
	unsigned		crew;		/* those that lead, follow, serve, or will soon */
	unsigned		idle;		/* followers */
	unsigned		busy;
	int64_t			taken;		/* requests */
	struct kept		kept;
};

/* pool_reserve - the reserved thread, which is given the pool */
void *pool_reserve(void *arg);

/* pool_slot - ours on the board; NULL: alone */
struct board_slot *pool_slot(const struct pool *p);

/* pool_saturated - is every thread of every worker busy */
bool pool_saturated(const struct pool *p);

/* pool_full - is every thread of ours busy; with the lock held */
bool pool_full(const struct pool *p);

/* pool_accept - a connection */
int pool_accept(struct pool *p);

/* pool_asked - a kept connection with a request; last: those without are closed */
int pool_asked(struct pool *p, bool last);

/* pool_park - a kept connection waits for its next request; with the lock held */
void pool_park(struct pool *p, int fd);

/* pool_retire - a thread's end; with the lock held, which it lets go */
void pool_retire(struct pool_job *job);

#endif
