/* help.c - usage, options and examples, all from the tables */
#include "config.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "base/jsonx.h"
#include "cli/commands.h"
#include "cli/grid.h"
#include "cli/output.h"

/* print_options - one table under its heading */
static void
print_options(const char *heading, const struct opt *options, FILE *out)
{
	char left[64];
	struct grid g;

	grid_init(&g, 2);
	for (const struct opt *o = options; o->name != NULL; o++) {
		char letter[] = { '-', o->letter, ',', ' ', '\0' };

		snprintf(left, sizeof(left), "%s--%s%s%s%s", o->letter ? letter : "    ", o->name,
		    o->value ? " " : "", o->value ? o->value : "",
		    o->flags & OPT_REPEAT ? "..." : "");
		grid_add(&g, left);
		grid_add(&g, o->help);
	}
	fprintf(out, "\n%s:\n", heading);
	grid_print(&g, 2, out);
	grid_release(&g);
}

/* print_commands - a table stands in the order of its groups */
static void
print_commands(const struct command *const *rows, FILE *out)
{
	const char *group = "";
	int width = 0;

	for (size_t i = 0; rows[i] != NULL && rows[i]->group != NULL; i++)
		if ((int)strlen(rows[i]->name) > width)
			width = (int)strlen(rows[i]->name);
	for (; *rows != NULL && (*rows)->group != NULL; rows++) {
		if (strcmp((*rows)->group, group) != 0)
			fprintf(out, "\n%s:\n", (*rows)->group);
		group = (*rows)->group;
		fprintf(out, "  %-*s  %s\n", width, (*rows)->name, (*rows)->help);
	}
}

/* print_examples - indented like the rest */
static void
print_examples(const char *lines, FILE *out)
{
	fputs("\nExamples:\n", out);
	for (size_t n; *lines != '\0'; lines += n + 1) {
		n = strcspn(lines, "\n");
		fprintf(out, "  %.*s\n", (int)n, lines);
	}
}

/* print_usage - "Usage: mcpctl create llm NAME --type T --model M [options]" */
static void
print_usage(const struct command *c, const char *path, FILE *out)
{
	fprintf(out, "Usage: %s%s%s", path, c->words[0] ? " " : "", c->words);
	for (const struct opt *o = c->options; o != NULL && o->name != NULL; o++)
		if (o->flags & OPT_REQUIRED)
			fprintf(out, " --%s %s%s", o->name, o->value,
			    o->flags & OPT_REPEAT ? "..." : "");
	fputs(" [options]\n\n", out);
	fprintf(out, "%s\n", c->help);
}

/* help_print - everything about one command */
void
help_print(const struct command *c, const char *path, FILE *out)
{
	print_usage(c, path, out);
	if (c->sub != NULL)
		print_commands(c->sub, out);
	if (c != &command_top && c->options != NULL)
		print_options("Options", c->options, out);
	print_options("Global options", command_top.options, out);
	if (c->examples != NULL)
		print_examples(c->examples, out);
	if (c->sub != NULL)
		fprintf(out, "\nMore: %s %.*s -h\n", path, (int)strcspn(c->words, " "), c->words);
}

/* do_help - mcpctl help create llm */
static enum rc
do_help(struct program *p, const struct args *a, struct error *err)
{
	const struct command *c = &command_top;
	char path[PROGRAM_PATH_MAX] = PROGRAM_NAME;
	size_t len;
	enum rc rc;

	(void)p;
	for (size_t i = 0; i < a->nwords; i++) {
		if (c->sub == NULL)
			return error_set(err, RC_USAGE, "%s has no command '%s'", path,
			    a->words[i]);
		if ((rc = command_find(c, a->words[i], &c, err)) != RC_OK)
			return rc;
		len = strlen(path);
		snprintf(path + len, sizeof(path) - len, " %s", c->name);
	}
	help_print(c, path, stdout);
	return RC_OK;
}

const struct command command_help = {
	.name = "help", .group = "Other", .words = "[COMMAND...]", .most = 2,
	.help = "explain a command", .run = do_help,
	.examples = "mcpctl help create llm\n",
};

/* do_version - the package's; for programs as kubectl has it, so that a server's may stand beside it */
enum rc
do_version(struct program *p, const struct args *a, struct error *err)
{
	struct json_object *all = json_object_new_object(), *client = json_object_new_object();
	bool done;
	enum rc rc;

	(void)a;
	jsonx_put_str(client, "version", PACKAGE_VERSION);
	jsonx_put(all, "clientVersion", client);
	if ((rc = output_data(p, all, &done, err)) == RC_OK && !done)
		printf("%s %s\n", PROGRAM_NAME, PACKAGE_VERSION);
	json_object_put(all);
	return rc;
}

const struct command command_version = {
	.name = "version", .group = "Other", .words = "",
	.help = "print the version", .run = do_version,
	.examples =
	    "mcpctl version\n"
	    "mcpctl version -o json\n",
};
