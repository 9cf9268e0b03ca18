/*
 * dump.c - a store as text, for backups and for moving it to another engine.
 *
 *	mcpd-dump 1 <store id> <number of items>
 *	<key> <value>
 *
 * A line an item, ordered by key. A value that is one line of UTF-8 stands as it is; any other, and
 * one that begins with '!', is '!' and its base64. Revisions are not in it: a store that was loaded
 * from a dump dumps the same bytes. The number tells a dump that was cut.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "store/kv.h"
#include "store/oserr.h"

#define DUMP_NAME	"mcpd-dump"
#define DUMP_FORMAT	1
#define DUMP_HEAD	DUMP_NAME " %d %s %zu"
/* bytes of a line: the longest key, the longest value in base64, and what is between */
#define DUMP_LINE_MAX	(KV_KEY_MAX + KV_VALUE_MAX / 3 * 4 + 16)
#define LOAD_LOCK_MS	5000		/* ms to wait for the lock */
#define ITEMS_FIRST	64		/* items that a growing list begins with */

/* is_line - can the value stand as it is */
static bool
is_line(const char *val, size_t len)
{
	if (len > 0 && val[0] == '!')
		return false;
	for (size_t n; len > 0; val += n, len -= n) {
		n = utf8_len(val, len);
		if (n == 0 || (unsigned char)*val < ' ' || *val == 0x7f)
			return false;
	}
	return true;
}

/* dump_item - one line */
static void
dump_item(const struct kv_item *item, FILE *out)
{
	char *text;

	fprintf(out, "%s ", item->key);
	if (is_line(item->val, item->len)) {
		fwrite(item->val, 1, item->len, out);
	} else {
		text = base64_encode(item->val, item->len);
		fprintf(out, "!%s", text);
		mem_free_wiped(text);
	}
	putc('\n', out);
}

/* kv_dump - the whole store */
enum rc
kv_dump(struct kv *kv, FILE *out, struct error *err)
{
	struct kv_items items;
	enum rc rc = kv_range(kv, "", &items, err);

	if (rc != RC_OK)
		return rc;
	fprintf(out, DUMP_HEAD "\n", DUMP_FORMAT, items.store_id, items.n);
	for (size_t i = 0; i < items.n; i++)
		dump_item(&items.v[i], out);
	kv_items_release(&items);
	if (fflush(out) != 0 || ferror(out))
		return oserr(err, "write the dump");
	return RC_OK;
}

/* a dump, read */
struct kv_dump {
	char		 store_id[KV_STORE_ID];
	size_t		 told;		/* items, as the head says */
	struct kv_items	 items;		/* keys and values are ours */
	size_t		 room;
};

/* where the reading stands */
struct reader {
	FILE		*in;
	size_t		 line;		/* number of the one in text, from 1 */
	struct buf	 text;		/* without its newline */
	struct kv_dump	*dump;
};

/* kv_dump_free - what was read may be in clear */
void
kv_dump_free(struct kv_dump *d)
{
	if (d == NULL)
		return;
	for (size_t i = 0; i < d->items.n; i++) {
		mem_wipe((void *)(uintptr_t)d->items.v[i].val, d->items.v[i].len);
		free((void *)(uintptr_t)d->items.v[i].val);
		free((void *)(uintptr_t)d->items.v[i].key);
	}
	free(d->items.v);
	free(d);
}

/* kv_dump_store_id - from its head */
const char *
kv_dump_store_id(const struct kv_dump *d)
{
	return d->store_id;
}

/* kv_dump_items - in the order of their keys */
const struct kv_items *
kv_dump_items(const struct kv_dump *d)
{
	return &d->items;
}

/* refuse - with the number of the line */
static enum rc
refuse(const struct reader *r, struct error *err, const char *why)
{
	return error_set(err, RC_INVALID, "line %zu: %s", r->line, why);
}

/* next_line - RC_NOT_FOUND at the end; a line without its newline was cut */
static enum rc
next_line(struct reader *r, struct error *err)
{
	char c;
	int ch;

	r->line++;
	buf_clear(&r->text);
	while ((ch = getc(r->in)) != EOF && ch != '\n') {
		c = (char)ch;
		if (buf_add(&r->text, &c, 1, NULL) != RC_OK)
			return refuse(r, err, "too long");
	}
	if (ferror(r->in))
		return oserr(err, "read the dump");
	if (ch == EOF && r->text.len == 0)
		return error_set(err, RC_NOT_FOUND, "no more lines");
	if (ch == EOF)
		return refuse(r, err, "cut: it has no newline at its end");
	if (memchr(r->text.p, '\0', r->text.len) != NULL)
		return refuse(r, err, "a NUL byte");
	return RC_OK;
}

/* read_head - the first line */
static enum rc
read_head(struct reader *r, struct error *err)
{
	struct kv_dump *d = r->dump;
	char again[128];
	int format = 0;
	enum rc rc;

	rc = next_line(r, err);
	if (rc == RC_NOT_FOUND)
		return refuse(r, err, "empty, not a dump of mcpd");
	if (rc != RC_OK)
		return rc;
	if (sscanf(r->text.p, DUMP_NAME " %9d", &format) != 1)
		return refuse(r, err, "not a dump of mcpd");
	if (format != DUMP_FORMAT)
		return error_set(err, RC_INVALID, "line 1: a dump of format %d, this program reads "
		    "%d", format, DUMP_FORMAT);
	sscanf(r->text.p, DUMP_NAME " %*d %32[0-9a-f] %9zu", d->store_id, &d->told);
	snprintf(again, sizeof(again), DUMP_HEAD, format, d->store_id, d->told);
	if (strcmp(again, r->text.p) != 0 || strlen(d->store_id) != KV_STORE_ID - 1)
		return refuse(r, err, "the head is not \"" DUMP_NAME " 1 <store id> <items>\"");
	return RC_OK;
}

/* read_value - what stands after the key */
static enum rc
read_value(struct reader *r, const char *text, struct kv_item *item, struct error *err)
{
	size_t len = r->text.len - (size_t)(text - r->text.p);
	unsigned char *raw;

	if (*text != '!') {
		if (!is_line(text, len))
			return refuse(r, err, "a value with control characters or bad UTF-8");
		item->val = x_strndup(text, len);
		item->len = len;
	} else if (base64_decode(text + 1, len - 1, &raw, &item->len)) {
		item->val = (char *)raw;
	} else {
		return refuse(r, err, "'!' is not followed by valid base64");
	}
	return RC_OK;
}

/* keep - one item more */
static void
keep(struct kv_dump *d, const struct kv_item *item)
{
	if (d->items.n == d->room) {
		d->room = d->room == 0 ? ITEMS_FIRST : 2 * d->room;
		d->items.v = x_realloc(d->items.v, d->room * sizeof(*d->items.v));
	}
	d->items.v[d->items.n++] = *item;
}

/* read_item - one line; keys ascend, so none is there twice */
static enum rc
read_item(struct reader *r, struct error *err)
{
	const struct kv_items *items = &r->dump->items;
	char *space = strchr(r->text.p, ' ');
	struct kv_item item = { NULL, NULL, 0, 0 };
	enum rc rc;

	if (space == NULL || space == r->text.p)
		return refuse(r, err, "not \"<key> <value>\"");
	if (space - r->text.p > KV_KEY_MAX)
		return refuse(r, err, "the key is too long");
	*space = '\0';
	if (items->n > 0 && strcmp(items->v[items->n - 1].key, r->text.p) >= 0)
		return refuse(r, err, "its key is not greater than the one before");
	rc = read_value(r, space + 1, &item, err);
	if (rc != RC_OK)
		return rc;
	item.key = x_strdup(r->text.p);
	keep(r->dump, &item);
	return item.len <= KV_VALUE_MAX ? RC_OK : refuse(r, err, "the value is too long");
}

/* read_items - the rest of the lines */
static enum rc
read_items(struct reader *r, struct error *err)
{
	const struct kv_dump *d = r->dump;
	enum rc rc;

	while ((rc = next_line(r, err)) == RC_OK) {
		if (d->items.n == d->told)
			return refuse(r, err, "more items than the head says");
		rc = read_item(r, err);
		if (rc != RC_OK)
			return rc;
	}
	if (rc != RC_NOT_FOUND)
		return rc;
	if (d->items.n < d->told)
		return error_set(err, RC_INVALID, "line %zu: the dump ends after %zu of %zu items",
		    r->line, d->items.n, d->told);
	return RC_OK;
}

/* kv_dump_read - the whole text, checked */
enum rc
kv_dump_read(FILE *in, struct kv_dump **out, struct error *err)
{
	struct kv_dump *d = x_calloc(1, sizeof(*d));
	struct reader r = { .in = in, .text = BUF_INIT(DUMP_LINE_MAX), .dump = d };
	enum rc rc = read_head(&r, err);

	if (rc == RC_OK)
		rc = read_items(&r, err);
	buf_wipe(&r.text);
	if (rc == RC_OK)
		*out = d;
	else
		kv_dump_free(d);
	return rc;
}

/* removals - of all that is there and not in the dump; how many */
static size_t
removals(const struct kv_items *there, const struct kv_items *items, struct kv_op *ops)
{
	size_t n = 0;

	for (size_t i = 0, j = 0; i < there->n; i++) {
		while (j < items->n && strcmp(items->v[j].key, there->v[i].key) < 0)
			j++;
		if (j == items->n || strcmp(items->v[j].key, there->v[i].key) != 0)
			ops[n++] = (struct kv_op){ .type = KV_DELETE, .key = there->v[i].key };
	}
	return n;
}

/* unchanged - what is there is as it was seen, and what comes was not there: of two who saw the same
   empty store, one loads. How many compares */
static size_t
unchanged(const struct kv_items *there, const struct kv_items *items, struct kv_compare *same)
{
	size_t n = 0;

	for (; n < there->n; n++)
		same[n] = (struct kv_compare){ there->v[n].key, there->v[n].mod_rev };
	for (size_t i = 0, j = 0; i < items->n; i++) {
		while (j < there->n && strcmp(there->v[j].key, items->v[i].key) < 0)
			j++;
		if (j == there->n || strcmp(there->v[j].key, items->v[i].key) != 0)
			same[n++] = (struct kv_compare){ items->v[i].key, 0 };
	}
	return n;
}

/* replace - what is there by what is in the dump, in one transaction, if nobody comes in between */
static enum rc
replace(struct kv *kv, const struct kv_dump *d, const struct kv_items *there, struct error *err)
{
	const struct kv_items *items = &d->items;
	struct kv_op *ops = x_calloc(there->n + items->n, sizeof(*ops));
	struct kv_compare *same = x_calloc(there->n + items->n, sizeof(*same));
	struct kv_txn txn = {
		.compares = same, .ops = ops, .store_id = d->store_id,
		.deadline_ms = clock_mono_ms() + LOAD_LOCK_MS,
	};
	enum rc rc;

	txn.ncompares = unchanged(there, items, same);
	txn.nops = removals(there, items, ops);
	for (size_t i = 0; i < items->n; i++)
		ops[txn.nops++] = (struct kv_op){ KV_PUT, items->v[i].key, items->v[i].val,
		    items->v[i].len };
	rc = txn.nops <= kv->engine->caps.max_ops ? kv_txn(kv, &txn, NULL, err) :
	    error_set(err, RC_TOO_LARGE, "%zu items are too many for one transaction, the most is "
	    "%zu", txn.nops, kv->engine->caps.max_ops);
	free(ops);
	free(same);
	return rc;
}

/* kv_load - a dump is a whole store: nothing of another stays beside it */
enum rc
kv_load(struct kv *kv, const struct kv_dump *d, const struct kv_items *there, struct error *err)
{
	struct kv_items now;
	enum rc rc;

	if (there != NULL)
		return replace(kv, d, there, err);
	rc = kv_range(kv, "", &now, err);
	if (rc != RC_OK)
		return rc;
	if (now.n > 0)
		rc = error_set(err, RC_CONFLICT, "the store has %zu items already", now.n);
	else
		rc = replace(kv, d, &now, err);
	kv_items_release(&now);
	return rc;
}
