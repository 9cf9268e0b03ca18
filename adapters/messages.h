/*
 * messages.h - Anthropic's Messages API as clients speak it: to Anthropic as it is, to others translated.
 *
 * Shapes  one file a step: messages_native.c forwards; messages_request.c, messages_answer.c and
 *         messages_stream.c (see messages_feed.h) translate to and from OpenAI's chat/completions;
 *         messages_whole.c makes a stream of an answer that is none; messages.c has the rows
 * Units   tokens, bytes
 * Errors  as adapter.h says of each slot
 * Owns    nothing but the state of a stream, freed by messages_stream_release()
 * Source  TRANSLATION.md 5; docs/MESSAGES.md, which is checked against fields[] of messages_request.c
 */
#ifndef ADAPTERS_MESSAGES_H
#define ADAPTERS_MESSAGES_H

#include "adapters/adapter.h"
#include "base/jwrite.h"

extern const struct adapter messages_to_anthropic;
extern const struct adapter messages_to_openai, messages_to_deepseek, messages_to_vllm,
    messages_to_ollama;
extern const struct adapter count_for_openai, count_for_deepseek, count_for_vllm, count_for_ollama;

/* the slots of the translation, see adapter.h */
enum rc messages_request(const struct adapter_call *call, struct adapter_request *out,
    struct error *err);
enum rc messages_response(const struct adapter_call *call, const char *body, size_t len,
    struct buf *out, struct usage *usage, struct error *err);
enum rc messages_event(const struct adapter_call *call, struct adapter_stream *s,
    const struct sse_event *event, struct buf *out, struct error *err);
enum rc messages_finish(const struct adapter_call *call, struct adapter_stream *s, struct buf *out,
    struct error *err);
void messages_stream_release(void *state);

/* messages_whole - a whole Message as the events of a stream, for a client whose stream has begun;
   RC_UPSTREAM: it is none, RC_TOO_LARGE */
enum rc messages_whole(const struct adapter_call *call, const char *body, size_t len, struct buf *out,
    struct error *err);

#define MESSAGES_STREAM_SIZE	256	/* bytes of a stream's state; messages_stream.c checks it */


/* messages_field - the name of the i-th member of a request that is known; NULL: there are no more */
const char *messages_field(size_t i);

/* messages_stop_reason - of a finish_reason; tools: the answer has tool_use blocks */
const char *messages_stop_reason(struct span finish_reason, bool tools);

/* messages_head - {"id":"msg_...","type":"message","role":"assistant","model":M: an answer's beginning;
   object is the provider's answer or chunk */
void messages_head(struct jwrite *w, const struct adapter_call *call, struct span object);

/* messages_tool_id - an id for a tool call that has none; block is its place in the answer */
void messages_tool_id(struct jwrite *w, const struct adapter_call *call, size_t block);

/* messages_usage - {"input_tokens",...}: clients demand two numbers, 0 where they are not known */
void messages_usage(struct jwrite *w, const struct usage *usage);

#endif
