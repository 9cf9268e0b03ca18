/*
 * server.h - what all requests of one process share.
 *
 * Shapes  made after fork. The service is opened at first use, and tried again while it can't be: a
 *         process without a store answers /healthz, and 503 to the rest, instead of dying in a loop.
 *         Where its directory is moved away, replaced or emptied, what is there now is opened instead
 * Units   ms
 * Errors  RC_UNAVAILABLE without words about our disk: they are in the log
 * Owns    server_release() frees; cfg is borrowed; a service is given back with server_done()
 * Source  DESIGN.md 2, API.md 1 ("Store unreachable: 503, never 401")
 */
#ifndef FCGI_SERVER_H
#define FCGI_SERVER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "service/service.h"

struct serving {			/* a service, and how many use it */
	struct service	 svc;		/* first */
	unsigned	 refs;		/* under the server's lock; one is the server's own */
};

struct server {
	const struct config	*cfg;
	atomic_int		 draining;	/* not 0: streams end now, with an error event */
	/* below: under the lock */
	struct serving		*now;		/* NULL: there is none to be had */
	int64_t			 retry_ms;	/* not tried again before */
	struct error		 why;		/* the last trouble that was logged */
	pthread_mutex_t		 lock;
};

void server_init(struct server *s, const struct config *cfg);
void server_release(struct server *s);

/* server_service - the one of this moment, for one request; opened where it is not yet */
enum rc server_service(struct server *s, struct service **out, struct error *err);
void server_done(struct server *s, struct service *svc);	/* NULL is fine */

/* server_table - the newest table of a service, a reference for the caller */
enum rc server_table(struct server *s, struct service *svc, const struct table **out,
    struct error *err);

#endif
