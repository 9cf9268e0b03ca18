/* progress.c - a line that is overwritten */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/program.h"
#include "cli/progress.h"
#include "cli/text.h"

/* progress_begin - nothing is shown yet */
struct progress
progress_begin(const struct program *p, const char *verb, size_t of, enum pace pace)
{
	bool slow = pace == PACE_SLOW;

	return (struct progress){
		.verb = verb, .of = of, .every_ms = slow ? 0 : PROGRESS_MS,
		.wanted = !p->quiet && of >= (slow ? 2 : PROGRESS_LEAST) &&
		    text_terminal(STDERR_FILENO),
	};
}

/* progress_at - see progress.h */
void
progress_at(struct progress *s, size_t step, const char *name)
{
	int64_t now_ms;
	char *clean;

	if (!s->wanted || (now_ms = clock_mono_ms()) < s->next_ms)
		return;
	clean = text_clean(name != NULL ? name : "");
	fprintf(stderr, "\r%s %zu of %zu%s%s\033[K", s->verb, step, s->of, *clean != '\0' ? ": " : "",
	    clean);
	fflush(stderr);
	free(clean);
	s->next_ms = now_ms + s->every_ms;
	s->shown = true;
}

/* progress_hide - see progress.h */
void
progress_hide(struct progress *s)
{
	if (s->shown)
		fputs("\r\033[K", stderr);
	s->shown = false;
}
