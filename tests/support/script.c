/*
 * script.c - the words of the scripted provider, one row each.
 */
#include "tests/support/script.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum word_type { WORD_FLAG, WORD_NUMBER, WORD_TEXT };

static const struct word {
	const char	*name;
	enum word_type	 type;
	size_t		 offset;
} words[] = {
	{ "events",	 WORD_NUMBER,	offsetof(struct script, events) },
	{ "delay",	 WORD_NUMBER,	offsetof(struct script, delay) },
	{ "late",	 WORD_NUMBER,	offsetof(struct script, late) },
	{ "status",	 WORD_NUMBER,	offsetof(struct script, status) },
	{ "cut",	 WORD_NUMBER,	offsetof(struct script, cut) },
	{ "reset",	 WORD_NUMBER,	offsetof(struct script, reset) },
	{ "garbage",	 WORD_NUMBER,	offsetof(struct script, garbage) },
	{ "errorevent",	 WORD_NUMBER,	offsetof(struct script, errorevent) },
	{ "hugeline",	 WORD_NUMBER,	offsetof(struct script, hugeline) },
	{ "gate",	 WORD_NUMBER,	offsetof(struct script, gate) },
	{ "silence",	 WORD_NUMBER,	offsetof(struct script, silence) },
	{ "bigheader",	 WORD_NUMBER,	offsetof(struct script, bigheader) },
	{ "halfstatus",	 WORD_NUMBER,	offsetof(struct script, halfstatus) },
	{ "text",	 WORD_TEXT,	offsetof(struct script, text) },
	{ "body",	 WORD_TEXT,	offsetof(struct script, body) },
	{ "code",	 WORD_TEXT,	offsetof(struct script, code) },
	{ "retry-after", WORD_TEXT,	offsetof(struct script, retry_after) },
	{ "redirect",	 WORD_TEXT,	offsetof(struct script, redirect) },
	{ "echo",	 WORD_FLAG,	offsetof(struct script, echo) },
	{ "nodone",	 WORD_FLAG,	offsetof(struct script, nodone) },
	{ "nofinish",	 WORD_FLAG,	offsetof(struct script, nofinish) },
	{ "comment",	 WORD_FLAG,	offsetof(struct script, comment) },
	{ "blank",	 WORD_FLAG,	offsetof(struct script, blank) },
	{ "crlf",	 WORD_FLAG,	offsetof(struct script, crlf) },
	{ "slowbyte",	 WORD_FLAG,	offsetof(struct script, slowbyte) },
	{ "usage",	 WORD_FLAG,	offsetof(struct script, usage) },
	{ "json",	 WORD_FLAG,	offsetof(struct script, json) },
	{ "sse",	 WORD_FLAG,	offsetof(struct script, sse) },
	{ "closed",	 WORD_FLAG,	offsetof(struct script, closed) },
	{ "gzip",	 WORD_FLAG,	offsetof(struct script, gzip) },
	{ "headers",	 WORD_FLAG,	offsetof(struct script, headers) },
	{ "eof",	 WORD_FLAG,	offsetof(struct script, eof) },
	{ "hold",	 WORD_FLAG,	offsetof(struct script, hold) },
	{ "running",	 WORD_FLAG,	offsetof(struct script, running) },
	{ "keepdrop",	 WORD_FLAG,	offsetof(struct script, keepdrop) },
};

#define NWORDS (sizeof(words) / sizeof(words[0]))

/* script_init - no word was there */
static void
script_init(struct script *s)
{
	memset(s, 0, sizeof(*s));
	for (size_t i = 0; i < NWORDS; i++)
		if (words[i].type == WORD_NUMBER)
			*(int *)((char *)s + words[i].offset) = -1;
}

/* hex_value - of one hexadecimal digit; -1: it is none */
static int
hex_value(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* decode - percent-decode n bytes into a text of SCRIPT_TEXT */
static bool
decode(char *out, const char *p, size_t n)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		char c = p[i];

		if (c == '%') {
			int high = i + 1 < n ? hex_value(p[i + 1]) : -1;
			int low = i + 2 < n ? hex_value(p[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = (char)(high * 16 + low);
			i += 2;
		}
		if (len + 1 >= SCRIPT_TEXT)
			return false;
		out[len++] = c;
	}
	out[len] = '\0';
	return true;
}

/* word_apply - one word with its value, if it has one */
static bool
word_apply(struct script *s, const char *name, size_t name_len, const char *value)
{
	for (size_t i = 0; i < NWORDS; i++) {
		const struct word *w = &words[i];
		char *field = (char *)s + w->offset, *end;
		long number;

		if (strlen(w->name) != name_len || memcmp(w->name, name, name_len) != 0)
			continue;
		switch (w->type) {
		case WORD_FLAG:
			*(bool *)field = true;
			return value == NULL;
		case WORD_TEXT:
			if (value)
				memcpy(field, value, strlen(value) + 1);
			return value != NULL;
		case WORD_NUMBER:
			if (!value || !*value)
				return false;
			if (strcmp(value, "headers") == 0) {
				*(int *)field = SCRIPT_HEADERS;
				return w->offset == offsetof(struct script, silence);
			}
			number = strtol(value, &end, 10);
			*(int *)field = (int)number;
			return *end == '\0' && number >= 0 && number <= INT_MAX;
		}
	}
	return false;
}

bool
script_parse(struct script *s, const char *path, const char **rest, char *why, size_t size)
{
	const char *p = path + (*path == '/'), *end;

	script_init(s);
	*rest = path;
	if (strncmp(path, "/v1", 3) == 0)
		return true;
	end = p + strcspn(p, "/");
	while (p < end) {
		size_t word_len = strcspn(p, ",/"), name_len = strcspn(p, "=,/");
		bool has_value = name_len < word_len;
		char value[SCRIPT_TEXT];

		if ((has_value && !decode(value, p + name_len + 1, word_len - name_len - 1)) ||
		    !word_apply(s, p, name_len, has_value ? value : NULL)) {
			snprintf(why, size, "bad script word: %.*s", (int)word_len, p);
			return false;
		}
		p += word_len;
		p += *p == ',';
	}
	if (s->halfstatus > SCRIPT_STATUS_LINE) {
		snprintf(why, size, "halfstatus is at most %d", SCRIPT_STATUS_LINE);
		return false;
	}
	if (s->gate >= SCRIPT_GATES) {
		snprintf(why, size, "gates are numbered 0 to %d", SCRIPT_GATES - 1);
		return false;
	}
	*rest = end;
	return true;
}
