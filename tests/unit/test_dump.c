/* test_dump.c - a store as text, and back */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/unit/kv_fixture.h"

/* dumped - a store as text */
static char *
dumped(struct kv *kv)
{
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	cr_assert_eq(kv_dump(kv, f, NULL), RC_OK);
	fclose(f);
	return out;
}

/* load_over - a store from text, in the place of what is there (NULL: of nothing) */
static enum rc
load_over(struct kv *kv, const char *dump, size_t len, const struct kv_items *there,
    struct error *err)
{
	FILE *f = fmemopen((void *)(uintptr_t)dump, len, "r");
	struct kv_dump *d;
	enum rc rc = kv_dump_read(f, &d, err);

	fclose(f);
	if (rc != RC_OK)
		return rc;
	rc = kv_load(kv, d, there, err);
	kv_dump_free(d);
	return rc;
}

/* load - into an empty store */
static enum rc
load(struct kv *kv, const char *dump, size_t len, struct error *err)
{
	return load_over(kv, dump, len, NULL, err);
}

static const char dump_text[] =
    "mcpd-dump 1 " STORE_ID " 5\n"
    "a/binary !AAECCg==\n"
    "a/empty \n"
    "a/mark !IXg=\n"
    "llm/claude {\"name\":\"cl\303\244ude\",\"url\":\"https://x/\"}\n"
    "llm/x  two  spaces \n";

Test(dump, a_dump_is_readable_text_and_the_same_content_gives_the_same_bytes)
{
	EACH_ENGINE(p) {
		struct kv_op ops[] = {
			{ KV_PUT, "llm/claude", "{\"name\":\"cl\303\244ude\",\"url\":\"https://x/\"}",
			    37 },
			{ KV_PUT, "a/binary", "\0\1\2\n", 4 },
			{ KV_PUT, "a/empty", "", 0 },
			{ KV_PUT, "llm/x", " two  spaces ", 13 },
			{ KV_PUT, "a/mark", "!x", 2 },
		};
		struct kv_txn txn = { .ops = ops, .nops = 5, .deadline_ms = INT64_MAX };
		char *got;

		cr_assert_eq(kv_txn(p.kv, &txn, NULL, NULL), RC_OK);
		got = dumped(p.kv);
		cr_expect_str_eq(got, dump_text, "%s:\n%s", p.engine, got);
		free(got);
	}
}

Test(dump, what_was_dumped_is_loaded_and_dumps_the_same)
{
	EACH_ENGINE(p) {
		struct error err;
		struct kv_items items;
		char *got;

		cr_assert_eq(load(p.kv, dump_text, strlen(dump_text), &err), RC_OK, "%s", err.msg);
		cr_assert_eq(kv_get(p.kv, "a/binary", &items, NULL), RC_OK);
		cr_assert_eq(items.n, 1);
		cr_expect_eq(items.v[0].len, 4);
		cr_expect_eq(memcmp(items.v[0].val, "\0\1\2\n", 4), 0);
		cr_expect_eq(items.rev, 2, "one transaction");
		kv_items_release(&items);
		got = dumped(p.kv);
		cr_expect_str_eq(got, dump_text);
		free(got);
		cr_expect_eq(load(p.kv, dump_text, strlen(dump_text), &err), RC_CONFLICT,
		    "a store with items is left alone");
	}
}

#define HEAD(n) "mcpd-dump 1 " STORE_ID " " #n "\n"

static const struct { const char *dump, *says; enum rc rc; } bad_dumps[] = {
	{ "\n",						"line 1: not a dump",	RC_INVALID },
	{ "x",						"line 1: cut",		RC_INVALID },
	{ "mcpd-dump 2 " STORE_ID " 0\n",			"format 2",		RC_INVALID },
	{ "mcpd-dump 1 " STORE_ID "0 0\n",			"line 1: the head",	RC_INVALID },
	{ "mcpd-dump 1 " STORE_ID "\n",			"line 1: the head",	RC_INVALID },
	{ "mcpd-dump 1 " STORE_ID " 0 \n",			"line 1: the head",	RC_INVALID },
	{ "mcpd-dump 1 0" "123 0\n",			"line 1: the head",	RC_INVALID },
	{ HEAD(999999),					"ends after 0 of 999999", RC_INVALID },
	{ HEAD(1),					"ends after 0 of 1",	RC_INVALID },
	{ HEAD(2) "a 1\n",				"ends after 1 of 2",	RC_INVALID },
	{ HEAD(1) "a 1\nb 2\n",				"line 3: more items",	RC_INVALID },
	{ HEAD(2) "a 1\nb 2",				"line 3: cut",		RC_INVALID },
	{ HEAD(2) "b 1\na 2\n",				"line 3: its key",	RC_INVALID },
	{ HEAD(2) "a 1\na 2\n",				"line 3: its key",	RC_INVALID },
	{ HEAD(1) "a\n",				"line 2: not",		RC_INVALID },
	{ HEAD(1) " a\n",				"line 2: not",		RC_INVALID },
	{ HEAD(1) "a !AA\n",				"line 2: '!'",		RC_INVALID },
	{ HEAD(1) "a 1\t2\n",				"line 2: a value",	RC_INVALID },
	{ HEAD(1) "a \377\n",				"line 2: a value",	RC_INVALID },
	{ HEAD(1) "meta/head 1\n",			"meta/head",		RC_INVALID },
};

Test(dump, a_damaged_dump_is_refused_with_its_line_and_nothing_is_loaded)
{
	EACH_ENGINE(p) {
		for (size_t i = 0; i < COUNT(bad_dumps); i++) {
			struct error err = { .msg = "" };
			enum rc rc = load(p.kv, bad_dumps[i].dump, strlen(bad_dumps[i].dump), &err);

			cr_expect_eq(rc, bad_dumps[i].rc, "row %zu: %d %s", i, rc, err.msg);
			cr_expect_neq(strstr(err.msg, bad_dumps[i].says), NULL, "row %zu: %s", i,
			    err.msg);
		}
		expect_items(p.kv, 0, 1);
	}
}

Test(dump, a_dump_with_an_endless_line_is_refused)
{
	struct kv *kv = kv_mem_new(STORE_ID);
	char *dump = x_malloc(200000);
	struct error err;
	int n = snprintf(dump, 200000, HEAD(1) "a ");

	memset(dump + n, 'x', 200000 - (size_t)n);
	cr_expect_eq(load(kv, dump, 200000, &err), RC_INVALID);
	cr_expect_str_eq(err.msg, "line 2: too long");
	free(dump);
	kv_close(kv);
}

Test(dump, a_dump_brings_its_store_id_along)
{
	static const char other[] = "mcpd-dump 1 fedcba98765432100123456789abcdef 1\na/b c\n";

	EACH_ENGINE(p) {
		struct kv_items items;
		struct error err;
		char *got;

		cr_assert_eq(load(p.kv, dump_text, strlen(dump_text), &err), RC_OK);
		cr_assert_eq(kv_range(p.kv, "", &items, NULL), RC_OK);
		cr_assert_eq(load_over(p.kv, other, strlen(other), &items, &err), RC_OK, "%s: %s",
		    p.engine, err.msg);
		got = dumped(p.kv);
		cr_expect_str_eq(got, other, "%s: all else is gone:\n%s", p.engine, got);
		free(got);
		cr_expect_eq(load_over(p.kv, other, strlen(other), &items, &err), RC_STALE,
		    "%s: what was to be replaced is not what is there", p.engine);
		kv_items_release(&items);
	}
}

Test(dump, what_came_into_an_empty_store_meanwhile_is_not_replaced)
{
	EACH_ENGINE(p) {
		struct kv_items none;
		struct error err;
		char *got;

		cr_assert_eq(kv_range(p.kv, "", &none, NULL), RC_OK);
		cr_assert_eq(load(p.kv, dump_text, strlen(dump_text), &err), RC_OK);
		cr_expect_eq(load_over(p.kv, dump_text, strlen(dump_text), &none, &err), RC_STALE,
		    "%s: two loads, and the second saw an empty store before the first", p.engine);
		kv_items_release(&none);
		got = dumped(p.kv);
		cr_expect_str_eq(got, dump_text);
		free(got);
	}
}

Test(dump, an_engine_that_is_whole_says_so)
{
	EACH_ENGINE(p) {
		struct error err = { .msg = "" };

		cr_assert_eq(load(p.kv, dump_text, strlen(dump_text), &err), RC_OK);
		cr_expect_eq(kv_verify(p.kv, &err), RC_OK, "%s: %s", p.engine, err.msg);
	}
}

Test(dump, more_items_than_a_transaction_takes_are_refused)
{
	struct kv *kv = kv_mem_new(STORE_ID);
	size_t n = kv->engine->caps.max_ops + 1, len = 0;
	char *dump = x_malloc(64 + n * 16);
	struct error err;

	len += (size_t)snprintf(dump, 64, "mcpd-dump 1 " STORE_ID " %zu\n", n);
	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(dump + len, 16, "a/%06zu x\n", i);
	cr_expect_eq(load(kv, dump, len, &err), RC_TOO_LARGE, "%s", err.msg);
	expect_items(kv, 0, 1);
	free(dump);
	kv_close(kv);
}
