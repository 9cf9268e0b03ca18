/*
 * sse.h - split a byte stream into server-sent events, keeping the bytes they came in.
 *
 * Shapes  fed bytes cut anywhere; gives events: name (the last event: field, NULL if none), data
 *         (NUL-terminated, data: lines joined by \n, NULL if there was no data: line) and raw, the
 *         exact bytes of the block with its comments and its blank line. The raw bytes of all
 *         events, in order, are the stream. Line ends LF, CRLF, CR; a byte order mark at the start
 *         is skipped in data, kept in raw unless late; "event:x" and "event: x" are the same. Events don't
 *         depend on where the bytes were cut: a block whose blank line ends in CR waits for the
 *         next byte, which may be its LF, unless the line before ended in a CR alone
 * Units   bytes; max is the most one event may hold, raw
 * Errors  RC_TOO_LARGE past max (the parser is then dead); else what the callback returned
 * Owns    sse_release() frees; an event is borrowed during the callback
 * Source  WHATWG HTML, 9.2.6 "Interpreting an event stream"
 */
#ifndef ADAPTERS_SSE_H
#define ADAPTERS_SSE_H

#include <stdbool.h>

#include "base/buf.h"

struct sse_event {
	const char	*name;		/* NULL: no event: line */
	const char	*data;		/* NULL: a block of comments or blank lines */
	size_t		 data_len;
	const char	*raw;
	size_t		 raw_len;
	bool		 whole;		/* ended by a blank line (false: by sse_end()) */
};

typedef enum rc sse_fn(void *arg, const struct sse_event *event, struct error *err);

struct sse {
	struct buf	raw;		/* the block that is being read, across feeds */
	struct buf	data, name;
	size_t		max;		/* of one block */
	size_t		line;		/* where in the block's bytes the current line begins */
	size_t		seen;		/* how far they were looked at */
	bool		late;		/* set by the caller: its reader had bytes of another
					   before these, behind which a mark spoils a line */
	bool		has_data, has_name;
	bool		after_cr;	/* a line ended by CR: an LF now belongs to it */
	bool		held;		/* so did a blank line: the block waits for that LF */
	bool		begun;		/* the stream's first line is behind us */
	enum rc		dead;		/* what a feed failed with */
};

void sse_init(struct sse *s, size_t max);
enum rc sse_feed(struct sse *s, const char *p, size_t n, sse_fn *fn, void *arg, struct error *err);

/* sse_end - the body ended: what is left without a blank line is given as an event (whole false) */
enum rc sse_end(struct sse *s, sse_fn *fn, void *arg, struct error *err);
void sse_release(struct sse *s);

#endif
