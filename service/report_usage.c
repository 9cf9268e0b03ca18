/* report_usage.c - what was used, added up by one of four names */
#include <json-c/json.h>
#include <string.h>

#include "base/clock.h"
#include "base/jsonx.h"
#include "service/report.h"

#define DAY_MS INT64_C(86400000)

/* the key's part that a row is named by; "" for the others */
static struct usage_key
by_llm(const struct usage_row *row)
{
	return (struct usage_key){ row->llm, "", "" };
}

static struct usage_key
by_user(const struct usage_row *row)
{
	return (struct usage_key){ "", row->user, "" };
}

static struct usage_key
by_token(const struct usage_row *row)
{
	return (struct usage_key){ "", "", row->token };
}

static struct usage_key
by_day(const struct usage_row *row)
{
	(void)row;
	return (struct usage_key){ "", "", "" };
}

/* names of a row, for people: what is gone from the catalogue is shown as the log has it */
static const char *
llm_name(const struct table *t, const struct usage_row *row, char day[CLOCK_TEXT])
{
	(void)t, (void)day;
	return row->llm;
}

static const char *
user_name(const struct table *t, const struct usage_row *row, char day[CLOCK_TEXT])
{
	const struct record *r = table_by_id(t, &kind_user, row->user);

	(void)day;
	return r != NULL ? r->name : row->user;
}

static const char *
token_name(const struct table *t, const struct usage_row *row, char day[CLOCK_TEXT])
{
	const struct mcptoken *token = table_token(t, row->token);

	(void)day;
	return token != NULL ? token->r.name : row->token;
}

static const char *
day_name(const struct table *t, const struct usage_row *row, char day[CLOCK_TEXT])
{
	(void)t;
	clock_format(row->day * DAY_MS, day);
	day[10] = '\0';
	return day;
}

static const struct grouping {
	const char		*by;
	bool			 days;		/* rows of different days are different */
	struct usage_key	(*key)(const struct usage_row *row);
	const char		*(*name)(const struct table *t, const struct usage_row *row,
				    char day[CLOCK_TEXT]);
} groupings[] = {
	{ "llm",	false,	by_llm,		llm_name },
	{ "user",	false,	by_user,	user_name },
	{ "token",	false,	by_token,	token_name },
	{ "day",	true,	by_day,		day_name },
	{ .by = NULL }
};

/* put_row - one of the answer's */
static void
put_row(struct json_object *list, const struct grouping *g, const struct table *t,
    const struct usage_row *row)
{
	struct json_object *o = json_object_new_object();
	char day[CLOCK_TEXT];
	const char *name = g->name(t, row, day);

	jsonx_put_str(o, g->by, *name != '\0' ? name : NULL);
	jsonx_put_int(o, "requests", (int64_t)row->n.requests);
	jsonx_put_int(o, "errors", (int64_t)row->n.errors);
	jsonx_put_int(o, "promptTokens", (int64_t)row->n.prompt);
	jsonx_put_int(o, "completionTokens", (int64_t)row->n.completion);
	jsonx_put_int(o, "cachedTokens", (int64_t)row->n.cached);
	json_object_array_add(list, o);
}

/* label - what a row is for: its first member */
static const char *
label(const void *row)
{
	struct json_object *o = *(struct json_object *const *)row;
	struct json_object_iterator it = json_object_iter_begin(o);
	const char *text = json_object_get_string(json_object_iter_peek_value(&it));

	return text != NULL ? text : "";
}

/* by_label - as people look for it, whatever the ids are */
static int
by_label(const void *a, const void *b)
{
	return strcmp(label(a), label(b));
}

/* group - add up, in order; days without a call are not told */
static struct json_object *
group(const struct grouping *g, const struct table *t, const struct usage_sum *all)
{
	struct json_object *list = json_object_new_array();
	struct usage_sum s = USAGE_SUM_INIT;

	for (size_t i = 0; i < all->n; i++) {
		const struct usage_key key = g->key(&all->rows[i]);

		if (all->rows[i].n.requests > 0)
			usage_add(&s, g->days ? all->rows[i].day : 0, &key, &all->rows[i].n);
	}
	for (size_t i = 0; i < s.n; i++)
		put_row(list, g, t, &s.rows[i]);
	json_object_array_sort(list, by_label);
	usage_release(&s);
	return list;
}

/* report_usage - whole days, from the one of `since` on */
enum rc
report_usage(struct service *svc, const struct table *t, const char *by, const char *since,
    struct json_object **out, struct error *err)
{
	struct usage_sum all = USAGE_SUM_INIT;
	const struct grouping *g = groupings;
	int64_t from_ms = 0;
	enum rc rc = RC_OK;

	while (by != NULL && g->by != NULL && strcmp(by, g->by) != 0)
		g++;
	if (g->by == NULL)
		return error_set(err, RC_INVALID, "by: must be llm, user, token or day");
	if (since != NULL)
		rc = report_since("since", since, &from_ms, err);
	if (rc == RC_OK) {
		(void)ledger_recover(svc->ledger);
		rc = ledger_usage(svc->ledger, from_ms / DAY_MS, &all, err);
	}
	if (rc == RC_OK)
		*out = group(g, t, &all);
	usage_release(&all);
	return rc;
}
