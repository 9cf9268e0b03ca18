/* cmd_logs.c - mcpctl logs */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/grid.h"
#include "cli/output.h"
#include "cli/transport.h"
#include "store/records.h"

#define FOLLOW_MS	1000		/* between two looks for what is new */
#define FOLLOW_MAX	1000		/* events of one such look: the most that may be asked for */
#define FOLLOW_LIMIT	"1000"		/* the same, as a parameter */
#define LAST_MAX	64		/* bytes of an event's id, with the NUL */

struct logs {
	struct program		*p;
	struct transport	*t;
	const char		*llm, *user, *since, *limit;
	struct json_object	*users;		/* {id: name}, as far as we may see them */
	struct grid		 grid;
	char			 last[LAST_MAX];	/* id of the event that new ones come after; "": none */
	char			 last_at[CLOCK_TEXT];	/* its time; "": none that can be read */
};

/* learn_users - the log has ids, people have names; who may not see users gets ids */
static void
learn_users(struct logs *l)
{
	struct json_object *list;
	struct error ignored;

	l->users = json_object_new_object();
	if (l->t->ops->list(l->t, &kind_user, &list, &ignored) != RC_OK)
		return;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *u = json_object_array_get_idx(list, i);

		jsonx_put_str(l->users, jsonx_str(u, "id", "?"), jsonx_str(u, "name", "?"));
	}
	json_object_put(list);
}

/* who - the user's name, else the way that the caller came */
static const char *
who(const struct logs *l, struct json_object *e)
{
	const char *id = jsonx_str(e, "userId", NULL);

	return id == NULL ? jsonx_str(e, "via", "-") : jsonx_str(l->users, id, id);
}

/* add_made - a cell that was made for this */
static void
add_made(struct grid *g, char *text)
{
	grid_add(g, text);
	free(text);
}

/* add_number - a count; what is not known is "-" */
static void
add_number(struct grid *g, struct json_object *e, const char *member)
{
	struct json_object *n = jsonx_get(e, member);

	add_made(g, n != NULL ? x_asprintf("%lld", (long long)json_object_get_int64(n)) : x_strdup("-"));
}

/* add_call - the cells of an inference call behind time and user */
static void
add_call(struct grid *g, struct json_object *e)
{
	const char *error = jsonx_str(e, "error", "");
	bool aborted = jsonx_bool(e, "aborted", false);

	add_made(g, x_asprintf("llm/%s", jsonx_str(e, "llm", "-")));
	add_number(g, e, "status");
	add_number(g, e, "durationMs");
	add_number(g, e, "promptTokens");
	add_number(g, e, "completionTokens");
	add_made(g, x_asprintf("%s%s%s", aborted ? "aborted" : "",
	    aborted && *error != '\0' ? ", " : "", error));
}

/* add_change - the cells of a change of the catalogue */
static void
add_change(struct grid *g, struct json_object *e)
{
	const struct kind *k = kind_find(jsonx_str(e, "resource", ""));

	add_made(g, x_asprintf("%s/%s", k != NULL ? k->singular : jsonx_str(e, "resource", "-"),
	    jsonx_str(e, "name", "-")));
	for (int i = 0; i < 4; i++)
		grid_add(g, "-");
	grid_add(g, jsonx_str(e, "action", "changed"));
}

/* add_event - a row */
static void
add_event(struct logs *l, struct json_object *e)
{
	grid_add(&l->grid, jsonx_str(e, "at", "-"));
	grid_add(&l->grid, who(l, e));
	if (strcmp(jsonx_str(e, "event", ""), "resource_changed") == 0)
		add_change(&l->grid, e);
	else
		add_call(&l->grid, e);
}

/* add_headers - the first row */
static void
add_headers(struct logs *l)
{
	static const char *const headers[] = {
		"TIME", "USER", "OBJECT", "STATUS", "MS", "IN", "OUT", "NOTE"
	};

	grid_init(&l->grid, sizeof(headers) / sizeof(headers[0]));
	for (size_t i = 0; !l->p->no_headers && i < l->grid.columns; i++)
		grid_add(&l->grid, headers[i]);
}

/* turn - the last one first */
static void
turn(struct json_object *list)
{
	size_t n = json_object_array_length(list);

	for (size_t i = 0, j = n; i + 1 < j; i++) {
		struct json_object *first = json_object_get(json_object_array_get_idx(list, i));

		j--;
		json_object_array_put_idx(list, i,
		    json_object_get(json_object_array_get_idx(list, j)));
		json_object_array_put_idx(list, j, first);
	}
}

/* remember - the newest event; what comes after it is new */
static void
remember(struct logs *l, struct json_object *events)
{
	struct json_object *e = json_object_array_get_idx(events, 0);
	int64_t ms;

	if (e == NULL)
		return;
	snprintf(l->last, sizeof(l->last), "%s", jsonx_str(e, "id", ""));
	if (clock_parse(jsonx_str(e, "at", ""), &ms))
		clock_format(ms, l->last_at);
}

/* print - the oldest first, as one reads a log; while it is followed an event is a line */
static enum rc
print(struct logs *l, struct json_object *events, bool follow, struct error *err)
{
	size_t n = json_object_array_length(events);
	bool data = l->p->format == FORMAT_JSON || l->p->format == FORMAT_YAML, done;

	if (data && !follow) {
		turn(events);
		return output_data(l->p, events, &done, err);
	}
	for (size_t i = n; i-- > 0; ) {
		struct json_object *e = json_object_array_get_idx(events, i);

		if (data)
			puts(jsonx_text(e));
		else if (l->p->format == FORMAT_NAME)
			puts(jsonx_str(e, "id", "?"));
		else
			add_event(l, e);
	}
	if (!data && l->p->format != FORMAT_NAME)
		grid_print(&l->grid, 0, stdout);
	grid_next(&l->grid);
	remember(l, events);
	fflush(stdout);
	return RC_OK;
}

/* look - one question: what there is, or what came after the last event that we know; where that is gone,
   since its time. --limit is for the beginning: later it would hold back what has come */
static enum rc
look(struct logs *l, bool again, struct json_object **out, struct error *err)
{
	bool after = again && l->last[0] != '\0';
	const char *since = again && l->last_at[0] != '\0' ? l->last_at : l->since;
	const struct param params[] = {
		{ "llm", l->llm }, { "user", l->user }, { "since", after ? NULL : since },
		{ "after", after ? l->last : NULL }, { "limit", again ? FOLLOW_LIMIT : l->limit },
		{ NULL, NULL }
	};
	const struct question q = { .what = ASK_AUDIT, .params = params };

	return l->t->ops->ask(l->t, &q, out, err);
}

/* newest - the one event with which the log ends now; none: []. No clock tells that: an event has its
   time before its line, and the server's clock is another */
static enum rc
newest(struct logs *l, struct json_object **out, struct error *err)
{
	static const struct param params[] = { { "limit", "1" }, { NULL, NULL } };
	const struct question q = { .what = ASK_AUDIT, .params = params };

	return l->t->ops->ask(l->t, &q, out, err);
}

/* anchor - what is asked for later comes after where the log ends now */
static enum rc
anchor(struct logs *l, struct error *err)
{
	struct json_object *events;
	enum rc rc = newest(l, &events, err);

	if (rc != RC_OK)
		return rc;
	remember(l, events);
	json_object_put(events);
	return RC_OK;
}

/* look_past - look(), and where others' events alone have come, after the newest of them from now on:
   else each look would read all of them again, until they are more than one may read */
static enum rc
look_past(struct logs *l, struct json_object **out, struct error *err)
{
	struct json_object *end = NULL;
	enum rc rc = RC_OK;

	if (l->llm != NULL || l->user != NULL)
		rc = newest(l, &end, err);
	if (rc == RC_OK)
		rc = look(l, true, out, err);
	if (rc == RC_OK && end != NULL && json_object_array_length(*out) == 0)
		remember(l, end);
	json_object_put(end);
	return rc;
}

/* step - one look at what is new, and how much there was of it. The last event may have been removed with
   its day, or lie too far back: then the next look goes by its time */
static enum rc
step(struct logs *l, size_t *n, struct error *err)
{
	struct json_object *events;
	enum rc rc = look_past(l, &events, err);

	*n = 0;
	if (rc == RC_NOT_FOUND && l->last[0] != '\0') {
		l->last[0] = '\0';
		return RC_OK;
	}
	if (rc != RC_OK)
		return rc;
	*n = json_object_array_length(events);
	rc = print(l, events, true, err);
	json_object_put(events);
	return rc;
}

/* follow - until the user has seen enough. Where more has come than one look shows there is no pause: a
   busy log would run away from us */
static enum rc
follow(struct logs *l, struct error *err)
{
	enum rc rc = RC_OK;
	size_t n = 0;

	while (rc == RC_OK && !ferror(stdout)) {
		if (n < FOLLOW_MAX)
			clock_nap(FOLLOW_MS);
		rc = step(l, &n, err);
	}
	return rc;
}

static const struct opt logs_options[] = {
	{ "llm", 0, "N", 0, "calls of this llm only" },
	{ "user", 0, "U", 0, "of this user only" },
	{ "since", 0, "TIME", 0, "1h, 7d, or 2030-01-31T00:00:00Z" },
	{ "limit", 0, "N", 0, "so many events at most, with -f to begin with (default: 100, at most 1000)" },
	{ "follow", 'f', NULL, 0, "and those that come, until Ctrl-C" },
	OPT_END
};

/* do_logs - mcpctl logs */
static enum rc
do_logs(struct program *p, const struct args *a, struct error *err)
{
	struct logs l = {
		.p = p, .llm = args_text(a, "llm"), .user = args_text(a, "user"),
		.since = args_text(a, "since"), .limit = args_text(a, "limit"),
	};
	struct json_object *events;
	bool more = args_has(a, "follow");
	enum rc rc;

	if ((rc = program_transport(p, &l.t, err)) != RC_OK ||
	    (more && (rc = anchor(&l, err)) != RC_OK))
		return rc;
	if ((rc = look(&l, false, &events, err)) != RC_OK)
		return program_flag_error(rc, err);
	learn_users(&l);
	add_headers(&l);
	if (json_object_array_length(events) == 0 && !more && p->format != FORMAT_JSON)
		program_note(p, "No events found.");
	else
		rc = print(&l, events, more, err);
	json_object_put(events);
	if (rc == RC_OK && more)
		rc = follow(&l, err);
	grid_release(&l.grid);
	json_object_put(l.users);
	return rc;
}

const struct command command_logs = {
	.name = "logs", .group = "Use", .words = "",
	.help = "who called what, and who changed what",
	.options = logs_options, .run = do_logs,
	.examples =
	    "mcpctl logs --since 1h\n"
	    "mcpctl logs -f --llm claude\n"
	    "mcpctl logs --user alice -o json\n",
};
