/*
 * batch.h - a change while it is planned: what store.c and the resources see of it.
 *
 * Shapes  a batch holds a private copy of a table; what it wants written is the difference
 *         between that copy and the table it began with
 * Units   none
 * Errors  see each function
 * Owns    batch_free() frees, with every record that the batch made
 * Source  store.h has the part that plans use
 */
#ifndef STORE_BATCH_H
#define STORE_BATCH_H

#include "store/outside.h"
#include "store/store.h"

struct batch *batch_new(const struct table *base, struct keyring *keyring, bool private_urls);
void batch_free(struct batch *b);	/* NULL is fine */

/* batch_ops - what has to be written; borrowed from the batch, good until it is freed */
size_t batch_ops(struct batch *b, const struct kv_op **ops);

struct keyring *batch_keyring(const struct batch *b);

/* batch_outside - what plans want done elsewhere, and what was */
struct outside *batch_outside(struct batch *b);

/* batch_shows - may a message name the record */
bool batch_shows(const struct batch *b, const struct record *r);

/* batch_commit - tell who wants to know that it is about to be */
void batch_commit(const struct batch *b, const char *op_id);

struct use {				/* who may name a record by its id; lists end with NULLs */
	const struct kind	*kind;
	bool			(*names)(const struct record *r, const char *id);
};

/* batch_unused - RC_CONFLICT that names the users of r, as far as there are some and may be named */
enum rc batch_unused(const struct batch *b, const struct record *r, const struct use *uses,
    struct error *err);

/* rbac_names - is the id a subject of the definition */
bool rbac_names(const struct record *r, const char *id);

#endif
