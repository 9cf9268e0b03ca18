/*
 * anthropic_schema.c - a JSON schema whose objects all say "additionalProperties":false
 *
 * Only what stands where a schema stands is one: {"type":"object"} as a default, an enum's entry or a
 * property's name stays as it is.
 */
#include <string.h>

#include "adapters/anthropic.h"

#define SCHEMA_MAX	(1 << 20)	/* bytes: each level is walked again */
#define SCHEMA_DEPTH	64		/* levels: each is a function call on a small stack */

enum holds { HOLDS_SCHEMA, HOLDS_LIST, HOLDS_MAP };

/* the keywords that hold schemas: one (or a list: "items" of old), a list, or a map of names */
static const struct { const char *name; enum holds holds; } keywords[] = {
	{ "properties", HOLDS_MAP },
	{ "$defs", HOLDS_MAP },
	{ "definitions", HOLDS_MAP },
	{ "patternProperties", HOLDS_MAP },
	{ "dependentSchemas", HOLDS_MAP },
	{ "anyOf", HOLDS_LIST },
	{ "allOf", HOLDS_LIST },
	{ "oneOf", HOLDS_LIST },
	{ "prefixItems", HOLDS_LIST },
	{ "items", HOLDS_SCHEMA },
	{ "additionalItems", HOLDS_SCHEMA },
	{ "unevaluatedItems", HOLDS_SCHEMA },
	{ "unevaluatedProperties", HOLDS_SCHEMA },
	{ "contains", HOLDS_SCHEMA },
	{ "propertyNames", HOLDS_SCHEMA },
	{ "not", HOLDS_SCHEMA },
	{ "if", HOLDS_SCHEMA },
	{ "then", HOLDS_SCHEMA },
	{ "else", HOLDS_SCHEMA },
};

static void put_schema(struct translation *t, struct span schema, int depth);

/* says_object - a type that is "object", or a list that has it */
static bool
says_object(struct span type)
{
	struct span word;

	if (jscan_type(type) == 'a')
		for (size_t at = 0; jscan_next(type, &at, NULL, &word); )
			if (jscan_is(word, "object"))
				return true;
	return jscan_is(type, "object");
}

/* is_object - does the schema describe an object: by its type, or by its properties where it has none */
static bool
is_object(struct span schema)
{
	struct jscan_want want[] = { { .name = "type" }, { .name = "properties" } };

	tr_members(schema, want, 2);
	return want[0].value.p != NULL ? says_object(want[0].value) : want[1].value.p != NULL;
}

/* put_inside - the members of a map, or the items of a list, as schemas */
static void
put_inside(struct translation *t, struct span container, int depth)
{
	bool map = jscan_type(container) == 'o';
	struct span name, value;
	size_t at = 0, n = 0;

	tr_put(t, map ? "{" : "[");
	while (t->w.rc == RC_OK && jscan_next(container, &at, &name, &value)) {
		tr_put(t, n++ > 0 ? "," : "");
		if (map) {
			tr_span(t, name);
			tr_put(t, ":");
		}
		put_schema(t, value, depth);
	}
	tr_put(t, map ? "}" : "]");
}

/* put_value - of a keyword */
static void
put_value(struct translation *t, struct span name, struct span value, int depth)
{
	char type = jscan_type(value);

	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		if (!jscan_is(name, keywords[i].name))
			continue;
		if (type == 'a' || (type == 'o' && keywords[i].holds == HOLDS_MAP))
			put_inside(t, value, depth);
		else
			put_schema(t, value, depth);
		return;
	}
	tr_span(t, value);
}

/* put_schema - one, be it true or false; depth is what is left */
static void
put_schema(struct translation *t, struct span schema, int depth)
{
	struct span name, value;
	size_t at = 0, n = 0;
	bool object, closed = false;

	if (jscan_type(schema) != 'o') {
		tr_span(t, schema);
		return;
	}
	if (depth == 0) {
		tr_refuse(t, "", "is nested deeper than %d schemas", SCHEMA_DEPTH);
		return;
	}
	object = is_object(schema);
	tr_put(t, "{");
	while (t->w.rc == RC_OK && jscan_next(schema, &at, &name, &value)) {
		bool additional = jscan_is(name, "additionalProperties");

		if (object && additional && closed)
			continue;
		tr_put(t, n++ > 0 ? "," : "");
		tr_span(t, name);
		tr_put(t, ":");
		if (object && additional)
			tr_put(t, "false");
		else if (additional)
			put_schema(t, value, depth - 1);
		else
			put_value(t, name, value, depth - 1);
		closed = closed || additional;
	}
	if (object && !closed)
		tr_put(t, n > 0 ? ",\"additionalProperties\":false" : "\"additionalProperties\":false");
	tr_put(t, "}");
}

/* tr_closed_schema - the schema is the field in hand */
void
tr_closed_schema(struct translation *t, struct span schema)
{
	if (schema.len > SCHEMA_MAX)
		tr_refuse(t, "", "is larger than %d bytes", SCHEMA_MAX);
	else
		put_schema(t, schema, SCHEMA_DEPTH);
}
