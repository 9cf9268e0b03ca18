/* assign.c - parse the small forms of the command line */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "cli/assign.h"

/* assign - KEY=VALUE */
enum rc
assign(struct json_object *o, const char *text, struct error *err)
{
	const char *eq = strchr(text, '=');
	struct json_object *value;
	enum rc rc = RC_OK;
	char *key;

	if (eq == NULL || eq == text)
		return error_set(err, RC_USAGE, "'%s': expected KEY=VALUE", text);
	key = x_strndup(text, (size_t)(eq - text));
	if (jsonx_has(o, key))
		rc = error_set(err, RC_USAGE, "'%s' is given twice", key);
	else if (jsonx_parse(eq + 1, strlen(eq + 1), JSONX_DEPTH, &value, NULL) == RC_OK)
		jsonx_put(o, key, value);
	else
		jsonx_put_str(o, key, eq + 1);
	free(key);
	return rc;
}

/* put_part - len bytes as a member */
static void
put_part(struct json_object *o, const char *name, const char *p, size_t len)
{
	jsonx_put(o, name, json_object_new_string_len(p, (int)len));
}

/* assign_binding - what it may hold is the store's to judge */
enum rc
assign_binding(const char *text, const char *option, struct json_object **out, struct error *err)
{
	size_t role = strcspn(text, ":"), resource;
	const char *rest = text + role + (text[role] != '\0');
	struct json_object *o;

	resource = strcspn(rest, ":");
	if (role == 0 || resource == 0 || (rest[resource] == ':' && rest[resource + 1] == '\0'))
		return error_set(err, RC_USAGE, "--%s %s: expected ROLE:RESOURCE[:NAME]", option,
		    text);
	o = json_object_new_object();
	put_part(o, "role", text, role);
	put_part(o, "resource", rest, resource);
	if (rest[resource] == ':')
		jsonx_put_str(o, "name", rest + resource + 1);
	*out = o;
	return RC_OK;
}

/* assign_subject - as the API spells the kinds */
enum rc
assign_subject(const char *text, const char *option, struct json_object **out, struct error *err)
{
	static const char *const subject_kinds[] = { "User", "Group", "McpToken" };
	size_t n = strcspn(text, ":");

	for (size_t i = 0; i < sizeof(subject_kinds) / sizeof(subject_kinds[0]); i++) {
		if (strlen(subject_kinds[i]) != n || strncasecmp(text, subject_kinds[i], n) != 0 ||
		    text[n] == '\0' || text[n + 1] == '\0')
			continue;
		*out = json_object_new_object();
		jsonx_put_str(*out, "kind", subject_kinds[i]);
		jsonx_put_str(*out, "name", text + n + 1);
		return RC_OK;
	}
	return error_set(err, RC_USAGE, "--%s %s: expected User:NAME, Group:NAME or McpToken:NAME",
	    option, text);
}

/* assign_key_ref - the name can't hold a slash, the key can */
enum rc
assign_key_ref(const char *text, const char *option, struct json_object **out, struct error *err)
{
	size_t n = strcspn(text, "/");

	if (*text == '\0') {
		*out = NULL;
		return RC_OK;
	}
	if (n == 0 || text[n] == '\0' || text[n + 1] == '\0')
		return error_set(err, RC_USAGE, "--%s %s: expected SECRET/KEY", option, text);
	*out = json_object_new_object();
	put_part(*out, "name", text, n);
	jsonx_put_str(*out, "key", text + n + 1);
	return RC_OK;
}

/* assign_time - always sent as a time */
enum rc
assign_time(const char *text, const char *option, struct json_object **out, struct error *err)
{
	char buf[CLOCK_TEXT];
	int64_t ms;

	if (clock_parse_span(text, &ms)) {
		if (__builtin_add_overflow(ms, clock_wall_ms(), &ms))
			ms = INT64_MAX;		/* the last time that there is */
	} else if (!clock_parse(text, &ms))
		return error_set(err, RC_USAGE, "--%s %s: expected 30d, 12h or "
		    "2030-01-31T00:00:00Z", option, text);
	clock_format(ms, buf);
	*out = json_object_new_string(buf);
	return RC_OK;
}
