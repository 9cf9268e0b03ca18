/* messages_wait.c - what a Messages stream can't say yet */
#include <stdlib.h>
#include <string.h>

#include "adapters/messages_feed.h"
#include "base/mem.h"

#define TOOLS_MAX	1024		/* calls of one answer */
#define TOOL_COST	256		/* bytes that a waiting call counts for beside its text */

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

/* feed_wait_add - to a text that waits */
enum rc
feed_wait_add(struct feed *f, struct buf *text, struct span string)
{
	size_t n = jscan_type(string) == 's' ? string.len - 2 : 0;
	enum rc rc = hold(f, n);

	return rc == RC_OK && n > 0 ? buf_add(text, string.p + 1, n, f->err) : rc;
}

/* feed_wait_text - said while a tool is open: behind all that waits already */
enum rc
feed_wait_text(struct feed *f, enum block block, struct span string)
{
	struct stream *st = f->st;
	struct piece *p = st->nwaiting > 0 ? &st->waiting[st->nwaiting - 1] : NULL;
	enum rc rc;

	if ((p == NULL || p->block != block) && (rc = wait_piece(f, block, -1, &p)) != RC_OK)
		return rc;
	return feed_wait_add(f, &p->text, string);
}

/* feed_say_waiting - all of it, in its order; nothing can be added to it any more */
enum rc
feed_say_waiting(struct feed *f)
{
	struct stream *st = f->st;

	for (size_t i = 0; i < st->nwaiting; i++) {
		const struct piece *p = &st->waiting[i];

		if (p->block != BLOCK_TOOL)
			feed_say(f, p->block, p->text.p, p->text.len);
		else if (p->name.len > 0)
			feed_open_tool(f, p);
		else
			return error_set(f->err, RC_UPSTREAM, "a tool call has no name");
	}
	messages_stream_release(st);
	return f->w.rc;
}

/* feed_wait_tool - the piece of a tool that waits, or a new one */
enum rc
feed_wait_tool(struct feed *f, int64_t tool, struct piece **out)
{
	struct stream *st = f->st;

	for (size_t i = 0; i < st->nwaiting; i++) {
		*out = &st->waiting[i];
		if ((*out)->block == BLOCK_TOOL && (*out)->tool == tool)
			return RC_OK;
	}
	return wait_piece(f, BLOCK_TOOL, tool, out);
}

/* feed_open_first - the tool that waits first, if no other is open and its name is known */
void
feed_open_first(struct feed *f)
{
	struct stream *st = f->st;
	struct piece *p = st->waiting;

	if (st->open == BLOCK_TOOL || st->nwaiting == 0 || p->block != BLOCK_TOOL ||
	    p->name.len == 0)
		return;
	feed_open_tool(f, p);
	st->held -= TOOL_COST + p->id.len + p->name.len + p->text.len;
	piece_release(p);
	memmove(p, p + 1, --st->nwaiting * sizeof(*p));
}
