/*
 * throttle.h - when may a worker that has ended be replaced.
 *
 * Shapes  a worker that ends by itself within a second of its start counts; from the fifth in a row
 *         the next start waits 100 ms, then twice as long each time, up to 10 s. One ended by
 *         SIGKILL (the kernel out of memory, an admin) is not its own fault: replaced at once
 * Units   ms of clock_mono_ms()
 * Errors  none
 * Owns    nothing: a value
 * Source  DESIGN.md 2
 */
#ifndef FCGI_THROTTLE_H
#define FCGI_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

#define THROTTLE_QUICK_MS	1000	/* a life shorter than this counts */
#define THROTTLE_FREE		5	/* that many in a row are replaced at once */
#define THROTTLE_FIRST_MS	100
#define THROTTLE_LAST_MS	10000
#define THROTTLE_CALM_MS	30000	/* without a quick end: the row is over */
#define THROTTLE_PER_SECOND	20	/* starts */

struct throttle {
	unsigned	quick;		/* quick ends in a row */
	int64_t		quick_ms;	/* the last of them */
	int64_t		not_before_ms;
	int64_t		second_ms;	/* begin of the second that is counted */
	unsigned	started;	/* in it */
};

/* throttle_ended - a worker that nobody asked to leave has ended; ms that the next start waits */
int64_t throttle_ended(struct throttle *t, int64_t now_ms, int64_t started_ms, bool killed);

/* throttle_wait - ms until a start is allowed, 0: now */
int64_t throttle_wait(const struct throttle *t, int64_t now_ms);

/* throttle_started - one was started */
void throttle_started(struct throttle *t, int64_t now_ms);

#endif
