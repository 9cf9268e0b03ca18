/*
 * migrate.h - secrets moved from one backend to another, one after the other.
 *
 * Of each secret: its values are read, written to the other backend, read back and compared; then the record
 * changes, in one transaction that compares its version; then the old copy goes. Killed anywhere, the
 * same migration goes on from there:
 *   - before values go to an openbao backend the record notes that a copy of ours may lie there
 *     (copyIn), so that what is found there later is known for ours
 *   - the transaction that moves the record away from an openbao backend leaves the same note, with the
 *     version that was copied; it goes when the old copy has gone
 * A change by way of mcpd while a secret is moved waits, or is seen by the compare; then the newer values are
 * moved. One made directly in OpenBao is seen by its version: what is newer than what was moved is
 * never deleted, and the secret is in "failed", with the place to look at.
 *
 * Shapes  body {from, to, names?}; result {migrated:[name], failed:[{name, error}]}
 * Units   none
 * Errors  RC_INVALID with faults; RC_FORBIDDEN names the first of edit:secrets:<name> that is missing,
 *         and nothing was moved then. What goes wrong with one secret stands in "failed"
 * Owns    the result is the caller's
 * Source  API.md 1 and 2, "POST /api/v1/secrets/migrate"
 */
#ifndef SERVICE_MIGRATE_H
#define SERVICE_MIGRATE_H

#include "service/rbac.h"
#include "service/service.h"

enum rc migrate_secrets(struct service *svc, const struct caller *c, struct json_object *body,
    struct faults *faults, struct json_object **out, struct error *err);

#endif
