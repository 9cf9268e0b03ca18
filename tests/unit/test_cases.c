/*
 * test_cases.c - every translation case of tests/cases (its README says how a case is written).
 *
 * A direction is added by a row in directions[] and a folder of that name in tests/cases: the row says
 * which adapter (type of Llm, API of the client) translates the folder's files. Nothing else changes.
 *
 * MCPD_WRITE_CASES=1 writes the .out files that are not there yet. Read what it wrote, line by line,
 * against docs/TRANSLATION.md: the file is then the promise.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/cases.h"

#define LEAST		60		/* cases: fewer, and files were lost */
#define PROPERTY_SEEDS	50		/* ways of cutting a stream at random */

const struct direction directions[] = {
	{ "anthropic", "anthropic", API_CHAT },
	{ "openai", "openai", API_CHAT },
	{ "messages", "openai", API_MESSAGES },
	{ "messages-vllm", "vllm", API_MESSAGES },
	{ "messages-native", "anthropic", API_MESSAGES },
	{ NULL, NULL, 0 }
};

/* write_missing - make the .out file that is not there, where that was asked for */
static void
write_missing(const struct translation_case *c, const char *outcome)
{
	FILE *f;

	if (c->out != NULL || getenv("MCPD_WRITE_CASES") == NULL)
		return;
	f = fopen(c->out_path, "wb");
	cr_assert_not_null(f, "%s", c->out_path);
	fputs(outcome, f);
	fclose(f);
}

/* each - call fn for every case of every direction; how many there were */
static size_t
each(void (*fn)(const struct translation_case *c))
{
	size_t n, all = 0;

	for (const struct direction *d = directions; d->folder != NULL; d++) {
		struct translation_case *v = cases_read(d, &n);

		cr_assert_gt(n, 0, "tests/cases/%s has no case", d->folder);
		for (size_t i = 0; i < n; i++)
			fn(&v[i]);
		cases_release(v, n);
		all += n;
	}
	return all;
}

/* expect_outcome - the .out file, to the letter */
static void
expect_outcome(const struct translation_case *c)
{
	char *outcome = case_run(c);

	write_missing(c, outcome);
	cr_expect(case_same(c, outcome), "%s gives\n%s\n-----\ninstead of\n%s", c->name, outcome,
	    c->out != NULL ? c->out : "(no file)\n");
	free(outcome);
}

Test(cases, come_out_as_their_files_say)
{
	cr_expect_geq(each(expect_outcome), LEAST);
}

/* expect_repeat - no address, time or hash order in it: prompt caches depend on that */
static void
expect_repeat(const struct translation_case *c)
{
	char *once = case_run(c), *again = case_run(c);

	cr_expect_str_eq(once, again, "%s", c->name);
	free(once);
	free(again);
}

Test(cases, give_the_same_bytes_every_time)
{
	each(expect_repeat);
}

/* expect_cut - one way of cutting */
static void
expect_cut(const struct translation_case *c, const char *whole, size_t first, size_t step,
    uint32_t seed)
{
	char *outcome = case_cut(c, first, step, seed);

	cr_expect_str_eq(outcome, whole, "%s cut at %zu, then every %zu, seed %u", c->name, first,
	    step, seed);
	free(outcome);
}

/* expect_any_cut - in two at every byte, byte by byte, and in pieces of random size */
static void
expect_any_cut(const struct translation_case *c)
{
	char *whole;

	if (c->kind != CASE_STREAM)
		return;
	whole = case_run(c);
	for (size_t at = 1; at < c->in_len; at++)
		expect_cut(c, whole, at, 0, 0);
	expect_cut(c, whole, 1, 1, 0);
	for (uint32_t seed = 1; seed <= PROPERTY_SEEDS; seed++)
		expect_cut(c, whole, 0, 0, seed);
	free(whole);
}

Test(cases, of_streams_dont_depend_on_where_reads_cut_them)
{
	each(expect_any_cut);
}

Test(cases, compare_without_blanks_between_tokens_alone)
{
	static const struct { const char *out, *outcome; bool same; } rows[] = {
		{ "{ \"a\" : 1 }\n", "{\"a\":1}\n", true },
		{ "{\"a\":\"b c\"}", "{\"a\":\"bc\"}", false },
		{ "{\"a\":\"\\\" c\"}", "{\"a\":\"\\\"c\"}", false },
		{ "{\"a\":\"\\n\"}", "{\"a\":\"\\t\"}", false },
		{ "{\"a\":1}", "{\"a\":1.0}", false },
		{ "{\"a\":1}", "{\"a\":1},", false },
		{ "{\"a\":1},", "{\"a\":1}", false },
	};
	struct translation_case c = { .kind = CASE_REQUEST };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		c.out = (char *)rows[i].out;
		cr_expect_eq(case_same(&c, rows[i].outcome), rows[i].same, "row %zu", i);
	}
}
