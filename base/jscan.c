/* jscan.c - check JSON text and find top-level members, in one pass and without recursion */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jscan.h"
#include "base/jtext.h"
#include "base/mem.h"
#include "base/utf8.h"

#define NAME_SHOWN	100		/* bytes of a name in an error */

struct name {
	struct span	inside;
	uint64_t	hash;
};

struct scan {
	const char		*text, *p, *end;
	const struct jscan_opts	*opts;
	struct error		*err;
	struct span		 root;
	struct jscan_want	*want;
	size_t			 nwant;
	struct jscan_want	*open;		/* the one whose value is being read */
	struct name		*names;		/* JSCAN_UNIQUE: those of all open objects; inside.p
						   is NULL where an object begins */
	size_t			 nnames, names_cap;
	unsigned		 depth, max_depth;
	char			 closers[JSCAN_DEPTH_MAX];	/* '}' or ']' of each open level */
};

/* bad - refuse, with the place */
static enum rc __attribute__((format(printf, 3, 4)))
bad(const struct scan *s, const char *at, const char *fmt, ...)
{
	const char *line = s->text, *nl;
	char what[NAME_SHOWN + 100];
	size_t number = 1;
	va_list ap;

	for (; (nl = memchr(line, '\n', (size_t)(at - line))) != NULL; line = nl + 1)
		number++;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return error_set(s->err, RC_INVALID, "line %zu, column %zu: %s", number,
	    (size_t)(at - line) + 1, what);
}

/* unexpected - what stands here can't stand here */
static enum rc
unexpected(const struct scan *s, const char *wanted)
{
	unsigned char c;

	if (s->p == s->end)
		return bad(s, s->p, "the text ends where %s should be", wanted);
	c = (unsigned char)*s->p;
	if (c > ' ' && c < 0x7f)
		return bad(s, s->p, "'%c' where %s should be", c, wanted);
	return bad(s, s->p, "byte 0x%02x where %s should be", c, wanted);
}

/* blank - skip blank space */
static void
blank(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\r' || *s->p == '\t'))
		s->p++;
}

/* here - the next byte is c */
static bool
here(const struct scan *s, char c)
{
	return s->p < s->end && *s->p == c;
}

/* storable_escape - p stands on \uXXXX: has it a meaning that a C string of UTF-8 can hold */
static enum rc
storable_escape(struct scan *s, int unit)
{
	int low;

	if (unit == 0)
		return bad(s, s->p, "\\u0000 is not allowed");
	if ((unit & 0xf800) != 0xd800)
		return RC_OK;
	if ((unit & 0xfc00) == 0xd800 && s->end - s->p >= 12 && s->p[6] == '\\' && s->p[7] == 'u') {
		low = jtext_hex4(s->p + 8, s->end);
		if (low >= 0 && (low & 0xfc00) == 0xdc00) {
			s->p += 6;
			return RC_OK;
		}
	}
	return bad(s, s->p, "half of a surrogate pair");
}

/* escape - p stands on the backslash */
static enum rc
escape(struct scan *s)
{
	enum rc rc;
	int unit;

	if (s->end - s->p < 2)
		return bad(s, s->end, "the text ends inside a string");
	if (s->p[1] != 'u') {
		if (memchr("\"\\/bfnrt", s->p[1], 8) == NULL)
			return bad(s, s->p, "unknown escape in a string");
		s->p += 2;
		return RC_OK;
	}
	unit = jtext_hex4(s->p + 2, s->end);
	if (unit < 0)
		return bad(s, s->p, "\\u without four hex digits");
	if (s->opts->flags & JSCAN_STORABLE) {
		rc = storable_escape(s, unit);
		if (rc != RC_OK)
			return rc;
	}
	s->p += 6;
	return RC_OK;
}

/* wide - a run of characters of more than one byte (and DEL, which is none, but is allowed) */
static enum rc
wide(struct scan *s)
{
	size_t n;

	do {
		n = utf8_len(s->p, (size_t)(s->end - s->p));
		if (n == 0)
			return bad(s, s->p, "invalid UTF-8 (byte 0x%02x)", (unsigned char)*s->p);
		s->p += n;
	} while (s->p < s->end && (unsigned char)*s->p >= 0x80);
	return RC_OK;
}

/* string - p stands on the opening quote, then behind the closing one */
static enum rc
string(struct scan *s)
{
	unsigned char c;
	enum rc rc;

	for (s->p++; ; ) {
		s->p = jtext_plain(s->p, s->end);
		if (s->p == s->end)
			return bad(s, s->p, "the text ends inside a string");
		c = (unsigned char)*s->p;
		if (c == '"') {
			s->p++;
			return RC_OK;
		}
		if (c == '\\') {
			rc = escape(s);
			if (rc != RC_OK)
				return rc;
			continue;
		}
		if (c < 0x20)
			return bad(s, s->p, "control character 0x%02x in a string", c);
		rc = wide(s);
		if (rc != RC_OK)
			return rc;
	}
}

/* digits - one or more */
static enum rc
digits(struct scan *s)
{
	if (s->p == s->end || *s->p < '0' || *s->p > '9')
		return unexpected(s, "a digit");
	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return RC_OK;
}

/* storable_integer - between INT64_MIN and UINT64_MAX, which is what json-c can hold */
static enum rc
storable_integer(const struct scan *s, const char *at)
{
	bool negative = *at == '-';
	uint64_t n = 0;

	for (const char *p = at + negative; p < s->p; p++) {
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*p - '0'), &n))
			return bad(s, at, "an integer of more than 64 bits");
	}
	if (negative && n > (uint64_t)INT64_MAX + 1)
		return bad(s, at, "an integer of more than 64 bits");
	return RC_OK;
}

/* number - RFC 8259 6 */
static enum rc
number(struct scan *s)
{
	const char *at = s->p;
	bool integer = true;
	enum rc rc;

	if (*s->p == '-')
		s->p++;
	if (here(s, '0')) {
		s->p++;
		if (s->p < s->end && *s->p >= '0' && *s->p <= '9')
			return bad(s, at, "a number can't begin with 0");
	} else if ((rc = digits(s)) != RC_OK) {
		return rc;
	}
	if (here(s, '.')) {
		integer = false;
		s->p++;
		if ((rc = digits(s)) != RC_OK)
			return rc;
	}
	if (here(s, 'e') || here(s, 'E')) {
		integer = false;
		s->p++;
		if (here(s, '+') || here(s, '-'))
			s->p++;
		if ((rc = digits(s)) != RC_OK)
			return rc;
	}
	return integer && (s->opts->flags & JSCAN_STORABLE) ? storable_integer(s, at) : RC_OK;
}

/* word - true, false or null */
static enum rc
word(struct scan *s, const char *text, size_t len)
{
	if ((size_t)(s->end - s->p) < len || memcmp(s->p, text, len) != 0)
		return unexpected(s, "a value");
	s->p += len;
	return RC_OK;
}

/* gather - keep a name until its object closes; p NULL: an object begins */
static void
gather(struct scan *s, struct span inside)
{
	if (s->nnames == s->names_cap) {
		s->names_cap = s->names_cap ? s->names_cap * 2 : 32;
		s->names = x_realloc(s->names, s->names_cap * sizeof(*s->names));
	}
	s->names[s->nnames++] = (struct name){
		inside, inside.p != NULL ? jtext_hash(inside) : 0
	};
}

/* by_text - the hash keeps most comparisons out of the text; hostile ones cost only time there */
static int
by_text(const void *a, const void *b)
{
	const struct name *x = a, *y = b;
	int order;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	order = jtext_compare(x->inside, y->inside);
	return order != 0 ? order : x->inside.p < y->inside.p ? -1 : x->inside.p > y->inside.p;
}

/* unique - an object closes: sorted, equal names are neighbours, so n names cost n log n */
static enum rc
unique(struct scan *s)
{
	struct name *first = s->names + s->nnames;
	struct span twice = { NULL, 0 };
	size_t n = 0;

	for (; first[-1].inside.p != NULL; n++)
		first--;
	s->nnames -= n + 1;
	qsort(first, n, sizeof(*first), by_text);
	for (size_t i = 1; i < n; i++) {
		if (first[i - 1].hash == first[i].hash &&
		    jtext_compare(first[i - 1].inside, first[i].inside) == 0 &&
		    (twice.p == NULL || first[i].inside.p < twice.p))
			twice = first[i].inside;
	}
	if (twice.p == NULL)
		return RC_OK;
	return bad(s, twice.p - 1, "duplicate member \"%.*s\"",
	    (int)utf8_cut(twice.p, twice.len, NAME_SHOWN), twice.p);
}

/* wanted - a member of the top level begins: is its value one that the caller looks for */
static enum rc
wanted(struct scan *s, struct span name)
{
	for (size_t i = 0; i < s->nwant; i++) {
		if (!jtext_is(name, s->want[i].name))
			continue;
		if (s->want[i].value.p != NULL)
			return bad(s, name.p - 1, "duplicate member \"%s\"", s->want[i].name);
		s->open = &s->want[i];
		return RC_OK;
	}
	return RC_OK;
}

/* member - a name and its colon */
static enum rc
member(struct scan *s)
{
	struct span name;
	enum rc rc;

	blank(s);
	if (!here(s, '"'))
		return unexpected(s, "a member's name");
	name.p = s->p + 1;
	rc = string(s);
	if (rc != RC_OK)
		return rc;
	name.len = (size_t)(s->p - 1 - name.p);
	if (s->opts->flags & JSCAN_UNIQUE)
		gather(s, name);
	if (s->depth == 1 && s->nwant > 0 && (rc = wanted(s, name)) != RC_OK)
		return rc;
	blank(s);
	if (!here(s, ':'))
		return unexpected(s, "':'");
	s->p++;
	return RC_OK;
}

/* enter - a container begins; with something in it, *inside says that a value is next */
static enum rc
enter(struct scan *s, char closer, bool *inside)
{
	if (s->depth == s->max_depth)
		return bad(s, s->p, "nested deeper than %u levels", s->max_depth);
	s->p++;
	blank(s);
	if (here(s, closer)) {
		s->p++;
		return RC_OK;
	}
	*inside = true;
	s->closers[s->depth++] = closer;
	if (closer == ']')
		return RC_OK;
	if (s->opts->flags & JSCAN_UNIQUE)
		gather(s, (struct span){ NULL, 0 });
	return member(s);
}

/* value - a whole scalar or empty container, or the beginning of another container */
static enum rc
value(struct scan *s, bool *inside)
{
	*inside = false;
	blank(s);
	if (s->depth == 0)
		s->root.p = s->p;
	else if (s->open != NULL && s->open->value.p == NULL)
		s->open->value.p = s->p;
	if (s->p == s->end)
		return unexpected(s, "a value");
	switch (*s->p) {
	case '{':	return enter(s, '}', inside);
	case '[':	return enter(s, ']', inside);
	case '"':	return string(s);
	case 't':	return word(s, "true", 4);
	case 'f':	return word(s, "false", 5);
	case 'n':	return word(s, "null", 4);
	case '-': case '0': case '1': case '2': case '3': case '4':
	case '5': case '6': case '7': case '8': case '9':
		return number(s);
	}
	return unexpected(s, "a value");
}

/* follow - a value is complete: close what ends with it, up to where the next value begins */
static enum rc
follow(struct scan *s)
{
	enum rc rc;
	char closer;

	while (s->depth > 0) {
		if (s->depth == 1 && s->open != NULL) {
			s->open->value.len = (size_t)(s->p - s->open->value.p);
			s->open = NULL;
		}
		closer = s->closers[s->depth - 1];
		blank(s);
		if (here(s, ',')) {
			s->p++;
			return closer == '}' ? member(s) : RC_OK;
		}
		if (!here(s, closer))
			return unexpected(s, closer == '}' ? "',' or '}'" : "',' or ']'");
		if (closer == '}' && (s->opts->flags & JSCAN_UNIQUE) && (rc = unique(s)) != RC_OK)
			return rc;
		s->p++;
		s->depth--;
	}
	return RC_OK;
}

/* scan - the whole text */
static enum rc
scan(struct scan *s)
{
	bool inside;
	enum rc rc;

	if (s->end - s->p >= 3 && memcmp(s->p, "\xef\xbb\xbf", 3) == 0)
		return bad(s, s->p, "a byte order mark is not allowed");
	do {
		rc = value(s, &inside);
		if (rc == RC_OK && !inside)
			rc = follow(s);
		if (rc != RC_OK)
			return rc;
	} while (s->depth > 0);
	s->root.len = (size_t)(s->p - s->root.p);
	blank(s);
	return s->p == s->end ? RC_OK : unexpected(s, "the end of the text");
}

/* scan_init - everything but the stack, which needs no first value */
static void
scan_init(struct scan *s, const char *p, size_t len, const struct jscan_opts *opts,
    struct error *err)
{
	s->text = s->p = p;
	s->end = p + len;
	s->opts = opts;
	s->err = err;
	s->root = (struct span){ NULL, 0 };
	s->want = s->open = NULL;
	s->nwant = 0;
	s->names = NULL;
	s->nnames = s->names_cap = 0;
	s->depth = 0;
	s->max_depth = opts->max_depth < JSCAN_DEPTH_MAX ? opts->max_depth : JSCAN_DEPTH_MAX;
}

/* jscan_check - exactly one value */
enum rc
jscan_check(const char *p, size_t len, const struct jscan_opts *opts, struct error *err)
{
	struct scan s;
	enum rc rc;

	scan_init(&s, p, len, opts, err);
	rc = scan(&s);
	free(s.names);
	return rc;
}

/* jscan_object - exactly one object, and its members that the caller wants */
enum rc
jscan_object(const char *p, size_t len, const struct jscan_opts *opts, struct jscan_want *want,
    size_t nwant, struct span *body, struct error *err)
{
	struct scan s;
	enum rc rc;

	scan_init(&s, p, len, opts, err);
	s.want = want;
	s.nwant = nwant;
	for (size_t i = 0; i < nwant; i++)
		want[i].value = (struct span){ NULL, 0 };
	rc = scan(&s);
	free(s.names);
	if (rc == RC_OK && *s.root.p != '{')
		rc = bad(&s, s.root.p, "the value is not an object");
	if (rc == RC_OK && body != NULL)
		*body = s.root;
	for (size_t i = 0; rc != RC_OK && i < nwant; i++)
		want[i].value = (struct span){ NULL, 0 };
	return rc;
}
