/*
 * jscan.h - look at JSON text without building it, so that it can be forwarded as it is.
 *
 * Shapes  one pass over UTF-8 text; what is found are spans (borrowed pieces of the text)
 * Units   bytes; depth counts open objects and arrays (a scalar document has depth 0)
 * Errors  RC_INVALID says what and where ("line 3, column 5: duplicate member \"x\""; both from
 *         1, columns in bytes); never reads past len, never recurses
 * Owns    nothing; a span lives as long as the text
 * Source  RFC 8259; UTF-8 as RFC 3629 (no surrogates, no overlong forms, no byte order mark)
 */
#ifndef BASE_JSCAN_H
#define BASE_JSCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/rc.h"

struct span {
	const char	*p;		/* NULL: absent */
	size_t		 len;
};

enum jscan_flags {
	JSCAN_UNIQUE	= 1,		/* a name twice in any object is refused */
	JSCAN_STORABLE	= 2,		/* \u0000, a lone surrogate escape and an integer that
					   64 bits can't hold are refused: a parsed copy would
					   not say the same */
};

#define JSCAN_DEPTH_MAX 1024		/* levels; a caller's limit above it counts as this one */

struct jscan_opts {
	unsigned	max_depth;	/* named limit of the caller */
	unsigned	flags;
};

/* what a caller looks for at the top level; names are compared unescaped; twice is refused */
struct jscan_want {
	const char	*name;
	struct span	 value;		/* out; p NULL when absent, and after an error */
};

/* jscan_check - the text is exactly one JSON value, blank space around it allowed */
enum rc jscan_check(const char *p, size_t len, const struct jscan_opts *opts, struct error *err);

/*
 * jscan_object - jscan_check(), and the value is an object, and where its wanted members are;
 * body (may be NULL) is the object itself without the blank space around it.
 */
enum rc jscan_object(const char *p, size_t len, const struct jscan_opts *opts,
    struct jscan_want *want, size_t nwant, struct span *body, struct error *err);

/*
 * The functions below take spans of text that was checked; blank space around a value is skipped.
 * Spans of strings, names among them, are given and taken with their quotes.
 */

/* jscan_type - 'o'bject, 'a'rray, 's'tring, 'n'umber, 't'rue, 'f'alse, '0' for null, 0 absent */
char jscan_type(struct span value);

/* jscan_get - the last member of that name of an object; absent: p NULL */
struct span jscan_get(struct span object, const char *name);

/* jscan_members - jscan_get() of several names in one walk; those that are absent stay as they were */
void jscan_members(struct span object, struct jscan_want *want, size_t nwant);

/* jscan_next - walk members or items: start with *at = 0; false at the end. name may be NULL */
bool jscan_next(struct span container, size_t *at, struct span *name, struct span *value);

/* jscan_text - a string's text unescaped, owned by the caller, NUL-terminated; *len may be NULL.
   NULL if the value is no string. A lone surrogate becomes U+FFFD */
char *jscan_text(struct span string, size_t *len);

/* jscan_is - the string says exactly text */
bool jscan_is(struct span string, const char *text);

/* jscan_int - the number as a non-negative integer, or -1 when it is none */
long long jscan_int(struct span number);

#endif
