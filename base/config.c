/* config.c - options from text, and what follows from them */
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/config.h"
#include "base/mem.h"
#include "base/suggest.h"

/* field - where a row's value stands */
static void *
field(struct config *c, const struct option_row *row)
{
	return (char *)c + row->offset;
}

/* strings_release - an empty list again */
static void
strings_release(struct strings *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->v[i]);
	free(list->v);
	*list = (struct strings){ NULL, 0 };
}

/* parse_string - empty: not set */
static const char *
parse_string(const struct option_row *row, const char *text, char **out)
{
	const char *why;

	if (*text == '\0' && row->dflt != NULL)
		return "must not be empty";
	why = *text != '\0' && row->bad != NULL ? row->bad(text) : NULL;
	if (why != NULL)
		return why;
	free(*out);
	*out = *text != '\0' ? x_strdup(text) : NULL;
	return NULL;
}

/* parse_strings - between commas; empty: none */
static const char *
parse_strings(const struct option_row *row, const char *text, struct strings *out)
{
	struct strings list = { NULL, 0 };
	const char *why = NULL;
	size_t len;
	char *item;

	for (; *text != '\0' && why == NULL; text += len + (text[len] == ',')) {
		text += strspn(text, " ");
		len = strcspn(text, ",");
		item = x_strndup(text, len);
		list.v = x_realloc(list.v, (list.n + 1) * sizeof(*list.v));
		list.v[list.n++] = item;
		why = row->bad != NULL ? row->bad(item) : NULL;
	}
	if (why != NULL) {
		strings_release(&list);
		return why;
	}
	strings_release(out);
	*out = list;
	return NULL;
}

/* parse_bool - the words of YAML 1.1 */
static const char *
parse_bool(const char *text, bool *out)
{
	static const struct {
		const char	*word;
		bool		 value;
	} words[] = {
		{ "true", true }, { "yes", true }, { "on", true },
		{ "false", false }, { "no", false }, { "off", false },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcasecmp(text, words[i].word) == 0) {
			*out = words[i].value;
			return NULL;
		}
	}
	return "must be true or false";
}

/* parse_digits - the whole text but for *rest; false: no number, or beyond 64 bits */
static bool
parse_digits(const char *text, int base, int64_t *n, const char **rest)
{
	const char *first = text + (*text == '-');
	char *end;

	if (*first < '0' || *first > '9')
		return false;
	errno = 0;
	*n = strtoll(text, &end, base);
	*rest = end;
	return errno == 0;
}

/* parse_int - decimal */
static const char *
parse_int(const char *text, int64_t *n)
{
	const char *rest;

	return parse_digits(text, 10, n, &rest) && *rest == '\0' ? NULL : "must be a number";
}

/* parse_mode - octal, as chmod(1) has it */
static const char *
parse_mode(const char *text, int64_t *n)
{
	const char *rest;

	return parse_digits(text, 8, n, &rest) && *rest == '\0' ? NULL :
	    "must be an octal mode such as 0660";
}

/* parse_size - "33554432", "32M", "32MiB" */
static const char *
parse_size(const char *text, int64_t *n)
{
	static const struct {
		const char	*name;
		int		 shift;
	} units[] = {
		{ "", 0 }, { "K", 10 }, { "KiB", 10 }, { "M", 20 }, { "MiB", 20 },
		{ "G", 30 }, { "GiB", 30 },
	};
	const char *rest;

	if (parse_digits(text, 10, n, &rest)) {
		for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
			if (strcmp(rest, units[i].name) == 0 &&
			    !__builtin_mul_overflow(*n, INT64_C(1) << units[i].shift, n))
				return NULL;
		}
	}
	return "must be a size such as 33554432, 8K, 32MiB or 1G";
}

/* in_range - the last check of a number */
static enum rc
in_range(const struct option_row *row, int64_t n, const char *text, const char *where,
    struct error *err)
{
	if (n >= row->min && n <= row->max)
		return RC_OK;
	if (row->type == OPTION_MODE)
		return error_set(err, RC_INVALID, "%s: %s is out of range 0..%" PRIo64, where, text,
		    (uint64_t)row->max);
	return error_set(err, RC_INVALID, "%s: %s is out of range %" PRId64 "..%" PRId64, where,
	    text, row->min, row->max);
}

/* config_set - one option; the text isn't repeated where it is no number: a proxy may have a key */
enum rc
config_set(struct config *c, const char *name, const char *value, const char *where,
    struct error *err)
{
	const struct option_row *row = option_find(name);
	const char *why = NULL;
	int64_t n = 0;
	enum rc rc;

	if (row == NULL)
		return config_unknown(name, where, err);
	switch (row->type) {
	case OPTION_STRING:	why = parse_string(row, value, field(c, row)); break;
	case OPTION_STRINGS:	why = parse_strings(row, value, field(c, row)); break;
	case OPTION_BOOL:	why = parse_bool(value, field(c, row)); break;
	case OPTION_INT:	why = parse_int(value, &n); break;
	case OPTION_MODE:	why = parse_mode(value, &n); break;
	case OPTION_SIZE:	why = parse_size(value, &n); break;
	}
	if (why != NULL)
		return error_set(err, RC_INVALID, "%s: %s", where, why);
	if (row->type == OPTION_INT || row->type == OPTION_MODE || row->type == OPTION_SIZE) {
		rc = in_range(row, n, value, where, err);
		if (rc != RC_OK)
			return rc;
		*(int64_t *)field(c, row) = n;
	}
	return RC_OK;
}

/* config_unknown - refuse a key, with the one that may be meant */
enum rc
config_unknown(const char *name, const char *where, struct error *err)
{
	struct suggestion meant;

	suggestion_init(&meant, name);
	for (const struct option_row *row = option_rows; row->name != NULL; row++)
		suggestion_offer(&meant, row->name);
	if (meant.best == NULL)
		return error_set(err, RC_INVALID, "%s: unknown key '%s'", where, name);
	return error_set(err, RC_INVALID, "%s: unknown key '%s' (did you mean '%s'?)", where, name,
	    meant.best);
}

/* config_init - a default that its own row refuses is a bug */
void
config_init(struct config *c)
{
	enum rc rc;

	*c = (struct config){ .db = NULL };
	for (const struct option_row *row = option_rows; row->name != NULL; row++) {
		if (row->dflt == NULL)
			continue;
		rc = config_set(c, row->name, row->dflt, row->name, NULL);
		assert(rc == RC_OK);
		(void)rc;
	}
}

/* set_environment - an empty variable is one that isn't set */
static enum rc
set_environment(struct config *c, struct error *err)
{
	const char *value;
	enum rc rc;

	for (const struct option_row *row = option_rows; row->name != NULL; row++) {
		value = row->env != NULL ? getenv(row->env) : NULL;
		if (value == NULL || *value == '\0')
			continue;
		rc = config_set(c, row->name, value, row->env, err);
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

/* find_file - the one to read: a named one must be there, the usual one may; NULL: none */
static const char *
find_file(const char *path)
{
	if (path == NULL)
		path = getenv("MCPD_CONFIG");
	if (path != NULL && *path != '\0')
		return path;
	return access(CONFIG_PATH, F_OK) == 0 || errno != ENOENT ? CONFIG_PATH : NULL;
}

/* config_load - defaults, file, environment */
enum rc
config_load(struct config *c, const char *path, struct error *err)
{
	enum rc rc = RC_OK;

	config_init(c);
	path = find_file(path);
	if (path != NULL)
		rc = config_file(c, path, err);
	if (rc == RC_OK)
		rc = set_environment(c, err);
	if (rc != RC_OK)
		config_release(c);
	return rc;
}

/* trimmed - length without trailing slashes, but for the first one */
static size_t
trimmed(const char *path, size_t len)
{
	while (len > 1 && path[len - 1] == '/')
		len--;
	return len;
}

/* beside - "<directory of db>/mcpd.key" */
static char *
beside(const char *db)
{
	size_t len = trimmed(db, strlen(db));

	while (len > 0 && db[len - 1] != '/')
		len--;
	if (len == 0)
		return x_strdup("mcpd.key");
	len = trimmed(db, len);
	return x_asprintf("%.*s%smcpd.key", (int)len, db, db[len - 1] == '/' ? "" : "/");
}

/* check_key_file - a copy of the store must not hold the key that opens it */
static enum rc
check_key_file(const struct config *c, struct error *err)
{
	size_t len = trimmed(c->db, strlen(c->db));

	if (strncmp(c->key_file, c->db, len) == 0 && c->key_file[len] == '/')
		return error_set(err, RC_INVALID, "key_file: %s must not be inside db (%s)",
		    c->key_file, c->db);
	return RC_OK;
}

/* config_finish - once, after the flags */
enum rc
config_finish(struct config *c, struct error *err)
{
	size_t len;

	if (c->key_file == NULL)
		c->key_file = beside(c->db);
	if (c->base_path != NULL) {
		len = strlen(c->base_path);
		if (len > 0 && c->base_path[len - 1] == '/')
			c->base_path[len - 1] = '\0';
	}
	return check_key_file(c, err);
}

/* in_name - may the byte stand beside a path as a part of a longer one */
static bool
in_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* hide_path - every time that it is in the text */
static bool
hide_path(char *text, const char *path)
{
	size_t len = path != NULL ? trimmed(path, strlen(path)) : 0, dir = len;
	bool cut = false;

	while (dir > 0 && path[dir - 1] != '/')
		dir--;
	if (dir == 0 || dir == len)	/* a name alone, or the root */
		return false;
	for (char *p = text; *p != '\0'; p++) {
		if (strncmp(p, path, len) != 0 || in_name(p[len]) || (p > text && in_name(p[-1])))
			continue;
		memmove(p, p + dir, strlen(p + dir) + 1);
		cut = true;
	}
	return cut;
}

/* config_hide_paths - see config.h; the store tells its directory as the system knows it */
bool
config_hide_paths(const struct config *c, char *text)
{
	char *real = c->db != NULL ? realpath(c->db, NULL) : NULL;
	const char *const paths[] = { c->db, real, c->key_file, c->ca_file };
	bool cut = false;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		cut |= hide_path(text, paths[i]);
	free(real);
	return cut;
}

/* config_release - all that rows point to */
void
config_release(struct config *c)
{
	for (const struct option_row *row = option_rows; row->name != NULL; row++) {
		if (row->type == OPTION_STRING)
			free(*(char **)field(c, row));
		else if (row->type == OPTION_STRINGS)
			strings_release(field(c, row));
	}
	*c = (struct config){ .db = NULL };
}
