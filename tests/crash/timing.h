/*
 * timing.h - how long operations take, counted by several processes together.
 *
 * Shapes  struct timing lies in shared memory, zeroed at the start. Times fall into buckets of 1/16 of
 *         their size, so a percentile is known to 6 %
 * Units   microseconds
 * Errors  none
 * Owns    nothing
 * Source  tests only
 */
#ifndef TESTS_CRASH_TIMING_H
#define TESTS_CRASH_TIMING_H

#include <stdatomic.h>
#include <stdint.h>

#define STEPS		16		/* of each power of two */
#define BUCKETS		(32 * STEPS)
#define SLOW_US		1000000

/* what a quiet machine must keep to (QUIET=1), and any machine */
#define READ_P99_US	50
#define READ_MAX_US	50000
#define READ_P99_ANY_US	5000
#define READ_MAX_ANY_US	2000000
#define SLOW_ANY_US	12000000	/* the wait for the lock, and as much again */

struct timing {
	_Atomic uint64_t	n, max_us, slow, bucket[BUCKETS];
};

uint64_t now_us(void);

/* raise_to - the greater of both stays */
void raise_to(_Atomic uint64_t *at, uint64_t n);

/* timed - one operation that began then */
void timed(struct timing *t, uint64_t began_us);

/* p99 - an upper bound of it */
uint64_t p99(const struct timing *t);

/* show - one line on stdout */
void show(const char *what, const struct timing *t);

/* reads_keep_time, changes_keep_time - within the limits above; says so where not */
int reads_keep_time(const struct timing *t);
int changes_keep_time(const struct timing *t);

#endif
