/* cmd_whoami.c - mcpctl whoami */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/jsonx.h"
#include "cli/commands.h"
#include "cli/grid.h"
#include "cli/output.h"
#include "cli/transport.h"
#include "cli/view.h"

/* line - one fact */
static void
line(const char *label, const char *text)
{
	printf("%-13s %s\n", label, text);
}

/* put_list - names with commas, "-" for none */
static void
put_list(const char *label, struct json_object *list)
{
	char *text = view_list(list);

	line(label, text);
	free(text);
}

/* put_rights - a line each: role, resource, name */
static void
put_rights(struct json_object *list)
{
	size_t n = list != NULL ? json_object_array_length(list) : 0;
	struct grid g;

	puts("Permissions:");
	grid_init(&g, 3);
	for (size_t i = 0; i < n; i++) {
		struct json_object *b = json_object_array_get_idx(list, i);
		const char *action = jsonx_str(b, "action", NULL);

		grid_add(&g, jsonx_str(b, "role", "-"));
		grid_add(&g, action != NULL ? action : jsonx_str(b, "resource", "-"));
		grid_add(&g, jsonx_str(b, "name", ""));
	}
	grid_print(&g, 2, stdout);
	grid_release(&g);
}

/* print - as text */
static void
print(struct json_object *o)
{
	line("User:", jsonx_str(o, "user", "- (the administrator at the store itself)"));
	line("Token:", jsonx_str(o, "token", "-"));
	put_list("Groups:", jsonx_get(o, "groups"));
	put_list("Llms:", jsonx_get(o, "llms"));
	put_rights(jsonx_get(o, "permissions"));
}

/* do_whoami - mcpctl whoami */
static enum rc
do_whoami(struct program *p, const struct args *a, struct error *err)
{
	(void)a;
	return output_answer(p, ASK_WHOAMI, print, err);
}

const struct command command_whoami = {
	.name = "whoami", .group = "Use", .words = "",
	.help = "who we are, what we may do, and which llms we may run", .run = do_whoami,
	.examples = "mcpctl whoami\nmcpctl whoami -o json\n",
};
