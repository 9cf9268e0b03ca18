/* test_changelog.c - a change has its line, whoever dies, however full the disk is */
#include <criterion/criterion.h>
#include <errno.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "service/changelog.h"
#include "service/report.h"
#include "tests/unit/fixture.h"

static struct fixture f;
static int failing;			/* errno of every writev; 0: none */
static size_t spare;			/* slots that were free at the last line */

/* count_spare - by taking them */
static void
count_spare(void)
{
	static struct auditline *taken[INFLIGHT_SLOTS];
	const struct auditline l = { .change = true };

	spare = 0;
	while (spare < INFLIGHT_SLOTS &&
	    (taken[spare] = ledger_plan(f.svc.ledger, &l)) != NULL)
		spare++;
	for (size_t i = 0; i < spare; i++)
		ledger_let_go(f.svc.ledger, taken[i]);
}

/* writev - the libc's, or a disk that is full */
ssize_t
writev(int fd, const struct iovec *v, int n)
{
	count_spare();
	if (failing == 0)
		return syscall(SYS_writev, fd, v, n);
	errno = failing;
	return -1;
}

/* set_up - an empty catalogue */
static void
set_up(void)
{
	fixture_open(&f);
}

/* tear_down - away with it */
static void
tear_down(void)
{
	failing = 0;
	fixture_close(&f);
}

TestSuite(changelog, .init = set_up, .fini = tear_down);

/* lines - changes in the log whose name begins so */
static size_t
lines(const char *begin)
{
	struct auditread *r;
	struct auditevent e;
	size_t n = 0;

	cr_assert_eq(auditread_open(ledger_dir(f.svc.ledger), 0, false, &r, NULL), RC_OK);
	while (auditread_next(r, &e, NULL) == RC_OK) {
		char *text = strndup(e.text.p, e.text.len), *name = strstr(text, "\"name\":\"");

		n += name != NULL && strncmp(name + strlen("\"name\":\""), begin, strlen(begin)) == 0;
		free(text);
	}
	auditread_close(r);
	return n;
}

/* die_planning - a process that dies when its change may be committed or not */
static void
die_planning(const char *name)
{
	const struct ledger_opts opts = { .dir = f.dir, .sink = "file", .keep_days = 30 };
	struct auditline l = { .change = true };
	struct ledger *ledger;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		random_id(l.id);
		auditline_text(l.op_id, sizeof(l.op_id), "op");
		auditline_text(l.name, sizeof(l.name), name);
		if (ledger_open(&opts, &ledger, NULL) == RC_OK && ledger_plan(ledger, &l) != NULL)
			kill(getpid(), SIGKILL);
		_exit(1);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFSIGNALED(status));
}

static enum rc told;			/* what the store says of a change */
static int asked;

/* made - the store */
static enum rc
made(void *arg, const char *op_id)
{
	(void)arg;
	cr_expect_str_eq(op_id, "op");
	asked++;
	return told;
}

Test(changelog, a_change_of_the_dead_has_its_line_if_the_store_has_it)
{
	struct inflight_sum sum;

	told = RC_BUSY;
	ledger_ask(f.svc.ledger, made, NULL);
	die_planning("kept");
	inflight_sum(ledger_inflight(f.svc.ledger), &sum);
	cr_expect_eq(sum.calls, 0, "a change is no call");
	cr_expect_eq(ledger_recover(f.svc.ledger), 0);
	cr_expect_eq(ledger_recover(f.svc.ledger), 0);
	cr_expect_eq(asked, 2, "asked again as long as the store can't tell");
	cr_expect_eq(lines("kept"), 0);
	told = RC_OK;
	cr_expect_eq(ledger_recover(f.svc.ledger), 1);
	cr_expect_eq(ledger_recover(f.svc.ledger), 0);
	cr_expect_eq(lines("kept"), 1);
	told = RC_NOT_FOUND;
	die_planning("lost");
	cr_expect_eq(ledger_recover(f.svc.ledger), 0);
	told = RC_OK;
	cr_expect_eq(ledger_recover(f.svc.ledger), 0, "it was asked for once and for all");
	cr_expect_eq(lines("lost"), 0);
}

Test(changelog, a_line_waits_for_the_disk)
{
	struct inflight_sum sum;

	failing = ENOSPC;
	fixture_make(&f, &kind_user, "{'name':'ann'}");
	inflight_sum(ledger_inflight(f.svc.ledger), &sum);
	cr_expect_eq(sum.unwritten, 1);
	cr_expect_eq(lines("ann"), 0);
	failing = 0;
	fixture_make(&f, &kind_user, "{'name':'bob'}");
	cr_expect_eq(lines("ann"), 1);
	cr_expect_eq(lines("bob"), 1);
	inflight_sum(ledger_inflight(f.svc.ledger), &sum);
	cr_expect_eq(sum.unwritten, 0);
}

#define MANY	(CHANGELOG_SLOTS + 44)

/* plan - one user, and a line for each of many */
static enum rc
plan(struct batch *b, void *arg, struct error *err)
{
	struct json_object *body = json_object_new_object();
	struct faults faults = FAULTS_INIT;
	struct changelog *c = arg;
	const struct record *out;
	char name[16];
	enum rc rc;

	changelog_plan(c, b);
	json_object_object_add(body, "name", json_object_new_string("zoe"));
	rc = batch_create(b, &kind_user, body, NULL, NULL, &faults, &out, err);
	json_object_put(body);
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "many%d", i);
		changelog_will(c, "create", "users", name);
	}
	return rc;
}

Test(changelog, one_change_leaves_slots_for_calls_and_has_all_its_lines)
{
	struct changelog c;
	struct error err;

	changelog_begin(&c, &f.svc, &f.admin);
	cr_assert_eq(store_change(f.svc.store, plan, &c, &err), RC_OK, "%s", err.msg);
	count_spare();
	cr_expect_eq(spare, INFLIGHT_SLOTS - CHANGELOG_SLOTS);
	cr_expect(changelog_end(&c, RC_OK));
	cr_expect_eq(lines("many"), MANY);
	count_spare();
	cr_expect_eq(spare, INFLIGHT_SLOTS);
}

Test(changelog, what_was_not_changed_or_only_rehearsed_has_no_line_and_no_slot)
{
	struct changelog c;
	struct error err;

	changelog_begin(&c, &f.svc, &f.admin);
	cr_assert_eq(store_rehearse(f.svc.store, plan, &c, &err), RC_OK, "%s", err.msg);
	count_spare();
	cr_expect_eq(spare, INFLIGHT_SLOTS, "not about to be committed");
	changelog_forget(&c);
	cr_assert_eq(store_change(f.svc.store, plan, &c, &err), RC_OK, "%s", err.msg);
	cr_expect(!changelog_end(&c, RC_IO));
	cr_expect_eq(lines("many"), 0);
	count_spare();
	cr_expect_eq(spare, INFLIGHT_SLOTS);
}

Test(changelog, where_no_slot_is_free_a_change_has_its_line_all_the_same)
{
	static struct auditline *taken[INFLIGHT_SLOTS];
	const struct auditline l = { .change = true };
	size_t n = 0;

	while (n < INFLIGHT_SLOTS && (taken[n] = ledger_plan(f.svc.ledger, &l)) != NULL)
		n++;
	fixture_make(&f, &kind_user, "{'name':'ann'}");
	cr_expect_eq(lines("ann"), 1);
	while (n > 0)
		ledger_let_go(f.svc.ledger, taken[--n]);
}
