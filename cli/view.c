/* view.c - columns of each kind */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "cli/view.h"
#include "store/record.h"

#define CELL_MAX (1 << 20)		/* bytes; a record is smaller (KV_VALUE_MAX) */

/* view_scalar - one value */
char *
view_scalar(struct json_object *value)
{
	const char *s = value == NULL ? "" : json_object_is_type(value, json_type_string) ?
	    json_object_get_string(value) : jsonx_text(value);

	return x_strdup(*s != '\0' ? s : "-");
}

/* joined - each item of a list as text, commas between */
static char *
joined(struct json_object *list, char *(*text)(struct json_object *item))
{
	struct buf b = BUF_INIT(CELL_MAX);
	size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

	for (size_t i = 0; i < n; i++) {
		char *s = text(json_object_array_get_idx(list, i));

		(void)buf_addf(&b, NULL, "%s%s", i > 0 ? "," : "", s);
		free(s);
	}
	if (n == 0)
		(void)buf_addstr(&b, "-", NULL);
	return buf_take(&b);
}

/* view_list - of keys, aliases, members */
char *
view_list(struct json_object *value)
{
	return joined(value, view_scalar);
}

/* view_key_ref - where a key is */
char *
view_key_ref(struct json_object *value)
{
	if (value == NULL)
		return x_strdup("-");
	return x_asprintf("secret://%s/%s", jsonx_str(value, "name", "?"),
	    jsonx_str(value, "key", "?"));
}

/* subject - "User:alice" */
static char *
subject(struct json_object *item)
{
	return x_asprintf("%s:%s", jsonx_str(item, "kind", "?"), jsonx_str(item, "name", "?"));
}

/* subjects - who an rbac definition is about */
static char *
subjects(struct json_object *value)
{
	return joined(value, subject);
}

/* binding - "run:llms:claude", "run:migrate-secrets" */
static char *
binding(struct json_object *item)
{
	const char *name = jsonx_str(item, "name", NULL), *action = jsonx_str(item, "action", NULL);

	return x_asprintf("%s:%s%s%s", jsonx_str(item, "role", "?"),
	    action != NULL ? action : jsonx_str(item, "resource", "?"),
	    name != NULL ? ":" : "", name != NULL ? name : "");
}

/* view_bindings - as --role and --scope take them */
char *
view_bindings(struct json_object *value)
{
	return joined(value, binding);
}

/* view_expiry - a token's last moment */
char *
view_expiry(struct json_object *value)
{
	return value == NULL ? x_strdup("never") : view_scalar(value);
}

static const struct column llm_columns[] = {
	{ "NAME",	 "name",	NULL,		false },
	{ "TYPE",	 "type",	NULL,		false },
	{ "MODEL",	 "model",	NULL,		false },
	{ "TIER",	 "tier",	NULL,		false },
	{ "KEY",	 "apiKeyRef",	view_key_ref,	false },
	{ "ID",		 "id",		NULL,		false },
	{ "URL",	 "url",		NULL,		true },
	{ "ENABLED",	 "enabled",	NULL,		true },
	{ "ALIASES",	 "aliases",	view_list,	true },
	{ "DESCRIPTION", "description",	NULL,		true },
	{ "VERSION",	 "version",	NULL,		true },
	{ "UPDATED",	 "updatedAt",	NULL,		true },
	{ NULL, NULL, NULL, false }
};

static const struct column secret_columns[] = {
	{ "NAME",	 "name",	NULL,		false },
	{ "BACKEND",	 "backend",	NULL,		false },
	{ "KEYS",	 "keys",	view_list,	false },
	{ "ID",		 "id",		NULL,		false },
	{ "VERSION",	 "version",	NULL,		true },
	{ "UPDATED",	 "updatedAt",	NULL,		true },
	{ NULL, NULL, NULL, false }
};

static const struct column secretbackend_columns[] = {
	{ "NAME",	 "name",	NULL,		false },
	{ "TYPE",	 "type",	NULL,		false },
	{ "DEFAULT",	 "default",	NULL,		false },
	{ "DESCRIPTION", "description",	NULL,		false },
	{ "ID",		 "id",		NULL,		false },
	{ "VERSION",	 "version",	NULL,		true },
	{ "UPDATED",	 "updatedAt",	NULL,		true },
	{ NULL, NULL, NULL, false }
};

static const struct column user_columns[] = {
	{ "NAME",	 "name",	NULL,		false },
	{ "DESCRIPTION", "description",	NULL,		false },
	{ "ID",		 "id",		NULL,		false },
	{ "VERSION",	 "version",	NULL,		true },
	{ "UPDATED",	 "updatedAt",	NULL,		true },
	{ NULL, NULL, NULL, false }
};

static const struct column group_columns[] = {
	{ "NAME",	 "name",	NULL,		false },
	{ "MEMBERS",	 "members",	view_list,	false },
	{ "ID",		 "id",		NULL,		false },
	{ "VERSION",	 "version",	NULL,		true },
	{ "UPDATED",	 "updatedAt",	NULL,		true },
	{ NULL, NULL, NULL, false }
};

static const struct column rbac_columns[] = {
	{ "NAME",	 "name",	NULL,		false },
	{ "SUBJECTS",	 "subjects",	subjects,	false },
	{ "BINDINGS",	 "roleBindings", view_bindings,	false },
	{ "ID",		 "id",		NULL,		false },
	{ "VERSION",	 "version",	NULL,		true },
	{ "UPDATED",	 "updatedAt",	NULL,		true },
	{ NULL, NULL, NULL, false }
};

static const struct column mcptoken_columns[] = {
	{ "NAME",	 "name",	NULL,		false },
	{ "USER",	 "user",	NULL,		false },
	{ "SCOPE",	 "scope",	view_bindings,	false },
	{ "EXPIRES",	 "expiresAt",	view_expiry,		false },
	{ "REVOKED",	 "revoked",	NULL,		false },
	{ "ID",		 "id",		NULL,		false },
	{ "LAST USED",	 "lastUsedAt",	NULL,		true },
	{ "VERSION",	 "version",	NULL,		true },
	{ "UPDATED",	 "updatedAt",	NULL,		true },
	{ NULL, NULL, NULL, false }
};

static const struct column *const columns[RESOURCE__STORED] = {
	[RESOURCE_SECRETBACKENDS] = secretbackend_columns,
	[RESOURCE_SECRETS] = secret_columns,
	[RESOURCE_LLMS] = llm_columns,
	[RESOURCE_USERS] = user_columns,
	[RESOURCE_GROUPS] = group_columns,
	[RESOURCE_RBAC] = rbac_columns,
	[RESOURCE_MCPTOKENS] = mcptoken_columns,
};

/* view_columns - those of a kind */
const struct column *
view_columns(const struct kind *k)
{
	return columns[k->resource];
}

/* view_cell - one object in one column */
char *
view_cell(const struct column *c, struct json_object *object)
{
	struct json_object *value = jsonx_get(object, c->member);

	return c->text != NULL ? c->text(value) : view_scalar(value);
}
