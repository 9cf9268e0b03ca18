/* messages_events.c - the events of a Messages stream */
#include "adapters/messages_feed.h"

#define DELTA_BEGIN	"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":"

/* feed_event - an event and its data up to its own members */
void
feed_event(struct feed *f, const char *type)
{
	jwrite_put(&f->w, "event: ");
	jwrite_put(&f->w, type);
	jwrite_put(&f->w, "\ndata: {\"type\":\"");
	jwrite_put(&f->w, type);
	jwrite_put(&f->w, "\"");
}

/* feed_event_end - the end of data and event */
void
feed_event_end(struct feed *f)
{
	jwrite_put(&f->w, "}\n\n");
}

/* block_begin - the same for an event of the block that was opened last */
static void
block_begin(struct feed *f, const char *type)
{
	feed_event(f, type);
	jwrite_put(&f->w, ",\"index\":");
	jwrite_int(&f->w, f->st->blocks - 1);
}

/* feed_start - before the first block; what a prompt cost is told at the end */
void
feed_start(struct feed *f, struct span chunk)
{
	if (f->st->started)
		return;
	f->st->started = true;
	feed_event(f, "message_start");
	jwrite_put(&f->w, ",\"message\":");
	messages_head(&f->w, f->call, chunk);
	jwrite_put(&f->w, ",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":");
	messages_usage(&f->w, &(struct usage){ -1, -1, -1 });
	jwrite_put(&f->w, "}");
	feed_event_end(f);
}

/* feed_close - the open one, if any */
void
feed_close(struct feed *f)
{
	if (f->st->open != BLOCK_NONE) {
		block_begin(f, "content_block_stop");
		feed_event_end(f);
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

/* open_block - a new one; a tool's start is ended by feed_open_tool() */
static void
open_block(struct feed *f, enum block block)
{
	feed_close(f);
	f->st->open = block;
	f->st->blocks++;
	block_begin(f, "content_block_start");
	jwrite_put(&f->w, blocks[block].start);
}

/* feed_delta - a piece of the open block; the inside of a string */
void
feed_delta(struct feed *f, const char *p, size_t n)
{
	if (n == 0)
		return;
	jwrite_put(&f->w, DELTA_BEGIN);
	jwrite_int(&f->w, f->st->blocks - 1);
	jwrite_put(&f->w, blocks[f->st->open].delta);
	jwrite_bytes(&f->w, p, n);
	jwrite_put(&f->w, "\"}}\n\n");
}

/* feed_say - thinking or text: its block is opened by its first real piece */
void
feed_say(struct feed *f, enum block block, const char *p, size_t n)
{
	if (n == 0)
		return;
	if (f->st->open != block) {
		open_block(f, block);
		feed_event_end(f);
	}
	feed_delta(f, p, n);
}

/* feed_open_tool - its id and name as insides of strings */
void
feed_open_tool(struct feed *f, const struct piece *p)
{
	open_block(f, BLOCK_TOOL);
	f->st->tools = true;
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
	feed_event_end(f);
	feed_delta(f, p->text.p, p->text.len);
}
