/* test_auditread.c - the log backwards: every good event once, everything else skipped and counted */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "tests/unit/books.h"

#define BIG (4 * 1024 * 1024)

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

TestSuite(auditread, .init = set_up, .fini = tear_down);

/* write_day - a day's file */
static void
write_day(int64_t day, const char *text)
{
	char *path = books_day_file(&b, day);

	books_write(path, text);
	free(path);
}

/* read_all - the ids, newest first, as "c3 c2 c1"; owned by the caller */
static char *
read_all(int64_t from, bool only, uint64_t *skipped)
{
	struct buf out = BUF_INIT(BIG);
	struct auditread *r;
	struct auditevent e;
	struct error err;
	enum rc rc;

	cr_assert_eq(auditread_open(ledger_dir(b.l), from, only, &r, &err), RC_OK, "%s", err.msg);
	while ((rc = auditread_next(r, &e, &err)) == RC_OK) {
		char *id = jscan_text(e.id, NULL);

		(void)buf_addf(&out, NULL, "%s%s", out.len > 0 ? " " : "", id);
		free(id);
	}
	cr_expect_eq(rc, RC_NOT_FOUND, "%s", err.msg);
	*skipped = auditread_skipped(r);
	auditread_close(r);
	return buf_take(&out);
}

#define EVENT(id) "{\"id\":\"" id "\",\"event\":\"e\",\"at\":\"2026-11-22T00:00:00.000Z\"}"

static const struct { const char *text, *ids; uint64_t skipped; } files[] = {
	{ "", "", 0 },
	{ "\n\n", "", 0 },
	{ EVENT("c1") "\n", "c1", 0 },
	{ EVENT("c1"), "c1", 0 },
	{ EVENT("c1") "\n" EVENT("c2") "\n", "c2 c1", 0 },
	/* foreign */
	{ EVENT("c1") "\nhello\n" EVENT("c2") "\n", "c2 c1", 1 },
	{ EVENT("c1") "\n{}\n[1]\n{\"id\":1,\"event\":\"e\",\"at\":\"t\"}\n", "c1", 3 },
	{ EVENT("c1") "\n\xff\xfe\n" EVENT("c2") "\n", "c2 c1", 1 },
	/* blanks for a line, with it and without */
	{ EVENT("c1") "\n   " EVENT("c2") "\n", "c2 c1", 0 },
	{ EVENT("c1") "\n   ", "c1", 0 },
	{ "   \n" EVENT("c1") "\n", "c1", 0 },
	/* torn: at the end, ended by the next writer, and with the next line behind it */
	{ EVENT("c1") "\n{\"id\":\"c2\",\"ev", "c1", 1 },
	{ EVENT("c1") "\n{\"id\":\"c2\",\"ev\n" EVENT("c3") "\n", "c3 c1", 1 },
	{ EVENT("c1") "\n{\"id\":\"c2\",\"ev" EVENT("c3") "\n", "c3 c1", 1 },
	{ "{\"id\":\"c2\"" EVENT("c3"), "c3", 1 },
	{ EVENT("c1") EVENT("c2") "\n", "c2", 1 },
};

Test(auditread, what_is_no_event_is_skipped_and_counted)
{
	uint64_t skipped;
	char *ids;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		write_day(20000, files[i].text);
		ids = read_all(20000, true, &skipped);
		cr_expect_str_eq(ids, files[i].ids, "row %zu: %s", i, ids);
		cr_expect_eq(skipped, files[i].skipped, "row %zu: %zu", i, skipped);
		free(ids);
	}
}

Test(auditread, an_event_is_told_without_the_blanks_before_it)
{
	struct auditread *r;
	struct auditevent e;

	write_day(20000, EVENT("c1") "\n    " EVENT("c2") "\n");
	cr_assert_eq(auditread_open(ledger_dir(b.l), 20000, true, &r, NULL), RC_OK);
	cr_assert_eq(auditread_next(r, &e, NULL), RC_OK);
	cr_expect_eq(e.text.len, strlen(EVENT("c2")));
	cr_expect_eq(memcmp(e.text.p, EVENT("c2"), e.text.len), 0);
	auditread_close(r);
}

/* lines - n events of different lengths */
static void
lines(struct buf *text, struct buf *ids, int first, int n)
{
	struct buf order = BUF_INIT(BIG);

	for (int i = first; i < first + n; i++) {
		(void)buf_addf(text, NULL, "%*s{\"id\":\"c%d\",\"event\":\"e\",\"at\":\"t\",\"x\":\"%*s\"}\n",
		    i * 53 % 4000, "", i, i * 37 % 3000, "");
		(void)buf_addf(&order, NULL, " c%d%s", i, ids->p);
		buf_clear(ids);
		(void)buf_add(ids, order.p, order.len, NULL);
		buf_clear(&order);
	}
	buf_release(&order);
}

Test(auditread, lines_are_whole_wherever_a_piece_ends)
{
	struct buf text = BUF_INIT(BIG), ids = BUF_INIT(BIG);
	uint64_t skipped;
	char *got;

	for (int n = 1; n < 300; n += 23) {
		buf_clear(&text);
		buf_clear(&ids);
		lines(&text, &ids, 0, n);
		write_day(20000, text.p);
		got = read_all(20000, true, &skipped);
		cr_expect_str_eq(got, ids.p + 1, "%d lines", n);
		cr_expect_eq(skipped, 0);
		free(got);
	}
	buf_release(&text);
	buf_release(&ids);
}

static const size_t overlong[] = { 5000, 60000, 65536, 70000, 140000, 1000000 };

Test(auditread, a_line_too_long_to_be_ours_is_one_line_that_is_skipped)
{
	uint64_t skipped;
	char *got;

	for (size_t i = 0; i < sizeof(overlong) / sizeof(overlong[0]); i++) {
		for (int end = 0; end < 2; end++) {
			char *long_line = x_malloc(overlong[i] + 1), *text;

			memset(long_line, 'x', overlong[i]);
			long_line[overlong[i]] = '\0';
			text = x_asprintf("%s\n%s%s%s\n", EVENT("c1"), long_line, end ? "" : "\n",
			    end ? "" : EVENT("c2"));
			write_day(20000, text);
			got = read_all(20000, true, &skipped);
			cr_expect_str_eq(got, end ? "c1" : "c2 c1", "%zu: %s", overlong[i], got);
			cr_expect_eq(skipped, 1, "%zu: %zu", overlong[i], skipped);
			free(got);
			free(text);
			free(long_line);
		}
	}
}

Test(auditread, days_follow_each_other_and_names_that_are_none_do_not_count)
{
	uint64_t skipped;
	char *ids, *other = books_file(&b, "audit-20261399.log");

	write_day(20000, EVENT("c1") "\n" EVENT("c2") "\n");
	write_day(20001, "");
	write_day(20002, EVENT("c3") "\n");
	write_day(20010, EVENT("c4") "\n");
	books_write(other, EVENT("c9") "\n");
	ids = read_all(0, false, &skipped);
	cr_expect_str_eq(ids, "c4 c3 c2 c1", "%s", ids);
	free(ids);
	ids = read_all(20001, false, &skipped);
	cr_expect_str_eq(ids, "c4 c3", "%s", ids);
	free(ids);
	ids = read_all(20000, true, &skipped);
	cr_expect_str_eq(ids, "c2 c1", "%s", ids);
	free(ids);
	free(other);
}

Test(auditread, a_file_that_is_removed_meanwhile_is_no_error)
{
	struct auditread *r;
	struct auditevent e;
	char *path = books_day_file(&b, 20000);

	write_day(20000, EVENT("c1") "\n");
	write_day(20002, EVENT("c3") "\n");
	cr_assert_eq(auditread_open(ledger_dir(b.l), 0, false, &r, NULL), RC_OK);
	unlink(path);
	cr_expect_eq(auditread_next(r, &e, NULL), RC_OK);
	cr_expect(jscan_is(e.id, "c3"));
	cr_expect_eq(auditread_next(r, &e, NULL), RC_NOT_FOUND);
	auditread_close(r);
	free(path);
}

Test(auditread, the_beginning_of_a_line_too_long_is_no_event)
{
	const size_t blanks = 100000;
	char *gap = x_malloc(blanks + 1), *text, *got;
	uint64_t skipped;

	memset(gap, ' ', blanks);
	gap[blanks] = '\0';
	text = x_asprintf("%s\n%s%sx\n%s\n", EVENT("c1"), EVENT("c2"), gap, EVENT("c3"));
	write_day(20000, text);
	got = read_all(20000, true, &skipped);
	cr_expect_str_eq(got, "c3 c1", "%s", got);
	cr_expect_eq(skipped, 1);
	free(got);
	free(text);
	free(gap);
}

Test(auditread, a_file_that_is_cut_while_it_is_read_is_told)
{
	struct buf text = BUF_INIT(BIG), ids = BUF_INIT(BIG);
	char *path = books_day_file(&b, 20000);
	struct auditread *r;
	struct auditevent e;
	struct error err;
	enum rc rc;

	cr_assert_eq(buf_add(&ids, "", 0, NULL), RC_OK);
	lines(&text, &ids, 0, 200);
	write_day(20000, text.p);
	cr_assert_eq(auditread_open(ledger_dir(b.l), 20000, true, &r, &err), RC_OK, "%s", err.msg);
	cr_assert_eq(auditread_next(r, &e, &err), RC_OK);
	cr_expect(jscan_is(e.id, "c199"));
	cr_assert_eq(truncate(path, 10), 0);
	while ((rc = auditread_next(r, &e, &err)) == RC_OK)
		;
	cr_expect_eq(rc, RC_IO);
	auditread_close(r);
	buf_release(&text);
	buf_release(&ids);
	free(path);
}

Test(auditread, so_much_is_read_and_no_more_whatever_it_holds)
{
	struct buf text = BUF_INIT(BIG);
	struct auditread *r;
	struct auditevent e;
	struct error err;

	(void)buf_addf(&text, NULL, "%s\n", EVENT("c1"));
	while (text.len < 1000000)
		(void)buf_addf(&text, NULL, "someone else's line\n");
	write_day(20000, text.p);
	cr_assert_eq(auditread_open(ledger_dir(b.l), 20000, true, &r, &err), RC_OK, "%s", err.msg);
	auditread_limit(r, 500000);
	cr_expect_eq(auditread_next(r, &e, &err), RC_NOT_FOUND);
	cr_expect_gt(auditread_skipped(r), 500000 / 20 - 1);
	cr_expect_lt(auditread_skipped(r), 600000 / 20);
	auditread_limit(r, 600000);
	cr_expect_eq(auditread_next(r, &e, &err), RC_OK);
	cr_expect(jscan_is(e.id, "c1"));
	auditread_close(r);
	buf_release(&text);
}
