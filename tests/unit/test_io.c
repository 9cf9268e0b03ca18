/* test_io.c - a FastCGI peer, played on one end of a socket pair (FastCGI 1.0 §3 and §5) */
#include <criterion/criterion.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "fcgi/io.h"
#include "tests/unit/freed.h"

#define SHORT_MS 100			/* ms that a silent peer is waited for in these tests */

enum { BEGIN = 1, ABORT = 2, PARAMS = 4, STDIN = 5, STDOUT = 6 };

static int peer, ours;

static void
open_pair(void)
{
	int fds[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	peer = fds[0];
	ours = fds[1];
	io_fcgx_global();
}

TestSuite(io, .init = open_pair);

/* record - from the web server */
static void
record(unsigned char type, const char *data, size_t len)
{
	const unsigned char head[8] = { 1, type, 0, 1, 0, (unsigned char)len };

	cr_assert_eq(write(peer, head, sizeof(head)), (ssize_t)sizeof(head));
	cr_assert_eq(write(peer, data, len), (ssize_t)len);
}

/* ask - a request with one parameter; its stdin is open */
static void
ask(void)
{
	record(BEGIN, "\0\1\0\0\0\0\0\0", 8);
	record(PARAMS, "\1\3Aabc", 6);
	record(PARAMS, "", 0);
}

/* open_io - must succeed */
static struct io *
open_io(void)
{
	struct io *io;
	struct error err;

	cr_assert_eq(io_fcgx_open(ours, SHORT_MS, &io, &err), RC_OK, "%s", err.msg);
	return io;
}

/* read_all - the body's length, or what went wrong */
static enum rc
read_all(struct io *io, size_t *total)
{
	struct error err;
	size_t n = 1;
	char p[16];
	enum rc rc;

	for (*total = 0; n > 0; *total += n)
		if ((rc = io->ops->read(io, p, sizeof(p), &n, &err)) != RC_OK)
			return rc;
	return RC_OK;
}

Test(io, a_request_is_read_and_answered)
{
	struct io *io;
	size_t total;
	char out[64] = "";

	ask();
	record(STDIN, "0123456789abcdefghij", 20);
	record(STDIN, "", 0);
	io = open_io();
	cr_expect_str_eq(io->ops->param(io, "A"), "abc");
	cr_expect_null(io->ops->param(io, "B"));
	cr_expect_eq(read_all(io, &total), RC_OK);
	cr_expect_eq(total, 20);
	cr_expect_eq(io->ops->write(io, "hello", 5, NULL), RC_OK);
	cr_expect_eq(io->ops->flush(io, NULL), RC_OK);
	cr_assert_geq(read(peer, out, sizeof(out)), 13);
	cr_expect_eq(out[1], STDOUT);
	cr_expect_arr_eq(out + 8, "hello", 5);
	shutdown(peer, SHUT_WR);
	io->ops->close(io);
}

/* write_until_full - to a peer that reads nothing; how it ended, after ms */
static enum rc
write_until_full(struct io *io, int64_t *ms, struct error *err)
{
	static const char much[65536];
	int64_t start = clock_mono_ms();
	enum rc rc = RC_OK;

	for (int i = 0; i < 100 && rc == RC_OK; i++)
		rc = io->ops->write(io, much, sizeof(much), err);
	*ms = clock_mono_ms() - start;
	return rc;
}

Test(io, a_write_to_a_slow_reader_ends_at_the_deadline_of_the_call, .timeout = 30)
{
	struct io *io;
	struct error err;
	int64_t ms;

	ask();
	record(STDIN, "", 0);
	io = open_io();
	io->until_ms = clock_mono_ms() + 300;
	cr_expect_eq(write_until_full(io, &ms, &err), RC_GONE);
	cr_expect_str_eq(err.msg, "the client reads too slowly");
	cr_expect(ms >= 300 && ms < 5000, "%lld ms", (long long)ms);
	ms = clock_mono_ms();
	io->ops->close(io);
	cr_expect_lt(clock_mono_ms() - ms, 500, "the end waits for nobody");
}

Test(io, a_write_that_would_wait_is_given_up_when_the_process_ends, .timeout = 30)
{
	atomic_int stop = 1;
	struct io *io;
	struct error err;
	int64_t ms;

	ask();
	record(STDIN, "", 0);
	io = open_io();
	io->stop = &stop;
	cr_expect_eq(write_until_full(io, &ms, &err), RC_GONE);
	cr_expect_lt(ms, 5000);
	io->ops->close(io);
}

Test(io, a_peer_that_closes_ends_a_write_that_waits, .timeout = 30)
{
	struct io *io;
	struct error err;
	int64_t ms;

	ask();
	record(STDIN, "", 0);
	io = open_io();
	close(peer);
	cr_expect_eq(write_until_full(io, &ms, &err), RC_GONE);
	cr_expect_lt(ms, 5000);
	io->ops->close(io);
}

/* read_answer - the web server's thread: counts the bytes 'a' of the answer, to its end */
static void *
read_answer(void *arg)
{
	static char content[65536];
	size_t *seen = arg;

	for (;;) {
		unsigned char head[8];
		size_t len;

		if (recv(peer, head, sizeof(head), MSG_WAITALL) != sizeof(head) || head[1] != STDOUT)
			return NULL;
		len = (size_t)head[4] << 8 | head[5];
		if (len == 0 || recv(peer, content, len, MSG_WAITALL) != (ssize_t)len)
			return NULL;
		for (size_t i = 0; i < len; i++)
			*seen += content[i] == 'a';
	}
}

Test(io, an_answer_larger_than_all_buffers_arrives_whole, .timeout = 30)
{
	static char answer[1 << 20];
	struct io *io;
	size_t seen = 0;
	pthread_t reader;

	memset(answer, 'a', sizeof(answer));
	ask();
	record(STDIN, "", 0);
	io = open_io();
	cr_assert_eq(pthread_create(&reader, NULL, read_answer, &seen), 0);
	cr_assert_eq(io->ops->write(io, "a first ", 8, NULL), RC_OK);
	cr_assert_eq(io->ops->write(io, answer, sizeof(answer), NULL), RC_OK);
	io->ops->close(io);
	pthread_join(reader, NULL);
	cr_expect_eq(seen, sizeof(answer) + 1);
}

/* ask_to_keep - a request whose connection the web server would use again */
static void
ask_to_keep(void)
{
	record(BEGIN, "\0\1\1\0\0\0\0\0", 8);		/* FCGI_KEEP_CONN */
	record(PARAMS, "", 0);
}

Test(io, a_kept_connection_takes_another_request)
{
	struct io *io;
	size_t total;
	int kept = -1;

	ask_to_keep();
	record(STDIN, "", 0);
	io = open_io();
	cr_assert(io->may_keep);
	cr_assert_eq(read_all(io, &total), RC_OK);
	io->kept = &kept;
	io->ops->close(io);
	cr_assert_eq(kept, ours);
	ask();
	io = open_io();
	cr_expect_str_eq(io->ops->param(io, "A"), "abc");
	cr_expect_not(io->may_keep);
	io->ops->close(io);
}

/* on_ending - what the web server has of the answer when the pool hears that it ends */
static void
on_ending(void *arg)
{
	char out[64];
	ssize_t n = recv(peer, out, sizeof(out), MSG_PEEK | MSG_DONTWAIT);

	*(ssize_t *)arg = n;
}

Test(io, the_end_is_told_again_when_the_last_bytes_are_out)
{
	ssize_t had = -1;
	struct io *io;

	ask();
	record(STDIN, "", 0);
	io = open_io();
	cr_expect_eq(io->ops->write(io, "hello", 5, NULL), RC_OK);
	io->ending = on_ending;
	io->ending_arg = &had;
	shutdown(peer, SHUT_WR);
	io->ops->close(io);
	cr_expect_eq(had, 13);
}

Test(io, the_connection_is_closed_though_the_web_server_would_keep_it)
{
	struct pollfd in = { .fd = peer, .events = POLLIN };
	char out[256];
	struct io *io;
	size_t total;
	int64_t start;

	ask_to_keep();
	record(STDIN, "", 0);
	io = open_io();
	cr_assert_eq(read_all(io, &total), RC_OK);
	start = clock_mono_ms();
	io->ops->close(io);
	cr_expect_lt(clock_mono_ms() - start, 400, "it does not wait for the web server to close");
	cr_expect_eq(poll(&in, 1, 0), 1);
	while (read(peer, out, sizeof(out)) > 0)
		;
	cr_expect_eq(poll(&in, 1, 0), 1);
	cr_expect(in.revents & POLLHUP);
}

Test(io, a_connection_with_half_of_a_body_is_not_kept)
{
	char out[256];
	struct io *io;
	int kept = -1;

	ask_to_keep();
	record(STDIN, "0123456789", 10);
	io = open_io();
	io->kept = &kept;
	shutdown(peer, SHUT_WR);
	io->ops->close(io);
	cr_expect_eq(kept, -1, "its rest would be taken for the next request");
	while (read(peer, out, sizeof(out)) > 0)
		;
}

Test(io, a_client_that_left_is_told_from_one_that_waits)
{
	struct io *io;
	size_t total;
	bool again = false;

	ask();
	record(STDIN, "", 0);
	io = open_io();
	cr_expect_eq(io->watch_fd, ours);
	cr_expect_eq(read_all(io, &total), RC_OK);
	cr_expect_eq(io->ops->watch(io, &again, NULL), RC_OK);
	cr_expect(again, "nothing there: watch on");
	close(peer);
	cr_expect_eq(io->ops->watch(io, &again, NULL), RC_GONE);
	cr_expect_eq(io->ops->write(io, "x", 1, NULL), RC_OK);
	cr_expect_eq(io->ops->flush(io, NULL), RC_GONE);
	io->ops->close(io);
}

Test(io, an_abort_record_is_a_client_that_left)
{
	struct io *io;
	size_t total;
	bool again;

	ask();
	record(STDIN, "", 0);
	io = open_io();
	cr_expect_eq(read_all(io, &total), RC_OK);
	record(ABORT, "", 0);
	cr_expect_eq(io->ops->watch(io, &again, NULL), RC_GONE);
	shutdown(peer, SHUT_WR);
	io->ops->close(io);
}

Test(io, other_data_is_not_watched_for_ever)
{
	struct io *io;
	size_t total;
	bool again = true;

	ask();
	record(STDIN, "", 0);
	io = open_io();
	cr_expect_eq(read_all(io, &total), RC_OK);
	record(STDIN, "", 0);
	cr_expect_eq(io->ops->watch(io, &again, NULL), RC_OK);
	cr_expect_not(again);
	shutdown(peer, SHUT_WR);
	io->ops->close(io);
}

/* libfcgi reads into a buffer of its own, and gives it back as it is */
Test(io, a_body_that_was_read_is_left_nowhere)
{
	struct io *io;
	size_t total;

	ask();
	record(STDIN, "{\"data\":\"canary-of-", 19);
	record(STDIN, "canary-of-the-body\"}", 20);
	record(STDIN, "", 0);
	freed_watch("canary-of-");
	io = open_io();
	cr_expect_eq(read_all(io, &total), RC_OK);
	cr_expect_eq(total, 39);
	shutdown(peer, SHUT_WR);
	io->ops->close(io);
	cr_expect_eq(freed_with(), 0);
	freed_watch(NULL);
}

Test(io, a_body_that_is_cut_is_no_body)
{
	struct io *io;
	size_t total;

	ask();
	record(STDIN, "0123", 4);
	io = open_io();
	close(peer);
	cr_expect_eq(read_all(io, &total), RC_GONE);
	io->ops->close(io);
}

Test(io, a_body_that_does_not_come_is_given_up)
{
	struct io *io;
	size_t total;

	ask();
	io = open_io();
	io->ops->patience(io, SHORT_MS);
	cr_expect_eq(read_all(io, &total), RC_TIMEOUT);
	shutdown(peer, SHUT_WR);
	io->ops->close(io);
}

Test(io, a_peer_that_says_nothing_or_nonsense_is_closed)
{
	struct io *io;
	struct error err;
	char c;

	cr_expect_eq(io_fcgx_open(ours, SHORT_MS, &io, &err), RC_TIMEOUT);
	cr_expect_eq(read(peer, &c, 1), 0);
	close(peer);

	open_pair();
	cr_assert_eq(write(peer, "GET / HTTP/1.0\r\n\r\n", 18), 18);
	shutdown(peer, SHUT_WR);
	cr_expect_eq(io_fcgx_open(ours, SHORT_MS, &io, &err), RC_GONE);
	close(peer);

	open_pair();
	record(BEGIN, "\0\1\0\0\0\0\0\0", 8);
	cr_expect_eq(io_fcgx_open(ours, SHORT_MS, &io, &err), RC_GONE, "no parameters");
}
