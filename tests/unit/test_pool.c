/* test_pool.c - threads on demand, and the one beyond them; every step waits for the one before */
#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fcgi/listen.h"
#include "fcgi/pool.h"

#define PATIENCE_MS 10000		/* ms until something that must happen has not */

static char dir[] = "/tmp/mcpd-unit.XXXXXX";
static struct sockaddr_un sa = { .sun_family = AF_UNIX };
static struct listener l;
static struct board *board;
static int told[2];			/* what happened, a byte each: 'e'nded, 'w'orn */

static void
open_all(void)
{
	struct error err;
	char spec[128];

	cr_assert_not_null(mkdtemp(dir));
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/s", dir);
	snprintf(spec, sizeof(spec), "unix:%s", sa.sun_path);
	cr_assert_eq(listen_open(spec, 0600, &l, &err), RC_OK, "%s", err.msg);
	cr_assert_eq(board_new(&board, &err), RC_OK);
	cr_assert_eq(pipe(told), 0);
}

static void
close_all(void)
{
	listen_close(&l);
	rmdir(dir);
}

TestSuite(pool, .init = open_all, .fini = close_all);

/* ready - wait until there is something to read */
static void
ready(int fd)
{
	struct pollfd in = { .fd = fd, .events = POLLIN };

	cr_assert_eq(poll(&in, 1, PATIENCE_MS), 1, "nothing happened");
}

/* next - a byte */
static char
next(int fd)
{
	char c = 0;

	ready(fd);
	cr_assert_eq(read(fd, &c, 1), 1);
	return c;
}

/* serve - say by whom ('b'usy or 's'aturated), and stay until the client says that it may end; with a
   'k' it asks for the connection to be kept */
static int
serve(void *arg, struct http **http, int fd, bool saturated)
{
	char c = saturated ? 's' : 'b';

	(void)arg;
	(void)http;
	cr_assert_eq(write(fd, &c, 1), 1);
	if (!saturated && read(fd, &c, 1) == 1 && c == 'k')
		return fd;
	close(fd);
	return -1;
}

static void
on_ended(void *arg)
{
	(void)arg;
	(void)!write(told[1], "e", 1);
}

static void
on_worn(void *arg)
{
	(void)arg;
	(void)!write(told[1], "w", 1);
}

/* start_of - a pool of max threads, alone or on a board, where all workers have capacity threads */
static struct pool *
start_of(unsigned max, unsigned capacity, struct board *b, int64_t max_requests)
{
	const struct pool_opts opts = {
		.listen_fd = l.fd, .max = max, .board = b, .capacity = capacity,
		.max_requests = max_requests, .serve = serve, .ended = on_ended, .worn = on_worn,
	};

	struct pool *p = pool_new(&opts);

	if (b != NULL)
		atomic_store(&b->slots[0].pid, getpid());
	pool_start(p);
	return p;
}

/* start - it is all the workers there are */
static struct pool *
start(unsigned max, struct board *b, int64_t max_requests)
{
	return start_of(max, max, b, max_requests);
}

/* finish - stop it, and wait for its last thread */
static void
finish(struct pool *p)
{
	pool_stop(p);
	cr_expect_eq(next(told[0]), 'e');
	cr_expect_eq(pool_threads(p), 0);
	pool_free(p);
}

/* client - a connection; its first byte tells who took it */
static int
client(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	cr_assert_eq(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	return fd;
}

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

Test(pool, when_all_are_busy_the_reserved_thread_refuses)
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

Test(pool, other_workers_count_while_they_accept)
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

Test(pool, after_the_stop_streams_go_on_and_nobody_else_comes_in)
{
	struct pool *p = start(4, board, 0);
	int a = client(), b;

	cr_expect_eq(next(a), 'b');
	pool_stop(p);
	b = socket(AF_UNIX, SOCK_STREAM, 0);
	while (connect(b, (struct sockaddr *)&sa, sizeof(sa)) == 0) {
		/* the other threads still hold the old socket in their poll() for a moment */
		close(b);
		b = socket(AF_UNIX, SOCK_STREAM, 0);
	}
	cr_expect_eq(pool_threads(p) >= 1, true);
	(void)!write(a, "x", 1);
	cr_expect_eq(next(told[0]), 'e');
	pool_free(p);
	close(a);
	close(b);
}

/* say - what shall become of the connection; where it was kept, this is its next request as well */
static void
say(int fd, char c)
{
	cr_assert_eq(write(fd, &c, 1), 1);
}

/* keep - a client whose connection is kept, and no thread has it any more */
static int
keep(void)
{
	int fd = client();

	cr_assert_eq(next(fd), 'b');
	say(fd, 'k');
	while (board_busy(board) > 0)
		usleep(1000);
	return fd;
}

/* ended - the pool has closed the connection */
static void
ended(int fd)
{
	char c;

	ready(fd);
	cr_expect_leq(read(fd, &c, 1), 0, "not closed");
	close(fd);
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

/* kept_closes - all threads of this worker become busy while it keeps a connection */
static void
kept_closes(unsigned capacity)
{
	struct pool *p = start_of(2, capacity, board, 0);
	int kept = keep(), a = client(), b;

	cr_expect_eq(next(a), 'b');
	say(kept, 'k');				/* one is busy: there is still a thread for it */
	cr_expect_eq(next(kept), 'b');
	while (board_busy(board) > 1)
		usleep(1000);
	b = client();
	cr_expect_eq(next(b), 'b');
	ended(kept);
	close(a);
	close(b);
	finish(p);
}

Test(pool, kept_connections_are_closed_when_all_threads_are_busy)
{
	kept_closes(2);
}

Test(pool, that_another_worker_has_time_does_not_help_a_kept_connection)
{
	kept_closes(3);
}

/* answer_when_full - of a kept connection that asks in the moment when the last thread becomes busy:
   's', or 0 where it was closed just before */
static char
answer_when_full(void)
{
	int kept = keep(), a = client(), b;
	char c = 0;

	cr_assert_eq(next(a), 'b');
	b = client();
	cr_assert_eq(next(b), 'b');
	(void)!send(kept, "k", 1, MSG_NOSIGNAL);
	ready(kept);
	(void)!read(kept, &c, 1);
	close(kept);
	close(a);
	close(b);
	while (board_busy(board) > 0)
		usleep(1000);
	return c;
}

Test(pool, a_request_on_a_kept_connection_that_no_thread_has_time_for_is_refused)
{
	struct pool *p = start(2, board, 0);
	int left = 200;
	char c;

	while ((c = answer_when_full()) == 0 && left-- > 0)
		;
	cr_expect_eq(c, 's');
	finish(p);
}

Test(pool, keeps_no_more_than_64)
{
	struct pool *p = start(2, board, 0);
	int fds[64];

	for (int i = 0; i < 64; i++)
		fds[i] = keep();
	ended(keep());
	for (int i = 0; i < 64; i++) {
		say(fds[i], 'x');
		cr_expect_eq(next(fds[i]), 'b');
		ended(fds[i]);
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
		close_all();
		memset(strchr(dir, '.') + 1, 'X', 6);
		open_all();
	}
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
