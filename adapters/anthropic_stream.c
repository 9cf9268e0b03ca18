/* anthropic_stream.c - events of a Message to chat.completion.chunks, one by one */
#include <stdlib.h>
#include <string.h>

#include "adapters/anthropic.h"
#include "base/jsonx.h"
#include "base/jtext.h"
#include "base/mem.h"

#define OPEN_MAX	64		/* blocks that are open at a time; Anthropic opens one */
#define SIGNATURE_MAX	65536		/* bytes of a thinking block's signature; they have hundreds */

enum { W_TYPE, W_INDEX, W_DELTA, W_BLOCK, W_MESSAGE, W_USAGE, W_ERROR, WANTED };

struct step {				/* one event on its way */
	const struct adapter_call *call;
	struct adapter_stream	*s;
	struct anthropic_stream	*st;
	struct jwrite		 w;
	struct jscan_want	 want[WANTED];
};

/* --- chunks --- */

/* chunk_begin - up to the delta */
static void
chunk_begin(struct step *e)
{
	jwrite_bytes(&e->w, e->st->head.p, e->st->head.len);
}

/* chunk_end - of all chunks but the last: the stream goes on */
static void
chunk_end(struct step *e)
{
	jwrite_put(&e->w, e->call->include_usage
	    ? ",\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}\n\n"
	    : ",\"logprobs\":null,\"finish_reason\":null}]}\n\n");
}

/* chunk_text - a delta of one string */
static void
chunk_text(struct step *e, const char *lead, struct span string)
{
	if (jscan_type(string) != 's' || string.len <= 2)
		return;
	chunk_begin(e);
	jwrite_put(&e->w, lead);
	jwrite_span(&e->w, string);
	jwrite_put(&e->w, "}");
	chunk_end(e);
}

/* tool_begin - a delta of one tool, up to what follows its number */
static void
tool_begin(struct step *e, const struct stream_block *b)
{
	chunk_begin(e);
	jwrite_put(&e->w, "{\"tool_calls\":[{\"index\":");
	jwrite_int(&e->w, (long long)b->tool);
	jwrite_put(&e->w, ",");
}

/* tool_arguments - a piece of them: a string, or an object as its text */
static void
tool_arguments(struct step *e, const struct stream_block *b, struct span piece)
{
	tool_begin(e, b);
	jwrite_put(&e->w, "\"function\":{\"arguments\":");
	if (jscan_type(piece) == 's')
		jwrite_span(&e->w, piece);
	else
		jwrite_quoted(&e->w, piece);
	jwrite_put(&e->w, "}}]}");
	chunk_end(e);
}

/* --- blocks --- */

/* find_block - the open one that the event is about, NULL: none */
static struct stream_block *
find_block(const struct step *e)
{
	long long index = jscan_int(e->want[W_INDEX].value);

	for (size_t i = 0; i < e->st->nblocks; i++)
		if (e->st->blocks[i].index == index)
			return &e->st->blocks[i];
	return NULL;
}

/* hold - keep bytes until the block's stop */
static void
hold(struct step *e, struct buf *held, struct span bytes)
{
	if (e->w.rc == RC_OK && buf_add(held, bytes.p, bytes.len, NULL) != RC_OK)
		e->w.rc = error_set(e->w.err, RC_UPSTREAM,
		    "a content block is larger than %zu bytes", held->max);
}

/* hold_text - the inside of a string */
static void
hold_text(struct step *e, struct buf *held, struct span string)
{
	if (jscan_type(string) == 's')
		hold(e, held, tr_inside(string));
}

/* close_block - forget it; the others keep their order */
static void
close_block(struct anthropic_stream *st, struct stream_block *b)
{
	buf_release(&b->held);
	buf_release(&b->signature);
	st->nblocks--;
	memmove(b, b + 1, (size_t)(st->blocks + st->nblocks - b) * sizeof(*b));
}

/* put_thinking_block - whole, as it must come back; unsigned thinking is not taken back */
static void
put_thinking_block(struct step *e, const struct stream_block *b)
{
	bool redacted = b->kind == BLOCK_REDACTED;

	if (redacted ? b->held.len == 0 : b->signature.len == 0)
		return;
	chunk_begin(e);
	jwrite_put(&e->w, redacted ? "{\"thinking_blocks\":[{\"type\":\"redacted_thinking\",\"data\":\""
	    : "{\"thinking_blocks\":[{\"type\":\"thinking\",\"thinking\":\"");
	jwrite_span(&e->w, (struct span){ b->held.p, b->held.len });
	if (!redacted) {
		jwrite_put(&e->w, "\",\"signature\":\"");
		jwrite_span(&e->w, (struct span){ b->signature.p, b->signature.len });
	}
	jwrite_put(&e->w, "\"}]}");
	chunk_end(e);
}

/* end_block - say what was waiting for its stop, and forget it */
static void
end_block(struct step *e, struct stream_block *b)
{
	static const struct span none = { "{}", 2 };

	if (b->kind != BLOCK_TOOL)
		put_thinking_block(e, b);
	else if (!b->argued)
		tool_arguments(e, b, b->held.len > 0
		    ? (struct span){ b->held.p, b->held.len } : none);
	close_block(e->st, b);
}

/* open_block - one more; what is held of it is bounded as one event is */
static struct stream_block *
open_block(struct step *e, enum block_kind kind)
{
	struct anthropic_stream *st = e->st;
	struct stream_block *b = find_block(e);

	if (b != NULL)			/* it was never stopped */
		end_block(e, b);
	if (st->nblocks == OPEN_MAX) {
		e->w.rc = error_set(e->w.err, RC_UPSTREAM,
		    "the stream is garbled: more than %d blocks are open", OPEN_MAX);
		return NULL;
	}
	if (st->blocks == NULL)
		st->blocks = x_calloc(OPEN_MAX, sizeof(*st->blocks));
	b = &st->blocks[st->nblocks++];
	*b = (struct stream_block){ .index = jscan_int(e->want[W_INDEX].value), .kind = kind };
	buf_init(&b->held, e->call->max_held);
	buf_init(&b->signature, SIGNATURE_MAX);
	return b;
}

/* start_tool - its first chunk has all but the arguments */
static void
start_tool(struct step *e, struct span block)
{
	struct jscan_want want[] = { { .name = "id" }, { .name = "name" }, { .name = "input" } };
	struct stream_block *b = open_block(e, BLOCK_TOOL);

	if (b == NULL)
		return;
	tr_members(block, want, 3);
	b->tool = e->st->tools++;
	tool_begin(e, b);
	anthropic_tool_call(&e->w, want[0].value, want[1].value);
	jwrite_put(&e->w, "\"\"}}]}");
	chunk_end(e);
	if (jscan_type(want[2].value) == 'o')
		hold(e, &b->held, want[2].value);
}

/* on_block_start - remember what kind it is; most say nothing yet */
static void
on_block_start(struct step *e)
{
	struct span block = e->want[W_BLOCK].value, type, text;
	struct stream_block *b;

	if (jscan_type(block) != 'o')
		return;
	type = jscan_get(block, "type");
	if (jscan_is(type, "tool_use")) {
		start_tool(e, block);
	} else if (jscan_is(type, "text")) {
		chunk_text(e, "{\"content\":", jscan_get(block, "text"));
	} else if (jscan_is(type, "thinking")) {
		if ((b = open_block(e, BLOCK_THINKING)) == NULL)
			return;
		text = jscan_get(block, "thinking");
		chunk_text(e, "{\"reasoning_content\":", text);
		hold_text(e, &b->held, text);
		hold_text(e, &b->signature, jscan_get(block, "signature"));
	} else if (jscan_is(type, "redacted_thinking")) {
		if ((b = open_block(e, BLOCK_REDACTED)) != NULL)
			hold_text(e, &b->held, jscan_get(block, "data"));
	}
}

/* on_input - a piece of a tool's arguments; those of Anthropic's own tools are not the client's */
static void
on_input(struct step *e, struct span part)
{
	struct stream_block *b = find_block(e);

	if (b == NULL || b->kind != BLOCK_TOOL || jscan_type(part) != 's' || part.len <= 2)
		return;
	b->argued = true;
	tool_arguments(e, b, part);
}

/* on_thinking - shown at once, and held for the block that the client must send back */
static void
on_thinking(struct step *e, struct span text)
{
	struct stream_block *b = find_block(e);

	chunk_text(e, "{\"reasoning_content\":", text);
	if (b != NULL && b->kind == BLOCK_THINKING)
		hold_text(e, &b->held, text);
}

/* on_block_delta - by the delta's type */
static void
on_block_delta(struct step *e)
{
	enum { TYPE, TEXT, JSON, THINKING, SIGNATURE };
	struct jscan_want want[] = {
		[TYPE] = { .name = "type" }, [TEXT] = { .name = "text" },
		[JSON] = { .name = "partial_json" }, [THINKING] = { .name = "thinking" },
		[SIGNATURE] = { .name = "signature" },
	};
	struct stream_block *b;

	tr_members(e->want[W_DELTA].value, want, sizeof(want) / sizeof(want[0]));
	if (jscan_is(want[TYPE].value, "text_delta"))
		chunk_text(e, "{\"content\":", want[TEXT].value);
	else if (jscan_is(want[TYPE].value, "input_json_delta"))
		on_input(e, want[JSON].value);
	else if (jscan_is(want[TYPE].value, "thinking_delta"))
		on_thinking(e, want[THINKING].value);
	else if (jscan_is(want[TYPE].value, "signature_delta") && (b = find_block(e)) != NULL &&
	    b->kind == BLOCK_THINKING)
		hold_text(e, &b->signature, want[SIGNATURE].value);
}

/* on_block_stop - what was waiting for it */
static void
on_block_stop(struct step *e)
{
	struct stream_block *b = find_block(e);

	if (b != NULL)
		end_block(e, b);
}

/* --- the message --- */

/* on_message_start - who answers; a second one is none */
static void
on_message_start(struct step *e)
{
	struct jscan_want want[] = { { .name = "id" }, { .name = "model" }, { .name = "usage" } };
	struct jwrite head = JWRITE_INIT(&e->st->head, e->w.err);

	if (e->st->begun)
		return;
	tr_members(e->want[W_MESSAGE].value, want, 3);
	e->st->begun = true;
	e->st->usage = ANTHROPIC_USAGE_NONE;
	anthropic_usage_read(want[2].value, &e->st->usage);
	buf_init(&e->st->head, e->w.out->max);
	jwrite_put(&head, "data: {");
	anthropic_head(&head, e->call, want[0].value, want[1].value, "chat.completion.chunk");
	e->st->head_len = e->st->head.len;
	jwrite_put(&head, ",\"choices\":[{\"index\":0,\"delta\":");
	e->w.rc = head.rc;
	chunk_begin(e);
	jwrite_put(&e->w, "{\"role\":\"assistant\",\"content\":\"\"}");
	chunk_end(e);
}

/* on_message_delta - usage is a running total */
static void
on_message_delta(struct step *e)
{
	struct span delta = e->want[W_DELTA].value, reason;

	anthropic_usage_read(e->want[W_USAGE].value, &e->st->usage);
	reason = jscan_type(delta) == 'o' ? jscan_get(delta, "stop_reason")
	    : (struct span){ NULL, 0 };
	if (jscan_type(reason) == 's')
		e->st->finish = anthropic_finish_reason(reason);
}

/* on_message_stop - the real end, of blocks that were never stopped too */
static void
on_message_stop(struct step *e)
{
	while (e->st->nblocks > 0)
		end_block(e, &e->st->blocks[0]);
	chunk_begin(e);
	jwrite_put(&e->w, "{},\"logprobs\":null,\"finish_reason\":\"");
	jwrite_put(&e->w, e->st->finish != NULL ? e->st->finish : "stop");
	jwrite_put(&e->w, e->call->include_usage ? "\"}],\"usage\":null}\n\n" : "\"}]}\n\n");
	if (e->call->include_usage && anthropic_usage_known(&e->st->usage)) {
		jwrite_bytes(&e->w, e->st->head.p, e->st->head_len);
		jwrite_put(&e->w, ",\"choices\":[],\"usage\":");
		anthropic_usage_write(&e->w, &e->st->usage);
		jwrite_put(&e->w, "}\n\n");
	}
	jwrite_put(&e->w, "data: [DONE]\n\n");
	e->s->ended = e->w.rc == RC_OK;
}

/* on_ping - a sign of life goes on as one */
static void
on_ping(struct step *e)
{
	jwrite_put(&e->w, ": ping\n\n");
}

static const struct {
	const char	*type;
	bool		 early;		/* may come before message_start */
	void		(*act)(struct step *e);
} acts[] = {				/* the usual ones first */
	{ "content_block_delta", false, on_block_delta },
	{ "content_block_start", false, on_block_start },
	{ "content_block_stop", false, on_block_stop },
	{ "message_start", true, on_message_start },
	{ "message_delta", false, on_message_delta },
	{ "message_stop", false, on_message_stop },
	{ "ping", true, on_ping },
};

/* act - as the event's type says; one that we don't know says nothing to the client */
static void
act(struct step *e)
{
	struct span type = e->want[W_TYPE].value;

	if (jscan_type(type) != 's')
		return;
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		if (!jtext_is(tr_inside(type), acts[i].type))
			continue;
		if (acts[i].early || e->st->begun)
			acts[i].act(e);
		else
			e->w.rc = error_set(e->w.err, RC_UPSTREAM,
			    "the stream is garbled: %s before message_start", acts[i].type);
		return;
	}
}

/* is_error - by the event's name, its type, or an error where nothing says what it is */
static bool
is_error(const struct sse_event *event, const struct step *e)
{
	struct span type = e->want[W_TYPE].value, error = e->want[W_ERROR].value;

	return (event->name != NULL && strcmp(event->name, "error") == 0) ||
	    jscan_is(type, "error") ||
	    (type.p == NULL && jscan_type(error) != 0 && jscan_type(error) != '0');
}

/* anthropic_event - one event; comments and blank blocks are not passed on */
enum rc
anthropic_event(const struct adapter_call *call, struct adapter_stream *s,
    const struct sse_event *event, struct buf *out, struct error *err)
{
	const struct jscan_opts opts = { JSONX_DEPTH, 0 };
	struct step e = {
		.call = call, .s = s, .st = s->state, .w = JWRITE_INIT(out, err),
		.want = {
			[W_TYPE] = { .name = "type" }, [W_INDEX] = { .name = "index" },
			[W_DELTA] = { .name = "delta" }, [W_BLOCK] = { .name = "content_block" },
			[W_MESSAGE] = { .name = "message" }, [W_USAGE] = { .name = "usage" },
			[W_ERROR] = { .name = "error" },
		},
	};
	size_t was = out->len;
	struct error why;
	enum rc rc;

	if (event->data_len == 0)
		return RC_OK;
	rc = jscan_object(event->data, event->data_len, &opts, e.want, WANTED, NULL, &why);
	if (is_error(event, &e)) {
		s->failed = true;
		failure_event(&s->failure, call->type, event->data, event->data_len);
		return RC_OK;
	}
	if (rc != RC_OK && !event->whole)
		return anthropic_finish(call, s, out, err);
	if (rc != RC_OK)
		return error_set(err, RC_UPSTREAM, "the stream is garbled: an event is no JSON "
		    "object: %s", why.msg);
	act(&e);
	if (e.st->begun)
		s->usage = anthropic_usage_book(&e.st->usage);
	if (e.w.rc != RC_OK)
		buf_shorten(out, was);		/* no half of a chunk reaches the client */
	return e.w.rc;
}

/* anthropic_finish - the body is over without message_stop */
enum rc
anthropic_finish(const struct adapter_call *call, struct adapter_stream *s, struct buf *out,
    struct error *err)
{
	(void)call;
	(void)s;
	(void)out;
	return error_set(err, RC_UPSTREAM, "the stream ended before its end");
}

/* anthropic_stream_release - what the blocks hold */
void
anthropic_stream_release(void *state)
{
	struct anthropic_stream *st = state;

	while (st->nblocks > 0)
		close_block(st, &st->blocks[0]);
	free(st->blocks);
	buf_release(&st->head);
}
