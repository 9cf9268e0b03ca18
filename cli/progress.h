/*
 * progress.h - how far long work is, for someone who waits.
 *
 * Shapes  one line on stderr that is overwritten, "applying 120 of 300: llm/x", and taken away before
 *         other lines and at the end. Only where stderr is a terminal, and without -q
 * Units   steps, from 1: the one that is being done
 * Errors  none
 * Owns    nothing
 * Source  CLI.md, "Long work on a terminal"
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROGRESS_LEAST	50		/* quick steps that are worth a line */
#define PROGRESS_MS	100		/* ms between two lines of quick steps */

enum pace {
	PACE_QUICK,			/* a step is over at once */
	PACE_SLOW,			/* any may take long: each is shown, where there are two or more */
};

struct program;

struct progress {
	const char	*verb;
	size_t		 of;
	int64_t		 every_ms, next_ms;
	bool		 shown;		/* there is a line to take away */
	bool		 wanted;
};

struct progress progress_begin(const struct program *p, const char *verb, size_t of,
    enum pace pace);

/* progress_at - begins that step; name may be NULL */
void progress_at(struct progress *s, size_t step, const char *name);

/* progress_hide - the line is free for what comes next */
void progress_hide(struct progress *s);

#endif
