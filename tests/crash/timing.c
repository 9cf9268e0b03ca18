/* timing.c - figures of a storm */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
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

/* bucket_of - 16 buckets to each power of two, from 16 us up; below, one to each us */
static int
bucket_of(uint64_t us)
{
	int shift = 0;

	while (us >> shift >= 2 * STEPS)
		shift++;
	return shift * STEPS + (int)(us >> shift);
}

/* end_of - the first time that is past a bucket */
static uint64_t
end_of(int bucket)
{
	int shift = bucket < 2 * STEPS ? 0 : bucket / STEPS - 1;

	return (uint64_t)(bucket - shift * STEPS + 1) << shift;
}

/* timed - one operation that began then */
void
timed(struct timing *t, uint64_t began_us)
{
	uint64_t us = now_us() - began_us;
	int i = bucket_of(us);

	atomic_fetch_add(&t->n, 1);
	atomic_fetch_add(&t->bucket[i < BUCKETS ? i : BUCKETS - 1], 1);
	atomic_fetch_add(&t->slow, us > SLOW_US);
	raise_to(&t->max_us, us);
}

/* p99 - an upper bound of it */
uint64_t
p99(const struct timing *t)
{
	uint64_t left = t->n / 100;

	for (int i = BUCKETS - 1; i > 0; i--) {
		if (t->bucket[i] > left)
			return end_of(i);
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

/* within - one figure and its limit */
static int
within(const char *what, uint64_t us, uint64_t limit)
{
	if (us <= limit)
		return 1;
	printf("FAIL %s took %" PRIu64 " us, the limit is %" PRIu64 "\n", what, us, limit);
	return 0;
}

/* quiet - nothing else runs here, the exact limits hold */
static int
quiet(void)
{
	return getenv("QUIET") != NULL;
}

/* reads_keep_time - a reader waits for nobody */
int
reads_keep_time(const struct timing *t)
{
	int usual = within("99 of 100 reads", p99(t), quiet() ? READ_P99_US : READ_P99_ANY_US);

	return within("a read", t->max_us, quiet() ? READ_MAX_US : READ_MAX_ANY_US) && usual;
}

/* changes_keep_time - a writer waits for those before it */
int
changes_keep_time(const struct timing *t)
{
	return within("a change", t->max_us, quiet() ? SLOW_US : SLOW_ANY_US);
}
