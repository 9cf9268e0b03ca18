/*
 * bdb.h - one Berkeley DB database in a private environment, for one thread that holds the lock.
 *
 * Shapes  keys and items as in kv.h; recovery runs at every open and is the whole crash story.
 *         Never open before fork, never in two processes, never in a reader
 * Units   bytes
 * Errors  RC_NO_SPACE, RC_UNAVAILABLE, RC_CORRUPT, RC_IO; RC_NOT_FOUND from bdb_get(),
 *         and from bdb_open() where there is no database. After bdb_panicked() only bdb_close()
 *         is left; opening again recovers
 * Owns    bdb_close() frees, and aborts what is not committed
 * Source  Berkeley DB 5.3 (the only user of db.h); DESIGN.md 4 says why nothing is shared
 */
#ifndef STORE_BDB_H
#define STORE_BDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rc.h"
#include "store/kv.h"

struct bdb;

/*
 * bdb_open - recover and open; create makes the database where there is none. room is what the
 * transaction may come to hold in memory, pages of the database included: with less, Berkeley DB has to
 * write pages before the commit, and where the disk is full it tries that for ever, under our lock.
 */
enum rc bdb_open(const char *dir, bool create, size_t room, struct bdb **out, struct error *err);
void bdb_close(struct bdb *b);		/* NULL is fine */

/* bdb_verify - every page of a database that nobody has open; RC_CORRUPT */
enum rc bdb_verify(const char *dir, struct error *err);

bool bdb_panicked(const struct bdb *b);

/* bdb_get - item is borrowed until the next call on b; its key is the caller's */
enum rc bdb_get(struct bdb *b, const char *key, struct kv_item *item, struct error *err);

/* bdb_each - every item in key order, as the open transaction sees them; stops at another code than
   RC_OK */
typedef enum rc bdb_visit(void *arg, const struct kv_item *item, struct error *err);
enum rc bdb_each(struct bdb *b, bdb_visit *visit, void *arg, struct error *err);

enum rc bdb_begin(struct bdb *b, struct error *err);
enum rc bdb_put(struct bdb *b, const struct kv_item *item, struct error *err);
/* bdb_delete - *was tells whether there was something */
enum rc bdb_delete(struct bdb *b, const char *key, bool *was, struct error *err);
/* bdb_commit - RC_OK: on disk; else not, unless bdb_panicked(): then only a new open can tell */
enum rc bdb_commit(struct bdb *b, struct error *err);
void bdb_abort(struct bdb *b);		/* without a transaction: nothing */

#endif
