/*
 * openai.h - what an event of an OpenAI-compatible stream is, for those who read it.
 *
 * Shapes  one look at an event; spans are borrowed from it, p NULL where a member is absent. A whole
 *         answer as events, for a client whose stream has begun
 * Units   none
 * Errors  a failed stream has its failure filled, a garbled one err
 * Owns    nothing
 * Source  API.md 3, "Streaming"
 */
#ifndef ADAPTERS_OPENAI_H
#define ADAPTERS_OPENAI_H

#include "adapters/adapter.h"

enum openai_kind {
	OPENAI_NOTHING,			/* comments, blank lines */
	OPENAI_CHUNK,			/* chunk has its members */
	OPENAI_DONE,			/* [DONE] */
	OPENAI_FAILED,			/* an error: s->failed is set */
	OPENAI_GARBLED,			/* no JSON object: err says so, RC_UPSTREAM */
};

struct openai_chunk {			/* an event's object, and the members that tell us something */
	struct span	object;
	struct span	error, kind, type;	/* kind is its "object" */
	struct span	choices, usage, response;
};

enum openai_kind openai_look(const struct adapter_call *call, struct adapter_stream *s,
    const struct sse_event *event, struct openai_chunk *chunk, struct error *err);

/* openai_is_finish - is it a finish_reason; some servers write "" until there is one */
bool openai_is_finish(struct span reason);

/* openai_whole - a whole chat.completion as chunks and [DONE]; RC_UPSTREAM: it is none, RC_TOO_LARGE */
enum rc openai_whole(const struct adapter_call *call, const char *body, size_t len, struct buf *out,
    struct error *err);

/* openai_response_whole - a whole response as events, the last by its status; the same errors */
enum rc openai_response_whole(const struct adapter_call *call, const char *body, size_t len,
    struct buf *out, struct error *err);

#endif
