/*
 * pairs.h - the values of one secret in clear: a map from key to text.
 *
 * Shapes  ordered by key, each key once; keys and values are NUL-terminated
 * Units   bytes
 * Errors  none
 * Owns    pairs_wipe() overwrites every value before it frees it
 * Source  API.md 2, Secret
 */
#ifndef BASE_PAIRS_H
#define BASE_PAIRS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct json_object;

struct pair {
	char	*key, *value;
};

struct pairs {
	struct pair	*v;
	size_t		 n;
};

#define PAIRS_INIT { NULL, 0 }

/* pairs_add - put a key in its place; both texts are taken over. A key that is there gets the value */
void pairs_add(struct pairs *p, char *key, char *value);

/* pairs_find - the value of a key, or NULL */
const char *pairs_find(const struct pairs *p, const char *key);

/* pairs_copy - add all of from */
void pairs_copy(struct pairs *p, const struct pairs *from);

bool pairs_equal(const struct pairs *a, const struct pairs *b);

/* pairs_from - copies of an object's texts; members of another type are left out */
void pairs_from(struct pairs *p, struct json_object *o);

/* pairs_json - append {"key":"value",...}; RC_TOO_LARGE past the buffer's end */
enum rc pairs_json(const struct pairs *p, struct buf *out, struct error *err);

void pairs_wipe(struct pairs *p);	/* empty afterwards */

#endif
