/* store.c - the newest table for readers, one change after the other for writers */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "store/batch.h"
#include "store/lockout.h"
#include "store/store.h"

#define NAP_MIN_MS	1		/* between two plans of a change that was overtaken */
#define NAP_SPREAD_MS	16

struct store {
	struct kv		*kv;
	struct keyring		*keyring;
	char			*dir;		/* NULL: over a given engine */
	bool			 private_urls;
	pthread_mutex_t		 load;		/* one reads a new table, the others wait for it */
	pthread_mutex_t		 lock;		/* of what follows, never held for long */
	pthread_cond_t		 turn;		/* changing became false */
	bool			 changing;	/* one writer a process: flock(2) does not queue */
	const struct table	*table;
	uint64_t		 seen;		/* generation of table, taken before it was read */
	uint64_t		 complained;	/* generation whose bad state was logged */
};

/* store_on - over an engine */
struct store *
store_on(struct kv *kv, const struct store_opts *opts)
{
	struct store *s = x_calloc(1, sizeof(*s));
	pthread_condattr_t attr;

	s->kv = kv;
	s->keyring = keyring_open(opts->key_file);
	s->private_urls = opts->private_urls;
	s->complained = UINT64_MAX;
	pthread_mutex_init(&s->load, NULL);
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->turn, &attr);
	pthread_condattr_destroy(&attr);
	return s;
}

/* store_open - over Berkeley DB */
enum rc
store_open(const char *dir, const struct store_opts *opts, struct store **out, struct error *err)
{
	struct kv_bdb_opts bdb = { .allow_network_fs = opts->allow_network_fs };
	struct kv *kv;
	enum rc rc;

	rc = kv_bdb_open(dir, &bdb, &kv, err);
	if (rc != RC_OK)
		return rc;
	*out = store_on(kv, opts);
	(*out)->dir = x_strdup(dir);
	return RC_OK;
}

/* store_close - tables that readers still hold live on */
void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	table_unref(s->table);
	keyring_close(s->keyring);
	kv_close(s->kv);
	pthread_mutex_destroy(&s->load);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->turn);
	free(s->dir);
	free(s);
}

/* store_keyring - borrowed */
struct keyring *
store_keyring(struct store *s)
{
	return s->keyring;
}

/* store_dir - borrowed */
const char *
store_dir(struct store *s)
{
	return s->dir;
}

/* store_kv - borrowed */
struct kv *
store_kv(struct store *s)
{
	return s->kv;
}

/* store_gone - see store.h */
bool
store_gone(struct store *s)
{
	return kv_gone(s->kv);
}

/* current - the table with a reference if it is of this generation (or any: NULL), else NULL. 0 is
   none: a page that was wiped twice would look as if nothing had happened in between */
static const struct table *
current(struct store *s, const uint64_t *generation)
{
	const struct table *t = NULL;

	pthread_mutex_lock(&s->lock);
	if (s->table != NULL && (generation == NULL || (*generation != 0 && s->seen == *generation)))
		t = table_ref(s->table);
	pthread_mutex_unlock(&s->lock);
	return t;
}

/* publish - readers get t from now on; takes a reference of it */
static void
publish(struct store *s, const struct table *t, uint64_t generation)
{
	const struct table *old;

	pthread_mutex_lock(&s->lock);
	old = s->table;
	s->table = table_ref(t);
	s->seen = generation;
	pthread_mutex_unlock(&s->lock);
	table_unref(old);
}

/* read_table - all of the store into a new table; only one thread is here */
static enum rc
read_table(struct store *s, const struct table **out, struct error *err)
{
	struct kv_items items;
	enum rc rc;

	rc = kv_range(s->kv, "", &items, err);
	if (rc != RC_OK)
		return rc;
	rc = table_build(&items, items.store_id, s->table, out, err);
	kv_items_release(&items);
	return rc;
}

/* fresh_table - of the generation that stands, or an error; the generation is read before the
   items: what changes in between is read again by the next one */
static enum rc
fresh_table(struct store *s, const struct table **out, struct error *err)
{
	uint64_t generation = kv_generation(s->kv);
	const struct table *t = current(s, &generation);
	enum rc rc = RC_OK;

	if (t == NULL) {
		pthread_mutex_lock(&s->load);
		generation = kv_generation(s->kv);
		t = current(s, &generation);
		if (t == NULL) {
			rc = read_table(s, &t, err);
			if (rc == RC_OK)
				publish(s, t, generation);
		}
		pthread_mutex_unlock(&s->load);
	}
	if (rc == RC_OK)
		*out = t;
	return rc;
}

/* complain - once a generation: requests that go on with the old table would fill the log */
static void
complain(struct store *s, const struct error *why)
{
	uint64_t generation = kv_generation(s->kv);
	bool first;

	pthread_mutex_lock(&s->lock);
	first = s->complained != generation;
	s->complained = generation;
	pthread_mutex_unlock(&s->lock);
	if (first)
		log_error("store: going on with the catalogue as it was: %s", why->msg);
}

/* store_table - the newest, or the one before where the newest can't be read */
enum rc
store_table(struct store *s, const struct table **out, struct error *err)
{
	const struct table *old;
	struct error why;
	enum rc rc;

	rc = fresh_table(s, out, &why);
	if (rc == RC_OK)
		return RC_OK;
	old = current(s, NULL);
	if (old == NULL)
		return error_set(err, rc, "%s", why.msg);
	complain(s, &why);
	*out = old;
	return RC_OK;
}

/* check_size - as many changes as the engine takes in one transaction */
static enum rc
check_size(const struct store *s, size_t nops, struct error *err)
{
	size_t most = s->kv->engine->caps.max_ops;

	if (nops <= most)
		return RC_OK;
	return error_set(err, RC_TOO_LARGE, "too many objects for one transaction: %zu, at most %zu",
	    nops - 1, most - 1);
}

/* commit - the batch as one transaction, if nobody changed the catalogue since it was planned */
static enum rc
commit(struct store *s, struct batch *b, int64_t deadline_ms, struct error *err)
{
	uint64_t planned_on = table_change_rev(batch_table(b)), rev;
	struct kv_compare compare = { CATALOGUE_CHANGE, planned_on };
	struct kv_txn txn = { .compares = &compare, .ncompares = 1, .deadline_ms = deadline_ms };
	char op_id[ID_SIZE];
	enum rc rc;

	if (batch_outside(b)->nwants > 0)
		return error_set(err, RC_UNSUPPORTED, "secret '%s' is kept in an openbao backend "
		    "and can't be changed this way", batch_outside(b)->wants[0].secret);
	txn.nops = batch_ops(b, &txn.ops);
	if (txn.nops == 0)
		return RC_OK;
	if ((rc = check_size(s, txn.nops, err)) != RC_OK)
		return rc;
	random_id(op_id);
	txn.op_id = op_id;
	batch_commit(b, op_id);
	rc = kv_txn(s->kv, &txn, &rev, err);
	if (rc != RC_UNKNOWN)
		return rc;
	if (kv_txn(s->kv, &txn, &rev, NULL) == RC_OK)
		return RC_OK;
	return error_set(err, RC_UNKNOWN, "stored, not yet visible");
}

/* change_once - plan on a fresh table and commit; *overtaken: someone else was faster */
static enum rc
change_once(struct store *s, store_plan *plan, void *arg, int64_t deadline_ms, bool *overtaken,
    struct error *err)
{
	const struct table *t;
	struct batch *b;
	enum rc rc;

	*overtaken = false;
	rc = fresh_table(s, &t, err);
	if (rc != RC_OK)
		return rc;
	b = batch_new(t, s->keyring, s->private_urls);
	rc = plan(b, arg, err);
	if (rc == RC_OK)
		rc = lockout_check(t, batch_table(b), err);
	if (rc == RC_OK) {
		rc = commit(s, b, deadline_ms, err);
		*overtaken = rc == RC_STALE;
	}
	batch_free(b);
	table_unref(t);
	return rc;
}

/* store_rehearse - all of a change but its commit */
enum rc
store_rehearse(struct store *s, store_plan *plan, void *arg, struct error *err)
{
	const struct kv_op *ops;
	const struct table *t;
	struct batch *b;
	enum rc rc;

	if ((rc = fresh_table(s, &t, err)) != RC_OK)
		return rc;
	b = batch_new(t, s->keyring, s->private_urls);
	if ((rc = plan(b, arg, err)) == RC_OK &&
	    (rc = lockout_check(t, batch_table(b), err)) == RC_OK)
		rc = check_size(s, batch_ops(b, &ops), err);
	batch_free(b);
	table_unref(t);
	return rc;
}

/* store_made - see store.h */
enum rc
store_made(struct store *s, const char *op_id, struct error *err)
{
	return kv_made(s->kv, op_id, clock_mono_ms() + STORE_ASK_MS, err);
}

/* store_touch - see store.h */
enum rc
store_touch(struct store *s, struct error *err)
{
	static const char value[] = "{}";
	const struct kv_op op = { KV_PUT, CATALOGUE_CHANGE, value, sizeof(value) - 1 };
	const struct kv_txn txn = { .ops = &op, .nops = 1,
	    .deadline_ms = clock_mono_ms() + STORE_LOCK_MS };

	return kv_txn(s->kv, &txn, NULL, err);
}

/* nap - not all of those that were overtaken at the same time */
static void
nap(void)
{
	unsigned char spread;

	random_bytes(&spread, sizeof(spread));
	clock_nap(NAP_MIN_MS + spread % NAP_SPREAD_MS);
}

/* take_turn - be the one writer of this process; false at the deadline */
static bool
take_turn(struct store *s, int64_t deadline_ms)
{
	struct timespec at = { deadline_ms / 1000, deadline_ms % 1000 * 1000000 };
	bool mine;

	pthread_mutex_lock(&s->lock);
	while (s->changing && pthread_cond_timedwait(&s->turn, &s->lock, &at) == 0)
		;
	mine = !s->changing;
	s->changing = true;
	pthread_mutex_unlock(&s->lock);
	return mine;
}

/* end_turn - the next one, please */
static void
end_turn(struct store *s)
{
	pthread_mutex_lock(&s->lock);
	s->changing = false;
	pthread_cond_signal(&s->turn);
	pthread_mutex_unlock(&s->lock);
}

/* busy - nothing was done */
static enum rc
busy(struct error *err)
{
	return error_set(err, RC_BUSY, "others are changing the catalogue, try again");
}

/* store_change - again and again until nobody is faster, or the time is up */
enum rc
store_change(struct store *s, store_plan *plan, void *arg, struct error *err)
{
	int64_t deadline_ms = clock_mono_ms() + STORE_LOCK_MS;
	bool overtaken;
	enum rc rc;

	if (!take_turn(s, deadline_ms))
		return busy(err);
	rc = change_once(s, plan, arg, deadline_ms, &overtaken, err);
	while (overtaken && clock_mono_ms() < deadline_ms) {
		nap();
		rc = change_once(s, plan, arg, deadline_ms, &overtaken, err);
	}
	end_turn(s);
	return overtaken ? busy(err) : rc;
}
