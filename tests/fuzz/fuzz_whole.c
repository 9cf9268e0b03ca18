/*
 * fuzz_whole.c - any bytes as a whole answer that is told as a stream, in the three ways that there are: what
 * comes out are whole events whose data is JSON, in the order in which clients put them together.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/messages.h"
#include "adapters/openai.h"

#define MAX_OUT	(1 << 22)		/* bytes */
#define DEPTH	512			/* levels of what comes out */

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

struct seen {				/* what the client has put together so far */
	long long	events, items;	/* of a response: its events, the items that are done */
	bool		open, done;	/* an item or block is begun; the end has come */
};

typedef void check_fn(struct seen *s, const struct sse_event *event, struct span object);

/* must - hold, or the fuzzer has found something */
static void
must(bool so)
{
	if (!so)
		abort();
}

/* ends_with - the last part of an event's name */
static bool
ends_with(const char *name, const char *tail)
{
	size_t n = strlen(name), t = strlen(tail);

	return n > t && strcmp(name + n - t, tail) == 0;
}

/* check_response - numbered one by one; items begin and end in their order, all else is inside of one */
static void
check_response(struct seen *s, const struct sse_event *event, struct span object)
{
	long long at = jscan_int(jscan_get(object, "output_index"));
	bool added, outer;

	must(event->name != NULL && jscan_is(jscan_get(object, "type"), event->name));
	must(jscan_int(jscan_get(object, "sequence_number")) == s->events && !s->done);
	outer = strncmp(event->name, "response.output_item.", 21) == 0;
	added = outer && ends_with(event->name, ".added");
	if (at < 0) {
		must(!s->open && (s->events == 0) == ends_with(event->name, ".created"));
		s->done = s->events > 0;
	} else {
		must(at == s->items && s->open != added);
		s->open = added || !outer;
		s->items += outer && !added;
	}
	s->events++;
}

/* check_message - blocks begin and end one after the other */
static void
check_message(struct seen *s, const struct sse_event *event, struct span object)
{
	long long at = jscan_int(jscan_get(object, "index"));

	must(event->name != NULL && jscan_is(jscan_get(object, "type"), event->name) && !s->done);
	if (strncmp(event->name, "content_block_", 14) == 0) {
		must(at == s->items && s->open != ends_with(event->name, "_start"));
		s->open = !ends_with(event->name, "_stop");
		s->items += !s->open;
	} else {
		must(!s->open && (s->events == 0) == (strcmp(event->name, "message_start") == 0));
	}
	s->done = strcmp(event->name, "message_stop") == 0;
	s->events++;
}

/* check_chat - chunks that say so; see() knows [DONE] */
static void
check_chat(struct seen *s, const struct sse_event *event, struct span object)
{
	must(event->name == NULL && jscan_is(jscan_get(object, "object"), "chat.completion.chunk"));
	must(jscan_type(jscan_get(object, "choices")) == 'a');
	s->events++;
}

struct way {
	enum rc		(*tell)(const struct adapter_call *call, const char *body, size_t len,
			    struct buf *out, struct error *err);
	check_fn	*check;
};

struct client {
	struct seen	 seen;
	check_fn	*check;
};

/* see - one event, as a client's parser has it */
static enum rc
see(void *arg, const struct sse_event *event, struct error *err)
{
	const struct jscan_opts opts = { DEPTH, 0 };
	struct client *c = arg;
	struct span object;

	(void)err;
	must(event->whole && event->data != NULL && !c->seen.done);
	if (c->check == check_chat && strcmp(event->data, "[DONE]") == 0) {
		c->seen.done = true;
		return RC_OK;
	}
	must(jscan_object(event->data, event->data_len, &opts, NULL, 0, &object, NULL) == RC_OK);
	c->check(&c->seen, event, object);
	return RC_OK;
}

/* tell - in one of the ways */
static void
tell(const struct way *way, const char *in, size_t n, bool usage)
{
	const struct adapter_call call = { .model = "m", .request_id = "r", .include_usage = usage };
	struct client c = { .check = way->check };
	struct buf out = BUF_INIT(MAX_OUT);
	enum rc rc = way->tell(&call, in, n, &out, NULL);
	struct sse sse;

	sse_init(&sse, MAX_OUT);
	if (rc == RC_OK) {
		must(sse_feed(&sse, out.p, out.len, see, &c, NULL) == RC_OK);
		must(sse.raw.len == 0 && c.seen.done);
	} else {
		must(rc == RC_UPSTREAM || rc == RC_TOO_LARGE);
	}
	sse_release(&sse);
	buf_release(&out);
}

/* LLVMFuzzerTestOneInput - the first byte says whether the usage was asked for */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct way ways[] = {
		{ openai_whole, check_chat },
		{ openai_response_whole, check_response },
		{ messages_whole, check_message },
	};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]) && n > 1; i++)
		tell(&ways[i], (const char *)p + 1, n - 1, p[0] & 1);
	return 0;
}
