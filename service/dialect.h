/*
 * dialect.h - what our own words look like on each inference path.
 *
 * Shapes  one row a group of paths: an error as a body, as an event of a stream, a sign of life, and
 *         a whole answer as the events of a stream that has begun
 * Units   bytes
 * Errors  of whole() alone; of the others none: what does not fit into the buffer is left out
 * Owns    nothing
 * Source  API.md 3 (errors, streaming), TRANSLATION.md 5; Anthropic's types by status are those of its
 *         API reference, "Errors"
 */
#ifndef SERVICE_DIALECT_H
#define SERVICE_DIALECT_H

#include "adapters/adapter.h"

struct dialect {
	unsigned	 apis;
	const char	*keepalive;	/* in a silent stream */
	/* a whole answer, where a stream has begun; RC_UPSTREAM: it is none, RC_TOO_LARGE */
	enum rc		(*whole)(const struct adapter_call *call, const char *body,
			    size_t len, struct buf *out, struct error *err);
	const char	*words;		/* where those events begin to tell of a failure; NULL: never */
	const char	*failed;	/* the event: line of an error in a stream; "": none */
	void		(*failure)(const struct failure *f, const char *request_id,
			    struct buf *out);	/* the error as a body */
	void		(*event)(const struct failure *f, const char *request_id,
			    struct buf *out);	/* the same as an event's data */
};

/* dialect_of - the row of a path; never NULL */
const struct dialect *dialect_of(enum api api);

/* dialect_event - append the failure as an event */
void dialect_event(const struct dialect *d, const struct failure *f, const char *request_id,
    struct buf *out);

#endif
