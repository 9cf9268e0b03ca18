/*
 * chat.h - a model's answer on a terminal, as it comes.
 *
 * Shapes  a sink (service/infer.h) for chat/completions: a stream's text deltas, or a whole answer's
 *         content, on stdout, each flushed; raw: the JSON of each event or answer, a line each
 * Units   bytes
 * Errors  RC_UPSTREAM: the stream ended with an error event, or is no answer; RC_GONE: interrupted, or
 *         nobody reads stdout; RC_IO: stdout can't be written
 * Owns    chat_release() frees; one chat at a time a process: it catches SIGINT and SIGTERM,
 *         where they are not ignored
 * Source  CLI.md, "infer"
 */
#ifndef CLI_CHAT_H
#define CLI_CHAT_H

#include <signal.h>

#include "adapters/sse.h"
#include "service/infer.h"

struct chat {
	struct sink	 sink;
	struct sse	 sse;
	struct buf	 whole;		/* an answer that is not streamed */
	bool		 raw;
	bool		 terminal;	/* stdout is one: control characters are made visible */
	bool		 streamed;	/* as the answer's type says */
	bool		 fresh_line;	/* nothing stands on the line of the cursor */
	bool		 closed;	/* stdout is a pipe without a reader */
	int		 trouble;	/* errno of a write to stdout that failed; 0: none did */
	struct error	 failure;	/* rc not RC_OK: an event said so, or was no event */
	char		 finish[32];	/* finish_reason; "": none came */
	int		 interrupt[2];	/* pipe; the signal handler writes */
	struct sigaction before[2];	/* what SIGINT and SIGTERM did */
};

enum rc chat_init(struct chat *c, bool raw, struct error *err);

/* chat_end - the call came back with rc: what is left of the answer, and its newline */
enum rc chat_end(struct chat *c, enum rc rc, struct error *err);
void chat_release(struct chat *c);

#endif
