/*
 * store_storm.c - readers, writers and visitors on one store, one of them killed every 50-100 ms.
 *
 *	STORM=seconds (3)  STORM_SEED=n (the clock)  QUIET=1 (exact limits of time)  store_storm
 *
 * A change raises "count" by one and writes the same text to "pair/a" and "pair/b", by compare. What
 * kv_txn() acknowledged is noted in an fsynced side log before it is told to the readers. Held at
 * the end: nothing acknowledged is lost, no number was given twice, no reader saw two halves or less
 * than was acknowledged before it looked, what a rebuild gives is what was there, no file of a shared
 * environment, the lock is free. Built with fault points, a writer is also let die at each of them.
 * Times are held to timing.h. Exit 0: all held; 1: the lines with FAIL say what did not.
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/kv.h"
#include "tests/crash/change.h"
#include "tests/crash/timing.h"
#include "tests/support/tmpdir.h"

#define READERS		4
#define WRITERS		3
#define VISITORS	1		/* open the store for each change, as a command line does */
#define CHILDREN	(READERS + WRITERS + VISITORS)
#define FAULT_TIMES	20		/* each; 100 where the storm is a long one */
#define FAULT_TIMES_LONG 100
#define LONG_S		30

static struct shared {			/* by all processes, outlives each of them */
	_Atomic uint64_t	acked;	/* the highest count that is in the side log */
	_Atomic uint64_t	torn, stale, broken, busy, contended;
	struct timing		reads, changes;
} *shared;

static char *top, *dir, *side_log;
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

/* must - the storm can't be run without it */
static void
must(int ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(2);
}

/* note - into the side log, on disk, and only then to the readers */
static void
note(int fd, uint64_t n)
{
	char line[32];
	int len = snprintf(line, sizeof(line), "%" PRIu64 "\n", n);

	if (write(fd, line, (size_t)len) != len || fdatasync(fd) != 0)
		_exit(3);
	raise_to(&shared->acked, n);
}

/* broke - an error that no reader and no writer may see */
static void
broke(const char *who, const struct error *err)
{
	atomic_fetch_add(&shared->broken, 1);
	fprintf(stderr, "%s: %s: %s\n", who, rc_info(err->rc)->name, err->msg);
}

/* change_once - read, change, note */
static void
change_once(struct kv *kv, int fd)
{
	struct kv_items items;
	struct error err;
	uint64_t n, began;
	enum rc rc;

	rc = kv_range(kv, "", &items, &err);
	if (rc != RC_OK) {
		broke("writer reads", &err);
		return;
	}
	began = now_us();
	rc = raise_count(kv, &items, &n, &err);
	timed(&shared->changes, began);
	kv_items_release(&items);
	if (rc == RC_OK)
		note(fd, n);
	else if (rc == RC_STALE)
		atomic_fetch_add(&shared->contended, 1);
	else if (rc == RC_BUSY)
		atomic_fetch_add(&shared->busy, 1);
	else
		broke("writer", &err);
}

/* open_kv - or the child is of no use */
static struct kv *
open_kv(void)
{
	struct error err;
	struct kv *kv = NULL;

	if (kv_bdb_open(dir, NULL, &kv, &err) != RC_OK)
		broke("open", &err);
	return kv;
}

/* be_writer - without an end; visitor: a new handle for each change */
static void
be_writer(int visitor)
{
	int fd = open(side_log, O_WRONLY | O_APPEND | O_CLOEXEC);
	struct kv *kv = NULL;

	for (;;) {
		if (kv == NULL)
			kv = open_kv();
		if (kv != NULL)
			change_once(kv, fd);
		if (visitor) {
			kv_close(kv);
			kv = NULL;
		}
	}
}

/* look - as a request does: the generation, and the items where it changed; *n is the count seen */
static void
look(struct kv *kv, uint64_t *seen, uint64_t *n)
{
	uint64_t now = kv_generation(kv);
	struct kv_items items;
	struct error err;
	int torn;

	if (now == *seen)
		return;
	if (kv_range(kv, "", &items, &err) != RC_OK) {
		broke("reader", &err);
		return;
	}
	*n = count_of(&items, &torn);
	*seen = now;
	kv_items_release(&items);
	if (torn)
		atomic_fetch_add(&shared->torn, 1);
}

/* be_reader - without an end */
static void
be_reader(void)
{
	struct timespec nap = { 0, 20000 };
	uint64_t seen = 0, n = 0, acked, began;
	struct kv *kv = open_kv();

	while (kv != NULL) {
		acked = atomic_load(&shared->acked);
		began = now_us();
		look(kv, &seen, &n);
		timed(&shared->reads, began);
		if (n < acked)
			atomic_fetch_add(&shared->stale, 1);
		nanosleep(&nap, NULL);
	}
	_exit(3);
}

/* start - child number i in its role */
static pid_t
start(int i)
{
	pid_t parent = getpid(), pid = fork();

	must(pid >= 0, "fork");
	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(3);
	if (i < READERS)
		be_reader();
	be_writer(i >= READERS + WRITERS);
	_exit(3);
}

/* end - kill by id, and wait */
static void
end(pid_t pid)
{
	kill(pid, SIGKILL);
	must(waitpid(pid, NULL, 0) == pid, "waitpid");
}

/* storm - until the time is over; how many were killed */
static int
storm(int seconds)
{
	int64_t until = clock_mono_ms() + seconds * INT64_C(1000);
	pid_t pids[CHILDREN];
	int kills = 0, i;

	for (i = 0; i < CHILDREN; i++)
		pids[i] = start(i);
	while (clock_mono_ms() < until) {
		clock_nap(50 + random() % 51);
		i = (int)(random() % CHILDREN);
		end(pids[i]);
		pids[i] = start(i);
		kills++;
	}
	for (i = 0; i < CHILDREN; i++)
		end(pids[i]);
	return kills;
}

/* turn - a writer that changes nothing: it finishes what one before it left */
static void
turn(struct kv *kv)
{
	struct kv_txn nothing = { .deadline_ms = clock_mono_ms() + CHANGE_LOCK_MS };
	struct error err = { .msg = "" };

	check(kv_txn(kv, &nothing, NULL, &err) == RC_OK, "a turn: %s", err.msg);
}

/* count_now - of the store as a reader sees it */
static uint64_t
count_now(struct kv *kv)
{
	struct error err = { .msg = "" };
	struct kv_items items;
	uint64_t n;
	int torn;

	if (kv_range(kv, "", &items, &err) != RC_OK) {
		check(0, "a reader: %s", err.msg);
		return 0;
	}
	n = count_of(&items, &torn);
	check(!torn || n == 0, "the pair is torn at %" PRIu64, n);
	kv_items_release(&items);
	return n;
}

#ifdef WITH_FAULT_POINTS
static const struct fault_place {
	const char	*name;
	int		 kept;		/* the change was committed before */
} fault_places[] = {
	{ "lock", 0 }, { "open", 0 }, { "put", 0 }, { "snapshot", 0 }, { "commit", 1 },
	{ "rename", 1 }, { "generation", 1 },
};

/* die_at - a writer that dies there */
static void
die_at(const char *place)
{
	int status, fd = open(side_log, O_WRONLY | O_APPEND | O_CLOEXEC);
	pid_t pid = fork();
	struct kv *kv;

	must(pid >= 0, "fork");
	if (pid == 0) {
		kv = open_kv();
		setenv("MCPD_FAULT", place, 1);
		if (kv != NULL)
			change_once(kv, fd);
		_exit(3);
	}
	close(fd);
	must(waitpid(pid, &status, 0) == pid, "waitpid");
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "fault point %s was not met",
	    place);
}

/* faults - each place, several times: the next turn brings what was committed, and only that */
static void
faults(struct kv *kv, int times)
{
	const struct fault_place *p;
	size_t places = sizeof(fault_places) / sizeof(fault_places[0]);
	uint64_t before, after, generation;

	for (int i = 0; i < times; i++) {
		for (p = fault_places; p < fault_places + places; p++) {
			before = count_now(kv);
			generation = kv_generation(kv);
			die_at(p->name);
			after = count_now(kv);
			check(after == before || (p->kept && after == before + 1),
			    "%s: %" PRIu64 " became %" PRIu64, p->name, before, after);
			turn(kv);
			after = count_now(kv);
			check(after == before + (p->kept ? 1 : 0), "%s: %" PRIu64 " became %"
			    PRIu64 " after a turn", p->name, before, after);
			check(!p->kept || kv_generation(kv) != generation,
			    "%s: readers were not told", p->name);
		}
	}
	printf("fault points: %zu places, %d times each\n", places, times);
}
#else
/* faults - not in this build */
static void
faults(struct kv *kv, int times)
{
	(void)kv;
	(void)times;
	puts("fault points: not built in");
}
#endif

/* check_acked - the side log against the store: nothing lost, nothing given twice */
static void
check_acked(uint64_t count)
{
	unsigned char *given = x_calloc(count + 1, 1);
	FILE *f = fopen(side_log, "r");
	uint64_t n, lines = 0, lost = 0, twice = 0;

	must(f != NULL, side_log);
	while (fscanf(f, "%" SCNu64, &n) == 1) {
		lines++;
		if (n > count)
			lost++;
		else
			twice += given[n]++ != 0;
	}
	fclose(f);
	free(given);
	printf("acknowledged: %" PRIu64 ", lost %" PRIu64 ", given twice %" PRIu64 "\n", lines,
	    lost, twice);
	check(lost == 0 && twice == 0, "acknowledged changes were lost");
}

/* dumped - the store as text */
static char *
dumped(struct kv *kv)
{
	struct error err = { .msg = "" };
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	check(kv_dump(kv, f, &err) == RC_OK, "dump: %s", err.msg);
	fclose(f);
	return text;
}

/* check_rebuild - the snapshot made from the database is the one that was published */
static void
check_rebuild(struct kv *kv)
{
	char *path = x_asprintf("%s/snapshot", dir), *before = dumped(kv), *after;

	must(unlink(path) == 0, path);
	after = dumped(kv);
	check(strcmp(before, after) == 0, "a rebuilt snapshot differs");
	free(path);
	free(before);
	free(after);
}

/* check_directory - no shared environment, nobody holds the lock */
static void
check_directory(void)
{
	char *path = x_asprintf("%s/.lock", dir);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct dirent *e;
	DIR *d = opendir(dir);

	while ((e = readdir(d)) != NULL)
		check(strncmp(e->d_name, "__db", 4) != 0, "%s is there", e->d_name);
	closedir(d);
	check(fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0, "the lock is held");
	close(fd);
	free(path);
}

/* check_shared - what the children saw */
static void
check_shared(void)
{
	show("reads", &shared->reads);
	show("changes", &shared->changes);
	printf("contended %" PRIu64 ", busy %" PRIu64 ", torn %" PRIu64 ", stale %" PRIu64
	    ", errors %" PRIu64 "\n", shared->contended, shared->busy, shared->torn, shared->stale,
	    shared->broken);
	check(reads_keep_time(&shared->reads), "readers had to wait");
	check(changes_keep_time(&shared->changes), "writers waited too long");
	check(shared->torn == 0, "readers saw torn pairs");
	check(shared->stale == 0, "readers saw less than was acknowledged");
	check(shared->broken == 0, "readers or writers met errors");
}

/* set_up - a store with a first change, a side log, and what is shared */
static void
set_up(void)
{
	struct error err = { .msg = "" };
	struct kv *kv;
	int fd;

	log_level(LOG_LEVEL_WARN);
	top = tmpdir_make();
	dir = x_asprintf("%s/state", top);
	side_log = x_asprintf("%s/acknowledged", top);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
	    0);
	must(shared != MAP_FAILED, "mmap");
	fd = open(side_log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	must(fd >= 0, side_log);
	must(kv_bdb_create(dir, NULL, NULL, &err) == RC_OK, err.msg);
	kv = open_kv();
	must(kv != NULL, dir);
	change_once(kv, fd);
	kv_close(kv);
	close(fd);
}

int
main(void)
{
	const char *length = getenv("STORM"), *given = getenv("STORM_SEED");
	int seconds = length != NULL ? (int)strtol(length, NULL, 10) : 3;
	unsigned seed = given != NULL ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
	struct kv *kv;
	int kills;

	setvbuf(stdout, NULL, _IOLBF, 0);
	set_up();
	srandom(seed);
	kills = storm(seconds);
	printf("seed %u: %d processes, %d killed\n", seed, CHILDREN, kills);
	check_shared();
	kv = open_kv();
	must(kv != NULL, dir);
	turn(kv);
	check_acked(count_now(kv));
	faults(kv, seconds < LONG_S ? FAULT_TIMES : FAULT_TIMES_LONG);
	check_acked(count_now(kv));
	check_rebuild(kv);
	kv_close(kv);
	check_directory();
	tmpdir_remove(top);
	free(dir);
	free(side_log);
	puts(failures == 0 ? "store_storm: all held" : "store_storm: FAILED");
	return failures == 0 ? 0 : 1;
}
