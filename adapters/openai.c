/* openai.c - providers that speak OpenAI's language: bytes pass, only `model` is replaced */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "adapters/adapter.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "base/url.h"

static const char done[] = "data: [DONE]\n\n";

static const struct path {		/* what differs between the inference paths */
	enum api	 api;
	const char	*path;
	const char	*ends[4];	/* types of the last event; none: [DONE] is the end */
} paths[] = {
	{ API_CHAT,		"/chat/completions",	{ NULL } },
	{ API_COMPLETIONS,	"/completions",		{ NULL } },
	{ API_EMBEDDINGS,	"/embeddings",		{ NULL } },
	{ API_RESPONSES,	"/responses",
	    { "response.completed", "response.incomplete", "response.failed", NULL } },
	{ API_MODELS,		"/models",		{ NULL } },
};

struct openai_stream {
	bool	finished;		/* a finish_reason came */
};

/* path_of - the row of a call; adapters say which paths they serve, so there is one */
static const struct path *
path_of(const struct adapter_call *call)
{
	const struct path *row = paths;

	while (row->api != call->api)
		row++;
	return row;
}

/* has_header - one of extraConfig.headers; it takes the place of ours */
static bool
has_header(const struct adapter_call *call, const char *name)
{
	for (size_t i = 0; i < call->nheaders; i++)
		if (strcasecmp(call->headers[i].name, name) == 0)
			return true;
	return false;
}

/* put_header - ours, unless it is replaced */
static void
put_header(const struct adapter_call *call, struct adapter_request *out, const char *name,
    const char *value)
{
	if (!has_header(call, name))
		adapter_header(out, name, value);
}

/* put_headers - what goes upstream: nothing of the caller's */
static void
put_headers(const struct adapter_call *call, struct adapter_request *out)
{
	size_t size;
	char *bearer;

	if (call->body != NULL)
		put_header(call, out, "Content-Type", "application/json");
	put_header(call, out, "Accept", call->stream ? "text/event-stream" : "application/json");
	if (call->key != NULL) {
		size = sizeof("Bearer ") + strlen(call->key);
		bearer = x_malloc(size);	/* x_asprintf() leaves copies behind as it grows */
		snprintf(bearer, size, "Bearer %s", call->key);
		put_header(call, out, "Authorization", bearer);
		mem_free_wiped(bearer);
	}
	for (size_t i = 0; i < call->nheaders; i++)
		adapter_header(out, call->headers[i].name, call->headers[i].value);
}

/* put_body - the caller's bytes, with our model in place of theirs, or as the first member */
static enum rc
put_body(const struct adapter_call *call, struct buf *out, struct error *err)
{
	const char *end = call->body + call->body_len, *rest = call->model_at.p;
	struct json_object *model = json_object_new_string(call->model);
	struct span first;
	size_t at = 0;
	enum rc rc;

	if (rest != NULL) {
		rc = buf_add(out, call->body, (size_t)(rest - call->body), err);
		if (rc == RC_OK)
			rc = buf_addstr(out, jsonx_text(model), err);
		rest += call->model_at.len;
	} else {
		rest = call->object.p + 1;
		rc = buf_add(out, call->body, (size_t)(rest - call->body), err);
		if (rc == RC_OK)
			rc = buf_addf(out, err, "\"model\":%s%s", jsonx_text(model),
			    jscan_next(call->object, &at, NULL, &first) ? "," : "");
	}
	if (rc == RC_OK)
		rc = buf_add(out, rest, (size_t)(end - rest), err);
	json_object_put(model);
	return rc;
}

/* openai_request - url, headers, body */
static enum rc
openai_request(const struct adapter_call *call, struct adapter_request *out, struct error *err)
{
	char *base;
	enum rc rc;

	if ((rc = adapter_base(adapter_find(call->type, call->api), call, &base, err)) != RC_OK)
		return rc;
	out->url = url_join(base, path_of(call)->path);
	free(base);
	put_headers(call, out);
	return call->body != NULL ? put_body(call, &out->body, err) : RC_OK;
}

/* openai_response - one JSON object, untouched */
static enum rc
openai_response(const struct adapter_call *call, const char *body, size_t len, struct buf *out,
    struct usage *usage, struct error *err)
{
	const struct jscan_opts opts = { JSONX_DEPTH, 0 };
	struct span object;
	struct error why;

	(void)call;
	if (jscan_object(body, len, &opts, NULL, 0, &object, &why) != RC_OK)
		return error_set(err, RC_UPSTREAM, "the answer is no JSON object: %s", why.msg);
	*usage = (struct usage){ -1, -1, -1 };
	adapter_usage(object, usage);
	return buf_add(out, body, len, err);
}

/* is_error - an error where an answer should be */
static bool
is_error(const struct sse_event *event, struct span object)
{
	struct span error = jscan_get(object, "error");

	return (event->name != NULL && strcmp(event->name, "error") == 0) ||
	    (error.p != NULL && jscan_type(error) != '0') ||
	    jscan_is(jscan_get(object, "object"), "error");
}

/* has_finish - does any choice give its finish_reason */
static bool
has_finish(struct span object)
{
	struct span choices = jscan_get(object, "choices"), choice, reason;

	if (jscan_type(choices) != 'a')
		return false;
	for (size_t at = 0; jscan_next(choices, &at, NULL, &choice); ) {
		if (jscan_type(choice) != 'o')
			continue;
		reason = jscan_get(choice, "finish_reason");
		if (reason.p != NULL && jscan_type(reason) != '0')
			return true;
	}
	return false;
}

/* note - what a good event tells of the stream; a response's usage is inside it */
static void
note(const struct adapter_call *call, struct adapter_stream *s, struct span object)
{
	struct openai_stream *state = s->state;
	struct span type = jscan_get(object, "type");

	if (has_finish(object))
		state->finished = true;
	adapter_usage(object, &s->usage);
	for (const char *const *end = path_of(call)->ends; *end != NULL; end++)
		if (jscan_is(type, *end))
			s->ended = true;
	if (s->ended)
		adapter_usage(jscan_get(object, "response"), &s->usage);
}

/* put_raw - the event as it came; one that the body's end cut after its data is made whole */
static enum rc
put_raw(const struct sse_event *event, struct buf *out, struct error *err)
{
	char last = event->raw_len > 0 ? event->raw[event->raw_len - 1] : '\n';
	enum rc rc = buf_add(out, event->raw, event->raw_len, err);

	if (rc != RC_OK || event->whole)
		return rc;
	return buf_addstr(out, last == '\n' ? "\n" : last == '\r' ? "\r" : "\n\n", err);
}

/* is_done - the end of a stream, in a word */
static bool
is_done(const struct sse_event *event)
{
	static const char word[] = "[DONE]";
	size_t lead = strspn(event->data, " "), n = sizeof(word) - 1;

	return strncmp(event->data + lead, word, n) == 0 &&
	    lead + n + strspn(event->data + lead + n, " ") == event->data_len;
}

/* openai_event - look at an event, pass it */
static enum rc
openai_event(const struct adapter_call *call, struct adapter_stream *s,
    const struct sse_event *event, struct buf *out, struct error *err)
{
	const struct jscan_opts opts = { JSONX_DEPTH, 0 };
	struct span object = { NULL, 0 };
	struct error why;
	enum rc rc;

	if (event->data_len == 0)	/* no event; a torn rest would spoil our [DONE] */
		return event->whole ? put_raw(event, out, err) : RC_OK;
	if (is_done(event)) {
		if (path_of(call)->ends[0] != NULL)
			return RC_OK;
		s->ended = true;
		return put_raw(event, out, err);
	}
	rc = jscan_object(event->data, event->data_len, &opts, NULL, 0, &object, &why);
	if (is_error(event, object)) {
		s->failed = true;
		failure_event(&s->failure, call->type, event->data, event->data_len);
		return RC_OK;
	}
	if (rc != RC_OK)
		return error_set(err, RC_UPSTREAM, "the stream is garbled: an event is no JSON "
		    "object: %s", why.msg);
	note(call, s, object);
	return put_raw(event, out, err);
}

/* openai_finish - the body is over without [DONE]; a finish_reason was its end too */
static enum rc
openai_finish(const struct adapter_call *call, struct adapter_stream *s, struct buf *out,
    struct error *err)
{
	const struct openai_stream *state = s->state;
	enum rc rc;

	if (!state->finished || path_of(call)->ends[0] != NULL)
		return error_set(err, RC_UPSTREAM, "the stream ended before its end");
	if ((rc = buf_addstr(out, done, err)) == RC_OK)
		s->ended = true;
	return rc;
}

#define OPENAI_SLOTS							\
	.apis		= API_CHAT | API_COMPLETIONS | API_EMBEDDINGS | API_RESPONSES |	\
			  API_MODELS,					\
	.stream_size	= sizeof(struct openai_stream),			\
	.request	= openai_request,				\
	.response	= openai_response,				\
	.event		= openai_event,					\
	.finish		= openai_finish

const struct adapter adapter_openai = {
	.type = "openai", .default_url = "https://api.openai.com", OPENAI_SLOTS
};

const struct adapter adapter_deepseek = {
	.type = "deepseek", .default_url = "https://api.deepseek.com", OPENAI_SLOTS
};

const struct adapter adapter_vllm = { .type = "vllm", .default_url = NULL, OPENAI_SLOTS };

const struct adapter adapter_ollama = { .type = "ollama", .default_url = NULL, OPENAI_SLOTS };
