/* test_report.c - questions to the books, where these hold what no call of ours left there */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "service/account.h"
#include "service/report.h"
#include "store/names.h"
#include "tests/unit/fixture.h"

#define DAY_MS	INT64_C(86400000)
#define READY	2			/* states of a name */
#define WRITING	1

static struct fixture f;

/* set_up - a catalogue with an Llm */
static void
set_up(void)
{
	fixture_open(&f);
	fixture_make(&f, &kind_llm, "{'name':'gpt','type':'openai','model':'m'}");
	(void)fixture_look(&f);
}

/* tear_down - away with it */
static void
tear_down(void)
{
	fixture_close(&f);
}

TestSuite(report, .init = set_up, .fini = tear_down);

/* log_lines - the file of the day of a time, anew; @ in the text is the time, ' a double quote */
static void
log_lines(int64_t at_ms, const char *text)
{
	char at[CLOCK_TEXT], name[AUDIT_NAME], *path;
	FILE *out;

	clock_format(at_ms, at);
	audit_file(at_ms / DAY_MS, name);
	path = x_asprintf("%s/%s", f.dir, name);
	cr_assert_not_null(out = fopen(path, "w"));
	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '@')
			fputs(at, out);
		else
			fputc(*p == '\'' ? '"' : *p, out);
	}
	fclose(out);
	free(path);
}

/* found - the ids that a query finds, as "c2 c1 "; owned by the caller */
static char *
found(const struct report_audit *q, uint64_t *skipped)
{
	struct buf out = BUF_INIT(4096);
	struct json_object *o;
	struct error err;

	cr_assert_eq(report_audit(&f.svc, f.table, q, &o, skipped, &err), RC_OK, "%s", err.msg);
	cr_assert_eq(buf_add(&out, "", 0, NULL), RC_OK);
	for (size_t i = 0; i < json_object_array_length(o); i++)
		cr_assert_eq(buf_addf(&out, NULL, "%s ",
		    jsonx_str(json_object_array_get_idx(o, i), "id", "?")), RC_OK);
	json_object_put(o);
	return buf_take(&out);
}

#define OURS(id) "{'id':'" id "','event':'e','at':'@','llm':'gpt'}\n"

static const struct { const char *name, *line; uint64_t skipped; } strangers[] = {
	{ "words for a time", "{'id':'x','event':'e','at':'yesterday'}\n", 0 },
	{ "no time", "{'id':'x','event':'e','at':''}\n", 0 },
	{ "a day alone", "{'id':'x','event':'e','at':'2026-11-22'}\n", 0 },
	{ "a number for a time", "{'id':'x','event':'e','at':7}\n", 1 },
	{ "a member twice", "{'id':'c9','event':'e','at':'@','llm':'gpt','x':1,'x':2}\n", 1 },
};

Test(report, a_stranger_in_the_log_hides_nothing_that_stands_before_it)
{
	const struct report_audit queries[] = { { .llm = "gpt" }, { .llm = "gpt", .since = "1h" } };
	uint64_t skipped;
	char *text, *ids;

	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
		text = x_asprintf("%s%s%s", OURS("c1"), strangers[i].line, OURS("c2"));
		log_lines(clock_wall_ms(), text);
		for (size_t q = 0; q < 2; q++) {
			ids = found(&queries[q], &skipped);
			cr_expect_str_eq(ids, "c2 c1 ", "%s: %s", strangers[i].name, ids);
			cr_expect_eq(skipped, strangers[i].skipped, "%s: %zu", strangers[i].name,
			    (size_t)skipped);
			free(ids);
		}
		free(text);
	}
}

#define FIRST	"c000000000000000000000001"
#define THEN	"c000000000000000000000002"
#define LAST	"c000000000000000000000003"

Test(report, with_after_the_days_before_since_are_read_too)
{
	const int64_t day = INT64_C(1800000000000);
	const struct report_audit q = { .after = FIRST, .since = "2027-01-16T00:00:00Z" };
	uint64_t skipped;
	char *ids;

	log_lines(day, OURS(FIRST) OURS(THEN));
	log_lines(day + DAY_MS, OURS(LAST));
	ids = found(&q, &skipped);
	cr_expect_str_eq(ids, LAST " ", "%s", ids);
	free(ids);
}

Test(report, lines_that_changed_places_are_found_with_since)
{
	const int64_t at_ms = INT64_C(1800000000000);
	char since[CLOCK_TEXT], early[CLOCK_TEXT], *text, *ids;
	const struct report_audit q = { .since = since };
	uint64_t skipped;

	clock_format(at_ms - 1000, since);
	clock_format(at_ms - 30000, early);
	text = x_asprintf("%s{'id':'c2','event':'e','at':'%s'}\n", OURS("c1"), early);
	log_lines(at_ms, text);
	ids = found(&q, &skipped);
	cr_expect_str_eq(ids, "c1 ", "%s", ids);
	free(ids);
	free(text);
}

Test(report, a_query_reads_so_much_of_the_log_and_no_more)
{
	const int64_t at_ms = INT64_C(1800000000000);
	struct report_audit q = { .limit = "10" };
	char name[AUDIT_NAME], *path, *ids;
	const char last[] = "\n{\"id\":\"" LAST "\",\"event\":\"e\",\"at\":\"x\"}\n";
	struct json_object *o;
	uint64_t skipped;
	struct error err;
	FILE *out;

	log_lines(at_ms, OURS(FIRST));
	audit_file(at_ms / DAY_MS, name);
	path = x_asprintf("%s/%s", f.dir, name);
	cr_assert_eq(truncate(path, REPORT_SCAN_MAX + 1000), 0);	/* a line that takes no room */
	cr_assert_not_null(out = fopen(path, "a"));
	fputs(last, out);
	fclose(out);
	ids = found(&q, &skipped);
	cr_expect_str_eq(ids, LAST " ", "%s", ids);
	q.after = FIRST;
	cr_expect_eq(report_audit(&f.svc, f.table, &q, &o, &skipped, &err), RC_NOT_FOUND);
	free(ids);
	free(path);
}

/* used - rows of usage, as "gpt=3 "; owned by the caller */
static char *
used(const char *by, const char *since)
{
	struct buf out = BUF_INIT(4096);
	struct json_object *o, *row;
	struct error err;

	cr_assert_eq(report_usage(&f.svc, f.table, by, since, &o, &err), RC_OK, "%s", err.msg);
	cr_assert_eq(buf_add(&out, "", 0, NULL), RC_OK);
	for (size_t i = 0; i < json_object_array_length(o); i++) {
		row = json_object_array_get_idx(o, i);
		cr_assert_eq(buf_addf(&out, NULL, "%s=%d ", jsonx_str(row, by, "-"),
		    (int)jsonx_int(row, "requests", 0)), RC_OK);
	}
	json_object_put(o);
	return buf_take(&out);
}

#define CALL(user) "{'id':'c1','event':'llm_inference_call','at':'@','llm':'gpt','userId':'" user \
	"','tokenSha':'" user "-sha'}\n"

Test(report, usage_adds_days_up_and_tells_what_is_gone_as_the_log_has_it)
{
	static const struct { const char *by; bool since; const char *rows; } asked[] = {
		{ "llm", false, "gpt=3 " }, { "llm", true, "gpt=1 " },
		{ "user", false, "u-a=2 u-b=1 " }, { "user", true, "u-a=1 " },
		{ "token", false, "u-a-sha=2 u-b-sha=1 " },
		{ "day", false, "2023-11-14=2 2023-11-15=1 " }, { "day", true, "2023-11-15=1 " },
	};
	const int64_t at_ms = INT64_C(1700000000000);
	char *rows;

	log_lines(at_ms, CALL("u-b") CALL("u-a"));
	log_lines(at_ms + DAY_MS, CALL("u-a"));
	log_lines(at_ms + 2 * DAY_MS, OURS("c2"));	/* a day without a call */
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		rows = used(asked[i].by, asked[i].since ? "2023-11-15T12:00:00Z" : NULL);
		cr_expect_str_eq(rows, asked[i].rows, "%s: %s", asked[i].by, rows);
		free(rows);
	}
}

Test(report, tokens_that_nobody_can_have_used_are_none)
{
	struct json_object *o, *row;

	log_lines(INT64_C(1700000000000),
	    "{'id':'c1','event':'llm_inference_call','at':'@','promptTokens':-5,'completionTokens':'7',"
	    "'cachedTokens':null,'error':'e'}\n");
	cr_assert_eq(report_usage(&f.svc, f.table, NULL, NULL, &o, NULL), RC_OK);
	cr_assert_not_null(row = json_object_array_get_idx(o, 0));
	cr_expect_eq(jsonx_int(row, "errors", -1), 1);
	cr_expect_eq(jsonx_int(row, "promptTokens", -1), 0);
	cr_expect_eq(jsonx_int(row, "completionTokens", -1), 0);
	json_object_put(o);
}

/* die_calling - in a process of its own, with a call in the air */
static void
die_calling(void)
{
	const struct ledger_opts opts = { .dir = f.dir, .sink = "file", .keep_days = 90 };
	struct auditline call = { .begun_ms = clock_wall_ms(), .llm = "gpt" };
	struct ledger *l;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		random_id(call.id);
		_exit(ledger_open(&opts, &l, NULL) != RC_OK || ledger_begin(l, &call) == NULL);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0);
}

Test(report, each_answer_has_the_calls_of_the_dead)
{
	const struct report_audit q = { .llm = "gpt" };
	uint64_t skipped;
	char *text;

	die_calling();
	text = used("llm", NULL);
	cr_expect_str_eq(text, "gpt=1 ", "%s", text);
	free(text);
	die_calling();
	text = found(&q, &skipped);
	cr_expect_eq(strlen(text), 2 * strlen(FIRST " "), "%s", text);
	free(text);
	die_calling();
	json_object_put(report_status(&f.svc, f.table));
	cr_expect_eq(ledger_recover(f.svc.ledger), 0, "nothing is left to be done");
}

/* place - of a name in the file of the metrics */
static struct name *
place(char *file, size_t size, const char *text)
{
	char *at = memmem(file, size, text, strlen(text) + 1);

	cr_assert_not_null(at, "%s", text);
	return (struct name *)(void *)(at - offsetof(struct name, text));
}

Test(report, a_series_that_got_two_places_is_told_once)
{
	struct metrics *m = ledger_metrics(f.svc.ledger);
	struct buf out = BUF_INIT(REPORT_METRICS_MAX);
	char *path = x_asprintf("%s/metrics", f.dir), *file;
	int fd = open(path, O_RDWR);
	off_t size = lseek(fd, 0, SEEK_END);
	struct name *first;

	metrics_add(m, METRICS_REQUESTS, "gpt", "200", 3);
	file = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	cr_assert_neq(file, MAP_FAILED);
	first = place(file, (size_t)size, "a200 gpt");
	atomic_store(&first->state, WRITING);	/* as the other of two who add it at once sees it */
	metrics_add(m, METRICS_REQUESTS, "gpt", "200", 4);
	atomic_store(&first->state, READY);
	cr_assert_eq(report_metrics(&f.svc, f.table, &out, NULL), RC_OK);
	cr_expect_not_null(strstr(out.p, "mcpd_requests_total{llm=\"gpt\",status=\"200\"} 7\n"), "%s",
	    out.p);
	munmap(file, (size_t)size);
	close(fd);
	free(path);
	buf_release(&out);
}

static const char *const plain_ones[] = {
	"\nmcpd_workers 1\n", "\nmcpd_threads_busy 2\n", "\nmcpd_streams_open 1\n",
	"\nmcpd_audit_failures_total 3\n", "\nmcpd_samples_lost_total 4\n",
	"\nmcpd_store_recoveries_total 5\n",
};

Test(report, numbers_without_labels_are_each_its_own)
{
	struct metrics *m = ledger_metrics(f.svc.ledger);
	const struct auditline stream = { .llm = "gpt", .streaming = true }, whole = { .llm = "gpt" };
	struct auditline *slots[] = {
		ledger_begin(f.svc.ledger, &stream), ledger_begin(f.svc.ledger, &whole),
		ledger_begin(f.svc.ledger, &whole)
	};
	struct buf out = BUF_INIT(REPORT_METRICS_MAX);

	account_enter(&f.svc);
	account_enter(&f.svc);
	metrics_count(m, METRICS_AUDIT_FAILURES, 3);
	metrics_count(m, METRICS_LOST, 4);
	metrics_count(m, METRICS_STORE_RECOVERIES, 5);
	cr_assert_eq(report_metrics(&f.svc, f.table, &out, NULL), RC_OK);
	for (size_t i = 0; i < sizeof(plain_ones) / sizeof(plain_ones[0]); i++)
		cr_expect_not_null(strstr(out.p, plain_ones[i]), "%s in:\n%s", plain_ones[i], out.p);
	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++)
		ledger_end(f.svc.ledger, slots[i]);
	buf_release(&out);
}

static const struct { int attempts; bool aborted; const char *error; bool counts; } ends[] = {
	{ 1, false, "rate_limit_exceeded", true }, { 0, false, "upstream_error", true },
	{ 0, false, "upstream_timeout", true }, { 0, false, "key_unresolved", false },
	{ 0, false, "", false }, { 1, true, "worker_died", false }, { 1, true, "upstream_error", false },
};

Test(report, a_provider_that_cannot_be_reached_is_an_upstream_error)
{
	struct buf out = BUF_INIT(REPORT_METRICS_MAX);
	char name[32], *sample;

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct auditline call = {
			.attempts = ends[i].attempts, .aborted = ends[i].aborted, .status = 502
		};

		snprintf(name, sizeof(name), "llm-%zu", i);
		fixture_make(&f, &kind_llm,
		    sample = x_asprintf("{'name':'%s','type':'openai','model':'m'}", name));
		free(sample);
		auditline_text(call.llm, sizeof(call.llm), name);
		auditline_text(call.error, sizeof(call.error), ends[i].error);
		ledger_note(f.svc.ledger, &call);
	}
	cr_assert_eq(report_metrics(&f.svc, fixture_look(&f), &out, NULL), RC_OK);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		sample = x_asprintf("mcpd_upstream_errors_total{llm=\"llm-%zu\",kind=\"%s\"} 1\n", i,
		    ends[i].error);
		cr_expect_eq(strstr(out.p, sample) != NULL, ends[i].counts, "%s", sample);
		free(sample);
	}
	buf_release(&out);
}

Test(report, series_of_llms_that_are_no_more_make_room_and_those_of_the_newest_stay)
{
	struct metrics *m = ledger_metrics(f.svc.ledger);
	struct buf out = BUF_INIT(REPORT_METRICS_MAX);
	char name[32];

	fixture_make(&f, &kind_llm, "{'name':'late','type':'openai','model':'m'}");
	metrics_add(m, METRICS_REQUESTS, "late", "200", 3);
	for (int i = 0; i < 2 * METRICS_SERIES; i++) {
		snprintf(name, sizeof(name), "gone-%d", i);
		metrics_add(m, METRICS_REQUESTS, name, "200", 1);
		if (i % (METRICS_SERIES / 4) != 0)
			continue;
		buf_clear(&out);
		cr_assert_eq(report_metrics(&f.svc, f.table, &out, NULL), RC_OK);
		cr_expect_null(strstr(out.p, "late"), "the request began before it was made");
	}
	buf_clear(&out);
	cr_assert_eq(report_metrics(&f.svc, fixture_look(&f), &out, NULL), RC_OK);
	cr_expect_not_null(strstr(out.p, "{llm=\"late\",status=\"200\"} 3\n"), "%s", out.p);
	cr_expect_not_null(strstr(out.p, "mcpd_samples_lost_total 0\n"));
	buf_release(&out);
}
