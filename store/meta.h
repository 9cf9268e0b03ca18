/*
 * meta.h - what an engine knows about its own store, kept beside the items.
 *
 * Shapes  as text, one fact a line: "format 1", "store <id>", "rev N", "deleted N", and
 *         "op <rev> <op_id>" for the last META_OPS changes that had an op_id
 * Units   revisions
 * Errors  RC_CORRUPT: not that text, or a format of the future
 * Owns    meta_encode()'s text is the caller's
 * Source  DESIGN.md 4
 */
#ifndef STORE_META_H
#define STORE_META_H

#include <stddef.h>
#include <stdint.h>

#include "base/rc.h"
#include "store/kv.h"
#include "store/snapshot.h"

#define META_OPS	64		/* op ids that are remembered */
#define META_FIRST_REV	1		/* of a store without items */

struct meta_op {
	uint64_t	rev;
	char		id[KV_OP_ID_MAX];
};

struct meta {
	struct snapshot_head	head;
	struct meta_op		ops[META_OPS];	/* oldest first */
	size_t			nops;
};

/* meta_init - of a new store; store_id NULL: a random one */
void meta_init(struct meta *m, const char *store_id);

/* meta_applied - the revision of the change of that name, 0: not known; op_id may be NULL */
uint64_t meta_applied(const struct meta *m, const char *op_id);

/* meta_advance - the facts after a change */
void meta_advance(struct meta *m, const struct kv_txn *txn, int deleted);

char *meta_encode(const struct meta *m);
enum rc meta_parse(struct meta *m, const char *text, size_t len, struct error *err);

#endif
