/* test_init.c - a new store */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/random.h"
#include "tests/unit/trial.h"

#define KILLS 60

static char parent[64], dir[128], key[192];

static void
setup(void)
{
	snprintf(parent, sizeof(parent), "/tmp/mcpd-unit.XXXXXX");
	cr_assert_not_null(mkdtemp(parent));
	snprintf(dir, sizeof(dir), "%s/state", parent);
	snprintf(key, sizeof(key), "%s/mcpd.key", parent);
}

static void
teardown(void)
{
	remove_tree(dir);
	remove_tree(parent);
}

TestSuite(init, .init = setup, .fini = teardown, .timeout = 120);

/* try_init - "ok", or the code and message */
static const char *
try_init(bool named, char **token)
{
	struct store_init_opts opts = { .key_file = key, .key_file_named = named };
	static char text[ERROR_MAX + 64];
	struct error err;
	enum rc rc = store_init(dir, &opts, token, &err);

	if (rc == RC_OK)
		return "ok";
	snprintf(text, sizeof(text), "%s: %s", rc_info(rc)->name, err.msg);
	return text;
}

/* check_store - all that init makes is there, and the token is the administrator's */
static void
check_store(const char *token)
{
	struct trial t = { .table = NULL };
	struct store_opts opts = { .key_file = key };
	const struct rbac *const *grants;
	char sha[SHA256_HEX];
	struct error err;

	cr_assert_eq(store_open(dir, &opts, &t.store, &err), RC_OK, "%s", err.msg);
	cr_assert(random_is_token(token));
	sha256_hex(token, strlen(token), sha);
	trial_look(&t);
	cr_assert_not_null(table_token(t.table, sha));
	cr_expect_eq(table_grants(t.table, table_token(t.table, sha)->user_id, &grants), 1);
	cr_expect_not_null(strstr(trial_view(&t, &kind_rbac, "admins"), "'name':'admins',"
	    "'subjects':[{'kind':'User','name':'admin'}],'roleBindings':["
	    "{'role':'edit','resource':'*'},{'role':'run','resource':'*'},"
	    "{'role':'run','action':'migrate-secrets'}],'version':1"));
	cr_expect_not_null(strstr(trial_view(&t, &kind_mcptoken, "admin"),
	    "'name':'admin','user':'admin','scope':null,"));
	cr_expect_not_null(strstr(trial_view(&t, &kind_secretbackend, "sealed"),
	    "'type':'sealed','description':'AES-256-GCM in the store','default':true"));
	cr_expect_str_eq(trial_create(&t, &kind_secret, "{'name':'s','data':{'k':'v'}}"), "ok");
	trial_delete(&t, &kind_secret, "s");
	cr_expect_eq(keyring_check(store_keyring(t.store), &err), RC_OK);
	table_unref(t.table);
	store_close(t.store);
}

Test(init, makes_store_key_and_administrator_once)
{
	char *token = NULL, *other = NULL;
	char want[256];
	struct stat st;

	cr_assert_str_eq(try_init(false, &token), "ok");
	check_store(token);
	cr_assert_eq(stat(key, &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0600);
	snprintf(want, sizeof(want), "conflict: %s: a store is there already", dir);
	cr_expect_str_eq(try_init(false, &other), want);
	cr_expect_str_eq(try_init(true, &other), want);
	cr_expect_null(other);
	check_store(token);
	free(token);
}

Test(init, uses_a_key_file_only_when_it_is_named)
{
	char before[128] = "", after[128] = "", want[400];
	char *token = NULL;
	int fd;

	cr_assert_eq(keyring_create(key, NULL), RC_OK);
	fd = open(key, O_RDONLY);
	cr_assert_gt(read(fd, before, sizeof(before) - 1), 0);
	close(fd);
	snprintf(want, sizeof(want), "conflict: %s: a key file is there already; name it with "
	    "--key-file to use it", key);
	cr_expect_str_eq(try_init(false, &token), want);
	cr_expect_neq(access(dir, F_OK), 0, "nothing was made");
	cr_expect_str_eq(try_init(true, &token), "ok");
	check_store(token);
	fd = open(key, O_RDONLY);
	cr_assert_gt(read(fd, after, sizeof(after) - 1), 0);
	close(fd);
	cr_expect_str_eq(before, after);
	free(token);
}

Test(init, refuses_a_named_key_file_that_is_not_safe_or_lies_in_the_store)
{
	char *token = NULL;

	cr_assert_eq(keyring_create(key, NULL), RC_OK);
	chmod(key, 0644);
	cr_expect_not_null(strstr(try_init(true, &token), "chmod 600"));
	unlink(key);
	snprintf(key, sizeof(key), "%s/mcpd.key", dir);
	cr_expect_not_null(strstr(try_init(true, &token),
	    "must not be in the store's own directory"));
	cr_expect_neq(access(key, F_OK), 0);
	cr_expect_null(token);
}

/* killed_init - a process that is killed after delay_us; its token, or "" where there is none */
static void
killed_init(long delay_us, char token[TOKEN_SIZE])
{
	struct timespec nap = { 0, delay_us * 1000 };
	char *made = NULL;
	int out[2];
	ssize_t n;
	pid_t pid;

	cr_assert_eq(pipe(out), 0);
	pid = fork();
	cr_assert_geq(pid, 0);
	if (pid == 0) {
		if (strcmp(try_init(true, &made), "ok") != 0 ||
		    write(out[1], made, strlen(made)) < 0)
			_exit(1);
		_exit(0);
	}
	nanosleep(&nap, NULL);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(out[1]);
	n = read(out[0], token, TOKEN_SIZE - 1);
	token[n > 0 ? n : 0] = '\0';
	close(out[0]);
}

/* clean - as it was before */
static void
clean(void)
{
	remove_tree(dir);
	remove_tree(parent);
	cr_assert_eq(mkdir(parent, 0700), 0, "%s is not empty", parent);
}

/* usual_ms - what an init takes here and now */
static int64_t
usual_ms(void)
{
	int64_t start_ms = clock_mono_ms();
	char *token;

	cr_assert_str_eq(try_init(true, &token), "ok");
	free(token);
	clean();
	return clock_mono_ms() - start_ms + 1;
}

Test(init, killed_anywhere_it_can_be_run_again)
{
	long step_us = (long)usual_ms() * 2000 / KILLS;
	char first[TOKEN_SIZE], *token;
	const char *said;
	int completed = 0;

	for (int i = 0; i < KILLS; i++) {
		killed_init(i * step_us, first);
		token = NULL;
		said = try_init(true, &token);
		if (strcmp(said, "ok") == 0) {
			cr_expect_str_eq(first, "", "an acknowledged init was overwritten");
			completed++;
			check_store(token);
		} else {
			cr_expect_not_null(strstr(said, "a store is there already"), "%s", said);
			if (first[0] != '\0')
				check_store(first);
		}
		free(token);
		clean();
	}
	cr_expect_gt(completed, 0);
	cr_log_info("%d of %d were completed by the second run", completed, KILLS);
}
