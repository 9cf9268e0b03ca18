/*
 * usage.h - what was used, by day, llm, user and token: sums, and the files that past ones are kept in.
 *
 * Shapes  file usage-YYYYMM: one JSON line a (day, llm, user, token), replaced as a whole; it outlives
 *         the audit log. A day is in it once it has ended for good: two days later
 * Units   days since 1970, UTC
 * Errors  RC_IO, RC_NO_SPACE, RC_UNAVAILABLE
 * Owns    usage_release()
 * Source  DESIGN.md 4 and 6, API.md 2
 */
#ifndef STORE_USAGE_H
#define STORE_USAGE_H

#include "store/auditread.h"
#include "store/counters.h"

struct usage_row {
	int64_t			 day;
	char			*llm, *user, *token;	/* "": none */
	struct usage_counts	 n;
};

struct usage_sum {			/* rows of different keys, in no order until usage_sort() */
	struct usage_row	*rows;
	size_t			 n, room;
	uint32_t		*index;		/* hash table: number of a row + 1 */
	size_t			 nindex;
};

#define USAGE_SUM_INIT { .rows = NULL }

void usage_release(struct usage_sum *s);

/* usage_add - to the key's row */
void usage_add(struct usage_sum *s, int64_t day, const struct usage_key *key,
    const struct usage_counts *n);

/* usage_sort - by day, llm, user, token */
void usage_sort(struct usage_sum *s);

/* usage_count_event - what an event of the log says; false: it is no call */
bool usage_count_event(const struct auditevent *e, struct usage_key *key,
    struct usage_counts *n);
void usage_key_release(struct usage_key *key);	/* of usage_count_event() */

/* usage_read_log - the sum of a day's file */
enum rc usage_read_log(const struct statedir *d, int64_t day, struct usage_sum *s,
    struct error *err);

/* usage_read_files - the rows that usage files have of these days; a line that is none is left out */
enum rc usage_read_files(const struct statedir *d, int64_t from, int64_t to, struct usage_sum *s,
    struct error *err);

/* usage_keep - put the rows of one day into its month's file, in place of what it had of that day; s NULL:
   nothing is kept of it */
enum rc usage_keep(const struct statedir *d, int64_t day, const struct usage_sum *s,
    struct error *err);

/* usage_kept - which of n days, in order, are in their month's file; none is where that holds anything
   but rows */
void usage_kept(const struct statedir *d, const int64_t *days, size_t n, bool *kept);

#endif
