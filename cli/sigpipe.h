/*
 * sigpipe.h - no SIGPIPE while we talk to a server.
 *
 * Shapes  mcpctl dies of SIGPIPE where its output is a closed pipe (`mcpctl get llms | head -1`), but
 *         a server that hangs up is an error with words: what is between these two calls
 * Units   none
 * Errors  none
 * Owns    nothing
 * Source  adapters/http.h, "The process must ignore SIGPIPE"
 */
#ifndef CLI_SIGPIPE_H
#define CLI_SIGPIPE_H

#include <signal.h>

/* sigpipe_hold - *was is for sigpipe_release() */
static inline void
sigpipe_hold(struct sigaction *was)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	sigaction(SIGPIPE, &ignore, was);
}

static inline void
sigpipe_release(const struct sigaction *was)
{
	sigaction(SIGPIPE, was, NULL);
}

#endif
