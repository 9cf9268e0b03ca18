/* anthropic_write.c - the translator's pen: where it is, what it writes, what went wrong first */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "adapters/anthropic.h"
#include "base/jtext.h"

/* what a value must be, by the letter of tr_has() */
static const struct { char type; const char *is; } types[] = {
	{ 's', "must be a string" },
	{ 'o', "must be an object" },
	{ 'a', "must be a list" },
	{ 'n', "must be a number" },
	{ 'b', "must be true or false" },
};

/* white space beyond ASCII, as code points: Unicode's White_Space */
static const struct { uint32_t from, to; } blanks[] = {
	{ 0x09, 0x0d }, { 0x1c, 0x20 }, { 0x85, 0x85 }, { 0xa0, 0xa0 }, { 0x1680, 0x1680 },
	{ 0x2000, 0x200a }, { 0x2028, 0x2029 }, { 0x202f, 0x202f }, { 0x205f, 0x205f },
	{ 0x3000, 0x3000 },
};

/* tr_put - to the request's body */
void
tr_put(struct translation *t, const char *text)
{
	jwrite_put(&t->w, text);
}

/* tr_span - the caller's bytes */
void
tr_span(struct translation *t, struct span bytes)
{
	jwrite_span(&t->w, bytes);
}

/* tr_enter - a name that is too long is cut: it is for a person */
size_t
tr_enter(struct translation *t, const char *fmt, ...)
{
	size_t was = strlen(t->at);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(t->at + was, sizeof(t->at) - was, fmt, ap);
	va_end(ap);
	return was;
}

/* tr_leave - back */
void
tr_leave(struct translation *t, size_t was)
{
	t->at[was] = '\0';
}

/* tr_refuse - only the first fault counts */
void
tr_refuse(struct translation *t, const char *below, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (t->w.rc != RC_OK)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (*t->at == '\0' && *below == '.')
		below++;			/* a top-level field stands below nothing */
	(void)snprintf(t->req->param, sizeof(t->req->param), "%s%s", t->at, below);
	t->w.rc = error_set(t->w.err, RC_INVALID, "%s: %s", t->req->param, text);
}

/* tr_has - null is the same as absent, as OpenAI has it */
bool
tr_has(struct translation *t, struct span value, char type, const char *below)
{
	char found = jscan_type(value);

	if (t->w.rc != RC_OK || found == 0 || found == '0')
		return false;
	if (found == type || (type == 'b' && (found == 't' || found == 'f')))
		return true;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].type == type)
			tr_refuse(t, below, "%s", types[i].is);
	return false;
}

/* tr_members - the last of a name, as jscan_get() has it */
void
tr_members(struct span object, struct jscan_want *want, size_t n)
{
	jscan_members(object, want, n);
}

/* tr_inside - spans of strings begin and end with their quotes */
struct span
tr_inside(struct span string)
{
	return (struct span){ string.p + 1, string.len - 2 };
}

/* next_char - a code point of a string's inside, escaped or not; *p goes behind it */
static uint32_t
next_char(const char **p, const char *end)
{
	unsigned char c = (unsigned char)**p;
	uint32_t code;

	if (c == '\\')
		return jtext_escape(p, end);
	(*p)++;
	if (c < 0xc0)
		return c;
	code = c < 0xe0 ? c & 0x1f : c < 0xf0 ? c & 0x0f : c & 0x07;
	for (; *p < end && ((unsigned char)**p & 0xc0) == 0x80; (*p)++)
		code = code << 6 | ((unsigned char)**p & 0x3f);
	return code;
}

/* is_blank - Anthropic strips these, and refuses what is then empty */
static bool
is_blank(uint32_t c)
{
	for (size_t i = 0; i < sizeof(blanks) / sizeof(blanks[0]); i++)
		if (c >= blanks[i].from && c <= blanks[i].to)
			return true;
	return false;
}

/* tr_solid - walks forward: an escape can't be read from its end */
size_t
tr_solid(struct span inside)
{
	const char *p = inside.p, *end = p + inside.len, *solid = p;

	while (p < end)
		if (!is_blank(next_char(&p, end)))
			solid = p;
	return (size_t)(solid - inside.p);
}

/* tr_blank - up to the first character that is not */
bool
tr_blank(struct span inside)
{
	const char *p = inside.p, *end = p + inside.len;

	while (p < end)
		if (!is_blank(next_char(&p, end)))
			return false;
	return true;
}
