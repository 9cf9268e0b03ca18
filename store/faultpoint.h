/*
 * faultpoint.h - places where a test may let the process die as if by kill -9, or stop.
 *
 * Shapes  fault_point("commit") ends the process where $MCPD_FAULT is "commit", and stops it until
 *         SIGCONT where $MCPD_STOP is; the names, in the order of a change: lock open put snapshot
 *         commit rename generation; of a call: begun ending line half counted, and died where
 *         another process writes its line; of a series: adding leaving telling
 * Units   none
 * Errors  none
 * Owns    nothing; without -DWITH_FAULT_POINTS nothing is compiled in
 * Source  STORE.md 5; tests/crash/, tests/e2e/test_storm.py, tests/unit/test_metrics.c
 */
#ifndef STORE_FAULTPOINT_H
#define STORE_FAULTPOINT_H

#ifdef WITH_FAULT_POINTS
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* fault_point - die or stop here if the environment names this place */
static inline void
fault_point(const char *name)
{
	const char *die = getenv("MCPD_FAULT"), *stop = getenv("MCPD_STOP");

	if (die != NULL && strcmp(die, name) == 0)
		kill(getpid(), SIGKILL);
	if (stop != NULL && strcmp(stop, name) == 0)
		kill(getpid(), SIGSTOP);
}
#else
#define fault_point(name) ((void)0)
#endif

#endif
