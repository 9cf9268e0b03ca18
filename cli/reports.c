/* reports.c - questions to the store itself, answered as a server answers them */
#include <string.h>

#include "cli/reports.h"
#include "service/migrate.h"
#include "service/probe.h"
#include "service/report.h"
#include "service/whoami.h"

/* whoami - GET /api/v1/whoami */
static enum rc
whoami(const struct report_place *at, const struct question *q, struct json_object **out,
    struct error *err)
{
	(void)q;
	(void)err;
	*out = whoami_json(at->table, at->caller);
	return RC_OK;
}

/* probe - POST /api/v1/llms/:name/test */
static enum rc
probe(const struct report_place *at, const struct question *q, struct json_object **out,
    struct error *err)
{
	const struct record *llm = table_find(at->table, &kind_llm, q->name);

	if (llm == NULL)
		return error_set(err, RC_NOT_FOUND, "Llm not found: %s", q->name);
	*out = probe_llm(at->svc, at->http, at->table, (const struct llm *)llm);
	return RC_OK;
}

/* audit - GET /api/v1/audit */
static enum rc
audit(const struct report_place *at, const struct question *q, struct json_object **out,
    struct error *err)
{
	const struct report_audit query = {
		.llm = report_param(q, "llm"), .user = report_param(q, "user"),
		.since = report_param(q, "since"), .after = report_param(q, "after"),
		.limit = report_param(q, "limit"),
	};
	uint64_t skipped;

	return report_audit(at->svc, at->table, &query, out, &skipped, err);
}

/* usage - GET /api/v1/usage */
static enum rc
usage(const struct report_place *at, const struct question *q, struct json_object **out,
    struct error *err)
{
	return report_usage(at->svc, at->table, report_param(q, "by"), report_param(q, "since"),
	    out, err);
}

/* status - GET /api/v1/status */
static enum rc
status(const struct report_place *at, const struct question *q, struct json_object **out,
    struct error *err)
{
	(void)q;
	(void)err;
	*out = report_status(at->svc, at->table);
	return RC_OK;
}

/* migrate - POST /api/v1/secrets/migrate */
static enum rc
migrate(const struct report_place *at, const struct question *q, struct json_object **out,
    struct error *err)
{
	return migrate_secrets(at->svc, at->caller, q->body, q->faults, out, err);
}

static const struct {
	enum rc	(*answer)(const struct report_place *at, const struct question *q,
		    struct json_object **out, struct error *err);
	bool	http;			/* it calls a provider */
} reports[ASK__MAX] = {
	[ASK_WHOAMI]	= { whoami, false },
	[ASK_PROBE]	= { probe, true },
	[ASK_AUDIT]	= { audit, false },
	[ASK_USAGE]	= { usage, false },
	[ASK_STATUS]	= { status, false },
	[ASK_MIGRATE]	= { migrate, false },
};

/* report_needs_http - by its row */
bool
report_needs_http(enum ask what)
{
	return reports[what].http;
}

/* report_answer - by its row */
enum rc
report_answer(const struct report_place *at, const struct question *q, struct json_object **out,
    struct error *err)
{
	return reports[q->what].answer(at, q, out, err);
}

/* report_param - of the question's query */
const char *
report_param(const struct question *q, const char *name)
{
	for (const struct param *p = q->params; p != NULL && p->name != NULL; p++)
		if (strcmp(p->name, name) == 0)
			return p->value;
	return NULL;
}
