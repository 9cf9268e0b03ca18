/* test_generation.c - the shared number under running readers, whatever happens to its file */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/generation.h"
#include "store/sigbus.h"
#include "tests/unit/kv_fixture.h"

TestSuite(generation, .init = state_set_up, .fini = state_tear_down);

/* cut - the file, to so many bytes */
static void
cut(off_t len)
{
	cr_assert_eq(truncate(in_dir("gen"), len), 0);
}

/* lose - the file, as a careless hand does */
static void
lose(void)
{
	cr_assert_eq(unlink(in_dir("gen")), 0);
}

static const off_t lengths[] = { 0, 1, 8, 4095 };

Test(generation, a_file_that_is_cut_short_ends_no_reader_and_hides_no_change)
{
	struct kv *reader, *writer;
	uint64_t seen;

	make();
	reader = open_store();
	writer = open_store();
	for (size_t i = 0; i < COUNT(lengths); i++) {
		put(writer, "a");
		cut(lengths[i]);
		seen = kv_generation(reader);
		put(writer, "a");
		cr_expect_neq(kv_generation(reader), seen, "cut to %jd", (intmax_t)lengths[i]);
		seen = kv_generation(reader);
		cr_expect_eq(kv_generation(writer), seen);
		put(writer, "a");
		cr_expect_neq(kv_generation(reader), seen, "the one after too");
	}
	kv_close(reader);
	kv_close(writer);
}

Test(generation, a_file_that_is_deleted_hides_no_change_from_those_who_had_it_open)
{
	struct kv *reader, *writer;
	uint64_t seen;

	make();
	reader = open_store();
	writer = open_store();
	for (int i = 0; i < 2; i++) {
		put(writer, "a");
		seen = kv_generation(reader);
		lose();
		put(writer, "a");
		cr_expect_neq(kv_generation(reader), seen, "with the first request after it");
		seen = kv_generation(reader);
		put(writer, "b");
		cr_expect_neq(kv_generation(reader), seen, "and the next, made at once");
	}
	kv_close(reader);
	kv_close(writer);
}

Test(generation, a_file_that_is_deleted_before_a_reader_found_it_hides_no_change_either)
{
	struct kv *reader, *writer;
	uint64_t seen;

	make();
	reader = open_store();
	writer = open_store();
	seen = kv_generation(reader);
	for (int i = 0; i < 2; i++) {
		lose();
		put(writer, "a");
		lose();
		cr_expect_neq(kv_generation(reader), seen, "with the first request after it");
		seen = kv_generation(reader);
		put(writer, "b");
		cr_expect_neq(kv_generation(reader), seen, "and where it is made anew");
		seen = kv_generation(reader);
	}
	kv_close(reader);
	kv_close(writer);
}

/* fastest_put - ms that one takes on a machine that may be slow at times */
static int64_t
fastest_put(struct kv *kv)
{
	int64_t fastest = INT64_MAX, began, took;

	for (int i = 0; i < 5; i++) {
		began = clock_mono_ms();
		put(kv, "a");
		took = clock_mono_ms() - began;
		fastest = took < fastest ? took : fastest;
	}
	return fastest;
}

/* put_one - a writer's process */
static pid_t
put_one(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		put(open_store(), "child");
		_exit(0);
	}
	cr_assert_gt(pid, 0);
	return pid;
}

Test(generation, a_writer_that_dies_while_readers_find_a_new_file_leaves_the_wait_to_the_next)
{
	struct kv *reader, *writer;
	int64_t began;
	uint64_t seen;
	int status;
	pid_t pid;

	make();
	reader = open_store();
	writer = open_store();
	seen = kv_generation(reader);
	/* again, where we were so slow that it was through with its wait */
	do {
		lose();
		pid = put_one();
		while (access(in_dir("gen"), F_OK) != 0)
			clock_nap(1);
		cr_assert_eq(kill(pid, SIGKILL), 0);
		cr_assert_eq(waitpid(pid, &status, 0), pid);
	} while (!WIFSIGNALED(status));
	began = clock_mono_ms();
	put(writer, "a");
	cr_expect_geq(clock_mono_ms() - began, GENERATION_WAIT_MS);
	cr_expect_neq(kv_generation(reader), seen);
	cr_expect_lt(fastest_put(writer), GENERATION_WAIT_MS, "once is enough");
	kv_close(reader);
	kv_close(writer);
}

Test(generation, nobody_waits_for_readers_of_a_new_store_or_of_a_file_that_was_only_damaged)
{
	int64_t fastest = INT64_MAX, began, took;
	struct kv *kv;

	/* the fastest of some: the machine may be slow, but it does not wait each time */
	for (int i = 0; i < 5; i++) {
		began = clock_mono_ms();
		make();
		kv = open_store();
		put(kv, "a");
		cut(0);
		put(kv, "a");
		write_file("gen", 0, "\0\0\0\0\0\0\0", 8);
		put(kv, "a");
		took = clock_mono_ms() - began;
		fastest = took < fastest ? took : fastest;
		kv_close(kv);
		state_tear_down();
		state_set_up();
	}
	cr_expect_lt(fastest, GENERATION_WAIT_MS);
}

struct crowd {
	struct kv	*kv;
	atomic_bool	 stop;
	atomic_ulong	 looks;
};

/* look_on - one reader of many; what it reads is of no matter, that it goes on is */
static void *
look_on(void *arg)
{
	struct crowd *c = arg;

	while (!c->stop) {
		kv_generation(c->kv);
		c->looks++;
	}
	return NULL;
}

Test(generation, threads_go_on_while_the_file_is_cut_and_mended_again_and_again)
{
	pthread_t threads[3];
	struct crowd crowd = { .kv = NULL };
	struct kv *writer;
	uint64_t seen;

	make();
	crowd.kv = open_store();
	writer = open_store();
	for (size_t i = 0; i < COUNT(threads); i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, look_on, &crowd), 0);
	for (int i = 0; i < 100; i++) {
		unsigned long looks = crowd.looks;

		cut(0);
		while (crowd.looks < looks + 3)
			sched_yield();
		seen = kv_generation(crowd.kv);
		put(writer, "a");
		cr_expect_neq(kv_generation(crowd.kv), seen, "round %d", i);
	}
	crowd.stop = true;
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	kv_close(crowd.kv);
	kv_close(writer);
}

Test(generation, a_file_put_in_its_place_is_found_within_a_second_and_not_looked_for_before)
{
	static char other[4096] = { 1 };
	uint64_t seen, now;
	struct kv *reader;
	int64_t began;

	make();
	began = clock_mono_ms();
	reader = open_store();
	seen = kv_generation(reader);
	lose();
	write_file("gen", 0, other, sizeof(other));
	do {
		now = kv_generation(reader);
		if (clock_mono_ms() - began < GENERATION_LOOK_MS / 2)
			cr_assert_eq(now, seen, "a look at each request");
	} while (clock_mono_ms() - began < GENERATION_WAIT_MS);
	cr_expect_neq(now, seen);
	kv_close(reader);
}

/* move - the directory, to a name beside it */
static void
move(void)
{
	char *aside = x_asprintf("%s.old", dir);

	cr_assert_eq(rename(dir, aside), 0);
	free(aside);
}

/* replace - by another store of the same name */
static void
replace(void)
{
	move();
	make();
}

/* empty - the directory stays */
static void
empty(void)
{
	static const char *const names[] = { "cat.db", "log.0000000001", "gen", "snapshot", ".lock" };

	for (size_t i = 0; i < COUNT(names); i++)
		cr_assert_eq(unlink(in_dir(names[i])), 0, "%s", names[i]);
}

/* lose_database - what readers go by stays */
static void
lose_database(void)
{
	cr_assert_eq(unlink(in_dir("cat.db")), 0);
}

/* lose_database_and_page - the snapshot stays */
static void
lose_database_and_page(void)
{
	lose_database();
	lose();
}

/* lose_snapshot_and_page - both are made anew from the database */
static void
lose_snapshot_and_page(void)
{
	cr_assert_eq(unlink(in_dir("snapshot")), 0);
	lose();
}

/* leave - all as it is */
static void
leave(void)
{
}

static const struct {
	void	(*act)(void);
	bool	  gone;
} fates[] = {
	{ leave, false }, { lose, false }, { lose_database, false },
	{ lose_database_and_page, false }, { lose_snapshot_and_page, false },
	{ empty, true }, { move, true }, { replace, true },
};

/* told_gone - within the time that a reader has to find out; at once, where there is nothing to wait
   for */
static bool
told_gone(struct kv *kv, bool expected)
{
	int64_t end = clock_mono_ms() + (expected ? WAIT_MS : GENERATION_WAIT_MS);

	while (!kv_gone(kv) && clock_mono_ms() < end)
		clock_nap(10);
	return kv_gone(kv);
}

Test(generation, a_directory_that_is_moved_replaced_or_emptied_is_told_as_gone)
{
	struct kv *kv;

	for (size_t i = 0; i < COUNT(fates); i++) {
		make();
		kv = open_store();
		cr_expect_not(kv_gone(kv));
		fates[i].act();
		cr_expect_eq(told_gone(kv, fates[i].gone), fates[i].gone, "row %zu", i);
		kv_close(kv);
		state_tear_down();
		state_set_up();
	}
}

Test(generation, a_link_that_leads_elsewhere_is_another_directory)
{
	char *real = x_asprintf("%s.1", dir), *other = x_asprintf("%s.2", dir), *link = dir;
	struct error err;
	struct kv *kv;

	dir = real;
	make();
	dir = other;
	make();
	dir = link;
	cr_assert_eq(symlink(real, dir), 0);
	kv = open_store();
	cr_expect_not(told_gone(kv, false));
	cr_assert_eq(unlink(dir), 0);
	cr_assert_eq(symlink(other, dir), 0);
	cr_expect(told_gone(kv, true));
	cr_expect_eq(put_within(kv, "a", WAIT_MS, &err), RC_UNAVAILABLE);
	cr_expect_str_eq(strrchr(err.msg, '/'), "/state was moved or replaced while it was open: "
	    "try again");
	kv_close(kv);
	cr_assert_eq(unlink(dir), 0);
	free(real);
	free(other);
}

/* linked - what a store says of itself when the link that led to it leads there, in time */
static bool
linked(const char *to, bool expected)
{
	char *real = x_asprintf("%s.1", dir), *link = dir;
	struct kv *kv;
	bool gone;

	dir = real;
	make();
	dir = link;
	cr_assert_eq(symlink(real, dir), 0);
	kv = open_store();
	cr_assert_eq(unlink(dir), 0);
	cr_assert_eq(symlink(to, dir), 0);
	gone = told_gone(kv, expected);
	kv_close(kv);
	cr_assert_eq(unlink(dir), 0);
	free(real);
	return gone;
}

Test(generation, a_name_below_a_file_is_of_nothing)
{
	cr_expect(linked("state.1/cat.db/x", true));
}

Test(generation, a_name_that_can_t_be_looked_at_says_nothing)
{
	cr_expect_not(linked("state", false), "a link to itself");
}

/* fault - at an address that is nobody's file */
static int
fault(void)
{
	char *page;
	int fd = open(in_dir("short"), O_RDWR | O_CREAT, 0600);

	signal(SIGBUS, SIG_DFL);	/* as it is without a sanitizer */
	sigbus_catch();
	page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	return *(volatile char *)page;
}

/* ends_by - the signal that a function's process ends by */
static int
ends_by(int (*run)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(run());
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* sent - from outside */
static int
sent(void)
{
	signal(SIGBUS, SIG_DFL);
	sigbus_catch();
	return kill(getpid(), SIGBUS);
}

Test(generation, any_other_sigbus_ends_the_process_as_ever)
{
	cr_assert_eq(mkdir(dir, 0700), 0);
	cr_expect_eq(ends_by(fault), SIGBUS);
	cr_expect_eq(ends_by(sent), SIGBUS);
}
