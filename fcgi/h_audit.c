/* h_audit.c - GET /api/v1/audit (API.md 2) */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>

#include "fcgi/handlers.h"
#include "fcgi/query.h"
#include "fcgi/reply.h"
#include "service/report.h"

/* do_audit - lines that are no events of ours are told by their number */
enum rc
do_audit(struct request *r, struct error *err)
{
	enum { LLM, USER, SINCE, AFTER, LIMIT };
	struct query_row rows[] = {
		[LLM] = { "llm", NULL }, [USER] = { "user", NULL }, [SINCE] = { "since", NULL },
		[AFTER] = { "after", NULL }, [LIMIT] = { "limit", NULL }, { NULL, NULL }
	};
	enum rc rc = query_read(r->query, rows, err);
	const struct report_audit q = {
		rows[LLM].value, rows[USER].value, rows[SINCE].value, rows[AFTER].value,
		rows[LIMIT].value
	};
	struct json_object *o = NULL;
	uint64_t skipped = 0;
	char text[24];

	if (rc == RC_OK)
		rc = report_audit(r->svc, r->table, &q, &o, &skipped, err);
	query_release(rows);
	if (rc != RC_OK)
		return rc;
	snprintf(text, sizeof(text), "%" PRIu64, skipped);
	reply_header(r, "x-mcpd-skipped-lines", text);
	return reply_json(r, 200, o, err);
}
