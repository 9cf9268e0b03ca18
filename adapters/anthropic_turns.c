/* anthropic_turns.c - messages: turns of user and assistant */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/anthropic.h"
#include "base/jsonx.h"

#define PLAIN "[{\"type\":\"text\",\"text\":"	/* a list of one text, up to its string */

static const struct { const char *name; enum role role; } roles[] = {
	{ "system", ROLE_SYSTEM },
	{ "developer", ROLE_SYSTEM },
	{ "user", ROLE_USER },
	{ "assistant", ROLE_ASSISTANT },
	{ "tool", ROLE_TOOL },
	{ "function", ROLE_FUNCTION },
};

struct run {				/* messages of one turn; a system message does not part them */
	struct cursor	first;
	size_t		end;		/* number behind the last one */
	bool		assistant;
};

/* a turn's messages are read once for what must stand first, and once for the rest */
enum phase { PHASE_FIRST, PHASE_REST, PHASE__MAX };

/* tr_role - by its name */
enum role
tr_role(struct translation *t, struct span message)
{
	struct span role;

	if (jscan_type(message) != 'o') {
		tr_refuse(t, "", "must be an object");
		return ROLE__NONE;
	}
	role = jscan_get(message, "role");
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (jscan_is(role, roles[i].name))
			return roles[i].role;
	tr_refuse(t, ".role", "must be system, developer, user, assistant, tool or function");
	return ROLE__NONE;
}

/* tr_next_message - one step */
bool
tr_next_message(struct translation *t, struct span messages, struct cursor *c, struct span *message)
{
	if (t->w.rc != RC_OK || !jscan_next(messages, &c->at, NULL, message))
		return false;
	tr_leave(t, 0);
	(void)tr_enter(t, "messages[%zu]", c->i++);
	return true;
}

/* --- turns and their blocks --- */

/* strip - a final assistant turn may not end in blank space */
static void
strip(struct translation *t, struct blocks *b)
{
	struct buf *body = &t->req->body;
	size_t solid, tail;

	if (b->text_len == 0)
		return;
	solid = tr_solid((struct span){ body->p + b->text, b->text_len });
	tail = body->len - b->text - b->text_len;
	memmove(body->p + b->text + solid, body->p + b->text + b->text_len, tail + 1);
	body->len -= b->text_len - solid;
	b->text_len = solid;
}

/* tr_blocks_end - "content":[{"type":"text","text":"hi"}] is written "content":"hi" */
void
tr_blocks_end(struct translation *t, struct blocks *b)
{
	struct buf *body = &t->req->body;
	size_t cut = sizeof(PLAIN) - 1;

	if (t->w.rc != RC_OK || b->n == 0)
		return;
	if (b->n > 1 || !b->plain) {
		tr_put(t, "]");
		return;
	}
	memmove(body->p + b->at, body->p + b->at + cut, body->len - b->at - cut);
	buf_shorten(body, body->len - cut - 1);
}

/* close_turn - what is open is whole */
static void
close_turn(struct translation *t, bool final)
{
	if (t->w.rc != RC_OK || !t->turn.open)
		return;
	if (final && t->turn.assistant)
		strip(t, &t->turn.blocks);
	tr_blocks_end(t, &t->turn.blocks);
	tr_put(t, "}");
	t->turn.open = false;
	t->turns++;
}

/* open_turn - the turn of who speaks now: the open one, or a new one */
static void
open_turn(struct translation *t)
{
	if (t->turn.open && t->turn.assistant == t->assistant)
		return;
	close_turn(t, false);
	t->turn = (struct turn){
		.open = true, .assistant = t->assistant, .blocks = { .lead = "", .turn = true }
	};
	if (t->assistant)
		t->uses_tools = t->thinks = false;
	tr_put(t, t->turns > 0 ? ",{\"role\":\"" : "{\"role\":\"");
	tr_put(t, t->assistant ? "assistant" : "user");
	tr_put(t, "\",\"content\":");
}

/* tr_block - the list begins with its first block: where none comes, nothing is written */
void
tr_block(struct translation *t, struct blocks *b)
{
	if (b->turn)
		open_turn(t);
	if (b->n == 0) {
		tr_put(t, b->lead);
		b->at = t->req->body.len;
	}
	tr_put(t, b->n++ == 0 ? "[" : ",");
	t->written++;
	b->text_len = 0;
	b->plain = b->cached = false;
}

/* tr_cache - in front of the block's last brace */
void
tr_cache(struct translation *t, struct blocks *b, struct span cache_control)
{
	if (t->w.rc != RC_OK || b->cached)
		return;
	buf_shorten(&t->req->body, t->req->body.len - 1);	/* without the block's brace */
	tr_put(t, ",\"cache_control\":");
	tr_span(t, cache_control);
	tr_put(t, "}");
	b->plain = false;
	b->cached = true;
}

/* --- what a message becomes --- */

/* write_thought - one block, if it may go back: signed, or redacted; only what Anthropic knows of it */
static void
write_thought(struct translation *t, struct span block)
{
	struct jscan_want want[] = {
		{ .name = "type" }, { .name = "thinking" }, { .name = "signature" }, { .name = "data" }
	};
	bool redacted;

	tr_members(block, want, sizeof(want) / sizeof(want[0]));
	redacted = jscan_is(want[0].value, "redacted_thinking");
	if (redacted ? !tr_has(t, want[3].value, 's', ".data")
	    : !tr_has(t, want[2].value, 's', ".signature") || jscan_is(want[2].value, ""))
		return;
	tr_block(t, &t->turn.blocks);
	if (redacted) {
		tr_put(t, "{\"type\":\"redacted_thinking\",\"data\":");
		tr_span(t, want[3].value);
	} else {
		tr_put(t, "{\"type\":\"thinking\",\"thinking\":");
		if (tr_has(t, want[1].value, 's', ".thinking"))
			tr_span(t, want[1].value);
		else
			tr_put(t, "\"\"");
		tr_put(t, ",\"signature\":");
		tr_span(t, want[2].value);
	}
	tr_put(t, "}");
	t->thinks = true;
}

/* write_thinking - unsigned thinking is never sent */
static void
write_thinking(struct translation *t, struct span blocks)
{
	struct span block;
	size_t at = 0, j = 0, was;

	if (!tr_has(t, blocks, 'a', ".thinking_blocks"))
		return;
	for (; t->w.rc == RC_OK && jscan_next(blocks, &at, NULL, &block); tr_leave(t, was)) {
		was = tr_enter(t, ".thinking_blocks[%zu]", j++);
		if (jscan_type(block) == 'o')
			write_thought(t, block);
		else
			tr_refuse(t, "", "must be an object");
	}
}

/* write_input - arguments are JSON in a string; below it stands in the field in hand */
static void
write_input(struct translation *t, struct span arguments, const char *below)
{
	const struct jscan_opts opts = { JSONX_DEPTH, 0 };
	struct span object;
	struct error why;
	char *text;
	size_t len;

	if (!tr_has(t, arguments, 's', below) || tr_blank(tr_inside(arguments))) {
		tr_put(t, "{}");
		return;
	}
	text = jscan_text(arguments, &len);
	if (jscan_object(text, len, &opts, NULL, 0, &object, &why) == RC_OK)
		tr_span(t, object);
	else
		tr_refuse(t, below, "must be a JSON object: %s", why.msg);
	free(text);
}

/* write_use - a tool_use block; id is the caller's string, or NULL for ours */
static void
write_use(struct translation *t, struct span id, struct span function, const char *below)
{
	struct jscan_want want[] = { { .name = "name" }, { .name = "arguments" } };
	size_t was;

	tr_members(function, want, 2);
	tr_block(t, &t->turn.blocks);
	tr_put(t, "{\"type\":\"tool_use\",\"id\":");
	if (id.p != NULL)
		tr_span(t, id);
	else
		jwrite_str(&t->w, t->function_id);
	was = tr_enter(t, "%s", below);
	tr_put(t, ",\"name\":");
	tr_tool_name(t, want[0].value, ".name");
	tr_put(t, ",\"input\":");
	write_input(t, want[1].value, ".arguments");
	tr_put(t, "}");
	tr_leave(t, was);
	t->uses_tools = true;
}

/* write_tool_calls - after the message's text */
static void
write_tool_calls(struct translation *t, struct span calls)
{
	struct span call, type;
	size_t at = 0, j = 0, was;

	if (!tr_has(t, calls, 'a', ".tool_calls"))
		return;
	for (; t->w.rc == RC_OK && jscan_next(calls, &at, NULL, &call); tr_leave(t, was)) {
		struct jscan_want want[] = {
			{ .name = "id" }, { .name = "type" }, { .name = "function" }
		};

		was = tr_enter(t, ".tool_calls[%zu]", j++);
		if (jscan_type(call) != 'o') {
			tr_refuse(t, "", "must be an object");
			continue;
		}
		tr_members(call, want, 3);
		type = want[1].value;
		if (tr_has(t, type, 's', ".type") && !jscan_is(type, "function"))
			tr_refuse(t, ".type", "must be function");
		else if (!tr_has(t, want[0].value, 's', ".id"))
			tr_refuse(t, ".id", "is required");
		else if (!tr_has(t, want[2].value, 'o', ".function"))
			tr_refuse(t, ".function", "is required");
		else
			write_use(t, want[0].value, want[2].value, ".function");
	}
}

/* write_assistant - thinking first, then text, then tools */
static void
write_assistant(struct translation *t, struct span message, size_t i, enum phase phase)
{
	struct jscan_want want[] = {
		{ .name = "content" }, { .name = "refusal" }, { .name = "tool_calls" },
		{ .name = "function_call" }, { .name = "audio" },
	};

	if (phase == PHASE_FIRST) {
		write_thinking(t, jscan_get(message, "thinking_blocks"));
		return;
	}
	tr_members(message, want, sizeof(want) / sizeof(want[0]));
	tr_content(t, &t->turn.blocks, want[0].value, IN_ASSISTANT);
	if (tr_has(t, want[1].value, 's', ".refusal"))
		tr_text(t, &t->turn.blocks, want[1].value);
	if (tr_has(t, want[4].value, 'o', ".audio"))
		tr_refuse(t, ".audio", "can't be sent to Anthropic");
	write_tool_calls(t, want[2].value);
	if (!tr_has(t, want[3].value, 'o', ".function_call"))
		return;
	(void)snprintf(t->function_id, sizeof(t->function_id), "function_%zu", i);
	write_use(t, (struct span){ NULL, 0 }, want[3].value, ".function_call");
}

/* write_result - a tool_result block; text that is a string stays as it is */
static void
write_result(struct translation *t, struct span message, enum role role)
{
	struct jscan_want want[] = { { .name = "content" }, { .name = "tool_call_id" } };
	struct blocks inner = { .lead = ",\"content\":" };

	tr_members(message, want, 2);
	if (role == ROLE_TOOL && !tr_has(t, want[1].value, 's', ".tool_call_id"))
		tr_refuse(t, ".tool_call_id", "is required");
	if (role == ROLE_FUNCTION && t->function_id[0] == '\0')
		tr_refuse(t, ".role", "no function_call stands before it");
	tr_block(t, &t->turn.blocks);
	tr_put(t, "{\"type\":\"tool_result\",\"tool_use_id\":");
	if (role == ROLE_TOOL)
		tr_span(t, want[1].value);
	else
		jwrite_str(&t->w, t->function_id);
	if (jscan_type(want[0].value) == 's') {
		tr_put(t, inner.lead);
		tr_span(t, want[0].value);
	} else {
		tr_content(t, &inner, want[0].value, IN_RESULT);
		tr_blocks_end(t, &inner);
	}
	tr_put(t, "}");
}

/* write_message - its share of the turn; its cache_control goes to the last block that it wrote */
static void
write_message(struct translation *t, struct span message, size_t i, enum role role,
    enum phase phase)
{
	size_t before = t->turn.open && t->turn.assistant == t->assistant ? t->turn.blocks.n : 0;
	struct span cache;

	if (role == ROLE_ASSISTANT)
		write_assistant(t, message, i, phase);
	else if (role == ROLE_USER && phase == PHASE_REST)
		tr_content(t, &t->turn.blocks, jscan_get(message, "content"), IN_USER);
	else if (role != ROLE_USER && phase == PHASE_FIRST)
		write_result(t, message, role);
	if ((phase == PHASE_FIRST && role == ROLE_ASSISTANT) || t->w.rc != RC_OK)
		return;				/* Anthropic takes none on thinking */
	cache = jscan_get(message, "cache_control");
	if (tr_has(t, cache, 'o', ".cache_control") && t->turn.open &&
	    t->turn.assistant == t->assistant && t->turn.blocks.n > before)
		tr_cache(t, &t->turn.blocks, cache);
}

/* next_run - the messages up to the next change of who speaks */
static bool
next_run(struct translation *t, struct span messages, struct cursor *c, struct run *run)
{
	bool found = false, assistant;
	struct cursor here = *c;
	struct span message;
	enum role role;

	for (; tr_next_message(t, messages, &here, &message); *c = here) {
		if ((role = tr_role(t, message)) == ROLE_SYSTEM || t->w.rc != RC_OK)
			continue;
		assistant = role == ROLE_ASSISTANT;
		if (found && assistant != run->assistant)
			break;
		if (!found)
			*run = (struct run){ .first = *c, .assistant = assistant };
		found = true;
		run->end = here.i;
	}
	return found && t->w.rc == RC_OK;
}

/* write_run - what must stand first, then the rest */
static void
write_run(struct translation *t, struct span messages, const struct run *run)
{
	struct cursor c;
	struct span message;
	enum role role;

	t->assistant = run->assistant;
	for (enum phase phase = PHASE_FIRST; phase < PHASE__MAX; phase++) {
		c = run->first;
		while (c.i < run->end && tr_next_message(t, messages, &c, &message)) {
			role = tr_role(t, message);
			if (role != ROLE_SYSTEM && role != ROLE__NONE)
				write_message(t, message, c.i - 1, role, phase);
		}
	}
}

/* tr_messages - the list was checked to be one */
void
tr_messages(struct translation *t, struct span messages)
{
	struct cursor c = { 0, 0 };
	struct run run;

	t->turn.blocks.turn = true;
	tr_system(t, messages);
	tr_put(t, ",\"messages\":[");
	while (next_run(t, messages, &c, &run))
		write_run(t, messages, &run);
	close_turn(t, true);
	tr_leave(t, 0);
	tr_put(t, "]");
	if (t->turns == 0)
		tr_refuse(t, ".messages", "hold no text, image or tool result of a user or assistant");
}
