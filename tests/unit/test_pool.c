/* test_pool.c - threads on demand, and connections that are kept; every step waits for the one before */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/pool_fixture.h"

TestSuite(pool, .init = pool_set_up, .fini = pool_tear_down);

Test(pool, serves_as_many_at_a_time_as_it_may)
{
	struct pool *p = start(8, NULL, 0);
	int fds[8];

	for (int i = 0; i < 8; i++) {
		fds[i] = client();
		cr_expect_eq(next(fds[i]), 'b');
	}
	cr_expect_eq(pool_threads(p), 8);
	for (int i = 0; i < 8; i++)
		close(fds[i]);
	finish(p);
}

Test(pool, one_thread_is_enough_where_one_is_allowed)
{
	struct pool *p = start(1, NULL, 0);

	for (int i = 0; i < 3; i++) {
		int fd = client();

		cr_expect_eq(next(fd), 'b');
		close(fd);
	}
	cr_expect_eq(pool_threads(p), 1);
	finish(p);
}

Test(pool, never_has_more_threads_than_it_may)
{
	struct pool *p = start(2, NULL, 0);
	int fds[64];

	/* short ones: a thread that was started is not there yet when the next connection comes */
	for (int i = 0; i < 64; i++) {
		fds[i] = client();
		cr_assert_eq(write(fds[i], "x", 1), 1);
	}
	for (int i = 0; i < 64; i++) {
		cr_expect_eq(next(fds[i]), 'b');
		cr_expect_leq(pool_threads(p), 2);
		close(fds[i]);
	}
	finish(p);
}

Test(pool, idle_threads_beyond_a_few_end)
{
	struct pool *p = start(32, NULL, 0);
	int fds[32];

	for (int i = 0; i < 32; i++) {
		fds[i] = client();
		cr_expect_eq(next(fds[i]), 'b');
	}
	for (int i = 0; i < 32; i++)
		close(fds[i]);
	while (pool_threads(p) > 5)		/* a leader and four followers */
		usleep(1000);
	finish(p);
}

Test(pool, after_the_stop_streams_go_on_and_nobody_else_comes_in)
{
	struct pool *p = start(4, board, 0);
	int a = client(), b;

	cr_expect_eq(next(a), 'b');
	pool_stop(p);
	while ((b = dial()) >= 0)	/* others still hold the old socket in their poll() for a moment */
		close(b);
	cr_expect_eq(pool_threads(p) >= 1, true);
	(void)!write(a, "x", 1);
	cr_expect_eq(next(told[0]), 'e');
	pool_free(p);
	close(a);
}

Test(pool, a_kept_connection_waits_without_a_thread)
{
	struct pool *p = start(8, board, 0);
	int fds[6];

	for (int i = 0; i < 6; i++)
		fds[i] = keep();
	cr_expect_leq(pool_threads(p), 4);	/* one leads, some have led, one is the reserved one */
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 6; i++) {
			say(fds[i], round < 2 ? 'k' : 'x');
			cr_expect_eq(next(fds[i]), 'b');
		}
	}
	for (int i = 0; i < 6; i++)
		ended(fds[i]);
	finish(p);
}

Test(pool, keeps_no_more_than_64)
{
	struct pool *p = start(2, board, 0);
	int fds[64], more;

	for (int i = 0; i < 64; i++)
		fds[i] = keep();
	more = client();
	cr_expect_eq(next(more), 'b');
	say(more, 'q');
	cr_expect_eq(next(more), 'n');
	ended(more);
	for (int i = 0; i < 64; i++) {
		say(fds[i], 'x');
		cr_expect_eq(next(fds[i]), 'b');
		ended(fds[i]);
	}
	finish(p);
}

Test(pool, alone_it_keeps_nothing)
{
	struct pool *p = start(2, NULL, 0);
	int fd = client();

	cr_expect_eq(next(fd), 'b');
	say(fd, 'q');
	cr_expect_eq(next(fd), 'n');
	ended(fd);
	finish(p);
}

Test(pool, keeps_nothing_after_the_stop)
{
	struct pool *p = start(2, board, 0);
	int fd = client();

	cr_expect_eq(next(fd), 'b');
	pool_stop(p);
	say(fd, 'q');
	cr_expect_eq(next(fd), 'n');
	ended(fd);
	cr_expect_eq(next(told[0]), 'e');
	pool_free(p);
}

Test(pool, any_of_those_that_are_kept_may_go)
{
	struct pool *p = start(2, board, 0);
	int fds[3];

	for (int gone = 0; gone < 3; gone++) {
		for (int i = 0; i < 3; i++)
			fds[i] = keep();
		say(fds[gone], 'x');
		cr_expect_eq(next(fds[gone]), 'b');
		ended(fds[gone]);
		for (int i = 0; i < 3; i++) {
			if (i == gone)
				continue;
			say(fds[i], 'x');
			cr_expect_eq(next(fds[i]), 'b');
			ended(fds[i]);
		}
	}
	finish(p);
}

Test(pool, a_kept_connection_that_the_web_server_closes_is_no_request)
{
	struct pool *p = start(2, board, 7);
	int fd;

	for (int i = 0; i < 6; i++)
		close(keep());
	fd = keep();
	cr_expect_eq(next(told[0]), 'w');
	say(fd, 'x');
	cr_expect_eq(next(fd), 'b');
	ended(fd);
	finish(p);
}

Test(pool, what_was_asked_on_a_kept_connection_before_the_stop_is_served)
{
	for (int i = 0; i < 50; i++) {
		struct pool *p = start(4, board, 0);
		int fds[3], idle = keep();

		for (int k = 0; k < 3; k++)
			fds[k] = keep();
		for (int k = 0; k < 3; k++)
			say(fds[k], 'k');
		finish(p);
		for (int k = 0; k < 3; k++) {
			cr_expect_eq(next(fds[k]), 'b');
			ended(fds[k]);
		}
		ended(idle);
		pool_tear_down();
		memset(strchr(dir, '.') + 1, 'X', 6);
		pool_set_up();
	}
}

Test(pool, what_comes_on_a_kept_connection_soon_after_the_stop_is_served)
{
	struct pool *p;
	int fds[3];

	linger_ms = 60000;
	p = start(2, board, 0);
	for (int i = 0; i < 3; i++)
		fds[i] = keep();
	pool_stop(p);
	for (int i = 0; i < 3; i++) {
		cr_expect(silent(fds[i]), "closed");
		say(fds[i], 'q');
		cr_expect_eq(next(fds[i]), 'b');
		cr_expect_eq(next(fds[i]), 'n');
		ended(fds[i]);
	}
	cr_expect_eq(next(told[0]), 'e');	/* nobody is left to be waited for */
	pool_free(p);
}

Test(pool, what_does_not_come_after_the_stop_is_not_waited_for)
{
	struct pool *p;
	int fd;

	linger_ms = 1;
	p = start(2, board, 0);
	fd = keep();
	finish(p);
	ended(fd);
}

Test(pool, tells_once_when_it_has_served_enough)
{
	struct pool *p = start(4, NULL, 3);

	for (int i = 0; i < 5; i++) {
		int fd = client();

		cr_expect_eq(next(fd), 'b');
		close(fd);
	}
	cr_expect_eq(next(told[0]), 'w');
	finish(p);			/* the next byte is its end, not a second 'w' */
}
