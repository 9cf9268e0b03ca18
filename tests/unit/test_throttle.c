/* test_throttle.c - how fast workers that die are replaced */
#include <criterion/criterion.h>

#include "fcgi/throttle.h"

#define START 1000000			/* ms; a clock that has run for a while */

/* end_quick - n workers that live 10 ms each, started as soon as allowed; the last wait */
static int64_t
end_quick(struct throttle *t, int64_t *now, unsigned n)
{
	int64_t wait = 0;

	while (n-- > 0) {
		*now += 10;
		wait = throttle_ended(t, *now, *now - 10, false);
		*now += wait;
	}
	return wait;
}

Test(throttle, four_quick_ends_are_replaced_at_once_then_the_delay_doubles)
{
	static const int64_t waits[] = {
		0, 0, 0, 0, 100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000,
	};
	struct throttle t = { 0 };
	int64_t now = START;

	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++)
		cr_expect_eq(end_quick(&t, &now, 1), waits[i], "end %zu", i + 1);
}

Test(throttle, one_that_lived_ends_the_row)
{
	struct throttle t = { 0 };
	int64_t now = START;

	end_quick(&t, &now, 6);
	cr_expect_eq(throttle_ended(&t, now, now - THROTTLE_QUICK_MS, false), 0);
	cr_expect_eq(end_quick(&t, &now, 4), 0);
	cr_expect_eq(end_quick(&t, &now, 1), 100);
}

Test(throttle, an_old_row_is_forgotten)
{
	struct throttle t = { 0 };
	int64_t now = START;

	end_quick(&t, &now, 8);
	now += THROTTLE_CALM_MS + 1;
	cr_expect_eq(end_quick(&t, &now, 1), 0);
}

Test(throttle, a_killed_one_neither_counts_nor_ends_the_row)
{
	struct throttle t = { 0 };
	int64_t now = START;

	end_quick(&t, &now, 4);
	for (int i = 0; i < 10; i++)
		cr_expect_eq(throttle_ended(&t, now, now - 1, true), 0);
	cr_expect_eq(end_quick(&t, &now, 1), 100);
}

Test(throttle, never_more_than_twenty_in_a_second)
{
	struct throttle t = { 0 };

	for (int i = 0; i < THROTTLE_PER_SECOND; i++) {
		cr_expect_eq(throttle_wait(&t, START + i), 0, "start %d", i);
		throttle_started(&t, START + i);
	}
	cr_expect_eq(throttle_wait(&t, START + 400), 600);
	cr_expect_eq(throttle_ended(&t, START + 400, START + 1, true), 600);
	cr_expect_eq(throttle_wait(&t, START + 1000), 0);
	throttle_started(&t, START + 1000);
	cr_expect_eq(throttle_wait(&t, START + 1000), 0);
}
