/* auditline.c - lines written by hand: a call's is on the way of every request */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "store/auditline.h"

#define ESCAPE_MAX	6		/* bytes that one byte of a text takes at most: \u001f */
#define NAMES_MAX	512		/* bytes of the members' names and numbers together */

static_assert(NAMES_MAX + ESCAPE_MAX * (AUDITLINE_NAME + AUDITLINE_MODEL + 3 * AUDITLINE_CODE +
    SHA256_HEX + 2 * ID_SIZE + REQUEST_ID_SIZE) < AUDIT_LINE_MAX, "every line fits");

struct line {
	char	*p;
	size_t	 len;
};

/* auditline_text - the longest good beginning that fits */
void
auditline_text(char *out, size_t size, const char *text)
{
	size_t len = text != NULL ? strlen(text) : 0, n = 0, step;

	while (n < len && (step = utf8_len(text + n, len - n)) > 0 && n + step < size)
		n += step;
	if (n > 0)
		memcpy(out, text, n);
	out[n] = '\0';
}

/* put - bytes as they are */
static void
put(struct line *l, const char *p, size_t n)
{
	memcpy(l->p + l->len, p, n);
	l->len += n;
}

/* put_name - of the next member */
static void
put_name(struct line *l, const char *name)
{
	put(l, l->len == 0 ? "{\"" : ",\"", 2);
	put(l, name, strlen(name));
	put(l, "\":", 2);
}

/* put_text - as a JSON string; "" is null */
static void
put_text(struct line *l, const char *name, const char *text)
{
	static const char hex[] = "0123456789abcdef";

	put_name(l, name);
	if (*text == '\0') {
		put(l, "null", 4);
		return;
	}
	put(l, "\"", 1);
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		char escape[ESCAPE_MAX] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };

		if (c < ' ' || c == 0x7f) {
			put(l, escape, sizeof(escape));
			continue;
		}
		if (c == '"' || c == '\\')
			put(l, "\\", 1);
		put(l, text, 1);
	}
	put(l, "\"", 1);
}

/* put_number - below 0 is null */
static void
put_number(struct line *l, const char *name, int64_t n)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRId64, n);

	put_name(l, name);
	if (n < 0)
		put(l, "null", 4);
	else
		put(l, digits, (size_t)len);
}

/* put_bool - true or false */
static void
put_bool(struct line *l, const char *name, bool yes)
{
	put_name(l, name);
	if (yes)
		put(l, "true", 4);
	else
		put(l, "false", 5);
}

/* put_call - in the order of API.md 3 */
static void
put_call(struct line *l, const struct auditline *c, const char *at)
{
	put_text(l, "event", "llm_inference_call");
	put_text(l, "at", at);
	put_text(l, "requestId", c->request_id);
	put_text(l, "llm", c->llm);
	put_text(l, "model", c->model);
	put_text(l, "type", c->type);
	put_text(l, "userId", c->user);
	put_text(l, "tokenSha", c->token);
	put_text(l, "via", c->via);
	put_bool(l, "streaming", c->streaming);
	put_number(l, "status", c->status);
	put_number(l, "durationMs", c->duration_ms);
	put_number(l, "firstByteMs", c->first_byte_ms);
	put_number(l, "promptTokens", c->prompt);
	put_number(l, "completionTokens", c->completion);
	put_number(l, "cachedTokens", c->cached);
	put_bool(l, "aborted", c->aborted);
	put_number(l, "attempts", c->attempts);
	put_text(l, "error", c->error);
}

/* put_change - likewise */
static void
put_change(struct line *l, const struct auditline *c, const char *at)
{
	put_text(l, "event", "resource_changed");
	put_text(l, "action", c->action);
	put_text(l, "resource", c->resource);
	put_text(l, "name", c->name);
	put_text(l, "userId", c->user);
	put_text(l, "tokenSha", c->token);
	put_text(l, "at", at);
}

/* auditline_format - the id first */
size_t
auditline_format(const struct auditline *c, char out[AUDIT_LINE_MAX])
{
	struct line l = { .p = out };
	char at[CLOCK_TEXT];

	clock_format(c->at_ms, at);
	put_text(&l, "id", c->id);
	(c->change ? put_change : put_call)(&l, c, at);
	put(&l, "}\n", 2);
	return l.len;
}
