/* h_usage.c - GET /api/v1/usage and /api/v1/status (API.md 2), /metrics (API.md 4) */
#include <json-c/json.h>

#include "base/buf.h"
#include "fcgi/handlers.h"
#include "fcgi/query.h"
#include "fcgi/reply.h"
#include "service/report.h"

/* do_usage - added up by one name */
enum rc
do_usage(struct request *r, struct error *err)
{
	enum { BY, SINCE };
	struct query_row rows[] = {
		[BY] = { "by", NULL }, [SINCE] = { "since", NULL }, { NULL, NULL }
	};
	enum rc rc = query_read(r->query, rows, err);
	struct json_object *o = NULL;

	if (rc == RC_OK)
		rc = report_usage(r->svc, r->table, rows[BY].value, rows[SINCE].value, &o, err);
	query_release(rows);
	return rc == RC_OK ? reply_json(r, 200, o, err) : rc;
}

/* do_status - of all processes of the store */
enum rc
do_status(struct request *r, struct error *err)
{
	return reply_json(r, 200, report_status(r->svc, r->table), err);
}

/* do_metrics - where they are public, nobody has opened the store for us */
enum rc
do_metrics(struct request *r, struct error *err)
{
	struct buf text = BUF_INIT(REPORT_METRICS_MAX);
	enum rc rc = RC_OK;

	if (r->table == NULL && (rc = server_service(r->server, &r->svc, err)) == RC_OK)
		rc = server_table(r->server, r->svc, &r->table, err);
	if (rc == RC_OK)
		rc = report_metrics(r->svc, r->table, &text, err);
	if (rc == RC_OK) {
		reply_header(r, "Content-Type", "text/plain; version=0.0.4; charset=utf-8");
		rc = reply_start(r, 200, (int64_t)text.len, err);
	}
	if (rc == RC_OK)
		rc = reply_write(r, text.p, text.len, err);
	buf_release(&text);
	return rc;
}
