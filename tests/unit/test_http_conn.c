/* test_http_conn.c - connections: kept, lost, watched beside another descriptor */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/http_sockets.h"
#include "tests/unit/http_bench.h"

Test(http_conn, uses_a_kept_connection_again)
{
	static const struct step script[] = {
		{ OK_HELLO, KEEP }, { CHUNKED "1\r\nx\r\n0\r\n\r\n", KEEP }, { OK_HELLO, SHUT },
		{ NULL, END }
	};
	struct bench b;

	bench_open(&b, script);
	for (int i = 0; i < 3; i++) {
		cr_expect_eq(bench_call(&b), RC_OK, "%s", b.err.msg);
		cr_expect_eq(b.result.attempts, 1);
		cr_expect(b.result.answered);
	}
	bench_stop(&b);
	cr_expect_eq(b.server.connections, 1);
	bench_release(&b);
}

Test(http_conn, sends_once_more_when_a_kept_connection_dies_before_any_answer)
{
	static const struct step script[] = {
		{ OK_HELLO, KEEP }, { "", SHUT }, { OK_HELLO, SHUT }, { NULL, END }
	};
	struct bench b;

	bench_open(&b, script);
	cr_assert_eq(bench_call(&b), RC_OK, "%s", b.err.msg);
	cr_expect_eq(bench_call(&b), RC_OK, "%s", b.err.msg);
	cr_expect_eq(b.result.attempts, 2);
	cr_expect_str_eq(b.body.p, "hello");
	bench_stop(&b);
	cr_expect_eq(b.server.connections, 2);
	cr_expect_eq(b.server.requests, 3);
	bench_release(&b);
}

/* some servers say that they have waited long enough before they close */
Test(http_conn, takes_nothing_that_came_before_the_request_for_its_answer)
{
	static const char late[] = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n";
	static const struct step script[] = {
		{ OK_HELLO, KEEP }, { OK_HELLO, KEEP }, { OK_HELLO, SHUT }, { NULL, END }
	};
	struct bench b;

	bench_open(&b, script);
	cr_assert_eq(bench_call(&b), RC_OK, "%s", b.err.msg);
	cr_assert_eq(write(atomic_load(&b.server.fd), late, strlen(late)), (ssize_t)strlen(late));
	for (int i = 0; i < 2; i++) {
		cr_expect_eq(bench_call(&b), RC_OK, "%s", b.err.msg);
		cr_expect_eq(b.status, 200);
		cr_expect_str_eq(b.body.p, "hello");
		cr_expect_eq(b.result.attempts, 1);
	}
	bench_stop(&b);
	cr_expect_eq(b.server.connections, 2);
	cr_expect_eq(b.server.requests, 3);
	bench_release(&b);
}

struct crowd {
	int	fds[4];			/* a listener, and more than wait in its queue */
	char	url[64];
};

/* crowded - where a connection is neither made nor refused */
static void
crowded(struct crowd *c)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
	};
	socklen_t n = sizeof(at);

	for (size_t i = 0; i < 4; i++)
		c->fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	cr_assert_eq(bind(c->fds[0], (struct sockaddr *)&at, n), 0);
	cr_assert_eq(listen(c->fds[0], 0), 0);
	cr_assert_eq(getsockname(c->fds[0], (struct sockaddr *)&at, &n), 0);
	for (size_t i = 1; i < 4; i++)
		(void)!connect(c->fds[i], (struct sockaddr *)&at, n);
	snprintf(c->url, sizeof(c->url), "http://127.0.0.1:%d/", ntohs(at.sin_port));
}

/* whole - has a socket of another's still what was written to it, and takes more */
static bool
whole(const int pair[2])
{
	char c;

	for (int i = 0; i < 2; i++)
		if (send(pair[i], "y", 1, 0) != 1 || recv(pair[1 - i], &c, 1, 0) != 1 || c != 'x')
			return false;
	return true;
}

/* the numbers of sockets that are closed are given again, to clients' connections too */
Test(http_conn, looks_at_no_socket_of_another)
{
	static const struct step script[] = { { OK_HELLO, SHUT }, { NULL, END } };
	int pairs[8][2];
	struct crowd c;
	struct bench b;

	bench_open(&b, script);
	crowded(&c);
	b.req.url = c.url;
	b.req.connect_timeout_ms = 50;
	cr_expect_eq(bench_call(&b), RC_TIMEOUT, "%s", b.err.msg);
	for (size_t i = 0; i < 8; i++) {
		cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]), 0);
		cr_assert_eq(send(pairs[i][0], "x", 1, 0) + send(pairs[i][1], "x", 1, 0), 2);
	}
	b.req.url = b.url;
	b.req.connect_timeout_ms = LONG_MS;
	cr_expect_eq(bench_call(&b), RC_OK, "%s", b.err.msg);
	for (size_t i = 0; i < 8; i++) {
		cr_expect(whole(pairs[i]), "%zu", i);
		close(pairs[i][0]);
		close(pairs[i][1]);
	}
	for (size_t i = 0; i < 4; i++)
		close(c.fds[i]);
	bench_stop(&b);
	bench_release(&b);
}

/* what must not be sent a second, or a third time */
static const struct {
	struct step	 script[5];
	const char	*why;
	int		 attempts, requests;
} resends[] = {
	{ { { OK_HELLO, KEEP }, { "", SHUT }, { "", SHUT }, { OK_HELLO, SHUT } },
	  "a new connection died", 2, 3 },
	{ { { OK_HELLO, SHUT }, { "", SHUT }, { OK_HELLO, SHUT } }, "it was new", 1, 2 },
	{ { { OK_HELLO, KEEP }, { "HTTP/1.1 100 Continue\r\n\r\n", SHUT }, { OK_HELLO, SHUT } },
	  "something came", 1, 2 },
	{ { { OK_HELLO, KEEP }, { "HTTP/1.1 20", SHUT }, { OK_HELLO, SHUT } },
	  "half a status line came", 1, 2 },
	{ { { OK_HELLO, KEEP }, { "H", RESET }, { OK_HELLO, SHUT } }, "a byte came", 1, 2 },
	{ { { OK_HELLO, KEEP }, { "HTTP/1.1 200 OK\r\n", SHUT }, { OK_HELLO, SHUT } },
	  "an answer had begun", 1, 2 },
};

Test(http_conn, sends_no_request_twice_otherwise)
{
	for (size_t i = 0; i < sizeof(resends) / sizeof(resends[0]); i++) {
		struct bench b;

		bench_open(&b, resends[i].script);
		cr_assert_eq(bench_call(&b), RC_OK, "%s", b.err.msg);
		cr_expect_eq(bench_call(&b), RC_UPSTREAM, "%s", resends[i].why);
		cr_expect_eq(b.result.attempts, resends[i].attempts, "%s: %d", resends[i].why,
		    b.result.attempts);
		bench_stop(&b);
		cr_expect_eq(b.server.requests, resends[i].requests, "%s", resends[i].why);
		bench_release(&b);
	}
}

Test(http_conn, sends_once_more_though_an_earlier_call_was_lost)
{
	static const struct step script[] = {
		{ OK_HELLO, KEEP }, { "HTTP/1.1 20", SHUT }, { OK_HELLO, KEEP }, { "", SHUT },
		{ OK_HELLO, SHUT }, { NULL, END }
	};
	static const int attempts[] = { 1, 1, 1, 2 };
	struct bench b;

	bench_open(&b, script);
	for (size_t i = 0; i < 4; i++) {
		cr_expect_eq(bench_call(&b), i == 1 ? RC_UPSTREAM : RC_OK, "%zu: %s", i, b.err.msg);
		cr_expect_eq(b.result.attempts, attempts[i], "%zu: %d", i, b.result.attempts);
	}
	bench_stop(&b);
	cr_expect_eq(b.server.requests, 5);
	bench_release(&b);
}

/* on_watch - the client is gone */
static enum rc
on_watch(void *arg, bool *again, struct error *err)
{
	(void)arg;
	*again = false;
	return error_set(err, RC_GONE, "said watch");
}

/* a client that left: its byte or its hang-up is seen while the provider is silent */
Test(http_conn, watches_another_descriptor_and_closes_when_told, .timeout = 60)
{
	for (int hang_up = 0; hang_up < 2; hang_up++) {
		static const struct step script[] = {
			{ CHUNKED "1\r\nx\r\n", HOLD }, { NULL, END }
		};
		struct bench b;

		bench_open(&b, script);
		b.hang_up = hang_up;
		cr_assert_eq(pipe(b.pipe), 0);
		b.events.watch_fd = b.pipe[0];
		b.events.watch = on_watch;
		cr_expect_eq(bench_call(&b), RC_GONE, "%s", b.err.msg);
		cr_expect_str_eq(b.err.msg, "said watch");
		cr_expect_str_eq(b.body.p, "x");
		pthread_join(b.server.thread, NULL);	/* ends before http_free() */
		cr_expect(b.server.saw_close);
		cr_assert_eq(pthread_create(&b.server.thread, NULL, bench_serve, &b.server), 0);
		bench_stop(&b);
		close(b.pipe[0]);
		bench_release(&b);
	}
}

Test(http_conn, returns_what_a_callback_returned_and_keeps_no_connection, .timeout = 60)
{
	static const struct step script[] = {
		{ CHUNKED "1\r\nx\r\n", HOLD }, { CHUNKED "1\r\nx\r\n", HOLD },
		{ CHUNKED "1\r\nx\r\n", HOLD }, { OK_HELLO, SHUT }, { NULL, END }
	};
	struct bench b;

	bench_open(&b, script);
	b.head_rc = RC_IO;
	cr_expect_eq(bench_call(&b), RC_IO);
	cr_expect_str_eq(b.err.msg, "said head");
	b.head_rc = RC_OK;
	b.data_rc = RC_TOO_LARGE;
	cr_expect_eq(bench_call(&b), RC_TOO_LARGE);
	cr_expect_str_eq(b.err.msg, "said data");
	b.data_rc = RC_OK;
	b.drained_rc = RC_GONE;
	cr_expect_eq(bench_call(&b), RC_GONE);
	cr_expect_str_eq(b.err.msg, "said drained");
	b.drained_rc = RC_OK;
	cr_expect_eq(bench_call(&b), RC_OK, "%s", b.err.msg);
	cr_expect_eq(b.drained, 1);
	bench_stop(&b);
	cr_expect_eq(b.server.connections, 4);
	bench_release(&b);
}

/* on_tick - three times at once, then the client is gone */
static enum rc
on_tick(void *arg, int64_t now_ms, int64_t *next_ms, struct error *err)
{
	struct bench *b = arg;

	cr_expect_geq(now_ms, *next_ms);
	*next_ms = now_ms + 1;
	return ++b->ticks < 3 ? RC_OK : error_set(err, RC_GONE, "said tick");
}

Test(http_conn, ticks_while_the_provider_is_silent, .timeout = 60)
{
	static const struct step script[] = { { "", HOLD }, { NULL, END } };
	struct bench b;

	bench_open(&b, script);
	b.events.tick = on_tick;
	cr_expect_eq(bench_call(&b), RC_GONE);
	cr_expect_str_eq(b.err.msg, "said tick");
	cr_expect_eq(b.ticks, 3);
	bench_stop(&b);
	bench_release(&b);
}

/* on_late_tick - much later, unless something has come */
static enum rc
on_late_tick(void *arg, int64_t now_ms, int64_t *next_ms, struct error *err)
{
	struct bench *b = arg;

	*next_ms = now_ms + LONG_MS;
	return b->body.len == 0 ? RC_OK : error_set(err, RC_GONE, "said tick");
}

Test(http_conn, what_comes_asks_for_a_tick, .timeout = 60)
{
	static const struct step script[] = { { CHUNKED "1\r\nx\r\n", HOLD }, { NULL, END } };
	struct bench b;

	bench_open(&b, script);
	b.events.tick = on_late_tick;
	cr_expect_eq(bench_call(&b), RC_GONE, "%s", b.err.msg);
	bench_stop(&b);
	bench_release(&b);
}

Test(http_conn, says_who_refused_the_connection)
{
	static const struct step script[] = { { NULL, END } };
	struct bench b;

	bench_open(&b, script);
	shutdown(b.server.listener, SHUT_RDWR);
	pthread_join(b.server.thread, NULL);
	close(b.server.listener);
	cr_expect_eq(bench_call(&b), RC_UPSTREAM);
	cr_expect_str_eq(b.err.msg, "connection refused by 127.0.0.1", "%s", b.err.msg);
	cr_expect_not(b.result.answered);
	b.req.url = "http://no-such-host.invalid/";
	cr_expect_eq(bench_call(&b), RC_UPSTREAM);
	cr_expect_str_eq(b.err.msg, "could not resolve host no-such-host.invalid", "%s", b.err.msg);
	http_free(b.http);
	bench_release(&b);
}

static bool dumb;			/* the kernel has no figures of a TCP connection */

/* getsockopt - as the kernel, or as one that counts nothing */
int
getsockopt(int fd, int level, int name, void *value, socklen_t *size)
{
	int (*real)(int, int, int, void *, socklen_t *), rc;

	*(void **)&real = dlsym(RTLD_NEXT, "getsockopt");
	rc = real(fd, level, name, value, size);
	if (rc == 0 && dumb && level == IPPROTO_TCP)
		memset(value, 0, *size);
	return rc;
}

/* a time of 0 since the last byte must not put a deadline off for ever */
Test(http_conn, keeps_the_idle_deadline_where_the_kernel_counts_nothing, .timeout = 60)
{
	static const struct step script[] = {
		{ "HTTP/1.1 200 OK\r\nTransf", HOLD }, { NULL, END }
	};
	struct bench b;

	bench_open(&b, script);
	b.req.idle_timeout_ms = SHORT_MS;
	b.req.total_timeout_ms = DRIP_MS;
	dumb = true;
	cr_expect_eq(bench_call(&b), RC_TIMEOUT);
	cr_expect_str_eq(b.err.msg, "idle: no byte in 60 ms");
	bench_stop(&b);
	bench_release(&b);
}

Test(http_conn, forgets_sockets_that_are_closed)
{
	const struct curl_sockaddr to = { .family = AF_INET, .socktype = SOCK_STREAM };
	struct http_sockets s = { .v = NULL };
	curl_socket_t fds[3];

	for (size_t i = 0; i < 3; i++)
		cr_assert_geq(fds[i] = http_sockets_open(&s, &to), 0);
	close(fds[0]);
	close(fds[2]);
	http_sockets_tidy(&s);
	cr_assert_eq(s.n, 1);
	cr_expect_eq(s.v[0].fd, fds[1]);
	close(fds[1]);
	http_sockets_tidy(&s);
	cr_expect_eq(s.n, 0);
	http_sockets_release(&s);
}
