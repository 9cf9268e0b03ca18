/* messages_answer.c - an answer of chat/completions as a Messages answer */
#include <stdlib.h>
#include <string.h>

#include "adapters/messages.h"
#include "base/jsonx.h"

static const struct { const char *finish, *stop; } reasons[] = {
	{ "stop", "end_turn" }, { "length", "max_tokens" }, { "tool_calls", "tool_use" },
	{ "function_call", "tool_use" }, { "content_filter", "refusal" },
};

/* messages_stop_reason - "stop" beside tool calls is how some providers say tool_calls */
const char *
messages_stop_reason(struct span finish_reason, bool tools)
{
	const char *stop = "end_turn";

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (jscan_is(finish_reason, reasons[i].finish))
			stop = reasons[i].stop;
	return tools && strcmp(stop, "end_turn") == 0 ? "tool_use" : stop;
}

/* known - a count, or 0 */
static int64_t
known(int64_t n)
{
	return n > 0 ? n : 0;
}

/* messages_usage - a prompt's tokens without those that came from the cache */
void
messages_usage(struct jwrite *w, const struct usage *u)
{
	jwrite_put(w, "{\"input_tokens\":");
	jwrite_int(w, known(u->prompt > u->cached ? u->prompt - known(u->cached) : 0));
	if (u->cached >= 0) {
		jwrite_put(w, ",\"cache_read_input_tokens\":");
		jwrite_int(w, u->cached);
	}
	jwrite_put(w, ",\"output_tokens\":");
	jwrite_int(w, known(u->completion));
	jwrite_put(w, "}");
}

/* has_text - a string that is not empty */
static bool
has_text(struct span value)
{
	return jscan_type(value) == 's' && value.len > 2;
}

/* begin - one more block of the content */
static void
begin(struct jwrite *w, size_t *blocks, const char *type)
{
	jwrite_put(w, (*blocks)++ > 0 ? ",{\"type\":" : "{\"type\":");
	jwrite_str(w, type);
}

/* put_text - a text block; no text, no block */
static void
put_text(struct jwrite *w, size_t *blocks, struct span text)
{
	if (!has_text(text))
		return;
	begin(w, blocks, "text");
	jwrite_put(w, ",\"text\":");
	jwrite_compact(w, text);
	jwrite_put(w, "}");
}

/* put_content - a string; some providers give a list of parts */
static void
put_content(struct jwrite *w, size_t *blocks, struct span content)
{
	struct span part;

	put_text(w, blocks, content);
	if (jscan_type(content) == 'a')
		for (size_t at = 0; jscan_next(content, &at, NULL, &part); )
			if (jscan_is(jscan_get(part, "type"), "text"))
				put_text(w, blocks, jscan_get(part, "text"));
}

/* put_thinking - unsigned: the client keeps it, Anthropic would not take it */
static void
put_thinking(struct jwrite *w, size_t *blocks, struct span message)
{
	struct span text = jscan_get(message, "reasoning_content");

	if (!has_text(text))
		text = jscan_get(message, "reasoning");
	if (!has_text(text))
		return;
	begin(w, blocks, "thinking");
	jwrite_put(w, ",\"thinking\":");
	jwrite_compact(w, text);
	jwrite_put(w, ",\"signature\":\"\"}");
}

/* is_blank - nothing but blank space */
static bool
is_blank(const char *text, size_t len)
{
	return strspn(text, " \t\r\n") == len;
}

/* put_input - the arguments, which are the text of an object; blank is one without members */
static enum rc
put_input(struct jwrite *w, struct span arguments, struct error *err)
{
	const struct jscan_opts opts = { JSONX_DEPTH, 0 };
	struct span object;
	struct error why;
	size_t len = 0;
	char *text = jscan_text(arguments, &len);
	enum rc rc = RC_OK;

	if (jscan_type(arguments) == 'o')	/* some providers give the object itself */
		jwrite_compact(w, arguments);
	else if (text == NULL || is_blank(text, len))
		jwrite_put(w, "{}");
	else if (jscan_object(text, len, &opts, NULL, 0, &object, &why) == RC_OK)
		jwrite_compact(w, object);
	else
		rc = error_set(err, RC_UPSTREAM, "the arguments of a tool call are no JSON object: "
		    "%s", why.msg);
	free(text);
	return rc;
}

/* is_cut - the model was stopped in what it said: its last call may be torn */
static bool
is_cut(struct span finish_reason)
{
	return jscan_is(finish_reason, "length") || jscan_is(finish_reason, "content_filter");
}

/* put_call - one tool_use block; a call without an id gets one that is its own in this answer */
static enum rc
put_call(const struct adapter_call *call, struct jwrite *w, size_t *blocks, struct span id,
    struct span function, struct error *err)
{
	struct span name = jscan_get(function, "name");
	enum rc rc;

	if (!has_text(name))
		return error_set(err, RC_UPSTREAM, "a tool call has no name");
	begin(w, blocks, "tool_use");
	jwrite_put(w, ",\"id\":");
	if (has_text(id))
		jwrite_compact(w, id);
	else
		messages_tool_id(w, call, *blocks - 1);
	jwrite_put(w, ",\"name\":");
	jwrite_compact(w, name);
	jwrite_put(w, ",\"input\":");
	if ((rc = put_input(w, jscan_get(function, "arguments"), err)) != RC_OK)
		return rc;
	jwrite_put(w, "}");
	return w->rc;
}

/* try_call - where the answer was cut, one that is torn is left out */
static enum rc
try_call(const struct adapter_call *call, struct jwrite *w, size_t *blocks, struct span id,
    struct span function, bool cut, struct error *err)
{
	size_t was = w->out->len, n = *blocks;
	enum rc rc = put_call(call, w, blocks, id, function, err);

	if (rc != RC_UPSTREAM || !cut)
		return rc;
	buf_shorten(w->out, was);
	*blocks = n;
	return RC_OK;
}

/* put_calls - all of a message, the older form of one among them; *tools: there were some */
static enum rc
put_calls(const struct adapter_call *call, struct jwrite *w, size_t *blocks, struct span choice,
    bool *tools, struct error *err)
{
	struct span message = jscan_get(choice, "message"), item;
	struct span list = jscan_get(message, "tool_calls");
	struct span function = jscan_get(message, "function_call");
	bool cut = is_cut(jscan_get(choice, "finish_reason"));
	enum rc rc = RC_OK;

	*tools = false;
	if (jscan_type(list) == 'a') {
		for (size_t at = 0; rc == RC_OK && jscan_next(list, &at, NULL, &item); ) {
			rc = try_call(call, w, blocks, jscan_get(item, "id"),
			    jscan_get(item, "function"), cut, err);
			*tools = true;
		}
	}
	if (rc == RC_OK && !*tools && jscan_type(function) == 'o') {
		rc = try_call(call, w, blocks, (struct span){ NULL, 0 }, function, cut, err);
		*tools = true;
	}
	return rc;
}

/* messages_tool_id - of a call that has none */
void
messages_tool_id(struct jwrite *w, const struct adapter_call *call, size_t block)
{
	jwrite_put(w, "\"toolu_");
	jwrite_put(w, call->request_id);
	jwrite_put(w, "_");
	jwrite_int(w, (int64_t)block);
	jwrite_put(w, "\"");
}

/* messages_head - {"id":"msg_...",...,"model":"..." */
void
messages_head(struct jwrite *w, const struct adapter_call *call, struct span object)
{
	struct span id = jscan_get(object, "id"), model = jscan_get(object, "model");

	jwrite_put(w, "{\"id\":\"msg_");
	if (has_text(id))
		jwrite_inside(w, id);
	else
		jwrite_put(w, call->request_id);
	jwrite_put(w, "\",\"type\":\"message\",\"role\":\"assistant\",\"model\":");
	if (has_text(model))
		jwrite_compact(w, model);
	else
		jwrite_str(w, call->model);
}

/* put_answer - from the first choice; there is never another */
static enum rc
put_answer(const struct adapter_call *call, struct jwrite *w, struct span object,
    struct span choice, const struct usage *usage, struct error *err)
{
	struct span message = jscan_get(choice, "message");
	size_t blocks = 0;
	bool tools;
	enum rc rc;

	messages_head(w, call, object);
	jwrite_put(w, ",\"content\":[");
	put_thinking(w, &blocks, message);
	put_content(w, &blocks, jscan_get(message, "content"));
	put_text(w, &blocks, jscan_get(message, "refusal"));
	if ((rc = put_calls(call, w, &blocks, choice, &tools, err)) != RC_OK)
		return rc;
	jwrite_put(w, "],\"stop_reason\":");
	jwrite_str(w, messages_stop_reason(jscan_get(choice, "finish_reason"), tools));
	jwrite_put(w, ",\"stop_sequence\":null,\"usage\":");
	messages_usage(w, usage);
	jwrite_put(w, "}");
	return w->rc;
}

/* messages_response - a whole answer */
enum rc
messages_response(const struct adapter_call *call, const char *body, size_t len, struct buf *out,
    struct usage *usage, struct error *err)
{
	const struct jscan_opts opts = { JSONX_DEPTH, 0 };
	struct usage found = { -1, -1, -1 };
	struct jwrite w = JWRITE_INIT(out, err);
	struct span object, choice = { NULL, 0 };
	struct error why;
	size_t at = 0;
	enum rc rc;

	if (jscan_object(body, len, &opts, NULL, 0, &object, &why) != RC_OK)
		return error_set(err, RC_UPSTREAM, "the answer is no JSON object: %s", why.msg);
	if (!jscan_next(jscan_get(object, "choices"), &at, NULL, &choice) ||
	    jscan_type(jscan_get(choice, "message")) != 'o')
		return error_set(err, RC_UPSTREAM, "the answer has no message");
	adapter_usage(object, &found);
	rc = put_answer(call, &w, object, choice, &found, err);
	if (rc == RC_OK)
		*usage = found;
	return rc;
}
