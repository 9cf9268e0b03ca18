/*
 * messages.h - Anthropic's Messages API as clients speak it: to Anthropic as it is, to others translated.
 *
 * Shapes  one file a step: messages_native.c forwards; messages_request.c, messages_answer.c and
 *         messages_stream.c translate to and from OpenAI's chat/completions; messages.c has the rows
 * Units   tokens, bytes
 * Errors  as adapter.h says of each slot
 * Owns    nothing but the state of a stream, freed by messages_stream_release()
 * Source  TRANSLATION.md 5; docs/TRANSLATION.md
 */
#ifndef ADAPTERS_MESSAGES_H
#define ADAPTERS_MESSAGES_H

#include "adapters/adapter.h"
#include "base/jwrite.h"

extern const struct adapter messages_to_anthropic;

#endif
