/* meta.c - an engine's own facts */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/random.h"
#include "store/meta.h"

#define META_FORMAT	1
#define META_MAX	16384		/* bytes of text: 64 op ids and the rest */

/* meta_init - a new store's */
void
meta_init(struct meta *m, const char *store_id)
{
	unsigned char raw[(KV_STORE_ID - 1) / 2];

	memset(m, 0, sizeof(*m));
	m->head.rev = META_FIRST_REV;
	if (store_id != NULL) {
		snprintf(m->head.store_id, sizeof(m->head.store_id), "%s", store_id);
		return;
	}
	random_bytes(raw, sizeof(raw));
	for (size_t i = 0; i < sizeof(raw); i++)
		snprintf(m->head.store_id + 2 * i, 3, "%02x", raw[i]);
}

/* meta_applied - was this very change made already */
uint64_t
meta_applied(const struct meta *m, const char *op_id)
{
	for (size_t i = 0; op_id != NULL && i < m->nops; i++)
		if (strcmp(m->ops[i].id, op_id) == 0)
			return m->ops[i].rev;
	return 0;
}

/* push - remember one op id; the oldest goes when there are too many */
static void
push(struct meta *m, uint64_t rev, const char *op_id)
{
	if (m->nops == META_OPS) {
		memmove(m->ops, m->ops + 1, (META_OPS - 1) * sizeof(m->ops[0]));
		m->nops--;
	}
	m->ops[m->nops].rev = rev;
	snprintf(m->ops[m->nops].id, sizeof(m->ops[0].id), "%s", op_id);
	m->nops++;
}

/* meta_advance - one revision further */
void
meta_advance(struct meta *m, const struct kv_txn *txn, int deleted)
{
	m->head.rev++;
	if (deleted)
		m->head.deleted_rev = m->head.rev;
	if (txn->store_id != NULL)
		snprintf(m->head.store_id, sizeof(m->head.store_id), "%s", txn->store_id);
	if (txn->op_id != NULL)
		push(m, m->head.rev, txn->op_id);
}

/* meta_encode - as text; META_MAX holds the most there can be, so adding does not fail */
char *
meta_encode(const struct meta *m)
{
	struct buf b = BUF_INIT(META_MAX);

	buf_addf(&b, NULL, "format %d\nstore %s\nrev %" PRIu64 "\ndeleted %" PRIu64 "\n",
	    META_FORMAT, m->head.store_id, m->head.rev, m->head.deleted_rev);
	for (size_t i = 0; i < m->nops; i++)
		buf_addf(&b, NULL, "op %" PRIu64 " %s\n", m->ops[i].rev, m->ops[i].id);
	return buf_take(&b);
}

/* take_line - one fact into the struct */
static int
take_line(struct meta *m, const char *line, int *format)
{
	char id[KV_OP_ID_MAX];
	uint64_t rev;

	if (sscanf(line, "op %" SCNu64 " %63s", &rev, id) == 2) {
		push(m, rev, id);
		return 1;
	}
	return sscanf(line, "format %d", format) == 1 ||
	    sscanf(line, "store %32[0-9a-f]", m->head.store_id) == 1 ||
	    sscanf(line, "rev %" SCNu64, &m->head.rev) == 1 ||
	    sscanf(line, "deleted %" SCNu64, &m->head.deleted_rev) == 1;
}

/* meta_parse - the inverse of meta_encode() */
enum rc
meta_parse(struct meta *out, const char *text, size_t len, struct error *err)
{
	char *copy = x_strndup(text, len), *rest = copy, *line;
	int format = 0, good = 1;
	struct meta m;

	memset(&m, 0, sizeof(m));
	while (good && (line = strsep(&rest, "\n")) != NULL)
		if (*line != '\0')
			good = take_line(&m, line, &format);
	free(copy);
	if (format > META_FORMAT)
		return error_set(err, RC_CORRUPT, "the store has format %d, this program knows %d",
		    format, META_FORMAT);
	if (!good || format != META_FORMAT || m.head.rev < META_FIRST_REV ||
	    strlen(m.head.store_id) != KV_STORE_ID - 1)
		return error_set(err, RC_CORRUPT, "the store's own record is damaged");
	*out = m;
	return RC_OK;
}
