/* cmd_describe.c - mcpctl describe: all of one object, in sections */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/text.h"
#include "cli/transport.h"
#include "cli/values.h"
#include "cli/view.h"
#include "store/record.h"

#define LABEL_WIDTH	18		/* columns of "Description:       " */
#define MEMBER_WIDTH	12		/* the same inside a section */

struct layout {
	const char		*heading;	/* "=== LLM: claude ===" */
	const struct column	*lines;		/* header is the label; wide: left out when empty */
	/* MAY. What stands between the lines and the metadata */
	void			(*sections)(const struct program *p, struct json_object *o);
};

/* print_line - "  Label:      text"; a label that is too long pushes the text on */
static void
print_line(size_t indent, const char *label, size_t width, const char *text)
{
	char *left = text_clean(label), *right = text_clean(text);
	size_t n = text_columns(left);

	printf("%*s%s%*s%s\n", (int)indent, "", left, n < width ? (int)(width - n) : 1, "", right);
	free(left);
	free(right);
}

/* print_section - a heading with an empty line before it */
static void
print_section(const struct program *p, const char *heading)
{
	printf(p->colour ? "\n\033[1m%s:\033[0m\n" : "\n%s:\n", heading);
}

/* longest - the width that the names of an object's members need */
static size_t
longest(struct json_object *o)
{
	size_t width = 6, n;

	json_object_object_foreach(o, name, member) {
		(void)member;
		if ((n = text_columns(name)) > width)
			width = n;
	}
	return width + 2;
}

/* print_members - an object's members, a line each */
static void
print_members(struct json_object *o)
{
	size_t width = longest(o);
	char *text;

	json_object_object_foreach(o, name, member) {
		text = view_scalar(member);
		print_line(2, name, width, text);
		free(text);
	}
}

/* llm_sections - where the key is, and what the settings are */
static void
llm_sections(const struct program *p, struct json_object *o)
{
	struct json_object *ref = jsonx_get(o, "apiKeyRef"), *extra = jsonx_get(o, "extraConfig");

	print_section(p, "API Key");
	if (ref != NULL) {
		print_line(2, "Secret:", MEMBER_WIDTH, jsonx_str(ref, "name", "-"));
		print_line(2, "Key:", MEMBER_WIDTH, jsonx_str(ref, "key", "-"));
	} else
		puts("  (none)");
	if (extra != NULL && json_object_object_length(extra) > 0) {
		print_section(p, "Extra Config");
		print_members(extra);
	}
}

/* secret_sections - names of keys; values only where --show-values put them into "data" */
static void
secret_sections(const struct program *p, struct json_object *o)
{
	struct json_object *data = jsonx_get(o, "data"), *keys = jsonx_get(o, "keys");
	size_t n = keys != NULL ? json_object_array_length(keys) : 0;

	print_section(p, "Data");
	if (data != NULL)
		print_members(data);
	for (size_t i = 0; data == NULL && i < n; i++)
		print_line(2, json_object_get_string(json_object_array_get_idx(keys, i)),
		    MEMBER_WIDTH, "***");
	if (n == 0)
		puts("  (none)");
}

/* backend_sections - its configuration */
static void
backend_sections(const struct program *p, struct json_object *o)
{
	struct json_object *config = jsonx_get(o, "config");

	if (config == NULL || json_object_object_length(config) == 0)
		return;
	print_section(p, "Config");
	print_members(config);
}

/* print_bindings - "  run  llms:claude" a line each */
static void
print_bindings(struct json_object *list)
{
	size_t n = list != NULL ? json_object_array_length(list) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *b = json_object_array_get_idx(list, i);
		const char *name = jsonx_str(b, "name", NULL);
		char *what = x_asprintf("%s%s%s",
		    jsonx_str(b, "action", jsonx_str(b, "resource", "?")),
		    name != NULL ? ":" : "", name != NULL ? name : "");

		print_line(2, jsonx_str(b, "role", "?"), MEMBER_WIDTH, what);
		free(what);
	}
	if (n == 0)
		puts("  (none)");
}

/* group_sections - who is in it */
static void
group_sections(const struct program *p, struct json_object *o)
{
	struct json_object *members = jsonx_get(o, "members");
	size_t n = members != NULL ? json_object_array_length(members) : 0;

	print_section(p, "Members");
	for (size_t i = 0; i < n; i++)
		printf("  %s\n", json_object_get_string(json_object_array_get_idx(members, i)));
	if (n == 0)
		puts("  (none)");
}

/* rbac_sections - who, and what */
static void
rbac_sections(const struct program *p, struct json_object *o)
{
	struct json_object *list = jsonx_get(o, "subjects");
	size_t n = list != NULL ? json_object_array_length(list) : 0;

	print_section(p, "Subjects");
	for (size_t i = 0; i < n; i++) {
		struct json_object *s = json_object_array_get_idx(list, i);

		print_line(2, jsonx_str(s, "kind", "?"), MEMBER_WIDTH, jsonx_str(s, "name", "?"));
	}
	if (n == 0)
		puts("  (none)");
	print_section(p, "Role Bindings");
	print_bindings(jsonx_get(o, "roleBindings"));
}

/* mcptoken_sections - no scope is all that its user may */
static void
mcptoken_sections(const struct program *p, struct json_object *o)
{
	print_section(p, "Scope");
	if (jsonx_get(o, "scope") != NULL)
		print_bindings(jsonx_get(o, "scope"));
	else
		puts("  (all that its user may)");
}

static const struct column llm_lines[] = {
	{ "Name:",	  "name",	 NULL,		false },
	{ "Type:",	  "type",	 NULL,		false },
	{ "Model:",	  "model",	 NULL,		false },
	{ "Tier:",	  "tier",	 NULL,		false },
	{ "Enabled:",	  "enabled",	 NULL,		false },
	{ "URL:",	  "url",	 NULL,		true },
	{ "Aliases:",	  "aliases",	 view_list,	true },
	{ "Description:", "description", NULL,		true },
	{ NULL, NULL, NULL, false }
};

static const struct column secret_lines[] = {
	{ "Name:",	  "name",	 NULL,		false },
	{ "Backend:",	  "backend",	 NULL,		false },
	{ NULL, NULL, NULL, false }
};

static const struct column backend_lines[] = {
	{ "Name:",	  "name",	 NULL,		false },
	{ "Type:",	  "type",	 NULL,		false },
	{ "Default:",	  "default",	 NULL,		false },
	{ "Description:", "description", NULL,		true },
	{ NULL, NULL, NULL, false }
};

static const struct column plain_lines[] = {
	{ "Name:",	  "name",	 NULL,		false },
	{ "Description:", "description", NULL,		true },
	{ NULL, NULL, NULL, false }
};

static const struct column mcptoken_lines[] = {
	{ "Name:",	  "name",	 NULL,		false },
	{ "User:",	  "user",	 NULL,		false },
	{ "Revoked:",	  "revoked",	 NULL,		false },
	{ "Expires:",	  "expiresAt",	 view_expiry,	false },
	{ "Last Used:",	  "lastUsedAt",	 NULL,		true },
	{ "SHA-256:",	  "tokenSha",	 NULL,		false },
	{ NULL, NULL, NULL, false }
};

static const struct column metadata_lines[] = {
	{ "ID:",	  "id",		 NULL,		false },
	{ "Version:",	  "version",	 NULL,		false },
	{ "Created:",	  "createdAt",	 NULL,		false },
	{ "Updated:",	  "updatedAt",	 NULL,		false },
	{ NULL, NULL, NULL, false }
};

static const struct layout layouts[RESOURCE__STORED] = {
	[RESOURCE_SECRETBACKENDS] = { "SecretBackend",	backend_lines,	backend_sections },
	[RESOURCE_SECRETS]	  = { "Secret",		secret_lines,	secret_sections },
	[RESOURCE_LLMS]		  = { "LLM",		llm_lines,	llm_sections },
	[RESOURCE_USERS]	  = { "User",		plain_lines,	NULL },
	[RESOURCE_GROUPS]	  = { "Group",		plain_lines,	group_sections },
	[RESOURCE_RBAC]		  = { "RBAC",		plain_lines,	rbac_sections },
	[RESOURCE_MCPTOKENS]	  = { "McpToken",	mcptoken_lines,	mcptoken_sections },
};

/* print_lines - labels and their cells */
static void
print_lines(const struct column *lines, size_t indent, size_t width, struct json_object *o)
{
	for (; lines->header != NULL; lines++) {
		char *text = view_cell(lines, o);

		if (!lines->wide || strcmp(text, "-") != 0)
			print_line(indent, lines->header, width, text);
		free(text);
	}
}

/* print_object - by the layout of its kind */
static void
print_object(const struct program *p, const struct kind *k, struct json_object *o)
{
	const struct layout *l = &layouts[k->resource];

	printf(p->colour ? "\033[1m=== %s: %s ===\033[0m\n" : "=== %s: %s ===\n", l->heading,
	    jsonx_str(o, "name", "?"));
	print_lines(l->lines, 0, LABEL_WIDTH, o);
	if (l->sections != NULL)
		l->sections(p, o);
	print_section(p, "Metadata");
	print_lines(metadata_lines, 2, MEMBER_WIDTH, o);
}

/* may_reveal - --show-values: of what, and where. Before anything is asked */
static enum rc
may_reveal(const struct transport *t, const struct kind *k, struct error *err)
{
	if (k != &kind_secret)
		return error_set(err, RC_USAGE, "--show-values is for secrets");
	if (t->ops->reveal == NULL)
		return error_set(err, RC_USAGE, "--show-values works on the store only: values "
		    "never leave it over HTTP");
	return RC_OK;
}

/* reveal - put the values into the object */
static enum rc
reveal(struct transport *t, const char *ref, struct json_object *o, struct error *err)
{
	struct json_object *values;
	enum rc rc = t->ops->reveal(t, ref, &values, err);

	if (rc == RC_OK)
		jsonx_put(o, "data", values);
	return rc;
}

static const struct opt describe_options[] = {
	{ "show-values", 0, NULL, 0, "a secret's values in clear" },
	OPT_END
};

/* do_describe - mcpctl describe RESOURCE NAME [--show-values] */
static enum rc
do_describe(struct program *p, const struct args *a, struct error *err)
{
	const char *ref = a->words[1];
	bool values = args_has(a, "show-values");
	struct json_object *o;
	const struct kind *k;
	struct transport *t;
	enum rc rc;

	if ((rc = program_kind(a->words[0], &k, err)) != RC_OK ||
	    (rc = program_transport(p, &t, err)) != RC_OK ||
	    (values && (rc = may_reveal(t, k, err)) != RC_OK))
		return rc;
	if ((rc = t->ops->get(t, k, ref, &o, err)) != RC_OK)
		return program_name_error(k, ref, rc, err);
	if (values)
		rc = reveal(t, ref, o, err);
	if (rc == RC_OK && (p->format == FORMAT_TABLE || p->format == FORMAT_WIDE))
		print_object(p, k, o);
	else if (rc == RC_OK)
		rc = output_object(p, k, o, err);
	jsonx_wipe(jsonx_get(o, "data"));
	json_object_put(o);
	return rc;
}

const struct command command_describe = {
	.name = "describe", .group = "Resources", .words = "RESOURCE NAME",
	.least = 2, .most = 2,
	.help = "all there is to know of one object",
	.options = describe_options, .run = do_describe,
	.examples =
	    "mcpctl describe llm claude\n"
	    "mcpctl describe secret anthropic --show-values\n",
};
