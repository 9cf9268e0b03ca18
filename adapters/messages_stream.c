/* messages_stream.c - chunks of chat/completions as the events of a Messages stream */
#include <stdlib.h>

#include "adapters/messages_feed.h"
#include "adapters/openai.h"
#include "base/jsonx.h"
#include "base/jtext.h"

#define QUOTED_MAX(len)	((len) * 2 + 2)	/* bytes of JSON text as a string: its quotes and '\\' doubled */

_Static_assert(sizeof(struct stream) <= MESSAGES_STREAM_SIZE, "a stream's state");

/* has_text - a string that is not empty */
static bool
has_text(struct span value)
{
	return jscan_type(value) == 's' && value.len > 2;
}

/* inside - a string without its quotes; no string: nothing */
static struct span
inside(struct span string)
{
	if (jscan_type(string) != 's')
		return (struct span){ "", 0 };
	return (struct span){ string.p + 1, string.len - 2 };
}

/* take_text - thinking or text of a delta */
static enum rc
take_text(struct feed *f, enum block block, struct span string)
{
	if (!has_text(string))
		return RC_OK;
	if (f->st->open == BLOCK_TOOL || f->st->nwaiting > 0)
		return feed_wait_text(f, block, inside(string));
	feed_say(f, block, string.p + 1, string.len - 2);
	return f->w.rc;
}

/* take_content - a string; some providers give a list of parts */
static enum rc
take_content(struct feed *f, struct span content)
{
	struct span part;
	enum rc rc = take_text(f, BLOCK_TEXT, content);

	if (jscan_type(content) == 'a')
		for (size_t at = 0; rc == RC_OK && jscan_next(content, &at, NULL, &part); )
			if (jscan_is(jscan_get(part, "type"), "text"))
				rc = take_text(f, BLOCK_TEXT, jscan_get(part, "text"));
	return rc;
}

/* is_whole - arguments that need no other piece */
static bool
is_whole(struct span arguments)
{
	const struct jscan_opts opts = { JSONX_DEPTH, 0 };
	struct span object;
	struct error why;
	size_t len = 0;
	char *text = jscan_text(arguments, &len);
	bool whole = text != NULL &&
	    jscan_object(text, len, &opts, NULL, 0, &object, &why) == RC_OK;

	free(text);
	return whole || jscan_type(arguments) == 'o';
}

/* skip_blank - without the blank space in front, escaped or not: no arguments must not become some */
static struct span
skip_blank(struct span text)
{
	const char *p = text.p, *end = p + text.len, *solid = p;
	uint32_t c;

	while (p < end) {
		c = *p == '\\' ? jtext_escape(&p, end) : (unsigned char)*p++;
		if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
			break;
		solid = p;
	}
	return (struct span){ solid, (size_t)(end - solid) };
}

/* arguments_of - a piece of them as the inside of a string; some providers give the object itself, whose
   text goes to scratch: one without members says no more than that there are none */
static struct span
arguments_of(const struct piece *p, struct span part, struct buf *scratch)
{
	struct jwrite w = JWRITE_INIT(scratch, NULL);
	struct span first;
	size_t at = 0;

	if (jscan_type(part) == 'o' && jscan_next(part, &at, NULL, &first)) {
		jwrite_quoted(&w, part);
		part = (struct span){ scratch->p, scratch->len };
	}
	return p->argued ? inside(part) : skip_blank(inside(part));
}

/* add_call - a piece to the open tool's block, or to a tool that waits */
static enum rc
add_call(struct feed *f, struct piece *p, const struct call *call, struct span part)
{
	enum rc rc;

	p->argued = p->argued || part.len > 0;
	if (p == &f->st->tool) {
		feed_delta(f, part.p, part.len);
		return f->w.rc;
	}
	if (p->name.len == 0)
		p->whole = call->whole;
	if ((p->id.len == 0 && (rc = feed_wait_add(f, &p->id, call->id)) != RC_OK) ||
	    (p->name.len == 0 && (rc = feed_wait_add(f, &p->name, call->name)) != RC_OK) ||
	    (rc = feed_wait_add(f, &p->text, part)) != RC_OK)
		return rc;
	feed_open_first(f);
	return f->w.rc;
}

/* take_call - a piece of a tool call: id and name come once, or with every piece */
static enum rc
take_call(struct feed *f, long long index, struct span id, struct span function)
{
	struct span name = jscan_get(function, "name"), part = jscan_get(function, "arguments");
	const struct call call = {
		index, inside(id), inside(name), has_text(name) && is_whole(part)
	};
	struct buf scratch = BUF_INIT(QUOTED_MAX(part.len));
	struct piece *p;
	enum rc rc;

	if ((rc = feed_call(f, &call, &p)) == RC_OK)
		rc = add_call(f, p, &call, arguments_of(p, part, &scratch));
	buf_release(&scratch);
	return rc;
}

/* take_calls - all of a delta, the older form of one among them */
static enum rc
take_calls(struct feed *f, struct span list, struct span function)
{
	struct span call;
	enum rc rc = RC_OK;

	if (jscan_type(list) == 'a')
		for (size_t at = 0; rc == RC_OK && jscan_next(list, &at, NULL, &call); )
			rc = take_call(f, jscan_int(jscan_get(call, "index")), jscan_get(call, "id"),
			    jscan_get(call, "function"));
	if (rc == RC_OK && jscan_type(function) == 'o')
		rc = take_call(f, 0, (struct span){ NULL, 0 }, function);
	return rc;
}

/* take_delta - whatever it has; thinking may have its newer name, or both */
static enum rc
take_delta(struct feed *f, struct span delta)
{
	enum { REASONING, REASONING_NEWER, CONTENT, REFUSAL, CALLS, CALL, WANTED };
	struct jscan_want w[WANTED] = {
		[REASONING] = { .name = "reasoning_content" },
		[REASONING_NEWER] = { .name = "reasoning" },
		[CONTENT] = { .name = "content" }, [REFUSAL] = { .name = "refusal" },
		[CALLS] = { .name = "tool_calls" }, [CALL] = { .name = "function_call" },
	};
	int thinking;
	enum rc rc;

	jscan_members(delta, w, WANTED);
	thinking = has_text(w[REASONING].value) ? REASONING : REASONING_NEWER;
	if ((rc = take_text(f, BLOCK_THINKING, w[thinking].value)) != RC_OK ||
	    (rc = take_content(f, w[CONTENT].value)) != RC_OK ||
	    (rc = take_text(f, BLOCK_TEXT, w[REFUSAL].value)) != RC_OK)
		return rc;
	return take_calls(f, w[CALLS].value, w[CALL].value);
}

/* finish - all blocks are closed; the end itself waits for the usage */
static enum rc
finish(struct feed *f, struct span reason)
{
	struct stream *st = f->st;
	enum rc rc;

	if ((rc = feed_say_waiting(f)) != RC_OK)
		return rc;
	feed_close(f);
	st->finished = true;
	st->stop_reason = messages_stop_reason(reason, st->tools);
	return f->w.rc;
}

/* take_choice - a delta, then perhaps the end of it */
static enum rc
take_choice(struct feed *f, struct span choice)
{
	struct jscan_want w[] = { { .name = "delta" }, { .name = "finish_reason" } };
	const struct span *reason = &w[1].value;
	enum rc rc;

	if (f->st->finished)
		return RC_OK;
	jscan_members(choice, w, 2);
	if ((rc = take_delta(f, w[0].value)) != RC_OK)
		return rc;
	return openai_is_finish(*reason) ? finish(f, *reason) : RC_OK;
}

/* end - the counts, the reason, and that was it */
static enum rc
end(struct feed *f)
{
	struct stream *st = f->st;
	const struct span none = { NULL, 0 };
	enum rc rc;

	feed_start(f, none);
	if (!st->finished && (rc = finish(f, none)) != RC_OK)
		return rc;
	feed_event(f, "message_delta");
	jwrite_put(&f->w, ",\"delta\":{\"stop_reason\":");
	jwrite_str(&f->w, st->stop_reason);
	jwrite_put(&f->w, ",\"stop_sequence\":null},\"usage\":");
	messages_usage(&f->w, &f->s->usage);
	feed_event_end(f);
	feed_event(f, "message_stop");
	feed_event_end(f);
	f->s->ended = f->w.rc == RC_OK;
	return f->w.rc;
}

/* take_chunk - the first choice; a chunk without one has the usage, and ends what has finished */
static enum rc
take_chunk(struct feed *f, const struct openai_chunk *chunk)
{
	struct span choice;
	size_t at = 0;

	adapter_counts(chunk->usage, &f->s->usage);
	if (jscan_next(chunk->choices, &at, NULL, &choice)) {
		feed_start(f, chunk->object);
		return take_choice(f, choice);
	}
	if (f->st->finished && jscan_type(chunk->usage) == 'o')
		return end(f);
	return RC_OK;
}

/* whole_events - of what was written; half an event, which the output had no room for, reaches nobody */
static enum rc
whole_events(struct feed *f, size_t was, enum rc rc)
{
	if (f->w.rc != RC_OK)
		buf_shorten(f->w.out, was);
	return rc;
}

/* messages_event - one event of the provider's */
enum rc
messages_event(const struct adapter_call *call, struct adapter_stream *s,
    const struct sse_event *event, struct buf *out, struct error *err)
{
	struct feed f = { call, s, s->state, JWRITE_INIT(out, err), err };
	struct openai_chunk chunk;
	size_t was = out->len;

	switch (openai_look(call, s, event, &chunk, err)) {
	case OPENAI_CHUNK:	return whole_events(&f, was, take_chunk(&f, &chunk));
	case OPENAI_DONE:	return whole_events(&f, was, end(&f));
	case OPENAI_GARBLED:	return RC_UPSTREAM;
	default:		return RC_OK;
	}
}

/* messages_finish - the body is over without [DONE]; a finish_reason was its end too */
enum rc
messages_finish(const struct adapter_call *call, struct adapter_stream *s, struct buf *out,
    struct error *err)
{
	struct feed f = { call, s, s->state, JWRITE_INIT(out, err), err };
	size_t was = out->len;

	if (!f.st->finished)
		return error_set(err, RC_UPSTREAM, "the stream ended before its end");
	return whole_events(&f, was, end(&f));
}
