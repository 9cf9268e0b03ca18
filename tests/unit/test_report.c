/* test_report.c - questions to the books, where these hold what no call of ours left there */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/jsonx.h"
#include "base/mem.h"
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

/* log_lines - today's file, anew; %s in the text is the time now */
static void
log_lines(const char *text)
{
	char at[CLOCK_TEXT], name[AUDIT_NAME], *path;
	FILE *out;

	clock_format(clock_wall_ms(), at);
	audit_file(clock_wall_ms() / DAY_MS, name);
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
		log_lines(text);
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
