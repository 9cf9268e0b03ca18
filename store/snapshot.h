/*
 * snapshot.h - every item of a store at one revision, as one block of bytes: the file that readers
 * load, and the form in which items are held in memory.
 *
 * Shapes  an image is built by snapshot_begin(), _add() in key order, _end(); it is checked whole by
 *         SHA-256 when it is parsed. The file is a cache: made again from the database when it is
 *         missing or damaged, so it is never fsynced; and of this machine, so its numbers are too
 * Units   bytes; an image holds at most SNAPSHOT_MAX
 * Errors  RC_CORRUPT: not what was written; RC_NOT_FOUND: no file; RC_TOO_LARGE; RC_NO_SPACE, RC_IO
 * Owns    items own their memory (kv_items_release)
 * Source  DESIGN.md 4
 */
#ifndef STORE_SNAPSHOT_H
#define STORE_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/rc.h"
#include "store/kv.h"
#include "store/statedir.h"

#define SNAPSHOT_MAX	(256u << 20)	/* bytes */

struct snapshot_head {
	char		store_id[KV_STORE_ID];
	uint64_t	rev;
	uint64_t	deleted_rev;	/* of the last delete, 0: there was none */
};

/* snapshot_begin - image was made with buf_init(image, SNAPSHOT_MAX) */
enum rc snapshot_begin(struct buf *image, struct error *err);
enum rc snapshot_add(struct buf *image, const struct kv_item *item, struct error *err);
void snapshot_end(struct buf *image, const struct snapshot_head *head);

/* snapshot_parse - takes mem in any case; items point into it, meta items are none */
enum rc snapshot_parse(void *mem, size_t len, struct snapshot_head *head, struct kv_items *items,
    struct error *err);

/* snapshot_load - the file; store_id (NULL: any) is whose it must be */
enum rc snapshot_load(const struct statedir *d, const char *store_id, struct snapshot_head *head,
    struct kv_items *items, struct error *err);

/* snapshot_write - beside the file in force; then snapshot_rename() puts it in force, or
   snapshot_discard() forgets it. Under the lock */
enum rc snapshot_write(const struct statedir *d, const struct buf *image, struct error *err);
enum rc snapshot_rename(const struct statedir *d, struct error *err);
void snapshot_discard(const struct statedir *d);

/* what a reader asked for out of all items; they stay sorted */
void snapshot_keep_prefix(struct kv_items *items, const char *prefix);
void snapshot_keep_key(struct kv_items *items, const char *key);

/* snapshot_keep_since - RC_RESYNC when items don't tell what happened after since */
enum rc snapshot_keep_since(struct kv_items *items, const struct snapshot_head *head,
    uint64_t since, struct error *err);

/* snapshot_find - where the key is, or where it would be (its key differs then, or n) */
size_t snapshot_find(const struct kv_items *items, const char *key);

#endif
