/* snapshot.c - all items as one block of bytes, and the file of it */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/mem.h"
#include "store/oserr.h"
#include "store/snapshot.h"

#define SNAPSHOT_FILE	"snapshot"
#define SNAPSHOT_TMP	"snapshot.tmp"
#define SNAPSHOT_MAGIC	"mcpdsnap"
#define SNAPSHOT_FORMAT	1		/* also tells another byte order */

struct head {
	char		magic[8];
	uint32_t	format;
	uint32_t	nitems;
	uint64_t	length;		/* bytes after the head */
	uint64_t	rev;
	uint64_t	deleted_rev;
	char		store_id[40];	/* KV_STORE_ID and zeroes */
	unsigned char	sha256[SHA256_SIZE]; /* of everything, these bytes as zeroes */
};

struct entry {				/* then key NUL value NUL; not aligned */
	uint64_t	mod_rev;
	uint32_t	key_len;
	uint32_t	val_len;
};

/* snapshot_begin - room for the head, which is known last */
enum rc
snapshot_begin(struct buf *image, struct error *err)
{
	static const struct head blank;

	buf_clear(image);
	return buf_add(image, &blank, sizeof(blank), err);
}

/* snapshot_add - one item, its key greater than the one before */
enum rc
snapshot_add(struct buf *image, const struct kv_item *item, struct error *err)
{
	struct entry e = { item->mod_rev, (uint32_t)strlen(item->key), (uint32_t)item->len };
	struct head head;
	enum rc rc;

	rc = buf_add(image, &e, sizeof(e), err);
	if (rc == RC_OK)
		rc = buf_add(image, item->key, e.key_len + 1, err);
	if (rc == RC_OK)
		rc = buf_add(image, item->val, item->len, err);
	if (rc == RC_OK)
		rc = buf_add(image, "", 1, err);
	if (rc != RC_OK)
		return error_set(err, rc, "the store would be larger than %u bytes", SNAPSHOT_MAX);
	memcpy(&head, image->p, sizeof(head));
	head.nitems++;
	memcpy(image->p, &head, sizeof(head));
	return RC_OK;
}

/* snapshot_end - the head, and the digest over all */
void
snapshot_end(struct buf *image, const struct snapshot_head *facts)
{
	struct head head;

	memcpy(&head, image->p, sizeof(head));
	memcpy(head.magic, SNAPSHOT_MAGIC, sizeof(head.magic));
	head.format = SNAPSHOT_FORMAT;
	head.length = image->len - sizeof(head);
	head.rev = facts->rev;
	head.deleted_rev = facts->deleted_rev;
	memcpy(head.store_id, facts->store_id, KV_STORE_ID);
	memset(head.sha256, 0, sizeof(head.sha256));
	memcpy(image->p, &head, sizeof(head));
	sha256(image->p, image->len, head.sha256);
	memcpy(image->p, &head, sizeof(head));
}

/* bad - the one way in which an image is refused */
static enum rc
bad(struct error *err, const char *why)
{
	return error_set(err, RC_CORRUPT, "snapshot: %s", why);
}

/* check_head - is this ours, whole, and what was written */
static enum rc
check_head(char *mem, size_t len, struct head *head, struct error *err)
{
	static const unsigned char zeroes[SHA256_SIZE];
	unsigned char sum[SHA256_SIZE];

	if (len < sizeof(*head))
		return bad(err, "too short");
	memcpy(head, mem, sizeof(*head));
	if (memcmp(head->magic, SNAPSHOT_MAGIC, sizeof(head->magic)) != 0)
		return bad(err, "not a snapshot");
	if (head->format != SNAPSHOT_FORMAT)
		return bad(err, "of another version or machine");
	if (head->length != len - sizeof(*head))
		return bad(err, "of the wrong length");
	memcpy(mem + offsetof(struct head, sha256), zeroes, sizeof(zeroes));
	sha256(mem, len, sum);
	memcpy(mem + offsetof(struct head, sha256), head->sha256, sizeof(head->sha256));
	if (memcmp(sum, head->sha256, sizeof(sum)) != 0)
		return bad(err, "damaged (its SHA-256 differs)");
	if (head->store_id[KV_STORE_ID - 1] != '\0' ||
	    head->nitems > head->length / (sizeof(struct entry) + 2))
		return bad(err, "senseless head");
	return RC_OK;
}

/* take_entry - the next item of the image; every length is checked before it is used */
static enum rc
take_entry(const char *mem, size_t len, size_t *at, struct kv_item *item, struct error *err)
{
	struct entry e;
	size_t left = len - *at;

	if (left < sizeof(e))
		return bad(err, "an item is cut");
	memcpy(&e, mem + *at, sizeof(e));
	left -= sizeof(e);
	if (e.key_len > KV_KEY_MAX || e.val_len > KV_VALUE_MAX ||
	    left < (size_t)e.key_len + 1 + e.val_len + 1)
		return bad(err, "an item is cut");
	item->key = mem + *at + sizeof(e);
	item->val = item->key + e.key_len + 1;
	item->len = e.val_len;
	item->mod_rev = e.mod_rev;
	if (strnlen(item->key, e.key_len + 1) != e.key_len || item->val[e.val_len] != '\0')
		return bad(err, "an item is misshapen");
	*at += sizeof(e) + e.key_len + 1 + e.val_len + 1;
	return RC_OK;
}

/* take_entries - all of them, in order */
static enum rc
take_entries(const char *mem, size_t len, struct kv_items *items, struct error *err)
{
	size_t at = sizeof(struct head);
	enum rc rc;

	for (size_t i = 0; i < items->n; i++) {
		rc = take_entry(mem, len, &at, &items->v[i], err);
		if (rc != RC_OK)
			return rc;
		if (i > 0 && strcmp(items->v[i - 1].key, items->v[i].key) >= 0)
			return bad(err, "its items are out of order");
	}
	return at == len ? RC_OK : bad(err, "bytes after the last item");
}

/* snapshot_parse - from bytes to items, without a copy */
enum rc
snapshot_parse(void *mem, size_t len, struct snapshot_head *out, struct kv_items *items,
    struct error *err)
{
	struct kv_items found = { .mem = mem, .mem_len = len };
	struct head head;
	enum rc rc;

	rc = check_head(mem, len, &head, err);
	if (rc == RC_OK) {
		found.n = head.nitems;
		found.rev = head.rev;
		memcpy(found.store_id, head.store_id, KV_STORE_ID);
		found.v = x_calloc(found.n, sizeof(*found.v));
		rc = take_entries(mem, len, &found, err);
	}
	if (rc != RC_OK) {
		kv_items_release(&found);
		return rc;
	}
	memcpy(out->store_id, head.store_id, KV_STORE_ID);
	out->rev = head.rev;
	out->deleted_rev = head.deleted_rev;
	*items = found;
	return RC_OK;
}

/* read_all - the file's bytes; it is never written to under this name, only replaced */
static enum rc
read_all(const struct statedir *d, int fd, char **out, size_t *len, struct error *err)
{
	struct stat st;
	size_t got = 0;
	ssize_t n = 1;
	char *mem;

	if (fstat(fd, &st) != 0)
		return oserr(err, "stat %s/" SNAPSHOT_FILE, d->path);
	if (st.st_size > (off_t)SNAPSHOT_MAX)
		return bad(err, "too large");
	mem = x_malloc((size_t)st.st_size);
	while (got < (size_t)st.st_size && n > 0) {
		n = read(fd, mem + got, (size_t)st.st_size - got);
		if (n > 0)
			got += (size_t)n;
	}
	if (n < 0) {
		free(mem);
		return oserr(err, "read %s/" SNAPSHOT_FILE, d->path);
	}
	*out = mem;
	*len = got;
	return RC_OK;
}

/* snapshot_load - the file in force */
enum rc
snapshot_load(const struct statedir *d, const char *store_id, struct snapshot_head *head,
    struct kv_items *items, struct error *err)
{
	struct snapshot_head h;
	struct kv_items found;
	char *mem = NULL;
	size_t len = 0;
	enum rc rc;
	int fd;

	rc = statedir_file(d, SNAPSHOT_FILE, O_RDONLY, &fd, err);
	if (rc != RC_OK)
		return rc;
	rc = read_all(d, fd, &mem, &len, err);
	close(fd);
	if (rc == RC_OK)
		rc = snapshot_parse(mem, len, &h, &found, err);
	if (rc != RC_OK)
		return rc;
	if (store_id != NULL && strcmp(h.store_id, store_id) != 0) {
		kv_items_release(&found);
		return bad(err, "of another store");
	}
	*head = h;
	*items = found;
	return RC_OK;
}

/* write_all - every byte, or why not */
static enum rc
write_all(const struct statedir *d, int fd, const struct buf *image, struct error *err)
{
	ssize_t n;

	for (size_t done = 0; done < image->len; done += (size_t)n) {
		n = write(fd, image->p + done, image->len - done);
		if (n < 0)
			return oserr(err, "write %s/" SNAPSHOT_TMP, d->path);
	}
	return RC_OK;
}

/* snapshot_write - made anew: what a process that died left under this name may be root's */
enum rc
snapshot_write(const struct statedir *d, const struct buf *image, struct error *err)
{
	enum rc rc;
	int fd;

	if (unlinkat(d->fd, SNAPSHOT_TMP, 0) != 0 && errno != ENOENT)
		return oserr(err, "remove %s/" SNAPSHOT_TMP, d->path);
	rc = statedir_file(d, SNAPSHOT_TMP, O_WRONLY | O_CREAT | O_EXCL, &fd, err);
	if (rc != RC_OK)
		return rc;
	rc = write_all(d, fd, image, err);
	if (close(fd) != 0 && rc == RC_OK)
		rc = oserr(err, "close %s/" SNAPSHOT_TMP, d->path);
	if (rc != RC_OK)
		snapshot_discard(d);
	return rc;
}

/* snapshot_discard - the change did not come to be; a full disk needs the room */
void
snapshot_discard(const struct statedir *d)
{
	unlinkat(d->fd, SNAPSHOT_TMP, 0);
}

/* snapshot_rename - readers see the old one or the new one, whole */
enum rc
snapshot_rename(const struct statedir *d, struct error *err)
{
	if (renameat(d->fd, SNAPSHOT_TMP, d->fd, SNAPSHOT_FILE) != 0)
		return oserr(err, "rename %s/" SNAPSHOT_TMP, d->path);
	return RC_OK;
}

/* snapshot_find - lower bound */
size_t
snapshot_find(const struct kv_items *items, const char *key)
{
	size_t lo = 0, hi = items->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (strcmp(items->v[mid].key, key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* keep - only the items from lo to before hi */
static void
keep(struct kv_items *items, size_t lo, size_t hi)
{
	memmove(items->v, items->v + lo, (hi - lo) * sizeof(*items->v));
	items->n = hi - lo;
}

/* snapshot_keep_prefix - those whose key begins so */
void
snapshot_keep_prefix(struct kv_items *items, const char *prefix)
{
	size_t lo = snapshot_find(items, prefix), hi = lo, len = strlen(prefix);

	while (hi < items->n && strncmp(items->v[hi].key, prefix, len) == 0)
		hi++;
	keep(items, lo, hi);
}

/* snapshot_keep_key - that one, or none */
void
snapshot_keep_key(struct kv_items *items, const char *key)
{
	size_t at = snapshot_find(items, key);

	keep(items, at, at + (at < items->n && strcmp(items->v[at].key, key) == 0));
}

/* snapshot_keep_since - what was put after since; deletes leave no trace but their last revision */
enum rc
snapshot_keep_since(struct kv_items *items, const struct snapshot_head *head, uint64_t since,
    struct error *err)
{
	size_t n = 0;

	if (since > head->rev)
		return error_set(err, RC_RESYNC, "revision %ju is not known here", (uintmax_t)since);
	if (since < head->deleted_rev)
		return error_set(err, RC_RESYNC, "something was deleted after revision %ju",
		    (uintmax_t)since);
	for (size_t i = 0; i < items->n; i++)
		if (items->v[i].mod_rev > since)
			items->v[n++] = items->v[i];
	items->n = n;
	return RC_OK;
}
