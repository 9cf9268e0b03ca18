/*
 * answer.h - the scripted answer to one request, misbehaviour included.
 *
 * Shapes  an exchange is one request on one connection; how it ended is a text for the log
 * Units   clock_ms() is CLOCK_MONOTONIC in ms, as Python's time.monotonic() is: chunks carry it as
 *         "sent_ms", so that a test can say how long an event was under way
 * Errors  none: a client that is gone is an end like any other
 * Owns    borrows all of the exchange
 */
#ifndef SUPPORT_ANSWER_H
#define SUPPORT_ANSWER_H

#include "tests/support/script.h"

#define KEY_MAX		512		/* bytes of the key that the client sent, with the NUL */

struct exchange {
	int		 fd;
	struct script	 script;
	bool		 get, stream, include_usage;
	const char	*path;		/* after the script */
	char		 key[KEY_MAX];	/* what came as Authorization: Bearer, "": none */
	int		 events;	/* sent so far */
	bool		 gone;		/* the client has closed */
	bool		 last;		/* the connection ends with this answer */
};

/* answer - give it; what the log says of the end ("answered", "client-closed", "cut" ...) */
const char *answer(struct exchange *x);

/* answer_plain - a short JSON answer out of the script's reach */
void answer_plain(struct exchange *x, int status, const char *json);

/* gate_open - let one more event through gate n */
void gate_open(int n);

long long clock_ms(void);

#endif
