/* relay.c - an engine before another one */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/table.h"
#include "tests/unit/relay.h"

static struct relay *
of(struct kv *kv)
{
	return (struct relay *)kv;
}

static uint64_t
relay_generation(struct kv *kv)
{
	return of(kv)->wiped ? 0 : kv_generation(of(kv)->inner);
}

static enum rc
relay_get(struct kv *kv, const char *key, struct kv_items *out, struct error *err)
{
	return kv_get(of(kv)->inner, key, out, err);
}

static enum rc
relay_range(struct kv *kv, const char *prefix, struct kv_items *out, struct error *err)
{
	of(kv)->ranges++;
	if (of(kv)->range_rc != RC_OK)
		return error_set(err, of(kv)->range_rc, "as the test wants");
	return kv_range(of(kv)->inner, prefix, out, err);
}

/* overtake - as another process's change would */
void
overtake(struct kv *inner)
{
	struct kv_op op = { KV_PUT, CATALOGUE_CHANGE, "{}", 2 };
	struct kv_txn txn = { .ops = &op, .nops = 1 };
	uint64_t rev;

	cr_assert_eq(kv_txn(inner, &txn, &rev, NULL), RC_OK);
}

static enum rc
relay_txn(struct kv *kv, const struct kv_txn *txn, uint64_t *rev, struct error *err)
{
	struct relay *r = of(kv);
	enum rc rc;

	snprintf(r->op_ids[r->txns % 2], KV_OP_ID_MAX, "%s", txn->op_id);
	if (r->txns++ > 0 && r->repeat_rc != RC_OK)
		return error_set(err, r->repeat_rc, "as the test wants");
	if (r->overtakes > 0) {
		r->overtakes--;
		overtake(r->inner);
	}
	rc = kv_txn(r->inner, txn, rev, err);
	if (rc == RC_OK && r->unknown > 0) {
		r->unknown--;
		return error_set(err, RC_UNKNOWN, "as the test wants");
	}
	return rc;
}

static enum rc
relay_changes(struct kv *kv, uint64_t since, struct kv_items *out, struct error *err)
{
	return kv_changes(of(kv)->inner, since, out, err);
}

static const char *
relay_store_id(struct kv *kv)
{
	return kv_store_id(of(kv)->inner);
}

static void
relay_close(struct kv *kv)
{
	if (of(kv)->owns)
		kv_close(of(kv)->inner);
	free(kv);
}

static const struct kv_engine engine_relay = {
	.name		= "relay",
	.caps		= { .max_ops = 5, .max_value = KV_VALUE_MAX },
	.generation	= relay_generation,
	.get		= relay_get,
	.range		= relay_range,
	.txn		= relay_txn,
	.changes	= relay_changes,
	.store_id	= relay_store_id,
	.close		= relay_close,
};

/* relay_new - before an engine */
struct relay *
relay_new(struct kv *inner, bool owns_inner)
{
	struct relay *r = x_calloc(1, sizeof(*r));

	r->kv.engine = &engine_relay;
	r->inner = inner;
	r->owns = owns_inner;
	return r;
}
