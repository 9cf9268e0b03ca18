/* jsonx.c - json-c behind the scanner */
#include <json-c/json.h>
#include <json-c/printbuf.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/jscan.h"
#include "base/jsonx.h"
#include "base/mem.h"

#define SCRATCH_MAX (1 << 20)	/* bytes: no value of a secret is longer */

/* made - json-c answers NULL when memory is out, and NULL would be stored as null */
static struct json_object *
made(struct json_object *o)
{
	if (o == NULL)
		abort();
	return o;
}

/* tokener - its scratch in one piece: what it outgrows, realloc(3) leaves behind, and a string in it may
   be a key */
static struct json_tokener *
tokener(unsigned max_depth, size_t len)
{
	/* json-c counts the scalar inside the innermost container as a level */
	struct json_tokener *tok = json_tokener_new_ex((int)max_depth + 1);

	if (tok == NULL ||
	    printbuf_memset(tok->pb, 0, 0, (int)(len < SCRATCH_MAX ? len : SCRATCH_MAX)) != 0)
		abort();
	printbuf_reset(tok->pb);
	return tok;
}

/* tokener_free - wiped: the last string is still there */
static void
tokener_free(struct json_tokener *tok)
{
	mem_wipe(tok->pb->buf, (size_t)tok->pb->size);
	json_tokener_free(tok);
}

/* parse - text that was checked; the NUL after it ends a number that stands alone */
static enum rc
parse(const char *p, size_t len, unsigned max_depth, struct json_object **out, struct error *err)
{
	struct json_tokener *tok = tokener(max_depth, len);
	struct json_object *o;
	enum json_tokener_error ret;

	o = json_tokener_parse_ex(tok, p, (int)len);
	ret = json_tokener_get_error(tok);
	if (ret == json_tokener_continue) {
		o = json_tokener_parse_ex(tok, "", 1);
		ret = json_tokener_get_error(tok);
	}
	tokener_free(tok);
	if (ret != json_tokener_success)
		return error_set(err, RC_INVALID, "%s", json_tokener_error_desc(ret));
	*out = o;
	return RC_OK;
}

/* jsonx_parse - json-c sees only what the scanner has let through */
enum rc
jsonx_parse(const char *p, size_t len, unsigned max_depth, struct json_object **out,
    struct error *err)
{
	struct jscan_opts opts = { .flags = JSCAN_UNIQUE | JSCAN_STORABLE };
	enum rc rc;

	opts.max_depth = max_depth < JSONX_DEPTH_MAX ? max_depth : JSONX_DEPTH_MAX;
	if (len > INT_MAX)
		return error_set(err, RC_TOO_LARGE, "JSON text of %zu bytes", len);
	rc = jscan_check(p, len, &opts, err);
	return rc == RC_OK ? parse(p, len, opts.max_depth, out, err) : rc;
}

/* jsonx_text - for the store and the wire */
const char *
jsonx_text(struct json_object *o)
{
	return json_object_to_json_string_ext(o,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}

/* jsonx_pretty - for people */
const char *
jsonx_pretty(struct json_object *o)
{
	return json_object_to_json_string_ext(o,
	    JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);
}

/* jsonx_put - set a member */
void
jsonx_put(struct json_object *o, const char *name, struct json_object *value)
{
	if (json_object_object_add(o, name, value) != 0)
		abort();
}

/* jsonx_put_str - a text or null */
void
jsonx_put_str(struct json_object *o, const char *name, const char *text)
{
	jsonx_put(o, name, text != NULL ? made(json_object_new_string(text)) : NULL);
}

/* jsonx_put_int - an integer */
void
jsonx_put_int(struct json_object *o, const char *name, int64_t n)
{
	jsonx_put(o, name, made(json_object_new_int64(n)));
}

/* jsonx_put_bool - true or false */
void
jsonx_put_bool(struct json_object *o, const char *name, bool yes)
{
	jsonx_put(o, name, made(json_object_new_boolean(yes)));
}

/* jsonx_has - is it there */
bool
jsonx_has(struct json_object *o, const char *name)
{
	return json_object_object_get_ex(o, name, NULL);
}

/* jsonx_get - the member, unless it is null */
struct json_object *
jsonx_get(struct json_object *o, const char *name)
{
	struct json_object *value;

	return json_object_object_get_ex(o, name, &value) ? value : NULL;
}

/* jsonx_str - a text */
const char *
jsonx_str(struct json_object *o, const char *name, const char *dflt)
{
	struct json_object *value = jsonx_get(o, name);

	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : dflt;
}

/* jsonx_int - an integer */
int64_t
jsonx_int(struct json_object *o, const char *name, int64_t dflt)
{
	struct json_object *value = jsonx_get(o, name);

	return json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : dflt;
}

/* jsonx_bool - true or false */
bool
jsonx_bool(struct json_object *o, const char *name, bool dflt)
{
	struct json_object *value = jsonx_get(o, name);

	if (!json_object_is_type(value, json_type_boolean))
		return dflt;
	return json_object_get_boolean(value);
}

/* equal_objects - the same names with the same values */
static bool
equal_objects(struct json_object *a, struct json_object *b)
{
	struct json_object *other;

	if (json_object_object_length(a) != json_object_object_length(b))
		return false;
	json_object_object_foreach(a, name, value) {
		if (!json_object_object_get_ex(b, name, &other) || !jsonx_equal(value, other))
			return false;
	}
	return true;
}

/* equal_arrays - the same items in the same order */
static bool
equal_arrays(struct json_object *a, struct json_object *b)
{
	size_t n = json_object_array_length(a);

	if (n != json_object_array_length(b))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!jsonx_equal(json_object_array_get_idx(a, i), json_object_array_get_idx(b, i)))
			return false;
	}
	return true;
}

/* jsonx_wipe - json-c gives out the very bytes that it keeps */
void
jsonx_wipe(struct json_object *o)
{
	switch (json_object_get_type(o)) {
	case json_type_string:
		mem_wipe((char *)(uintptr_t)json_object_get_string(o),
		    (size_t)json_object_get_string_len(o));
		break;
	case json_type_array:
		for (size_t i = 0; i < json_object_array_length(o); i++)
			jsonx_wipe(json_object_array_get_idx(o, i));
		break;
	case json_type_object: {
		json_object_object_foreach(o, name, value) {
			(void)name;
			jsonx_wipe(value);
		}
		break;
	}
	default:
		break;
	}
}

/* jsonx_equal - recursion is bounded by the depth that was parsed */
bool
jsonx_equal(struct json_object *a, struct json_object *b)
{
	json_type type = json_object_get_type(a);

	if (a == b)
		return true;
	if (type != json_object_get_type(b))
		return false;
	switch (type) {
	case json_type_object:
		return equal_objects(a, b);
	case json_type_array:
		return equal_arrays(a, b);
	case json_type_string:
		return json_object_get_string_len(a) == json_object_get_string_len(b) &&
		    memcmp(json_object_get_string(a), json_object_get_string(b),
		    (size_t)json_object_get_string_len(a)) == 0;
	default:
		return strcmp(jsonx_text(a), jsonx_text(b)) == 0;
	}
}
