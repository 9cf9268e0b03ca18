/* timing.c - figures of a storm */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "tests/crash/timing.h"

/* now_us - for the figures */
uint64_t
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* raise_to - the greater of both stays */
void
raise_to(_Atomic uint64_t *at, uint64_t n)
{
	uint64_t old = atomic_load(at);

	while (old < n && !atomic_compare_exchange_weak(at, &old, n))
		;
}

/* timed - one operation that began then */
void
timed(struct timing *t, uint64_t began_us)
{
	uint64_t us = now_us() - began_us;
	int i = 0;

	while (i < BUCKETS - 1 && us >> i != 0)
		i++;
	atomic_fetch_add(&t->n, 1);
	atomic_fetch_add(&t->bucket[i], 1);
	atomic_fetch_add(&t->slow, us > SLOW_US);
	raise_to(&t->max_us, us);
}

/* p99 - an upper bound of it */
static uint64_t
p99(const struct timing *t)
{
	uint64_t left = t->n / 100;

	for (int i = BUCKETS - 1; i > 0; i--) {
		if (t->bucket[i] > left)
			return UINT64_C(1) << i;
		left -= t->bucket[i];
	}
	return 1;
}

/* show - figures of one kind of operation */
void
show(const char *what, const struct timing *t)
{
	printf("%s: %" PRIu64 ", p99 below %" PRIu64 " us, longest %" PRIu64 " us, over 1 s %"
	    PRIu64 "\n", what, t->n, p99(t), t->max_us, t->slow);
}
