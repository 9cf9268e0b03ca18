/* pool_fixture.c - a pool whose threads do as their clients say */
#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fcgi/listen.h"
#include "tests/unit/pool_fixture.h"

#define PATIENCE_MS 10000		/* ms until something that must happen has not */
#define REFUSAL_MS 400			/* ms in which a refusal or a close has come */

char dir[] = "/tmp/mcpd-unit.XXXXXX";
struct board *board;
int told[2], gate[2], ending_ms, linger_ms;

static struct sockaddr_un sa = { .sun_family = AF_UNIX };
static struct listener l;

/* pool_set_up - nothing runs yet */
void
pool_set_up(void)
{
	struct error err;
	char spec[128];

	cr_assert_not_null(mkdtemp(dir));
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/s", dir);
	snprintf(spec, sizeof(spec), "unix:%s", sa.sun_path);
	cr_assert_eq(listen_open(spec, 0600, &l, &err), RC_OK, "%s", err.msg);
	cr_assert_eq(board_new(&board, &err), RC_OK);
	cr_assert_eq(pipe(told), 0);
	cr_assert_eq(pipe(gate), 0);
	ending_ms = 10 * PATIENCE_MS;
}

/* pool_tear_down - the files only: the process of a test ends */
void
pool_tear_down(void)
{
	listen_close(&l);
	rmdir(dir);
}

/* ready - wait until there is something to read */
void
ready(int fd)
{
	struct pollfd in = { .fd = fd, .events = POLLIN };

	cr_assert_eq(poll(&in, 1, PATIENCE_MS), 1, "nothing happened");
}

/* next - a byte */
char
next(int fd)
{
	char c = 0;

	ready(fd);
	cr_assert_eq(read(fd, &c, 1), 1);
	return c;
}

/* end_late - say that the last byte goes out, send it, and stay until the gate lets us go */
static void
end_late(struct pool_job *job, int fd)
{
	char c;

	pool_ending(job);
	pool_ending(job);		/* it is one thread, however often it says so */
	cr_assert_eq(write(fd, "l", 1), 1);
	cr_assert_eq(read(gate[0], &c, 1), 1);
}

/* serve - say by whom ('b'usy or 's'aturated), and stay until the client says that it may end; with a
   'k' it asks for the connection to be kept, with an 'l' the thread is late. Who is refused
   can only ask to be kept. With a 'q', the pool's no is told by an 'n' */
static int
serve(void *arg, struct pool_job *job, int fd)
{
	char c = 0;

	(void)arg;
	if (job->saturated) {
		pool_ending(job);	/* as every request does: its thread is nobody's hope */
		(void)!recv(fd, &c, 1, MSG_DONTWAIT);
		cr_assert_eq(write(fd, "s", 1), 1);
	} else {
		cr_assert_eq(write(fd, "b", 1), 1);
		(void)!read(fd, &c, 1);
	}
	if ((c == 'k' || c == 'q') && pool_keeps(job))
		return fd;
	if (c == 'q')
		(void)!write(fd, "n", 1);
	if (c == 'l')
		end_late(job, fd);
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
struct pool *
start_of(unsigned max, unsigned capacity, struct board *b, int64_t max_requests)
{
	const struct pool_opts opts = {
		.listen_fd = l.fd, .max = max, .board = b, .capacity = capacity,
		.max_requests = max_requests, .ending_ms = ending_ms, .linger_ms = linger_ms,
		.serve = serve, .ended = on_ended, .worn = on_worn,
	};

	struct pool *p = pool_new(&opts);

	if (b != NULL)
		atomic_store(&b->slots[0].pid, getpid());
	pool_start(p);
	return p;
}

/* start - it is all the workers there are */
struct pool *
start(unsigned max, struct board *b, int64_t max_requests)
{
	return start_of(max, max, b, max_requests);
}

/* finish - stop it, and wait for its last thread */
void
finish(struct pool *p)
{
	pool_stop(p);
	cr_expect_eq(next(told[0]), 'e');
	cr_expect_eq(pool_threads(p), 0);
	pool_free(p);
}

/* dial - a connection, or -1 */
int
dial(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* client - its first byte tells who took it */
int
client(void)
{
	int fd = dial();

	cr_assert_geq(fd, 0, "nobody listens");
	return fd;
}

/* say - what shall become of the connection; where it was kept, this is its next request as well */
void
say(int fd, char c)
{
	cr_assert_eq(write(fd, &c, 1), 1);
}

/* late - a client that has its last byte, while its thread has not come to its end */
int
late(void)
{
	int fd = client();

	cr_assert_eq(next(fd), 'b');
	say(fd, 'l');
	cr_assert_eq(next(fd), 'l');
	return fd;
}

/* silent - nothing was said, though there was time for it */
bool
silent(int fd)
{
	struct pollfd in = { .fd = fd, .events = POLLIN };

	return poll(&in, 1, REFUSAL_MS) == 0;
}

/* keep - a client whose connection is kept, and no thread has it any more */
int
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
void
ended(int fd)
{
	char c;

	ready(fd);
	cr_expect_leq(read(fd, &c, 1), 0, "not closed");
	close(fd);
}
