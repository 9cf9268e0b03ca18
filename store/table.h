/*
 * table.h - the whole catalogue at one revision, in memory, typed and indexed.
 *
 * Shapes  immutable once published; one pointer taken at the start of a request answers all its
 *         questions from one revision. Records that did not change are shared with the table before
 * Units   lookups are O(log n), no system call, no allocation
 * Errors  RC_CORRUPT from table_build(), naming the key
 * Owns    table_ref()/table_unref() count; what lookups return is borrowed from the table
 * Source  DESIGN.md 4
 */
#ifndef STORE_TABLE_H
#define STORE_TABLE_H

#include "store/record.h"

struct llm;
struct mcptoken;
struct rbac;
struct secret;
struct user;
struct user_group;

/* this key is no record: each change of the catalogue writes it and compares its revision, so that
   changes are one after the other whatever the engine */
#define CATALOGUE_CHANGE "catalogue/change"

/* table_build - from all items of a store; before (may be NULL) lends unchanged records */
enum rc table_build(const struct kv_items *items, const char *store_id, const struct table *before,
    const struct table **out, struct error *err);
const struct table *table_ref(const struct table *t);
void table_unref(const struct table *t);	/* NULL is fine */

uint64_t table_rev(const struct table *t);
uint64_t table_change_rev(const struct table *t);	/* of CATALOGUE_CHANGE, 0: absent */
const char *table_store_id(const struct table *t);

/* records of one kind, ordered by name */
size_t table_count(const struct table *t, const struct kind *k);
const struct record *table_at(const struct table *t, const struct kind *k, size_t i);

const struct record *table_by_id(const struct table *t, const struct kind *k, const char *id);
const struct record *table_by_name(const struct table *t, const struct kind *k, const char *name);
/* table_find - ":id" of a path: as an id, then as a name */
const struct record *table_find(const struct table *t, const struct kind *k, const char *ref);

const struct mcptoken *table_token(const struct table *t, const char *sha256_hex);
const struct llm *table_llm_alias(const struct table *t, const char *alias);

/* table_grants - the rbac definitions that name this subject id; returns how many */
size_t table_grants(const struct table *t, const char *subject_id, const struct rbac *const **out);

/* table_group_of - the groups that a user is in, i from 0; NULL: no more */
const struct user_group *table_group_of(const struct table *t, const char *user_id, size_t i);

/* private copies, for planning a change (batch.c) */
struct table *table_copy(const struct table *t);
void table_set(struct table *t, const struct record *r);	/* takes a reference */
void table_drop(struct table *t, const struct record *r);

#endif
