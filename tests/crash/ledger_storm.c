/*
 * ledger_storm.c - processes that make calls, killed at random and at each named point of a call.
 *
 *	STORM=seconds (3)  STORM_SEED=n (the clock)  ledger_storm
 *
 * Held after each: every call that was begun has one line, whoever was killed; none has two; every call
 * that ended was in the log or is; no line is torn; the counters are the sum of the log after the next
 * start; no slot is left taken. Exit 0: all held; 1: the lines with FAIL say what did not.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/ledger.h"
#include "tests/support/tmpdir.h"

#define CALLERS		4
#define DAY_MS		INT64_C(86400000)
#define BEFORE		3		/* calls that end before the one that does not */
#define KILL_MS		20		/* ms between two kills, at most */

static struct shared {			/* by all processes, outlives each of them */
	_Atomic uint64_t	begun, ended;
} *shared;

static char *dir;
static int failures;

/* check - one of the things that must hold */
static void __attribute__((format(printf, 2, 3)))
check(int held, const char *fmt, ...)
{
	va_list ap;

	if (held)
		return;
	failures++;
	fputs("FAIL ", stdout);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

/* open_ledger - as a worker does */
static struct ledger *
open_ledger(void)
{
	const struct ledger_opts opts = {
		.dir = dir, .sink = "file", .keep_days = 30, .serving = true
	};
	struct ledger *l;
	struct error err;

	if (ledger_open(&opts, &l, &err) != RC_OK) {
		printf("FAIL open: %s\n", err.msg);
		exit(1);
	}
	return l;
}

/* call - one, begun and ended; noted on both sides of what must hold */
static void
call(struct ledger *l)
{
	struct auditline c = {
		.begun_ms = clock_wall_ms(), .duration_ms = 1, .first_byte_ms = -1, .prompt = 3,
		.completion = 5, .cached = 1, .status = 200, .attempts = 1,
	}, *slot;

	random_id(c.id);
	random_request_id(c.request_id);
	auditline_text(c.llm, sizeof(c.llm), "gpt");
	auditline_text(c.user, sizeof(c.user), "u");
	memset(c.model, '"', (size_t)random() % sizeof(c.model));	/* lines of all lengths */
	atomic_fetch_add(&shared->begun, 1);
	if ((slot = ledger_begin(l, &c)) != NULL) {
		slot->duration_ms = 1;
		ledger_end(l, slot);
	} else {
		ledger_note(l, &c);
	}
	atomic_fetch_add(&shared->ended, 1);
}

/* die_at - a process whose fourth call ends at a point; for "died", whose predecessor's does */
static void
die_at(const char *point)
{
	bool finder = strcmp(point, "died") == 0;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct ledger *l;

		if (finder)
			setenv("MCPD_FAULT", point, 1);
		l = open_ledger();
		for (int i = 0; i < BEFORE; i++)
			call(l);
		setenv("MCPD_FAULT", point, 1);
		call(l);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "%s: nobody died", point);
}

struct seen {				/* the ids of all lines, in order */
	char	(*ids)[ID_SIZE];
	size_t	 n;
};

/* by_text - for qsort(3) */
static int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* read_ids - of every line; torn ones are told */
static struct seen
read_ids(struct ledger *l, const char *what)
{
	struct seen s = { 0 };
	struct auditread *r;
	struct auditevent e;

	if (auditread_open(ledger_dir(l), 0, false, &r, NULL) != RC_OK)
		exit(1);
	while (auditread_next(r, &e, NULL) == RC_OK) {
		char *id = jscan_text(e.id, NULL);

		if ((s.n & (s.n - 1)) == 0)
			s.ids = x_realloc(s.ids, (s.n > 0 ? 2 * s.n : 1) * sizeof(*s.ids));
		snprintf(s.ids[s.n++], ID_SIZE, "%s", id);
		free(id);
	}
	check(auditread_skipped(r) == 0, "%s: %llu torn lines", what,
	    (unsigned long long)auditread_skipped(r));
	auditread_close(r);
	qsort(s.ids, s.n, sizeof(*s.ids), by_text);
	return s;
}

/* verify - the next start, and what it finds; at most `open` calls may be without a line: those that
   were killed before they had a slot */
static void
verify(const char *what, uint64_t open)
{
	struct usage_sum log = USAGE_SUM_INIT, used = USAGE_SUM_INIT;
	struct usage_counts a = { 0 }, b = { 0 };
	struct ledger *l = open_ledger();
	struct inflight_sum sum;
	struct seen s = read_ids(l, what);
	struct error err;
	size_t twice = 0;

	for (size_t i = 1; i < s.n; i++)
		twice += strcmp(s.ids[i - 1], s.ids[i]) == 0;
	check(twice == 0, "%s: %zu lines twice", what, twice);
	check(s.n >= shared->ended && s.n <= shared->begun && shared->begun - s.n <= open,
	    "%s: %llu begun, %llu ended, %zu lines", what, (unsigned long long)shared->begun,
	    (unsigned long long)shared->ended, s.n);
	for (int64_t day = 0; day < 2; day++)
		(void)usage_read_log(ledger_dir(l), clock_wall_ms() / DAY_MS - day, &log, &err);
	if (ledger_usage(l, 0, &used, &err) != RC_OK)
		check(0, "%s: %s", what, err.msg);
	for (size_t i = 0; i < log.n; i++) {
		a.requests += log.rows[i].n.requests;
		a.errors += log.rows[i].n.errors;
		a.completion += log.rows[i].n.completion;
	}
	for (size_t i = 0; i < used.n; i++) {
		b.requests += used.rows[i].n.requests;
		b.errors += used.rows[i].n.errors;
		b.completion += used.rows[i].n.completion;
	}
	check(a.requests == b.requests && a.errors == b.errors && a.completion == b.completion,
	    "%s: the log has %llu calls, %llu errors, %llu tokens, the counters %llu, %llu, %llu",
	    what, (unsigned long long)a.requests, (unsigned long long)a.errors,
	    (unsigned long long)a.completion, (unsigned long long)b.requests,
	    (unsigned long long)b.errors, (unsigned long long)b.completion);
	inflight_sum(ledger_inflight(l), &sum);
	check(sum.calls == 0 && sum.unwritten == 0, "%s: %u slots are taken", what, sum.calls);
	usage_release(&log);
	usage_release(&used);
	free(s.ids);
	ledger_close(l);
}

/* points - at each of them, and at the one in between of whoever finds it */
static void
points(void)
{
	static const char *const names[] = { "begun", "ending", "line", "half", "counted" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		die_at(names[i]);
		verify(names[i], 0);
		check(shared->begun == 4 * (i + 1), "%s: %llu begun", names[i],
		    (unsigned long long)shared->begun);
	}
	die_at("begun");
	die_at("died");
	verify("died", 0);
}

/* make_calls - for ever */
static pid_t
make_calls(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct ledger *l = open_ledger();

		for (;;)
			call(l);
	}
	return pid;
}

/* storm - one is killed every now and then, another takes its place; the number of kills */
static uint64_t
storm(int64_t seconds)
{
	int64_t until = clock_mono_ms() + seconds * 1000;
	pid_t pids[CALLERS];
	uint64_t kills = 0;

	for (int i = 0; i < CALLERS; i++)
		pids[i] = make_calls();
	while (clock_mono_ms() < until) {
		int i = (int)(random() % CALLERS);

		usleep((useconds_t)(random() % (KILL_MS * 1000)));
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
		pids[i] = make_calls();
		kills++;
	}
	for (int i = 0; i < CALLERS; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
		kills++;
	}
	return kills;
}

int
main(void)
{
	const char *seconds = getenv("STORM"), *seed = getenv("STORM_SEED");
	unsigned start = seed != NULL ? (unsigned)strtoul(seed, NULL, 10)
	    : (unsigned)clock_mono_ms();
	uint64_t kills;

	log_level(LOG_LEVEL_ERROR);
	setvbuf(stdout, NULL, _IOLBF, 0);
	unsetenv("MCPD_FAULT");
	srandom(start);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	dir = tmpdir_make();
	points();
	kills = storm(seconds != NULL ? strtoll(seconds, NULL, 10) : 3);
	verify("storm", kills);
	printf("%llu calls, %llu kills (STORM_SEED=%u), %d failures\n",
	    (unsigned long long)shared->begun, (unsigned long long)kills, start, failures);
	tmpdir_remove(dir);
	return failures > 0;
}
