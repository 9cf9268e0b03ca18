/* suggest.c - the nearest of some words */
#include <string.h>

#include "base/suggest.h"

/* least - the smallest of three */
static size_t
least(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* edits_between - the distance of two words that are not too long */
static size_t
edits_between(const char *a, size_t alen, const char *b, size_t blen)
{
	size_t rows[3][SUGGEST_MAX + 1];	/* the row being made and the two before it */
	size_t *old = rows[0], *last = rows[1], *now = rows[2], *spare;

	for (size_t j = 0; j <= blen; j++)
		last[j] = old[j] = j;
	for (size_t i = 1; i <= alen; i++) {
		now[0] = i;
		for (size_t j = 1; j <= blen; j++) {
			now[j] = least(last[j] + 1, now[j - 1] + 1,
			    last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    old[j - 2] + 1 < now[j])
				now[j] = old[j - 2] + 1;
		}
		spare = old;
		old = last;
		last = now;
		now = spare;
	}
	return last[blen];
}

/* suggestion_init - nothing is near yet; a third of the word may be wrong, and at most 3 letters */
void
suggestion_init(struct suggestion *s, const char *word)
{
	size_t most = (strlen(word) + 2) / 3;

	*s = (struct suggestion){ .word = word, .edits = (most < 3 ? most : 3) + 1 };
}

/* suggestion_offer - keep it when it is nearer than the ones before */
void
suggestion_offer(struct suggestion *s, const char *candidate)
{
	size_t alen = strlen(s->word), blen = strlen(candidate), n;

	if (alen > SUGGEST_MAX || blen > SUGGEST_MAX)
		return;
	n = edits_between(s->word, alen, candidate, blen);
	if (n < s->edits) {
		s->best = candidate;
		s->edits = n;
	}
}
