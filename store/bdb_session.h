/*
 * bdb_session.h - one writer's turn on a Berkeley DB store: lock, open, heal, change, publish.
 *
 * Shapes  session_open() returns with the lock had and the snapshot and generation in step with the
 *         database, whatever the writer before died of; session_close() ends the turn
 * Units   deadlines in clock_mono_ms(); they bound the wait for the lock
 * Errors  as kv_txn()
 * Owns    session_close() releases all, also after a failed session_open()
 * Source  DESIGN.md 4
 */
#ifndef STORE_BDB_SESSION_H
#define STORE_BDB_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rc.h"
#include "store/bdb.h"
#include "store/generation.h"
#include "store/kv.h"
#include "store/meta.h"
#include "store/statedir.h"

struct session {
	const struct statedir	*dir;
	struct generation	*gen;
	const char		*store_id;	/* the database must be this store's; NULL: any */
	bool			 turn;		/* among the threads of this process */
	int			 lock;		/* -1: not had */
	struct bdb		*db;
	size_t			 room;		/* bytes that the change puts; set before the open */
	struct meta		 meta;
	bool			 new_store;	/* nobody can have it open */
	bool			 in_doubt;	/* a commit was tried and its end is not known */
};

#define SESSION_INIT(d, g, id) { .dir = (d), .gen = (g), .store_id = (id), .lock = -1 }

enum rc session_open(struct session *s, int64_t deadline_ms, struct error *err);
void session_close(struct session *s);

/* session_create - session_open() where there is no store yet; RC_CONFLICT where there is one */
enum rc session_create(struct session *s, const char *new_id, int64_t deadline_ms,
    struct error *err);

/* session_verify - the database against the snapshot in force, whether it takes a write, then its pages;
   ends the use of db */
enum rc session_verify(struct session *s, struct error *err);

enum rc session_txn(struct session *s, const struct kv_txn *txn, uint64_t *rev, struct error *err);

#endif
