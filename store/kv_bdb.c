/*
 * kv_bdb.c - the Berkeley DB engine: readers have a snapshot and a generation, writers take turns.
 *
 * No reader opens the database but to make a snapshot anew that is missing or damaged, and then it
 * does what a writer does: under the lock, in a private environment, closed before it returns.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/bdb_session.h"
#include "store/generation.h"
#include "store/kv.h"
#include "store/oserr.h"
#include "store/snapshot.h"
#include "store/statedir.h"

#define CREATE_LOCK_MS	5000		/* ms to wait for another one who creates */
#define VERIFY_LOCK_MS	5000		/* ms to wait for the writers before us */
#define REBUILD_LOCK_MS	500		/* ms a reader waits for the lock to rebuild a snapshot */
#define REBUILD_PAUSE_MS 1000		/* ms from a rebuild that failed to the next try */

struct kv_bdb {
	struct kv		kv;
	struct statedir		dir;
	struct generation	gen;
	char			store_id[KV_STORE_ID];	/* "": not known yet */
	_Atomic int64_t		rebuild_after_ms;
};

/* of - the engine's struct */
static struct kv_bdb *
of(struct kv *kv)
{
	return (struct kv_bdb *)kv;
}

/* begin - a session on this store, not open yet */
static struct session
begin(struct kv_bdb *k)
{
	const char *id = k->store_id[0] != '\0' ? k->store_id : NULL;

	return (struct session)SESSION_INIT(&k->dir, &k->gen, id);
}

/* rebuild - a turn without a change heals; not at every request while it can't be done */
static enum rc
rebuild(struct kv_bdb *k, struct error *err)
{
	struct session s = begin(k);
	int64_t now = clock_mono_ms();
	enum rc rc;

	if (now < atomic_load(&k->rebuild_after_ms))
		return error_set(err, RC_UNAVAILABLE, "it was tried a moment ago");
	rc = session_open(&s, now + REBUILD_LOCK_MS, err);
	session_close(&s);
	if (rc != RC_OK)
		atomic_store(&k->rebuild_after_ms, clock_mono_ms() + REBUILD_PAUSE_MS);
	return rc;
}

/* mend - after a read that failed with rc: RC_OK when it is worth another try. Else the code is the one
   of the rebuild: a snapshot that is gone or damaged is no harm by itself */
static enum rc
mend(struct kv_bdb *k, enum rc rc, struct error *err)
{
	struct error why;

	if (rc != RC_CORRUPT && rc != RC_NOT_FOUND)
		return rc;
	if (rebuild(k, &why) == RC_OK)
		return RC_OK;
	error_prefix(&why, "it could not be rebuilt");
	error_prefix(err, "%s", why.msg);
	if (err != NULL)
		err->rc = why.rc;
	return why.rc;
}

/* load_ours - the snapshot of the store that was opened, or of the one that a restore has put in its
   place: that one's id is on the generation's page too. Any other file is no snapshot of ours */
static enum rc
load_ours(struct kv_bdb *k, struct snapshot_head *head, struct kv_items *out, struct error *err)
{
	enum rc rc = snapshot_load(&k->dir, NULL, head, out, err);

	if (rc != RC_OK || strcmp(head->store_id, k->store_id) == 0 ||
	    generation_is_of(&k->gen, head->store_id))
		return rc;
	kv_items_release(out);
	return error_set(err, RC_CORRUPT, "%s: the snapshot is of another store", k->dir.path);
}

/* load - every item, from the snapshot */
static enum rc
load(struct kv_bdb *k, struct snapshot_head *head, struct kv_items *out, struct error *err)
{
	enum rc rc = load_ours(k, head, out, err);

	if (rc == RC_OK)
		return RC_OK;
	rc = mend(k, rc, err);
	return rc == RC_OK ? load_ours(k, head, out, err) : rc;
}

/* bdb_generation - one atomic load, as a rule */
static uint64_t
bdb_generation(struct kv *kv)
{
	struct kv_bdb *k = of(kv);

	return generation_now(&k->gen, &k->dir);
}

/* bdb_range - items by prefix */
static enum rc
bdb_range(struct kv *kv, const char *prefix, struct kv_items *out, struct error *err)
{
	struct snapshot_head head;
	enum rc rc = load(of(kv), &head, out, err);

	if (rc == RC_OK)
		snapshot_keep_prefix(out, prefix);
	return rc;
}

/* bdb_get_key - one item */
static enum rc
bdb_get_key(struct kv *kv, const char *key, struct kv_items *out, struct error *err)
{
	struct snapshot_head head;
	enum rc rc = load(of(kv), &head, out, err);

	if (rc == RC_OK)
		snapshot_keep_key(out, key);
	return rc;
}

/* bdb_changes - items put after a revision */
static enum rc
bdb_changes(struct kv *kv, uint64_t since, struct kv_items *out, struct error *err)
{
	struct snapshot_head head;
	struct kv_items items;
	enum rc rc = load(of(kv), &head, &items, err);

	if (rc == RC_OK && (rc = snapshot_keep_since(&items, &head, since, err)) != RC_OK)
		kv_items_release(&items);
	if (rc == RC_OK)
		*out = items;
	return rc;
}

/* how_to_mend - a restore into a damaged store is refused like any other change: it takes more */
static enum rc
how_to_mend(enum rc rc, struct error *err)
{
	char what[ERROR_MAX];

	if (rc != RC_CORRUPT || err == NULL)
		return rc;
	memcpy(what, err->msg, sizeof(what));
	return error_set(err, rc, "%s (mcpctl doctor says how to mend it)", what);
}

/* put_size - bytes that a change puts */
static size_t
put_size(const struct kv_txn *txn)
{
	size_t n = 0;

	for (size_t i = 0; i < txn->nops; i++)
		n += strlen(txn->ops[i].key) + txn->ops[i].len;
	return n;
}

/* bdb_txn - a turn with one change */
static enum rc
bdb_txn(struct kv *kv, const struct kv_txn *txn, uint64_t *rev, struct error *err)
{
	struct session s = begin(of(kv));
	enum rc rc;

	s.room = put_size(txn);
	rc = session_open(&s, txn->deadline_ms, err);
	if (rc == RC_OK)
		rc = session_txn(&s, txn, rev, err);
	session_close(&s);
	return how_to_mend(rc, err);
}

/* bdb_verify_kv - in a turn of its own */
static enum rc
bdb_verify_kv(struct kv *kv, struct error *err)
{
	struct session s = begin(of(kv));
	enum rc rc = session_open(&s, clock_mono_ms() + VERIFY_LOCK_MS, err);

	if (rc == RC_OK)
		rc = session_verify(&s, err);
	session_close(&s);
	return rc;
}

/* bdb_gone - looked at with the generation */
static bool
bdb_gone(struct kv *kv)
{
	struct kv_bdb *k = of(kv);

	return generation_gone(&k->gen, &k->dir);
}

/* bdb_store_id - known since the open */
static const char *
bdb_store_id(struct kv *kv)
{
	return of(kv)->store_id;
}

/* bdb_close_kv - let go */
static void
bdb_close_kv(struct kv *kv)
{
	struct kv_bdb *k = of(kv);

	generation_close(&k->gen);
	statedir_close(&k->dir);
	free(k);
}

static const struct kv_engine engine_bdb = {
	.name		= "bdb",
	.caps		= { .max_ops = 100000, .max_value = KV_VALUE_MAX },
	.generation	= bdb_generation,
	.get		= bdb_get_key,
	.range		= bdb_range,
	.txn		= bdb_txn,
	.changes	= bdb_changes,
	.verify		= bdb_verify_kv,
	.gone		= bdb_gone,
	.store_id	= bdb_store_id,
	.close		= bdb_close_kv,
};

/* look - map the generation, learn the store id; the two files must be of one store */
static enum rc
look(struct kv_bdb *k, struct error *err)
{
	struct snapshot_head head;
	struct kv_items items;
	enum rc rc;

	rc = generation_open(&k->gen, &k->dir, err);
	if (rc == RC_OK)
		rc = snapshot_load(&k->dir, NULL, &head, &items, err);
	if (rc != RC_OK)
		return rc;
	kv_items_release(&items);
	if (!generation_is_of(&k->gen, head.store_id))
		return error_set(err, RC_CORRUPT, "%s: snapshot and generation are of two stores",
		    k->dir.path);
	memcpy(k->store_id, head.store_id, sizeof(k->store_id));
	return RC_OK;
}

/* kv_bdb_open - an existing store */
enum rc
kv_bdb_open(const char *dir, const struct kv_bdb_opts *opts, struct kv **out, struct error *err)
{
	struct kv_bdb *k = x_calloc(1, sizeof(*k));
	enum rc rc;

	k->kv.engine = &engine_bdb;
	k->dir = (struct statedir)STATEDIR_INIT;
	k->gen = (struct generation)GENERATION_INIT;
	rc = statedir_open(&k->dir, dir, opts != NULL && opts->allow_network_fs, err);
	if (rc == RC_OK && faccessat(k->dir.fd, STATEDIR_DATABASE, F_OK, 0) != 0)
		rc = errno != ENOENT ? oserr(err, "look for %s/" STATEDIR_DATABASE, k->dir.path) :
		    error_set(err, RC_UNAVAILABLE, "no store in %s: make one with mcpctl init",
		    k->dir.path);
	if (rc == RC_OK && (rc = look(k, err)) != RC_OK && (rc = mend(k, rc, err)) == RC_OK)
		rc = look(k, err);
	if (rc != RC_OK) {
		bdb_close_kv(&k->kv);
		return rc;
	}
	*out = &k->kv;
	return RC_OK;
}

/* kv_bdb_create - a new store in a directory that may be there, but holds none */
enum rc
kv_bdb_create(const char *dir, const char *store_id, const struct kv_bdb_opts *opts,
    struct error *err)
{
	struct generation gen = GENERATION_INIT;
	struct statedir d = STATEDIR_INIT;
	struct session s = SESSION_INIT(&d, &gen, NULL);
	enum rc rc;

	if (store_id != NULL && (strlen(store_id) != KV_STORE_ID - 1 ||
	    strspn(store_id, "0123456789abcdef") != KV_STORE_ID - 1))
		return error_set(err, RC_INVALID, "a store id is %d lower-case hex characters",
		    KV_STORE_ID - 1);
	rc = statedir_make(dir, err);
	if (rc == RC_OK)
		rc = statedir_open(&d, dir, opts != NULL && opts->allow_network_fs, err);
	if (rc == RC_OK)
		rc = session_create(&s, store_id, clock_mono_ms() + CREATE_LOCK_MS, err);
	session_close(&s);
	generation_close(&gen);
	statedir_close(&d);
	return how_to_mend(rc, err);
}
