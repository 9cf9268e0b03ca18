/*
 * messages_feed.h - a Messages stream in the making, out of chunks of chat/completions.
 *
 * Shapes  one file a step: messages_stream.c reads the chunks, messages_wait.c keeps what can't be said
 *         yet, messages_events.c writes the events. Blocks never overlap: one is open, or none
 * Units   bytes
 * Errors  RC_TOO_LARGE: the output is full; RC_UPSTREAM: too much waits, or it can't be said
 * Owns    messages_stream_release() frees what waits
 * Source  TRANSLATION.md 5
 */
#ifndef ADAPTERS_MESSAGES_FEED_H
#define ADAPTERS_MESSAGES_FEED_H

#include "adapters/messages.h"

enum block { BLOCK_NONE, BLOCK_THINKING, BLOCK_TEXT, BLOCK_TOOL };

/*
 * The open tool, or one thing to be said after it: blocks never overlap, and a tool's block is closed by
 * the end alone, as more of its arguments may come until then. Texts are the insides of JSON strings.
 */
struct piece {
	enum block	 block;
	struct buf	 text;		/* arguments, or what is said */
	/* of a tool */
	struct buf	 id, name;
	long long	 index;		/* the provider's */
	bool		 argued;	/* it has arguments */
	bool		 whole;		/* all came in one piece */
};

struct stream {
	bool		 started;	/* message_start is out */
	bool		 finished;	/* a finish_reason came: all blocks are closed */
	bool		 tools;		/* a tool's block was opened */
	enum block	 open;
	struct piece	 tool;		/* with BLOCK_TOOL: its text is out */
	int64_t		 blocks;	/* opened so far: the next one's index */
	const char	*stop_reason;	/* with finished */
	struct piece	*waiting;
	size_t		 nwaiting;
	size_t		 held;		/* bytes of them */
};

struct feed {				/* one event on its way */
	const struct adapter_call *call;
	struct adapter_stream	*s;
	struct stream		*st;
	struct jwrite		 w;
	struct error		*err;
};

/* --- messages_events.c --- */

/* feed_event - an event and its data up to its own members; feed_event_end() is behind them */
void feed_event(struct feed *f, const char *type);
void feed_event_end(struct feed *f);

/* feed_start - message_start, once; what a prompt cost is told at the end */
void feed_start(struct feed *f, struct span chunk);

/* feed_say - thinking or text, the inside of a string: its block is opened by its first real piece */
void feed_say(struct feed *f, enum block block, const char *p, size_t n);

/* feed_open_tool - id, name and what came of its arguments */
void feed_open_tool(struct feed *f, const struct piece *p);

/* feed_delta - a piece of the open block, the inside of a string; nothing for none */
void feed_delta(struct feed *f, const char *p, size_t n);

/* feed_close - the open block, if any */
void feed_close(struct feed *f);

/* --- messages_wait.c --- */

/* feed_wait_text - said while a tool is open: behind all that waits already */
enum rc feed_wait_text(struct feed *f, enum block block, struct span inside);

struct call {				/* a piece of a tool call; all are insides of strings */
	long long	 index;		/* -1: the provider gives none */
	struct span	 id, name;	/* len 0: not said */
	bool		 whole;		/* it has a name and all arguments */
};

/*
 * feed_call - the tool that a piece of a call belongs to: &st->tool, one that waits, or a new one. The
 * index says it, and id and name where the provider gives several calls one index (0, mostly).
 */
enum rc feed_call(struct feed *f, const struct call *call, struct piece **out);

/* feed_wait_add - to a text that waits, the inside of a string */
enum rc feed_wait_add(struct feed *f, struct buf *text, struct span inside);

/* feed_open_first - the tool that waits first, if no other is open and its name is known */
void feed_open_first(struct feed *f);

/* feed_say_waiting - all of it, in its order; nothing can be added to it any more */
enum rc feed_say_waiting(struct feed *f);

#endif
