/*
 * kv.h - the small key-value interface that the catalogue stands on; engines are behind it.
 *
 * Shapes  flat keys "kind/name" of visible ASCII (no cursors, no secondary indexes; "meta/..." is the
 *         engine's own: never shown, refused in writes), values of bytes;
 *         one global revision, counted by the engine, stored with the data; each item carries the
 *         revision that last changed it
 * Units   bytes; revisions from 1 (a store without items) upward, 0 is "absent"; deadlines in
 *         clock_mono_ms()
 * Errors  txn: RC_STALE (a compare failed, nothing applied), RC_BUSY (the lock was not had before
 *         the deadline, or no descriptor or memory was left), RC_UNAVAILABLE (directory not
 *         writable, wrong owner...), RC_NO_SPACE, RC_TOO_LARGE (past caps), RC_CORRUPT, RC_UNKNOWN
 *         (durable, not yet visible: repeat it with the same op_id, or read again)
 * Owns    kv_items_release() frees what get, range and changes gave; kv_close() the engine
 * Source  DESIGN.md 4; the verbs are etcd's, so that one can come behind it
 */
#ifndef STORE_KV_H
#define STORE_KV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/rc.h"

#define KV_KEY_MAX	1024		/* bytes of a key */
#define KV_VALUE_MAX	65536		/* bytes of a value */
#define KV_STORE_ID	33		/* 32 hex characters and NUL: names one store for ever */
#define KV_OP_ID_MAX	64		/* bytes of an op_id, with the NUL; visible ASCII */
#define KV_META_PREFIX	"meta/"		/* the engine's own keys */

struct kv_item {
	const char	*key;		/* NUL-terminated */
	const char	*val;		/* val[len] is NUL too; NULL in changes(): deleted */
	size_t		 len;
	uint64_t	 mod_rev;
};

struct kv_items {			/* sorted by key, all at one revision */
	struct kv_item	*v;
	size_t		 n;
	uint64_t	 rev;
	char		 store_id[KV_STORE_ID];	/* whose they are */
	void		*mem;		/* what the items point into */
	size_t		 mem_len;
};

struct kv_compare {
	const char	*key;
	uint64_t	 mod_rev;	/* must be the key's, 0: the key must be absent */
};

enum kv_op_type { KV_PUT, KV_DELETE };

struct kv_op {
	enum kv_op_type	 type;
	const char	*key;
	const char	*val;
	size_t		 len;
};

struct kv_txn {
	const struct kv_compare	*compares;	/* against what is there before the ops */
	size_t			 ncompares;
	const struct kv_op	*ops;		/* in their order: of two on one key the last wins;
						   none: the revision stays */
	size_t			 nops;
	const char		*store_id;	/* NULL, or whose store it is from now on: one that is
						   restored from a dump keeps the dump's id */
	const char		*op_id;		/* NULL, or a name of this very change: applied at
						   most once, a repeat answers RC_OK and its rev (as
						   long as it is among the last 64 that had one) */
	int64_t			 deadline_ms;
};

struct kv_caps {
	size_t	max_ops;		/* operations in one transaction */
	size_t	max_value;		/* bytes */
};

struct kv;

struct kv_engine {
	const char	*name;
	struct kv_caps	 caps;
	/* MUST. No system call when nothing changed, but two a second. A value other than the last one
	   seen: read again; 0: not known, read again */
	uint64_t	(*generation)(struct kv *kv);
	/* MUST. Zero or one item */
	enum rc		(*get)(struct kv *kv, const char *key, struct kv_items *out,
			    struct error *err);
	/* MUST. Every item whose key begins with prefix, "" for all */
	enum rc		(*range)(struct kv *kv, const char *prefix, struct kv_items *out,
			    struct error *err);
	/* MUST. All or nothing; acknowledged only when every reader's next request sees it.
	   kv_txn() has checked keys, sizes and caps */
	enum rc		(*txn)(struct kv *kv, const struct kv_txn *txn, uint64_t *rev,
			    struct error *err);
	/* MUST. What changed after since; RC_RESYNC when the engine can't tell */
	enum rc		(*changes)(struct kv *kv, uint64_t since, struct kv_items *out,
			    struct error *err);
	/* MUST. The engine's own files are whole, and say what readers see; else RC_CORRUPT */
	enum rc		(*verify)(struct kv *kv, struct error *err);
	/* MUST. What is open is no longer what its name stands for (moved away, deleted): close it and
	   open anew. No system calls but those of generation */
	bool		(*gone)(struct kv *kv);
	/* MUST. Borrowed; whose the store was when it was opened. A restore may make it another's:
	   items say whose they are */
	const char	*(*store_id)(struct kv *kv);
	void		(*close)(struct kv *kv);
};

struct kv {				/* an engine's struct begins with it */
	const struct kv_engine	*engine;
};

/*
 * Berkeley DB engine. dir is the state directory. create makes it (RC_CONFLICT if a store is there);
 * store_id NULL: a new one. Opening reads nothing but the snapshot: safe before fork.
 */
struct kv_bdb_opts {
	int	allow_network_fs;
};
enum rc kv_bdb_create(const char *dir, const char *store_id, const struct kv_bdb_opts *opts,
    struct error *err);
enum rc kv_bdb_open(const char *dir, const struct kv_bdb_opts *opts, struct kv **out,
    struct error *err);

/* in-memory engine: for tests, and the proof that the interface is one */
struct kv *kv_mem_new(const char *store_id);

uint64_t kv_generation(struct kv *kv);
enum rc kv_get(struct kv *kv, const char *key, struct kv_items *out, struct error *err);
enum rc kv_range(struct kv *kv, const char *prefix, struct kv_items *out, struct error *err);
/* kv_txn - rev may be NULL */
enum rc kv_txn(struct kv *kv, const struct kv_txn *txn, uint64_t *rev, struct error *err);
/* kv_made - was the transaction of that op_id committed; RC_NOT_FOUND: it was not, or 64 others since */
enum rc kv_made(struct kv *kv, const char *op_id, int64_t deadline_ms, struct error *err);
enum rc kv_changes(struct kv *kv, uint64_t since, struct kv_items *out, struct error *err);
enum rc kv_rev(struct kv *kv, uint64_t *rev, struct error *err);
enum rc kv_verify(struct kv *kv, struct error *err);
bool kv_gone(struct kv *kv);
const char *kv_store_id(struct kv *kv);
void kv_items_release(struct kv_items *items);
void kv_close(struct kv *kv);		/* NULL is fine */

/* kv_recoveries - how often this process has mended what a writer that died had left, since it was
   asked last; of all stores together */
unsigned long kv_recoveries(void);

/* kv_dump - every item as text, sorted, with the store id; the same content gives the same bytes */
enum rc kv_dump(struct kv *kv, FILE *out, struct error *err);

struct kv_dump;				/* a dump that was read */

/* kv_dump_read - what kv_dump() wrote; RC_INVALID names the line that is wrong */
enum rc kv_dump_read(FILE *in, struct kv_dump **out, struct error *err);
void kv_dump_free(struct kv_dump *d);	/* wipes; NULL is fine */
const char *kv_dump_store_id(const struct kv_dump *d);
const struct kv_items *kv_dump_items(const struct kv_dump *d);

/* kv_load - a dump takes the place of all that is there, in one transaction, and its store id that of
   the store. there (may be NULL) is what may be replaced: RC_STALE when it has changed meanwhile;
   NULL: the engine must have no items (RC_CONFLICT) */
enum rc kv_load(struct kv *kv, const struct kv_dump *d, const struct kv_items *there,
    struct error *err);

#endif
