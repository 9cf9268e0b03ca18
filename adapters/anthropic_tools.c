/* anthropic_tools.c - tools and the choice among them */
#include <string.h>

#include "adapters/anthropic.h"

#define NAME_MAX_LEN 128		/* characters of a tool's name */

static const char name_chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

/* tr_tool_name - refused here with the field's name, rather than by the provider with its own */
void
tr_tool_name(struct translation *t, struct span name, const char *below)
{
	struct span inside;
	size_t i = 0;

	if (!tr_has(t, name, 's', below)) {
		tr_refuse(t, below, "is required");
		return;
	}
	inside = tr_inside(name);
	while (i < inside.len && strchr(name_chars, inside.p[i]) != NULL && inside.p[i] != '\0')
		i++;
	if (i < inside.len || i == 0 || i > NAME_MAX_LEN)
		tr_refuse(t, below, "must be 1 to %d of a-z, A-Z, 0-9, _ and -", NAME_MAX_LEN);
	tr_span(t, name);
}

/* write_schema - parameters with "type":"object" in front where they have no type */
static void
write_schema(struct translation *t, struct span schema)
{
	struct span type, name, value;
	size_t at = 0;

	if (!tr_has(t, schema, 'o', ".parameters")) {
		tr_put(t, "{\"type\":\"object\",\"properties\":{}}");
		return;
	}
	type = jscan_get(schema, "type");
	if (type.p != NULL && jscan_type(type) != '0') {
		tr_span(t, schema);
		return;
	}
	tr_put(t, "{\"type\":\"object\"");
	while (jscan_next(schema, &at, &name, &value)) {
		if (jscan_is(name, "type"))
			continue;
		tr_put(t, ",");
		tr_span(t, name);
		tr_put(t, ":");
		tr_span(t, value);
	}
	tr_put(t, "}");
}

/* write_tool - one function, which is the field in hand; cache is that of the tool around it */
static void
write_tool(struct translation *t, struct span function, struct span cache)
{
	struct jscan_want want[] = {
		{ .name = "name" }, { .name = "description" }, { .name = "parameters" },
		{ .name = "strict" }, { .name = "cache_control" },
	};

	tr_members(function, want, sizeof(want) / sizeof(want[0]));
	tr_put(t, "{\"name\":");
	tr_tool_name(t, want[0].value, ".name");
	if (tr_has(t, want[1].value, 's', ".description")) {
		tr_put(t, ",\"description\":");
		tr_span(t, want[1].value);
	}
	tr_put(t, ",\"input_schema\":");
	write_schema(t, want[2].value);
	if (tr_has(t, want[3].value, 'b', ".strict")) {
		tr_put(t, ",\"strict\":");
		tr_span(t, want[3].value);
	}
	if (cache.p == NULL || jscan_type(cache) == '0')
		cache = want[4].value;
	if (tr_has(t, cache, 'o', ".cache_control")) {
		tr_put(t, ",\"cache_control\":");
		tr_span(t, cache);
	}
	tr_put(t, "}");
}

/* each_tool - one entry of tools; the function is in it, or (functions) is it */
static void
each_tool(struct translation *t, struct span tool, bool legacy)
{
	struct jscan_want want[] = {
		{ .name = "type" }, { .name = "function" }, { .name = "cache_control" }
	};
	size_t was;

	if (jscan_type(tool) != 'o') {
		tr_refuse(t, "", "must be an object");
		return;
	}
	if (legacy) {
		write_tool(t, tool, (struct span){ NULL, 0 });
		return;
	}
	tr_members(tool, want, 3);
	if (!tr_has(t, want[0].value, 's', ".type") || !jscan_is(want[0].value, "function")) {
		tr_refuse(t, ".type", "must be function");
		return;
	}
	if (!tr_has(t, want[1].value, 'o', ".function")) {
		tr_refuse(t, ".function", "is required");
		return;
	}
	(void)tr_has(t, want[2].value, 'o', ".cache_control");
	was = tr_enter(t, ".function");
	write_tool(t, want[1].value, want[2].value);
	tr_leave(t, was);
}

/* tr_tools - in the caller's order: prompt caches depend on it */
size_t
tr_tools(struct translation *t, struct span tools, struct span functions)
{
	const struct { const char *name; struct span list; bool legacy; } lists[] = {
		{ "tools", tools, false }, { "functions", functions, true },
	};
	size_t n = 0, was;
	struct span tool;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		size_t at = 0, j = 0;

		was = tr_enter(t, "%s", lists[i].name);
		if (tr_has(t, lists[i].list, 'a', ""))
			for (; t->w.rc == RC_OK && jscan_next(lists[i].list, &at, NULL, &tool); n++) {
				tr_leave(t, was);
				(void)tr_enter(t, "%s[%zu]", lists[i].name, j++);
				tr_put(t, n == 0 ? ",\"tools\":[" : ",");
				each_tool(t, tool, lists[i].legacy);
			}
		tr_leave(t, was);
	}
	if (n > 0)
		tr_put(t, "]");
	return n;
}

/* begin_choice - "tool_choice", with the type Anthropic has for OpenAI's word; false: refused */
static bool
begin_choice(struct translation *t, struct span choice, bool force_auto)
{
	static const struct { const char *word, *type; } words[] = {
		{ "auto", "auto" }, { "required", "any" }, { "none", "none" },
	};
	size_t i = 0;

	while (i < sizeof(words) / sizeof(words[0]) && !jscan_is(choice, words[i].word))
		i++;
	if (i == sizeof(words) / sizeof(words[0])) {
		tr_refuse(t, "", "must be auto, required, none or a function");
		return false;
	}
	tr_put(t, ",\"tool_choice\":{\"type\":\"");
	tr_put(t, force_auto && strcmp(words[i].word, "required") == 0 ? "auto" : words[i].type);
	tr_put(t, "\"");
	return strcmp(words[i].word, "none") != 0;
}

/* choose_function - one tool by its name */
static void
choose_function(struct translation *t, struct span name, const char *below, bool force_auto)
{
	tr_put(t, ",\"tool_choice\":{\"type\":");
	if (force_auto) {
		tr_put(t, "\"auto\"");
		return;
	}
	tr_put(t, "\"tool\",\"name\":");
	tr_tool_name(t, name, below);
}

/* choose - tool_choice, which is the field in hand; true: "none" was not said */
static bool
choose(struct translation *t, struct span choice, bool force_auto)
{
	struct span function;

	if (jscan_type(choice) != 'o')
		return begin_choice(t, choice, force_auto);
	function = jscan_get(choice, "function");
	if (!jscan_is(jscan_get(choice, "type"), "function"))
		tr_refuse(t, ".type", "must be function");
	else if (!tr_has(t, function, 'o', ".function"))
		tr_refuse(t, ".function", "is required");
	else
		choose_function(t, jscan_get(function, "name"), ".function.name", force_auto);
	return true;
}

/* tr_tool_choice - it wins over the legacy function_call */
void
tr_tool_choice(struct translation *t, struct span choice, struct span function_call,
    struct span parallel, bool force_auto)
{
	bool alone, given = jscan_type(choice) != 0 && jscan_type(choice) != '0', calls = true;
	bool legacy = jscan_type(function_call) != 0 && jscan_type(function_call) != '0';
	size_t was;

	alone = tr_has(t, parallel, 'b', ".parallel_tool_calls") && jscan_type(parallel) == 'f';
	if (!given && !legacy && !alone)
		return;
	was = tr_enter(t, "%s", given ? "tool_choice" : "function_call");
	if (given)
		calls = choose(t, choice, force_auto);
	else if (legacy && jscan_type(function_call) == 'o')
		choose_function(t, jscan_get(function_call, "name"), ".name", force_auto);
	else if (legacy)
		calls = begin_choice(t, function_call, force_auto);
	else
		tr_put(t, ",\"tool_choice\":{\"type\":\"auto\"");
	tr_put(t, alone && calls ? ",\"disable_parallel_tool_use\":true}" : "}");
	tr_leave(t, was);
}
