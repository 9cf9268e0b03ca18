/*
 * secret_cache.h - values of openbao backends in memory, for as long as they may be believed.
 *
 * Shapes  one entry a secret, with all its values. Fresh for cache_ms after it was fetched; behind that
 *         it is fetched again, and only where the fetch says RC_UNAVAILABLE (the backend is down) the
 *         last good one serves on for stale_ms. Any other refusal drops it at once, and so does
 *         another version of the secret or of its backend: an acknowledged change is never
 *         answered from here. One fetch at a time a secret: the others wait for it, or go on with
 *         the old value where the backend was down the last time
 * Units   ms; at most SECRET_CACHE_MAX secrets, the one longest unused goes first
 * Errors  what the fetch gave; RC_UNAVAILABLE when another thread's fetch did not end in time
 * Owns    secret_cache_free() wipes; values are wiped when they are dropped. Safe from several threads,
 *         never shared between processes
 * Source  API.md 2, SecretBackend
 */
#ifndef SERVICE_SECRET_CACHE_H
#define SERVICE_SECRET_CACHE_H

#include <stdint.h>

#include "base/pairs.h"

#define SECRET_CACHE_MAX	1024	/* secrets of one process */
#define SECRET_CACHE_RETRY_MS	5000	/* an old value serves so long before the next try */
#define SECRET_CACHE_TIDY_MS	60000	/* between two looks for what has had its time */
#define SECRET_CACHE_WAIT_MS	10000	/* for the fetch of another thread */

struct secret_cache;

struct secret_ref {			/* which secret, in which state */
	const char	*secret_id, *backend_id;
	int64_t		 secret_version, backend_version;
	int64_t		 cache_ms, stale_ms;
};

typedef enum rc secret_fetch(void *arg, struct pairs *out, struct error *err);

struct secret_cache *secret_cache_new(void);
void secret_cache_free(struct secret_cache *c);		/* NULL is fine */

/* secret_cache_get - a copy of the value, the caller's (wipe it); NULL: the secret has no such key.
   c NULL: always fetched */
enum rc secret_cache_get(struct secret_cache *c, const struct secret_ref *ref, const char *key,
    secret_fetch *fetch, void *arg, char **out, struct error *err);

/* secret_cache_count - secrets that have an entry */
size_t secret_cache_count(struct secret_cache *c);

/* secret_cache_drop - wipe what is held of a secret; c NULL is fine */
void secret_cache_drop(struct secret_cache *c, const char *secret_id);

#endif
