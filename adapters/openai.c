/* openai.c - providers that speak OpenAI's language: bytes pass, but for `model` and the usage */
#include <stdlib.h>
#include <string.h>

#include "adapters/forward.h"
#include "adapters/openai.h"
#include "base/jsonx.h"
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

/* is_counted - the streams whose usage comes only when it is asked for */
static bool
is_counted(const struct adapter_call *call)
{
	return call->stream && (call->api & (API_CHAT | API_COMPLETIONS));
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
	forward_headers(call, out);
	return call->body == NULL ? RC_OK
	    : forward_body(call, is_counted(call), &out->body, err);
}

/* openai_response - one JSON value, untouched: not every path of every server answers an object */
static enum rc
openai_response(const struct adapter_call *call, const char *body, size_t len, struct buf *out,
    struct usage *usage, struct error *err)
{
	const struct jscan_opts opts = { JSONX_DEPTH, 0 };
	struct span object;
	struct error why;

	(void)call;
	if (jscan_check(body, len, &opts, &why) != RC_OK)
		return error_set(err, RC_UPSTREAM, "the answer is no JSON: %s", why.msg);
	*usage = (struct usage){ -1, -1, -1 };
	if (jscan_object(body, len, &opts, NULL, 0, &object, NULL) == RC_OK)
		adapter_usage(object, usage);
	return buf_add(out, body, len, err);
}

/* chunk_of - an object's members, in one walk */
static struct openai_chunk
chunk_of(struct span object)
{
	enum { ERROR, KIND, TYPE, CHOICES, USAGE, RESPONSE, WANTED };
	struct jscan_want w[WANTED] = {
		[ERROR] = { .name = "error" }, [KIND] = { .name = "object" },
		[TYPE] = { .name = "type" }, [CHOICES] = { .name = "choices" },
		[USAGE] = { .name = "usage" }, [RESPONSE] = { .name = "response" },
	};

	jscan_members(object, w, WANTED);
	return (struct openai_chunk){
		.object = object, .error = w[ERROR].value, .kind = w[KIND].value,
		.type = w[TYPE].value, .choices = w[CHOICES].value, .usage = w[USAGE].value,
		.response = w[RESPONSE].value,
	};
}

/* is_error - an error where an answer should be */
static bool
is_error(const struct sse_event *event, const struct openai_chunk *c)
{
	return (event->name != NULL && strcmp(event->name, "error") == 0) ||
	    (c->error.p != NULL && jscan_type(c->error) != '0') ||
	    jscan_is(c->kind, "error") || jscan_is(c->type, "error");
}

/* openai_is_finish - see openai.h */
bool
openai_is_finish(struct span reason)
{
	return jscan_type(reason) == 's' && !jscan_is(reason, "");
}

/* has_finish - does any choice give its finish_reason */
static bool
has_finish(const struct openai_chunk *c)
{
	struct span choice;

	if (jscan_type(c->choices) != 'a')
		return false;
	for (size_t at = 0; jscan_next(c->choices, &at, NULL, &choice); ) {
		if (jscan_type(choice) != 'o')
			continue;
		if (openai_is_finish(jscan_get(choice, "finish_reason")))
			return true;
	}
	return false;
}

/* note - what a good event tells of the stream; a response's usage is inside it */
static void
note(const struct adapter_call *call, struct adapter_stream *s, const struct openai_chunk *c)
{
	struct openai_stream *state = s->state;

	if (has_finish(c))
		state->finished = true;
	adapter_counts(c->usage, &s->usage);
	for (const char *const *end = path_of(call)->ends; *end != NULL; end++)
		if (jscan_is(c->type, *end))
			s->ended = true;
	if (s->ended)
		adapter_usage(c->response, &s->usage);
	s->words = jscan_is(c->type, "response.failed");
}

/* is_ours - the chunk that came only because we asked for the usage */
static bool
is_ours(const struct adapter_call *call, const struct openai_chunk *c)
{
	struct span first;
	size_t at = 0;

	return is_counted(call) && !call->include_usage && jscan_type(c->usage) == 'o' &&
	    jscan_type(c->choices) == 'a' && !jscan_next(c->choices, &at, NULL, &first);
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

/* openai_look - what came */
enum openai_kind
openai_look(const struct adapter_call *call, struct adapter_stream *s,
    const struct sse_event *event, struct openai_chunk *chunk, struct error *err)
{
	const struct jscan_opts opts = { JSONX_DEPTH, 0 };
	struct span object = { NULL, 0 };
	struct error why;
	enum rc rc;

	if (event->data_len == 0)
		return OPENAI_NOTHING;
	if (is_done(event))
		return OPENAI_DONE;
	rc = jscan_object(event->data, event->data_len, &opts, NULL, 0, &object, &why);
	*chunk = chunk_of(object);
	if (is_error(event, chunk)) {
		s->failed = true;
		failure_event(&s->failure, call->type, event->data, event->data_len);
		return OPENAI_FAILED;
	}
	if (rc != RC_OK) {
		error_set(err, RC_UPSTREAM, "the stream is garbled: an event is no JSON object: %s",
		    why.msg);
		return OPENAI_GARBLED;
	}
	return OPENAI_CHUNK;
}

/* openai_event - look at an event, pass it */
static enum rc
openai_event(const struct adapter_call *call, struct adapter_stream *s,
    const struct sse_event *event, struct buf *out, struct error *err)
{
	struct openai_chunk chunk;

	switch (openai_look(call, s, event, &chunk, err)) {
	case OPENAI_NOTHING:		/* a torn rest would spoil our [DONE] */
		return event->whole ? forward_event(event, out, err) : RC_OK;
	case OPENAI_DONE:
		if (path_of(call)->ends[0] != NULL)
			return RC_OK;
		s->ended = true;
		return forward_event(event, out, err);
	case OPENAI_CHUNK:
		note(call, s, &chunk);
		return is_ours(call, &chunk) ? RC_OK : forward_event(event, out, err);
	case OPENAI_GARBLED:
		return RC_UPSTREAM;
	default:
		return RC_OK;
	}
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
