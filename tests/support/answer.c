/*
 * answer.c - what the scripted provider says: heads, errors, whole answers and streams.
 */
#include "tests/support/answer.h"
#include "tests/support/wire.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define HEAD_MAX	8192		/* bytes of a response head */
#define BODY_MAX	16384		/* bytes of a whole answer or one event */

static const char status_line[] = "HTTP/1.1 200 Scripted\r\n";	/* for half of it */
static const char default_text[] = "Hello from the scripted provider.";

/* What an answer begins with, whole or in chunks. The spacing, the escape and the number are odd on
   purpose: they must come through a gateway as they are. */
#define ANSWER_START \
	"{ \"id\":\"chatcmpl-scripted\",\"created\" : 1700000000,\"model\":\"scripted-1\"," \
	"\"exact\":12345678901234567890.10,\"fingerprint\":\"fp\\u00e9\\/1\","

static const struct shape {		/* of error bodies: message, then code or status */
	const char *name, *format;
} shapes[] = {
	{ "openai",	"{\"error\":{\"message\":\"%s\",\"type\":\"scripted\",\"param\":null,"
			"\"code\":\"%s\"}}" },
	{ "anthropic",	"{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
			"\"message\":\"%s\"},\"request_id\":\"%s\"}" },
	{ "string",	"{\"error\":\"%s\",\"hint\":\"%s\"}" },
	{ "vllm",	"{\"object\":\"error\",\"message\":\"%s\",\"type\":\"BadRequestError\","
			"\"param\":null,\"code\":\"%s\"}" },
	{ "html",	"<html><body><h1>Bad Gateway</h1><p>%s %s</p></body></html>" },
	{ "empty",	"" },
};

/* head_add - one more line of a head */
static void __attribute__((format(printf, 2, 3)))
head_add(char *head, const char *fmt, ...)
{
	size_t len = strlen(head);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(head + len, HEAD_MAX - len, fmt, ap);
	va_end(ap);
}

/* big_header - what the head is so far, then a line of n bytes; the rest comes after it */
static bool
big_header(struct exchange *x, char *head, int n)
{
	bool ok = wire_send(x, head, strlen(head)) && wire_send(x, "x-big: ", 7) &&
	    wire_fill(x, 'b', (size_t)n);

	snprintf(head, HEAD_MAX, "\r\n");
	return ok;
}

/* head_send - status line and headers; length -1: chunked, or until the connection's end */
static bool
head_send(struct exchange *x, int status, const char *type, long long length)
{
	const struct script *s = &x->script;
	char head[HEAD_MAX];

	snprintf(head, sizeof(head), "HTTP/1.1 %d Scripted\r\nContent-Type: %s\r\n", status, type);
	if (s->blank && length >= 0)
		length += 2;
	if (length >= 0)
		head_add(head, "Content-Length: %lld\r\n", length);
	else if (!s->eof)
		head_add(head, "Transfer-Encoding: chunked\r\n");
	if (s->closed || s->eof || x->last)
		head_add(head, "Connection: close\r\n");
	if (s->gzip)
		head_add(head, "Content-Encoding: gzip\r\n");
	if (*s->retry_after)
		head_add(head, "Retry-After: %s\r\n", s->retry_after);
	if (*s->redirect)
		head_add(head, "Location: %s\r\n", s->redirect);
	if (s->bigheader >= 0 && !big_header(x, head, s->bigheader))
		return false;
	if (s->echo)
		head_add(head, "x-ratelimit-note: Bearer %s\r\n", x->key);
	if (s->headers)
		head_add(head, "Set-Cookie: session=provider\r\nOpenAI-Organization: org-private\r\n"
		    "x-request-id: req_upstream\r\nx-ratelimit-limit-requests: 10\r\n"
		    "openai-processing-ms: 12\r\n");
	head_add(head, "\r\n");
	x->last = x->last || s->closed || s->eof;
	return wire_send(x, head, strlen(head)) &&
	    (!s->blank || length < 0 || wire_send(x, "\n\n", 2));
}

/* escape - text as the inside of a JSON string */
static void
escape(char *out, size_t size, const char *text)
{
	size_t n = 0;

	for (const char *p = text; *p && n + 7 < size; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '"' || c == '\\')
			n += (size_t)snprintf(out + n, size - n, "\\%c", c);
		else if (c < ' ')
			n += (size_t)snprintf(out + n, size - n, "\\u%04x", c);
		else
			out[n++] = *p;
	}
	out[n] = '\0';
}

/* piece - the i-th of n pieces of the answer's text, cut between UTF-8 characters */
static void
piece(const struct script *s, int i, int n, char *out, size_t size)
{
	const char *text = *s->text ? s->text : default_text;
	size_t len = strlen(text), from, to;

	if (s->events >= 0 && !*s->text) {
		snprintf(out, size, "w%d ", i);
		return;
	}
	from = len * (size_t)i / (size_t)n;
	to = len * (size_t)(i + 1) / (size_t)n;
	while (((unsigned char)text[from] & 0xC0) == 0x80)
		from++;
	while (((unsigned char)text[to] & 0xC0) == 0x80)
		to++;
	snprintf(out, size, "%.*s", (int)(to - from), text + from);
}

/* answer_whole - one body with its length; the script may end it halfway */
static const char *
answer_whole(struct exchange *x, int status, const char *type, const char *body)
{
	const struct script *s = &x->script;
	size_t len = strlen(body);
	bool half = s->cut >= 0 || s->reset >= 0 || s->silence >= 0;

	if (!head_send(x, status, type, (long long)len) || !wire_send(x, body, half ? len / 2 : len))
		return "client-closed";
	if (s->silence >= 0)
		return wire_wait_gone(x);
	if (half) {
		x->last = true;
		return s->reset >= 0 ? wire_reset(x) : "cut";
	}
	return "answered";
}

/* answer_error - a refusal in the shape that the script names */
static const char *
answer_error(struct exchange *x)
{
	const struct script *s = &x->script;
	const struct shape *shape = &shapes[0];
	const char *code = *s->code ? s->code : "scripted_code";
	char message[BODY_MAX / 2], body[BODY_MAX];

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (strcmp(shapes[i].name, s->body) == 0)
			shape = &shapes[i];
	wire_message(x, *s->text ? s->text : "scripted failure", message, sizeof(message));
	/* the formats are the table's own; the empty one takes no argument */
	if (shape->format[0])
		snprintf(body, sizeof(body), shape->format, message, code);
	else
		body[0] = '\0';
	return answer_whole(x, s->status, strcmp(shape->name, "html") == 0 ? "text/html" :
	    "application/json", body);
}

/* answer_json - a chat.completion */
static const char *
answer_json(struct exchange *x)
{
	const struct script *s = &x->script;
	char text[BODY_MAX / 2], body[BODY_MAX];
	int n = s->events >= 0 ? s->events : 3;

	escape(text, sizeof(text), *s->text ? s->text : default_text);
	snprintf(body, sizeof(body), ANSWER_START "\"object\":\"chat.completion\",\"choices\":"
	    "[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"%s\"},"
	    "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":%d,"
	    "\"total_tokens\":%d}}\n", text, n, n + 5);
	return answer_whole(x, 200, "application/json", s->garbage >= 0 ? "{\"id\": not json" : body);
}

/* chunk - one chat.completion.chunk; choices and usage are JSON texts */
static bool
chunk(struct exchange *x, const char *choices, const char *usage)
{
	char data[BODY_MAX];

	snprintf(data, sizeof(data), ANSWER_START "\"object\":\"chat.completion.chunk\","
	    "\"sent_ms\":%lld,\"choices\":[%s]%s}", clock_ms(), choices, usage);
	return wire_event(x, data);
}

/* chunk_text - the i-th of n pieces */
static bool
chunk_text(struct exchange *x, int i, int n)
{
	char text[SCRIPT_TEXT], escaped[2 * SCRIPT_TEXT], choices[BODY_MAX / 2];
	char usage[128] = "";

	piece(&x->script, i, n, text, sizeof(text));
	escape(escaped, sizeof(escaped), text);
	snprintf(choices, sizeof(choices), "{\"index\":0,\"delta\":{%s\"content\":\"%s\"},"
	    "\"finish_reason\":null}", i == 0 ? "\"role\":\"assistant\"," : "", escaped);
	if (x->script.running)
		snprintf(usage, sizeof(usage), ",\"usage\":{\"prompt_tokens\":5,"
		    "\"completion_tokens\":%d,\"total_tokens\":%d}", i + 1, i + 6);
	return chunk(x, choices, usage);
}

/* trouble - what the script wants to happen after n events; NULL: nothing, go on */
static const char *
trouble(struct exchange *x, int n)
{
	const struct script *s = &x->script;
	char message[BODY_MAX / 2], data[BODY_MAX];

	if (s->garbage == n && !wire_event(x, "{\"id\":\"chatcmpl-scripted\",\"choices\":[{"))
		return "client-closed";
	if (s->silence == n)
		return wire_wait_gone(x);
	if (s->hugeline >= 0 && n == 1 && !wire_huge_line(x, (size_t)s->hugeline))
		return "client-closed";
	if (s->errorevent == n) {
		wire_message(x, *s->text ? s->text : "scripted failure", message, sizeof(message));
		snprintf(data, sizeof(data), shapes[0].format, message, "scripted_code");
		return wire_event(x, data) && wire_end(x) ? "error-event" : "client-closed";
	}
	if (s->cut == n || s->reset == n) {
		x->last = true;
		return s->reset == n ? wire_reset(x) : "cut";
	}
	return NULL;
}

/* stream_end - finish_reason, usage, [DONE]: what a good provider closes with */
static const char *
stream_end(struct exchange *x, int n)
{
	const struct script *s = &x->script;
	char usage[128];

	if (!s->nofinish && !chunk(x, "{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}", ""))
		return "client-closed";
	snprintf(usage, sizeof(usage), ",\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":%d,"
	    "\"total_tokens\":%d}", n, n + 5);
	if ((s->usage || x->include_usage) && !chunk(x, "", usage))
		return "client-closed";
	if (!s->nodone && !wire_event(x, "[DONE]"))
		return "client-closed";
	return wire_end(x) ? "answered" : "client-closed";
}

/* answer_stream - the events, each after its pause or its gate */
static const char *
answer_stream(struct exchange *x)
{
	const struct script *s = &x->script;
	int n = s->events >= 0 ? s->events : 3;
	const char *how;

	if (!head_send(x, 200, "text/event-stream; charset=utf-8", -1))
		return "client-closed";
	for (int i = 0; i < n; i++) {
		how = trouble(x, i);
		if (how)
			return how;
		if (i > 0 && !wire_pause(x, s->delay, s->gate, i + s->hold))
			return "client-closed";
		if (s->comment && !wire_comment(x, ": keep-alive"))
			return "client-closed";
		if (!chunk_text(x, i, n))
			return "client-closed";
		x->events++;
	}
	how = trouble(x, n);
	return how ? how : stream_end(x, n);
}

void
answer_plain(struct exchange *x, int status, const char *json)
{
	if (head_send(x, status, "application/json", (long long)strlen(json)))
		wire_send(x, json, strlen(json));
}

const char *
answer(struct exchange *x)
{
	const struct script *s = &x->script;

	if (s->silence == SCRIPT_HEADERS)
		return wire_wait_gone(x);
	if (!wire_pause(x, s->late, s->hold ? s->gate : -1, 1))
		return "client-closed";
	if (s->halfstatus >= 0) {
		x->last = true;
		return wire_send(x, status_line, (size_t)s->halfstatus) ? "cut" : "client-closed";
	}
	if (*s->redirect) {
		answer_plain(x, s->status >= 0 ? s->status : 302, "{}");
		return "answered";
	}
	if (s->status >= 0)
		return answer_error(x);
	if (x->get) {
		answer_plain(x, 200, "{\"object\":\"list\",\"data\":[{\"id\":\"scripted-1\","
		    "\"object\":\"model\",\"created\":1700000000,\"owned_by\":\"scripted\"}]}");
		return "answered";
	}
	return s->sse || (x->stream && !s->json) ? answer_stream(x) : answer_json(x);
}
