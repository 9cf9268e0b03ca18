/* jtext.c - compare strings as they are spelled, without unescaping them into memory */
#include "base/hex.h"
#include "base/jtext.h"
#include "base/utf8.h"

#define HIGH_SURROGATE(c)	(((c) & 0xfc00) == 0xd800)
#define LOW_SURROGATE(c)	(((c) & 0xfc00) == 0xdc00)

#define BROKEN	'?'			/* for an escape in text that was not checked: never longer
					   than what it stands for */

struct reader {				/* gives the unescaped bytes of an inside, one by one */
	const char	*p, *end;
	char		 out[UTF8_MAX];	/* of the escape that is being given */
	size_t		 n, at;
};

/* jtext_hex4 - the digits of \uXXXX */
int
jtext_hex4(const char *p, const char *end)
{
	int value = 0, digit;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		digit = hex_digit(p[i]);
		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

/* jtext_escape - one escape, or two that are a surrogate pair */
uint32_t
jtext_escape(const char **p, const char *end)
{
	static const char letters[] = "bfnrt", meant[] = "\b\f\n\r\t";
	const char *at = *p, *letter;
	int high, low;

	if (end - at < 2) {
		*p = end;
		return BROKEN;
	}
	if (at[1] != 'u') {
		*p += 2;
		letter = strchr(letters, at[1]);
		return (unsigned char)(letter != NULL ? meant[letter - letters] : at[1]);
	}
	high = jtext_hex4(at + 2, end);
	if (high < 0) {
		*p = end;
		return BROKEN;
	}
	*p += 6;
	if (!HIGH_SURROGATE(high) || end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u')
		return (uint32_t)high;
	low = jtext_hex4(*p + 2, end);
	if (low < 0 || !LOW_SURROGATE(low))
		return (uint32_t)high;
	*p += 6;
	return 0x10000u + ((uint32_t)(high & 0x3ff) << 10) + (uint32_t)(low & 0x3ff);
}

/* reader_next - the next byte, -1 at the end */
static int
reader_next(struct reader *r)
{
	if (r->at == r->n) {
		if (r->p == r->end)
			return -1;
		if (*r->p != '\\')
			return (unsigned char)*r->p++;
		r->n = utf8_put(jtext_escape(&r->p, r->end), r->out);
		r->at = 0;
	}
	return (unsigned char)r->out[r->at++];
}

/* jtext_is - most names differ in the first byte, or are spelled without an escape */
bool
jtext_is(struct span inside, const char *text)
{
	struct reader r = { .p = inside.p, .end = inside.p + inside.len };
	int c;

	if (inside.len == 0 || (*inside.p != *text && *inside.p != '\\'))
		return inside.len == 0 && *text == '\0';
	if (memchr(inside.p, '\\', inside.len) == NULL)
		return strncmp(inside.p, text, inside.len) == 0 && text[inside.len] == '\0';
	while ((c = reader_next(&r)) > 0) {
		if (c != (unsigned char)*text)
			return false;
		text++;
	}
	return c < 0 && *text == '\0';
}

/* jtext_hash - FNV-1a */
uint64_t
jtext_hash(struct span inside)
{
	struct reader r = { .p = inside.p, .end = inside.p + inside.len };
	uint64_t hash = 0xcbf29ce484222325u;
	int c;

	while ((c = reader_next(&r)) >= 0)
		hash = (hash ^ (uint64_t)c) * 0x100000001b3u;
	return hash;
}

/* jtext_compare - the order is of no meaning, but it is one */
int
jtext_compare(struct span a, struct span b)
{
	struct reader ra = { .p = a.p, .end = a.p + a.len };
	struct reader rb = { .p = b.p, .end = b.p + b.len };
	int ca, cb;

	do {
		ca = reader_next(&ra);
		cb = reader_next(&rb);
	} while (ca == cb && ca >= 0);
	return ca - cb;
}
