/* progress.c - a line that is overwritten */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/program.h"
#include "cli/progress.h"
#include "cli/text.h"

/* progress_begin - nothing is shown yet: what is over at once needs no line */
struct progress
progress_begin(const struct program *p, const char *verb, size_t of)
{
	return (struct progress){
		.verb = verb, .of = of, .next_ms = clock_mono_ms() + PROGRESS_MS,
		.wanted = !p->quiet && of >= PROGRESS_LEAST && text_terminal(STDERR_FILENO) &&
		    !isatty(STDOUT_FILENO),
	};
}

/* progress_at - so many are done */
void
progress_at(struct progress *s, size_t done)
{
	int64_t now_ms;

	if (!s->wanted || (now_ms = clock_mono_ms()) < s->next_ms)
		return;
	fprintf(stderr, "\r\033[K%s %zu of %zu", s->verb, done, s->of);
	s->next_ms = now_ms + PROGRESS_MS;
	s->shown = true;
}

/* progress_end - the line is free for what comes next */
void
progress_end(struct progress *s)
{
	if (s->shown)
		fputs("\r\033[K", stderr);
	s->shown = false;
}
