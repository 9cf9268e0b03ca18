/*
 * service.h - what the web side and the command line share of one process.
 *
 * Shapes  one struct service a process, made after fork; one struct http a thread
 * Units   none
 * Errors  service_open(): what store_open() and audit_open() give
 * Owns    service_close() frees; cfg is borrowed and outlives it
 * Source  DESIGN.md 1
 */
#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include <stdatomic.h>

#include "adapters/http.h"
#include "base/config.h"
#include "store/audit.h"
#include "store/lastused.h"
#include "store/store.h"

struct json_object;

struct service {
	const struct config	*cfg;
	struct store		*store;
	struct audit		*audit;
	struct lastused		*lastused;		/* NULL: can't be noted */
	atomic_ulong		 audit_failures;	/* lines that could not be written */
	atomic_bool		 audit_down;		/* the last one could not */
};

enum rc service_open(const struct config *cfg, struct service *svc, struct error *err);
void service_close(struct service *svc);

/* service_audit - write one audit event and free it; what fails is counted, logged, and the work goes
   on: a change or a call is not undone by a full disk */
void service_audit(struct service *svc, struct json_object *event);

/* service_http - a client with the configuration's proxy, CA and limits; one a thread */
struct http *service_http(const struct service *svc);

#endif
