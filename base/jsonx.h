/*
 * jsonx.h - json-c with our manners: strict parsing, typed reading with faults.
 *
 * Shapes  struct json_object of json-c; jsonx_parse() runs the scanner first, so what json-c
 *         would quietly accept (duplicates, NUL, bad UTF-8, too deep) is refused with its place
 * Units   bytes
 * Errors  RC_INVALID with line and column
 * Owns    objects returned are the caller's (json_object_put)
 * Source  RFC 8259, json-c 0.16
 */
#ifndef BASE_JSONX_H
#define BASE_JSONX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/rc.h"

struct json_object;

#define JSONX_DEPTH	128		/* the default nesting limit */
#define JSONX_DEPTH_MAX	256		/* levels; a caller's limit above it counts as this one:
					   json-c prints and frees by recursion, 100 bytes of stack
					   a level */

enum rc jsonx_parse(const char *p, size_t len, unsigned max_depth, struct json_object **out,
    struct error *err);

/* jsonx_text - compact text, '/' not escaped, borrowed from o */
const char *jsonx_text(struct json_object *o);

/* jsonx_pretty - two spaces of indent, '/' not escaped, borrowed from o */
const char *jsonx_pretty(struct json_object *o);

/* jsonx_put - set a member, take over the value (NULL is null) */
void jsonx_put(struct json_object *o, const char *name, struct json_object *value);
void jsonx_put_str(struct json_object *o, const char *name, const char *text);	/* NULL is null */
void jsonx_put_int(struct json_object *o, const char *name, int64_t n);
void jsonx_put_bool(struct json_object *o, const char *name, bool yes);

/* jsonx_has - the member is there, be it null */
bool jsonx_has(struct json_object *o, const char *name);

/* jsonx_str - a string member or dflt; borrowed. For records that we wrote, not for input */
const char *jsonx_str(struct json_object *o, const char *name, const char *dflt);
int64_t jsonx_int(struct json_object *o, const char *name, int64_t dflt);
bool jsonx_bool(struct json_object *o, const char *name, bool dflt);
struct json_object *jsonx_get(struct json_object *o, const char *name);	/* NULL: absent or null */

/* jsonx_wipe - overwrite every text in it: json-c frees without doing so. The caller must be its only
   owner, and frees it next */
void jsonx_wipe(struct json_object *o);

/* jsonx_equal - the same value; member order does not count, number text does */
bool jsonx_equal(struct json_object *a, struct json_object *b);

#endif
