/* http_bench.c - the scripted server, and a client that notes what it gets */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/unit/http_bench.h"

/* read_request - head and body; false: the client closed */
static bool
read_request(int fd, struct buf *in)
{
	static char chunk[65536];
	const char *end, *length;
	size_t whole = SIZE_MAX;
	ssize_t n;

	for (buf_clear(in); in->len < whole; ) {
		n = read(fd, chunk, sizeof(chunk));
		if (n <= 0)
			return false;
		(void)buf_add(in, chunk, (size_t)n, NULL);
		if (whole == SIZE_MAX && (end = strstr(in->p, "\r\n\r\n")) != NULL) {
			length = strcasestr(in->p, "\r\ncontent-length:");
			whole = (size_t)(end + 4 - in->p) +
			    (length != NULL ? strtoul(length + 17, NULL, 10) : 0);
		}
	}
	return true;
}

/* wait_for - one event of a descriptor */
static void
wait_for(int fd, short event)
{
	struct pollfd pfd = { .fd = fd, .events = event };

	poll(&pfd, 1, -1);
}

/* send_answer - all of it, or piece by piece */
static void
send_answer(int fd, const struct step *step)
{
	const char *p = step->answer;
	size_t n = step->then == DRIP ? strcspn(p, "\f") : strlen(p);

	(void)!write(fd, p, n);
	for (p += n; *p == '\f'; p += n) {
		clock_nap(DRIP_MS);
		n = strcspn(++p, "\f");
		(void)!write(fd, p, n);
	}
}

/* serve_step - one step on this connection; false: the connection is over */
static bool
serve_step(struct played *s, int fd)
{
	const struct linger now = { 1, 0 };
	enum then then = s->step->then;

	if (then != DEAF) {
		if (!read_request(fd, &s->seen[s->requests % REQUESTS_KEPT]))
			return false;
		s->requests++;
		send_answer(fd, s->step);
	}
	s->step++;
	if (then == RESET)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	if (then == HOLD) {
		wait_for(fd, POLLRDHUP);
		s->saw_close = true;
	}
	if (then == DEAF)
		wait_for(s->listener, POLLIN);
	return then == KEEP;
}

/* bench_serve - the script, connection by connection */
void *
bench_serve(void *arg)
{
	struct played *s = arg;
	int fd;

	while (s->step->then != END && (fd = accept(s->listener, NULL, NULL)) >= 0) {
		atomic_store(&s->fd, fd);
		s->connections++;
		while (s->step->then != END && serve_step(s, fd))
			;
		close(fd);
	}
	return NULL;
}

/* on_head - note it */
static enum rc
on_head(void *arg, const struct http_head *head, struct error *err)
{
	struct bench *b = arg;

	b->heads++;
	b->status = head->status;
	free(b->x_id);
	b->x_id = x_strdup(http_head_value(head, "X-ID", 0));
	return b->head_rc == RC_OK ? RC_OK : error_set(err, b->head_rc, "said head");
}

/* on_data - keep it; wake the watched descriptor where there is one */
static enum rc
on_data(void *arg, const char *p, size_t n, struct error *err)
{
	struct bench *b = arg;

	cr_assert_eq(buf_add(&b->body, p, n, err), RC_OK);
	if (b->pipe[1] >= 0) {
		if (!b->hang_up)
			cr_assert_eq(write(b->pipe[1], "x", 1), 1);
		close(b->pipe[1]);
		b->pipe[1] = -1;
	}
	return b->data_rc == RC_OK ? RC_OK : error_set(err, b->data_rc, "said data");
}

/* on_drained - count */
static enum rc
on_drained(void *arg, struct error *err)
{
	struct bench *b = arg;

	b->drained++;
	return b->drained_rc == RC_OK ? RC_OK : error_set(err, b->drained_rc, "said drained");
}

/* bench_open - a server with its script, and a client that may call it */
void
bench_open(struct bench *b, const struct step *script)
{
	const struct http_settings settings = { .max_header = MAX_HEADER };
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
	};
	const int small = 4096;		/* the kernel doesn't take the request in its place */
	socklen_t n = sizeof(at);

	*b = (struct bench){ .pipe = { -1, -1 }, .server.step = script };
	buf_init(&b->body, MAX_TEXT);
	for (size_t i = 0; i < REQUESTS_KEPT; i++)
		buf_init(&b->server.seen[i], MAX_TEXT);
	b->server.listener = socket(AF_INET, SOCK_STREAM, 0);
	if (script->then == DEAF)
		setsockopt(b->server.listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	cr_assert_eq(bind(b->server.listener, (struct sockaddr *)&at, n), 0);
	cr_assert_eq(listen(b->server.listener, 16), 0);
	cr_assert_eq(getsockname(b->server.listener, (struct sockaddr *)&at, &n), 0);
	b->server.port = ntohs(at.sin_port);
	cr_assert_eq(pthread_create(&b->server.thread, NULL, bench_serve, &b->server), 0);
	snprintf(b->url, sizeof(b->url), "http://127.0.0.1:%d/v1/x", b->server.port);
	b->req = (struct http_request){
		.method = "POST", .url = b->url, .body = "{}", .body_len = 2, .allow_private = true,
		.connect_timeout_ms = LONG_MS, .header_timeout_ms = LONG_MS,
		.idle_timeout_ms = LONG_MS, .total_timeout_ms = LONG_MS,
	};
	b->events = (struct http_events){
		.arg = b, .head = on_head, .data = on_data, .drained = on_drained, .watch_fd = -1,
	};
	signal(SIGPIPE, SIG_IGN);
	http_global();
	b->http = http_new(&settings);
}

/* bench_call - one call, from a clean slate */
enum rc
bench_call(struct bench *b)
{
	buf_clear(&b->body);
	b->heads = b->status = b->drained = 0;
	b->err.msg[0] = '\0';
	return http_call(b->http, &b->req, &b->events, &b->result, &b->err);
}

/* bench_stop - end both sides; what the server has seen can be read now */
void
bench_stop(struct bench *b)
{
	http_free(b->http);
	shutdown(b->server.listener, SHUT_RDWR);
	pthread_join(b->server.thread, NULL);
	close(b->server.listener);
}

/* bench_release - free the rest */
void
bench_release(struct bench *b)
{
	buf_release(&b->body);
	for (size_t i = 0; i < REQUESTS_KEPT; i++)
		buf_release(&b->server.seen[i]);
	free(b->x_id);
}
