/* test_counters.c - nothing that was counted is lost: in a race, in a full table, over the days */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/counters.h"
#include "store/names.h"
#include "tests/support/tmpdir.h"

static char *path;
static struct statedir dir = STATEDIR_INIT;
static struct counters *c;

/* set_up - blank counters */
static void
set_up(void)
{
	bool alone;

	path = tmpdir_make();
	cr_assert_eq(statedir_open(&dir, path, true, NULL), RC_OK);
	counters_open(&dir, &c, &alone, NULL);
	cr_expect(alone);
	cr_expect(!counters_good(c));
	counters_ready(c);
}

/* tear_down - away with them */
static void
tear_down(void)
{
	counters_close(c);
	statedir_close(&dir);
	tmpdir_remove(path);
}

TestSuite(counters, .init = set_up, .fini = tear_down);

#define LLMS 50

struct found {
	uint64_t		 llms[LLMS];	/* requests of "llm-<n>" */
	struct usage_counts	 all, other;
	size_t			 slots;
	int64_t			 day;		/* only it; 0: all */
};

/* find - add up */
static void
find(void *arg, int64_t day, const struct usage_key *key, const struct usage_counts *n)
{
	struct found *f = arg;
	int llm;

	if (f->day != 0 && f->day != day)
		return;
	f->slots++;
	f->all.requests += n->requests;
	f->all.prompt += n->prompt;
	if (sscanf(key->llm, "llm-%d", &llm) == 1 && llm >= 0 && llm < LLMS)
		f->llms[llm] += n->requests;
	if (strcmp(key->llm, COUNTERS_OTHER) == 0)
		f->other.requests += n->requests;
}

/* found - of a day */
static struct found
found(int64_t day)
{
	struct found f = { .day = day };

	counters_each(c, find, &f);
	return f;
}

/* add - one call of numbered names */
static void
add(int64_t day, int llm, int user, int token)
{
	const struct usage_counts one = { .requests = 1, .prompt = 3 };
	char texts[3][32];

	snprintf(texts[0], sizeof(texts[0]), "llm-%d", llm);
	snprintf(texts[1], sizeof(texts[1]), "user-%d", user);
	snprintf(texts[2], sizeof(texts[2]), "token-%d", token);
	counters_add(c, day, &(struct usage_key){ texts[0], texts[1], texts[2] }, &one);
}

Test(counters, keys_that_differ_in_one_name_are_different)
{
	add(1, 1, 1, 1);
	add(1, 1, 1, 2);
	add(1, 1, 2, 1);
	add(1, 2, 1, 1);
	add(1, 1, 1, 1);
	cr_expect_eq(found(1).slots, 4);
	cr_expect_eq(found(1).all.requests, 5);
	cr_expect_eq(found(1).all.prompt, 15);
}

Test(counters, a_full_table_counts_for_other)
{
	size_t n = 0;

	for (int llm = 0; llm < 45; llm++)
		for (int user = 0; user < 41; user++)
			for (int token = 0; token < 41; token++, n++)
				add(1, llm, user, token);
	cr_assert_gt(n, COUNTERS_SLOTS);
	cr_expect_eq(found(1).all.requests, n);
	cr_expect_eq(found(1).all.prompt, 3 * n);
	cr_expect_leq(found(1).slots, COUNTERS_SLOTS);
	cr_expect_gt(found(1).slots, COUNTERS_SLOTS * 9 / 10, "%zu", found(1).slots);
	cr_expect_geq(found(1).other.requests, n - COUNTERS_SLOTS);
}

Test(counters, more_names_than_there_is_room_for_count_for_other)
{
	for (int llm = 0; llm < 2 * COUNTERS_NAMES; llm++)
		add(1, llm, 1, 1);
	cr_expect_eq(found(1).all.requests, 2 * COUNTERS_NAMES);
	cr_expect_geq(found(1).other.requests, COUNTERS_NAMES - 2);
	cr_expect_gt(found(1).slots, COUNTERS_NAMES / 2);
}

#define RACERS	4
#define ROUNDS	20000

/* race - in a process or a thread of its own */
static void *
race(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++)
		add(1 + i * 2 / ROUNDS, i % LLMS, i % 7, i % 3);
	return NULL;
}

Test(counters, processes_and_threads_that_race_for_slots_lose_nothing)
{
	pid_t pids[RACERS];
	pthread_t threads[RACERS];
	bool alone;
	int status;

	for (int i = 0; i < RACERS; i++) {
		if ((pids[i] = fork()) == 0) {
			counters_open(&dir, &c, &alone, NULL);
			race(NULL);
			_exit(alone);
		}
	}
	for (int i = 0; i < RACERS; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, race, NULL), 0);
	for (int i = 0; i < RACERS; i++) {
		pthread_join(threads[i], NULL);
		cr_assert_eq(waitpid(pids[i], &status, 0), pids[i]);
		cr_expect_eq(status, 0, "nobody is alone");
	}
	cr_expect_eq(found(0).all.requests, 2 * RACERS * ROUNDS);
	for (int i = 0; i < LLMS; i++)
		cr_expect_eq(found(0).llms[i], 2 * RACERS * ROUNDS / LLMS, "llm-%d", i);
	cr_expect_eq(found(1).all.requests, RACERS * ROUNDS);
	cr_expect_eq(found(2).all.prompt, 3 * RACERS * ROUNDS);
}

Test(counters, a_day_makes_room_for_the_day_after_the_next)
{
	add(10, 1, 1, 1);
	add(11, 1, 1, 1);
	cr_expect_eq(found(0).all.requests, 2);
	add(12, 2, 2, 2);
	cr_expect_eq(found(10).slots, 0);
	cr_expect_eq(found(11).slots, 1);
	cr_expect_eq(found(12).slots, 1);
}

Test(counters, a_clock_that_was_wrong_puts_them_in_doubt)
{
	counters_trust(c);
	add(10, 1, 1, 1);
	add(12, 1, 1, 1);
	cr_expect(counters_good(c));
	add(10, 1, 1, 1);
	cr_expect(!counters_good(c));
	cr_expect_eq(found(10).all.requests, 1);
}

Test(counters, names_are_found_again_and_a_long_one_is_cut)
{
	static struct name names[256];
	char text[2 * NAMES_TEXT], got[NAMES_TEXT];
	uint32_t one = names_find(names, 256, "one", true), at;

	cr_expect_eq(names_find(names, 256, "one", true), one);
	cr_expect_eq(names_find(names, 256, "two", false), NAMES_NONE);
	cr_expect_neq(names_find(names, 256, "on", true), one);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	at = names_find(names, 256, text, true);
	cr_expect_eq(names_find(names, 256, text, true), at);
	cr_expect(names_text(names, 256, at, got));
	cr_expect_eq(strlen(got), NAMES_TEXT - 1);
	cr_expect(!names_text(names, 256, 256, got));
}
