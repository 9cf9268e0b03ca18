/* test_pool_reserve.c - who is refused, and who is not; every step waits for the one before */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/unit/pool_fixture.h"

TestSuite(pool_reserve, .init = pool_set_up, .fini = pool_tear_down);

Test(pool_reserve, when_all_are_busy_the_reserved_thread_refuses)
{
	struct pool *p = start(2, board, 0);
	int a = client(), b, c;

	cr_expect_eq(next(a), 'b');
	b = client();
	cr_expect_eq(next(b), 'b');
	cr_expect_eq(board_busy(board), 2);
	for (int i = 0; i < 3; i++) {
		c = client();
		cr_expect_eq(next(c), 's');
		close(c);
	}
	(void)!write(a, "x", 1);		/* a thread is free again */
	while (board_busy(board) > 1)
		usleep(1000);
	c = client();
	cr_expect_eq(next(c), 'b');
	close(a);
	close(b);
	close(c);
	finish(p);
	cr_expect_eq(board_busy(board), 0);
}

Test(pool_reserve, other_workers_count_while_they_accept)
{
	atomic_store(&board->slots[1].pid, 1);
	atomic_store(&board->slots[1].busy, 3);
	cr_expect_eq(board_busy(board), 3);
	atomic_store(&board->slots[1].state, BOARD_LEAVING);
	cr_expect_eq(board_busy(board), 0);
	atomic_store(&board->slots[1].state, BOARD_SERVING);
	board_clear(&board->slots[1]);
	cr_expect_eq(board_busy(board), 0);
	cr_expect_eq(atomic_load(&board->slots[1].busy), 0);
}

Test(pool_reserve, those_that_are_ending_count_while_their_worker_accepts_and_for_a_time)
{
	struct board_slot *slot = &board->slots[1];

	atomic_store(&slot->ending, 2);
	atomic_store(&slot->ending_ms, 1000);
	cr_expect_not(board_ending(board, 0), "nobody's slot");
	atomic_store(&slot->pid, 1);
	cr_expect(board_ending(board, 1000));
	cr_expect_not(board_ending(board, 1001), "too long ago");
	atomic_store(&slot->state, BOARD_LEAVING);
	cr_expect_not(board_ending(board, 0));
	board_clear(slot);
	atomic_store(&slot->pid, 1);
	cr_expect_not(board_ending(board, 0), "a dead worker's count");
}

Test(pool_reserve, who_has_the_last_byte_is_not_refused_while_the_thread_still_ends)
{
	struct pool *p = start(1, board, 0);

	for (int i = 0; i < 3; i++) {
		int a = late(), b = client();

		cr_expect(silent(b), "refused");
		cr_expect_eq(board_busy(board), 1, "it is busy all the same");
		say(gate[1], 'x');
		cr_expect_eq(next(b), 'b');
		close(a);
		close(b);
		while (board_busy(board) > 0)
			usleep(1000);
	}
	cr_expect_not(board_ending(board, 0));
	finish(p);
}

Test(pool_reserve, a_thread_of_another_worker_that_ends_is_waited_for)
{
	struct pool *p = start(1, board, 0);
	struct board_slot *other = &board->slots[1];
	int a = client(), b;

	cr_expect_eq(next(a), 'b');
	atomic_store(&other->pid, 1);
	atomic_store(&other->ending_ms, clock_mono_ms());
	atomic_store(&other->ending, 1);
	b = client();
	cr_expect(silent(b), "refused");
	atomic_store(&other->ending, 0);
	cr_expect_eq(next(b), 's');
	close(a);
	close(b);
	finish(p);
}

Test(pool_reserve, a_thread_that_does_not_come_to_its_end_is_not_waited_for)
{
	struct pool *p;
	int a, b;

	ending_ms = 1;
	p = start(1, board, 0);
	a = late();
	b = client();
	cr_expect_eq(next(b), 's');
	say(gate[1], 'x');
	close(a);
	close(b);
	finish(p);
}

Test(pool_reserve, a_thread_that_ends_is_no_hope_for_more_than_itself)
{
	struct pool *p = start(2, board, 0);
	int a = late(), b = client(), c;

	cr_expect_eq(next(b), 'b');
	say(gate[1], 'x');
	while (board_busy(board) > 1)
		usleep(1000);
	cr_expect_not(board_ending(board, 0));
	close(a);
	a = client();
	cr_expect_eq(next(a), 'b');
	c = client();
	cr_expect_eq(next(c), 's');
	close(a);
	close(b);
	close(c);
	finish(p);
}

Test(pool_reserve, a_kept_connection_is_refused_and_stays_when_all_threads_are_busy)
{
	struct pool *p = start(2, board, 0);
	int kept = keep(), a = client(), b, c;

	cr_expect_eq(next(a), 'b');
	say(kept, 'k');				/* one is busy: there is still a thread for it */
	cr_expect_eq(next(kept), 'b');
	while (board_busy(board) > 1)
		usleep(1000);
	b = client();
	cr_expect_eq(next(b), 'b');
	cr_expect(silent(kept), "closed");
	for (int i = 0; i < 3; i++) {
		say(kept, 'k');
		cr_expect_eq(next(kept), 's');
		c = client();
		cr_expect_eq(next(c), 's');
		close(c);
	}
	say(a, 'x');
	while (board_busy(board) > 1)
		usleep(1000);
	say(kept, 'x');
	cr_expect_eq(next(kept), 'b');
	ended(kept);
	close(a);
	close(b);
	finish(p);
}

Test(pool_reserve, a_request_on_a_kept_connection_waits_for_a_thread_that_ends)
{
	struct pool *p = start(2, board, 0);
	int kept = keep(), a = late(), b = client();

	cr_expect_eq(next(b), 'b');
	say(kept, 'x');
	cr_expect(silent(kept), "refused");
	say(gate[1], 'x');
	cr_expect_eq(next(kept), 'b');
	ended(kept);
	close(a);
	close(b);
	finish(p);
}

Test(pool_reserve, a_kept_connection_is_closed_where_another_worker_has_time)
{
	struct pool *p = start_of(2, 3, board, 0);
	int kept = keep(), a = client(), b, c;

	cr_expect_eq(next(a), 'b');
	cr_expect(silent(kept), "closed, though a thread is free");
	b = client();
	cr_expect_eq(next(b), 'b');
	ended(kept);
	c = client();
	cr_expect(silent(c), "refused, though it is the other worker's");
	say(a, 'x');
	cr_expect_eq(next(c), 'b');
	close(a);
	close(b);
	close(c);
	finish(p);
}

Test(pool_reserve, a_kept_connection_stays_while_a_thread_of_its_worker_ends)
{
	struct pool *p = start_of(2, 3, board, 0);
	int kept = keep(), a = late(), b = client();

	cr_expect_eq(next(b), 'b');
	cr_expect(silent(kept), "closed");
	say(gate[1], 'x');
	cr_expect(silent(kept), "closed, though a thread is free");
	say(kept, 'x');
	cr_expect_eq(next(kept), 'b');
	ended(kept);
	close(a);
	close(b);
	finish(p);
}

/* answer_when_full - of a kept connection that asks in the moment when the last thread becomes busy,
   while another worker has time: 's', or 0 where it was closed just before */
static char
answer_when_full(void)
{
	int kept = keep(), a = client(), b;
	char c = 0;

	cr_assert_eq(next(a), 'b');
	b = client();
	cr_assert_eq(next(b), 'b');
	(void)!send(kept, "q", 1, MSG_NOSIGNAL);
	ready(kept);
	(void)!read(kept, &c, 1);
	if (c != 0)
		cr_expect_eq(next(kept), 'n', "its next request would come here again");
	ended(kept);
	close(a);
	close(b);
	while (board_busy(board) > 0)
		usleep(1000);
	return c;
}

Test(pool_reserve, what_was_asked_before_such_a_close_is_refused)
{
	struct pool *p = start_of(2, 3, board, 0);
	int left = 200;
	char c;

	while ((c = answer_when_full()) == 0 && left-- > 0)
		;
	cr_expect_eq(c, 's');
	finish(p);
}
