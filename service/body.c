/* body.c - the members of a request that we act on */
#include "base/jscan.h"
#include "service/body.h"

enum { WANT_MODEL, WANT_STREAM, WANT_OPTIONS, WANT_MESSAGES, WANT_INPUT, WANT_PROMPT, WANT__MAX };

/* what a path's request can't be without; the last row has the rest */
static const struct need {
	unsigned	apis;
	int		member;		/* of enum WANT_ */
	int		or_member;	/* that will do as well */
	const char	*name;
	const char	*types;		/* of jscan_type(); an empty list is none */
} needs[] = {
	{ API_COMPLETIONS, WANT_PROMPT, WANT_PROMPT, "prompt", "sa" },
	{ API_EMBEDDINGS, WANT_INPUT, WANT_INPUT, "input", "sa" },
	{ API_RESPONSES, WANT_INPUT, WANT_PROMPT, "input", "sao" },	/* prompt: a stored one */
	{ ~0u, WANT_MESSAGES, WANT_MESSAGES, "messages", "a" },
};

/* the paths whose answer may be a stream */
#define STREAMED (API_CHAT | API_COMPLETIONS | API_RESPONSES | API_MESSAGES)

/* is_given - a value of one of these types, not an empty list */
static bool
is_given(struct span value, const char *types)
{
	char type = jscan_type(value);
	struct span first;
	size_t at = 0;

	for (; *types != '\0' && *types != type; types++)
		;
	return *types != '\0' && (type != 'a' || jscan_next(value, &at, NULL, &first));
}

/* refuse - a 400 that names the member */
static enum rc
refuse(struct failure *f, const char *member, const char *why)
{
	failure_set(f, FAILURE_REQUEST, member, "%s %s", member, why);
	return RC_INVALID;
}

/* check_types - of what we act on; 0 is absent */
static enum rc
check_types(const struct adapter_call *call, const struct jscan_want *want, struct failure *f)
{
	const struct need *need = needs;
	char type;

	while (!(need->apis & call->api))
		need++;
	if (!is_given(want[need->member].value, need->types) &&
	    !is_given(want[need->or_member].value, need->types))
		return refuse(f, need->name, "is required");
	type = jscan_type(want[WANT_STREAM].value);
	if (type != 0 && type != 't' && type != 'f')
		return refuse(f, "stream", "must be true or false");
	type = jscan_type(want[WANT_MODEL].value);
	if (type != 0 && type != '0' && type != 's')
		return refuse(f, "model", "must be a string");
	return RC_OK;
}

/* body_scan - one pass over the text */
enum rc
body_scan(struct adapter_call *call, unsigned max_nesting, struct failure *f)
{
	struct jscan_want want[WANT__MAX] = {
		[WANT_MODEL] = { .name = "model" },
		[WANT_STREAM] = { .name = "stream" },
		[WANT_OPTIONS] = { .name = "stream_options" },
		[WANT_MESSAGES] = { .name = "messages" },
		[WANT_INPUT] = { .name = "input" },
		[WANT_PROMPT] = { .name = "prompt" },
	};
	const struct jscan_opts opts = { max_nesting, 0 };
	struct span object;
	struct error err;
	enum rc rc;

	if (jscan_object(call->body, call->body_len, &opts, want, WANT__MAX, &object,
	    &err) != RC_OK) {
		failure_set(f, FAILURE_REQUEST, NULL, "invalid JSON: %s", err.msg);
		return RC_INVALID;
	}
	if ((rc = check_types(call, want, f)) != RC_OK)
		return rc;
	call->object = object;
	call->model_at = want[WANT_MODEL].value;
	call->options_at = want[WANT_OPTIONS].value;
	call->stream = (call->api & STREAMED) && jscan_type(want[WANT_STREAM].value) == 't';
	call->include_usage = jscan_type(call->options_at) == 'o' &&
	    jscan_type(jscan_get(call->options_at, "include_usage")) == 't';
	return RC_OK;
}
