/* openbao_config.c - where an OpenBao is, and how its token is had */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/url.h"
#include "store/fields.h"
#include "store/openbao_config.h"
#include "store/table.h"

static const char *const config_fields[] = {
	"url", "mount", "pathPrefix", "namespace", "tokenSecret", "cacheSeconds", "staleSeconds",
	NULL
};
static const char *const ref_fields[] = { "name", "key", NULL };

static const struct path_row {
	const char	*name;
	size_t		 at;			/* in struct openbao_config */
	const char	*dflt;
} paths[] = {
	{ "mount",	offsetof(struct openbao_config, mount),		"secret" },
	{ "pathPrefix",	offsetof(struct openbao_config, path_prefix),	"mcpd" },
	{ "namespace",	offsetof(struct openbao_config, ns),		"" },
	{ NULL, 0, NULL }
};

static const struct seconds_row {
	const char	*name;
	size_t		 at;
	int64_t		 dflt, max;
} seconds[] = {
	{ "cacheSeconds", offsetof(struct openbao_config, cache_s), BACKEND_CACHE_S,
	    BACKEND_CACHE_MAX_S },
	{ "staleSeconds", offsetof(struct openbao_config, stale_s), BACKEND_STALE_S,
	    BACKEND_STALE_MAX_S },
	{ NULL, 0, 0, 0 }
};

/* path_slot - where the struct has the text of a row */
static char **
path_slot(const struct openbao_config *c, const struct path_row *row)
{
	return (char **)(void *)((char *)(uintptr_t)c + row->at);
}

/* seconds_slot - where it has the number of a row */
static int64_t *
seconds_slot(const struct openbao_config *c, const struct seconds_row *row)
{
	return (int64_t *)(void *)((char *)(uintptr_t)c + row->at);
}

/* segment_bad - "", "." and ".." would be another path */
static bool
segment_bad(const char *p, size_t len)
{
	return len == 0 || (len == 1 && p[0] == '.') || (len == 2 && p[0] == '.' && p[1] == '.');
}

/* path_bad - what is wrong with a path at the server, NULL: nothing; it has no slash at its ends */
static const char *
path_bad(const char *path)
{
	if (strlen(path) > BACKEND_PATH_MAX)
		return "must be at most 200 characters";
	if (!text_visible(path))
		return "must be visible ASCII";
	for (const char *p = path; ; p++) {
		size_t len = strcspn(p, "/");

		if (segment_bad(p, len))
			return "must not have an empty segment, '.' or '..'";
		p += len;
		if (*p == '\0')
			return NULL;
	}
}

/* merge_path - people write "secret/" and "/secret"; empty where the default is none, or a prefix */
static void
merge_path(struct openbao_config *c, const struct path_row *row, struct json_object *config,
    struct faults *f)
{
	const char *text, *bad;
	char path[FIELD_PATH_MAX];
	size_t len;

	if (field_null(config, row->name)) {
		text_set(path_slot(c, row), row->dflt);
		return;
	}
	if (!field_text(config, "config", row->name, f, &text))
		return;
	text += strspn(text, "/");
	text_set(path_slot(c, row), text);
	for (len = strlen(text); len > 0 && text[len - 1] == '/'; len--)
		(*path_slot(c, row))[len - 1] = '\0';
	if (len == 0 && strcmp(row->name, "mount") != 0)
		return;
	bad = len == 0 ? "must not be empty" : path_bad(*path_slot(c, row));
	if (bad != NULL)
		faults_add(f, field_path(path, "config", row->name), "%s", bad);
}

/* check_url - a token goes there: in clear to private addresses only. An OpenBao beside us is the
   usual case, so private addresses need no permission of their own */
static void
check_url(const char *text, struct faults *f)
{
	struct url u;
	struct error why;
	enum addr_class class;

	if (url_parse(text, &u, &why) != RC_OK) {
		faults_add(f, "config.url", "%s", why.msg);
		return;
	}
	class = url_host_class(u.host);
	if (class == ADDR_NEVER)
		faults_add(f, "config.url", "is an address that is never connected");
	else if (!u.tls && class == ADDR_PUBLIC && url_host_literal(u.host))
		faults_add(f, "config.url", "must be https: a token goes there");
	url_release(&u);
}

/* merge_url - required, once */
static void
merge_url(struct openbao_config *c, struct json_object *config, struct faults *f)
{
	const char *text;

	if (field_null(config, "url") || (c->url == NULL && !jsonx_has(config, "url"))) {
		faults_add(f, "config.url", "is required");
		return;
	}
	if (!field_text(config, "config", "url", f, &text))
		return;
	text_set(&c->url, text);
	check_url(text, f);
}

/* merge_token_name - a Secret that can be read without any OpenBao: no backend waits for itself */
static void
merge_token_name(struct openbao_config *c, struct json_object *ref, const struct merge *m)
{
	static const char at[] = "config.tokenSecret.name";
	const struct record *secret;
	const char *name, *bad;

	if (!jsonx_has(ref, "name"))
		faults_add(m->faults, at, "is required");
	if (!field_text(ref, "config.tokenSecret", "name", m->faults, &name))
		return;
	bad = name_bad_plain(name);
	secret = bad == NULL ? table_by_name(m->table, &kind_secret, name) : NULL;
	if (bad != NULL)
		faults_add(m->faults, at, "%s", bad);
	else if (secret == NULL)
		faults_add(m->faults, at, "Secret not found: %s", name);
	else if (((const struct secret *)secret)->kept == KEPT_OPENBAO)
		faults_add(m->faults, at, "Secret %s is kept in an openbao backend itself", name);
	else
		text_set(&c->token_secret_id, secret->id);
}

/* merge_token - {name, key} */
static void
merge_token(struct openbao_config *c, struct json_object *config, const struct merge *m)
{
	struct json_object *ref;
	const char *key, *bad;

	if (field_null(config, "tokenSecret") ||
	    (c->token_secret_id == NULL && !jsonx_has(config, "tokenSecret"))) {
		faults_add(m->faults, "config.tokenSecret", "is required");
		return;
	}
	if (!field_object(config, "config", "tokenSecret", m->faults, &ref))
		return;
	fields_known(ref, "config.tokenSecret", ref_fields, m->faults);
	merge_token_name(c, ref, m);
	if (!jsonx_has(ref, "key"))
		faults_add(m->faults, "config.tokenSecret.key", "is required");
	if (!field_text(ref, "config.tokenSecret", "key", m->faults, &key))
		return;
	bad = secret_key_bad(key);
	if (bad != NULL)
		faults_add(m->faults, "config.tokenSecret.key", "%s", bad);
	text_set(&c->token_key, key);
}

/* set_defaults - of what no body has said yet */
static void
set_defaults(struct openbao_config *c)
{
	for (const struct path_row *row = paths; row->name != NULL; row++)
		text_set(path_slot(c, row), row->dflt);
	for (const struct seconds_row *row = seconds; row->name != NULL; row++)
		*seconds_slot(c, row) = row->dflt;
}

/* openbao_config_merge - see openbao_config.h */
void
openbao_config_merge(struct openbao_config *c, struct json_object *config, const struct merge *m)
{
	struct json_object *none = json_object_new_object();

	if (m->old == NULL)
		set_defaults(c);
	if (config == NULL)
		config = none;
	fields_known(config, "config", config_fields, m->faults);
	merge_url(c, config, m->faults);
	for (const struct path_row *row = paths; row->name != NULL; row++)
		merge_path(c, row, config, m->faults);
	merge_token(c, config, m);
	for (const struct seconds_row *row = seconds; row->name != NULL; row++) {
		if (field_null(config, row->name))
			*seconds_slot(c, row) = row->dflt;
		else
			(void)field_int(config, "config", row->name, 0, row->max, m->faults,
			    seconds_slot(c, row));
	}
	json_object_put(none);
}

/* openbao_config_decode - from the store */
enum rc
openbao_config_decode(struct openbao_config *c, struct json_object *config, struct error *err)
{
	struct json_object *ref = config != NULL ? jsonx_get(config, "tokenSecret") : NULL;
	const char *id = ref != NULL ? jsonx_str(ref, "id", "") : "";

	if (!random_is_id(id))
		return error_set(err, RC_CORRUPT, "config.tokenSecret.id is no id");
	text_set(&c->url, jsonx_str(config, "url", ""));
	for (const struct path_row *row = paths; row->name != NULL; row++)
		text_set(path_slot(c, row), jsonx_str(config, row->name, row->dflt));
	text_set(&c->token_secret_id, id);
	text_set(&c->token_key, jsonx_str(ref, "key", ""));
	for (const struct seconds_row *row = seconds; row->name != NULL; row++)
		*seconds_slot(c, row) = jsonx_int(config, row->name, row->dflt);
	return RC_OK;
}

/* openbao_config_json - every member, the defaults too */
struct json_object *
openbao_config_json(const struct openbao_config *c, const char *ref, const char *secret)
{
	struct json_object *o = json_object_new_object(), *token = json_object_new_object();

	jsonx_put_str(o, "url", c->url);
	for (const struct path_row *row = paths; row->name != NULL; row++)
		jsonx_put_str(o, row->name, *path_slot(c, row));
	jsonx_put_str(token, ref, secret);
	jsonx_put_str(token, "key", c->token_key);
	jsonx_put(o, "tokenSecret", token);
	for (const struct seconds_row *row = seconds; row->name != NULL; row++)
		jsonx_put_int(o, row->name, *seconds_slot(c, row));
	return o;
}

/* openbao_config_release - free the texts */
void
openbao_config_release(struct openbao_config *c)
{
	free(c->url);
	free(c->mount);
	free(c->path_prefix);
	free(c->ns);
	free(c->token_secret_id);
	free(c->token_key);
}
