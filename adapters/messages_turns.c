/* messages_turns.c - the turns of a Messages request as the messages of chat/completions */
#include "adapters/messages_build.h"

/* begin - one more message */
static void
begin(struct build *b, const char *role)
{
	jwrite_put(&b->w, b->count++ > 0 ? ",{\"role\":\"" : "{\"role\":\"");
	jwrite_put(&b->w, role);
	jwrite_put(&b->w, "\"");
}

/* put_text_content - a string, or text blocks */
static enum rc
put_text_content(struct build *b, struct span content, const char *at)
{
	if (jscan_type(content) == 's')
		jwrite_compact(&b->w, content);
	else if (jscan_type(content) == 'a')
		return build_texts(b, content, JOINT, NULL, at);
	else
		return build_refuse(b, at, "must be a string or a list of text blocks");
	return b->w.rc;
}

/* has_items - a string that is not empty, or a list of anything but empty texts */
static bool
has_items(struct span content)
{
	struct span block;

	if (jscan_type(content) == 's')
		return !text_empty(content);
	for (size_t at = 0; jscan_next(content, &at, NULL, &block); )
		if (jscan_type(block) != 'o' || !block_empty(block))
			return true;
	return false;
}

/* put_system - a message of its own */
static enum rc
put_system(struct build *b, struct span content, const char *at)
{
	char type = jscan_type(content);
	enum rc rc;

	if (type == 0 || type == '0' || ((type == 's' || type == 'a') && !has_items(content)))
		return RC_OK;
	begin(b, "system");
	jwrite_put(&b->w, ",\"content\":");
	if ((rc = put_text_content(b, content, at)) != RC_OK)
		return rc;
	jwrite_put(&b->w, "}");
	return b->w.rc;
}

/* is_media - what a tool's message has no room for: it goes into the user's that follows */
static bool
is_media(struct span block)
{
	return block_is(block, "image") || block_is(block, "document");
}

/* what a walk over the parts of a turn does with each; n counts them */
struct visit {
	enum rc		(*see)(struct build *b, struct visit *v, struct span block, const char *at);
	size_t		 n;
	struct span	 last;
};

/* see_count - how many, and which one */
static enum rc
see_count(struct build *b, struct visit *v, struct span block, const char *at)
{
	(void)b;
	(void)at;
	v->last = block;
	v->n++;
	return RC_OK;
}

/* see_put - into the list */
static enum rc
see_put(struct build *b, struct visit *v, struct span block, const char *at)
{
	if (v->n++ > 0)
		jwrite_put(&b->w, ",");
	return build_part(b, block, at);
}

/* walk_media - of a tool's result */
static enum rc
walk_media(struct build *b, struct visit *v, struct span result, const char *at)
{
	struct span content = jscan_get(result, "content"), block;
	struct where list = build_member(at, "content");
	enum rc rc = RC_OK;
	size_t i = 0;

	if (jscan_type(content) != 'a')
		return RC_OK;
	for (size_t pos = 0; rc == RC_OK && jscan_next(content, &pos, NULL, &block); i++)
		if (is_media(block))
			rc = v->see(b, v, block, build_item(list.text, i).text);
	return rc;
}

/* walk_parts - every part that stays in the user's message, media of results among them */
static enum rc
walk_parts(struct build *b, struct visit *v, struct span content, const char *at)
{
	struct span block;
	enum rc rc = RC_OK;
	size_t i = 0;

	for (size_t pos = 0; rc == RC_OK && jscan_next(content, &pos, NULL, &block); i++) {
		struct where here = build_item(at, i);

		if (jscan_type(block) != 'o')
			return build_refuse(b, here.text, "must be an object");
		if (block_is(block, "tool_result"))
			rc = walk_media(b, v, block, here.text);
		else if (!block_empty(block))
			rc = v->see(b, v, block, here.text);
	}
	return rc;
}

/* put_result - a tool's message */
static enum rc
put_result(struct build *b, struct span block, const char *at)
{
	struct span id = jscan_get(block, "tool_use_id"), content = jscan_get(block, "content");
	char type = jscan_type(content);
	enum rc rc = RC_OK;

	if (jscan_type(id) != 's')
		return build_refuse(b, build_member(at, "tool_use_id").text, "must be a string");
	begin(b, "tool");
	jwrite_put(&b->w, ",\"tool_call_id\":");
	jwrite_compact(&b->w, id);
	jwrite_put(&b->w, ",\"content\":");
	if (type == 0 || type == '0')
		jwrite_put(&b->w, "\"\"");
	else if (type == 's')
		jwrite_compact(&b->w, content);
	else if (type == 'a')
		rc = build_texts(b, content, JOINT, is_media, build_member(at, "content").text);
	else
		rc = build_refuse(b, build_member(at, "content").text, "must be a string or a list");
	jwrite_put(&b->w, "}");
	return rc != RC_OK ? rc : b->w.rc;
}

/* put_results - the tools' messages come before the user's own words */
static enum rc
put_results(struct build *b, struct span content, const char *at)
{
	struct span block;
	enum rc rc = RC_OK;
	size_t i = 0;

	for (size_t pos = 0; rc == RC_OK && jscan_next(content, &pos, NULL, &block); i++)
		if (jscan_type(block) == 'o' && block_is(block, "tool_result"))
			rc = put_result(b, block, build_item(at, i).text);
	return rc;
}

/* put_user - results, then one message of what is left; one plain text stays a string */
static enum rc
put_user(struct build *b, struct span content, const char *at)
{
	struct visit count = { .see = see_count }, put = { .see = see_put };
	enum rc rc;

	if ((rc = put_results(b, content, at)) != RC_OK ||
	    (rc = walk_parts(b, &count, content, at)) != RC_OK || count.n == 0)
		return rc;
	begin(b, "user");
	jwrite_put(&b->w, ",\"content\":");
	if (count.n == 1 && block_is(count.last, "text") &&
	    jscan_type(jscan_get(count.last, "text")) == 's') {
		jwrite_compact(&b->w, jscan_get(count.last, "text"));
	} else {
		jwrite_put(&b->w, "[");
		if ((rc = walk_parts(b, &put, content, at)) != RC_OK)
			return rc;
		jwrite_put(&b->w, "]");
	}
	jwrite_put(&b->w, "}");
	return b->w.rc;
}

/* put_call - one tool_use as a tool call */
static enum rc
put_call(struct build *b, struct span block, const char *at)
{
	struct span id = jscan_get(block, "id"), name = jscan_get(block, "name");
	struct span input = jscan_get(block, "input");
	char type = jscan_type(input);

	if (jscan_type(id) != 's')
		return build_refuse(b, build_member(at, "id").text, "must be a string");
	if (jscan_type(name) != 's')
		return build_refuse(b, build_member(at, "name").text, "must be a string");
	if (type != 'o' && type != 0 && type != '0')
		return build_refuse(b, build_member(at, "input").text, "must be an object");
	jwrite_put(&b->w, "{\"id\":");
	jwrite_compact(&b->w, id);
	jwrite_put(&b->w, ",\"type\":\"function\",\"function\":{\"name\":");
	jwrite_compact(&b->w, name);
	jwrite_put(&b->w, ",\"arguments\":");
	if (type == 'o')
		jwrite_quoted(&b->w, input);
	else
		jwrite_put(&b->w, "\"{}\"");
	jwrite_put(&b->w, "}}");
	return b->w.rc;
}

/* put_calls - all of a turn */
static enum rc
put_calls(struct build *b, struct span content, const char *at)
{
	const char *lead = ",\"tool_calls\":[";
	struct span block;
	enum rc rc;
	size_t i = 0;

	for (size_t pos = 0; jscan_next(content, &pos, NULL, &block); i++) {
		if (!block_is(block, "tool_use"))
			continue;
		jwrite_put(&b->w, lead);
		lead = ",";
		if ((rc = put_call(b, block, build_item(at, i).text)) != RC_OK)
			return rc;
	}
	jwrite_put(&b->w, *lead == ',' && lead[1] == '\0' ? "]}" : "}");
	return b->w.rc;
}

/* not_said - what of an assistant's turn is no text: calls stand elsewhere, thoughts are dropped */
static bool
not_said(struct span block)
{
	return block_is(block, "tool_use") || block_is(block, "thinking") ||
	    block_is(block, "redacted_thinking");
}

/* put_assistant - its texts as one, then its calls; a turn of neither is dropped */
static enum rc
put_assistant(struct build *b, struct span content, const char *at)
{
	bool texts = false, calls = false;
	struct span block;
	enum rc rc;

	for (size_t pos = 0; jscan_next(content, &pos, NULL, &block); ) {
		calls = calls || block_is(block, "tool_use");
		texts = texts || (!not_said(block) && !block_empty(block));
	}
	if (!texts && !calls)
		return RC_OK;
	begin(b, "assistant");
	jwrite_put(&b->w, ",\"content\":");
	if (!texts)
		jwrite_put(&b->w, "null");
	else if ((rc = build_texts(b, content, "", not_said, at)) != RC_OK)
		return rc;
	return put_calls(b, content, at);
}

static const struct role_row {
	const char	*role;
	enum rc		(*put)(struct build *b, struct span list, const char *at);
} roles[] = {
	{ "user", put_user },
	{ "assistant", put_assistant },
	{ "system", put_system },
};

/* put_message - a string stays one; a message left empty is dropped */
static enum rc
put_message(struct build *b, const struct role_row *row, struct span content, const char *at)
{
	if (jscan_type(content) == 'a')
		return row->put(b, content, at);
	if (jscan_type(content) != 's')
		return build_refuse(b, at, "must be a string or a list");
	if (text_empty(content))
		return RC_OK;
	begin(b, row->role);
	jwrite_put(&b->w, ",\"content\":");
	jwrite_compact(&b->w, content);
	jwrite_put(&b->w, "}");
	return b->w.rc;
}

/* one_message - by its role */
static enum rc
one_message(struct build *b, struct span message, const char *at)
{
	struct where content = build_member(at, "content");

	if (jscan_type(message) != 'o')
		return build_refuse(b, at, "must be an object");
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (jscan_is(jscan_get(message, "role"), roles[i].role))
			return put_message(b, &roles[i], jscan_get(message, "content"),
			    content.text);
	return build_refuse(b, build_member(at, "role").text, "must be user, assistant or system");
}

/* build_messages - the list */
enum rc
build_messages(struct build *b, struct span system, struct span messages)
{
	struct span message;
	size_t i = 0, before;
	enum rc rc;

	jwrite_put(&b->w, "[");
	if ((rc = put_system(b, system, "system")) != RC_OK)
		return rc;
	before = b->count;
	for (size_t pos = 0; jscan_next(messages, &pos, NULL, &message); i++)
		if ((rc = one_message(b, message, build_item("messages", i).text)) != RC_OK)
			return rc;
	jwrite_put(&b->w, "]");
	if (b->count == before)
		return build_refuse(b, "messages", "nothing is left to send");
	return b->w.rc;
}
