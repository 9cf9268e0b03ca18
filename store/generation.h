/*
 * generation.h - the shared number that tells every reader that the snapshot changed.
 *
 * Shapes  state/gen: 4 KiB, mapped read-only for as long as the store is open (also across fork),
 *         {generation, rev that it was last bumped for, store id}; never unlinked or replaced, or
 *         readers would be left on the old inode
 * Units   a generation has no order: another value than the last one seen means "read again"
 * Errors  open: RC_NOT_FOUND when the file is missing or too short; bump: RC_NO_SPACE, RC_IO...
 * Owns    generation_close() unmaps
 * Source  DESIGN.md 4
 */
#ifndef STORE_GENERATION_H
#define STORE_GENERATION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/rc.h"
#include "store/statedir.h"

struct generation_page;

struct generation {
	struct generation_page	*page;		/* NULL: not mapped */
	dev_t			 dev;
	ino_t			 ino;
};

enum rc generation_open(struct generation *g, const struct statedir *d, struct error *err);
void generation_close(struct generation *g);

/* generation_now - one atomic load; read it before the snapshot is opened */
uint64_t generation_now(const struct generation *g);

/* generation_is_of - false when the page says another store; a blank page is nobody's */
bool generation_is_of(const struct generation *g, const char *store_id);

/* generation_shows - the publish of this revision was completed, in the file that the name stands
   for now. Under the lock */
bool generation_shows(const struct generation *g, const struct statedir *d, const char *store_id,
    uint64_t rev);

/* generation_bump - tell every reader; makes the file when it is missing. Under the lock */
enum rc generation_bump(struct generation *g, const struct statedir *d, const char *store_id,
    uint64_t rev, struct error *err);

#endif
