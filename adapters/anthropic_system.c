/* anthropic_system.c - system and developer messages, wherever they stand */
#include "adapters/anthropic.h"

enum system_mode { SYSTEM_LOOK, SYSTEM_STRING, SYSTEM_BLOCKS };

struct system {
	enum system_mode mode;
	size_t		 n;		/* texts that were seen or written */
	bool		 cached;	/* one of them has cache_control */
	struct blocks	 blocks;
};

/* system_text - one text, in the way of the mode */
static void
system_text(struct translation *t, struct system *s, struct span string, struct span cache)
{
	struct span inside = tr_inside(string);

	if (tr_blank(inside))
		return;
	if (tr_has(t, cache, 'o', ".cache_control"))
		s->cached = true;
	if (s->mode == SYSTEM_BLOCKS) {
		tr_text(t, &s->blocks, string);
		if (tr_has(t, cache, 'o', ".cache_control"))
			tr_cache(t, &s->blocks, cache);
	} else if (s->mode == SYSTEM_STRING) {
		tr_put(t, s->n > 0 ? "\\n\\n" : ",\"system\":\"");
		tr_span(t, inside);
	}
	s->n++;
}

/* last_solid - where the last part ends that is not dropped as blank; 0: there is none */
static size_t
last_solid(struct span content)
{
	struct span part, text;
	size_t last = 0;

	for (size_t at = 0; jscan_next(content, &at, NULL, &part); ) {
		text = jscan_get(part, "text");
		if (jscan_type(text) == 's' && !tr_blank(tr_inside(text)))
			last = at;
	}
	return last;
}

/* system_parts - text alone; the message's own cache_control is for the last part that is sent */
static void
system_parts(struct translation *t, struct system *s, struct span content, struct span cache)
{
	struct span part, own;
	size_t at = 0, j = 0, was, last = last_solid(content);

	while (t->w.rc == RC_OK && jscan_next(content, &at, NULL, &part)) {
		was = tr_enter(t, ".content[%zu]", j++);
		if (jscan_type(part) != 'o' || !jscan_is(jscan_get(part, "type"), "text")) {
			tr_refuse(t, jscan_type(part) == 'o' ? ".type" : "",
			    "a system message holds text alone");
		} else if (!tr_has(t, jscan_get(part, "text"), 's', ".text")) {
			tr_refuse(t, ".text", "is required");
		} else {
			own = jscan_get(part, "cache_control");
			if (at == last && (own.p == NULL || jscan_type(own) == '0'))
				own = cache;
			system_text(t, s, jscan_get(part, "text"), own);
		}
		tr_leave(t, was);
	}
}

/* system_pass - all system messages, wherever they stand */
static void
system_pass(struct translation *t, struct system *s, struct span messages)
{
	struct cursor c = { 0, 0 };
	struct span message, content, cache;

	while (tr_next_message(t, messages, &c, &message)) {
		if (tr_role(t, message) != ROLE_SYSTEM)
			continue;
		content = jscan_get(message, "content");
		cache = jscan_get(message, "cache_control");
		if (jscan_type(content) == 's')
			system_text(t, s, content, cache);
		else if (jscan_type(content) == 'a')
			system_parts(t, s, content, cache);
		else if (jscan_type(content) != 0 && jscan_type(content) != '0')
			tr_refuse(t, ".content", "must be a string or a list of parts");
	}
}

/* tr_system - a string, or blocks where a text is to be cached; no text, no member */
void
tr_system(struct translation *t, struct span messages)
{
	struct system look = { .mode = SYSTEM_LOOK };
	struct system s = { .blocks = { .lead = ",\"system\":" } };

	system_pass(t, &look, messages);
	if (look.n == 0)
		return;
	s.mode = look.cached ? SYSTEM_BLOCKS : SYSTEM_STRING;
	system_pass(t, &s, messages);
	tr_put(t, look.cached ? "]" : "\"");
}
