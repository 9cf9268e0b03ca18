/* cmd_config.c - mcpctl config: each setting, and where it came from */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/suggest.h"
#include "cli/commands.h"
#include "cli/local.h"
#include "cli/output.h"

#define TOKEN_TAIL 4			/* characters of a token that are shown */

/* masked - "mcp_…last4": enough to tell two tokens from each other */
static char *
masked(const char *token)
{
	size_t len = strlen(token);

	return x_asprintf("mcp_…%s", token + (len > 4 * TOKEN_TAIL ? len - TOKEN_TAIL : len));
}

/* source - of a setting, in words */
static char *
source(const struct settings *s, enum setting what, enum level level)
{
	const struct setting_row *row = &setting_rows[what];

	switch (level) {
	case LEVEL_FLAG:
		return x_asprintf("--%s", row->option);
	case LEVEL_ENV:
		return x_strdup(row->env);
	case LEVEL_FILE:
		return x_strdup(s->file);
	default:
		return x_strdup("default");
	}
}

/* default_db - of mcpd.yaml, or built in */
static char *
default_db(void)
{
	struct config cfg;
	char *db;

	if (local_config(&cfg, NULL, NULL, NULL) != RC_OK)
		return NULL;
	db = x_strdup(cfg.db);
	config_release(&cfg);
	return db;
}

/* row - {"key", "value", "source"} */
static struct json_object *
row(const struct settings *s, enum setting what)
{
	struct json_object *o = json_object_new_object();
	enum level level;
	const char *text = settings_get(s, what, &level);
	char *from = source(s, what, level), *value;

	if (text == NULL)
		value = what == SETTING_DB ? default_db() :
		    what == SETTING_INSECURE ? x_strdup("false") : NULL;
	else
		value = what == SETTING_TOKEN ? masked(text) : x_strdup(text);
	jsonx_put_str(o, "key", setting_rows[what].name);
	jsonx_put_str(o, "value", value);
	jsonx_put_str(o, "source", from);
	free(value);
	free(from);
	return o;
}

static const struct column setting_columns[] = {
	{ "KEY",	"key",		NULL, false },
	{ "VALUE",	"value",	NULL, false },
	{ "SOURCE",	"source",	NULL, false },
	{ NULL, NULL, NULL, false }
};

/* do_config_view - mcpctl config view */
static enum rc
do_config_view(struct program *p, const struct args *a, struct error *err)
{
	struct json_object *list;
	struct settings *s;
	enum rc rc;

	(void)a;
	if ((rc = program_settings(p, &s, err)) != RC_OK)
		return rc;
	list = json_object_new_array();
	for (int i = 0; i < SETTING__MAX; i++)
		json_object_array_add(list, row(s, (enum setting)i));
	rc = output_rows(p, setting_columns, list, err);
	json_object_put(list);
	return rc;
}

/* find_setting - by its name; a token is not for the command line, where others could read it */
static enum rc
find_setting(const char *name, enum setting *out, struct error *err)
{
	struct suggestion s;

	suggestion_init(&s, name);
	for (int i = 0; i < SETTING__MAX; i++) {
		if (strcmp(name, setting_rows[i].name) == 0) {
			*out = (enum setting)i;
			return setting_rows[i].bad != NULL ? RC_OK : error_set(err, RC_USAGE,
			    "%s is not set on the command line, where others can read it: use "
			    "mcpctl login URL", name);
		}
		suggestion_offer(&s, setting_rows[i].name);
	}
	if (s.best == NULL)
		return error_set(err, RC_USAGE, "unknown key '%s'", name);
	return error_set(err, RC_USAGE, "unknown key '%s' (did you mean '%s'?)", name, s.best);
}

/* put - a token belongs to the server that it was given for */
static void
put(struct program *p, struct settings *s, enum setting what, const char *text)
{
	const char *old = s->v[LEVEL_FILE][SETTING_URL];

	if (what == SETTING_URL && s->v[LEVEL_FILE][SETTING_TOKEN] != NULL &&
	    (text == NULL || old == NULL || strcmp(old, text) != 0)) {
		settings_put(s, SETTING_TOKEN, NULL);
		program_note(p, "the token of %s is forgotten", old != NULL ? old : "no server");
	}
	settings_put(s, what, text);
}

/* do_config_set - mcpctl config set KEY VALUE */
static enum rc
do_config_set(struct program *p, const struct args *a, struct error *err)
{
	const char *text = a->words[1], *bad;
	enum setting what = SETTING__MAX;
	struct settings *s;
	char *url = NULL;
	enum rc rc;

	if ((rc = find_setting(a->words[0], &what, err)) != RC_OK ||
	    (rc = program_settings(p, &s, err)) != RC_OK)
		return rc;
	if (*text != '\0' && (bad = setting_rows[what].bad(text)) != NULL)
		return error_set(err, RC_USAGE, "%s: %s", a->words[0], bad);
	if (what == SETTING_URL && *text != '\0' &&
	    (rc = settings_url(text, settings_insecure(s), &url, err)) != RC_OK)
		return rc;
	put(p, s, what, *text == '\0' ? NULL : url != NULL ? url : text);
	free(url);
	return settings_save(s, err);
}

static const struct command command_config_view = {
	.name = "view", .group = "Server", .words = "",
	.help = "each setting, and where it came from", .run = do_config_view,
	.examples = "mcpctl config view\n",
};

static const struct command command_config_set = {
	.name = "set", .group = "Server", .words = "KEY VALUE",
	.least = 2, .most = 2,
	.help = "keep a setting in ~/.mcpctl/config.json; '' takes it away",
	.run = do_config_set,
	.examples =
	    "mcpctl config set url https://llm.example.org\n"
	    "mcpctl config set caFile /etc/ssl/private-ca.pem\n",
};

static const struct command *const configs[] = {
	&command_config_view,
	&command_config_set,
	NULL
};

const struct command command_config = {
	.name = "config", .group = "Server", .words = "COMMAND",
	.help = "show or change the user's own settings", .sub = configs,
	.examples = "mcpctl config view\n",
};
