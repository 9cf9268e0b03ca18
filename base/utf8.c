/* utf8.c - single characters of UTF-8 */
#include <string.h>

#include "base/utf8.h"

/* tail - is it a continuation byte */
static int
tail(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* utf8_len - the table of RFC 3629 4; only the second byte has ranges of its own */
size_t
utf8_len(const char *p, size_t len)
{
	unsigned char a, b;

	if (len == 0)
		return 0;
	a = (unsigned char)p[0];
	if (a < 0x80)
		return 1;
	if (len < 2 || a < 0xc2 || a > 0xf4)
		return 0;
	b = (unsigned char)p[1];
	if (a < 0xe0)
		return tail(p[1]) ? 2 : 0;
	if (a < 0xf0) {
		if (len < 3 || b < (a == 0xe0 ? 0xa0 : 0x80) || b > (a == 0xed ? 0x9f : 0xbf))
			return 0;
		return tail(p[2]) ? 3 : 0;
	}
	if (len < 4 || b < (a == 0xf0 ? 0x90 : 0x80) || b > (a == 0xf4 ? 0x8f : 0xbf))
		return 0;
	return tail(p[2]) && tail(p[3]) ? 4 : 0;
}

/* utf8_put - code point to bytes */
size_t
utf8_put(uint32_t c, char out[UTF8_MAX])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* utf8_cut - step back over the continuation bytes of a character that doesn't fit */
size_t
utf8_cut(const char *p, size_t len, size_t max)
{
	if (len <= max)
		return len;
	while (max > 0 && tail(p[max]))
		max--;
	return max;
}

/* utf8_mend - in place */
void
utf8_mend(char *text)
{
	for (size_t len = strlen(text), step; len > 0; text += step, len -= step)
		if ((step = utf8_len(text, len)) == 0) {
			*text = '?';
			step = 1;
		}
}
