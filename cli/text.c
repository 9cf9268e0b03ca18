/* text.c - UTF-8: is it, how wide is it, is it safe to show */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "cli/text.h"

#define BROKEN UINT32_MAX		/* no character */

/* next_char - the character at s and its length; BROKEN and 1 for a byte that belongs to none */
static uint32_t
next_char(const char *s, size_t len, size_t *used)
{
	static const unsigned char lead_bits[UTF8_MAX + 1] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	size_t n = utf8_len(s, len);
	uint32_t c;

	*used = n > 0 ? n : 1;
	if (n == 0)
		return BROKEN;
	c = (unsigned char)s[0] & lead_bits[n];
	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((unsigned char)s[i] & 0x3f);
	return c;
}

/* text_terminal - as the programs that ncurses serves ask for it */
bool
text_terminal(int fd)
{
	const char *term = getenv("TERM");

	return term != NULL && strcmp(term, "dumb") != 0 && isatty(fd);
}

/* text_is_utf8 - every character is well-formed */
bool
text_is_utf8(const char *s, size_t len)
{
	for (size_t n; len > 0; s += n, len -= n)
		if ((n = utf8_len(s, len)) == 0)
			return false;
	return true;
}

/* text_columns - a character that wcwidth() doesn't know takes one */
size_t
text_columns(const char *s)
{
	size_t len = strlen(s), columns = 0;
	uint32_t c;
	int w;

	for (size_t used; len > 0; s += used, len -= used) {
		c = next_char(s, len, &used);
		w = c == BROKEN ? 1 : wcwidth((wchar_t)c);
		columns += w < 0 ? 1 : (size_t)w;
	}
	return columns;
}

/* add_visible - an escape in place of a character that must not reach the terminal */
static char *
add_visible(char *to, uint32_t c)
{
	static const char hex[] = "0123456789abcdef";
	static const char names[] = "\nn\rr\tt";	/* pairs */
	const char *name = c < 0x80 ? strchr(names, (int)c) : NULL;

	*to++ = '\\';
	if (name != NULL && c != 0) {
		*to++ = name[1];
		return to;
	}
	*to++ = 'x';
	*to++ = hex[c >> 4 & 15];
	*to++ = hex[c & 15];
	return to;
}

/* text_clean - C0, DEL, C1 and broken bytes are escaped, all else is as it was */
char *
text_clean(const char *s)
{
	size_t len = strlen(s), used;
	char *out = x_malloc(len * 4 + 1), *to = out;	/* "\xHH" is the longest */
	uint32_t c;

	for (; len > 0; s += used, len -= used) {
		c = next_char(s, len, &used);
		if (c == BROKEN)
			to = add_visible(to, (unsigned char)*s);
		else if (c < 0x20 || (c >= 0x7f && c < 0xa0))
			to = add_visible(to, c);
		else
			to = (char *)mempcpy(to, s, used);
	}
	*to = '\0';
	return out;
}
