/*
 * faultpoint.h - places where a test may let the process die as if by kill -9.
 *
 * Shapes  fault_point("commit") ends the process where $MCPD_FAULT is "commit"; the names, in the
 *         order of a change: lock open put snapshot commit rename generation; of a call: begun ending
 *         line counted, and died where another process writes its line
 * Units   none
 * Errors  none
 * Owns    nothing; without -DWITH_FAULT_POINTS nothing is compiled in
 * Source  DESIGN.md 4; tests/crash/store_storm.c
 */
#ifndef STORE_FAULTPOINT_H
#define STORE_FAULTPOINT_H

#ifdef WITH_FAULT_POINTS
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* fault_point - die here if the environment names this place */
static inline void
fault_point(const char *name)
{
	const char *want = getenv("MCPD_FAULT");

	if (want != NULL && strcmp(want, name) == 0)
		kill(getpid(), SIGKILL);
}
#else
#define fault_point(name) ((void)0)
#endif

#endif
