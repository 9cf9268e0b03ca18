/* test_metrics.c - the room of the series, and who has it when Llms go */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/metrics.h"
#include "store/names.h"
#include "tests/support/tmpdir.h"

#define HALF		(METRICS_SERIES / 2)
#define COUNT_MAX	((UINT64_C(1) << 56) - 1)

static char *path;
static struct statedir dir;
static struct metrics *m;

static void
set_up(void)
{
	struct error err;

	path = tmpdir_make();
	dir = (struct statedir)STATEDIR_INIT;
	cr_assert_eq(statedir_open(&dir, path, true, &err), RC_OK, "%s", err.msg);
	metrics_open(&dir, &m, NULL);
}

static void
tear_down(void)
{
	metrics_close(m);
	statedir_close(&dir);
	tmpdir_remove(path);
}

TestSuite(metrics, .init = set_up, .fini = tear_down);

/* add - to series number n of an Llm whose name begins so */
static void
add(const char *begin, int n, uint64_t count)
{
	char llm[64];

	snprintf(llm, sizeof(llm), "%s-%d", begin, n);
	metrics_add(m, METRICS_REQUESTS, llm, "200", count);
}

/* lives - for metrics_give_back(): Llms by what their names begin with */
static bool
lives(void *arg, const char *llm)
{
	(void)arg;
	return strncmp(llm, "live", 4) == 0;
}

struct total {
	const char	*begin;
	uint64_t	 series, sum;
};

static void
add_up(void *arg, enum metrics_family family, const char *llm, const char *label, uint64_t n)
{
	struct total *t = arg;

	(void)label;
	cr_assert_eq(family, METRICS_REQUESTS);
	if (strncmp(llm, t->begin, strlen(t->begin)) != 0)
		return;
	t->series++;
	t->sum += n;
}

/* total - of the series of Llms whose names begin so */
static struct total
total(const char *begin)
{
	struct total t = { .begin = begin };

	metrics_each(m, add_up, &t);
	return t;
}

Test(metrics, llms_that_come_and_go_never_use_up_the_room)
{
	for (int i = 0; i < 100; i++)
		add("live", i, 5);
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < HALF; i++)
			add("gone", round * HALF + i, 1);
		cr_expect_eq(total("gone").sum, HALF, "round %d", round);
		metrics_give_back(m, lives, NULL);
		cr_expect_eq(total("gone").series, 0, "round %d", round);
	}
	cr_expect_eq(metrics_counted(m, METRICS_LOST), 0);
	cr_expect_eq(total("live").sum, 500);
	cr_expect_eq(total("live").series, 100);
}

Test(metrics, nothing_is_given_back_while_there_is_room)
{
	for (int i = 0; i < HALF - 1; i++)
		add("gone", i, 1);
	metrics_give_back(m, lives, NULL);
	cr_expect_eq(total("gone").series, HALF - 1);
	add("live", 0, 1);
	metrics_give_back(m, lives, NULL);
	cr_expect_eq(total("gone").series, 0);
	add("gone", 0, 1);
	metrics_give_back(m, lives, NULL);
	cr_expect_eq(total("gone").series, 1, "what was given back is room again");
}

Test(metrics, calls_of_no_llm_stay)
{
	for (int i = 0; i < HALF; i++)
		add("gone", i, 1);
	metrics_add(m, METRICS_REQUESTS, "", "401", 3);
	metrics_give_back(m, lives, NULL);
	cr_expect_eq(total("").sum, 3);
}

/* counted_meanwhile - an Llm that is made again, and called, while we are asked for it */
static bool
counted_meanwhile(void *arg, const char *llm)
{
	(void)arg;
	if (strcmp(llm, "again-1") == 0)
		add("again", 1, 10);
	return false;
}

Test(metrics, a_series_that_is_counted_on_meanwhile_stays)
{
	for (int i = 0; i < HALF; i++)
		add("again", i, 1);
	metrics_give_back(m, counted_meanwhile, NULL);
	cr_expect_eq(total("again").series, 1);
	cr_expect_eq(total("again").sum, 11);
}

/* home - of a series of an Llm: the first place that is looked at for it */
static uint64_t
home(const char *llm)
{
	char text[NAMES_TEXT];
	int len = snprintf(text, sizeof(text), "a200 %s", llm);

	return names_hash(text, (size_t)len) % METRICS_SERIES;
}

/* named - an Llm whose name begins so, with its series at this place, where that is free */
static void
named(const char *begin, uint64_t place, char out[NAMES_TEXT])
{
	int i = 0;

	do
		snprintf(out, NAMES_TEXT, "%s-%d", begin, i++);
	while (home(out) != place);
}

/* fill - gone ones, up to half of the room; none of them at the place of llm */
static void
fill(const char *llm)
{
	char name[NAMES_TEXT];

	for (int i = 0, n = 0; n < HALF; i++) {
		snprintf(name, sizeof(name), "gone-fill-%d", i);
		if (home(name) == home(llm))
			continue;
		add("gone-fill", i, 1);
		n++;
	}
}

static char fault[64];			/* "MCPD_STOP=<place>", as the environment holds it */

/* forget - one who goes on is not stopped again */
static void
forget(int signo)
{
	(void)signo;
	*(strchr(fault, '=') + 1) = '\0';
}

/* child - does something in a process of its own that $MCPD_FAULT ends, or $MCPD_STOP stops, at a place */
static pid_t
child(const char *variable, const char *place, void (*act)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		snprintf(fault, sizeof(fault), "%s=%s", variable, place);
		putenv(fault);
		signal(SIGCONT, forget);
		metrics_open(&dir, &m, NULL);
		act();
		_exit(0);
	}
	cr_assert_eq(waitpid(pid, &status, WUNTRACED), pid);
	cr_assert(WIFSTOPPED(status) || WIFSIGNALED(status), "%s: it came to its end", place);
	return pid;
}

/* go_on - to its end */
static void
go_on(pid_t pid)
{
	int status;

	kill(pid, SIGCONT);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect_eq(status, 0);
}

/* add_gone - a call that ends after its Llm */
static void
add_gone(void)
{
	add("gone", 0, 1);
}

Test(metrics, who_adds_to_a_series_that_is_given_back_under_it_adds_to_no_other)
{
	char name[NAMES_TEXT];
	pid_t pid;

	add("gone", 0, 1);
	fill("gone-0");
	named("live-heir", home("gone-0"), name);
	pid = child("MCPD_STOP", "adding", add_gone);
	metrics_give_back(m, lives, NULL);
	cr_expect_eq(total("gone").series, 0);
	metrics_add(m, METRICS_REQUESTS, name, "200", 1);	/* its value is the one before, too */
	go_on(pid);
	cr_expect_eq(total("live").sum, 1, "%zu", (size_t)total("live").sum);
	cr_expect_eq(total("gone").sum, 1, "it began another one");
	cr_expect_eq(metrics_counted(m, METRICS_LOST), 0);
}

/* give_back_all - for a child */
static void
give_back_all(void)
{
	metrics_give_back(m, lives, NULL);
}

static char first[NAMES_TEXT];		/* an Llm whose series is told before all others */

/* tell_first - as it was counted, or not at all */
static void
tell_first(void)
{
	if (total(first).sum > 1)
		_exit(1);
}

Test(metrics, who_tells_a_series_that_is_given_back_under_it_tells_no_other)
{
	char name[NAMES_TEXT];
	pid_t pid;

	named("gone", 0, first);
	named("live-heir", 0, name);
	metrics_add(m, METRICS_REQUESTS, first, "200", 1);
	fill(first);
	pid = child("MCPD_STOP", "telling", tell_first);
	metrics_give_back(m, lives, NULL);
	metrics_add(m, METRICS_REQUESTS, name, "200", 1000);
	go_on(pid);
}

/* file_place - where a series stands in the file; 0: nowhere */
static size_t
file_place(const char *llm)
{
	char *file_path = x_asprintf("%s/metrics", path), *text = x_asprintf("a200 %s", llm);
	int fd = open(file_path, O_RDONLY | O_CLOEXEC);
	size_t size = (size_t)lseek(fd, 0, SEEK_END);
	char *file = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0), *at;
	size_t where;

	cr_assert_neq(file, MAP_FAILED);
	at = memmem(file, size, text, strlen(text) + 1);
	where = at != NULL ? (size_t)(at - file) : 0;
	munmap(file, size);
	close(fd);
	free(text);
	free(file_path);
	return where;
}

Test(metrics, a_place_that_a_dead_process_was_giving_back_is_given_back_by_the_next)
{
	char name[NAMES_TEXT];
	size_t place;

	add("gone", 0, 7);
	place = file_place("gone-0");
	named("live-heir", home("gone-0"), name);
	for (int i = 0; i < HALF; i++)
		add("live", i, 1);
	(void)child("MCPD_FAULT", "leaving", give_back_all);
	cr_expect_eq(total("gone").series, 0);
	metrics_give_back(m, lives, NULL);
	metrics_add(m, METRICS_REQUESTS, name, "200", 1);
	cr_expect_eq(file_place(name), place);
	cr_expect_eq(total("live-heir").sum, 1, "%zu", (size_t)total("live-heir").sum);
}

Test(metrics, one_process_at_a_time_gives_back)
{
	pid_t pid;

	for (int i = 0; i < HALF + 1; i++)
		add("gone", i, 1);
	pid = child("MCPD_STOP", "leaving", give_back_all);
	metrics_give_back(m, lives, NULL);
	cr_expect_eq(total("gone").series, HALF, "all but the one that the other is at");
	kill(pid, SIGKILL);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	metrics_give_back(m, lives, NULL);
	cr_expect_eq(total("gone").series, 0);
}

Test(metrics, a_name_too_long_to_be_kept_is_no_other_ones)
{
	char llm[101], shorter[101];

	memset(llm, 'x', 100);
	llm[100] = '\0';
	memcpy(shorter, llm, sizeof(llm));
	shorter[99] = '\0';
	metrics_add(m, METRICS_REQUESTS, llm, "invalid_request_error", 1);
	cr_expect_eq(total("x").sum, 1, "the longest name with the longest code of ours");
	metrics_add(m, METRICS_REQUESTS, llm, "invalid_request_errors", 1);
	cr_expect_eq(total("x").sum, 1);
	cr_expect_eq(metrics_counted(m, METRICS_LOST), 1);
	cr_expect_eq(total(llm).sum, 1);
}

Test(metrics, a_count_without_end_ends_before_the_next_series)
{
	add("live", 1, COUNT_MAX - 1);
	add("live", 1, 1);
	add("live", 1, 3);
	cr_expect_eq(total("live").sum, COUNT_MAX);
	cr_expect_eq(metrics_counted(m, METRICS_LOST), 3);
}

#define RACERS	3			/* threads, and as many processes */
#define ROUNDS	1500
#define GONE	50			/* Llms that are always gone */

/* race - new series of living ones all the time, between those of others that are given back */
static void *
race(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		add("live", i, 1);
		for (int k = 0; k < 8; k++)
			add("gone", (i + k * 7) % GONE, 1000000);
		if (i % 16 == 0)
			metrics_give_back(m, lives, arg);
	}
	return NULL;
}

Test(metrics, who_adds_and_who_gives_back_at_once_take_nothing_from_the_living)
{
	pid_t pids[RACERS];
	pthread_t threads[RACERS];
	int status;

	for (int i = 0; i < HALF; i++)
		add("live-fill", i, 1);
	for (int i = 0; i < RACERS; i++) {
		if ((pids[i] = fork()) == 0) {
			metrics_open(&dir, &m, NULL);
			race(NULL);
			_exit(0);
		}
	}
	for (int i = 0; i < RACERS; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, race, NULL), 0);
	for (int i = 0; i < RACERS; i++) {
		pthread_join(threads[i], NULL);
		cr_assert_eq(waitpid(pids[i], &status, 0), pids[i]);
		cr_expect_eq(status, 0);
	}
	cr_expect_eq(total("live").sum, HALF + 2 * RACERS * ROUNDS, "%zu", (size_t)total("live").sum);
	cr_expect_eq(metrics_counted(m, METRICS_LOST) % 1000000, 0);
}
