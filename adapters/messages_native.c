/* messages_native.c - Anthropic's clients to Anthropic: bytes pass, only `model` is replaced */
#include <stdlib.h>
#include <string.h>

#include "adapters/forward.h"
#include "adapters/messages.h"
#include "base/jsonx.h"
#include "base/url.h"

#define VERSION	"2023-06-01"		/* of the API, where the caller names none */

struct native_stream {
	int64_t	input, created, read;	/* the three parts of a prompt's tokens; -1: not said */
};

/* is_header_text - visible ASCII and blanks: it stands in a line of its own upstream */
static bool
is_header_text(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

/* put_caller - the two headers that go upstream from the caller; the betas stand beside the Llm's own */
static enum rc
put_caller(const struct adapter_call *call, struct adapter_request *out, struct error *err)
{
	const char *version = call->version != NULL ? call->version : VERSION;

	if (!is_header_text(version))
		return error_set(err, RC_INVALID, "anthropic-version is no plain text");
	if (call->beta != NULL && !is_header_text(call->beta))
		return error_set(err, RC_INVALID, "anthropic-beta is no plain text");
	forward_header(call, out, "anthropic-version", version);
	if (call->beta != NULL)
		adapter_header(out, "anthropic-beta", call->beta);
	return RC_OK;
}

/* path_of - the three that Anthropic has */
static const char *
path_of(enum api api)
{
	switch (api) {
	case API_COUNT_TOKENS:	return "/messages/count_tokens";
	case API_MODELS:	return "/models";
	default:		return "/messages";
	}
}

/* put_headers - with the key as Anthropic wants it */
static enum rc
put_headers(const struct adapter_call *call, struct adapter_request *out, struct error *err)
{
	enum rc rc;

	if (call->body != NULL)
		forward_header(call, out, "Content-Type", "application/json");
	forward_header(call, out, "Accept",
	    call->stream ? "text/event-stream" : "application/json");
	if (call->key != NULL)
		forward_header(call, out, "x-api-key", call->key);
	if ((rc = put_caller(call, out, err)) == RC_OK)
		forward_extra(call, out);
	return rc;
}

/* native_request - url, headers, body */
static enum rc
native_request(const struct adapter_call *call, struct adapter_request *out, struct error *err)
{
	char *base;
	enum rc rc;

	if ((rc = adapter_base(&messages_to_anthropic, call, &base, err)) != RC_OK)
		return rc;
	out->url = url_join(base, path_of(call->api));
	free(base);
	rc = put_headers(call, out, err);
	if (rc != RC_OK || call->body == NULL)
		return rc;
	return forward_body(call, false, &out->body, err);
}

/* note_usage - cumulative: what is said again replaces, what is not said stays */
static void
note_usage(struct span usage, struct native_stream *parts, struct usage *out)
{
	if (jscan_type(usage) != 'o')
		return;
	adapter_count(usage, "input_tokens", &parts->input);
	adapter_count(usage, "cache_creation_input_tokens", &parts->created);
	adapter_count(usage, "cache_read_input_tokens", &parts->read);
	adapter_count(usage, "output_tokens", &out->completion);
	out->cached = parts->read;
	if (parts->input >= 0)
		out->prompt = parts->input + (parts->created > 0 ? parts->created : 0) +
		    (parts->read > 0 ? parts->read : 0);
}

/* native_response - one JSON object, untouched; a count of tokens costs none */
static enum rc
native_response(const struct adapter_call *call, const char *body, size_t len, struct buf *out,
    struct usage *usage, struct error *err)
{
	const struct jscan_opts opts = { JSONX_DEPTH, 0 };
	struct native_stream parts = { -1, -1, -1 };
	struct span object;
	struct error why;

	(void)call;
	if (jscan_object(body, len, &opts, NULL, 0, &object, &why) != RC_OK)
		return error_set(err, RC_UPSTREAM, "the answer is no JSON object: %s", why.msg);
	*usage = (struct usage){ -1, -1, -1 };
	note_usage(jscan_get(object, "usage"), &parts, usage);
	return buf_add(out, body, len, err);
}

/* is_error - by its type, by the event's name alone, or as a gateway in between tells its own: no
   event of Anthropic's is without a type */
static bool
is_error(const struct sse_event *event, struct span object)
{
	struct span type = jscan_get(object, "type");

	return jscan_is(type, "error") ||
	    (event->name != NULL && strcmp(event->name, "error") == 0) ||
	    (type.p == NULL && jscan_type(jscan_get(object, "error")) == 'o');
}

/* native_event - look at an event, pass it */
static enum rc
native_event(const struct adapter_call *call, struct adapter_stream *s,
    const struct sse_event *event, struct buf *out, struct error *err)
{
	const struct jscan_opts opts = { JSONX_DEPTH, 0 };
	struct native_stream *parts = s->state;
	struct span object = { NULL, 0 }, type;
	struct error why;
	enum rc rc;

	if (event->data_len == 0)
		return event->whole ? forward_event(event, out, err) : RC_OK;
	rc = jscan_object(event->data, event->data_len, &opts, NULL, 0, &object, &why);
	type = jscan_get(object, "type");
	if (is_error(event, object)) {
		s->failed = true;
		failure_native_event(&s->failure, call->type, event->data, event->data_len);
		return RC_OK;
	}
	if (rc != RC_OK)
		return error_set(err, RC_UPSTREAM, "the stream is garbled: an event is no JSON "
		    "object: %s", why.msg);
	if (jscan_is(type, "message_start")) {
		*parts = (struct native_stream){ -1, -1, -1 };
		note_usage(jscan_get(jscan_get(object, "message"), "usage"), parts, &s->usage);
	} else if (jscan_is(type, "message_delta")) {
		note_usage(jscan_get(object, "usage"), parts, &s->usage);
	}
	s->ended = jscan_is(type, "message_stop");
	return forward_event(event, out, err);
}

/* native_finish - without message_stop there was no end */
static enum rc
native_finish(const struct adapter_call *call, struct adapter_stream *s, struct buf *out,
    struct error *err)
{
	(void)call;
	(void)s;
	(void)out;
	return error_set(err, RC_UPSTREAM, "the stream ended before its end");
}

/* native_refusal - status and error stay as they are */
static void
native_refusal(const struct adapter_call *call, int status, const char *body, size_t len,
    struct failure *f)
{
	failure_native(f, call->type, status, body, len);
}

const struct adapter messages_to_anthropic = {
	.type		= "anthropic",
	.default_url	= "https://api.anthropic.com",
	.apis		= API_MESSAGES | API_COUNT_TOKENS | API_MODELS,
	.stream_size	= sizeof(struct native_stream),
	.request	= native_request,
	.response	= native_response,
	.event		= native_event,
	.finish		= native_finish,
	.refusal	= native_refusal,
};
