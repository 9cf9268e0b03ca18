/*
 * openbao_config.h - the config of a SecretBackend of type openbao.
 *
 * Shapes  API form and stored form differ in one member: tokenSecret names the Secret, or has its id
 * Units   seconds
 * Errors  merge: faults below "config"; decode: RC_CORRUPT
 * Owns    openbao_config_release() frees
 * Source  API.md 2, SecretBackend
 */
#ifndef STORE_OPENBAO_CONFIG_H
#define STORE_OPENBAO_CONFIG_H

#include "store/records.h"

#define BACKEND_CACHE_S		60	/* a value is fresh for so long */
#define BACKEND_STALE_S		3600	/* and serves so long while the backend is down */
#define BACKEND_CACHE_MAX_S	86400
#define BACKEND_STALE_MAX_S	604800
#define BACKEND_PATH_MAX	200	/* bytes of mount, pathPrefix and namespace each */

/* openbao_config_merge - lay config (NULL: none was sent) over c. A member that is left out stays, null
   takes it back to its default */
void openbao_config_merge(struct openbao_config *c, struct json_object *config,
    const struct merge *m);
enum rc openbao_config_decode(struct openbao_config *c, struct json_object *config,
    struct error *err);

/* openbao_config_json - ref is "name" or "id", and secret says which */
struct json_object *openbao_config_json(const struct openbao_config *c, const char *ref,
    const char *secret);
void openbao_config_release(struct openbao_config *c);

#endif
