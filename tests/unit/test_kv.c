/* test_kv.c - what every engine must do: the same cases on each */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/kv.h"
#include "tests/unit/kv_fixture.h"

/* change - one transaction of operations and compares */
static enum rc
change(struct kv *kv, const struct kv_compare *c, size_t nc, const struct kv_op *ops, size_t nops,
    uint64_t *rev)
{
	struct kv_txn txn = {
		.compares = c, .ncompares = nc, .ops = ops, .nops = nops,
		.deadline_ms = clock_mono_ms() + WAIT_MS,
	};

	return kv_txn(kv, &txn, rev, NULL);
}

/* put_text - one text; its revision */
static uint64_t
put_text(struct kv *kv, const char *key, const char *text)
{
	struct kv_op op = { KV_PUT, key, text, strlen(text) };
	uint64_t rev = 0;

	cr_assert_eq(change(kv, NULL, 0, &op, 1, &rev), RC_OK);
	return rev;
}

/* delete - one key; the revision */
static uint64_t
delete(struct kv *kv, const char *key)
{
	struct kv_op op = { KV_DELETE, key, NULL, 0 };
	uint64_t rev = 0;

	cr_assert_eq(change(kv, NULL, 0, &op, 1, &rev), RC_OK);
	return rev;
}

/* text - "key=val@rev key=val@rev #rev" of items, which are released */
static char *
text(struct kv_items *items)
{
	char *all = x_strdup(""), *next;

	for (size_t i = 0; i < items->n; i++) {
		next = x_asprintf("%s%s=%s@%ju ", all, items->v[i].key, items->v[i].val,
		    (uintmax_t)items->v[i].mod_rev);
		free(all);
		all = next;
	}
	next = x_asprintf("%s#%ju", all, (uintmax_t)items->rev);
	free(all);
	kv_items_release(items);
	return next;
}

/* expect_range - what stands below a prefix */
static void
expect_range(const struct place *p, const char *prefix, const char *want)
{
	struct kv_items items;
	struct error err;
	char *got;

	cr_assert_eq(kv_range(p->kv, prefix, &items, &err), RC_OK, "%s", err.msg);
	got = text(&items);
	cr_expect_str_eq(got, want, "%s: %s, not %s", p->engine, got, want);
	free(got);
}

/* expect_get - one key */
static void
expect_get(const struct place *p, const char *key, const char *want)
{
	struct kv_items items;
	char *got;

	cr_assert_eq(kv_get(p->kv, key, &items, NULL), RC_OK);
	got = text(&items);
	cr_expect_str_eq(got, want, "%s: %s, not %s", p->engine, got, want);
	free(got);
}

Test(kv, an_empty_store_is_at_revision_one)
{
	EACH_ENGINE(p) {
		expect_range(&p, "", "#1");
		expect_get(&p, "llm/a", "#1");
		cr_expect_str_eq(kv_store_id(p.kv), STORE_ID);
	}
}

Test(kv, a_put_is_seen_with_its_revision_and_changes_the_generation)
{
	EACH_ENGINE(p) {
		uint64_t before = kv_generation(p.kv), rev;

		cr_expect_eq(put_text(p.kv, "llm/b", "1"), 2);
		cr_expect_neq(kv_generation(p.kv), before);
		before = kv_generation(p.kv);
		cr_expect_eq(kv_generation(p.kv), before);
		cr_expect_eq(put_text(p.kv, "llm/a", ""), 3);
		cr_expect_eq(put_text(p.kv, "llm/b", "2"), 4);
		expect_range(&p, "", "llm/a=@3 llm/b=2@4 #4");
		expect_get(&p, "llm/b", "llm/b=2@4 #4");
		cr_expect_eq(kv_rev(p.kv, &rev, NULL), RC_OK);
		cr_expect_eq(rev, 4);
	}
}

Test(kv, a_range_is_sorted_and_keeps_to_its_prefix)
{
	EACH_ENGINE(p) {
		put_text(p.kv, "llm2/x", "1");
		put_text(p.kv, "llm/z", "2");
		put_text(p.kv, "ll", "3");
		put_text(p.kv, "llm/a", "4");
		expect_range(&p, "llm/", "llm/a=4@5 llm/z=2@3 #5");
		expect_range(&p, "lz", "#5");
		expect_get(&p, "llm/", "#5");
		expect_get(&p, "meta/head", "#5");
		expect_range(&p, "meta/", "#5");
	}
}

Test(kv, compares_hold_the_whole_transaction)
{
	EACH_ENGINE(p) {
		struct kv_op ops[] = { { KV_PUT, "b", "new", 3 }, { KV_DELETE, "a", NULL, 0 } };
		struct kv_compare good[] = { { "a", 2 }, { "b", 0 } };
		struct kv_compare old[] = { { "b", 0 }, { "a", 1 } };
		struct kv_compare there[] = { { "a", 0 } };
		uint64_t before, rev = 77;

		put_text(p.kv, "a", "1");
		before = kv_generation(p.kv);
		cr_expect_eq(change(p.kv, old, 2, ops, 2, &rev), RC_STALE);
		cr_expect_eq(change(p.kv, there, 1, ops, 2, &rev), RC_STALE);
		cr_expect_eq(rev, 77, "an out-parameter is written only on RC_OK");
		cr_expect_eq(kv_generation(p.kv), before);
		expect_range(&p, "", "a=1@2 #2");
		cr_expect_eq(change(p.kv, good, 2, ops, 2, &rev), RC_OK);
		cr_expect_eq(rev, 3);
		expect_range(&p, "", "b=new@3 #3");
	}
}

Test(kv, a_transaction_without_operations_only_compares)
{
	EACH_ENGINE(p) {
		struct kv_compare c = { "a", 2 };
		uint64_t before, rev = 0;

		put_text(p.kv, "a", "1");
		before = kv_generation(p.kv);
		cr_expect_eq(change(p.kv, &c, 1, NULL, 0, &rev), RC_OK);
		cr_expect_eq(rev, 2);
		cr_expect_eq(kv_generation(p.kv), before);
		c.mod_rev = 1;
		cr_expect_eq(change(p.kv, &c, 1, NULL, 0, &rev), RC_STALE);
	}
}

Test(kv, the_last_of_two_operations_on_a_key_wins)
{
	EACH_ENGINE(p) {
		struct kv_op ops[] = {
			{ KV_PUT, "a", "1", 1 }, { KV_PUT, "a", "2", 1 },
			{ KV_PUT, "b", "1", 1 }, { KV_DELETE, "b", NULL, 0 },
			{ KV_DELETE, "c", NULL, 0 }, { KV_PUT, "c", "1", 1 },
		};

		cr_expect_eq(change(p.kv, NULL, 0, ops, COUNT(ops), NULL), RC_OK);
		expect_range(&p, "", "a=2@2 c=1@2 #2");
	}
}

/* expect_changes - the feed after a revision; want NULL: it asks to read everything */
static void
expect_changes(const struct place *p, uint64_t since, const char *want)
{
	struct kv_items items;
	enum rc rc = kv_changes(p->kv, since, &items, NULL);
	char *got;

	if (want == NULL) {
		cr_expect_eq(rc, RC_RESYNC, "%s: %d", p->engine, rc);
		return;
	}
	cr_assert_eq(rc, RC_OK, "%s: %d", p->engine, rc);
	got = text(&items);
	cr_expect_str_eq(got, want, "%s: %s, not %s", p->engine, got, want);
	free(got);
}

Test(kv, changes_are_puts_since_a_revision_and_a_delete_asks_to_read_all)
{
	EACH_ENGINE(p) {
		put_text(p.kv, "b", "1");
		put_text(p.kv, "a", "2");
		expect_changes(&p, 1, "a=2@3 b=1@2 #3");
		expect_changes(&p, 2, "a=2@3 #3");
		expect_changes(&p, 3, "#3");
		expect_changes(&p, 4, NULL);
		delete(p.kv, "absent");
		expect_changes(&p, 3, "#4");
		delete(p.kv, "b");
		put_text(p.kv, "c", "3");
		expect_changes(&p, 4, NULL);
		expect_changes(&p, 5, "c=3@6 #6");
	}
}

Test(kv, an_op_id_is_applied_once)
{
	EACH_ENGINE(p) {
		struct kv_op op = { KV_PUT, "a", "1", 1 };
		struct kv_compare absent = { "a", 0 };
		struct kv_txn txn = {
			.compares = &absent, .ncompares = 1, .ops = &op, .nops = 1,
			.op_id = "first", .deadline_ms = INT64_MAX,
		};
		uint64_t rev = 0;
		char id[16];

		cr_expect_eq(kv_txn(p.kv, &txn, &rev, NULL), RC_OK);
		cr_expect_eq(rev, 2);
		put_text(p.kv, "b", "x");
		cr_expect_eq(kv_txn(p.kv, &txn, &rev, NULL), RC_OK);
		cr_expect_eq(rev, 2, "a repeat answers the revision of the first");
		expect_range(&p, "", "a=1@2 b=x@3 #3");
		txn.ncompares = 0;
		for (int i = 0; i < 63; i++) {
			snprintf(id, sizeof(id), "id%d", i);
			txn.op_id = id;
			cr_assert_eq(kv_txn(p.kv, &txn, &rev, NULL), RC_OK);
		}
		txn.op_id = "first";
		cr_expect_eq(kv_txn(p.kv, &txn, &rev, NULL), RC_OK);
		cr_expect_eq(rev, 2, "63 others later it is still known");
		txn.op_id = "one more";
		cr_expect_eq(kv_txn(p.kv, &txn, &rev, NULL), RC_INVALID);
	}
}

static char long_key[KV_KEY_MAX + 2], long_value[KV_VALUE_MAX + 1];

static const struct refused {
	const char	*key;
	size_t		 len;
	const char	*op_id;
	enum rc		 rc;
} refused[] = {
	{ "",			1,		  NULL,	RC_INVALID },
	{ "meta/head",		1,		  NULL,	RC_INVALID },
	{ "meta/",		1,		  NULL,	RC_INVALID },
	{ "a b",		1,		  NULL,	RC_INVALID },
	{ "a\n",		1,		  NULL,	RC_INVALID },
	{ "\303\244",		1,		  NULL,	RC_INVALID },
	{ long_key,		1,		  NULL,	RC_TOO_LARGE },
	{ "a",			KV_VALUE_MAX + 1, NULL,	RC_TOO_LARGE },
	{ "a",			1,		  "",	RC_INVALID },
	{ "a",			1,		  "a b", RC_INVALID },
	{ "a",			1, long_key,		RC_INVALID },
};

Test(kv, what_is_out_of_bounds_is_refused_before_anything_is_applied)
{
	memset(long_key, 'k', KV_KEY_MAX + 1);
	EACH_ENGINE(p) {
		for (const struct refused *r = refused; r < refused + COUNT(refused); r++) {
			struct kv_op ops[] = {
				{ KV_PUT, "good", "1", 1 }, { KV_PUT, r->key, long_value, r->len }
			};
			struct kv_txn txn = {
				.ops = ops, .nops = 2, .op_id = r->op_id, .deadline_ms = INT64_MAX,
			};
			struct error err;
			enum rc rc = kv_txn(p.kv, &txn, NULL, &err);

			cr_expect_eq(rc, r->rc, "%s: row %td: %d", p.engine, r - refused, rc);
			cr_expect_gt(strlen(err.msg), 0);
		}
		cr_expect_eq(change(p.kv, &(struct kv_compare){ "meta/head", 0 }, 1, NULL, 0,
		    NULL), RC_INVALID);
		expect_range(&p, "", "#1");
	}
}

Test(kv, a_transaction_has_a_most_of_operations)
{
	EACH_ENGINE(p) {
		size_t most = p.kv->engine->caps.max_ops;
		struct kv_op *ops = x_calloc(most + 1, sizeof(*ops));

		for (size_t i = 0; i <= most; i++)
			ops[i] = (struct kv_op){ KV_PUT, "a", "1", 1 };
		cr_expect_eq(change(p.kv, NULL, 0, ops, most + 1, NULL), RC_TOO_LARGE);
		expect_range(&p, "", "#1");
		free(ops);
	}
}

Test(kv, a_thousand_items_go_in_one_transaction)
{
	EACH_ENGINE(p) {
		struct kv_op *ops = x_calloc(1000, sizeof(*ops));
		char (*keys)[16] = x_calloc(1000, sizeof(*keys));
		struct kv_items items;

		for (int i = 0; i < 1000; i++) {
			snprintf(keys[i], sizeof(keys[i]), "k/%03d", 999 - i);
			ops[i] = (struct kv_op){ KV_PUT, keys[i], long_value, 1000 };
		}
		cr_expect_eq(change(p.kv, NULL, 0, ops, 1000, NULL), RC_OK);
		cr_assert_eq(kv_range(p.kv, "k/", &items, NULL), RC_OK);
		cr_expect_eq(items.n, 1000);
		cr_expect_str_eq(items.v[0].key, "k/000");
		cr_expect_str_eq(items.v[999].key, "k/999");
		kv_items_release(&items);
		free(ops);
		free(keys);
	}
}

Test(kv, a_value_is_any_bytes_and_is_followed_by_a_nul)
{
	for (size_t i = 0; i < KV_VALUE_MAX; i++)
		long_value[i] = (char)i;
	EACH_ENGINE(p) {
		struct kv_op op = { KV_PUT, "a", long_value, KV_VALUE_MAX };
		struct kv_items items;

		cr_assert_eq(change(p.kv, NULL, 0, &op, 1, NULL), RC_OK);
		cr_assert_eq(kv_get(p.kv, "a", &items, NULL), RC_OK);
		cr_assert_eq(items.n, 1);
		cr_expect_eq(items.v[0].len, KV_VALUE_MAX);
		cr_expect_eq(memcmp(items.v[0].val, long_value, KV_VALUE_MAX), 0);
		cr_expect_eq(items.v[0].val[KV_VALUE_MAX], '\0');
		kv_items_release(&items);
	}
}

#define THREADS		4
#define INCREMENTS	25		/* by each thread */

/* increment - read, compare, add one; again when another was faster */
static void *
increment(void *arg)
{
	struct kv *kv = arg;
	struct kv_items items;
	char number[16];

	for (int done = 0; done < INCREMENTS;) {
		struct kv_compare c = { "n", 0 };
		struct kv_op op = { KV_PUT, "n", number, 0 };
		int n = 0;

		if (kv_get(kv, "n", &items, NULL) != RC_OK)
			return NULL;
		if (items.n == 1) {
			c.mod_rev = items.v[0].mod_rev;
			sscanf(items.v[0].val, "%d", &n);
		}
		kv_items_release(&items);
		op.len = (size_t)snprintf(number, sizeof(number), "%d", n + 1);
		done += change(kv, &c, 1, &op, 1, NULL) == RC_OK;
	}
	return NULL;
}

Test(kv, threads_that_increment_by_compare_lose_nothing)
{
	EACH_ENGINE(p) {
		pthread_t threads[THREADS];
		struct kv_items items;

		for (int i = 0; i < THREADS; i++)
			pthread_create(&threads[i], NULL, increment, p.kv);
		for (int i = 0; i < THREADS; i++)
			pthread_join(threads[i], NULL);
		cr_assert_eq(kv_get(p.kv, "n", &items, NULL), RC_OK);
		cr_assert_eq(items.n, 1);
		cr_expect_str_eq(items.v[0].val, "100");
		cr_expect_eq(items.rev, 1 + THREADS * INCREMENTS);
		kv_items_release(&items);
	}
}

