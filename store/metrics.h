/*
 * metrics.h - series for a scraper, counted where all processes see them.
 *
 * Shapes  file `metrics`: counters by (family, llm, label), histograms, and a few plain counters.
 *         They only grow, over restarts too; a process that is killed takes nothing back. Series of Llms
 *         that are no more are given back once half of the room is used
 * Units   calls, tokens, ms
 * Errors  metrics_open() always gives some: where the file can't be had, of this process alone
 * Owns    metrics_close()
 * Source  API.md 4
 */
#ifndef STORE_METRICS_H
#define STORE_METRICS_H

#include "store/sharedmap.h"

#define METRICS_SERIES	16384		/* (family, llm, label) */
#define METRICS_BUCKETS	14		/* of a histogram, without +Inf */

enum metrics_family {
	METRICS_REQUESTS, METRICS_TOKENS, METRICS_UPSTREAM_ERRORS, METRICS_FAMILIES
};
enum metrics_histogram { METRICS_REQUEST_MS, METRICS_FIRST_BYTE_MS, METRICS_HISTOGRAMS };
enum metrics_counter {
	METRICS_AUDIT_FAILURES, METRICS_STORE_RECOVERIES, METRICS_LOST, METRICS_COUNTERS
};

extern const int64_t metrics_bounds[METRICS_BUCKETS];	/* ms, upper bounds of the buckets */

struct metrics_summary {		/* of a histogram: buckets are cumulative */
	uint64_t	buckets[METRICS_BUCKETS], count, sum_ms;
};

struct metrics;

void metrics_open(const struct statedir *d, struct metrics **out, struct error *err);
void metrics_close(struct metrics *m);		/* NULL is fine */
bool metrics_lost(const struct metrics *m, const struct statedir *d);	/* sharedmap_lost() */

/* metrics_add - llm "": of no Llm that exists. What finds no room is counted as METRICS_LOST */
void metrics_add(struct metrics *m, enum metrics_family family, const char *llm,
    const char *label, uint64_t n);
void metrics_observe(struct metrics *m, enum metrics_histogram h, int64_t ms);
void metrics_count(struct metrics *m, enum metrics_counter counter, uint64_t n);

uint64_t metrics_counted(struct metrics *m, enum metrics_counter counter);
void metrics_summary(struct metrics *m, enum metrics_histogram h, struct metrics_summary *out);

/* metrics_give_back - where half of the room is used, the room of the series of Llms that are no more, for
   others. exists is asked when it was seen how far each had been counted, so it must know the Llms of
   that moment; a series that is counted on after it stays. One process at a time; any thread */
typedef bool metrics_exists_fn(void *arg, const char *llm);
void metrics_give_back(struct metrics *m, metrics_exists_fn *exists, void *arg);

/* metrics_each - every series, in no order; one may come twice: its values are to be added */
typedef void metrics_fn(void *arg, enum metrics_family family, const char *llm,
    const char *label, uint64_t n);
void metrics_each(struct metrics *m, metrics_fn *fn, void *arg);

#endif
