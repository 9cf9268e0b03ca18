/*
 * progress.h - how far long work is, for someone who waits.
 *
 * Shapes  one line on stderr that is overwritten, "applying 120 of 300", and taken away at the end.
 *         Only where stderr is a terminal and stdout is none (there the lines of the work itself show
 *         it), without -q, and for PROGRESS_LEAST steps or more
 * Units   steps
 * Errors  none
 * Owns    nothing
 * Source  CLI.md, "Long work on a terminal"
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROGRESS_LEAST	50		/* steps that are worth a line */
#define PROGRESS_MS	100		/* ms between two lines */

struct program;

struct progress {
	const char	*verb;
	size_t		 of;
	int64_t		 next_ms;
	bool		 shown;		/* there is a line to take away */
	bool		 wanted;
};

struct progress progress_begin(const struct program *p, const char *verb, size_t of);
void progress_at(struct progress *s, size_t done);
void progress_end(struct progress *s);

#endif
