/*
 * board.h - how busy each worker is, in memory that all of them share.
 *
 * Shapes  one slot a worker: the worker counts in its own, everyone reads, the master clears
 *         the slot of a dead one
 * Units   threads that hold a connection; ms of clock_mono_ms(), which all processes share
 * Errors  board_new(): RC_IO
 * Owns    the map lives as long as the last process that has it
 * Source  DESIGN.md 2; php-fpm's scoreboard
 */
#ifndef FCGI_BOARD_H
#define FCGI_BOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/rc.h"

#define BOARD_SLOTS 512			/* workers, with those that still drain */

enum board_state {
	BOARD_SERVING,
	BOARD_LEAVING			/* accepts no more: its threads are no capacity */
};

struct board_slot {
	atomic_int	pid;		/* 0: free */
	atomic_int	state;
	atomic_uint	busy;
	atomic_uint	ending;		/* of them, those whose client has its answer, or will at once */
	atomic_llong	ending_ms;	/* when the last of them said so */
};

struct board {
	struct board_slot	slots[BOARD_SLOTS];
};

enum rc board_new(struct board **out, struct error *err);

/* board_busy - threads that are busy, over all workers that accept */
unsigned board_busy(struct board *b);

/* slot_ending - is one of its threads ending its request, and has one said so since then */
bool slot_ending(const struct board_slot *slot, int64_t since_ms);

/* board_ending - the same, of all workers that accept */
bool board_ending(struct board *b, int64_t since_ms);

void board_clear(struct board_slot *slot);

#endif
