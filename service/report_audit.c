/* report_audit.c - the audit log, asked */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "service/report.h"

#define DAY_MS		INT64_C(86400000)
#define MIXED_MS	INT64_C(60000)	/* ms; the log is in order but for less than this */

struct search {
	const char	*llm, *user;	/* as the log has them; NULL: any */
	const char	*after;
	int64_t		 since_ms;	/* 0: from the beginning */
	size_t		 limit;
	char		**found;	/* a ring: with after the oldest are wanted, not the newest */
	size_t		 n;		/* all that were found */
	uint64_t	 refused;	/* lines that no JSON of ours can hold */
	bool		 reached;	/* the event `after` */
};

/* report_since - one or the other */
enum rc
report_since(const char *name, const char *text, int64_t *wall_ms, struct error *err)
{
	int64_t span;

	if (clock_parse(text, wall_ms))
		return RC_OK;
	if (!clock_parse_span(text, &span))
		return error_set(err, RC_INVALID,
		    "%s: must be a time (2026-11-22T12:00:00Z) or a span (90s, 15m, 1h, 7d)", name);
	span = clock_wall_ms() - span;
	*wall_ms = span > 0 ? span : 0;
	return RC_OK;
}

/* parse_limit - 1..REPORT_LIMIT_MAX */
static enum rc
parse_limit(const char *text, size_t *out, struct error *err)
{
	long n = 0;

	if (*text != '\0' && strspn(text, "0123456789") == strlen(text) && strlen(text) < 9)
		n = strtol(text, NULL, 10);
	if (n < 1 || n > REPORT_LIMIT_MAX)
		return error_set(err, RC_INVALID, "limit: must be a number of 1..%d",
		    REPORT_LIMIT_MAX);
	*out = (size_t)n;
	return RC_OK;
}

/* prepare - the query in the log's words; what is gone from the catalogue is taken as it stands */
static enum rc
prepare(const struct table *t, const struct report_audit *q, struct search *s, struct error *err)
{
	const struct record *r;
	enum rc rc = RC_OK;

	*s = (struct search){ .after = q->after, .limit = REPORT_LIMIT };
	if (q->since != NULL)
		rc = report_since("since", q->since, &s->since_ms, err);
	if (rc == RC_OK && q->limit != NULL)
		rc = parse_limit(q->limit, &s->limit, err);
	if (rc == RC_OK && q->after != NULL && !random_is_id(q->after))
		rc = error_set(err, RC_INVALID, "after: must be the id of an event");
	if (rc != RC_OK)
		return rc;
	if (q->llm != NULL)
		s->llm = (r = table_find(t, &kind_llm, q->llm)) != NULL ? r->name : q->llm;
	if (q->user != NULL)
		s->user = (r = table_find(t, &kind_user, q->user)) != NULL ? r->id : q->user;
	s->found = x_calloc(s->limit, sizeof(*s->found));
	return RC_OK;
}

/* is - a member that says so */
static bool
is(struct span member, const char *text)
{
	return text == NULL || (member.p != NULL && jscan_is(member, text));
}

/* time_of - of an event; 0: it has none that can be read */
static int64_t
time_of(const struct auditevent *e)
{
	char *text = jscan_text(e->at, NULL);
	int64_t at;

	if (text == NULL || !clock_parse(text, &at))
		at = 0;
	free(text);
	return at;
}

/* keep - one more; the ring forgets the newest, so its texts are parsed when they are all there */
static void
keep(struct search *s, const struct auditevent *e)
{
	const struct jscan_opts opts = { JSONX_DEPTH, JSCAN_UNIQUE | JSCAN_STORABLE };
	char **place = &s->found[s->n % s->limit];

	if (jscan_check(e->text.p, e->text.len, &opts, NULL) != RC_OK) {
		s->refused++;
		return;
	}
	free(*place);
	*place = x_strndup(e->text.p, e->text.len);
	s->n++;
}

/* look_at - one event, the newer ones were before; false: there is nothing more to be looked for. One
   whose time can't be read is none of ours, and says nothing of those before it */
static bool
look_at(struct search *s, const struct auditevent *e)
{
	int64_t at = s->since_ms > 0 ? time_of(e) : 0;

	if (s->after != NULL && jscan_is(e->id, s->after)) {
		s->reached = true;
		return false;
	}
	if (at > 0 && at < s->since_ms - MIXED_MS)
		return s->after != NULL;
	if (at >= s->since_ms && is(e->llm, s->llm) && is(e->user, s->user))
		keep(s, e);
	return s->after != NULL || s->n < s->limit;
}

/* search - until it is done, or the log ends, or enough of it was read */
static enum rc
search(struct service *svc, struct search *s, uint64_t *skipped, struct error *err)
{
	int64_t from = s->after == NULL ? s->since_ms / DAY_MS : 0;
	struct auditread *r;
	struct auditevent e;
	enum rc rc;

	rc = auditread_open(ledger_dir(svc->ledger), from, false, &r, err);
	if (rc != RC_OK)
		return rc;
	auditread_limit(r, REPORT_SCAN_MAX);
	while ((rc = auditread_next(r, &e, err)) == RC_OK)
		if (!look_at(s, &e))
			break;
	*skipped = auditread_skipped(r) + s->refused;
	auditread_close(r);
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return rc;
	if (s->after != NULL && !s->reached)
		return error_set(err, RC_NOT_FOUND, "no such event: %s", s->after);
	return RC_OK;
}

/* list - what the ring holds, the newest first */
static struct json_object *
list(const struct search *s)
{
	struct json_object *out = json_object_new_array(), *o;
	size_t first = s->n > s->limit ? s->n - s->limit : 0;

	for (size_t i = first; i < s->n; i++) {
		const char *text = s->found[i % s->limit];

		if (jsonx_parse(text, strlen(text), JSONX_DEPTH, &o, NULL) == RC_OK)
			json_object_array_add(out, o);
	}
	return out;
}

/* report_audit - the dead first: their lines belong to it */
enum rc
report_audit(struct service *svc, const struct table *t, const struct report_audit *q,
    struct json_object **out, uint64_t *skipped, struct error *err)
{
	struct search s;
	enum rc rc = prepare(t, q, &s, err);

	if (rc != RC_OK)
		return rc;
	if (!ledger_in_files(svc->ledger)) {
		rc = error_set(err, RC_UNSUPPORTED, "the audit log goes to %s: read it there",
		    svc->cfg->audit_sink);
	} else {
		(void)ledger_recover(svc->ledger);
		rc = search(svc, &s, skipped, err);
	}
	if (rc == RC_OK)
		*out = list(&s);
	for (size_t i = 0; i < s.limit; i++)
		free(s.found[i]);
	free(s.found);
	return rc;
}
