/*
 * counters.h - what was used today and yesterday, counted where all processes see it.
 *
 * Shapes  file `counters`: for each of two UTC days COUNTERS_SLOTS slots of 64 bytes, one a (llm, user,
 *         token), claimed by compare-and-swap; what finds no room is counted for `other`. A slot has
 *         room for what is reserved before a call and settled after it
 * Units   calls, tokens; days since 1970
 * Errors  counters_open() always gives counters: where the file can't be had, of this process alone
 * Owns    counters_close()
 * Source  DESIGN.md 4 and 6
 */
#ifndef STORE_COUNTERS_H
#define STORE_COUNTERS_H

#include "store/sharedmap.h"

#define COUNTERS_SLOTS	65536		/* of a day, the one for `other` included */
#define COUNTERS_NAMES	16384		/* llms, users and tokens of a day together */
#define COUNTERS_OTHER	"other"		/* what no slot or name was left for */
#define COUNTERS_DAYS	2		/* today, and yesterday for those who end late */

struct usage_key {			/* "": none, null in the log */
	const char	*llm, *user, *token;
};

struct usage_counts {
	uint64_t	requests, errors, prompt, completion, cached;
};

struct counters;

/* counters_open - *alone: no other process has them open, and none can until counters_ready() */
void counters_open(const struct statedir *d, struct counters **out, bool *alone,
    struct error *err);
void counters_ready(struct counters *c);
void counters_close(struct counters *c);	/* NULL is fine */
bool counters_lost(const struct counters *c, const struct statedir *d);	/* sharedmap_lost() */

/* counters_add - exact whatever the hour: a day's first call makes room for it */
void counters_add(struct counters *c, int64_t day, const struct usage_key *key,
    const struct usage_counts *n);

/* counters_good - false: they are new, or a process died while it counted: sum the log */
bool counters_good(const struct counters *c);
void counters_doubt(struct counters *c);

/* counters_rebuild - blank, for today and the day before; then add, then counters_trust(). Alone only */
void counters_rebuild(struct counters *c, int64_t today);
void counters_trust(struct counters *c);

/* counters_have - is there an area of that day: one of a day whose area another day got, as the clock was
   ahead, has lost it */
bool counters_have(const struct counters *c, int64_t day);

/* counters_each - every slot, in no order */
typedef void counters_fn(void *arg, int64_t day, const struct usage_key *key,
    const struct usage_counts *n);
void counters_each(struct counters *c, counters_fn *fn, void *arg);

#endif
