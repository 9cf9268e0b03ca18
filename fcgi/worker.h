/*
 * worker.h - one process that serves a listening socket until it is told to leave.
 *
 * Shapes  TERM, INT, USR1: accept no more, let streams finish within drain_seconds, then end them
 *         with an error event. HUP, or max_requests served: the same without a deadline
 * Units   none
 * Errors  the exit status: 0, or 1 when it can't even start
 * Owns    cfg and listen_fd are borrowed
 * Source  DESIGN.md 2
 */
#ifndef FCGI_WORKER_H
#define FCGI_WORKER_H

#include <sys/types.h>

#include "base/config.h"
#include "fcgi/board.h"

#define WORKER_DRAIN_OWN_S	60	/* drain_seconds under our own master */
#define WORKER_DRAIN_HOST_S	6	/* mod_fcgid kills 8 s after its first TERM */
#define WORKER_CUT_MS		1500	/* ms for streams to say that they end */

struct worker_place {			/* under our own master; all 0 without one */
	struct board	*board;
	unsigned	 slot;
	pid_t		 master;
};

/* worker_run - returns when it has left */
int worker_run(const struct config *cfg, int listen_fd, const struct worker_place *place);

#endif
