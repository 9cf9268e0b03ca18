/* anthropic_response.c - a whole Message to a chat.completion, and what both answers have in common */
#include <string.h>

#include "adapters/anthropic.h"
#include "base/clock.h"
#include "base/jsonx.h"

static const struct { const char *stop, *finish; } reasons[] = {
	{ "end_turn", "stop" },
	{ "stop_sequence", "stop" },
	{ "pause_turn", "stop" },
	{ "max_tokens", "length" },
	{ "model_context_window_exceeded", "length" },
	{ "tool_use", "tool_calls" },
	{ "refusal", "content_filter" },
};

/* anthropic_finish_reason - unknown ones are ends like any other */
const char *
anthropic_finish_reason(struct span stop_reason)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (jscan_is(stop_reason, reasons[i].stop))
			return reasons[i].finish;
	return "stop";
}

/* anthropic_usage_read - a count that is no number was not said */
void
anthropic_usage_read(struct span usage, struct anthropic_usage *u)
{
	struct jscan_want want[] = {
		{ .name = "input_tokens" }, { .name = "output_tokens" },
		{ .name = "cache_creation_input_tokens" }, { .name = "cache_read_input_tokens" },
	};
	int64_t *const counts[] = { &u->input, &u->output, &u->cache_creation, &u->cache_read };
	long long n;

	if (jscan_type(usage) != 'o')
		return;
	tr_members(usage, want, 4);
	for (size_t i = 0; i < 4; i++)
		if ((n = jscan_int(want[i].value)) >= 0)
			*counts[i] = n;
}

/* anthropic_usage_known - one count is enough */
bool
anthropic_usage_known(const struct anthropic_usage *u)
{
	return u->input >= 0 || u->output >= 0 || u->cache_creation >= 0 || u->cache_read >= 0;
}

/* sum - of counts, where one that is not known counts nothing; never past the largest */
static int64_t
sum(int64_t a, int64_t b)
{
	int64_t both;

	a = a > 0 ? a : 0;
	b = b > 0 ? b : 0;
	return __builtin_add_overflow(a, b, &both) ? INT64_MAX : both;
}

/* anthropic_usage_book - OpenAI's prompt has what came from the cache in it, Anthropic's has not */
struct usage
anthropic_usage_book(const struct anthropic_usage *u)
{
	bool prompt = u->input >= 0 || u->cache_creation >= 0 || u->cache_read >= 0;

	return (struct usage){
		.prompt = prompt ? sum(sum(u->input, u->cache_creation), u->cache_read) : -1,
		.completion = u->output,
		.cached = u->cache_read,
	};
}

/* anthropic_usage_write - with the raw cache counts beside it, where the provider has any */
void
anthropic_usage_write(struct jwrite *w, const struct anthropic_usage *u)
{
	const struct usage book = anthropic_usage_book(u);

	jwrite_put(w, "{\"prompt_tokens\":");
	jwrite_int(w, sum(book.prompt, 0));
	jwrite_put(w, ",\"completion_tokens\":");
	jwrite_int(w, sum(book.completion, 0));
	jwrite_put(w, ",\"total_tokens\":");
	jwrite_int(w, sum(book.prompt, book.completion));
	if (u->cache_read >= 0) {
		jwrite_put(w, ",\"prompt_tokens_details\":{\"cached_tokens\":");
		jwrite_int(w, u->cache_read);
		jwrite_put(w, "}");
	}
	if (u->cache_creation >= 0) {
		jwrite_put(w, ",\"cache_creation_input_tokens\":");
		jwrite_int(w, u->cache_creation);
	}
	if (u->cache_read >= 0) {
		jwrite_put(w, ",\"cache_read_input_tokens\":");
		jwrite_int(w, u->cache_read);
	}
	jwrite_put(w, "}");
}

/* anthropic_tool_call - up to the arguments */
void
anthropic_tool_call(struct jwrite *w, struct span id, struct span name)
{
	if (w->rc == RC_OK && (jscan_type(id) != 's' || jscan_type(name) != 's'))
		w->rc = error_set(w->err, RC_UPSTREAM, "a tool_use block has no id or no name");
	jwrite_put(w, "\"id\":");
	jwrite_span(w, id);
	jwrite_put(w, ",\"type\":\"function\",\"function\":{\"name\":");
	jwrite_span(w, name);
	jwrite_put(w, ",\"arguments\":");
}

/* --- the answer --- */

/* each_block - the next content block of a type; p NULL: any */
static bool
each_block(struct span content, size_t *at, const char *type, struct span *block)
{
	while (jscan_next(content, at, NULL, block))
		if (jscan_type(*block) == 'o' && jscan_is(jscan_get(*block, "type"), type))
			return true;
	return false;
}

/* put_joined - the texts of all blocks of a type as one string; false: there is none */
static bool
put_joined(struct jwrite *w, struct span content, const char *type, const char *member,
    const char *lead)
{
	struct span block, text;
	bool any = false;

	for (size_t at = 0; each_block(content, &at, type, &block); ) {
		text = jscan_get(block, member);
		if (jscan_type(text) != 's' || (text.len == 2 && strcmp(type, "text") != 0))
			continue;
		if (!any)
			jwrite_put(w, lead);
		any = true;
		jwrite_span(w, tr_inside(text));
	}
	if (any)
		jwrite_put(w, "\"");
	return any;
}

/* is_kept - thinking that the client must send back: signed, or redacted */
static bool
is_kept(struct span block)
{
	struct span type = jscan_get(block, "type"), signature = jscan_get(block, "signature");

	return jscan_is(type, "redacted_thinking") || (jscan_is(type, "thinking") &&
	    jscan_type(signature) == 's' && !jscan_is(signature, ""));
}

/* put_thinking_blocks - as they are */
static void
put_thinking_blocks(struct jwrite *w, struct span content)
{
	struct span block;
	size_t n = 0;

	for (size_t at = 0; jscan_next(content, &at, NULL, &block); ) {
		if (jscan_type(block) != 'o' || !is_kept(block))
			continue;
		jwrite_put(w, n++ == 0 ? ",\"thinking_blocks\":[" : ",");
		jwrite_span(w, block);
	}
	if (n > 0)
		jwrite_put(w, "]");
}

/* put_tool_calls - the client's own; what Anthropic ran itself is not among them */
static void
put_tool_calls(struct jwrite *w, struct span content)
{
	struct span block, input;
	size_t n = 0;

	for (size_t at = 0; each_block(content, &at, "tool_use", &block); ) {
		input = jscan_get(block, "input");
		jwrite_put(w, n++ == 0 ? ",\"tool_calls\":[{" : ",{");
		anthropic_tool_call(w, jscan_get(block, "id"), jscan_get(block, "name"));
		if (jscan_type(input) == 'o')
			jwrite_quoted(w, input);
		else
			jwrite_put(w, "\"{}\"");
		jwrite_put(w, "}}");
	}
	if (n > 0)
		jwrite_put(w, "]");
}

/* put_message - choices[0].message */
static void
put_message(struct jwrite *w, struct span content)
{
	jwrite_put(w, "{\"role\":\"assistant\"");
	if (!put_joined(w, content, "text", "text", ",\"content\":\""))
		jwrite_put(w, ",\"content\":null");
	(void)put_joined(w, content, "thinking", "thinking", ",\"reasoning_content\":\"");
	put_thinking_blocks(w, content);
	put_tool_calls(w, content);
	jwrite_put(w, ",\"refusal\":null}");
}

/* anthropic_head - see anthropic.h */
void
anthropic_head(struct jwrite *w, const struct adapter_call *call, struct span id, struct span model,
    const char *object)
{
	jwrite_put(w, "\"id\":\"chatcmpl-");
	if (jscan_type(id) == 's')
		jwrite_span(w, tr_inside(id));
	jwrite_put(w, "\",\"object\":\"");
	jwrite_put(w, object);
	jwrite_put(w, "\",\"created\":");
	jwrite_int(w, clock_wall_ms() / 1000);
	jwrite_put(w, ",\"model\":");
	if (jscan_type(model) == 's')
		jwrite_span(w, model);
	else
		jwrite_str(w, call->model);
}

/* anthropic_response - the whole answer */
enum rc
anthropic_response(const struct adapter_call *call, const char *body, size_t len, struct buf *out,
    struct usage *usage, struct error *err)
{
	enum { ID, MODEL, CONTENT, STOP_REASON, USAGE, WANTED };
	struct jscan_want want[WANTED] = {
		[ID] = { .name = "id" }, [MODEL] = { .name = "model" },
		[CONTENT] = { .name = "content" }, [STOP_REASON] = { .name = "stop_reason" },
		[USAGE] = { .name = "usage" },
	};
	const struct jscan_opts opts = { JSONX_DEPTH, 0 };
	struct anthropic_usage counts = ANTHROPIC_USAGE_NONE;
	struct jwrite w = JWRITE_INIT(out, err);
	struct error why;

	if (jscan_object(body, len, &opts, want, WANTED, NULL, &why) != RC_OK)
		return error_set(err, RC_UPSTREAM, "the answer is no JSON object: %s", why.msg);
	if (jscan_type(want[CONTENT].value) != 'a')
		return error_set(err, RC_UPSTREAM, "the answer is no message: it has no content");
	anthropic_usage_read(want[USAGE].value, &counts);
	jwrite_put(&w, "{");
	anthropic_head(&w, call, want[ID].value, want[MODEL].value, "chat.completion");
	jwrite_put(&w, ",\"choices\":[{\"index\":0,\"message\":");
	put_message(&w, want[CONTENT].value);
	jwrite_put(&w, ",\"logprobs\":null,\"finish_reason\":\"");
	jwrite_put(&w, anthropic_finish_reason(want[STOP_REASON].value));
	jwrite_put(&w, "\"}]");
	if (anthropic_usage_known(&counts)) {
		jwrite_put(&w, ",\"usage\":");
		anthropic_usage_write(&w, &counts);
	}
	jwrite_put(&w, "}");
	if (w.rc == RC_OK)
		*usage = anthropic_usage_book(&counts);
	else
		buf_clear(out);
	return w.rc;
}
