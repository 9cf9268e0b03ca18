/*
 * secrets.h - values of secrets, wherever they are kept; and changes that reach an openbao backend.
 *
 * Order of a change that does. Plans have no side effects and the store's lock is never held over the
 * network, so: (1) the plan is run for what it wants there; (2) with the lock of remote changes held,
 * which no reader and no other change of the catalogue takes, the wants are done at the backend and read
 * back; (3) the plan is run again and committed, on the same wants or not at all; what was done is
 * undone where the commit is refused. So a secret that stands in the catalogue has its values, and a
 * delete that was cut short can be repeated.
 * An answer of the backend that is lost is the same as a kill there: the write may have been done. Killed
 *   - before (2): nothing happened
 *   - in or behind (2), create: values at the backend that no record knows. The same create again finds
 *     them equal and takes them over; other values are a conflict that says where they lie
 *   - in or behind (2), update: the new values are in effect, unacknowledged; the same update again
 *     finds them there, and commits
 *   - in or behind (2), delete: a record without values, which calls say; the same delete completes it
 *
 * Shapes  see each function
 * Units   ms
 * Errors  RC_UNAVAILABLE: the backend is down; RC_UPSTREAM: it refuses us; RC_CONFLICT: other values
 *         lie there; RC_NOT_FOUND, RC_INVALID: of the value; RC_BUSY: others change secrets there
 * Owns    values given out are the caller's (mem_free_wiped, pairs_wipe)
 * Source  DESIGN.md 4 and 5, API.md 2
 */
#ifndef SERVICE_SECRETS_H
#define SERVICE_SECRETS_H

#include "adapters/openbao.h"
#include "service/service.h"

#define OUTSIDE_LOCK_MS	15000		/* ms a remote change waits for those before it */
#define OUTSIDE_TRIES	3		/* of a change that others overtake */

/* secrets_open - one value, fit to be sent; from the cache where its backend has one */
enum rc secrets_open(struct service *svc, const struct table *t, const struct secret *s,
    const char *key, char **out, struct error *err);

/* secrets_read - every value as it is now; version is the KV engine's, 0 for the store's own */
enum rc secrets_read(struct service *svc, const struct table *t, const struct secret *s,
    struct pairs *out, int64_t *version, struct error *err);

/* secrets_change - store_change() for plans that may touch a secret */
enum rc secrets_change(struct service *svc, store_plan *plan, void *arg, struct error *err);

/* the same in pieces, for migrations: one change of remote secrets at a time, on this host */
enum rc secrets_lock(struct service *svc, int *lock, struct error *err);
void secrets_unlock(int lock);
enum rc secrets_change_locked(struct service *svc, store_plan *plan, void *arg, struct error *err);

struct bao {				/* an openbao backend, ready to be asked */
	struct openbao	 at;
	struct http	*http;
	char		*token;
};

/* bao_open - with the token from its Secret; bao_close() wipes, also after an error */
enum rc bao_open(struct bao *bao, struct service *svc, const struct table *t,
    const struct secretbackend *b, struct error *err);
void bao_close(struct bao *bao);

#endif
