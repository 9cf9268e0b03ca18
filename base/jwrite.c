/* jwrite.c - write JSON text from pieces of JSON text */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/jwrite.h"

/* jwrite_bytes - unless something failed before */
void
jwrite_bytes(struct jwrite *w, const char *p, size_t n)
{
	if (w->rc == RC_OK)
		w->rc = buf_add(w->out, p, n, w->err);
}

/* jwrite_put - a C string */
void
jwrite_put(struct jwrite *w, const char *text)
{
	jwrite_bytes(w, text, strlen(text));
}

/* jwrite_span - as it is spelled */
void
jwrite_span(struct jwrite *w, struct span bytes)
{
	if (bytes.p != NULL)
		jwrite_bytes(w, bytes.p, bytes.len);
}

/* put_escape - the one character that may not stand in a string */
static void
put_escape(struct jwrite *w, unsigned char c)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *at = c != '\0' ? strchr(from, c) : NULL;
	char text[8];

	if (at != NULL)
		snprintf(text, sizeof(text), "\\%c", to[at - from]);
	else
		snprintf(text, sizeof(text), "\\u%04x", c);
	jwrite_put(w, text);
}

/* put_escaped - the inside of a string from plain text: runs, and what is between them */
static void
put_escaped(struct jwrite *w, const char *p, size_t n)
{
	const char *end = p + n, *run;

	while (p < end) {
		for (run = p; p < end && (unsigned char)*p >= ' ' && *p != '"' && *p != '\\'; p++)
			;
		jwrite_bytes(w, run, (size_t)(p - run));
		if (p < end)
			put_escape(w, (unsigned char)*p++);
	}
}

/* jwrite_text - a string */
void
jwrite_text(struct jwrite *w, const char *p, size_t n)
{
	jwrite_put(w, "\"");
	put_escaped(w, p, n);
	jwrite_put(w, "\"");
}

/* jwrite_str - of a C string */
void
jwrite_str(struct jwrite *w, const char *s)
{
	jwrite_text(w, s, strlen(s));
}

/* jwrite_int - a number */
void
jwrite_int(struct jwrite *w, int64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, n);
	jwrite_put(w, text);
}

/* is_blank - between tokens */
static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* after_string - behind the string that begins at p */
static const char *
after_string(const char *p, const char *end)
{
	for (p++; p < end; p++) {
		if (*p == '"')
			return p + 1;
		if (*p == '\\' && end - p > 1)
			p++;
	}
	return end;
}

/* each_piece - the value without its blank space, run by run, through put */
static void
each_piece(struct jwrite *w, struct span value,
    void (*put)(struct jwrite *w, const char *p, size_t n))
{
	const char *p = value.p, *end = p + value.len, *run;

	while (p < end) {
		for (run = p; p < end && !is_blank(*p); )
			p = *p == '"' ? after_string(p, end) : p + 1;
		put(w, run, (size_t)(p - run));
		while (p < end && is_blank(*p))
			p++;
	}
}

/* jwrite_compact - without blank space */
void
jwrite_compact(struct jwrite *w, struct span value)
{
	each_piece(w, value, jwrite_bytes);
}

/* jwrite_quoted - in a string */
void
jwrite_quoted(struct jwrite *w, struct span value)
{
	jwrite_put(w, "\"");
	each_piece(w, value, put_escaped);
	jwrite_put(w, "\"");
}

/* jwrite_inside - without the quotes */
void
jwrite_inside(struct jwrite *w, struct span string)
{
	if (jscan_type(string) == 's' && string.len >= 2)
		jwrite_bytes(w, string.p + 1, string.len - 2);
}
