/*
 * fuzz_anthropic_stream.c - any bytes as a stream of Anthropic's, and as a whole answer: what comes out are
 * events whose data is JSON, the same whether the bytes come in one piece or in many.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/adapter.h"
#include "base/mem.h"

#define MAX_EVENT	65536		/* bytes */
#define MAX_OUT		(1 << 24)	/* bytes */
#define DEPTH		512		/* levels of what comes out */

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

struct play {
	struct adapter_call	call;
	struct adapter_stream	s;
	struct buf		out;
};

/* take - as the service does */
static enum rc
take(void *arg, const struct sse_event *event, struct error *err)
{
	struct play *play = arg;

	return play->s.ended || play->s.failed ? RC_OK
	    : adapter_anthropic.event(&play->call, &play->s, event, &play->out, err);
}

/* play_in - all bytes, in pieces of step */
static enum rc
play_in(struct play *play, const char *in, size_t n, size_t step)
{
	enum rc rc = RC_OK;
	struct error err;
	struct sse sse;

	*play = (struct play){
		.call = { .api = API_CHAT, .type = "anthropic", .url = "", .model = "m", .stream = true,
		    .include_usage = n & 1, .max_held = MAX_EVENT },
		.s = { .usage = { -1, -1, -1 },
		    .state = x_calloc(1, adapter_anthropic.stream_size) },
	};
	buf_init(&play->out, MAX_OUT);
	sse_init(&sse, MAX_EVENT);
	for (size_t at = 0; at < n && rc == RC_OK; at += step)
		rc = sse_feed(&sse, in + at, step < n - at ? step : n - at, take, play, &err);
	if (rc == RC_OK)
		rc = sse_end(&sse, take, play, &err);
	if (rc == RC_OK && !play->s.ended && !play->s.failed)
		rc = adapter_anthropic.finish(&play->call, &play->s, &play->out, &err);
	sse_release(&sse);
	adapter_anthropic.stream_release(play->s.state);
	free(play->s.state);
	return rc;
}

/* still - "created" is now, which may pass to the next second between two runs */
static void
still(char *p)
{
	while ((p = strstr(p, "\"created\":")) != NULL)
		for (p += strlen("\"created\":"); *p >= '0' && *p <= '9'; p++)
			*p = '1';
}

/* check_event - what a client's parser would meet */
static enum rc
check_event(void *arg, const struct sse_event *event, struct error *err)
{
	const struct jscan_opts opts = { DEPTH, 0 };

	(void)arg;
	(void)err;
	if (event->data != NULL && strcmp(event->data, "[DONE]") != 0 &&
	    jscan_object(event->data, event->data_len, &opts, NULL, 0, NULL, NULL) != RC_OK)
		abort();
	return event->whole || event->raw_len == 0 ? RC_OK : (abort(), RC_OK);
}

/* check_events - the bytes are whole events */
static void
check_events(const struct buf *out)
{
	struct sse sse;

	sse_init(&sse, MAX_OUT);
	if (sse_feed(&sse, out->p, out->len, check_event, NULL, NULL) != RC_OK ||
	    sse_end(&sse, check_event, NULL, NULL) != RC_OK)
		abort();
	sse_release(&sse);
}

/* answer - the same bytes as a whole body */
static void
answer(const char *in, size_t n)
{
	const struct jscan_opts opts = { DEPTH, 0 };
	const struct adapter_call call = { .api = API_CHAT, .type = "anthropic", .model = "m" };
	struct buf out = BUF_INIT(MAX_OUT);
	struct usage usage;
	enum rc rc = adapter_anthropic.response(&call, in, n, &out, &usage, NULL);

	if (rc == RC_OK ? jscan_object(out.p, out.len, &opts, NULL, 0, NULL, NULL) != RC_OK
	    : rc != RC_UPSTREAM || out.len > 0)
		abort();
	buf_release(&out);
}

/* LLVMFuzzerTestOneInput - the first byte says how the others are cut */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const char *in = (const char *)p;
	struct play whole, cut;

	if (n < 2)
		return 0;
	answer(in, n);
	if (play_in(&whole, in, n, n) != play_in(&cut, in, n, (size_t)p[0] + 1))
		abort();
	check_events(&whole.out);
	still(whole.out.p);
	still(cut.out.p);
	if (strcmp(whole.out.p, cut.out.p) != 0)
		abort();
	buf_release(&whole.out);
	buf_release(&cut.out);
	return 0;
}
