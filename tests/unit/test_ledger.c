/* test_ledger.c - a call has one line and is counted once, whoever dies */
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/jscan.h"
#include "base/mem.h"
#include "store/inflight.h"
#include "store/metrics.h"
#include "tests/unit/books.h"

#define DAY_SECONDS 86400

static struct books b;

/* set_up - blank books */
static void
set_up(void)
{
	books_open(&b);
}

/* tear_down - away with them */
static void
tear_down(void)
{
	books_close(&b);
}

TestSuite(ledger, .init = set_up, .fini = tear_down);

/* log_today - the text */
static char *
log_today(void)
{
	char *path = books_day_file(&b, books_today()), *text = books_slurp(path);

	free(path);
	return text;
}

/* times - how often a text stands in another */
static size_t
times(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		n++;
	return n;
}

/* in_child - run it in a process of its own, which ends by SIGKILL */
static void
in_child(void (*work)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct ledger_opts opts = {
			.dir = b.dir, .sink = "file", .keep_days = 30, .serving = true
		};

		if (ledger_open(&opts, &b.l, NULL) == RC_OK)
			work();
		kill(getpid(), SIGKILL);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFSIGNALED(status));
}

Test(ledger, a_line_has_the_members_of_the_contract_in_their_order)
{
	static const char *const names[] = {
		"id", "event", "at", "requestId", "llm", "model", "type", "userId", "tokenSha", "via",
		"streaming", "status", "durationMs", "firstByteMs", "promptTokens",
		"completionTokens", "cachedTokens", "aborted", "attempts", "error",
	};
	struct span name, value;
	size_t at = 0, n = 0;
	char *text;

	books_note(&b, "gpt", 1);
	text = log_today();
	while (jscan_next((struct span){ text, strlen(text) - 1 }, &at, &name, &value)) {
		cr_assert_lt(n, sizeof(names) / sizeof(names[0]));
		cr_expect(jscan_is(name, names[n]), "%s", names[n]);
		n++;
	}
	cr_expect_eq(n, sizeof(names) / sizeof(names[0]));
	free(text);
}

Test(ledger, hostile_texts_stay_inside_their_line)
{
	static const char *const texts[] = {
		"a\"b", "a\\b", "a\nb", "a\x01z", "\x7f", "caf\xc3\xa9", "bad\xff\xfe", "cut\xe2\x82",
	};
	const struct jscan_opts opts = { 8, 0 };
	char *text, *line, *rest, longest[3 * AUDITLINE_MODEL];
	struct error err;
	size_t n = 0;

	memset(longest, 1, sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	for (size_t i = 0; i <= sizeof(texts) / sizeof(texts[0]); i++) {
		struct auditline c = books_call("gpt", "u");
		const char *hostile = i < sizeof(texts) / sizeof(texts[0]) ? texts[i] : longest;

		auditline_text(c.model, sizeof(c.model), hostile);
		auditline_text(c.llm, sizeof(c.llm), hostile);
		auditline_text(c.error, sizeof(c.error), hostile);
		ledger_note(b.l, &c);
	}
	rest = text = log_today();
	while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
		cr_expect_eq(jscan_check(line, strlen(line), &opts, &err), RC_OK, "%s: %s", line,
		    err.msg);
		n++;
	}
	cr_expect_eq(n, sizeof(texts) / sizeof(texts[0]) + 1);
	books_equal(&b, books_today());
	free(text);
}

Test(ledger, what_is_noted_is_counted)
{
	struct usage_counts n;

	books_note(&b, "gpt", 3);
	books_note(&b, "", 2);
	n = books_used(&b, 0, books_today(), "gpt");
	cr_expect_eq(n.requests, 3);
	cr_expect_eq(n.prompt, 15);
	cr_expect_eq(n.completion, 21);
	cr_expect_eq(n.cached, 0);
	books_equal(&b, books_today());
}

/* die_running - with a call in the air */
static void
die_running(void)
{
	struct auditline c = books_call("gpt", "u");

	auditline_text(c.request_id, sizeof(c.request_id), "req_of_the_dead");
	(void)ledger_begin(b.l, &c);
}

Test(ledger, the_call_of_a_dead_process_gets_its_line_once)
{
	char *text;

	in_child(die_running);
	cr_expect_eq(ledger_recover(b.l), 1);
	cr_expect_eq(ledger_recover(b.l), 0);
	text = log_today();
	cr_expect_eq(times(text, "req_of_the_dead"), 1, "%s", text);
	cr_expect_not_null(strstr(text, "\"status\":null"), "%s", text);
	cr_expect_not_null(strstr(text, "\"aborted\":true,\"attempts\":1,\"error\":\"worker_died\""),
	    "%s", text);
	books_equal(&b, books_today());
	cr_expect_eq(books_used(&b, 0, books_today(), "gpt").errors, 1);
	free(text);
}

Test(ledger, a_call_that_runs_is_nobody_elses)
{
	struct auditline c = books_call("gpt", "u"), *slot = ledger_begin(b.l, &c);
	struct ledger_opts opts = { .dir = b.dir, .sink = "file", .keep_days = 30 };
	struct ledger *other;

	cr_assert_eq(ledger_open(&opts, &other, NULL), RC_OK);
	cr_expect_eq(ledger_recover(other), 0);
	ledger_close(other);
	cr_expect_eq(ledger_recover(b.l), 0);
	ledger_end(b.l, slot);
	cr_expect_eq(books_logged(&b, books_today()).requests, 1);
	cr_expect_eq(books_logged(&b, books_today()).errors, 0);
}

#define FINDERS	6
#define DEAD	1500			/* calls that are found */

/* die_with_many - so that those who look for them meet */
static void
die_with_many(void)
{
	for (int i = 0; i < DEAD; i++)
		die_running();
}

Test(ledger, of_many_who_find_it_one_writes_it)
{
	pid_t pids[FINDERS];
	int status, go[2];
	char *text;

	in_child(die_with_many);
	cr_assert_eq(pipe(go), 0);
	ledger_close(b.l);
	for (int i = 0; i < FINDERS; i++) {
		if ((pids[i] = fork()) == 0) {
			struct ledger_opts opts = { .dir = b.dir, .sink = "file", .keep_days = 30 };
			char c;

			close(go[1]);
			(void)!read(go[0], &c, 1);
			_exit(ledger_open(&opts, &b.l, NULL) != RC_OK);
		}
	}
	close(go[0]);
	close(go[1]);
	for (int i = 0; i < FINDERS; i++) {
		cr_assert_eq(waitpid(pids[i], &status, 0), pids[i]);
		cr_expect_eq(status, 0);
	}
	b.l = NULL;
	books_again(&b);
	text = log_today();
	cr_expect_eq(times(text, "req_of_the_dead"), DEAD, "%zu", times(text, "req_of_the_dead"));
	books_equal(&b, books_today());
	free(text);
}

Test(ledger, a_line_that_cannot_be_written_waits_and_is_counted)
{
	char *text;

	books_note(&b, "gpt", 1);
	atomic_store(&books_failing, ENOSPC);
	books_note(&b, "gpt", 3);
	cr_expect(ledger_down(b.l));
	cr_expect_eq(books_logged(&b, books_today()).requests, 1);
	cr_expect_eq(books_used(&b, 0, books_today(), "gpt").requests, 4);
	atomic_store(&books_failing, 0);
	books_note(&b, "gpt", 1);
	cr_expect(!ledger_down(b.l));
	books_equal(&b, books_today());
	cr_expect_eq(books_logged(&b, books_today()).requests, 5);
	text = log_today();
	cr_expect_eq(times(text, "\n"), 5);
	free(text);
}

Test(ledger, a_line_that_waits_outlives_its_process)
{
	atomic_store(&books_failing, ENOSPC);
	books_note(&b, "gpt", 2);
	atomic_store(&books_failing, 0);
	books_again(&b);
	books_equal(&b, books_today());
	cr_expect_eq(books_logged(&b, books_today()).requests, 2);
}

Test(ledger, a_torn_line_is_written_again)
{
	atomic_store(&books_failing, -1);
	books_note(&b, "gpt", 1);
	books_note(&b, "gpt", 1);
	cr_expect_eq(books_logged(&b, books_today()).requests, 2);
	books_equal(&b, books_today());
}

/* lose - the counters, in one of the ways of a table */
static void
lose(int way)
{
	char *path = books_file(&b, "counters");

	switch (way) {
	case 0: unlink(path); break;
	case 1: books_write(path, "something else"); break;
	case 2: cr_assert_eq(truncate(path, 100000), 0); break;
	}
	free(path);
}

Test(ledger, counters_that_are_lost_or_torn_come_back_from_the_log)
{
	for (int way = 0; way < 3; way++) {
		books_note(&b, "gpt", 4);
		ledger_close(b.l);
		b.l = NULL;
		lose(way);
		books_again(&b);
		cr_expect_eq(books_used(&b, 0, books_today(), "gpt").requests, 4u * ((unsigned)way + 1),
		    "way %d", way);
		books_equal(&b, books_today());
	}
}

#define THREADS	4
#define CALLS	3000			/* of each thread */

/* call_over_midnight - and the clock with it */
static void *
call_over_midnight(void *arg)
{
	(void)arg;
	for (int i = 0; i < CALLS; i++) {
		struct auditline c = books_call(i % 2 ? "gpt" : "claude", "u");
		struct auditline *slot = ledger_begin(b.l, &c);

		if (i == CALLS / 2)
			atomic_store(&books_ahead, DAY_SECONDS);
		ledger_end(b.l, slot);
	}
	return NULL;
}

Test(ledger, midnight_under_load_is_exact)
{
	int64_t first = books_today();
	pthread_t threads[THREADS];

	books_note(&b, "gpt", 1);
	for (int i = 0; i < THREADS; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, call_over_midnight, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	cr_expect_eq(books_logged(&b, first).requests + books_logged(&b, first + 1).requests,
	    THREADS * CALLS + 1);
	cr_expect_gt(books_logged(&b, first).requests, CALLS / 2);
	cr_expect_gt(books_logged(&b, first + 1).requests, CALLS / 2);
	books_equal(&b, first);
	books_equal(&b, first + 1);
}

Test(ledger, a_day_that_is_over_is_kept_when_its_log_goes)
{
	int64_t first = books_today();
	char *path = books_day_file(&b, first), *text;

	books_note(&b, "gpt", 3);
	atomic_store(&books_ahead, DAY_SECONDS);
	books_note(&b, "gpt", 2);
	for (int day = 2; day < 40; day++) {
		atomic_store(&books_ahead, day * DAY_SECONDS);
		cr_expect_eq(books_used(&b, first, first, "gpt").requests, 3, "day %d", day);
		cr_expect_eq(books_used(&b, first + 1, first + 1, "gpt").requests, 2, "day %d", day);
		text = books_slurp(path);
		cr_expect_eq(*text == '\0', day > 30, "day %d", day);
		free(text);
	}
	books_again(&b);
	cr_expect_eq(books_used(&b, 0, books_today(), "gpt").requests, 5);
	free(path);
}

Test(ledger, a_log_elsewhere_leaves_the_days_to_the_counters)
{
	struct ledger_opts opts = { .dir = b.dir, .sink = "syslog", .keep_days = 30 };
	int64_t first = books_today();

	ledger_close(b.l);
	cr_assert_eq(ledger_open(&opts, &b.l, NULL), RC_OK);
	for (int day = 0; day < 9; day++) {
		atomic_store(&books_ahead, (day + (day > 5) * 20) * DAY_SECONDS);
		books_note(&b, "gpt", (size_t)day + 1);
	}
	cr_expect_eq(books_used(&b, 0, books_today(), "gpt").requests, 45);
	cr_expect_eq(books_used(&b, first, first, "gpt").requests, 1);
	cr_expect_eq(books_used(&b, first + 5, first + 5, "gpt").requests, 6);
}

Test(ledger, a_month_that_cannot_be_written_stays_as_it_was)
{
	int64_t first = books_today();
	char *path = books_day_file(&b, first), *tmp = books_file(&b, "usage.tmp"), *text;

	books_note(&b, "gpt", 3);
	atomic_store(&books_ahead, 2 * DAY_SECONDS);
	/* a directory of that name stands in for a disk without room */
	cr_assert_eq(mkdir(tmp, 0700), 0);
	cr_expect_eq(books_used(&b, first, first, "gpt").requests, 0);
	text = books_slurp(path);
	cr_expect_str_neq(text, "", "what is not kept is not removed");
	cr_assert_eq(rmdir(tmp), 0);
	cr_expect_eq(books_used(&b, first, first, "gpt").requests, 3);
	free(text);
	free(path);
	free(tmp);
}

Test(ledger, to_close_waits_for_the_thread_that_tidies)
{
	for (int day = 0; day < 20; day++) {
		atomic_store(&books_ahead, day * DAY_SECONDS);
		books_note(&b, "gpt", 1);
		ledger_tidy_later(b.l);
		books_again(&b);
	}
	cr_expect_eq(books_used(&b, 0, books_today(), "gpt").requests, 20);
}

Test(ledger, calls_beyond_the_slots_have_their_lines_too)
{
	struct auditline c = books_call("gpt", "u");

	for (size_t i = 0; i < INFLIGHT_SLOTS; i++)
		cr_assert_not_null(ledger_begin(b.l, &c), "%zu", i);
	cr_expect_null(ledger_begin(b.l, &c));
	books_note(&b, "more", 2);
	cr_expect_eq(books_used(&b, 0, books_today(), "more").requests, 2);
	cr_expect_eq(books_logged(&b, books_today()).requests, 2);
}

Test(ledger, on_a_disk_without_room_a_process_counts_for_itself)
{
	books_note(&b, "gpt", 1);
	ledger_close(b.l);
	b.l = NULL;
	lose(0);
	books_no_room = true;
	atomic_store(&books_failing, ENOSPC);
	books_again(&b);
	books_note(&b, "gpt", 2);
	/* the log could be read: what it knew is there too */
	cr_expect_eq(books_used(&b, 0, books_today(), "gpt").requests, 3);
	books_no_room = false;
	atomic_store(&books_failing, 0);
	books_note(&b, "gpt", 1);
	books_again(&b);
	books_equal(&b, books_today());
	cr_expect_eq(books_logged(&b, books_today()).requests, 4);
}

Test(ledger, a_file_that_is_cut_short_while_it_is_open_ends_no_process)
{
	static const char *const names[] = { "inflight", "counters", "metrics" };
	struct auditline c = books_call("gpt", "u"), *slot;
	struct inflight_sum sum;
	struct stat whole, st;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char *path = books_file(&b, names[i]);

		cr_assert_eq(stat(path, &whole), 0);
		cr_assert_eq(truncate(path, 0), 0);
		books_note(&b, "gpt", 1);
		cr_assert_eq(stat(path, &st), 0);
		cr_expect_eq(st.st_size, whole.st_size, "%s", names[i]);
		free(path);
	}
	/* a call that runs is still ours, and nobody takes it for that of a dead process */
	slot = ledger_begin(b.l, &c);
	cr_expect_eq(ledger_recover(b.l), 0);
	inflight_sum(ledger_inflight(b.l), &sum);
	cr_expect_eq(sum.processes, 1);
	cr_expect_eq(sum.calls, 1);
	ledger_end(b.l, slot);
	cr_expect_eq(books_logged(&b, books_today()).requests, 4);
	books_again(&b);		/* what was counted comes back from the log */
	books_equal(&b, books_today());
}

Test(ledger, a_file_that_is_cut_short_on_a_full_disk_is_counted_without)
{
	struct rlimit small = { 4096, 4096 };
	char *path = books_file(&b, "metrics");

	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(truncate(path, 0), 0);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	metrics_count(ledger_metrics(b.l), METRICS_LOST, 2);
	metrics_add(ledger_metrics(b.l), METRICS_REQUESTS, "gpt", "200", 1);
	cr_expect_eq(metrics_counted(ledger_metrics(b.l), METRICS_LOST), 2);
	free(path);
}
