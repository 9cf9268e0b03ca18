/* llm_settings.c - the extraConfig keys that have a meaning; others pass */
#include <json-c/json.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "store/fields.h"
#include "store/records.h"

#define TIMEOUT_MAX_MS		86400000	/* a day */
#define MAX_TOKENS_MAX		10000000	/* tokens */
#define HEADERS_MAX		32		/* headers of one Llm */
#define HEADER_VALUE_MAX	4096		/* bytes */
#define API_PATH_MAX		1024		/* bytes */
#define MODEL_MAX		1024		/* bytes */

#define AT "extraConfig"
#define AT_HEADERS AT ".headers"
#define SECRET_SCHEME "secret://"

static const struct number_row {
	const char	*name;
	size_t		 offset;
	int64_t		 max;
} numbers[] = {
	{ "connectTimeoutMs", offsetof(struct llm_settings, connect_timeout_ms), TIMEOUT_MAX_MS },
	{ "headerTimeoutMs", offsetof(struct llm_settings, header_timeout_ms), TIMEOUT_MAX_MS },
	{ "idleTimeoutMs", offsetof(struct llm_settings, idle_timeout_ms), TIMEOUT_MAX_MS },
	{ "totalTimeoutMs", offsetof(struct llm_settings, total_timeout_ms), TIMEOUT_MAX_MS },
	{ "maxTokens", offsetof(struct llm_settings, max_tokens), MAX_TOKENS_MAX },
	{ .name = NULL }
};

static const struct choice_row {
	const char	*name;
	size_t		 offset;
	const char	*words[3];
	const char	*message;
} choices[] = {
	{ "thinking", offsetof(struct llm_settings, thinking), { "budget", "adaptive", "none" },
	    "must be budget, adaptive or none" },
	{ "sampling", offsetof(struct llm_settings, sampling), { "one", "all", "none" },
	    "must be one, all or none" },
	{ .name = NULL }
};

/* headers that are ours, the connection's, or another caller's; a '-' at the end: a prefix */
static const char *const refused_headers[] = {
	"host", "content-", "transfer-encoding", "connection", "te", "upgrade", "expect",
	"accept-encoding", "cookie", "proxy-", NULL
};

/* headers that carry keys: in clear they would stand in the catalogue for all to read */
static const char *const key_headers[] = { "authorization", "x-api-key", "api-key", NULL };

/* header_in - is the name in the list, whatever its case */
static bool
header_in(const char *const *list, const char *name)
{
	for (; *list != NULL; list++) {
		size_t len = strlen(*list);
		bool prefix = (*list)[len - 1] == '-';

		if (prefix ? strncasecmp(*list, name, len) == 0 : strcasecmp(*list, name) == 0)
			return true;
	}
	return false;
}

/* is_token - RFC 9110 5.6.2 */
static bool
is_token(const char *name)
{
	static const char chars[] = "!#$%&'*+-.^_`|~0123456789"
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	return name[0] != '\0' && strspn(name, chars) == strlen(name);
}

/* header_secret - cut "secret://NAME/KEY" into h; false when it is not of that form */
static bool
header_secret(struct llm_header *h, const char *value)
{
	const char *name = value + strlen(SECRET_SCHEME), *slash = strchr(name, '/');

	if (slash == NULL)
		return false;
	h->secret_name = x_strndup(name, (size_t)(slash - name));
	h->secret_key = x_strdup(slash + 1);
	return name_bad_plain(h->secret_name) == NULL && secret_key_bad(h->secret_key) == NULL;
}

/* header_value - why the value can't be sent, or NULL with h filled */
static const char *
header_value(struct llm_header *h, const char *value)
{
	if (strncmp(value, SECRET_SCHEME, strlen(SECRET_SCHEME)) == 0)
		return header_secret(h, value) ? NULL : "must be secret://NAME/KEY";
	if (header_in(key_headers, h->name))
		return "a key may only be given as secret://NAME/KEY";
	if (strlen(value) > HEADER_VALUE_MAX || !text_field(value))
		return "must be 1 to 4096 bytes of visible ASCII";
	h->value = x_strdup(value);
	return NULL;
}

/* header_name - why the name can't be used, or NULL */
static const char *
header_name(const struct llm_settings *s, const char *name)
{
	if (!is_token(name))
		return "is no header name";
	if (header_in(refused_headers, name))
		return "this header can't be set";
	for (size_t i = 0; i < s->nheaders; i++)
		if (strcasecmp(s->headers[i].name, name) == 0)
			return "is there twice, in other letters";
	return NULL;
}

/* header_release - one header's texts */
static void
header_release(struct llm_header *h)
{
	free(h->name);
	free(h->value);
	free(h->secret_name);
	free(h->secret_key);
}

/* parse_header - one member of headers */
static void
parse_header(struct llm_settings *s, const char *name, struct json_object *item, struct faults *f)
{
	struct llm_header h = { NULL, NULL, NULL, NULL };
	char path[FIELD_PATH_MAX];
	const char *bad, *value;

	field_path(path, AT_HEADERS, name);
	bad = header_name(s, name);
	if (bad != NULL)
		faults_add(f, path, "%s", bad);
	value = item_text(item, path, f);
	if (bad != NULL || value == NULL)
		return;
	h.name = x_strdup(name);
	bad = header_value(&h, value);
	if (bad != NULL) {
		faults_add(f, path, "%s", bad);
		header_release(&h);
		return;
	}
	s->headers = x_realloc(s->headers, (s->nheaders + 1) * sizeof(*s->headers));
	s->headers[s->nheaders++] = h;
}

/* parse_headers - all of them */
static void
parse_headers(struct llm_settings *s, struct json_object *extra, struct faults *f)
{
	struct json_object *headers;

	if (!field_object(extra, AT, "headers", f, &headers))
		return;
	if (json_object_object_length(headers) > HEADERS_MAX) {
		faults_add(f, AT_HEADERS, "are more than %d", HEADERS_MAX);
		return;
	}
	json_object_object_foreach(headers, name, item)
		parse_header(s, name, item, f);
}

/* odd_segment - "", "." or ".." between two '/': what servers read in more than one way */
static bool
odd_segment(const char *path)
{
	for (const char *p = strchr(path, '/'); p != NULL; p = strchr(p + 1, '/')) {
		size_t len = strcspn(p + 1, "/");

		if ((len == 0 && p[1] != '\0') || (len == 1 && p[1] == '.') ||
		    (len == 2 && p[1] == '.' && p[2] == '.'))
			return true;
	}
	return false;
}

/* path_bad - why a text can't stand between host and "/chat/completions"; NULL when it can */
static const char *
path_bad(const char *path)
{
	if (path[0] != '/')
		return "must begin with '/'";
	if (strlen(path) > API_PATH_MAX || !text_visible(path) || strpbrk(path, "?#\\\"<>") != NULL)
		return "must be a plain path of visible ASCII, without '?' and '#'";
	if (odd_segment(path))
		return "must not hold '//', '/./' or '/../'";
	return NULL;
}

/* parse_api_path - kept without its trailing '/': "/" means that nothing stands before the rest */
static void
parse_api_path(struct llm_settings *s, struct json_object *extra, struct faults *f)
{
	const char *path, *bad;
	size_t len;

	if (!field_text(extra, AT, "apiPath", f, &path))
		return;
	bad = path_bad(path);
	if (bad != NULL) {
		faults_add(f, AT ".apiPath", "%s", bad);
		return;
	}
	len = strlen(path);
	s->api_path = x_strndup(path, path[len - 1] == '/' ? len - 1 : len);
}

/* parse_models - what a caller may ask for by name */
static void
parse_models(struct llm_settings *s, struct json_object *extra, struct faults *f)
{
	char path[FIELD_PATH_MAX];
	struct json_object *list;
	const char *model, *bad;

	if (!field_list(extra, AT, "models", f, &list))
		return;
	s->models_set = true;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		snprintf(path, sizeof(path), AT ".models[%zu]", i);
		model = item_text(json_object_array_get_idx(list, i), path, f);
		if (model == NULL)
			continue;
		bad = llm_model_bad(model);
		if (bad != NULL)
			faults_add(f, path, "%s", bad);
		else
			strings_add(&s->models, model);
	}
}

/* parse_choices - words out of a few */
static void
parse_choices(struct llm_settings *s, struct json_object *extra, struct faults *f)
{
	const char *word;

	for (const struct choice_row *row = choices; row->name != NULL; row++) {
		char **slot = (char **)((char *)s + row->offset);

		if (!field_text(extra, AT, row->name, f, &word))
			continue;
		for (size_t i = 0; i < 3; i++)
			if (strcmp(row->words[i], word) == 0)
				text_set(slot, word);
		if (*slot == NULL) {
			char path[FIELD_PATH_MAX];

			faults_add(f, field_path(path, AT, row->name), "%s", row->message);
		}
	}
}

/* llm_settings_parse - s is written anew */
void
llm_settings_parse(struct llm_settings *s, const char *type, struct json_object *extra,
    struct faults *faults)
{
	struct faults ignored = FAULTS_INIT, *f = faults != NULL ? faults : &ignored;

	*s = (struct llm_settings){ .allow_private = llm_type_private(type) };
	for (const struct number_row *row = numbers; row->name != NULL; row++) {
		int64_t *slot = (int64_t *)((char *)s + row->offset);

		*slot = -1;
		field_int(extra, AT, row->name, 1, row->max, f, slot);
	}
	parse_choices(s, extra, f);
	parse_headers(s, extra, f);
	parse_api_path(s, extra, f);
	parse_models(s, extra, f);
	s->allow_private_set = field_bool(extra, AT, "allowPrivateUrl", f, &s->allow_private);
	faults_release(&ignored);
}

/* llm_settings_release - free what parsing made */
void
llm_settings_release(struct llm_settings *s)
{
	for (size_t i = 0; i < s->nheaders; i++)
		header_release(&s->headers[i]);
	free(s->headers);
	free(s->api_path);
	strings_release(&s->models);
	free(s->thinking);
	free(s->sampling);
	*s = (struct llm_settings){ .headers = NULL };
}

/* llm_model_bad - an upstream model id: UTF-8 without control characters, no blank at its ends */
const char *
llm_model_bad(const char *model)
{
	size_t len = strlen(model);

	if (len == 0 || len > MODEL_MAX)
		return "must be 1 to 1024 bytes long";
	if (model[0] == ' ' || model[len - 1] == ' ')
		return "must not begin or end with a blank";
	for (; *model != '\0'; model++)
		if ((unsigned char)*model < 0x20 || *model == 0x7f)
			return "must not hold control characters";
	return NULL;
}
