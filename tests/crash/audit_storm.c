/*
 * audit_storm.c - processes that do nothing but write lines of the audit log, killed at random.
 *
 *	STORM=seconds (3)  STORM_SEED=n (the clock)  audit_storm
 *
 * Held: every line is whole, and none of the living's is missing. Exit 0: it held; 1: the line with FAIL
 * says what did not.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/auditline.h"
#include "store/auditread.h"
#include "tests/support/tmpdir.h"

#define WRITERS		3
#define KILL_US		2000		/* us between two kills, at most */

static char *dir;
static _Atomic uint64_t *written;	/* by all processes, outlives each of them */

/* fail - what can't be done ends the test */
static void
fail(const char *what, const struct error *err)
{
	printf("FAIL %s: %s\n", what, err->msg);
	exit(1);
}

/* write_lines - for ever, of all lengths: a quote takes two bytes */
static pid_t
write_lines(void)
{
	struct auditline c = { .llm = "gpt", .user = "u", .status = 200 };
	struct audit *a;
	struct error err;
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	if (audit_open("file", dir, &a, &err) != RC_OK)
		fail("open", &err);
	random_id(c.id);
	for (;;) {
		memset(c.model, '"', sizeof(c.model) - 1);
		c.model[random() % (long)sizeof(c.model)] = '\0';
		c.at_ms = clock_wall_ms();
		if (audit_write(a, &c, &err) != RC_OK)
			fail("write", &err);
		atomic_fetch_add(written, 1);
	}
}

/* storm - one is killed every now and then, another takes its place; the number of kills */
static uint64_t
storm(int64_t seconds)
{
	int64_t until = clock_mono_ms() + seconds * 1000;
	pid_t pids[WRITERS];
	uint64_t kills = 0;

	for (int i = 0; i < WRITERS; i++)
		pids[i] = write_lines();
	for (; clock_mono_ms() < until; kills++) {
		pid_t *p = &pids[kills % WRITERS];

		usleep((useconds_t)(random() % KILL_US));
		kill(*p, SIGKILL);
		waitpid(*p, NULL, 0);
		*p = write_lines();
	}
	for (int i = 0; i < WRITERS; i++, kills++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	return kills;
}

/* read_lines - the whole ones, and how many were torn */
static uint64_t
read_lines(uint64_t *torn)
{
	struct statedir d = STATEDIR_INIT;
	struct auditread *r;
	struct auditevent e;
	struct error err;
	uint64_t n = 0;
	enum rc rc;

	if (statedir_open(&d, dir, true, &err) != RC_OK ||
	    auditread_open(&d, 0, false, &r, &err) != RC_OK)
		fail("read", &err);
	while ((rc = auditread_next(r, &e, &err)) == RC_OK)
		n++;
	if (rc != RC_NOT_FOUND)
		fail("read", &err);
	*torn = auditread_skipped(r);
	auditread_close(r);
	statedir_close(&d);
	return n;
}

int
main(void)
{
	const char *seconds = getenv("STORM"), *seed = getenv("STORM_SEED");
	unsigned start = seed != NULL ? (unsigned)strtoul(seed, NULL, 10)
	    : (unsigned)clock_mono_ms();
	uint64_t kills, lines, torn;
	bool held;

	setvbuf(stdout, NULL, _IOLBF, 0);
	srandom(start);
	written = mmap(NULL, sizeof(*written), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	dir = tmpdir_make();
	kills = storm(seconds != NULL ? strtoll(seconds, NULL, 10) : 3);
	lines = read_lines(&torn);
	held = torn == 0 && lines >= *written && lines - *written <= kills;
	printf("%s%llu lines, %llu told, %llu torn, %llu kills (STORM_SEED=%u)\n", held ? "" : "FAIL ",
	    (unsigned long long)lines, (unsigned long long)*written, (unsigned long long)torn,
	    (unsigned long long)kills, start);
	tmpdir_remove(dir);
	return !held;
}
