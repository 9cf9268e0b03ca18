/*
 * anthropic.h - what the files of the translator between OpenAI's chat/completions and Anthropic's
 * Messages share; for all others adapter.h is enough.
 *
 * Shapes  a request is written into the provider's body as it is read: nothing of the caller's is kept
 *         but spans of its bytes, and strings, numbers and schemas pass as they are spelled. A stream
 *         holds no more than one event of the provider, and the thinking of the block in hand
 * Units   bytes, tokens
 * Errors  the first fault stays in the writer, with err and (a request's) the field's name for the caller;
 *         after it nothing is written, so that a function need not look at what it has called
 * Owns    anthropic_stream_release() frees a stream's state; all else is borrowed
 * Source  docs/TRANSLATION.md
 */
#ifndef ADAPTERS_ANTHROPIC_H
#define ADAPTERS_ANTHROPIC_H

#include "adapters/adapter.h"
#include "base/jwrite.h"

/* --- the request: where it stands --- */

struct blocks {				/* a list of content blocks that is being written */
	const char	*lead;		/* what stands before it, written with the first block */
	bool		 turn;		/* it is the turn's: its lead depends on who speaks */
	size_t		 n;
	size_t		 at;		/* in the body: its '[' */
	size_t		 text;		/* in the body: the last block's text, inside its quotes */
	size_t		 text_len;	/* 0: the last block is no text */
	bool		 plain;		/* the last block is text and nothing more */
	bool		 cached;	/* the last block has its cache_control */
};

struct turn {				/* one entry of the provider's messages */
	bool		 open;
	bool		 assistant;
	struct blocks	 blocks;
};

struct translation {
	const struct adapter_call *call;
	struct adapter_request	*req;
	struct jwrite		 w;		/* on the request's body */
	char			 at[FAILURE_TEXT];	/* the field in hand: "messages[2].content[0]" */
	bool			 assistant;	/* who speaks in the message in hand */
	struct turn		 turn;
	size_t			 turns;		/* closed ones */
	size_t			 written;	/* blocks, of all lists */
	bool			 uses_tools, thinks;	/* the last assistant turn has such blocks */
	char			 function_id[32];	/* of the last legacy function_call; "": none */
};

/* --- anthropic_write.c: reading and writing, and the first fault --- */

void tr_put(struct translation *t, const char *text);
void tr_span(struct translation *t, struct span bytes);

/* tr_enter - go on to a field of the field in hand; tr_leave() goes back to where that was */
size_t tr_enter(struct translation *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void tr_leave(struct translation *t, size_t was);

/* tr_refuse - the field in hand, or one below it (".type", ""), can't be translated */
void tr_refuse(struct translation *t, const char *below, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* tr_has - the value is there and not null; what is not of the type (jscan_type's letter, 'b' for true
   or false) is refused as the field below the one in hand */
bool tr_has(struct translation *t, struct span value, char type, const char *below);

/* tr_members - the wanted members of an object, in one walk over it */
void tr_members(struct span object, struct jscan_want *want, size_t n);

/* tr_inside - a string without its quotes */
struct span tr_inside(struct span string);

/* tr_solid - how much of a string's inside is left without blank space at its end; 0: all blank */
size_t tr_solid(struct span inside);

/* tr_blank - nothing but blank space */
bool tr_blank(struct span inside);

/* --- anthropic_system.c, anthropic_turns.c: messages --- */

enum role { ROLE_SYSTEM, ROLE_USER, ROLE_ASSISTANT, ROLE_TOOL, ROLE_FUNCTION, ROLE__NONE };

struct cursor {				/* a place in messages */
	size_t	at;			/* for jscan_next() */
	size_t	i;			/* the next message's number */
};

/* tr_next_message - one step; t->at names the message until the next step */
bool tr_next_message(struct translation *t, struct span messages, struct cursor *c,
    struct span *message);

/* tr_role - of a message; ROLE__NONE was refused */
enum role tr_role(struct translation *t, struct span message);

/* tr_system - "system", where there is any */
void tr_system(struct translation *t, struct span messages);

/* tr_messages - "system" (where there is any) and "messages" */
void tr_messages(struct translation *t, struct span messages);

/* tr_block - begin a block of the list; the caller writes it, braces and all */
void tr_block(struct translation *t, struct blocks *b);

/* tr_blocks_end - one plain text becomes a string, else the list is closed */
void tr_blocks_end(struct translation *t, struct blocks *b);

/* tr_cache - put cache_control into the block that was written last, unless it has its own */
void tr_cache(struct translation *t, struct blocks *b, struct span cache_control);

/* --- anthropic_parts.c: content --- */

enum part_place { IN_USER = 1, IN_ASSISTANT = 2, IN_RESULT = 4 };

/* tr_text - a text block, unless it is blank */
void tr_text(struct translation *t, struct blocks *b, struct span string);

/* tr_content - a message's content, be it a string or a list of parts */
void tr_content(struct translation *t, struct blocks *b, struct span content, enum part_place place);

/* --- anthropic_tools.c, anthropic_schema.c --- */

/* tr_tools - tools, and functions after them; how many there are */
size_t tr_tools(struct translation *t, struct span tools, struct span functions);

/* tr_tool_choice - force_auto: a forced choice becomes auto */
void tr_tool_choice(struct translation *t, struct span choice, struct span function_call,
    struct span parallel, bool force_auto);

/* tr_tool_name - write it, if Anthropic takes it */
void tr_tool_name(struct translation *t, struct span name, const char *below);

/* tr_closed_schema - a schema whose objects all have "additionalProperties":false */
void tr_closed_schema(struct translation *t, struct span schema);

/* --- anthropic_request.c: the fields of a request, and what becomes of each --- */

enum field_fate {
	FIELD_MAPPED,
	FIELD_HONOURED,			/* by mcpd itself */
	FIELD_IGNORED,
	FIELD_REFUSED,
	FIELD_FORBIDDEN,		/* it would choose where the key goes */
};

struct anthropic_field {
	const char	*name;
	enum field_fate	 fate;
};

extern const struct anthropic_field anthropic_fields[];	/* ends with a name NULL */

enum rc anthropic_request(const struct adapter_call *call, struct adapter_request *out,
    struct error *err);

/* --- anthropic_response.c --- */

struct anthropic_usage {		/* as the provider counts; -1: it did not say */
	int64_t	input, output, cache_creation, cache_read;
};

#define ANTHROPIC_USAGE_NONE (struct anthropic_usage){ -1, -1, -1, -1 }

/* anthropic_usage_read - replace the counts that are there, keep the others */
void anthropic_usage_read(struct span usage, struct anthropic_usage *u);

/* anthropic_usage_known - does it say anything */
bool anthropic_usage_known(const struct anthropic_usage *u);

/* anthropic_usage_book - the same for the books */
struct usage anthropic_usage_book(const struct anthropic_usage *u);

/* anthropic_usage_write - as OpenAI shows it */
void anthropic_usage_write(struct jwrite *w, const struct anthropic_usage *u);

/* anthropic_head - id, object, created and model, as the provider gives them */
void anthropic_head(struct jwrite *w, const struct adapter_call *call, struct span id,
    struct span model, const char *object);

/* anthropic_finish_reason - OpenAI's word for a stop_reason */
const char *anthropic_finish_reason(struct span stop_reason);

/* anthropic_tool_call - a call's members up to its arguments, a string that the caller writes, and the
   braces after it; RC_UPSTREAM: the block has no id or no name */
void anthropic_tool_call(struct jwrite *w, struct span id, struct span name);

enum rc anthropic_response(const struct adapter_call *call, const char *body, size_t len,
    struct buf *out, struct usage *usage, struct error *err);

/* --- anthropic_stream.c --- */

enum block_kind { BLOCK_OTHER, BLOCK_THINKING, BLOCK_REDACTED, BLOCK_TOOL };

struct stream_block {			/* a content block between its start and its stop */
	long long	index;		/* the provider's */
	enum block_kind	kind;
	size_t		tool;		/* BLOCK_TOOL: number among the tools */
	bool		argued;		/* BLOCK_TOOL: its arguments are being sent */
	struct buf	held;		/* for its stop: thinking or redacted data, the inside of a
					   string; a tool's first input */
	struct buf	signature;	/* the inside of a string */
};

struct anthropic_stream {
	bool			 begun;		/* message_start came */
	struct buf		 head;		/* what every chunk begins with, up to its delta */
	size_t			 head_len;	/* of it, up to "choices" */
	struct anthropic_usage	 usage;
	const char		*finish;	/* NULL: no stop_reason came */
	size_t			 tools;		/* that have begun */
	struct stream_block	*blocks;	/* the open ones */
	size_t			 nblocks;
};

enum rc anthropic_event(const struct adapter_call *call, struct adapter_stream *s,
    const struct sse_event *event, struct buf *out, struct error *err);
enum rc anthropic_finish(const struct adapter_call *call, struct adapter_stream *s, struct buf *out,
    struct error *err);
void anthropic_stream_release(void *state);

#endif
