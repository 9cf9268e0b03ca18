/*
 * utf8.h - single characters of UTF-8.
 *
 * Shapes  pieces of text as (p, len); code points as uint32_t
 * Units   bytes
 * Errors  0 for a character that is not well-formed
 * Owns    nothing
 * Source  RFC 3629 4 (no surrogates, no overlong forms, nothing above U+10FFFF)
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define UTF8_MAX	4		/* bytes of the longest character */
#define UTF8_UNKNOWN	0xfffd		/* stands for what can't be written */

/* utf8_len - bytes of the well-formed character at p, 0 if there is none in len bytes */
size_t utf8_len(const char *p, size_t len);

/* utf8_put - write a code point (a surrogate too, as three bytes); its bytes */
size_t utf8_put(uint32_t c, char out[UTF8_MAX]);

/* utf8_cut - how much of well-formed text fits into max bytes without cutting a character */
size_t utf8_cut(const char *p, size_t len, size_t max);

/* utf8_mend - '?' for each byte that is no part of a well-formed character */
void utf8_mend(char *text);

#endif
