/* cmd_migrate.c - mcpctl migrate secrets */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/transport.h"
#include "store/record.h"

struct migration {
	struct program		*p;
	struct transport	*t;
	const char		*from, *to;
	struct json_object	*migrated, *failed;	/* of all requests, as one answer has them */
	struct progress		 show;
};

/* tell_failed - one line, and the exit status; what is wrong may begin with the name already */
static void
tell_failed(struct program *p, struct json_object *failure)
{
	const char *name = jsonx_str(failure, "name", "?"), *why = jsonx_str(failure, "error", "?");
	char *start = x_asprintf("secret '%s'", name);
	char *missing = x_asprintf("Secret not found: %s", name);
	struct error err;

	if (strcmp(why, missing) == 0)
		error_set(&err, RC_CONFLICT, "%s not found", start);
	else if (strncmp(why, start, strlen(start)) == 0)
		error_set(&err, RC_CONFLICT, "%s", why);
	else
		error_set(&err, RC_CONFLICT, "%s: %s", start, why);
	program_report(p, RC_CONFLICT, &err);
	free(missing);
	free(start);
}

/* tell - a line an object, as it is done */
static void
tell(struct migration *m, struct json_object *answer)
{
	struct json_object *moved = jsonx_get(answer, "migrated"), *bad = jsonx_get(answer, "failed");
	size_t n = moved != NULL ? json_object_array_length(moved) : 0;
	size_t nbad = bad != NULL ? json_object_array_length(bad) : 0;

	if (n + nbad > 0)
		progress_hide(&m->show);
	for (size_t i = 0; i < n; i++) {
		struct json_object *name = json_object_array_get_idx(moved, i);

		if (m->p->format == FORMAT_NAME)
			printf("secret/%s\n", json_object_get_string(name));
		else if (m->p->format == FORMAT_TABLE || m->p->format == FORMAT_WIDE)
			program_say(m->p, "secret/%s migrated", json_object_get_string(name));
		json_object_array_add(m->migrated, json_object_get(name));
	}
	for (size_t i = 0; i < nbad; i++) {
		tell_failed(m->p, json_object_array_get_idx(bad, i));
		json_object_array_add(m->failed,
		    json_object_get(json_object_array_get_idx(bad, i)));
	}
	fflush(stdout);
}

/* ask - for one secret, or for all that are left (name NULL) */
static enum rc
ask(struct migration *m, const char *name, struct error *err)
{
	struct json_object *body = json_object_new_object(), *names, *answer;
	struct question q = {
		.what = ASK_MIGRATE, .body = body, .faults = &m->p->faults
	};
	enum rc rc;

	jsonx_put_str(body, "from", m->from);
	jsonx_put_str(body, "to", m->to);
	if (name != NULL) {
		names = json_object_new_array();
		json_object_array_add(names, json_object_new_string(name));
		jsonx_put(body, "names", names);
	}
	if ((rc = m->t->ops->ask(m->t, &q, &answer, err)) == RC_OK) {
		tell(m, answer);
		json_object_put(answer);
	}
	json_object_put(body);
	return rc;
}

/* ask_each - one request a secret: a web server would cut a long one off */
static enum rc
ask_each(struct migration *m, char *const *names, size_t n, struct error *err)
{
	enum rc rc = RC_OK;

	m->show = progress_begin(m->p, "migrating", n, PACE_SLOW);
	for (size_t i = 0; i < n && rc == RC_OK; i++) {
		progress_at(&m->show, i + 1, names[i]);
		rc = ask(m, names[i], err);
	}
	progress_hide(&m->show);
	return rc;
}

/* ask_all - what can be seen in the one, then what is left: a run that was cut short may have left old
   copies of secrets that are in the other already */
static enum rc
ask_all(struct migration *m, struct error *err)
{
	struct json_object *list;
	enum rc rc = m->t->ops->list(m->t, &kind_secret, &list, err);
	char **names;
	size_t n = 0;

	if (rc != RC_OK)
		return rc;
	names = x_calloc(json_object_array_length(list), sizeof(*names));
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *o = json_object_array_get_idx(list, i);

		if (strcmp(jsonx_str(o, "backend", ""), m->from) == 0)
			names[n++] = x_strdup(jsonx_str(o, "name", ""));
	}
	rc = ask_each(m, names, n, err);
	if (rc == RC_OK && json_object_array_length(m->failed) == 0)
		rc = ask(m, NULL, err);
	while (n > 0)
		free(names[--n]);
	free(names);
	json_object_put(list);
	return rc;
}

/* finish - the whole for programs, or a word where nothing was to be done */
static enum rc
finish(const struct migration *m, struct error *err)
{
	struct json_object *whole = json_object_new_object();
	enum rc rc;
	bool done;

	jsonx_put(whole, "migrated", json_object_get(m->migrated));
	jsonx_put(whole, "failed", json_object_get(m->failed));
	rc = output_data(m->p, whole, &done, err);
	json_object_put(whole);
	if (!done && json_object_array_length(m->migrated) == 0 &&
	    json_object_array_length(m->failed) == 0)
		program_note(m->p, "No secrets to migrate.");
	return rc;
}

/* do_migrate_secrets - mcpctl migrate secrets --from B --to B [NAME...] */
static enum rc
do_migrate_secrets(struct program *p, const struct args *a, struct error *err)
{
	struct migration m = {
		.p = p, .from = args_text(a, "from"), .to = args_text(a, "to"),
	};
	enum rc rc;

	if ((rc = program_transport(p, &m.t, err)) != RC_OK)
		return rc;
	m.migrated = json_object_new_array();
	m.failed = json_object_new_array();
	rc = a->nwords > 0 ? ask_each(&m, a->words, a->nwords, err) : ask_all(&m, err);
	if (rc == RC_OK)
		rc = finish(&m, err);
	json_object_put(m.migrated);
	json_object_put(m.failed);
	return rc;
}

static const struct opt migrate_options[] = {
	{ "from", 0, "B", OPT_REQUIRED, "the secret backend where they are" },
	{ "to", 0, "B", OPT_REQUIRED, "the one where they go" },
	OPT_END
};

static const struct command command_migrate_secrets = {
	.name = "secrets", .group = "Store", .words = "[NAME...]",
	.objects = &kind_secret,
	.least = 0, .most = WORDS_ANY,
	.help = "move values of secrets to another backend (default: all of them)",
	.options = migrate_options, .run = do_migrate_secrets,
	.examples =
	    "mcpctl migrate secrets --from sealed --to bao\n"
	    "mcpctl migrate secrets --from plaintext --to sealed openai\n",
};

static const struct command *const migrations[] = { &command_migrate_secrets, NULL };

const struct command command_migrate = {
	.name = "migrate", .group = "Store", .words = "secrets",
	.help = "move secrets between backends", .sub = migrations,
	.examples = "mcpctl migrate secrets --from sealed --to bao\n",
};
