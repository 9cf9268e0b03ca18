/* jspan.c - walk in JSON text that jscan_check() has seen; bounded all the same */
#include <stdlib.h>
#include <string.h>

#include "base/jscan.h"
#include "base/jtext.h"
#include "base/mem.h"
#include "base/utf8.h"

static const struct span absent;

/* is_blank - between tokens */
static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* trim - without the blank space in front */
static struct span
trim(struct span s)
{
	for (; s.len > 0 && is_blank(*s.p); s.len--)
		s.p++;
	return s;
}

/* after_string - p stands on the opening quote */
static const char *
after_string(const char *p, const char *end)
{
	for (p++; ; p++) {
		p = jtext_plain(p, end);
		if (p == end)
			return end;
		if (*p == '"')
			return p + 1;
		if (*p == '\\' && ++p == end)
			return end;
	}
}

/* after_value - p stands on its first byte; only strings can hide a bracket */
static const char *
after_value(const char *p, const char *end)
{
	size_t depth = 0;

	while (p < end) {
		if (*p == '"') {
			p = after_string(p, end);
		} else if (*p == '{' || *p == '[') {
			depth++;
			p++;
		} else if (*p == '}' || *p == ']') {
			if (depth > 0)
				depth--;
			p++;
		} else if (depth > 0) {
			p++;
		} else {
			while (p < end && *p != ',' && *p != '}' && *p != ']' && !is_blank(*p))
				p++;
		}
		if (depth == 0)
			break;
	}
	return p;
}

/* inside - what stands between the quotes; absent: no string */
static struct span
inside(struct span string)
{
	const char *end;

	string = trim(string);
	if (string.len < 2 || *string.p != '"')
		return absent;
	end = after_string(string.p, string.p + string.len);
	return (struct span){ string.p + 1, (size_t)(end - string.p) - 2 };
}

/* jscan_type - the first byte tells */
char
jscan_type(struct span value)
{
	value = trim(value);
	if (value.len == 0)
		return 0;
	switch (*value.p) {
	case '{':	return 'o';
	case '[':	return 'a';
	case '"':	return 's';
	case 't':	return 't';
	case 'f':	return 'f';
	case 'n':	return '0';
	}
	return 'n';
}

/* after_blank - up to the next token */
static const char *
after_blank(const char *p, const char *end)
{
	while (p < end && is_blank(*p))
		p++;
	return p;
}

/* take - the value at *p, behind which and the blank space after it *p is set */
static struct span
take(const char **p, const char *end)
{
	struct span value = { *p, 0 };
	const char *after = after_value(*p, end);

	value.len = (size_t)(after - *p);
	*p = after_blank(after, end);
	return value;
}

/* jscan_next - one step; a colon tells a name, so no step looks at the container's head again */
bool
jscan_next(struct span container, size_t *at, struct span *name, struct span *value)
{
	struct span key = absent, found;
	const char *p, *end;

	if (*at >= container.len)
		return false;
	p = container.p + *at;
	end = container.p + container.len;
	p = after_blank(p, end);
	if (p == end || (*at > 0 ? *p != ',' : *p != '{' && *p != '['))
		return false;
	p = after_blank(p + 1, end);
	if (p == end || *p == '}' || *p == ']')
		return false;
	found = take(&p, end);
	if (p < end && *p == ':') {
		key = found;
		p = after_blank(p + 1, end);
		found = take(&p, end);
	}
	if (name != NULL)
		*name = key;
	*value = found;
	*at = (size_t)(p - container.p);
	return true;
}

/* jscan_get - the last one, as most parsers have it */
struct span
jscan_get(struct span object, const char *name)
{
	struct span found = absent, key, value;

	for (size_t at = 0; jscan_next(object, &at, &key, &value); ) {
		if (jscan_is(key, name))
			found = value;
	}
	return found;
}

/* jscan_members - each to its place */
void
jscan_members(struct span object, struct jscan_want *want, size_t nwant)
{
	struct span key, value;

	for (size_t at = 0; jscan_next(object, &at, &key, &value); ) {
		struct span name = inside(key);
		size_t i = 0;

		while (name.p != NULL && i < nwant && !jtext_is(name, want[i].name))
			i++;
		if (name.p != NULL && i < nwant)
			want[i].value = value;
	}
}

/* jscan_text - unescape; the text never grows by it */
char *
jscan_text(struct span string, size_t *len)
{
	struct span in = inside(string);
	const char *p, *end, *slash;
	size_t n = 0, run;
	uint32_t c;
	char *text;

	if (in.p == NULL)
		return NULL;
	p = in.p;
	end = p + in.len;
	text = x_malloc(in.len + 1);
	while (p < end) {
		slash = memchr(p, '\\', (size_t)(end - p));
		run = (size_t)((slash != NULL ? slash : end) - p);
		memcpy(text + n, p, run);
		n += run;
		p += run;
		if (slash == NULL)
			break;
		c = jtext_escape(&p, end);
		n += utf8_put(c >= 0xd800 && c < 0xe000 ? UTF8_UNKNOWN : c, text + n);
	}
	text[n] = '\0';
	if (len != NULL)
		*len = n;
	return text;
}

/* jscan_is - compare without unescaping into memory */
bool
jscan_is(struct span string, const char *text)
{
	struct span in = inside(string);

	return in.p != NULL && jtext_is(in, text);
}

/* jscan_int - digits alone; what long long can't hold is no number for us either */
long long
jscan_int(struct span number)
{
	long long n = 0;
	size_t i;

	number = trim(number);
	for (i = 0; i < number.len && number.p[i] >= '0' && number.p[i] <= '9'; i++) {
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, number.p[i] - '0', &n))
			return -1;
	}
	if (i == 0 || trim((struct span){ number.p + i, number.len - i }).len > 0)
		return -1;
	return n;
}
