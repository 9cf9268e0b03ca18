/* overlay.c - a document over an object */
#include <json-c/json.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "cli/overlay.h"
#include "store/record.h"

/* set_by_store - members that a document may have, and that don't count */
static bool
set_by_store(const char *name)
{
	static const char *const names[] = {
		"id", "version", "createdAt", "updatedAt", "lastUsedAt", "tokenSha", NULL
	};

	for (size_t i = 0; names[i] != NULL; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* is_empty - null, "", [] or {}: the store keeps one of them where it is given another */
static bool
is_empty(struct json_object *o)
{
	switch (json_object_get_type(o)) {
	case json_type_null:
		return true;
	case json_type_string:
		return json_object_get_string_len(o) == 0;
	case json_type_array:
		return json_object_array_length(o) == 0;
	case json_type_object:
		return json_object_object_length(o) == 0;
	default:
		return false;
	}
}

/* overlay_plain - see overlay.h */
struct json_object *
overlay_plain(struct json_object *view)
{
	struct json_object *o = json_object_new_object();

	json_object_object_foreach(view, name, value)
		if (!set_by_store(name))
			jsonx_put(o, name, json_object_get(value));
	return o;
}

/* by_text - the order of a secret's keys */
static int
by_text(const void *a, const void *b)
{
	return strcmp(json_object_get_string(*(struct json_object *const *)a),
	    json_object_get_string(*(struct json_object *const *)b));
}

/* put_keys - the names of what `data` has */
static void
put_keys(struct json_object *o, struct json_object *data)
{
	struct json_object *keys = json_object_new_array();

	json_object_object_foreach(data, key, value) {
		(void)value;
		json_object_array_add(keys, json_object_new_string(key));
	}
	json_object_array_sort(keys, by_text);
	jsonx_put(o, "keys", keys);
}

/* overlay - see overlay.h */
struct json_object *
overlay(const struct kind *k, struct json_object *view, struct json_object *body)
{
	struct json_object *o = view != NULL ? overlay_plain(view) : json_object_new_object();
	bool secret = k == &kind_secret;

	json_object_object_foreach(body, name, value) {
		if (set_by_store(name) || (secret && strcmp(name, "keys") == 0 &&
		    jsonx_has(body, "data")))
			continue;
		if (secret && strcmp(name, "data") == 0) {
			if (json_object_is_type(value, json_type_object))
				put_keys(o, value);
		} else if (!jsonx_has(o, name) || !is_empty(value) ||
		    !is_empty(jsonx_get(o, name))) {
			jsonx_put(o, name, json_object_get(value));
		}
	}
	return o;
}
