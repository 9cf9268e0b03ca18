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

/* messages_stream_release - what still waits, and the id of the open tool */
void
messages_stream_release(void *state)
{
	struct stream *st = state;

	for (size_t i = 0; i < st->nwaiting; i++)
		piece_release(&st->waiting[i]);
	piece_release(&st->tool);
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
wait_piece(struct feed *f, enum block block, struct piece **out)
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
	*p = (struct piece){ .block = block };
	buf_init(&p->id, f->call->max_held);
	buf_init(&p->name, f->call->max_held);
	buf_init(&p->text, f->call->max_held);
	*out = p;
	return RC_OK;
}

/* feed_wait_add - to a text that waits */
enum rc
feed_wait_add(struct feed *f, struct buf *text, struct span inside)
{
	enum rc rc = hold(f, inside.len);

	return rc == RC_OK ? buf_add(text, inside.p, inside.len, f->err) : rc;
}

/* feed_wait_text - said while a tool is open: behind all that waits already */
enum rc
feed_wait_text(struct feed *f, enum block block, struct span inside)
{
	struct stream *st = f->st;
	struct piece *p = st->nwaiting > 0 ? &st->waiting[st->nwaiting - 1] : NULL;
	enum rc rc;

	if ((p == NULL || p->block != block) && (rc = wait_piece(f, block, &p)) != RC_OK)
		return rc;
	return feed_wait_add(f, &p->text, inside);
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

/* fits - a tool of that index, and (where one is given) of that id */
static bool
fits(const struct piece *p, long long index, const struct span *id)
{
	return p->block == BLOCK_TOOL && (index < 0 || p->index == index) &&
	    (id == NULL || (p->id.len == id->len && memcmp(p->id.p, id->p, id->len) == 0));
}

/* find_tool - the newest one that fits; NULL: none */
static struct piece *
find_tool(struct stream *st, long long index, const struct span *id)
{
	for (size_t i = st->nwaiting; i > 0; i--)
		if (fits(&st->waiting[i - 1], index, id))
			return &st->waiting[i - 1];
	return st->open == BLOCK_TOOL && fits(&st->tool, index, id) ? &st->tool : NULL;
}

/*
 * is_another - a piece with a name begins another call than the newest of its index where it has another
 * id or another name, or where both are whole. A name alone proves nothing: some providers repeat it with
 * every piece.
 */
static bool
is_another(const struct piece *last, const struct call *call)
{
	if (call->name.len == 0 || last->name.len == 0)
		return false;
	return (last->id.len > 0 && call->id.len > 0) || (last->whole && call->whole) ||
	    last->name.len != call->name.len ||
	    memcmp(last->name.p, call->name.p, call->name.len) != 0;
}

/* feed_call - by id, else the newest of the index, else a new one */
enum rc
feed_call(struct feed *f, const struct call *call, struct piece **out)
{
	struct piece *last = find_tool(f->st, call->index, NULL);
	struct piece *same = call->id.len > 0 ? find_tool(f->st, call->index, &call->id) : NULL;
	enum rc rc;

	*out = same != NULL ? same : last;
	if (same != NULL || (last != NULL && !is_another(last, call)))
		return RC_OK;
	if ((rc = wait_piece(f, BLOCK_TOOL, out)) == RC_OK)
		(*out)->index = call->index > 0 ? call->index : 0;
	return rc;
}

/* feed_open_first - its id and name are kept: pieces that come later may have them too */
void
feed_open_first(struct feed *f)
{
	struct stream *st = f->st;
	struct piece *p = st->waiting;

	if (st->open == BLOCK_TOOL || st->nwaiting == 0 || p->block != BLOCK_TOOL ||
	    p->name.len == 0)
		return;
	feed_open_tool(f, p);
	st->held -= TOOL_COST + p->text.len;
	st->tool = *p;
	buf_release(&st->tool.text);
	memmove(p, p + 1, --st->nwaiting * sizeof(*p));
}
