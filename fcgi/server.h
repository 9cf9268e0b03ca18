/*
 * server.h - what all requests of one process share.
 *
 * Shapes  made after fork. The service is opened at first use, and tried again while it can't be: a
 *         process without a store answers /healthz, and 503 to the rest, instead of dying in a loop
 * Units   ms
 * Errors  RC_UNAVAILABLE without words about our disk: they are in the log
 * Owns    server_release() frees; cfg is borrowed
 * Source  DESIGN.md 2, API.md 1 ("Store unreachable: 503, never 401")
 */
#ifndef FCGI_SERVER_H
#define FCGI_SERVER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "service/service.h"

struct server {
	const struct config	*cfg;
	atomic_int		 draining;	/* not 0: streams end now, with an error event */
	/* below: the service, opened under the lock */
	struct service		 svc;
	atomic_bool		 open;
	int64_t			 retry_ms;	/* not tried again before */
	struct error		 why;		/* the last trouble that was logged */
	pthread_mutex_t		 lock;
};

void server_init(struct server *s, const struct config *cfg);
void server_release(struct server *s);

/* server_service - borrowed; opened where it is not yet */
enum rc server_service(struct server *s, struct service **out, struct error *err);

/* server_table - the newest table, a reference for the caller */
enum rc server_table(struct server *s, const struct table **out, struct error *err);

#endif
