/*
 * bench_stream.c - what translating a stream costs, as a ratio to passing one through.
 *
 *	bench_stream [ROUNDS]
 *
 * One text in the same pieces, fed in the same reads: as Anthropic's events to a client of OpenAI's
 * (translated), as OpenAI's chunks to the same client (passed), as Anthropic's events to a client of
 * Anthropic's (passed), and as OpenAI's chunks to that one (translated). The program fails when translating
 * costs more than LIMIT times passing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "adapters/adapter.h"
#include "base/mem.h"

#define ROUNDS		200
#define SERIES		15		/* of which the best counts: what disturbs only ever adds */
#define PIECES		2000		/* deltas of a stream */
#define READ_SIZE	1400		/* bytes of a read: about one packet */
#define STREAM_MAX	(1 << 20)	/* bytes */
#define EVENT_MAX	(1 << 22)	/* bytes */
#define LIMIT		1.3

static const char word[] = " caf\xc3\xa9 \\\"times\\\"";

enum { CLAUDE_TO_OPENAI, CHUNKS, EVENTS, OPENAI_TO_CLAUDE, RUNS };

static const struct {
	int		 translated, passed;
	const char	*name, *than;
} pairs[] = {
	{ CLAUDE_TO_OPENAI, CHUNKS, "Claude for OpenAI's client", "OpenAI's chunks" },
	{ CLAUDE_TO_OPENAI, EVENTS, "Claude for OpenAI's client", "the same events" },
	{ OPENAI_TO_CLAUDE, CHUNKS, "OpenAI for Anthropic's client", "the same chunks" },
};

struct run {
	const struct adapter	*adapter;
	struct adapter_call	 call;
	struct adapter_stream	 s;
	struct buf		 in, out;
};

/* now_ns - of this process's CPU */
static double
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* take - one event; what is out is written at once */
static enum rc
take(void *arg, const struct sse_event *event, struct error *err)
{
	struct run *r = arg;
	enum rc rc = r->adapter->event(&r->call, &r->s, event, &r->out, err);

	buf_clear(&r->out);
	return rc;
}

/* play - the whole stream */
static void
play(struct run *r)
{
	struct sse sse;

	r->s = (struct adapter_stream){
		.usage = { -1, -1, -1 }, .state = x_calloc(1, r->adapter->stream_size)
	};
	sse_init(&sse, EVENT_MAX);
	for (size_t at = 0; at < r->in.len; at += READ_SIZE)
		if (sse_feed(&sse, r->in.p + at, r->in.len - at < READ_SIZE ? r->in.len - at
		    : READ_SIZE, take, r, NULL) != RC_OK)
			abort();
	if (!r->s.ended)
		abort();
	sse_release(&sse);
	if (r->adapter->stream_release != NULL)
		r->adapter->stream_release(r->s.state);
	free(r->s.state);
}

/* series - ns of one stream */
static double
series(struct run *r, int rounds)
{
	double began = now_ns();

	for (int i = 0; i < rounds; i++)
		play(r);
	return (now_ns() - began) / rounds;
}

/* run_init - an adapter and its stream: head, pieces around the text, tail */
static void
run_init(struct run *r, const char *type, enum api api, const char *const parts[4])
{
	*r = (struct run){
		.adapter = adapter_find(type, api),
		.call = { .api = api, .type = type, .url = "", .model = "m", .stream = true,
		    .max_held = EVENT_MAX },
	};
	buf_init(&r->in, STREAM_MAX);
	buf_init(&r->out, EVENT_MAX);
	(void)buf_addstr(&r->in, parts[0], NULL);
	for (int i = 0; i < PIECES; i++)
		(void)buf_addf(&r->in, NULL, "%s%s%s", parts[1], word, parts[2]);
	(void)buf_addstr(&r->in, parts[3], NULL);
}

/* run_release - free it */
static void
run_release(struct run *r)
{
	buf_release(&r->in);
	buf_release(&r->out);
}

/* cost - ns of a piece of each stream: the best of the series, taken in turn so that what disturbs the
   machine disturbs all */
static void
cost(struct run *r, int n, int rounds, double *ns)
{
	for (int i = 0; i < SERIES; i++)
		for (int j = 0; j < n; j++) {
			double each = series(&r[j], rounds) / PIECES;

			if (i == 0 || each < ns[j])
				ns[j] = each;
		}
}

#define CHUNK	"data: {\"id\":\"chatcmpl-msg_01\",\"object\":\"chat.completion.chunk\"," \
	"\"created\":1700000000,\"model\":\"claude-sonnet-4-5\",\"choices\":[{\"index\":0," \
	"\"delta\":{\"content\":\""
#define START	"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_01\"," \
	"\"model\":\"claude-sonnet-4-5\",\"usage\":{\"input_tokens\":9,\"output_tokens\":1}}}\n\n" \
	"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0," \
	"\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"
#define DELTA	"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0," \
	"\"delta\":{\"type\":\"text_delta\",\"text\":\""
#define STOP	"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"

int
main(int argc, char **argv)
{
	static const char *const chunks[] = {
		"", CHUNK, "\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n", "data: [DONE]\n\n"
	};
	static const char *const events[] = { START, DELTA, "\"}}\n\n", STOP };
	int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : ROUNDS;
	double ns[RUNS];
	struct run r[RUNS];
	int slow = 0;

	run_init(&r[CLAUDE_TO_OPENAI], "anthropic", API_CHAT, events);
	run_init(&r[CHUNKS], "openai", API_CHAT, chunks);
	run_init(&r[EVENTS], "anthropic", API_MESSAGES, events);
	run_init(&r[OPENAI_TO_CLAUDE], "openai", API_MESSAGES, chunks);
	cost(r, RUNS, rounds, ns);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		double each = ns[pairs[i].translated], passed = ns[pairs[i].passed];

		slow += each > passed * LIMIT;
		printf("%s %s: %.0f ns a piece, %.3f x passing %s (%.0f ns; limit %.1f)\n",
		    each > passed * LIMIT ? "SLOW  " : "      ", pairs[i].name, each, each / passed,
		    pairs[i].than, passed, LIMIT);
	}
	for (int i = 0; i < RUNS; i++)
		run_release(&r[i]);
	return slow > 0;
}
