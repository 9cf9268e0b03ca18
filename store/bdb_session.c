/* bdb_session.c - one writer's turn */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/bdb_session.h"
#include "store/faultpoint.h"
#include "store/snapshot.h"

#define META_KEY "meta/head"

/* one writer a process: its threads wait here, where they are woken, and not at the file lock */
static pthread_mutex_t door = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t opened = PTHREAD_COND_INITIALIZER;
static bool taken;

static atomic_ulong recoveries;		/* not asked for yet */

/* take_turn - wait for the other threads of this process */
static enum rc
take_turn(struct session *s, int64_t deadline_ms, struct error *err)
{
	int64_t left = deadline_ms - clock_mono_ms();
	struct timespec until;
	int waited = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	if (left > 0) {
		until.tv_sec += left / 1000;
		until.tv_nsec += left % 1000 * 1000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
	}
	pthread_mutex_lock(&door);
	while (taken && waited == 0)
		waited = pthread_cond_clockwait(&opened, &door, CLOCK_MONOTONIC, &until);
	s->turn = !taken;
	taken = true;
	pthread_mutex_unlock(&door);
	if (!s->turn)
		return error_set(err, RC_BUSY, "other changes of this process come first");
	return RC_OK;
}

/* give_turn - to one that waits */
static void
give_turn(struct session *s)
{
	if (!s->turn)
		return;
	pthread_mutex_lock(&door);
	taken = false;
	pthread_cond_signal(&opened);
	pthread_mutex_unlock(&door);
	s->turn = false;
}

/* draw_item - one item of the database into an image; what is the engine's own stays out */
static enum rc
draw_item(void *image, const struct kv_item *item, struct error *err)
{
	if (strncmp(item->key, KV_META_PREFIX, strlen(KV_META_PREFIX)) == 0)
		return RC_OK;
	return snapshot_add(image, item, err);
}

/* draw - the snapshot of what the database holds now, the open transaction included, as a file that
   is not in force yet: when it fails, nothing was committed */
static enum rc
draw(struct session *s, const struct snapshot_head *head, struct error *err)
{
	struct buf image = BUF_INIT(SNAPSHOT_MAX);
	enum rc rc;

	rc = snapshot_begin(&image, err);
	if (rc == RC_OK)
		rc = bdb_each(s->db, draw_item, &image, err);
	if (rc == RC_OK) {
		snapshot_end(&image, head);
		rc = snapshot_write(s->dir, &image, err);
	}
	buf_wipe(&image);
	if (rc == RC_OK)
		fault_point("snapshot");
	return rc;
}

/* publish - put what was drawn in force and tell every reader */
static enum rc
publish(struct session *s, struct error *err)
{
	enum rc rc = snapshot_rename(s->dir, err);

	if (rc != RC_OK)
		return rc;
	fault_point("rename");
	return generation_bump(s->gen, s->dir, s->meta.head.store_id, s->meta.head.rev,
	    s->new_store, err);
}

/* published - the revision of the snapshot in force, 0 when there is none that is good */
static uint64_t
published(struct session *s)
{
	struct snapshot_head head;
	struct kv_items items;

	if (snapshot_load(s->dir, s->meta.head.store_id, &head, &items, NULL) != RC_OK)
		return 0;
	kv_items_release(&items);
	return head.rev;
}

/* heal - finish what a writer that died left undone, replace what was damaged */
static enum rc
heal(struct session *s, struct error *err)
{
	uint64_t rev = s->meta.head.rev, shown = published(s);
	enum rc rc;

	/* a snapshot comes after its commit: the database has lost what readers were told */
	if (shown > rev)
		return error_set(err, RC_CORRUPT, "%s: the database is at revision %" PRIu64
		    ", but %" PRIu64 " was acknowledged (a damaged log, or an old copy); remove "
		    "%s/snapshot to go on without the changes in between",
		    s->dir->path, rev, shown, s->dir->path);
	if (s->gen->page == NULL)
		generation_open(s->gen, s->dir, NULL);
	if (shown == rev && generation_shows(s->gen, s->dir, s->meta.head.store_id, rev))
		return RC_OK;
	rc = draw(s, &s->meta.head, err);
	if (rc == RC_OK)
		rc = publish(s, err);
	if (rc != RC_OK)
		return rc;
	atomic_fetch_add(&recoveries, 1);
	log_info("store %s: revision %" PRIu64 " published again", s->dir->path, rev);
	return RC_OK;
}

/* kv_recoveries - each is told once */
unsigned long
kv_recoveries(void)
{
	return atomic_exchange(&recoveries, 0);
}

/* read_meta - RC_NOT_FOUND: a database, but no store */
static enum rc
read_meta(struct session *s, struct error *err)
{
	struct kv_item item;
	enum rc rc;

	rc = bdb_get(s->db, META_KEY, &item, err);
	return rc == RC_OK ? meta_parse(&s->meta, item.val, item.len, err) : rc;
}

/* put_meta - in the open transaction */
static enum rc
put_meta(struct session *s, const struct meta *meta, struct error *err)
{
	char *text = meta_encode(meta);
	struct kv_item item = { META_KEY, text, strlen(text), meta->head.rev };
	enum rc rc = bdb_put(s->db, &item, err);

	free(text);
	return rc;
}

/* room - in memory, for all pages of the database and all that is put: values may take twice their
   size in pages, and old pages are kept beside new ones */
static size_t
room(const struct session *s)
{
	struct stat st;

	if (fstatat(s->dir->fd, STATEDIR_DATABASE, &st, AT_SYMLINK_NOFOLLOW) != 0)
		st.st_size = 0;
	return ((size_t)st.st_size + s->room) * 2;
}

/* open_database - recovery, and the owner's hands on what it made; where it was moved, no more than that */
static enum rc
open_database(struct session *s, bool create, struct error *err)
{
	char *path = statedir_home(s->dir);
	enum rc rc = bdb_open(path, create, room(s), &s->db, err);

	free(path);
	if (rc != RC_OK)
		return error_prefix(err, "store %s", s->dir->path);
	fault_point("open");
	rc = statedir_here(s->dir, err);
	return rc == RC_OK ? statedir_tidy(s->dir, err) : rc;
}

/* enter - from the lock to a store that is in step */
static enum rc
enter(struct session *s, struct error *err)
{
	enum rc rc = open_database(s, false, err);

	if (rc == RC_OK)
		rc = read_meta(s, err);
	if (rc == RC_NOT_FOUND)
		return error_set(err, RC_UNAVAILABLE, "no store in %s: make one with mcpctl init",
		    s->dir->path);
	if (rc != RC_OK)
		return rc;
	/* a restore gives the store another id, and tells readers by the generation's page */
	if (s->store_id != NULL && strcmp(s->store_id, s->meta.head.store_id) != 0 &&
	    (s->gen->page == NULL || !generation_is_of(s->gen, s->meta.head.store_id)))
		return error_set(err, RC_CORRUPT, "%s: the database is of another store than the "
		    "snapshot (cat.db and log.* were copied here?)", s->dir->path);
	return heal(s, err);
}

/* lock - the turn among threads, then among processes, on a directory that can be written */
static enum rc
lock(struct session *s, int64_t deadline_ms, struct error *err)
{
	enum rc rc = take_turn(s, deadline_ms, err);

	if (rc == RC_OK)
		rc = statedir_lock(s->dir, deadline_ms, &s->lock, err);
	if (rc != RC_OK)
		return rc;
	fault_point("lock");
	return statedir_ready(s->dir, err);
}

/* session_open - begin a turn */
enum rc
session_open(struct session *s, int64_t deadline_ms, struct error *err)
{
	enum rc rc = lock(s, deadline_ms, err);

	return rc == RC_OK ? enter(s, err) : rc;
}

/* session_close - end it */
void
session_close(struct session *s)
{
	bdb_close(s->db);
	s->db = NULL;
	if (s->lock >= 0) {
		statedir_tidy(s->dir, NULL);
		close(s->lock);
	}
	s->lock = -1;
	give_turn(s);
}

/* commit - the end of a transaction: durable and published, or as if it had not been */
static enum rc
commit(struct session *s, const struct meta *next, struct error *err)
{
	enum rc rc;

	s->in_doubt = true;
	rc = bdb_commit(s->db, err);
	if (rc != RC_OK) {
		s->in_doubt = bdb_panicked(s->db);
		snapshot_discard(s->dir);
		return rc;
	}
	s->in_doubt = false;
	fault_point("commit");
	s->meta = *next;
	rc = publish(s, err);
	if (rc == RC_OK)
		return RC_OK;
	error_prefix(err, "stored, not yet visible");
	if (err != NULL)
		err->rc = RC_UNKNOWN;
	return RC_UNKNOWN;
}

/* roll_back - nothing happened */
static enum rc
roll_back(struct session *s, enum rc rc)
{
	bdb_abort(s->db);
	snapshot_discard(s->dir);
	return rc;
}

/* session_create - the database appears by its first commit: before it there is no store, after it
   there is a whole one, and the next turn publishes it */
enum rc
session_create(struct session *s, const char *new_id, int64_t deadline_ms, struct error *err)
{
	struct meta fresh;
	enum rc rc;

	meta_init(&fresh, new_id);
	rc = lock(s, deadline_ms, err);
	if (rc == RC_OK)
		rc = open_database(s, true, err);
	if (rc == RC_OK)
		rc = read_meta(s, err);
	if (rc == RC_OK) {
		rc = heal(s, err);
		return rc != RC_OK ? rc : error_set(err, RC_CONFLICT,
		    "there is a store in %s already", s->dir->path);
	}
	if (rc != RC_NOT_FOUND)
		return rc;
	s->new_store = true;
	rc = bdb_begin(s->db, err);
	if (rc == RC_OK)
		rc = put_meta(s, &fresh, err);
	fault_point("put");
	if (rc == RC_OK)
		rc = draw(s, &fresh.head, err);
	return rc == RC_OK ? commit(s, &fresh, err) : roll_back(s, rc);
}

struct walk {				/* the database beside the snapshot */
	const struct kv_items	*items;
	size_t			 at;
};

/* compare_item - the database's next one is the snapshot's next one */
static enum rc
compare_item(void *arg, const struct kv_item *item, struct error *err)
{
	struct walk *w = arg;
	const struct kv_item *shown = &w->items->v[w->at];

	if (strncmp(item->key, KV_META_PREFIX, strlen(KV_META_PREFIX)) == 0)
		return RC_OK;
	if (w->at == w->items->n || strcmp(shown->key, item->key) != 0 ||
	    shown->mod_rev != item->mod_rev || shown->len != item->len ||
	    memcmp(shown->val, item->val, item->len) != 0)
		return error_set(err, RC_CORRUPT, "%s: snapshot and database differ", item->key);
	w->at++;
	return RC_OK;
}

/* try_write - one that comes to nothing: pages that are whole but newer than the log, because someone
   took it away, can be read and not written */
static enum rc
try_write(struct session *s, struct error *err)
{
	enum rc rc = bdb_begin(s->db, err);

	if (rc == RC_OK)
		rc = put_meta(s, &s->meta, err);
	bdb_abort(s->db);
	return rc;
}

/* session_verify - see bdb_session.h */
enum rc
session_verify(struct session *s, struct error *err)
{
	struct snapshot_head head;
	struct kv_items items;
	struct walk w = { &items, 0 };
	enum rc rc;

	rc = snapshot_load(s->dir, s->meta.head.store_id, &head, &items, err);
	if (rc != RC_OK)
		return rc;
	rc = bdb_each(s->db, compare_item, &w, err);
	if (rc == RC_OK && w.at < items.n)
		rc = error_set(err, RC_CORRUPT, "%s: in the snapshot, not in the database",
		    items.v[w.at].key);
	kv_items_release(&items);
	if (rc == RC_OK)
		rc = try_write(s, err);
	bdb_close(s->db);
	s->db = NULL;
	return rc == RC_OK ? bdb_verify(s->dir->path, err) : rc;
}

/* check_compares - does the caller know the newest of all that it names */
static enum rc
check_compares(struct session *s, const struct kv_txn *txn, struct error *err)
{
	const struct kv_compare *c;
	struct kv_item item;
	uint64_t found;
	enum rc rc;

	for (c = txn->compares; c < txn->compares + txn->ncompares; c++) {
		rc = bdb_get(s->db, c->key, &item, err);
		if (rc != RC_OK && rc != RC_NOT_FOUND)
			return rc;
		found = rc == RC_OK ? item.mod_rev : 0;
		if (found != c->mod_rev)
			return error_set(err, RC_STALE, "%s is at revision %" PRIu64 ", not %"
			    PRIu64, c->key, found, c->mod_rev);
	}
	return RC_OK;
}

/* apply - the operations, in their order */
static enum rc
apply(struct session *s, const struct kv_txn *txn, uint64_t rev, int *deleted, struct error *err)
{
	const struct kv_op *op;
	enum rc rc = RC_OK;
	bool was;

	for (op = txn->ops; rc == RC_OK && op < txn->ops + txn->nops; op++) {
		if (op->type == KV_PUT) {
			struct kv_item item = { op->key, op->val, op->len, rev };

			rc = bdb_put(s->db, &item, err);
		} else {
			rc = bdb_delete(s->db, op->key, &was, err);
			*deleted |= rc == RC_OK && was;
		}
	}
	return rc;
}

/* stage - everything that can fail for want of room or sense, before anything is for good */
static enum rc
stage(struct session *s, const struct kv_txn *txn, struct meta *next, struct error *err)
{
	int deleted = 0;
	enum rc rc;

	rc = bdb_begin(s->db, err);
	if (rc == RC_OK)
		rc = apply(s, txn, next->head.rev + 1, &deleted, err);
	if (rc != RC_OK)
		return rc;
	meta_advance(next, txn, deleted);
	rc = put_meta(s, next, err);
	if (rc != RC_OK)
		return rc;
	fault_point("put");
	return draw(s, &next->head, err);
}

/* attempt - the transaction, once */
static enum rc
attempt(struct session *s, const struct kv_txn *txn, uint64_t *rev, struct error *err)
{
	uint64_t applied = meta_applied(&s->meta, txn->op_id);
	struct meta next = s->meta;
	enum rc rc = RC_OK;

	if (applied == 0) {
		rc = check_compares(s, txn, err);
		if (rc == RC_OK && txn->nops > 0) {
			rc = stage(s, txn, &next, err);
			if (rc == RC_OK)	/* an acknowledged change must not be in what is aside */
				rc = statedir_here(s->dir, err);
			rc = rc == RC_OK ? commit(s, &next, err) : roll_back(s, rc);
		}
		applied = s->meta.head.rev;
	}
	if (rc == RC_OK)
		*rev = applied;
	return rc;
}

/* session_txn - after a panic the truth is what a new open finds: done, or still to do, once */
enum rc
session_txn(struct session *s, const struct kv_txn *txn, uint64_t *rev, struct error *err)
{
	uint64_t next = s->meta.head.rev + 1;
	enum rc rc;

	rc = attempt(s, txn, rev, err);
	if (rc == RC_OK || !bdb_panicked(s->db))
		return rc;
	bdb_close(s->db);
	s->db = NULL;
	rc = enter(s, err);
	if (rc == RC_OK && s->in_doubt && s->meta.head.rev == next) {
		*rev = next;
		return RC_OK;
	}
	if (rc == RC_OK) {
		s->in_doubt = false;
		rc = attempt(s, txn, rev, err);
	}
	if (!s->in_doubt || rc == RC_OK)
		return rc;
	return error_set(err, RC_UNKNOWN, "the end of a commit in %s is not known: read again",
	    s->dir->path);
}
