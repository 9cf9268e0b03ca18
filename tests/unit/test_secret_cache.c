/* test_secret_cache.c - how long a value of another server is believed, and by whom */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "service/secret_cache.h"

#define LONG_MS	3600000			/* no test waits for it */
#define CALLERS	8			/* threads that ask at once */

struct backend {			/* what the fetches find */
	enum rc		 rc;
	const char	*value;
	atomic_int	 fetches;
	atomic_bool	 blocked;	/* a fetch waits while it is set */
};

static struct secret_cache *cache;
static struct backend backend;
static struct secret_ref ref;

static void
setup(void)
{
	cache = secret_cache_new();
	backend.rc = RC_OK;
	backend.value = "one";
	atomic_store(&backend.fetches, 0);
	atomic_store(&backend.blocked, false);
	ref = (struct secret_ref){ "s1", "b1", 1, 1, LONG_MS, LONG_MS };
}

static void
teardown(void)
{
	secret_cache_free(cache);
}

TestSuite(secret_cache, .init = setup, .fini = teardown);

/* fetch - from the backend as it is */
static enum rc
fetch(void *arg, struct pairs *out, struct error *err)
{
	struct backend *b = arg;

	atomic_fetch_add(&b->fetches, 1);
	while (atomic_load(&b->blocked))
		clock_nap(1);
	if (b->rc != RC_OK)
		return error_set(err, b->rc, "trouble %d", (int)b->rc);
	pairs_add(out, x_strdup("key"), x_strdup(b->value));
	return RC_OK;
}

/* got - the value, or the error's text, or "(none)" */
static const char *
got(const char *key)
{
	static _Thread_local char text[ERROR_MAX];
	struct error err;
	char *value = NULL;

	if (secret_cache_get(cache, &ref, key, fetch, &backend, &value, &err) != RC_OK)
		snprintf(text, sizeof(text), "%s", err.msg);
	else
		snprintf(text, sizeof(text), "%s", value != NULL ? value : "(none)");
	mem_free_wiped(value);
	return text;
}

/* fetches - since the last look */
static int
fetches(void)
{
	return atomic_exchange(&backend.fetches, 0);
}

Test(secret_cache, a_fresh_value_is_fetched_once_for_all_its_keys)
{
	cr_expect_str_eq(got("key"), "one");
	backend.value = "two";
	cr_expect_str_eq(got("key"), "one");
	cr_expect_str_eq(got("other"), "(none)");
	cr_expect_eq(fetches(), 1);
}

Test(secret_cache, behind_its_time_it_is_fetched_again)
{
	ref.cache_ms = 0;
	cr_expect_str_eq(got("key"), "one");
	backend.value = "two";
	cr_expect_str_eq(got("key"), "two");
	cr_expect_eq(fetches(), 2);
}

Test(secret_cache, another_version_of_the_secret_or_its_backend_is_another_value)
{
	got("key");
	backend.value = "two";
	ref.secret_version = 2;
	cr_expect_str_eq(got("key"), "two");
	backend.value = "three";
	ref.backend_version = 2;
	cr_expect_str_eq(got("key"), "three");
	backend.value = "four";
	ref.backend_id = "b2";
	cr_expect_str_eq(got("key"), "four");
	backend.rc = RC_UNAVAILABLE;
	ref.secret_version = 3;
	cr_expect(strncmp(got("key"), "trouble", 7) == 0, "an old version must not serve");
}

Test(secret_cache, while_the_backend_is_down_the_last_good_value_serves)
{
	ref.cache_ms = 0;
	got("key");
	backend.rc = RC_UNAVAILABLE;
	cr_expect_str_eq(got("key"), "one");
	backend.rc = RC_OK;
	backend.value = "two";
	cr_expect_str_eq(got("key"), "two");
}

Test(secret_cache, it_serves_for_stale_ms_and_no_longer)
{
	int64_t end = clock_mono_ms() + 10000;

	ref.cache_ms = 0;
	ref.stale_ms = 50;
	got("key");
	backend.rc = RC_UNAVAILABLE;
	while (strcmp(got("key"), "one") == 0 && clock_mono_ms() < end)
		clock_nap(1);
	cr_expect_str_neq(got("key"), "one");
}

Test(secret_cache, a_backend_that_is_down_is_not_asked_by_every_call)
{
	ref.cache_ms = 1;
	got("key");
	clock_nap(2);
	ref.cache_ms = 0;		/* it is old now */
	fetches();
	backend.rc = RC_UNAVAILABLE;
	ref.cache_ms = 1;
	while (fetches() == 0)
		cr_expect_str_eq(got("key"), "one");
}

Test(secret_cache, other_refusals_drop_it_at_once)
{
	static const enum rc codes[] = { RC_NOT_FOUND, RC_UPSTREAM, RC_CORRUPT };

	ref.cache_ms = 0;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		backend.rc = RC_OK;
		cr_expect_str_eq(got("key"), "one");
		backend.rc = codes[i];
		cr_expect(strncmp(got("key"), "trouble", 7) == 0);
		backend.rc = RC_UNAVAILABLE;
		cr_expect(strncmp(got("key"), "trouble", 7) == 0, "nothing is left to serve");
	}
}

/* ask - a thread's one question */
static void *
ask(void *answer)
{
	snprintf(answer, 16, "%s", got("key"));
	return NULL;
}

/* ask_all - CALLERS threads; the fetch is let go when all can be expected to wait for it */
static void
ask_all(char answers[CALLERS][16])
{
	pthread_t threads[CALLERS];

	atomic_store(&backend.blocked, true);
	for (size_t i = 0; i < CALLERS; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, ask, answers[i]), 0);
	while (atomic_load(&backend.fetches) == 0)
		clock_nap(1);
	clock_nap(20);			/* a second fetch, if there was one, would have begun */
	atomic_store(&backend.blocked, false);
	for (size_t i = 0; i < CALLERS; i++)
		pthread_join(threads[i], NULL);
}

Test(secret_cache, one_fetch_at_a_time_and_the_others_share_what_it_brings)
{
	char answers[CALLERS][16];

	ask_all(answers);
	cr_expect_eq(fetches(), 1);
	for (size_t i = 0; i < CALLERS; i++)
		cr_expect_str_eq(answers[i], "one");
}

Test(secret_cache, nobody_waits_for_a_backend_that_was_down_while_an_old_value_is_there)
{
	pthread_t thread;
	char answer[16];

	ref.cache_ms = 0;
	got("key");
	backend.rc = RC_UNAVAILABLE;
	got("key");
	fetches();
	atomic_store(&backend.blocked, true);
	cr_assert_eq(pthread_create(&thread, NULL, ask, answer), 0);
	while (atomic_load(&backend.fetches) == 0)
		clock_nap(1);
	cr_expect_str_eq(got("key"), "one");
	atomic_store(&backend.blocked, false);
	pthread_join(thread, NULL);
	cr_expect_str_eq(answer, "one");
}

Test(secret_cache, a_fetch_of_an_older_version_is_not_kept_for_the_newer)
{
	pthread_t thread;
	char answer[16];

	atomic_store(&backend.blocked, true);
	cr_assert_eq(pthread_create(&thread, NULL, ask, answer), 0);
	while (atomic_load(&backend.fetches) == 0)
		clock_nap(1);
	atomic_store(&backend.blocked, false);
	pthread_join(thread, NULL);
	backend.value = "two";
	ref.secret_version = 2;
	cr_expect_str_eq(got("key"), "two");
	ref.secret_version = 1;
	cr_expect_str_eq(got("key"), "two", "fetched again: what was kept is of version 2");
	cr_expect_eq(fetches(), 3);
}

Test(secret_cache, it_holds_so_many_and_forgets_the_longest_unused)
{
	char id[ID_SIZE];

	for (int i = 0; i < SECRET_CACHE_MAX + 5; i++) {
		snprintf(id, sizeof(id), "s%d", i);
		ref.secret_id = id;
		got("key");
	}
	cr_expect_eq(secret_cache_count(cache), SECRET_CACHE_MAX);
	fetches();
	got("key");
	cr_expect_eq(fetches(), 0);
}

Test(secret_cache, what_is_dropped_is_fetched_again)
{
	got("key");
	secret_cache_drop(cache, "s1");
	backend.rc = RC_UNAVAILABLE;
	cr_expect(strncmp(got("key"), "trouble", 7) == 0);
}

Test(secret_cache, without_a_cache_every_call_fetches)
{
	struct secret_cache *kept = cache;

	cache = NULL;
	cr_expect_str_eq(got("key"), "one");
	cr_expect_str_eq(got("none"), "(none)");
	cr_expect_eq(fetches(), 2);
	secret_cache_drop(NULL, "s1");
	cache = kept;
}
