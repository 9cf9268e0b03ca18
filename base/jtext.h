/*
 * jtext.h - the inside of JSON strings: how jscan.c and jspan.c read names and texts.
 *
 * Shapes  (p, end) or a span is what stands between the quotes
 * Units   bytes
 * Errors  none: the text was checked, except for jtext_hex4() and jtext_plain()
 * Owns    nothing
 * Source  RFC 8259 7
 */
#ifndef BASE_JTEXT_H
#define BASE_JTEXT_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/jscan.h"

#define JTEXT_EACH(c) (0x0101010101010101u * (c))	/* a byte in all eight places */

/*
 * jtext_plain - past the ASCII bytes that need no look: neither control, '"', '\\' nor UTF-8.
 * Eight at a time, the first one lowest: a term has the top bit set where a byte is of its kind.
 * A borrow can mark one too many, but only above a real one, and the lowest counts.
 */
static inline const char *
jtext_plain(const char *p, const char *end)
{
	uint64_t w, quote, slash, hits;

	for (; end - p >= 8; p += 8) {
		memcpy(&w, p, 8);
		w = le64toh(w);
		quote = w ^ JTEXT_EACH('"');
		slash = w ^ JTEXT_EACH('\\');
		hits = (w | (w - JTEXT_EACH(' ')) | (quote - JTEXT_EACH(1)) |
		    (slash - JTEXT_EACH(1))) & JTEXT_EACH(0x80);
		if (hits != 0)
			return p + __builtin_ctzll(hits) / 8;
	}
	while (p < end && *p >= ' ' && *p < 0x7f && *p != '"' && *p != '\\')
		p++;
	return p;
}

/* jtext_hex4 - the value of four hex digits, -1 where there are none */
int jtext_hex4(const char *p, const char *end);

/* jtext_escape - the code point of the escape at *p, behind which *p is set; a lone surrogate
   is given as it is */
uint32_t jtext_escape(const char **p, const char *end);

/* jtext_is - the inside of a string says exactly text */
bool jtext_is(struct span inside, const char *text);

/* jtext_hash - the same for insides that say the same; anyone can make others collide */
uint64_t jtext_hash(struct span inside);

/* jtext_compare - order of two insides by their unescaped bytes; 0: they say the same */
int jtext_compare(struct span a, struct span b);

#endif
