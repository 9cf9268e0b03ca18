/*
 * play.h - the streaming engine between a scripted provider and a recording client.
 *
 * Shapes  play_open(), bend cfg and call, play_begin(); then what the provider does, until play_end();
 *         what the client got stands in client, until play_close()
 * Units   bytes, ms
 * Errors  rc: of the first callback that failed; nothing is played after it
 * Owns    play_close() frees
 * Source  tests only
 */
#ifndef TESTS_UNIT_PLAY_H
#define TESTS_UNIT_PLAY_H

#include "service/answer.h"

#define PLAY_HEADERS	64		/* headers of a provider that a test can have */

struct headers {				/* a provider's headers */
	const char	*v[PLAY_HEADERS][2];
};

struct client {				/* a sink that remembers */
	struct sink	sink;
	int		status, flushes;
	int64_t		length;
	struct buf	headers, body;
	bool		leave;		/* gone at the next write */
	bool		ending;		/* it was told that the end comes */
	size_t		ending_at;	/* bytes of the body before that */
};

struct play {				/* one call */
	struct config		cfg;
	struct adapter_call	call;
	struct scrub		scrub;
	struct client		client;
	struct answer		answer;
	struct http_events	events;
	enum rc			rc;
	struct error		err;
	atomic_int		draining;
};

void play_open(struct play *p, bool stream);
void play_begin(struct play *p);
void play_head(struct play *p, int status, struct headers headers);
void play_data(struct play *p, const char *text);

/* play_tick - as if it were later */
void play_tick(struct play *p, int64_t later_ms);
void play_end(struct play *p);
void play_close(struct play *p);

#endif
