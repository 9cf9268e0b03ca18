/* dialect.c - errors and signs of life, path by path */
#include <string.h>

#include "adapters/messages.h"
#include "adapters/openai.h"
#include "base/jwrite.h"
#include "service/dialect.h"

/* Anthropic's type of an error by the client's status, and by our code where that tells more; the
   first row that fits, the last fits all */
static const struct type_row {
	int		 from, to;	/* inclusive */
	const char	*code;		/* NULL: any */
	const char	*type;
} types[] = {
	{ 401, 401, NULL, "authentication_error" },
	{ 402, 402, NULL, "billing_error" },
	{ 403, 403, NULL, "permission_error" },
	{ 404, 404, NULL, "not_found_error" },
	{ 408, 408, NULL, "timeout_error" },
	{ 413, 413, NULL, "request_too_large" },
	{ 429, 429, NULL, "rate_limit_error" },
	{ 400, 499, NULL, "invalid_request_error" },
	{ 503, 503, "overloaded", "overloaded_error" },
	{ 503, 503, "saturated", "overloaded_error" },
	{ 504, 504, NULL, "timeout_error" },
	{ 529, 529, NULL, "overloaded_error" },
	{ 0, 999, NULL, "api_error" },
};

/* type_of - in Anthropic's words */
static const char *
type_of(const struct failure *f)
{
	const struct type_row *row = types;

	if (f->native[0] != '\0')
		return f->native;
	while (f->status < row->from || f->status > row->to ||
	    (row->code != NULL && strcmp(row->code, f->code) != 0))
		row++;
	return row->type;
}

/* put_openai - {"error":{"message","type","param","code"}} */
static void
put_openai(const struct failure *f, const char *request_id, struct buf *out)
{
	(void)request_id;
	failure_json(f, out);
}

/* put_anthropic - {"type":"error","error":{"type","message"},"request_id"} */
static void
put_anthropic(const struct failure *f, const char *request_id, struct buf *out)
{
	struct jwrite w = JWRITE_INIT(out, NULL);

	jwrite_put(&w, "{\"type\":\"error\",\"error\":{\"type\":");
	jwrite_str(&w, type_of(f));
	jwrite_put(&w, ",\"message\":");
	jwrite_str(&w, f->message);
	jwrite_put(&w, "},\"request_id\":");
	jwrite_str(&w, request_id);
	jwrite_put(&w, "}");
}

/* put_or_null - a text, "" is null */
static void
put_or_null(struct jwrite *w, const char *text)
{
	if (*text != '\0')
		jwrite_str(w, text);
	else
		jwrite_put(w, "null");
}

/* put_response_error - {"type":"error","code","message","param"} */
static void
put_response_error(const struct failure *f, const char *request_id, struct buf *out)
{
	struct jwrite w = JWRITE_INIT(out, NULL);

	(void)request_id;
	jwrite_put(&w, "{\"type\":\"error\",\"code\":");
	put_or_null(&w, f->code);
	jwrite_put(&w, ",\"message\":");
	jwrite_str(&w, f->message);
	jwrite_put(&w, ",\"param\":");
	put_or_null(&w, f->param);
	jwrite_put(&w, "}");
}

/* put_whole - as it is, a line for each of its own, and the end: a text_completion is its own chunk */
static enum rc
put_whole(const struct adapter_call *call, const char *body, size_t len, struct buf *out,
    struct error *err)
{
	const char *p = body, *end = body + len, *nl, *lead = "data: ";
	enum rc rc = RC_OK;

	(void)call;
	for (; p < end && rc == RC_OK; p = nl + 1, lead = "\ndata: ") {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (nl == NULL)
			nl = end;
		if ((rc = buf_addstr(out, lead, err)) == RC_OK)
			rc = buf_add(out, p, (size_t)(nl - p), err);
	}
	return rc == RC_OK ? buf_addstr(out, "\n\ndata: [DONE]\n\n", err) : rc;
}

/* the last row has all other paths */
static const struct dialect dialects[] = {
	{
		.apis = API_MESSAGES | API_COUNT_TOKENS,
		.keepalive = "event: ping\ndata: {\"type\": \"ping\"}\n\n",
		.whole = messages_whole,
		.failed = "event: error\n",
		.failure = put_anthropic,
		.event = put_anthropic,
	}, {
		.apis = API_RESPONSES,
		.keepalive = ": keepalive\n\n",
		.whole = openai_response_whole,
		.words = "\n\nevent: response.failed\n",
		.failed = "event: error\n",
		.failure = put_openai,
		.event = put_response_error,
	}, {
		.apis = API_CHAT,
		.keepalive = ": keepalive\n\n",
		.whole = openai_whole,
		.failed = "",
		.failure = put_openai,
		.event = put_openai,
	}, {
		.apis = ~0u,
		.keepalive = ": keepalive\n\n",
		.whole = put_whole,
		.failed = "",
		.failure = put_openai,
		.event = put_openai,
	},
};

/* dialect_of - the first row that has it */
const struct dialect *
dialect_of(enum api api)
{
	const struct dialect *d = dialects;

	while (d->apis != ~0u && !(d->apis & api))
		d++;
	return d;
}

/* dialect_event - one event */
void
dialect_event(const struct dialect *d, const struct failure *f, const char *request_id,
    struct buf *out)
{
	(void)buf_addstr(out, d->failed, NULL);
	(void)buf_addstr(out, "data: ", NULL);
	d->event(f, request_id, out);
	(void)buf_addstr(out, "\n\n", NULL);
}
