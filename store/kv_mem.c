/* kv_mem.c - the in-memory engine: a snapshot without a file */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/kv.h"
#include "store/meta.h"
#include "store/snapshot.h"

struct kv_mem {
	struct kv		kv;
	pthread_mutex_t		mutex;		/* over all below but the generation */
	struct meta		meta;
	struct kv_items		items;
	_Atomic uint64_t	generation;
};

/* of - the engine's struct */
static struct kv_mem *
of(struct kv *kv)
{
	return (struct kv_mem *)kv;
}

/* draw - items that may point anywhere, as ones that own their memory */
static enum rc
draw(const struct kv_items *from, const struct snapshot_head *facts, struct kv_items *out,
    struct error *err)
{
	struct buf image = BUF_INIT(SNAPSHOT_MAX);
	struct snapshot_head head;
	size_t len;
	enum rc rc;

	rc = snapshot_begin(&image, err);
	for (size_t i = 0; rc == RC_OK && i < from->n; i++)
		rc = snapshot_add(&image, &from->v[i], err);
	if (rc == RC_OK) {
		snapshot_end(&image, facts);
		len = image.len;
		rc = snapshot_parse(buf_take(&image), len, &head, out, err);
	}
	buf_wipe(&image);
	return rc;
}

/* copy - all items of this moment, the caller's own */
static enum rc
copy(struct kv_mem *k, struct snapshot_head *head, struct kv_items *out, struct error *err)
{
	size_t len;
	char *mem;

	pthread_mutex_lock(&k->mutex);
	len = k->items.mem_len;
	mem = x_malloc(len);
	memcpy(mem, k->items.mem, len);
	pthread_mutex_unlock(&k->mutex);
	return snapshot_parse(mem, len, head, out, err);
}

/* mem_generation - one atomic load */
static uint64_t
mem_generation(struct kv *kv)
{
	return atomic_load(&of(kv)->generation);
}

/* mem_range - items by prefix */
static enum rc
mem_range(struct kv *kv, const char *prefix, struct kv_items *out, struct error *err)
{
	struct snapshot_head head;
	enum rc rc = copy(of(kv), &head, out, err);

	if (rc == RC_OK)
		snapshot_keep_prefix(out, prefix);
	return rc;
}

/* mem_get - one item */
static enum rc
mem_get(struct kv *kv, const char *key, struct kv_items *out, struct error *err)
{
	struct snapshot_head head;
	enum rc rc = copy(of(kv), &head, out, err);

	if (rc == RC_OK)
		snapshot_keep_key(out, key);
	return rc;
}

/* mem_changes - items put after a revision */
static enum rc
mem_changes(struct kv *kv, uint64_t since, struct kv_items *out, struct error *err)
{
	struct snapshot_head head;
	struct kv_items items;
	enum rc rc = copy(of(kv), &head, &items, err);

	if (rc == RC_OK && (rc = snapshot_keep_since(&items, &head, since, err)) != RC_OK)
		kv_items_release(&items);
	if (rc == RC_OK)
		*out = items;
	return rc;
}

/* check_compares - against the items in force */
static enum rc
check_compares(const struct kv_items *items, const struct kv_txn *txn, struct error *err)
{
	const struct kv_compare *c;
	uint64_t found;
	size_t at;

	for (c = txn->compares; c < txn->compares + txn->ncompares; c++) {
		at = snapshot_find(items, c->key);
		found = at < items->n && strcmp(items->v[at].key, c->key) == 0 ?
		    items->v[at].mod_rev : 0;
		if (found != c->mod_rev)
			return error_set(err, RC_STALE, "%s is at revision %ju, not %ju", c->key,
			    (uintmax_t)found, (uintmax_t)c->mod_rev);
	}
	return RC_OK;
}

/* apply - one operation on a list with room for one more */
static void
apply(struct kv_items *items, const struct kv_op *op, uint64_t rev, int *deleted)
{
	size_t at = snapshot_find(items, op->key);
	bool there = at < items->n && strcmp(items->v[at].key, op->key) == 0;
	struct kv_item *slot = &items->v[at];

	if (op->type == KV_PUT && !there) {
		memmove(slot + 1, slot, (items->n - at) * sizeof(*slot));
		items->n++;
	}
	if (op->type == KV_PUT)
		*slot = (struct kv_item){ op->key, op->val, op->len, rev };
	if (op->type == KV_DELETE && there) {
		items->n--;
		memmove(slot, slot + 1, (items->n - at) * sizeof(*slot));
		*deleted = 1;
	}
}

/* change - new items beside the old ones, then in their place */
static enum rc
change(struct kv_mem *k, const struct kv_txn *txn, struct error *err)
{
	struct kv_items next = { .n = k->items.n }, drawn;
	struct meta meta = k->meta;
	int deleted = 0;
	enum rc rc;

	next.v = x_calloc(next.n + txn->nops, sizeof(*next.v));
	memcpy(next.v, k->items.v, next.n * sizeof(*next.v));
	for (size_t i = 0; i < txn->nops; i++)
		apply(&next, &txn->ops[i], meta.head.rev + 1, &deleted);
	meta_advance(&meta, txn, deleted);
	rc = draw(&next, &meta.head, &drawn, err);
	free(next.v);
	if (rc != RC_OK)
		return rc;
	kv_items_release(&k->items);
	k->items = drawn;
	k->meta = meta;
	atomic_fetch_add(&k->generation, 1);
	return RC_OK;
}

/* mem_txn - nobody waits long for this mutex, so the deadline does not matter */
static enum rc
mem_txn(struct kv *kv, const struct kv_txn *txn, uint64_t *rev, struct error *err)
{
	struct kv_mem *k = of(kv);
	uint64_t applied;
	enum rc rc = RC_OK;

	pthread_mutex_lock(&k->mutex);
	applied = meta_applied(&k->meta, txn->op_id);
	if (applied == 0) {
		rc = check_compares(&k->items, txn, err);
		if (rc == RC_OK && txn->nops > 0)
			rc = change(k, txn, err);
		applied = k->meta.head.rev;
	}
	pthread_mutex_unlock(&k->mutex);
	if (rc == RC_OK)
		*rev = applied;
	return rc;
}

/* mem_verify - no file, nothing to be damaged; that its image is whole is checked with each read */
static enum rc
mem_verify(struct kv *kv, struct error *err)
{
	struct kv_items items;
	enum rc rc = kv_range(kv, "", &items, err);

	if (rc == RC_OK)
		kv_items_release(&items);
	return rc;
}

/* mem_gone - it has no name that could be given to another */
static bool
mem_gone(struct kv *kv)
{
	(void)kv;
	return false;
}

/* mem_store_id - fixed at birth */
static const char *
mem_store_id(struct kv *kv)
{
	return of(kv)->meta.head.store_id;
}

/* mem_close - free all */
static void
mem_close(struct kv *kv)
{
	struct kv_mem *k = of(kv);

	kv_items_release(&k->items);
	pthread_mutex_destroy(&k->mutex);
	free(k);
}

static const struct kv_engine engine_mem = {
	.name		= "mem",
	.caps		= { .max_ops = 100000, .max_value = KV_VALUE_MAX },
	.generation	= mem_generation,
	.get		= mem_get,
	.range		= mem_range,
	.txn		= mem_txn,
	.changes	= mem_changes,
	.verify		= mem_verify,
	.gone		= mem_gone,
	.store_id	= mem_store_id,
	.close		= mem_close,
};

/* kv_mem_new - without items; store_id NULL: a random one */
struct kv *
kv_mem_new(const char *store_id)
{
	struct kv_mem *k = x_calloc(1, sizeof(*k));
	struct kv_items none = { .n = 0 };

	k->kv.engine = &engine_mem;
	pthread_mutex_init(&k->mutex, NULL);
	meta_init(&k->meta, store_id);
	atomic_store(&k->generation, 1);
	draw(&none, &k->meta.head, &k->items, NULL);
	return &k->kv;
}
