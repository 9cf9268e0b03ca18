/* change.c - the change that a storm makes */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/crash/change.h"

#define RING		40		/* keys that come and go */
#define FILLER		3000		/* bytes; the most that a text of the pair is filled with */

/* find - an item's text, NULL when it is not there */
static const struct kv_item *
find(const struct kv_items *items, const char *key)
{
	for (size_t i = 0; i < items->n; i++)
		if (strcmp(items->v[i].key, key) == 0)
			return &items->v[i];
	return NULL;
}

/* count_of - the number, and whether the pair is of one change and of that one */
uint64_t
count_of(const struct kv_items *items, int *torn)
{
	const struct kv_item *count = find(items, "count");
	const struct kv_item *a = find(items, "pair/a"), *b = find(items, "pair/b");
	uint64_t n, of_pair;

	*torn = 1;
	if (count == NULL || a == NULL || b == NULL || sscanf(count->val, "%" SCNu64, &n) != 1)
		return 0;
	*torn = strcmp(a->val, b->val) != 0 || sscanf(a->val, "%" SCNu64, &of_pair) != 1 ||
	    of_pair != n;
	return n;
}

/* text_of - what the pair holds at a count; of many lengths */
static char *
text_of(uint64_t n)
{
	char *text = x_malloc(FILLER + 32);
	int head = snprintf(text, 32, "%" PRIu64 " ", n);
	size_t filler = n * 7919 % FILLER;

	memset(text + head, 'a' + (int)(n % 26), filler);
	text[(size_t)head + filler] = '\0';
	return text;
}

/* raise_count - one change from what items say; *n is the new count */
enum rc
raise_count(struct kv *kv, const struct kv_items *items, uint64_t *n, struct error *err)
{
	const struct kv_item *count = find(items, "count");
	struct kv_compare c = { "count", count != NULL ? count->mod_rev : 0 };
	uint64_t next = count != NULL ? strtoull(count->val, NULL, 10) + 1 : 1;
	char number[32], put[32], del[32], op_id[64], *text = text_of(next);
	struct kv_op ops[] = {
		{ KV_PUT, "count", number, (size_t)snprintf(number, 32, "%" PRIu64, next) },
		{ KV_PUT, "pair/a", text, strlen(text) },
		{ KV_PUT, put, number, strlen(number) },
		{ KV_DELETE, del, NULL, 0 },
		{ KV_PUT, "pair/b", text, strlen(text) },
	};
	struct kv_txn txn = {
		.compares = &c, .ncompares = 1, .ops = ops, .nops = 5, .op_id = op_id,
		.deadline_ms = clock_mono_ms() + CHANGE_LOCK_MS,
	};
	enum rc rc;

	snprintf(put, sizeof(put), "ring/%" PRIu64, next % RING);
	snprintf(del, sizeof(del), "ring/%" PRIu64, (next + RING / 2) % RING);
	snprintf(op_id, sizeof(op_id), "%d-%" PRIu64, (int)getpid(), next);
	do
		rc = kv_txn(kv, &txn, NULL, err);
	while (rc == RC_UNKNOWN);
	free(text);
	*n = next;
	return rc;
}
