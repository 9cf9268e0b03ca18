/*
 * reports.h - what can be asked of the store itself beside objects.
 *
 * Shapes  one row an enum ask, with the service's function that answers it
 * Units   none
 * Errors  those of the function
 * Owns    what is answered is the caller's
 * Source  transport.h, ask
 */
#ifndef CLI_REPORTS_H
#define CLI_REPORTS_H

#include <stdbool.h>

#include "cli/transport.h"
#include "service/rbac.h"
#include "service/service.h"

struct report_place {			/* where an answer comes from */
	struct service		*svc;
	const struct caller	*caller;
	const struct table	*table;
	struct http		*http;		/* NULL: the question needs none */
};

/* report_needs_http - does the answer take a call to a provider */
bool report_needs_http(enum ask what);

enum rc report_answer(const struct report_place *at, const struct question *q,
    struct json_object **out, struct error *err);

/* report_param - a parameter's value; NULL: not given */
const char *report_param(const struct question *q, const char *name);

#endif
