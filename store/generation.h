/*
 * generation.h - the shared number that tells every reader that the snapshot changed.
 *
 * Shapes  state/gen: 4 KiB, mapped read-only for as long as the store is open (also across fork),
 *         {generation, rev that it was last bumped for, store id}. Nothing of ours replaces it. Where
 *         someone deletes it all the same, or cuts it short, readers find out: they look at the name
 *         once in GENERATION_LOOK_MS, and a writer that makes the file anew waits that long before it
 *         goes on, so that even then nothing is acknowledged that a reader might miss. While there is
 *         none, each look gives another number
 * Units   a generation has no order: another value than the last one seen means "read again"
 * Errors  open: RC_NOT_FOUND when the file is missing or too short; bump: RC_NO_SPACE, RC_IO...
 * Owns    generation_close() unmaps
 * Source  DESIGN.md 4, STORE.md 4
 */
#ifndef STORE_GENERATION_H
#define STORE_GENERATION_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/rc.h"
#include "store/statedir.h"

#define GENERATION_LOOK_MS	1000	/* between two looks at what the name stands for */
#define GENERATION_WAIT_MS	1100	/* that, and the clock's ticks */

struct generation_page;

struct generation {
	struct generation_page	*page;		/* NULL: not mapped; never moves once it is */
	pthread_mutex_t		 look;		/* of what follows */
	dev_t			 dev;
	ino_t			 ino;
	_Atomic uint64_t	 veil;		/* over the number while no file has the name, else 0 */
	atomic_bool		 gone;		/* the directory, when it was last looked at */
	_Atomic int64_t		 looked_ms;	/* clock_coarse_ms() before the last look */
};

#define GENERATION_INIT { .page = NULL, .look = PTHREAD_MUTEX_INITIALIZER }

enum rc generation_open(struct generation *g, const struct statedir *d, struct error *err);
void generation_close(struct generation *g);

/* generation_now - one atomic load, and once in GENERATION_LOOK_MS two stat(2); read it before the
   snapshot is opened. Any thread */
uint64_t generation_now(struct generation *g, const struct statedir *d);

/* generation_gone - by the same look: the directory is not where it was opened, or holds no store any
   more. Nothing that is done there by its name is seen here */
bool generation_gone(struct generation *g, const struct statedir *d);

/* generation_is_of - false when the page says another store; a blank page is nobody's */
bool generation_is_of(const struct generation *g, const char *store_id);

/* generation_shows - the publish of this revision was completed, in the file that the name stands
   for now. Under the lock */
bool generation_shows(struct generation *g, const struct statedir *d, const char *store_id,
    uint64_t rev);

/* generation_bump - tell every reader; makes the file when it is missing. new_store: there can be no
   reader yet, so none is waited for. Under the lock */
enum rc generation_bump(struct generation *g, const struct statedir *d, const char *store_id,
    uint64_t rev, bool new_store, struct error *err);

#endif
