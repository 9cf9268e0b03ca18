/* settings.c - flags, then the environment, then the file */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/url.h"
#include "cli/settings.h"
#include "cli/settings_file.h"

/* bad_url - plain http is judged when it is used */
static const char *
bad_url(const char *text)
{
	struct url u;

	if (url_parse(text, &u, NULL) != RC_OK)
		return "must be an http or https URL, without credentials or a query";
	url_release(&u);
	return NULL;
}

/* bad_bool - as JSON spells them */
static const char *
bad_bool(const char *text)
{
	return strcmp(text, "true") == 0 || strcmp(text, "false") == 0 ? NULL :
	    "must be true or false";
}

/* bad_path - a relative one would mean another file in every directory */
static const char *
bad_path(const char *text)
{
	return *text == '/' ? NULL : "must be an absolute path";
}

const struct setting_row setting_rows[SETTING__MAX] = {
	[SETTING_DB] = { "db", "db", "MCPD_DB", "the store", bad_path },
	[SETTING_URL] = { "url", "daemon-url", "MCPD_URL", "the server", bad_url },
	[SETTING_TOKEN] = { "token", "token-file", "MCPD_TOKEN", "who we are there", NULL },
	[SETTING_INSECURE] = { "insecure", "insecure", NULL,
	    "plain http to another machine is fine", bad_bool },
	[SETTING_CA_FILE] = { "caFile", NULL, NULL,
	    "certificates to trust beside the system's", bad_path },
	[SETTING_PROXY] = { "proxy", NULL, NULL, "on the way to the server", bad_url },
};

/* settings_read_token - a token file ends with a newline, a pipe may not */
enum rc
settings_read_token(int fd, const char *where, char **out, struct error *err)
{
	char text[SETTINGS_TOKEN_MAX];
	size_t n = 0;
	ssize_t got;

	while (n < sizeof(text) - 1 && (got = read(fd, text + n, sizeof(text) - 1 - n)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set(err, RC_IO, "%s: %s", where, strerror(errno));
		n += (size_t)got;
	}
	text[n] = '\0';
	n = strcspn(text, "\r\n");
	text[n] = '\0';
	for (size_t i = 0; i < n; i++)
		if (text[i] <= ' ' || text[i] > '~')
			n = 0;
	if (n > 0)
		*out = x_strdup(text);
	mem_wipe(text, sizeof(text));
	return n > 0 ? RC_OK : error_set(err, RC_INVALID, "%s: no token in it", where);
}

/* load_token_file - --token-file F */
static enum rc
load_token_file(const char *path, char **out, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	enum rc rc;

	if (fd < 0)
		return error_set(err, RC_IO, "%s: %s", path, strerror(errno));
	rc = settings_read_token(fd, path, out, err);
	close(fd);
	return rc;
}

/* load_flags - a flag without a value is true */
static enum rc
load_flags(struct settings *s, const struct args *flags, struct error *err)
{
	const char *path = args_text(flags, "token-file");

	for (int i = 0; i < SETTING__MAX; i++) {
		const char *option = setting_rows[i].option, *text;

		if (i == SETTING_TOKEN || option == NULL || !args_has(flags, option))
			continue;
		text = args_text(flags, option);
		s->v[LEVEL_FLAG][i] = x_strdup(text != NULL ? text : "true");
	}
	return path != NULL ? load_token_file(path, &s->v[LEVEL_FLAG][SETTING_TOKEN], err) : RC_OK;
}

/* load_env - an empty variable is as good as none */
static void
load_env(struct settings *s)
{
	for (int i = 0; i < SETTING__MAX; i++) {
		const char *text = setting_rows[i].env ? getenv(setting_rows[i].env) : NULL;

		if (text != NULL && *text != '\0')
			s->v[LEVEL_ENV][i] = x_strdup(text);
	}
}

/* settings_load - see settings.h */
enum rc
settings_load(struct settings *s, const struct args *flags, struct error *err)
{
	enum rc rc;

	*s = (struct settings){ .file = settings_file_path() };
	if ((rc = load_flags(s, flags, err)) == RC_OK) {
		load_env(s);
		rc = settings_file_load(s->file, s->v[LEVEL_FILE], err);
	}
	if (rc != RC_OK)
		settings_release(s);
	return rc;
}

/* settings_release - the token among them */
void
settings_release(struct settings *s)
{
	for (int l = 0; l < LEVEL__MAX; l++)
		for (int i = 0; i < SETTING__MAX; i++)
			mem_free_wiped(s->v[l][i]);
	free(s->file);
	*s = (struct settings){ .file = NULL };
}

/* settings_get - the first level that has it */
const char *
settings_get(const struct settings *s, enum setting what, enum level *level)
{
	int l = 0;

	while (l < LEVEL__MAX && s->v[l][what] == NULL)
		l++;
	if (level != NULL)
		*level = (enum level)l;
	return l < LEVEL__MAX ? s->v[l][what] : NULL;
}

/* settings_insecure - what the file says counts for the server in the file */
bool
settings_insecure(const struct settings *s)
{
	enum level said, server;
	const char *text = settings_get(s, SETTING_INSECURE, &said);

	settings_get(s, SETTING_URL, &server);
	return text != NULL && strcmp(text, "true") == 0 &&
	    (said != LEVEL_FILE || server == LEVEL_FILE);
}

/* settings_remote - a level that names a way decides */
enum rc
settings_remote(const struct settings *s, bool *remote, const char **db, struct error *err)
{
	*remote = false;
	*db = NULL;
	if (s->v[LEVEL_FLAG][SETTING_DB] != NULL && s->v[LEVEL_FLAG][SETTING_URL] != NULL)
		return error_set(err, RC_USAGE, "--db and --daemon-url: either the store itself, "
		    "or a server");
	for (int l = 0; l < LEVEL__MAX; l++) {
		const char *dir = s->v[l][SETTING_DB], *url = s->v[l][SETTING_URL];

		if (dir == NULL && url == NULL)
			continue;
		*remote = url != NULL && (dir == NULL || access(dir, R_OK | X_OK) != 0);
		*db = *remote ? NULL : dir;
		return RC_OK;
	}
	return RC_OK;
}

/* is_loopback - what is sent there never leaves the machine */
static bool
is_loopback(const char *host)
{
	struct in_addr in;

	if (strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0)
		return true;
	return inet_pton(AF_INET, host, &in) == 1 && ntohl(in.s_addr) >> 24 == IN_LOOPBACKNET;
}

/* url_text - one text for one server */
static char *
url_text(const struct url *u)
{
	bool v6 = strchr(u->host, ':') != NULL;
	char port[8] = "";

	if (u->port != (u->tls ? 443 : 80))
		snprintf(port, sizeof(port), ":%d", u->port);
	return x_asprintf("%s://%s%s%s%s%s", u->tls ? "https" : "http", v6 ? "[" : "", u->host,
	    v6 ? "]" : "", port, u->path);
}

/* settings_url - what is sent to it must not be read on the way */
enum rc
settings_url(const char *text, bool insecure, char **out, struct error *err)
{
	struct error why;
	struct url u;
	enum rc rc = RC_OK;

	if (url_parse(text, &u, &why) != RC_OK)
		return error_set(err, RC_USAGE, "%s: %s", text, why.msg);
	if (!u.tls && !insecure && !is_loopback(u.host))
		rc = error_set(err, RC_USAGE, "%s: a token would go over the network in clear: use "
		    "https://, or --insecure", text);
	else
		*out = url_text(&u);
	url_release(&u);
	return rc;
}

/* settings_token - see settings.h */
enum rc
settings_token(const struct settings *s, const char *url, const char **out, struct error *err)
{
	enum level level;
	const char *token = settings_get(s, SETTING_TOKEN, &level);
	const char *home = s->v[LEVEL_FILE][SETTING_URL];
	char *known = NULL;
	bool ours;

	if (token != NULL && level == LEVEL_FILE) {
		ours = home != NULL && settings_url(home, true, &known, NULL) == RC_OK &&
		    strcmp(known, url) == 0;
		free(known);
		if (!ours)
			token = NULL;
	}
	if (token == NULL)
		return error_set(err, RC_UNAUTHENTICATED, "no token for %s: mcpctl login %s", url,
		    url);
	*out = token;
	return RC_OK;
}

/* settings_put - in memory */
void
settings_put(struct settings *s, enum setting what, const char *text)
{
	char *copy = x_strdup(text);

	mem_free_wiped(s->v[LEVEL_FILE][what]);
	s->v[LEVEL_FILE][what] = copy;
}

/* settings_save - on disk */
enum rc
settings_save(const struct settings *s, struct error *err)
{
	if (s->file == NULL)
		return error_set(err, RC_IO, "no home directory to keep the configuration in: set "
		    "HOME");
	return settings_file_save(s->file, (const char *const *)s->v[LEVEL_FILE], err);
}
