/* failure.c - every cause of a failed call, and what the client is told of it */
#include <json-c/json.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/failure.h"
#include "base/jscan.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "base/utf8.h"

#define STATUS_OVERLOADED	529	/* Anthropic's; no number of RFC 9110 */
#define STATUS_SAME		0	/* in a row: the provider's own */

static const char quota_words[] = "reached your specified API usage limits";

enum verdict_flags {
	NO_RETRY	= 1,		/* x-should-retry: false */
	RETRY_SOON	= 2,		/* retry-after: 1, where the provider says nothing */
	PROVIDERS_CODE	= 4,		/* its code and param go on, ours where it has none */
	SECRET_WORDS	= 8,		/* its words often hold part of the key: to the log alone */
};

struct verdict {
	int		 status;	/* the client's, or STATUS_SAME */
	const char	*type, *code;	/* code NULL: null, and the audit says the type */
	unsigned	 flags;
};

static const struct verdict causes[FAILURE__MAX] = {
	[FAILURE_TOKEN]		= { 401, "invalid_request_error", "invalid_api_key", 0 },
	[FAILURE_MODEL_NOT_ALLOWED] = { 403, "permission_error", "model_not_allowed", 0 },
	[FAILURE_MODEL_DISABLED] = { 403, "permission_error", "model_disabled", 0 },
	[FAILURE_MODEL_NOT_FOUND] = { 404, "invalid_request_error", "model_not_found", 0 },
	[FAILURE_NOT_SERVED]	= { 404, "invalid_request_error", "unknown_url", 0 },
	[FAILURE_METHOD]	= { 405, "invalid_request_error", "method_not_supported", 0 },
	[FAILURE_REQUEST]	= { 400, "invalid_request_error", NULL, 0 },
	[FAILURE_TOO_LARGE]	= { 413, "invalid_request_error", NULL, 0 },
	[FAILURE_MEDIA_TYPE]	= { 415, "invalid_request_error", NULL, 0 },
	[FAILURE_UNSUPPORTED]	= { 501, "server_error", "unsupported_provider", NO_RETRY },
	[FAILURE_KEY]		= { 500, "server_error", "key_unresolved", NO_RETRY },
	[FAILURE_BACKEND]	= { 503, "server_error", "backend_unavailable", 0 },
	[FAILURE_SATURATED]	= { 503, "server_error", "saturated", RETRY_SOON },
	[FAILURE_TIMEOUT]	= { 504, "timeout_error", "upstream_timeout", NO_RETRY },
	[FAILURE_UPSTREAM]	= { 502, "server_error", "upstream_error", 0 },
	[FAILURE_INTERNAL]	= { 500, "server_error", "internal_error", 0 },
	[FAILURE_CUT]		= { 502, "server_error", "upstream_error", 0 },
	[FAILURE_GONE]		= { 499, "server_error", "client_gone", 0 },
};

/* which cause a code of ours is; the rest are FAILURE_INTERNAL */
static const struct { enum rc rc; enum failure_cause cause; } rc_causes[] = {
	{ RC_INVALID, FAILURE_REQUEST },
	{ RC_UNAUTHENTICATED, FAILURE_TOKEN },
	{ RC_FORBIDDEN, FAILURE_MODEL_NOT_ALLOWED },
	{ RC_NOT_FOUND, FAILURE_MODEL_NOT_FOUND },
	{ RC_METHOD, FAILURE_METHOD },
	{ RC_TOO_LARGE, FAILURE_TOO_LARGE },
	{ RC_MEDIA_TYPE, FAILURE_MEDIA_TYPE },
	{ RC_UNSUPPORTED, FAILURE_UNSUPPORTED },
	{ RC_BUSY, FAILURE_BACKEND },
	{ RC_UNAVAILABLE, FAILURE_BACKEND },
	{ RC_UPSTREAM, FAILURE_UPSTREAM },
	{ RC_TIMEOUT, FAILURE_TIMEOUT },
	{ RC_GONE, FAILURE_GONE },
};

/* API.md 3, "Errors", by the provider's status; the first row that holds it, the last holds all */
static const struct answer_row {
	int		from, to;	/* inclusive */
	struct verdict	verdict;
} answers[] = {
	{ 401, 401, { 502, "api_error", "upstream_auth", NO_RETRY | SECRET_WORDS } },
	{ 402, 402, { 429, "insufficient_quota", "insufficient_quota", NO_RETRY } },
	{ 403, 403, { 502, "api_error", "upstream_auth", NO_RETRY | SECRET_WORDS } },
	{ 404, 404, { STATUS_SAME, "invalid_request_error", "model_not_found", 0 } },
	{ 407, 407, { 502, "server_error", "upstream_error", 0 } },	/* our proxy's */
	{ 408, 408, { STATUS_SAME, "timeout_error", "upstream_timeout", 0 } },
	{ 409, 409, { STATUS_SAME, "invalid_request_error", NULL, 0 } },
	{ 413, 413, { STATUS_SAME, "invalid_request_error", NULL, 0 } },
	{ 429, 429, { STATUS_SAME, "rate_limit_error", "rate_limit_exceeded", PROVIDERS_CODE } },
	{ 400, 499, { STATUS_SAME, "invalid_request_error", NULL, PROVIDERS_CODE } },
	{ 500, 500, { STATUS_SAME, "server_error", "upstream_error", 0 } },
	{ 502, 504, { STATUS_SAME, "server_error", "upstream_error", 0 } },
	{ STATUS_OVERLOADED, STATUS_OVERLOADED, { 503, "server_error", "overloaded", RETRY_SOON } },
	{ INT_MIN, INT_MAX, { 502, "server_error", "upstream_error", 0 } },
};

/* the status that an error inside a stream stands for, by its type or code */
static const struct { const char *word; int status; } event_statuses[] = {
	{ "overloaded_error", STATUS_OVERLOADED },
	{ "rate_limit_error", 429 },
	{ "rate_limit_exceeded", 429 },
	{ "insufficient_quota", 402 },
	{ "billing_error", 402 },
	{ "authentication_error", 401 },
	{ "invalid_api_key", 401 },
	{ "permission_error", 403 },
	{ "not_found_error", 404 },
	{ "model_not_found", 404 },
	{ "timeout_error", 408 },
	{ "api_error", 500 },
	{ "request_too_large", 413 },
	{ "invalid_request_error", 400 },
};

struct words {				/* what a provider's error says; "" where it doesn't */
	char	*message, *type, *code, *param;
};

/*
 * put_clean - copy as one line of well-formed UTF-8. A text that is too long is cut before its last
 * word: half a key would be a word that no scrubber finds.
 */
static void
put_clean(char *out, size_t size, const char *p, size_t len)
{
	size_t n = 0, step;

	for (; len > 0; p += step, len -= step) {
		step = utf8_len(p, len);
		if (n + step + 1 > size || (step == 0 && n + 2 > size))
			break;
		if (step == 0) {
			out[n++] = '?';
			step = 1;
		} else if (strchr("\t\n\r", *p) != NULL && *p != '\0') {
			out[n++] = ' ';
		} else if ((unsigned char)*p >= ' ' && *p != 0x7f) {
			memcpy(out + n, p, step);
			n += step;
		}
	}
	while (len > 0 && n > 0 && out[n - 1] > ' ' && out[n - 1] < 0x7f)
		n--;
	out[n] = '\0';
}

/* put_words - put_clean() of a C string */
static void
put_words(char *out, size_t size, const char *s)
{
	put_clean(out, size, s, strlen(s));
}

/* put_verdict - all but the words */
static void
put_verdict(struct failure *f, const struct verdict *v, int status)
{
	*f = (struct failure){
		.status = v->status == STATUS_SAME ? status : v->status,
		.no_retry = v->flags & NO_RETRY,
	};
	put_words(f->type, sizeof(f->type), v->type);
	put_words(f->code, sizeof(f->code), v->code != NULL ? v->code : "");
	put_words(f->kind, sizeof(f->kind), v->code != NULL ? v->code : v->type);
	if (v->flags & RETRY_SOON)
		put_words(f->retry_after, sizeof(f->retry_after), "1");
}

/* failure_set - a cause of ours */
void
failure_set(struct failure *f, enum failure_cause cause, const char *param, const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	text = x_vasprintf(fmt, ap);
	va_end(ap);
	put_verdict(f, &causes[cause], 0);
	put_words(f->param, sizeof(f->param), param != NULL ? param : "");
	put_words(f->message, sizeof(f->message), text);
	mem_free_wiped(text);
}

/* failure_rc - a code of ours */
void
failure_rc(struct failure *f, const struct error *err)
{
	enum failure_cause cause = FAILURE_INTERNAL;

	for (size_t i = 0; i < sizeof(rc_causes) / sizeof(rc_causes[0]); i++)
		if (rc_causes[i].rc == err->rc)
			cause = rc_causes[i].cause;
	failure_set(f, cause, NULL, "%s", err->msg);
}

/* text_of - a string's text, a number's digits, "" for all else; owned by the caller */
static char *
text_of(struct span value)
{
	char *text;
	size_t len;

	switch (jscan_type(value)) {
	case 's':
		text = jscan_text(value, &len);
		for (size_t i = 0; i < len; i++)
			if (text[i] == '\0')
				text[i] = '\n';		/* ends no string, and is cleaned later */
		return text;
	case 'n':
		return x_strndup(value.p, value.len);
	}
	return x_strdup("");
}

/* first_text - the first of these members that is a text */
static char *
first_text(struct span object, const char *const names[])
{
	struct span value = { NULL, 0 };

	for (; *names != NULL && jscan_type(value) != 's'; names++)
		value = jscan_get(object, *names);
	return text_of(value);
}

/* words_read - whatever shape the error has; a body that is no JSON says nothing */
static void
words_read(struct words *w, const char *body, size_t len)
{
	static const char *const messages[] = { "message", "detail", "error", NULL };
	const struct jscan_opts opts = { JSONX_DEPTH, 0 };
	struct span object = { body, len }, inner;
	size_t at = 0;

	if (jscan_check(body, len, &opts, NULL) != RC_OK)
		object = (struct span){ NULL, 0 };
	if (jscan_type(object) == 'a' && !jscan_next(object, &at, NULL, &object))
		object = (struct span){ NULL, 0 };
	if (jscan_type(object) != 'o')
		object = (struct span){ "{}", 2 };
	inner = jscan_get(object, "error");
	if (jscan_type(inner) == 'o')
		object = inner;
	w->message = first_text(object, messages);
	w->type = text_of(jscan_get(object, "type"));
	w->code = text_of(jscan_get(object, "code"));
	w->param = text_of(jscan_get(object, "param"));
}

/* words_release - free them */
static void
words_release(struct words *w)
{
	mem_free_wiped(w->message);
	mem_free_wiped(w->type);
	mem_free_wiped(w->code);
	mem_free_wiped(w->param);
}

/* is_quota - a code that says that money, not speed, is the limit */
static bool
is_quota(const char *code)
{
	static const char tail[] = "_spend_limit_reached";
	size_t n = strlen(code), t = sizeof(tail) - 1;

	return strcmp(code, "insufficient_quota") == 0 ||
	    (n > t && strcmp(code + n - t, tail) == 0);
}

/* verdict_of - the table's row; no money is 402, however the provider says it */
static const struct verdict *
verdict_of(int status, const struct words *w)
{
	const struct answer_row *row = answers;

	if ((status == 429 && (is_quota(w->code) || is_quota(w->type))) ||
	    (status == 400 && strstr(w->message, quota_words) != NULL))
		status = 402;
	while (status < row->from || status > row->to)
		row++;
	return &row->verdict;
}

/* judge - fill the failure from the table; lead is what the message begins with */
static void
judge(struct failure *f, int status, const struct words *w, const char *lead)
{
	const struct verdict *v = verdict_of(status, w);
	char *whole = x_asprintf("%s%s%s", lead, *w->message != '\0' ? ": " : "", w->message);

	put_verdict(f, v, status);
	if (v->flags & PROVIDERS_CODE) {
		put_words(f->code, sizeof(f->code), w->code);
		put_words(f->param, sizeof(f->param), w->param);
		if (f->code[0] == '\0' && v->code != NULL)
			put_words(f->code, sizeof(f->code), v->code);
	}
	if (v->flags & SECRET_WORDS) {
		put_words(f->message, sizeof(f->message), lead);
		put_words(f->log, sizeof(f->log), whole);
	} else {
		put_words(f->message, sizeof(f->message), whole);
	}
	mem_free_wiped(whole);
}

/* failure_answer - a refusal */
void
failure_answer(struct failure *f, const char *type, int status, const char *body, size_t len)
{
	char *lead = x_asprintf("%s: HTTP %d", type, status);
	struct words w;

	words_read(&w, body, len);
	judge(f, status, &w, lead);
	words_release(&w);
	free(lead);
}

/* event_status - what it would have been as a refusal; unknown ones are the provider's fault */
static int
event_status(const struct words *w)
{
	long code = strtol(w->code, NULL, 10);

	for (size_t i = 0; i < sizeof(event_statuses) / sizeof(event_statuses[0]); i++)
		if (strcmp(w->code, event_statuses[i].word) == 0 ||
		    strcmp(w->type, event_statuses[i].word) == 0)
			return event_statuses[i].status;
	return code >= 400 && code <= 599 ? (int)code : 502;
}

/* failure_event - after a 200 */
void
failure_event(struct failure *f, const char *type, const char *data, size_t len)
{
	char *lead = x_asprintf("%s: HTTP 200, then an error in the stream", type);
	struct words w;

	words_read(&w, data, len);
	judge(f, event_status(&w), &w, lead);
	words_release(&w);
	free(lead);
}

/* keep_words - the provider's, where its client may have them */
static void
keep_words(struct failure *f, const char *body, size_t len)
{
	struct words w;

	words_read(&w, body, len);
	if (*w.type != '\0')
		put_words(f->native, sizeof(f->native), w.type);
	if (*w.message != '\0')
		put_words(f->message, sizeof(f->message), w.message);
	words_release(&w);
}

/* failure_native - a refusal to the provider's own kind of client */
void
failure_native(struct failure *f, const char *type, int status, const char *body, size_t len)
{
	failure_answer(f, type, status, body, len);
	if (f->log[0] != '\0' || status < 400 || status > 599 || status == 407)
		return;
	f->status = status;
	f->no_retry = false;
	f->retry_after[0] = '\0';
	keep_words(f, body, len);
}

/* failure_native_event - an error in its stream */
void
failure_native_event(struct failure *f, const char *type, const char *data, size_t len)
{
	failure_event(f, type, data, len);
	if (f->log[0] == '\0')
		keep_words(f, data, len);
}

/* failure_json - append it */
void
failure_json(const struct failure *f, struct buf *out)
{
	struct json_object *answer = json_object_new_object(), *error = json_object_new_object();

	jsonx_put_str(error, "message", f->message);
	jsonx_put_str(error, "type", f->type);
	jsonx_put_str(error, "param", f->param[0] != '\0' ? f->param : NULL);
	jsonx_put_str(error, "code", f->code[0] != '\0' ? f->code : NULL);
	jsonx_put(answer, "error", error);
	(void)buf_addstr(out, jsonx_text(answer), NULL);
	json_object_put(answer);
}
