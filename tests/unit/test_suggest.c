/* test_suggest.c - did you mean */
#include <criterion/criterion.h>

#include "base/suggest.h"

static const struct {
	const char	*word, *nearest;
} rows[] = {
	{ "wokers", "workers" }, { "wrokers", "workers" }, { "worrkerss", "workers" },
	{ "dleete", "delete" }, { "delete", "delete" }, { "gte", "get" }, { "gut", "get" },
	{ "put", NULL }, { "xy", NULL }, { "", NULL }, { "qzqzqzqz", NULL },
	{ "descirbes", "describe" },
	{ "a-word-that-is-far-longer-than-any-of-the-candidates-can-be", NULL },
};

Test(suggest, gives_the_nearest_word_or_none)
{
	static const char *const words[] = { "get", "delete", "describe", "diff", "workers" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct suggestion s;

		suggestion_init(&s, rows[i].word);
		for (size_t k = 0; k < sizeof(words) / sizeof(words[0]); k++)
			suggestion_offer(&s, words[k]);
		cr_expect_str_eq(s.best != NULL ? s.best : "-",
		    rows[i].nearest != NULL ? rows[i].nearest : "-", "%s: %s", rows[i].word, s.best);
	}
}
