/*
 * change.h - the change that a storm makes, and how it is recognised.
 *
 * Shapes  "count" is raised by one; "pair/a" and "pair/b" hold the same text that begins with the
 *         count; keys "ring/N" come and go. All in one transaction, by compare on "count"
 * Units   none
 * Errors  as kv_txn()
 * Owns    nothing
 * Source  tests only
 */
#ifndef TESTS_CRASH_CHANGE_H
#define TESTS_CRASH_CHANGE_H

#include "store/kv.h"

#define CHANGE_LOCK_MS	5000

/* count_of - the number (0: none yet), and whether the pair is not of that one change */
uint64_t count_of(const struct kv_items *items, int *torn);

/* raise_count - one change from what items say; *n is the new count */
enum rc raise_count(struct kv *kv, const struct kv_items *items, uint64_t *n, struct error *err);

#endif
