/* kv.c - what is checked for every engine, then the engine */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/kv.h"

/* check_key - of a write or a compare; reads of other keys find nothing */
static enum rc
check_key(const char *key, struct error *err)
{
	size_t len = strlen(key);

	if (len > KV_KEY_MAX)
		return error_set(err, RC_TOO_LARGE, "a key of %zu bytes is over the limit of %d",
		    len, KV_KEY_MAX);
	if (len == 0)
		return error_set(err, RC_INVALID, "an empty key");
	for (const char *p = key; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~')
			return error_set(err, RC_INVALID, "a key with a byte that is not visible "
			    "ASCII");
	if (strncmp(key, KV_META_PREFIX, strlen(KV_META_PREFIX)) == 0)
		return error_set(err, RC_INVALID, "%s: such keys are the engine's own", key);
	return RC_OK;
}

/* check_op - one operation */
static enum rc
check_op(const struct kv_caps *caps, const struct kv_op *op, struct error *err)
{
	enum rc rc = check_key(op->key, err);

	if (rc == RC_OK && op->type == KV_PUT && op->len > caps->max_value)
		return error_set(err, RC_TOO_LARGE, "%s: a value of %zu bytes is over the limit "
		    "of %zu", op->key, op->len, caps->max_value);
	return rc;
}

/* check_op_id - it stands in text that is read back */
static enum rc
check_op_id(const char *op_id, struct error *err)
{
	size_t len = op_id == NULL ? 1 : strlen(op_id);

	if (len == 0 || len >= KV_OP_ID_MAX)
		return error_set(err, RC_INVALID, "an op_id has 1 to %d bytes", KV_OP_ID_MAX - 1);
	for (const char *p = op_id; p != NULL && *p != '\0'; p++)
		if (*p <= ' ' || *p > '~')
			return error_set(err, RC_INVALID, "an op_id is visible ASCII");
	return RC_OK;
}

/* check_txn - all of it, before anything is applied */
static enum rc
check_txn(const struct kv_caps *caps, const struct kv_txn *txn, struct error *err)
{
	enum rc rc = check_op_id(txn->op_id, err);

	if (rc == RC_OK && txn->nops > caps->max_ops)
		return error_set(err, RC_TOO_LARGE, "%zu operations are too many for one "
		    "transaction, the most is %zu", txn->nops, caps->max_ops);
	for (size_t i = 0; rc == RC_OK && i < txn->ncompares; i++)
		rc = check_key(txn->compares[i].key, err);
	for (size_t i = 0; rc == RC_OK && i < txn->nops; i++)
		rc = check_op(caps, &txn->ops[i], err);
	return rc;
}

/* kv_generation - what to compare at each request */
uint64_t
kv_generation(struct kv *kv)
{
	return kv->engine->generation(kv);
}

/* kv_get - zero or one item */
enum rc
kv_get(struct kv *kv, const char *key, struct kv_items *out, struct error *err)
{
	return kv->engine->get(kv, key, out, err);
}

/* kv_range - by prefix */
enum rc
kv_range(struct kv *kv, const char *prefix, struct kv_items *out, struct error *err)
{
	return kv->engine->range(kv, prefix, out, err);
}

/* kv_txn - all or nothing */
enum rc
kv_txn(struct kv *kv, const struct kv_txn *txn, uint64_t *rev, struct error *err)
{
	enum rc rc = check_txn(&kv->engine->caps, txn, err);
	uint64_t at;

	if (rc == RC_OK)
		rc = kv->engine->txn(kv, txn, &at, err);
	if (rc == RC_OK && rev != NULL)
		*rev = at;
	return rc;
}

/* kv_made - a transaction that was committed answers a repeat; this one can't be, nothing is at that
   revision */
enum rc
kv_made(struct kv *kv, const char *op_id, int64_t deadline_ms, struct error *err)
{
	const struct kv_compare never = { "never", UINT64_MAX };
	const struct kv_txn txn = {
		.compares = &never, .ncompares = 1, .op_id = op_id, .deadline_ms = deadline_ms
	};
	enum rc rc = kv_txn(kv, &txn, NULL, err);

	return rc == RC_STALE ? error_set(err, RC_NOT_FOUND, "no change %s", op_id) : rc;
}

/* kv_changes - since a revision */
enum rc
kv_changes(struct kv *kv, uint64_t since, struct kv_items *out, struct error *err)
{
	return kv->engine->changes(kv, since, out, err);
}

/* kv_rev - every read says its revision; this one has no items */
enum rc
kv_rev(struct kv *kv, uint64_t *rev, struct error *err)
{
	struct kv_items none;
	enum rc rc = kv_range(kv, KV_META_PREFIX, &none, err);

	if (rc != RC_OK)
		return rc;
	*rev = none.rev;
	kv_items_release(&none);
	return RC_OK;
}

/* kv_verify - the engine looks at itself */
enum rc
kv_verify(struct kv *kv, struct error *err)
{
	return kv->engine->verify(kv, err);
}

/* kv_gone - it is to be opened anew */
bool
kv_gone(struct kv *kv)
{
	return kv->engine->gone(kv);
}

/* kv_store_id - which store this is */
const char *
kv_store_id(struct kv *kv)
{
	return kv->engine->store_id(kv);
}

/* kv_items_release - wiped: values of a plaintext backend are among them */
void
kv_items_release(struct kv_items *items)
{
	mem_wipe(items->mem, items->mem_len);
	free(items->mem);
	free(items->v);
	*items = (struct kv_items){ .v = NULL };
}

/* kv_close - let go of the engine */
void
kv_close(struct kv *kv)
{
	if (kv != NULL)
		kv->engine->close(kv);
}
