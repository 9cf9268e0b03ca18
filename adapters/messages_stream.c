/* messages_stream.c - chunks of chat/completions as the events of a Messages stream */
#include <stdlib.h>
#include <string.h>

#include "adapters/messages.h"
#include "adapters/openai.h"
#include "base/mem.h"

#define TOOLS_MAX	1024		/* calls of one answer */
#define TOOL_COST	256		/* bytes that a waiting call counts for beside its text */

#define DELTA_BEGIN	"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":"

enum block { BLOCK_NONE, BLOCK_THINKING, BLOCK_TEXT, BLOCK_TOOL };

/*
 * One thing to be said after the open tool: blocks never overlap, and a tool's block is closed by the
 * end alone, as more of its arguments may come until then. Texts are the insides of JSON strings.
 */
struct piece {
	enum block	 block;
	struct buf	 id, name;	/* of a tool */
	struct buf	 text;		/* arguments, or what is said */
	int64_t		 tool;		/* the provider's index; of a tool */
};

struct stream {
	bool		 started;	/* message_start is out */
	bool		 finished;	/* a finish_reason came: all blocks are closed */
	bool		 tools;		/* a tool's block was opened */
	enum block	 open;
	int64_t		 open_tool;	/* the provider's index of the open tool */
	int64_t		 blocks;	/* opened so far: the next one's index */
	const char	*stop_reason;	/* with finished */
	struct piece	*waiting;
	size_t		 nwaiting;
	size_t		 held;		/* bytes of them */
};

_Static_assert(sizeof(struct stream) <= MESSAGES_STREAM_SIZE, "a stream's state");

struct feed {				/* one event on its way */
	const struct adapter_call *call;
	struct adapter_stream	*s;
	struct stream		*st;
	struct jwrite		 w;
	struct error		*err;
};

/* event_begin - an event and its data up to its own members */
static void
event_begin(struct feed *f, const char *type)
{
	jwrite_put(&f->w, "event: ");
	jwrite_put(&f->w, type);
	jwrite_put(&f->w, "\ndata: {\"type\":\"");
	jwrite_put(&f->w, type);
	jwrite_put(&f->w, "\"");
}

/* event_end - the end of data and event */
static void
event_end(struct feed *f)
{
	jwrite_put(&f->w, "}\n\n");
}

/* block_begin - the same for an event of the block that was opened last */
static void
block_begin(struct feed *f, const char *type)
{
	event_begin(f, type);
	jwrite_put(&f->w, ",\"index\":");
	jwrite_int(&f->w, f->st->blocks - 1);
}

/* start - before the first block; what a prompt cost is told at the end */
static void
start(struct feed *f, struct span chunk)
{
	if (f->st->started)
		return;
	f->st->started = true;
	event_begin(f, "message_start");
	jwrite_put(&f->w, ",\"message\":");
	messages_head(&f->w, f->call, chunk);
	jwrite_put(&f->w, ",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":");
	messages_usage(&f->w, &(struct usage){ -1, -1, -1 });
	jwrite_put(&f->w, "}");
	event_end(f);
}

/* close_block - the open one, if any */
static void
close_block(struct feed *f)
{
	if (f->st->open != BLOCK_NONE) {
		block_begin(f, "content_block_stop");
		event_end(f);
	}
	f->st->open = BLOCK_NONE;
}

static const struct {			/* how a kind of block begins, and what its deltas are called */
	const char	*start, *delta;
} blocks[] = {
	[BLOCK_THINKING] = {
		",\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}",
		",\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"",
	},
	[BLOCK_TEXT] = {
		",\"content_block\":{\"type\":\"text\",\"text\":\"\"}",
		",\"delta\":{\"type\":\"text_delta\",\"text\":\"",
	},
	[BLOCK_TOOL] = {
		",\"content_block\":{\"type\":\"tool_use\",\"id\":",
		",\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"",
	},
};

/* open_block - a new one; a tool's start is ended by open_tool() */
static void
open_block(struct feed *f, enum block block)
{
	close_block(f);
	f->st->open = block;
	f->st->blocks++;
	block_begin(f, "content_block_start");
	jwrite_put(&f->w, blocks[block].start);
}

/* put_delta - a piece of the open block; the inside of a string */
static void
put_delta(struct feed *f, const char *p, size_t n)
{
	if (n == 0)
		return;
	jwrite_put(&f->w, DELTA_BEGIN);
	jwrite_int(&f->w, f->st->blocks - 1);
	jwrite_put(&f->w, blocks[f->st->open].delta);
	jwrite_bytes(&f->w, p, n);
	jwrite_put(&f->w, "\"}}\n\n");
}

/* say - thinking or text: its block is opened by its first real piece */
static void
say(struct feed *f, enum block block, const char *p, size_t n)
{
	if (n == 0)
		return;
	if (f->st->open != block) {
		open_block(f, block);
		event_end(f);
	}
	put_delta(f, p, n);
}

/* open_tool - its id and name as insides of strings */
static void
open_tool(struct feed *f, const struct piece *p)
{
	open_block(f, BLOCK_TOOL);
	f->st->tools = true;
	f->st->open_tool = p->tool;
	if (p->id.len > 0) {
		jwrite_put(&f->w, "\"");
		jwrite_bytes(&f->w, p->id.p, p->id.len);
		jwrite_put(&f->w, "\"");
	} else {
		messages_tool_id(&f->w, f->call, (size_t)f->st->blocks - 1);
	}
	jwrite_put(&f->w, ",\"name\":\"");
	jwrite_bytes(&f->w, p->name.p, p->name.len);
	jwrite_put(&f->w, "\",\"input\":{}}");
	event_end(f);
	put_delta(f, p->text.p, p->text.len);
}

/* piece_release - free one */
static void
piece_release(struct piece *p)
{
	buf_release(&p->id);
	buf_release(&p->name);
	buf_release(&p->text);
}

/* messages_stream_release - what still waits */
void
messages_stream_release(void *state)
{
	struct stream *st = state;

	for (size_t i = 0; i < st->nwaiting; i++)
		piece_release(&st->waiting[i]);
	free(st->waiting);
	st->waiting = NULL;
	st->nwaiting = st->held = 0;
}

/* hold - count bytes that wait; RC_UPSTREAM past the limit of one event */
static enum rc
hold(struct feed *f, size_t n)
{
	if (n > f->call->max_held || f->st->held > f->call->max_held - n)
		return error_set(f->err, RC_UPSTREAM, "what waits for the end of a tool call is "
		    "larger than %zu bytes", f->call->max_held);
	f->st->held += n;
	return RC_OK;
}

/* wait_piece - one more at the end of what waits */
static enum rc
wait_piece(struct feed *f, enum block block, int64_t tool, struct piece **out)
{
	struct stream *st = f->st;
	struct piece *p;
	enum rc rc;

	if (st->nwaiting == TOOLS_MAX)
		return error_set(f->err, RC_UPSTREAM, "more than %d tool calls", TOOLS_MAX);
	if ((rc = hold(f, TOOL_COST)) != RC_OK)
		return rc;
	st->waiting = x_realloc(st->waiting, (st->nwaiting + 1) * sizeof(*st->waiting));
	p = &st->waiting[st->nwaiting++];
	*p = (struct piece){ .block = block, .tool = tool };
	buf_init(&p->id, f->call->max_held);
	buf_init(&p->name, f->call->max_held);
	buf_init(&p->text, f->call->max_held);
	*out = p;
	return RC_OK;
}

/* wait_add - to a text that waits */
static enum rc
wait_add(struct feed *f, struct buf *text, struct span string)
{
	size_t n = jscan_type(string) == 's' ? string.len - 2 : 0;
	enum rc rc = hold(f, n);

	return rc == RC_OK && n > 0 ? buf_add(text, string.p + 1, n, f->err) : rc;
}

/* wait_text - said while a tool is open: behind all that waits already */
static enum rc
wait_text(struct feed *f, enum block block, struct span string)
{
	struct stream *st = f->st;
	struct piece *p = st->nwaiting > 0 ? &st->waiting[st->nwaiting - 1] : NULL;
	enum rc rc;

	if ((p == NULL || p->block != block) && (rc = wait_piece(f, block, -1, &p)) != RC_OK)
		return rc;
	return wait_add(f, &p->text, string);
}

/* has_text - a string that is not empty */
static bool
has_text(struct span value)
{
	return jscan_type(value) == 's' && value.len > 2;
}

/* take_text - thinking or text of a delta */
static enum rc
take_text(struct feed *f, enum block block, struct span string)
{
	if (!has_text(string))
		return RC_OK;
	if (f->st->open == BLOCK_TOOL || f->st->nwaiting > 0)
		return wait_text(f, block, string);
	say(f, block, string.p + 1, string.len - 2);
	return f->w.rc;
}

/* say_waiting - all of it, in its order; nothing can be added to it any more */
static enum rc
say_waiting(struct feed *f)
{
	struct stream *st = f->st;

	for (size_t i = 0; i < st->nwaiting; i++) {
		const struct piece *p = &st->waiting[i];

		if (p->block != BLOCK_TOOL)
			say(f, p->block, p->text.p, p->text.len);
		else if (p->name.len > 0)
			open_tool(f, p);
		else
			return error_set(f->err, RC_UPSTREAM, "a tool call has no name");
	}
	messages_stream_release(st);
	return f->w.rc;
}

/* tool_of - the piece of a tool that waits, or a new one */
static enum rc
tool_of(struct feed *f, int64_t tool, struct piece **out)
{
	struct stream *st = f->st;

	for (size_t i = 0; i < st->nwaiting; i++) {
		*out = &st->waiting[i];
		if ((*out)->block == BLOCK_TOOL && (*out)->tool == tool)
			return RC_OK;
	}
	return wait_piece(f, BLOCK_TOOL, tool, out);
}

/* open_first - the tool that waits first, if no other is open and its name is known */
static void
open_first(struct feed *f)
{
	struct stream *st = f->st;
	struct piece *p = st->waiting;

	if (st->open == BLOCK_TOOL || st->nwaiting == 0 || p->block != BLOCK_TOOL ||
	    p->name.len == 0)
		return;
	open_tool(f, p);
	st->held -= TOOL_COST + p->id.len + p->name.len + p->text.len;
	piece_release(p);
	memmove(p, p + 1, --st->nwaiting * sizeof(*p));
}

/* take_call - a piece of a tool call: id and name come once, or with every piece */
static enum rc
take_call(struct feed *f, int64_t tool, struct span id, struct span function)
{
	struct span name = jscan_get(function, "name"), part = jscan_get(function, "arguments");
	struct piece *p;
	enum rc rc;

	if (f->st->open == BLOCK_TOOL && f->st->open_tool == tool) {
		if (jscan_type(part) == 's')
			put_delta(f, part.p + 1, part.len - 2);
		return f->w.rc;
	}
	if ((rc = tool_of(f, tool, &p)) != RC_OK ||
	    (p->id.len == 0 && (rc = wait_add(f, &p->id, id)) != RC_OK) ||
	    (p->name.len == 0 && (rc = wait_add(f, &p->name, name)) != RC_OK) ||
	    (rc = wait_add(f, &p->text, part)) != RC_OK)
		return rc;
	open_first(f);
	return f->w.rc;
}

/* index_of - a call's; a provider that gives none sends whole calls: its place in the list is new where
   it has an id, else it is the last one's */
static int64_t
index_of(const struct stream *st, struct span call)
{
	long long n = jscan_int(jscan_get(call, "index"));
	int64_t last = st->open == BLOCK_TOOL ? st->open_tool : -1;

	if (n >= 0)
		return n;
	for (size_t i = 0; i < st->nwaiting; i++)
		if (st->waiting[i].block == BLOCK_TOOL)
			last = st->waiting[i].tool;
	return jscan_type(jscan_get(call, "id")) == 's' || last < 0 ? last + 1 : last;
}

/* take_calls - all of a delta, the older form of one among them */
static enum rc
take_calls(struct feed *f, struct span list, struct span function)
{
	struct span call;
	enum rc rc = RC_OK;

	if (jscan_type(list) == 'a')
		for (size_t at = 0; rc == RC_OK && jscan_next(list, &at, NULL, &call); )
			rc = take_call(f, index_of(f->st, call), jscan_get(call, "id"),
			    jscan_get(call, "function"));
	if (rc == RC_OK && jscan_type(function) == 'o')
		rc = take_call(f, 0, (struct span){ NULL, 0 }, function);
	return rc;
}

/* take_delta - whatever it has; thinking may have its newer name, or both */
static enum rc
take_delta(struct feed *f, struct span delta)
{
	enum { REASONING, REASONING_NEWER, CONTENT, REFUSAL, CALLS, CALL, WANTED };
	struct jscan_want w[WANTED] = {
		[REASONING] = { .name = "reasoning_content" },
		[REASONING_NEWER] = { .name = "reasoning" },
		[CONTENT] = { .name = "content" }, [REFUSAL] = { .name = "refusal" },
		[CALLS] = { .name = "tool_calls" }, [CALL] = { .name = "function_call" },
	};
	int thinking;
	enum rc rc;

	jscan_members(delta, w, WANTED);
	thinking = has_text(w[REASONING].value) ? REASONING : REASONING_NEWER;
	if ((rc = take_text(f, BLOCK_THINKING, w[thinking].value)) != RC_OK ||
	    (rc = take_text(f, BLOCK_TEXT, w[CONTENT].value)) != RC_OK ||
	    (rc = take_text(f, BLOCK_TEXT, w[REFUSAL].value)) != RC_OK)
		return rc;
	return take_calls(f, w[CALLS].value, w[CALL].value);
}

/* finish - all blocks are closed; the end itself waits for the usage */
static enum rc
finish(struct feed *f, struct span reason)
{
	struct stream *st = f->st;
	enum rc rc;

	if ((rc = say_waiting(f)) != RC_OK)
		return rc;
	close_block(f);
	st->finished = true;
	st->stop_reason = messages_stop_reason(reason, st->tools);
	return f->w.rc;
}

/* take_choice - a delta, then perhaps the end of it */
static enum rc
take_choice(struct feed *f, struct span choice)
{
	struct jscan_want w[] = { { .name = "delta" }, { .name = "finish_reason" } };
	const struct span *reason = &w[1].value;
	enum rc rc;

	if (f->st->finished)
		return RC_OK;
	jscan_members(choice, w, 2);
	if ((rc = take_delta(f, w[0].value)) != RC_OK)
		return rc;
	return openai_is_finish(*reason) ? finish(f, *reason) : RC_OK;
}

/* end - the counts, the reason, and that was it */
static enum rc
end(struct feed *f)
{
	struct stream *st = f->st;
	const struct span none = { NULL, 0 };
	enum rc rc;

	start(f, none);
	if (!st->finished && (rc = finish(f, none)) != RC_OK)
		return rc;
	event_begin(f, "message_delta");
	jwrite_put(&f->w, ",\"delta\":{\"stop_reason\":");
	jwrite_str(&f->w, st->stop_reason);
	jwrite_put(&f->w, ",\"stop_sequence\":null},\"usage\":");
	messages_usage(&f->w, &f->s->usage);
	event_end(f);
	event_begin(f, "message_stop");
	event_end(f);
	f->s->ended = true;
	return f->w.rc;
}

/* take_chunk - the first choice; a chunk without one has the usage, and ends what has finished */
static enum rc
take_chunk(struct feed *f, const struct openai_chunk *chunk)
{
	struct span choice;
	size_t at = 0;

	adapter_counts(chunk->usage, &f->s->usage);
	if (jscan_next(chunk->choices, &at, NULL, &choice)) {
		start(f, chunk->object);
		return take_choice(f, choice);
	}
	if (f->st->finished && jscan_type(chunk->usage) == 'o')
		return end(f);
	return RC_OK;
}

/* messages_event - one event of the provider's */
enum rc
messages_event(const struct adapter_call *call, struct adapter_stream *s,
    const struct sse_event *event, struct buf *out, struct error *err)
{
	struct feed f = { call, s, s->state, JWRITE_INIT(out, err), err };
	struct openai_chunk chunk;

	switch (openai_look(call, s, event, &chunk, err)) {
	case OPENAI_CHUNK:	return take_chunk(&f, &chunk);
	case OPENAI_DONE:	return end(&f);
	case OPENAI_GARBLED:	return RC_UPSTREAM;
	default:		return RC_OK;
	}
}

/* messages_finish - the body is over without [DONE]; a finish_reason was its end too */
enum rc
messages_finish(const struct adapter_call *call, struct adapter_stream *s, struct buf *out,
    struct error *err)
{
	struct feed f = { call, s, s->state, JWRITE_INIT(out, err), err };

	if (!f.st->finished)
		return error_set(err, RC_UPSTREAM, "the stream ended before its end");
	return end(&f);
}
