/*
 * lockout.h - a catalogue that nobody can administer any more is not committed.
 *
 * Shapes  an administrator is a user who holds `edit` on all of rbac, by a definition that names
 *         them or a group that they are in. Tokens don't count, neither as subjects nor as the
 *         users' way in: one that leaked can always be revoked, and mcpctl on the store makes another
 * Units   none
 * Errors  RC_CONFLICT when there was an administrator and is none now. A store that never had one
 *         (made by hand, in tests) may be changed freely
 * Owns    nothing
 * Source  API.md 1, "No escalation"
 */
#ifndef STORE_LOCKOUT_H
#define STORE_LOCKOUT_H

#include "store/table.h"

/* lockout_administered - does any user hold `edit` on all of rbac */
bool lockout_administered(const struct table *t);

enum rc lockout_check(const struct table *was, const struct table *is, struct error *err);

#endif
