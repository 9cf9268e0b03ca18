/* scrub.c - find a call's secrets in a text, however a provider may have spelled them */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "adapters/scrub.h"
#include "base/digest.h"
#include "base/hex.h"
#include "base/mem.h"

static const char mark[] = "***";

/* add_form - take one form, longest first; what is there already is not kept twice */
static void
add_form(struct scrub *s, char *form)
{
	size_t len = strlen(form), i;

	for (i = 0; i < s->n; i++) {
		if (strcmp(s->v[i], form) == 0) {
			mem_free_wiped(form);
			return;
		}
	}
	s->v = x_realloc(s->v, (s->n + 1) * sizeof(*s->v));
	for (i = s->n++; i > 0 && strlen(s->v[i - 1]) < len; i--)
		s->v[i] = s->v[i - 1];
	s->v[i] = form;
}

/*
 * add_base64 - the secret inside a longer base64 text, behind `before` bytes (mod 3) of something
 * else: the characters at both ends that its neighbours have a part in are dropped.
 */
static void
add_base64(struct scrub *s, const char *secret, size_t before,
    char *(*encode)(const void *, size_t))
{
	size_t len = strlen(secret), first = (before * 8 + 5) / 6, end = (before + len) * 8 / 6;
	char *padded = x_calloc(before + len + 1, 1), *text;

	memcpy(padded + before, secret, len);
	text = encode(padded, before + len);
	add_form(s, x_strndup(text + first, end - first));
	mem_free_wiped(text);
	mem_wipe(padded, before + len);
	free(padded);
}

/* scrub_add - one more secret; percent-encoding is seen through when a text is searched */
void
scrub_add(struct scrub *s, const char *secret)
{
	if (strlen(secret) < SCRUB_MIN)
		return;
	add_form(s, x_strdup(secret));
	for (size_t before = 0; before < 3; before++) {
		add_base64(s, secret, before, base64_encode);
		add_base64(s, secret, before, base64url_encode);
	}
}

/*
 * match - how many bytes of text spell the form, 0: they don't. Each byte may stand as it is,
 * percent-encoded, behind the backslash of a JSON string, or as its \u and four digits.
 */
static size_t
match(const char *text, const char *form)
{
	const char *p = text;

	for (; *form != '\0'; form++) {
		if (strncasecmp(p, "\\u00", 4) == 0 && hex_digit(p[4]) >= 0 &&
		    hex_digit(p[5]) >= 0 && (char)(hex_digit(p[4]) << 4 | hex_digit(p[5])) == *form)
			p += 6;
		else if (*p == *form)
			p++;
		else if (*p == '%' && hex_digit(p[1]) >= 0 && hex_digit(p[2]) >= 0 &&
		    (char)(hex_digit(p[1]) << 4 | hex_digit(p[2])) == *form)
			p += 3;
		else if (*p == '\\' && p[1] == *form)
			p += 2;
		else
			return 0;
	}
	return (size_t)(p - text);
}

/* longest - of all forms that begin here */
static size_t
longest(const struct scrub *s, const char *text)
{
	size_t most = 0, n;

	for (size_t i = 0; i < s->n; i++) {
		n = match(text, s->v[i]);
		if (n > most)
			most = n;
	}
	return most;
}

/* put_mark - at the end of what is hidden; it is shorter than that, so nothing unread is lost */
static char *
put_mark(char *out)
{
	memcpy(out, mark, sizeof(mark) - 1);
	return out + sizeof(mark) - 1;
}

/* scrub_text - finds that overlap become one mark: nothing of the second is left over */
void
scrub_text(const struct scrub *s, char *text)
{
	const char *in = text, *until = text;
	char *out = text;
	bool hidden = false;
	size_t n;

	for (; *in != '\0'; in++) {
		n = longest(s, in);
		if (n > 0 && in + n > until)
			until = in + n;
		if (in < until) {
			hidden = true;
			continue;
		}
		if (hidden)
			out = put_mark(out);
		hidden = false;
		*out++ = *in;
	}
	if (hidden)
		out = put_mark(out);
	mem_wipe(out, (size_t)(in - out));	/* the end of a text that was longer */
}

/* scrub_found - is any of them in it */
int
scrub_found(const struct scrub *s, const char *text)
{
	for (; *text != '\0'; text++)
		if (longest(s, text) > 0)
			return 1;
	return 0;
}

/* scrub_release - wipe and free all forms */
void
scrub_release(struct scrub *s)
{
	for (size_t i = 0; i < s->n; i++)
		mem_free_wiped(s->v[i]);
	free(s->v);
	*s = (struct scrub)SCRUB_INIT;
}
