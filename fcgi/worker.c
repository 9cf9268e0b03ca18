/* worker.c - signals come in on one side of a pipe, the worker's life is read from the other */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "fcgi/dispatch.h"
#include "fcgi/pool.h"
#include "fcgi/server.h"
#include "fcgi/worker.h"

#define ARENAS		2		/* of malloc(3), for all threads */
#define LARGE		(64 * 1024)	/* bytes of a block that has pages of its own */
#define ENDING_MS	1000		/* ms; libfcgi waits half of it for the web server's farewell */
#define LINGER_MS	1000		/* ms; a web server under load uses each of its connections sooner */
#define PARAMS_BUSY_MS	500		/* ms between two pieces, of a request that will only be refused */

enum wake {				/* bytes in the pipe */
	WAKE_QUIT	= 'q',		/* leave, within the deadline */
	WAKE_RETIRE	= 'r',		/* leave, when all is done */
	WAKE_ENDED	= 'e',		/* the last thread has ended */
};

struct worker {
	const struct config		*cfg;
	const struct worker_place	*place;
	struct server			 server;
	struct pool			*pool;
	bool				 leaving;
	int64_t				 deadline_ms;	/* 0: none */
};

static int wake_pipe[2] = { -1, -1 };

/* wake - async-signal-safe; a full pipe has woken us already */
static void
wake(enum wake what)
{
	char c = (char)what;
	int saved = errno;
	ssize_t n = write(wake_pipe[1], &c, 1);

	(void)n;
	errno = saved;
}

/* on_signal - nothing but a byte */
static void
on_signal(int sig)
{
	wake(sig == SIGHUP ? WAKE_RETIRE : WAKE_QUIT);
}

/* handle - without SA_RESTART, so that no call swallows the signal */
static void
handle(int sig, void (*handler)(int))
{
	struct sigaction sa = { .sa_handler = handler };

	sigemptyset(&sa.sa_mask);
	sigaction(sig, &sa, NULL);
}

/* set_handlers - Ctrl-C goes to the whole process group: where there is a master, it alone acts */
static void
set_handlers(const struct worker_place *place)
{
	handle(SIGTERM, on_signal);
	handle(SIGUSR1, on_signal);
	handle(SIGHUP, on_signal);
	handle(SIGINT, place->board != NULL ? SIG_IGN : on_signal);
	handle(SIGCHLD, SIG_DFL);
	handle(SIGPIPE, SIG_IGN);
}

/* block - the worker's signals, in the calling thread and those it starts; or let them in */
static void
block(int how)
{
	static const int signals[] = { SIGTERM, SIGUSR1, SIGHUP, SIGINT, SIGCHLD };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&set, signals[i]);
	pthread_sigmask(how, &set, NULL);
}

/* on_ending - of a request */
static void
on_ending(void *arg)
{
	pool_ending(arg);
}

/* serve - one request; its connection where the web server keeps it, and we do, else -1 */
static int
serve(void *arg, struct pool_job *job, int fd)
{
	struct worker *w = arg;
	struct request r;
	struct error err;
	struct io *io;
	int kept = -1;

	if (io_fcgx_open(fd, job->saturated ? PARAMS_BUSY_MS : IO_PARAMS_MS, &io, &err) != RC_OK) {
		log_debug("%s", err.msg);
		return -1;
	}
	io->ending = on_ending;
	io->ending_arg = job;
	request_init(&r, &w->server, &job->http, io);
	r.saturated = job->saturated;
	dispatch(&r, routes);
	io_ending(io);
	if (pool_keeps(job))
		io->kept = &kept;
	request_release(&r);
	return kept;
}

/* on_ended - the pool's last thread */
static void
on_ended(void *arg)
{
	(void)arg;
	wake(WAKE_ENDED);
}

/* on_worn - max_requests were served */
static void
on_worn(void *arg)
{
	(void)arg;
	wake(WAKE_RETIRE);
}

/* leave - accept no more; the master hears of it, to have another in our place at once */
static void
leave(struct worker *w)
{
	const struct worker_place *place = w->place;

	if (w->leaving)
		return;
	w->leaving = true;
	pool_stop(w->pool);
	if (place->board == NULL)
		return;
	atomic_store(&place->board->slots[place->slot].state, BOARD_LEAVING);
	if (getppid() == place->master)
		kill(place->master, SIGUSR1);
}

/* drain_ms - how long streams may go on */
static int64_t
drain_ms(const struct worker *w)
{
	int64_t s = w->cfg->drain_seconds;

	if (s < 0)
		s = w->place->board != NULL ? WORKER_DRAIN_OWN_S : WORKER_DRAIN_HOST_S;
	return s * 1000;
}

/* on_deadline - first the streams are told to end; then we end, whatever they do */
static bool
on_deadline(struct worker *w)
{
	if (atomic_load(&w->server.draining)) {
		log_warn("ending with %u threads busy", pool_threads(w->pool));
		return true;
	}
	atomic_store(&w->server.draining, 1);
	w->deadline_ms = clock_mono_ms() + WORKER_CUT_MS;
	return false;
}

/* await - the next byte of the pipe; 0 when the deadline has come */
static int
await(const struct worker *w)
{
	struct pollfd in = { .fd = wake_pipe[0], .events = POLLIN };
	int64_t wait = -1;
	char c;

	for (;;) {
		if (w->deadline_ms != 0 && (wait = w->deadline_ms - clock_mono_ms()) <= 0)
			return 0;
		poll(&in, 1, (int)wait);
		if (read(wake_pipe[0], &c, 1) == 1)
			return c;
	}
}

/* live - until the last thread has ended (true), or was not waited for */
static bool
live(struct worker *w)
{
	for (;;) {
		switch (await(w)) {
		case WAKE_QUIT:
			leave(w);
			if (w->deadline_ms == 0)
				w->deadline_ms = clock_mono_ms() + drain_ms(w);
			break;
		case WAKE_RETIRE:
			leave(w);
			break;
		case WAKE_ENDED:
			return true;
		default:
			if (on_deadline(w))
				return false;
		}
	}
}

/* start_pool - threads have the signals blocked: an interrupted write would end a stream */
static void
start_pool(struct worker *w, int listen_fd)
{
	const struct pool_opts opts = {
		.listen_fd = listen_fd,
		.max = (unsigned)w->cfg->threads,
		.board = w->place->board,
		.slot = w->place->slot,
		.capacity = (unsigned)(w->cfg->workers * w->cfg->threads),
		.ending_ms = ENDING_MS,
		.linger_ms = LINGER_MS,
		.max_requests = w->cfg->max_requests,
		.serve = serve,
		.ended = on_ended,
		.worn = on_worn,
		.arg = w,
	};

	w->pool = pool_new(&opts);
	block(SIG_BLOCK);
	pool_start(w->pool);
	block(SIG_UNBLOCK);
}

/* follow_master - when it dies, we drain; it may be dead already */
static void
follow_master(const struct worker_place *place)
{
	if (place->board == NULL)
		return;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != place->master)
		wake(WAKE_QUIT);
}

/* open_store - before a request asks for it, so that status and metrics know of this process from its
   start on; where it can't be opened, the requests try again */
static void
open_store(struct worker *w)
{
	struct service *svc;

	if (server_service(&w->server, &svc, NULL) == RC_OK)
		server_done(&w->server, svc);
}

/* bound_memory - a large body goes back to the system when its request ends, rather than to one of as
   many arenas as there are threads; glibc would raise the threshold with the first of them */
static void
bound_memory(void)
{
#ifdef M_ARENA_MAX
	mallopt(M_ARENA_MAX, ARENAS);
	mallopt(M_MMAP_THRESHOLD, LARGE);
	mallopt(M_TRIM_THRESHOLD, LARGE);
#endif
}

/* worker_run - the process's main thread only waits for what happens */
int
worker_run(const struct config *cfg, int listen_fd, const struct worker_place *place)
{
	struct worker w = { .cfg = cfg, .place = place };

	if (pipe2(wake_pipe, O_CLOEXEC | O_NONBLOCK) != 0 ||
	    fcntl(listen_fd, F_SETFL, fcntl(listen_fd, F_GETFL) | O_NONBLOCK) != 0) {
		log_error("worker: %s", strerror(errno));
		return 1;
	}
	bound_memory();
	set_handlers(place);
	io_fcgx_global();
	server_init(&w.server, cfg);
	start_pool(&w, listen_fd);
	follow_master(place);
	if (pool_threads(w.pool) == 0)
		return 1;
	open_store(&w);
	if (!live(&w))
		_exit(0);
	pool_free(w.pool);
	server_release(&w.server);
	return 0;
}
