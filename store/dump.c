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
	fprintf(out, DUMP_HEAD "\n", DUMP_FORMAT, kv_store_id(kv), items.n);
	for (size_t i = 0; i < items.n; i++)
		dump_item(&items.v[i], out);
	kv_items_release(&items);
	if (fflush(out) != 0 || ferror(out))
		return oserr(err, "write the dump");
	return RC_OK;
}

/* a dump that is being read */
struct load {
	FILE		*in;
	size_t		 line;		/* number of the one in text, from 1 */
	struct buf	 text;		/* without its newline */
	char		 store_id[KV_STORE_ID];
	size_t		 nitems;	/* as the head says */
	struct kv_op	*ops;		/* keys and values are ours */
	size_t		 nops;
};

#define LOAD_INIT(file) { .in = (file), .text = BUF_INIT(DUMP_LINE_MAX) }

/* load_release - what was read may be in clear */
static void
load_release(struct load *l)
{
	for (size_t i = 0; i < l->nops; i++) {
		mem_wipe((void *)(uintptr_t)l->ops[i].val, l->ops[i].len);
		free((void *)(uintptr_t)l->ops[i].val);
		free((void *)(uintptr_t)l->ops[i].key);
	}
	free(l->ops);
	buf_wipe(&l->text);
}

/* refuse - with the number of the line */
static enum rc
refuse(const struct load *l, struct error *err, const char *why)
{
	return error_set(err, RC_INVALID, "line %zu: %s", l->line, why);
}

/* next_line - RC_NOT_FOUND at the end; a line without its newline was cut */
static enum rc
next_line(struct load *l, struct error *err)
{
	char c;
	int ch;

	l->line++;
	buf_clear(&l->text);
	while ((ch = getc(l->in)) != EOF && ch != '\n') {
		c = (char)ch;
		if (buf_add(&l->text, &c, 1, NULL) != RC_OK)
			return refuse(l, err, "too long");
	}
	if (ferror(l->in))
		return oserr(err, "read the dump");
	if (ch == EOF && l->text.len == 0)
		return error_set(err, RC_NOT_FOUND, "no more lines");
	if (ch == EOF)
		return refuse(l, err, "cut: it has no newline at its end");
	if (memchr(l->text.p, '\0', l->text.len) != NULL)
		return refuse(l, err, "a NUL byte");
	return RC_OK;
}

/* load_head - the first line */
static enum rc
load_head(struct load *l, struct error *err)
{
	char again[128];
	int format = 0;
	enum rc rc;

	rc = next_line(l, err);
	if (rc == RC_NOT_FOUND)
		return refuse(l, err, "empty, not a dump of mcpd");
	if (rc != RC_OK)
		return rc;
	if (sscanf(l->text.p, DUMP_NAME " %9d", &format) != 1)
		return refuse(l, err, "not a dump of mcpd");
	if (format != DUMP_FORMAT)
		return error_set(err, RC_INVALID, "line 1: a dump of format %d, this program reads "
		    "%d", format, DUMP_FORMAT);
	sscanf(l->text.p, DUMP_NAME " %*d %32[0-9a-f] %9zu", l->store_id, &l->nitems);
	snprintf(again, sizeof(again), DUMP_HEAD, format, l->store_id, l->nitems);
	if (strcmp(again, l->text.p) != 0 || strlen(l->store_id) != KV_STORE_ID - 1)
		return refuse(l, err, "the head is not \"" DUMP_NAME " 1 <store id> <items>\"");
	return RC_OK;
}

/* load_value - what stands after the key */
static enum rc
load_value(struct load *l, const char *text, struct kv_op *op, struct error *err)
{
	size_t len = l->text.len - (size_t)(text - l->text.p);
	unsigned char *raw;

	if (*text != '!') {
		if (!is_line(text, len))
			return refuse(l, err, "a value with control characters or bad UTF-8");
		op->val = x_strndup(text, len);
		op->len = len;
	} else if (base64_decode(text + 1, len - 1, &raw, &op->len)) {
		op->val = (char *)raw;
	} else {
		return refuse(l, err, "'!' is not followed by valid base64");
	}
	return RC_OK;
}

/* load_item - one line; keys ascend, so none is there twice */
static enum rc
load_item(struct load *l, struct error *err)
{
	char *space = strchr(l->text.p, ' ');
	struct kv_op op = { .type = KV_PUT };
	enum rc rc;

	if (space == NULL || space == l->text.p)
		return refuse(l, err, "not \"<key> <value>\"");
	if (space - l->text.p > KV_KEY_MAX)
		return refuse(l, err, "the key is too long");
	*space = '\0';
	if (l->nops > 0 && strcmp(l->ops[l->nops - 1].key, l->text.p) >= 0)
		return refuse(l, err, "its key is not greater than the one before");
	rc = load_value(l, space + 1, &op, err);
	if (rc != RC_OK)
		return rc;
	op.key = x_strdup(l->text.p);
	if ((l->nops & (l->nops - 1)) == 0)
		l->ops = x_realloc(l->ops, (l->nops ? 2 * l->nops : 1) * sizeof(*l->ops));
	l->ops[l->nops++] = op;
	return op.len <= KV_VALUE_MAX ? RC_OK : refuse(l, err, "the value is too long");
}

/* load_items - the rest of the lines */
static enum rc
load_items(struct load *l, struct error *err)
{
	enum rc rc;

	while ((rc = next_line(l, err)) == RC_OK) {
		if (l->nops == l->nitems)
			return refuse(l, err, "more items than the head says");
		rc = load_item(l, err);
		if (rc != RC_OK)
			return rc;
	}
	if (rc != RC_NOT_FOUND)
		return rc;
	if (l->nops < l->nitems)
		return error_set(err, RC_INVALID, "line %zu: the dump ends after %zu of %zu items",
		    l->line, l->nops, l->nitems);
	return RC_OK;
}

/* check_place - a dump is a whole store: not mixed with another, and of the same id, for sealed
   values are bound to it */
static enum rc
check_place(struct kv *kv, const struct load *l, struct error *err)
{
	struct kv_items items;
	enum rc rc;

	if (strcmp(l->store_id, kv_store_id(kv)) != 0)
		return error_set(err, RC_CONFLICT, "the dump is of store %s, this is store %s",
		    l->store_id, kv_store_id(kv));
	if (l->nitems > kv->engine->caps.max_ops)
		return error_set(err, RC_TOO_LARGE, "%zu items are too many for one transaction, "
		    "the most is %zu", l->nitems, kv->engine->caps.max_ops);
	rc = kv_range(kv, "", &items, err);
	if (rc == RC_OK) {
		if (items.n > 0)
			rc = error_set(err, RC_CONFLICT, "the store has %zu items already",
			    items.n);
		kv_items_release(&items);
	}
	return rc;
}

/* put_all - in one transaction; that each key is absent holds against who came in between */
static enum rc
put_all(struct kv *kv, const struct load *l, struct error *err)
{
	struct kv_compare *absent = x_calloc(l->nops, sizeof(*absent));
	struct kv_txn txn = {
		.compares = absent, .ncompares = l->nops, .ops = l->ops, .nops = l->nops,
		.deadline_ms = clock_mono_ms() + LOAD_LOCK_MS,
	};
	enum rc rc;

	for (size_t i = 0; i < l->nops; i++)
		absent[i].key = l->ops[i].key;
	rc = kv_txn(kv, &txn, NULL, err);
	free(absent);
	return rc;
}

/* kv_load - into an engine without items */
enum rc
kv_load(struct kv *kv, FILE *in, struct error *err)
{
	struct load l = LOAD_INIT(in);
	enum rc rc;

	rc = load_head(&l, err);
	if (rc == RC_OK)
		rc = check_place(kv, &l, err);
	if (rc == RC_OK)
		rc = load_items(&l, err);
	if (rc == RC_OK)
		rc = put_all(kv, &l, err);
	load_release(&l);
	return rc;
}

/* kv_load_id - the head only */
enum rc
kv_load_id(FILE *in, char store_id[KV_STORE_ID], struct error *err)
{
	struct load l = LOAD_INIT(in);
	enum rc rc = load_head(&l, err);

	if (fseek(in, 0, SEEK_SET) != 0 && rc == RC_OK)
		rc = oserr(err, "rewind the dump");
	if (rc == RC_OK)
		memcpy(store_id, l.store_id, KV_STORE_ID);
	load_release(&l);
	return rc;
}
