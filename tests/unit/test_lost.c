/* test_lost.c - files of the books that someone deletes while they are open */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/books.h"

static struct books b;

/* set_up - blank books */
static void
set_up(void)
{
	books_open(&b);
}

/* tear_down - away with them */
static void
tear_down(void)
{
	books_close(&b);
}

TestSuite(lost, .init = set_up, .fini = tear_down);

/* delete - one of the files */
static void
delete(const char *name)
{
	char *path = books_file(&b, name);

	cr_assert_eq(unlink(path), 0, "%s", path);
	free(path);
}

static const char *const names[] = { "counters", "inflight", "metrics" };

Test(lost, each_file_is_missed_until_it_is_made_anew)
{
	cr_expect(!ledger_lost(b.l));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		delete(names[i]);
		cr_expect(ledger_lost(b.l), "%s", names[i]);
		books_again(&b);
		cr_expect(!ledger_lost(b.l), "%s", names[i]);
	}
}

Test(lost, another_file_in_its_place_is_not_ours)
{
	char *path;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		delete(names[i]);
		path = books_file(&b, names[i]);
		books_write(path, "another");
		cr_expect(ledger_lost(b.l), "%s", names[i]);
		unlink(path);
		free(path);
		books_again(&b);
	}
}

Test(lost, what_was_counted_in_a_deleted_file_comes_back_at_the_next_start)
{
	struct books old = b;

	books_note(&b, "gpt", 3);
	delete("counters");
	b.l = NULL;
	books_again(&b);		/* another process, which sums the log */
	books_equal(&b, books_today());
	books_note(&old, "gpt", 2);	/* one that has not noticed */
	ledger_close(old.l);
	books_again(&b);
	cr_expect_eq(books_logged(&b, books_today()).requests, 5);
	books_equal(&b, books_today());
}
