/*
 * timing.h - how long operations take, counted by several processes together.
 *
 * Shapes  struct timing lies in shared memory, zeroed at the start
 * Units   microseconds
 * Errors  none
 * Owns    nothing
 * Source  tests only
 */
#ifndef TESTS_CRASH_TIMING_H
#define TESTS_CRASH_TIMING_H

#include <stdatomic.h>
#include <stdint.h>

#define BUCKETS		32		/* of powers of two microseconds */
#define SLOW_US		1000000

struct timing {
	_Atomic uint64_t	n, max_us, slow, bucket[BUCKETS];
};

uint64_t now_us(void);

/* raise_to - the greater of both stays */
void raise_to(_Atomic uint64_t *at, uint64_t n);

/* timed - one operation that began then */
void timed(struct timing *t, uint64_t began_us);

/* show - one line on stdout */
void show(const char *what, const struct timing *t);

#endif
