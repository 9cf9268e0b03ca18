/* cmd_usage.c - mcpctl usage and status */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/suggest.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/transport.h"

#define BY_DEFAULT "llm"

#define COUNTS						\
	{ "REQUESTS",	"requests",	    NULL, false },	\
	{ "ERRORS",	"errors",	    NULL, false },	\
	{ "PROMPT",	"promptTokens",	    NULL, false },	\
	{ "COMPLETION",	"completionTokens", NULL, false },	\
	{ "CACHED",	"cachedTokens",	    NULL, false },	\
	{ NULL, NULL, NULL, false }

static const struct column by_llm[] = { { "LLM", "llm", NULL, false }, COUNTS };
static const struct column by_user[] = { { "USER", "user", NULL, false }, COUNTS };
static const struct column by_token[] = { { "TOKEN", "token", NULL, false }, COUNTS };
static const struct column by_day[] = { { "DAY", "day", NULL, false }, COUNTS };

static const struct by {
	const char		*name;
	const struct column	*columns;
} bys[] = {
	{ BY_DEFAULT,	by_llm },
	{ "user",	by_user },
	{ "token",	by_token },
	{ "day",	by_day },
	{ NULL, NULL }
};

/* find_by - the columns that go with it */
static enum rc
find_by(const char *name, const struct by **out, struct error *err)
{
	struct suggestion s;

	suggestion_init(&s, name);
	for (const struct by *by = bys; by->name != NULL; by++) {
		if (strcmp(by->name, name) == 0) {
			*out = by;
			return RC_OK;
		}
		suggestion_offer(&s, by->name);
	}
	return error_set(err, RC_USAGE, "--by %s: not one of llm, user, token, day%s%s%s", name,
	    s.best ? " (did you mean '" : "", s.best ? s.best : "", s.best ? "'?)" : "");
}

static const struct opt usage_options[] = {
	{ "by", 0, "llm|user|token|day", 0, "what a line is for (default: " BY_DEFAULT ")" },
	{ "since", 0, "TIME", 0, "7d, or 2030-01-31T00:00:00Z: whole days, in UTC (default: all)" },
	OPT_END
};

/* do_usage - mcpctl usage [--by B] [--since T] */
static enum rc
do_usage(struct program *p, const struct args *a, struct error *err)
{
	const char *name = args_has(a, "by") ? args_text(a, "by") : BY_DEFAULT;
	const struct param params[] = {
		{ "by", name }, { "since", args_text(a, "since") }, { NULL, NULL }
	};
	const struct question q = { .what = ASK_USAGE, .params = params };
	struct json_object *list;
	struct transport *t;
	const struct by *by = bys;
	enum rc rc;

	if ((rc = find_by(name, &by, err)) != RC_OK || (rc = program_transport(p, &t, err)) != RC_OK)
		return rc;
	if ((rc = t->ops->ask(t, &q, &list, err)) != RC_OK)
		return program_flag_error(rc, err);
	if (json_object_array_length(list) == 0 && p->format != FORMAT_JSON)
		program_note(p, "No usage found.");
	else
		rc = output_rows(p, by->columns, list, err);
	json_object_put(list);
	return rc;
}

const struct command command_usage = {
	.name = "usage", .group = "Use", .words = "",
	.help = "requests and tokens, added up",
	.options = usage_options, .run = do_usage,
	.examples =
	    "mcpctl usage\n"
	    "mcpctl usage --by user --since 30d\n"
	    "mcpctl usage --by day -o json\n",
};

/* line - one fact of status */
static void
line(const char *label, struct json_object *o, const char *member)
{
	char *text = view_scalar(jsonx_get(o, member));

	printf("%-18s %s\n", label, text);
	free(text);
}

/* health - a part that has a status of its own, and why */
static void
health(const char *label, struct json_object *o)
{
	const char *reason = jsonx_str(o, "reason", NULL);

	printf("%-18s %s%s%s%s\n", label, jsonx_str(o, "status", "-"), reason != NULL ? " (" : "",
	    reason != NULL ? reason : "", reason != NULL ? ")" : "");
}

/* print_status - as text */
static void
print_status(struct json_object *o)
{
	struct json_object *store = jsonx_get(o, "store"), *audit = jsonx_get(o, "audit");

	line("Version:", o, "version");
	line("Started:", o, "startedAt");
	line("Workers:", o, "workers");
	line("Threads busy:", o, "threadsBusy");
	line("Calls:", o, "calls");
	line("Streams:", o, "streams");
	health("Store:", store);
	line("Revision:", store, "revision");
	if (jsonx_int(store, "plaintextSecrets", 0) > 0)
		printf("%-18s %lld IN CLEAR (plaintext backend)\n", "Secrets:",
		    (long long)jsonx_int(store, "plaintextSecrets", 0));
	health("Audit:", audit);
	line("Audit failures:", audit, "failures");
}

/* do_status - mcpctl status */
static enum rc
do_status(struct program *p, const struct args *a, struct error *err)
{
	(void)a;
	return output_answer(p, ASK_STATUS, print_status, err);
}

const struct command command_status = {
	.name = "status", .group = "Use", .words = "",
	.help = "workers, calls, and the health of store and audit log", .run = do_status,
	.examples = "mcpctl status\nmcpctl status -o json\n",
};
