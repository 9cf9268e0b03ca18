/*
 * report.h - what was used, by whom, and how we are: the answers of audit, usage, status and metrics.
 *
 * Shapes  queries are texts as they stand in a URL or on a command line, NULL where not given; answers
 *         are JSON as API.md 2 has it
 * Units   since: RFC 3339, or a span back from now ("1h", "7d"); days are UTC
 * Errors  RC_INVALID names the parameter; RC_NOT_FOUND: no event of that id; RC_UNSUPPORTED: the audit
 *         log is not in files of ours; RC_IO
 * Owns    objects returned are the caller's (json_object_put)
 * Source  API.md 2 and 4
 */
#ifndef SERVICE_REPORT_H
#define SERVICE_REPORT_H

#include "service/service.h"

struct buf;
struct json_object;

#define REPORT_LIMIT		100	/* events, where no limit is given */
#define REPORT_LIMIT_MAX	1000
#define REPORT_SCAN_MAX		(INT64_C(256) * 1024 * 1024)	/* bytes of the log for one query */

struct report_audit {			/* what is asked for */
	const char	*llm;		/* name or id */
	const char	*user;		/* name or id */
	const char	*since;
	const char	*after;		/* id of an event: the ones that came next */
	const char	*limit;
};

/* report_audit - an array, the newest first; skipped: lines on the way that are no events. With after
   the `limit` events that follow it, so that one who asks again and again with the newest id misses
   none */
enum rc report_audit(struct service *svc, const struct table *t, const struct report_audit *q,
    struct json_object **out, uint64_t *skipped, struct error *err);

/* report_usage - an array of {"<by>", requests, errors, promptTokens, completionTokens, cachedTokens};
   by: llm (NULL too), user, token, day */
enum rc report_usage(struct service *svc, const struct table *t, const char *by,
    const char *since, struct json_object **out, struct error *err);

struct json_object *report_status(struct service *svc, const struct table *t);

/* report_unready - what keeps the store from working, in one word (store, key, space); NULL: nothing */
const char *report_unready(struct service *svc, struct error *err);

/* report_metrics - Prometheus's text format, 0.0.4 */
#define REPORT_METRICS_MAX (16 * 1024 * 1024)	/* bytes */
enum rc report_metrics(struct service *svc, const struct table *t, struct buf *out,
    struct error *err);

/* report_since - a time or a span back from now; name is the parameter's, for the error */
enum rc report_since(const char *name, const char *text, int64_t *wall_ms, struct error *err);

#endif
