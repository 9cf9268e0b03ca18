/* fuzz_messages_stream.c - any bytes as a provider's stream: the events that come out are whole, their
   data JSON, their blocks one after the other */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/messages.h"

#define MAX_EVENT	8192		/* bytes of an event, and of what waits */
#define OUT_MAX		(1 << 22)	/* bytes that may come out */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct play {
	struct adapter_call	call;
	struct adapter_stream	s;
	struct buf		out;
};

struct blocks {				/* what the client has seen */
	long long	next;		/* index of the next block */
	bool		open, stopped;
};

/* take - as the service does: nothing more after the end */
static enum rc
take(void *arg, const struct sse_event *event, struct error *err)
{
	struct play *p = arg;

	if (p->s.ended || p->s.failed)
		return RC_OK;
	return messages_to_openai.event(&p->call, &p->s, event, &p->out, err);
}

/* see - one event of ours: starts and stops alternate, indexes go up by one */
static enum rc
see(void *arg, const struct sse_event *event, struct error *err)
{
	const struct jscan_opts opts = { 16, 0 };
	struct blocks *b = arg;
	struct span object;
	long long index;

	(void)err;
	if (event->name == NULL || event->data == NULL || !event->whole || b->stopped ||
	    jscan_object(event->data, event->data_len, &opts, NULL, 0, &object, NULL) != RC_OK ||
	    !jscan_is(jscan_get(object, "type"), event->name))
		abort();
	index = jscan_int(jscan_get(object, "index"));
	if (strcmp(event->name, "content_block_start") == 0) {
		if (b->open || index != b->next++)
			abort();
		b->open = true;
	} else if (strcmp(event->name, "content_block_delta") == 0) {
		if (!b->open || index != b->next - 1)
			abort();
	} else if (strcmp(event->name, "content_block_stop") == 0) {
		if (!b->open || index != b->next - 1)
			abort();
		b->open = false;
	} else if (b->open) {
		abort();
	}
	b->stopped = strcmp(event->name, "message_stop") == 0;
	return RC_OK;
}

/* check_events - all that came out */
static void
check_events(const struct play *p)
{
	struct blocks b = { 0, false, false };
	struct sse sse;

	sse_init(&sse, OUT_MAX);
	if (sse_feed(&sse, p->out.p, p->out.len, see, &b, NULL) != RC_OK || b.stopped != p->s.ended)
		abort();
	sse_release(&sse);
}

/* LLVMFuzzerTestOneInput - cut as the first byte says; each piece is in a block of its size */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct play p = {
		.call = {
			.api = API_MESSAGES, .type = "openai", .model = "m", .request_id = "r",
			.stream = true, .max_held = MAX_EVENT,
		},
		.s = { .usage = { -1, -1, -1 } },
	};
	struct sse sse;
	enum rc rc = RC_OK;
	size_t step, n;
	char *piece;

	if (size < 2)
		return 0;
	step = (size_t)data[0] + 1;
	p.s.state = calloc(1, messages_to_openai.stream_size);
	buf_init(&p.out, OUT_MAX);
	sse_init(&sse, MAX_EVENT);
	for (size_t at = 1; at < size && rc == RC_OK; at += n) {
		n = step < size - at ? step : size - at;
		piece = malloc(n);
		if (piece == NULL || p.s.state == NULL)
			abort();
		memcpy(piece, data + at, n);
		rc = sse_feed(&sse, piece, n, take, &p, NULL);
		free(piece);
	}
	if (rc == RC_OK)
		rc = sse_end(&sse, take, &p, NULL);
	if (rc == RC_OK && !p.s.ended && !p.s.failed)
		rc = messages_to_openai.finish(&p.call, &p.s, &p.out, NULL);
	if (rc != RC_OK && rc != RC_UPSTREAM && rc != RC_TOO_LARGE)
		abort();
	if (rc == RC_OK)
		check_events(&p);
	messages_to_openai.stream_release(p.s.state);
	free(p.s.state);
	sse_release(&sse);
	buf_release(&p.out);
	return 0;
}
