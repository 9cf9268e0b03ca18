/*
 * messages_build.h - a chat/completions request in the making, out of a Messages request.
 *
 * Shapes  JSON text is written from pieces of the caller's; blocks are spans of objects, where names a
 *         field as a refusal tells it: "messages[0].content[2].type"
 * Units   bytes
 * Errors  RC_INVALID: adapter_request.param has the field. What was written then is of no use
 * Owns    nothing
 * Source  TRANSLATION.md 5
 */
#ifndef ADAPTERS_MESSAGES_BUILD_H
#define ADAPTERS_MESSAGES_BUILD_H

#include "adapters/messages.h"

#define JOINT	"\\n\\n"		/* between texts where the provider takes one string */

struct build {
	const struct adapter_call	*call;
	struct adapter_request		*out;
	struct jwrite			 w;
	struct error			*err;
	size_t				 count;	/* messages written */
};

struct where {
	char	text[FAILURE_TEXT];
};

/* build_item - "messages[3]"; build_member - "messages[3].role" */
struct where build_item(const char *list, size_t i);
struct where build_member(const char *object, const char *name);

enum rc build_refuse(struct build *b, const char *where, const char *why);

/* build_refuse_type - a block that the other side has no word for */
enum rc build_refuse_type(struct build *b, const char *at);

bool block_is(struct span block, const char *type);
bool block_empty(struct span block);		/* a text block without text */
bool text_empty(struct span string);		/* "" */

/* build_texts - the text blocks of a list as one string; others are refused, unless elsewhere() says
   that another place has them */
enum rc build_texts(struct build *b, struct span list, const char *joint,
    bool (*elsewhere)(struct span block), const char *at);

/* build_part - a text, an image or a document of a user's turn */
enum rc build_part(struct build *b, struct span block, const char *at);

/* build_messages - system (may be absent) and messages as a list; refused when none is left */
enum rc build_messages(struct build *b, struct span system, struct span messages);

#endif
