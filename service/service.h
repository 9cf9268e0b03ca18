/*
 * service.h - what the web side and the command line share of one process.
 *
 * Shapes  one struct service a process, made after fork; one struct http a thread
 * Units   none
 * Errors  service_open(): what store_open() and ledger_open() give
 * Owns    service_close() frees; cfg is borrowed and outlives it
 * Source  DESIGN.md 1
 */
#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include <stdbool.h>

#include "adapters/http.h"
#include "base/config.h"
#include "store/lastused.h"
#include "store/ledger.h"
#include "store/store.h"

#define SERVICE_LOOK_MS 1000		/* between two looks at the names of the files */

struct secret_cache;

struct service {
	const struct config	*cfg;
	bool			 serving;	/* callers may be on other hosts */
	struct store		*store;
	struct ledger		*ledger;	/* audit, counters, running calls */
	struct lastused		*lastused;	/* NULL: can't be noted */
	struct secret_cache	*secrets;	/* of openbao backends; NULL: nothing is kept */
	int64_t			 looked_ms;	/* of service_lost() */
};

/* service_open - serving: a process of mcpd.fcgi, not a command */
enum rc service_open(const struct config *cfg, bool serving, struct service *svc,
    struct error *err);
void service_close(struct service *svc);

/* service_say - make a text that goes to a caller fit for it: paths of this host are for the log, unless
   the caller is on it */
void service_say(const struct service *svc, char *text);

/* service_lost - what is open is no longer what the names stand for, err says what: close it and open
   anew. Known within SERVICE_LOOK_MS; one thread at a time */
bool service_lost(struct service *svc, struct error *err);

/* service_recover - what calls of a process that has died are still owed: their audit lines, their
   counts. For a process that opens no service of its own; nothing stays open */
void service_recover(const struct config *cfg);

/* service_http - a client with the configuration's proxy, CA and limits; one a thread */
struct http *service_http(const struct service *svc);

#endif
