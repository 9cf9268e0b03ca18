/*
 * jwrite.h - JSON text out of pieces of JSON text, without building it in between.
 *
 * Shapes  a writer appends to a buffer; spans are of text that was checked (jscan.h). The first error
 *         stays, and all that follows is left out: look at rc once, at the end
 * Units   bytes
 * Errors  RC_TOO_LARGE when the buffer is full
 * Owns    nothing
 * Source  RFC 8259 7
 */
#ifndef BASE_JWRITE_H
#define BASE_JWRITE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/jscan.h"

struct jwrite {
	struct buf	*out;
	struct error	*err;
	enum rc		 rc;
};

#define JWRITE_INIT(buf, error) { .out = (buf), .err = (error), .rc = RC_OK }

/* jwrite_put - as it is: punctuation, names, literals */
void jwrite_put(struct jwrite *w, const char *text);
void jwrite_bytes(struct jwrite *w, const char *p, size_t n);
void jwrite_span(struct jwrite *w, struct span bytes);	/* absent: nothing */

/* jwrite_text - a text as a string, in its quotes; what is not UTF-8 must not be in it */
void jwrite_text(struct jwrite *w, const char *p, size_t n);
void jwrite_str(struct jwrite *w, const char *s);
void jwrite_int(struct jwrite *w, int64_t n);

/* jwrite_compact - a value without the blank space between its tokens; the rest as it is */
void jwrite_compact(struct jwrite *w, struct span value);

/* jwrite_quoted - the same as the text of a string: {"a":1} as "{\"a\":1}" */
void jwrite_quoted(struct jwrite *w, struct span value);

/* jwrite_inside - what stands between a string's quotes, escapes as they are; no string: nothing */
void jwrite_inside(struct jwrite *w, struct span string);

#endif
