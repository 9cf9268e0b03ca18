/* cmd_login.c - mcpctl login and logout: which server, and as whom, until further notice */
#include <json-c/json.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/remote.h"
#include "cli/transport.h"

/* ask_token - typed without echo, or from stdin */
static enum rc
ask_token(char **out, struct error *err)
{
	char line[ASK_LINE_MAX];
	enum rc rc;

	if (!isatty(STDIN_FILENO))
		return settings_read_token(STDIN_FILENO, "stdin", out, err);
	if ((rc = ask_silently("Token", line, sizeof(line), err)) == RC_OK)
		*out = x_strdup(line);
	mem_wipe(line, sizeof(line));
	return rc;
}

/* take_token - of --token-file where it is given */
static enum rc
take_token(const struct settings *s, char **out, struct error *err)
{
	const char *given = s->v[LEVEL_FLAG][SETTING_TOKEN];

	if (given == NULL)
		return ask_token(out, err);
	*out = x_strdup(given);
	return RC_OK;
}

/* check - a token that the server doesn't know is not kept; *who is owned by the caller */
static enum rc
check(const struct settings *s, const char *url, const char *token, char **who,
    struct error *err)
{
	const struct remote_opts opts = {
		.url = url, .token = token, .insecure = settings_insecure(s),
		.ca_file = settings_get(s, SETTING_CA_FILE, NULL),
		.proxy = settings_get(s, SETTING_PROXY, NULL),
	};
	const struct question whoami = { .what = ASK_WHOAMI };
	struct transport *t = remote_new(&opts);
	struct json_object *o;
	enum rc rc = t->ops->ask(t, &whoami, &o, err);

	if (rc == RC_NOT_FOUND)
		rc = error_prefix(err, "%s: no mcpd there", url);
	if (rc == RC_OK) {
		*who = x_strdup(jsonx_str(o, "user", "?"));
		json_object_put(o);
	}
	transport_close(t);
	return rc;
}

/* keep - from now on, this server */
static enum rc
keep(struct settings *s, const char *url, const char *token, struct error *err)
{
	settings_put(s, SETTING_URL, url);
	settings_put(s, SETTING_TOKEN, token);
	settings_put(s, SETTING_INSECURE,
	    s->v[LEVEL_FLAG][SETTING_INSECURE] != NULL ? "true" : NULL);
	return settings_save(s, err);
}

/* login - check, then keep */
static enum rc
login(struct program *p, struct settings *s, const char *url, struct error *err)
{
	char *token, *who;
	enum rc rc = take_token(s, &token, err);

	if (rc != RC_OK)
		return rc;
	if ((rc = check(s, url, token, &who, err)) == RC_OK) {
		if ((rc = keep(s, url, token, err)) == RC_OK)
			program_say(p, "logged in to %s as %s", url, who);
		free(who);
	}
	mem_free_wiped(token);
	return rc;
}

/* do_login - mcpctl login URL [--insecure] */
static enum rc
do_login(struct program *p, const struct args *a, struct error *err)
{
	struct settings *s;
	char *url;
	enum rc rc;

	if ((rc = program_settings(p, &s, err)) != RC_OK ||
	    (rc = settings_url(a->words[0], args_has(a, "insecure"), &url, err)) != RC_OK)
		return rc;
	rc = login(p, s, url, err);
	free(url);
	return rc;
}

/* do_logout - mcpctl logout: the token is forgotten here, it stays valid there */
static enum rc
do_logout(struct program *p, const struct args *a, struct error *err)
{
	struct settings *s;
	char *url;
	enum rc rc;

	(void)a;
	if ((rc = program_settings(p, &s, err)) != RC_OK)
		return rc;
	if (s->v[LEVEL_FILE][SETTING_TOKEN] == NULL && s->v[LEVEL_FILE][SETTING_URL] == NULL) {
		program_note(p, "not logged in");
		return RC_OK;
	}
	url = x_strdup(s->v[LEVEL_FILE][SETTING_URL]);
	settings_put(s, SETTING_URL, NULL);
	settings_put(s, SETTING_TOKEN, NULL);
	settings_put(s, SETTING_INSECURE, NULL);
	if ((rc = settings_save(s, err)) == RC_OK)
		program_say(p, "logged out of %s", url != NULL ? url : "no server");
	free(url);
	return rc;
}

const struct command command_login = {
	.name = "login", .group = "Server", .words = "URL",
	.least = 1, .most = 1,
	.help = "use a server from now on; its token is asked for, or read from stdin",
	.run = do_login,
	.examples =
	    "mcpctl login https://llm.example.org\n"
	    "mcpctl login https://example.org/llm < token\n"
	    "mcpctl login http://127.0.0.1:8080 --token-file var/token\n",
};

const struct command command_logout = {
	.name = "logout", .group = "Server", .words = "",
	.help = "forget the server and its token", .run = do_logout,
	.examples = "mcpctl logout\n",
};
