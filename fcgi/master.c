/* master.c - one loop on sigtimedwait(2): no handlers, no races between them */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "fcgi/board.h"
#include "fcgi/master.h"
#include "fcgi/process.h"
#include "fcgi/throttle.h"
#include "fcgi/worker.h"
#include "service/service.h"

#define KILL_AFTER_MS	3000		/* ms that a worker has to end after its own deadline */

struct child {				/* by slot of the board */
	pid_t	pid;			/* 0: none */
	int64_t	started_ms;
	bool	leaving;		/* asked to, or worn: not counted any more */
};

struct master {
	const struct master_opts *opts;
	struct board		*board;
	struct child		 children[BOARD_SLOTS];
	struct throttle		 throttle;
	unsigned		 owed;		/* starts that nothing delays: first ones, reloads */
	pid_t			 pid;
	bool			 stopping;
	bool			 orphans;	/* a worker was killed: its calls are still to be told */
	int64_t			 kill_ms;	/* while stopping: when patience ends; 0: it has */
};

/* count - children that are there; or only those that are to stay */
static unsigned
count(const struct master *m, bool staying)
{
	unsigned n = 0;

	for (size_t i = 0; i < BOARD_SLOTS; i++)
		n += m->children[i].pid != 0 && !(staying && m->children[i].leaving);
	return n;
}

/* tell_all - a signal to every child */
static void
tell_all(const struct master *m, int sig)
{
	for (size_t i = 0; i < BOARD_SLOTS; i++)
		if (m->children[i].pid != 0)
			kill(m->children[i].pid, sig);
}

/* free_slot - where a new worker may count */
static int
free_slot(const struct master *m)
{
	for (int i = 0; i < BOARD_SLOTS; i++)
		if (m->children[i].pid == 0)
			return i;
	return -1;
}

/* start_worker - fork; the child never comes back from here */
static bool
start_worker(struct master *m)
{
	struct worker_place place = { .board = m->board, .master = m->pid };
	int slot = free_slot(m);
	pid_t pid;

	if (slot < 0)
		return false;
	place.slot = (unsigned)slot;
	if ((pid = fork()) < 0) {
		log_error("fork: %s", strerror(errno));
		return false;
	}
	if (pid == 0) {
		process_harden();
		atomic_store(&m->board->slots[slot].pid, getpid());
		exit(worker_run(m->opts->cfg, m->opts->listener->fd, &place));
	}
	atomic_store(&m->board->slots[slot].pid, pid);
	m->children[slot] = (struct child){ .pid = pid, .started_ms = clock_mono_ms() };
	return true;
}

/* start_missing - as many as are wanted and allowed; ms until the next may be, -1: all are there */
static int64_t
start_missing(struct master *m)
{
	unsigned wanted = m->stopping ? 0 : (unsigned)m->opts->cfg->workers;
	int64_t wait;

	for (unsigned n = count(m, true); n < wanted; n++) {
		int64_t now = clock_mono_ms();

		if (m->owed == 0 && (wait = throttle_wait(&m->throttle, now)) > 0)
			return wait;
		if (m->owed > 0)
			m->owed--;
		else
			throttle_started(&m->throttle, now);
		if (!start_worker(m))
			return THROTTLE_QUICK_MS;
	}
	m->owed = 0;
	return -1;
}

/* note_leaving - workers that have told us on the board that they accept no more */
static void
note_leaving(struct master *m)
{
	for (size_t i = 0; i < BOARD_SLOTS; i++) {
		struct child *c = &m->children[i];

		if (c->pid == 0 || c->leaving ||
		    atomic_load(&m->board->slots[i].state) != BOARD_LEAVING)
			continue;
		c->leaving = true;
		m->owed++;
	}
}

/* tell_end - why a worker is gone, and when the next one comes */
static void
tell_end(const struct master *m, pid_t pid, int status, int64_t lived_ms, int64_t wait_ms)
{
	if (WIFSIGNALED(status))
		log_warn("worker %d was ended by signal %d (%s) after %lld ms; "
		    "the next starts in %lld ms", (int)pid, WTERMSIG(status),
		    strsignal(WTERMSIG(status)), (long long)lived_ms, (long long)wait_ms);
	else
		log_warn("worker %d ended with status %d after %lld ms, %u quick ends in a row; "
		    "the next starts in %lld ms", (int)pid, WEXITSTATUS(status),
		    (long long)lived_ms, m->throttle.quick, (long long)wait_ms);
}

/* buried - one child is gone: its slot is void, its end is judged */
static void
buried(struct master *m, size_t slot, int status)
{
	struct child c = m->children[slot];
	bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	int64_t now = clock_mono_ms(), wait;

	board_clear(&m->board->slots[slot]);
	m->orphans |= WIFSIGNALED(status) || WEXITSTATUS(status) != 0;
	m->children[slot] = (struct child){ 0 };
	if (c.leaving || m->stopping)
		return;
	wait = throttle_ended(&m->throttle, now, c.started_ms, killed);
	tell_end(m, c.pid, status, now - c.started_ms, wait);
}

/* reap - every child that has ended */
static void
reap(struct master *m)
{
	int status;
	pid_t pid;

	note_leaving(m);
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < BOARD_SLOTS; i++)
			if (m->children[i].pid == pid)
				buried(m, i, status);
}

/* drain_ms - what a worker takes at most when it is told to end */
static int64_t
drain_ms(const struct config *cfg)
{
	int64_t s = cfg->drain_seconds >= 0 ? cfg->drain_seconds : WORKER_DRAIN_OWN_S;

	return s * 1000 + WORKER_CUT_MS;
}

/* stop - nobody can connect from now on, so that the web server knows at once */
static void
stop(struct master *m)
{
	if (m->stopping)
		return;
	log_info("stopping");
	m->stopping = true;
	m->kill_ms = clock_mono_ms() + drain_ms(m->opts->cfg) + KILL_AFTER_MS;
	listen_close(m->opts->listener);
	tell_all(m, SIGTERM);
}

/* keep - options that only a new start can change */
static void
keep(const struct config *old, const struct config *new)
{
	const char *was = old->listen != NULL ? old->listen : "";
	const char *is = new->listen != NULL ? new->listen : "";

	if (strcmp(was, is) != 0)
		log_warn("listen was changed to '%s': it counts from the next start on", is);
}

/* reload - a configuration with a fault changes nothing */
static void
reload(struct master *m)
{
	struct config fresh;
	struct error err;

	if (m->stopping)
		return;
	if (m->opts->reload(m->opts->arg, &fresh, &err) != RC_OK) {
		log_error("reload: %s; the old configuration stays", err.msg);
		return;
	}
	keep(m->opts->cfg, &fresh);
	config_release(m->opts->cfg);
	*m->opts->cfg = fresh;
	if (log_open("mcpd", fresh.log, &err) != RC_OK)
		log_error("reload: %s", err.msg);
	for (size_t i = 0; i < BOARD_SLOTS; i++)
		m->children[i].leaving = true;
	m->throttle = (struct throttle){ 0 };
	m->owed = (unsigned)fresh.workers;
	(void)start_missing(m);
	for (size_t i = 0; i < BOARD_SLOTS; i++)
		if (m->children[i].pid != 0 && m->children[i].leaving)
			kill(m->children[i].pid, SIGHUP);
	log_info("reloaded, %lld workers", (long long)fresh.workers);
}

/* await - the next signal, 0 after ms (-1: no limit) */
static int
await(const sigset_t *set, int64_t ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	int sig = ms < 0 ? sigwaitinfo(set, NULL) : sigtimedwait(set, NULL, &ts);

	return sig > 0 ? sig : 0;
}

/* patience - ms until something is due */
static int64_t
patience(struct master *m, int64_t start_ms)
{
	int64_t left;

	if (!m->stopping || m->kill_ms == 0)
		return start_ms;
	left = m->kill_ms - clock_mono_ms();
	if (left > 0)
		return left;
	log_warn("killing %u workers that did not end", count(m, false));
	tell_all(m, SIGKILL);
	m->kill_ms = 0;
	return -1;
}

/* block_signals - they wait for sigtimedwait(); children inherit that until they are ready */
static void
block_signals(sigset_t *set)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGUSR1 };

	sigemptyset(set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(set, signals[i]);
	sigprocmask(SIG_BLOCK, set, NULL);
	signal(SIGCHLD, SIG_DFL);
}

/* run - until it is told to stop, and the last child is gone */
static void
run(struct master *m, const sigset_t *set)
{
	do {
		int64_t start_ms = start_missing(m);

		if (m->orphans)
			service_recover(m->opts->cfg);
		m->orphans = false;
		switch (await(set, patience(m, start_ms))) {
		case SIGTERM:
		case SIGINT:
			stop(m);
			break;
		case SIGHUP:
			reload(m);
			break;
		}
		reap(m);
	} while (!m->stopping || count(m, false) > 0);
}

/* master_run - the life of the pool */
int
master_run(const struct master_opts *opts)
{
	struct master *m = x_calloc(1, sizeof(*m));
	struct error err;
	sigset_t set;

	if (board_new(&m->board, &err) != RC_OK) {
		log_error("%s", err.msg);
		free(m);
		return 1;
	}
	m->opts = opts;
	m->pid = getpid();
	m->owed = (unsigned)opts->cfg->workers;
	block_signals(&set);
	log_info("%lld workers of up to %lld threads", (long long)opts->cfg->workers,
	    (long long)opts->cfg->threads);
	run(m, &set);
	log_info("stopped");
	free(m);
	return 0;
}
