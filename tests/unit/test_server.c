/* test_server.c - the store of a process, while its directory is moved and replaced */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "fcgi/server.h"
#include "store/generation.h"
#include "tests/support/tmpdir.h"

#define WAIT_MS 20000			/* a slow machine is no failure */

static char *top, *dir, *key, *aside;
static struct config cfg;
static struct server server;

/* make - a store; of several the first makes the key file */
static void
make(void)
{
	const struct store_init_opts opts = { .key_file = key, .key_file_named = true };
	struct error err;
	char *token;

	cr_assert_eq(store_init(dir, &opts, &token, &err), RC_OK, "%s", err.msg);
	mem_free_wiped(token);
}

static void
setup(void)
{
	log_level(LOG_LEVEL_ERROR);
	top = tmpdir_make();
	dir = x_asprintf("%s/state", top);
	aside = x_asprintf("%s/aside", top);
	key = x_asprintf("%s/mcpd.key", top);
	make();
	config_init(&cfg);
	free(cfg.db);
	free(cfg.key_file);
	cfg.db = x_strdup(dir);
	cfg.key_file = x_strdup(key);
	server_init(&server, &cfg);
}

static void
teardown(void)
{
	server_release(&server);
	config_release(&cfg);
	free(dir);
	free(aside);
	free(key);
	tmpdir_remove(top);
}

TestSuite(server, .init = setup, .fini = teardown, .timeout = 120);

/* store_id - of what a service reads; the caller frees it */
static char *
store_id(struct service *svc)
{
	const struct table *t;
	struct error err;
	char *id;

	cr_assert_eq(server_table(&server, svc, &t, &err), RC_OK, "%s", err.msg);
	id = x_strdup(table_store_id(t));
	table_unref(t);
	return id;
}

/* take - the service of this moment */
static struct service *
take(void)
{
	struct service *svc;
	struct error err;

	cr_assert_eq(server_service(&server, &svc, &err), RC_OK, "%s", err.msg);
	return svc;
}

/* take_other - the service, as soon as it is another one; NULL: as soon as there is none */
static struct service *
take_other(struct service *old, bool there)
{
	int64_t end = clock_mono_ms() + WAIT_MS;
	struct service *svc;

	for (; clock_mono_ms() < end; clock_nap(10)) {
		if (server_service(&server, &svc, NULL) != RC_OK) {
			if (!there)
				return NULL;
			continue;
		}
		if (there && svc != old)
			return svc;
		server_done(&server, svc);
	}
	cr_assert_fail("the old store is served for ever");
	return NULL;
}

/* descriptors - that this process has open */
static size_t
descriptors(void)
{
	DIR *fds = opendir("/proc/self/fd");
	size_t n = 0;

	while (readdir(fds) != NULL)
		n++;
	closedir(fds);
	return n;
}

Test(server, what_took_the_place_of_the_directory_is_served_and_who_has_the_old_one_keeps_it)
{
	struct service *old = take(), *now;
	char *was = store_id(old), *is, *still;
	size_t held = descriptors();

	cr_assert_eq(rename(dir, aside), 0);
	make();
	now = take_other(old, true);
	is = store_id(now);
	still = store_id(old);
	cr_expect_str_neq(is, was);
	cr_expect_str_eq(still, was, "a request that has begun ends as it began");
	cr_expect_gt(descriptors(), held);
	server_done(&server, old);
	cr_expect_eq(descriptors(), held, "the last who had the old one has closed it");
	server_done(&server, now);
	free(was);
	free(is);
	free(still);
}

Test(server, without_the_directory_there_is_no_service_until_there_is_one_again)
{
	struct service *svc = take();
	struct error err;

	server_done(&server, svc);
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(rename(dir, aside), 0);
		(void)take_other(svc, false);
		cr_expect_eq(server_service(&server, &svc, &err), RC_UNAVAILABLE);
		cr_expect_str_eq(err.msg, "the store is not available");
		cr_expect_not_null(strstr(server.why.msg, "no store in "), "it is told in the log");
		cr_assert_eq(rename(aside, dir), 0);
		svc = take_other(NULL, true);
		cr_expect_str_eq(server.why.msg, "", "it is told again, should it come again");
		server_done(&server, svc);
	}
}

Test(server, one_service_is_for_all_as_long_as_its_directory_stays)
{
	struct service *first = take(), *second;

	clock_nap(GENERATION_WAIT_MS);
	second = take();
	cr_expect_eq(first, second);
	server_done(&server, first);
	server_done(&server, second);
	server_done(&server, NULL);
}
