/* messages_whole.c - a whole Message as the events of a stream that has begun */
#include <string.h>

#include "adapters/messages.h"
#include "base/jsonx.h"

/* what a block's start leaves to its deltas; all other members, and all other blocks, it has whole */
static const struct piece {
	const char	*block;		/* its type */
	const char	*member;
	const char	*empty;		/* in the start */
	const char	*delta;		/* up to the value */
	bool		 quoted;	/* the value is JSON, and goes as its text */
} pieces[] = {
	{ "text", "text", "\"\"", "\"text_delta\",\"text\":", false },
	{ "thinking", "thinking", "\"\"", "\"thinking_delta\",\"thinking\":", false },
	{ "thinking", "signature", "\"\"", "\"signature_delta\",\"signature\":", false },
	{ "tool_use", "input", "{}", "\"input_json_delta\",\"partial_json\":", true },
	{ "server_tool_use", "input", "{}", "\"input_json_delta\",\"partial_json\":", true },
	{ "mcp_tool_use", "input", "{}", "\"input_json_delta\",\"partial_json\":", true },
};

#define PIECES	(sizeof(pieces) / sizeof(pieces[0]))

/* begin - an event up to its own members */
static void
begin(struct jwrite *w, const char *type)
{
	jwrite_put(w, "event: ");
	jwrite_put(w, type);
	jwrite_put(w, "\ndata: {\"type\":\"");
	jwrite_put(w, type);
	jwrite_put(w, "\"");
}

/* begin_block - the same for an event of a block */
static void
begin_block(struct jwrite *w, const char *type, int64_t index)
{
	begin(w, type);
	jwrite_put(w, ",\"index\":");
	jwrite_int(w, index);
}

/* put_without - an object with some members replaced; replace() gives what stands there, NULL: itself */
static void
put_without(struct jwrite *w, struct span object,
    const char *(*replace)(struct span object, struct span name, struct span value))
{
	const char *lead = "{", *other;
	struct span name, value;

	for (size_t at = 0; jscan_next(object, &at, &name, &value); lead = ",") {
		jwrite_put(w, lead);
		jwrite_span(w, name);
		jwrite_put(w, ":");
		if ((other = replace(object, name, value)) != NULL)
			jwrite_put(w, other);
		else
			jwrite_compact(w, value);
	}
	jwrite_put(w, *lead == '{' ? "{}" : "}");
}

/* unsaid - what of a message comes later: its content, and how it ended */
static const char *
unsaid(struct span message, struct span name, struct span value)
{
	(void)message;
	(void)value;
	if (jscan_is(name, "content"))
		return "[]";
	return jscan_is(name, "stop_reason") || jscan_is(name, "stop_sequence") ? "null" : NULL;
}

/* fits - is it the block's, and of the type that its delta can tell */
static bool
fits(const struct piece *p, struct span block, struct span value)
{
	return jscan_is(jscan_get(block, "type"), p->block) &&
	    jscan_type(value) == (p->quoted ? 'o' : 's');
}

/* unsaid_of_block - what its deltas have */
static const char *
unsaid_of_block(struct span block, struct span name, struct span value)
{
	for (const struct piece *p = pieces; p < pieces + PIECES; p++)
		if (jscan_is(name, p->member) && fits(p, block, value))
			return p->empty;
	return NULL;
}

/* is_empty - the start has said it already */
static bool
is_empty(struct span value)
{
	struct span first;
	size_t at = 0;

	return jscan_type(value) == 'o' ? !jscan_next(value, &at, NULL, &first) : value.len == 2;
}

/* put_delta - one member of a block */
static void
put_delta(struct jwrite *w, const struct piece *p, struct span value, int64_t index)
{
	begin_block(w, "content_block_delta", index);
	jwrite_put(w, ",\"delta\":{\"type\":");
	jwrite_put(w, p->delta);
	if (p->quoted)
		jwrite_quoted(w, value);
	else
		jwrite_span(w, value);
	jwrite_put(w, "}}\n\n");
}

/* put_block - start, deltas, stop */
static void
put_block(struct jwrite *w, struct span block, int64_t index)
{
	struct span value;

	begin_block(w, "content_block_start", index);
	jwrite_put(w, ",\"content_block\":");
	put_without(w, block, unsaid_of_block);
	jwrite_put(w, "}\n\n");
	for (const struct piece *p = pieces; p < pieces + PIECES; p++) {
		value = jscan_get(block, p->member);
		if (fits(p, block, value) && !is_empty(value))
			put_delta(w, p, value, index);
	}
	begin_block(w, "content_block_stop", index);
	jwrite_put(w, "}\n\n");
}

/* put_member - "name":value, null where there is none */
static void
put_member(struct jwrite *w, const char *name, struct span value)
{
	jwrite_put(w, name);
	if (value.p != NULL)
		jwrite_compact(w, value);
	else
		jwrite_put(w, "null");
}

/* put_end - how it ended, what it cost */
static void
put_end(struct jwrite *w, struct span message)
{
	struct span usage = jscan_get(message, "usage");

	begin(w, "message_delta");
	put_member(w, ",\"delta\":{\"stop_reason\":", jscan_get(message, "stop_reason"));
	put_member(w, ",\"stop_sequence\":", jscan_get(message, "stop_sequence"));
	jwrite_put(w, "},\"usage\":");
	if (jscan_type(usage) == 'o')
		jwrite_compact(w, usage);
	else
		messages_usage(w, &(struct usage){ -1, -1, -1 });
	jwrite_put(w, "}\n\n");
	begin(w, "message_stop");
	jwrite_put(w, "}\n\n");
}

/* messages_whole - clients of a stream read the deltas, not what message_start has */
enum rc
messages_whole(const struct adapter_call *call, const char *body, size_t len, struct buf *out,
    struct error *err)
{
	const struct jscan_opts opts = { JSONX_DEPTH, 0 };
	struct jscan_want want[] = { { .name = "content" } };
	struct jwrite w = JWRITE_INIT(out, err);
	struct span message, block;
	int64_t index = 0;
	struct error why;

	(void)call;
	if (jscan_object(body, len, &opts, want, 1, &message, &why) != RC_OK ||
	    jscan_type(want[0].value) != 'a')
		return error_set(err, RC_UPSTREAM, "the answer is no message: it has no content");
	begin(&w, "message_start");
	jwrite_put(&w, ",\"message\":");
	put_without(&w, message, unsaid);
	jwrite_put(&w, "}\n\n");
	for (size_t at = 0; jscan_next(want[0].value, &at, NULL, &block); )
		if (jscan_type(block) == 'o')
			put_block(&w, block, index++);
	put_end(&w, message);
	return w.rc;
}
