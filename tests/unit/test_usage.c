/* test_usage.c - the files that the sums of past days are kept in */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/unit/books.h"

#define DAY_SECONDS 86400

static struct books b;

static void
set_up(void)
{
	books_open(&b);
}

static void
tear_down(void)
{
	books_close(&b);
}

TestSuite(usage, .init = set_up, .fini = tear_down);

/* month_file - of a day; owned by the caller */
static char *
month_file(int64_t day)
{
	char at[CLOCK_TEXT], name[16];

	clock_format(day * DAY_SECONDS * 1000, at);
	snprintf(name, sizeof(name), "usage-%.4s%.2s", at, at + 5);
	return books_file(&b, name);
}

Test(usage, a_month_that_is_lost_or_damaged_is_summed_anew_at_the_next_start)
{
	int64_t first = books_today();
	char *path = month_file(first), *text, *row;

	books_note(&b, "gpt", 3);
	books_note(&b, "claude", 4);
	atomic_store(&books_ahead, DAY_SECONDS);
	books_note(&b, "gpt", 2);
	atomic_store(&books_ahead, 3 * DAY_SECONDS);
	cr_expect_eq(books_used(&b, first, first + 1, "").requests, 9);
	cr_assert_eq(unlink(path), 0);
	books_again(&b);
	cr_expect_eq(books_used(&b, first, first + 1, "").requests, 9, "it was lost");

	text = books_slurp(path);
	cr_assert_not_null(row = strstr(text, "\"claude\""));
	row[strlen("\"claude")] = '\x01';
	books_write(path, text);
	books_again(&b);
	cr_expect_eq(books_used(&b, first, first + 1, "").requests, 9, "a row was damaged");
	books_equal(&b, first);
	books_equal(&b, first + 1);
	free(text);
	free(path);
}

Test(usage, a_day_without_calls_is_kept_too)
{
	int64_t first = books_today();
	char *path = month_file(first), *log = books_day_file(&b, first), *text;

	books_write(log, "{\"id\":\"c\",\"event\":\"resource_changed\",\"at\":\"x\"}\n");
	atomic_store(&books_ahead, 2 * DAY_SECONDS);
	cr_expect_eq(books_used(&b, 0, books_today(), "").requests, 0);
	text = books_slurp(path);
	cr_expect_not_null(strstr(text, "\"requests\":0"), "%s", text);
	free(text);
	free(log);
	free(path);
}

Test(usage, a_clock_that_was_a_day_ahead_hides_no_day)
{
	int64_t first = books_today();

	books_note(&b, "gpt", 3);
	atomic_store(&books_ahead, DAY_SECONDS);
	books_note(&b, "gpt", 2);
	atomic_store(&books_ahead, 2 * DAY_SECONDS);
	books_note(&b, "gpt", 1);
	atomic_store(&books_ahead, DAY_SECONDS);
	cr_expect_eq(books_used(&b, first, first, "").requests, 3);
	cr_expect_eq(books_used(&b, first + 1, first + 1, "").requests, 2);
	books_note(&b, "gpt", 4);
	books_equal(&b, first);
	books_equal(&b, first + 1);
	atomic_store(&books_ahead, 2 * DAY_SECONDS);
	for (int64_t day = first; day < first + 3; day++)
		books_equal(&b, day);
}

Test(usage, a_day_that_was_kept_before_it_was_over_is_kept_anew)
{
	int64_t first = books_today();

	books_note(&b, "gpt", 3);
	atomic_store(&books_ahead, 2 * DAY_SECONDS);
	cr_expect_eq(books_used(&b, first, first, "").requests, 3);
	atomic_store(&books_ahead, 0);
	books_note(&b, "gpt", 4);
	cr_expect_eq(books_used(&b, first, first, "").requests, 7);
	atomic_store(&books_ahead, 2 * DAY_SECONDS);
	cr_expect_eq(books_used(&b, first, first, "").requests, 7);
	books_equal(&b, first);
}
