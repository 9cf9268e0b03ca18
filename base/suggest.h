/*
 * suggest.h - "did you mean ...?"
 *
 * Shapes  one word that nobody knows, candidates offered one by one, best is the nearest or NULL
 * Units   edits: a letter added, dropped, replaced, or two neighbours swapped
 * Errors  none; words longer than SUGGEST_MAX are near nothing
 * Owns    nothing: the word and the candidates are borrowed
 * Source  Damerau and Levenshtein, optimal string alignment
 */
#ifndef BASE_SUGGEST_H
#define BASE_SUGGEST_H

#include <stddef.h>

#define SUGGEST_MAX 40			/* bytes of a word */

struct suggestion {
	const char	*word;
	const char	*best;		/* NULL: nothing is near */
	size_t		 edits;		/* from word to best */
};

void suggestion_init(struct suggestion *s, const char *word);
void suggestion_offer(struct suggestion *s, const char *candidate);

#endif
