/*
 * rbac.h - who may do what, decided on one table.
 *
 * Shapes  a caller is a user, and the token it came with (NULL: REMOTE_USER), or the administrator at
 *         the store itself. A permission is (verb, resource, name); name NULL is the unnamed one, on
 *         every object
 * Units   none
 * Errors  RC_FORBIDDEN names the first permission that is missing ("edit:secrets:prod")
 * Owns    nothing
 * Source  API.md 1
 */
#ifndef SERVICE_RBAC_H
#define SERVICE_RBAC_H

#include <stdbool.h>

#include "store/records.h"
#include "store/table.h"

struct json_object;

struct caller {
	const struct user	*user;
	const struct mcptoken	*token;
	bool			 administrator;	/* at the store itself: everything */
	const char		*via;		/* "token", "remote_user", "mcpctl": in the audit */
};

bool rbac_allows(const struct table *t, const struct caller *c, enum verb verb,
    enum resource resource, const char *name);

/* rbac_allows_some - any binding of the resource gives the verb, named or not: lists */
bool rbac_allows_some(const struct table *t, const struct caller *c, enum verb verb,
    enum resource resource);

/* rbac_allows_action - "migrate-secrets" */
bool rbac_allows_action(const struct table *t, const struct caller *c, const char *action);

/* rbac_require_action - the same, or RC_FORBIDDEN "permission denied: run:<action>" */
enum rc rbac_require_action(const struct table *t, const struct caller *c, const char *action,
    struct error *err);

/* rbac_require - rbac_allows(), or RC_FORBIDDEN "permission denied: <verb>:<resource>[:<name>]" */
enum rc rbac_require(const struct table *t, const struct caller *c, enum verb verb,
    enum resource resource, const char *name, struct error *err);

/* rbac_object - the permission on an object, judged by its name; ref is its id or name, and all that a
   refusal repeats: who has kept an id is not told what it is of, nor that it still is. *out NULL: there
   is none, and the permission is judged by ref */
enum rc rbac_object(const struct table *t, const struct caller *c, enum verb verb,
    const struct kind *k, const char *ref, const struct record **out, struct error *err);

/* rbac_caller - the same caller on a newer table: RC_UNAUTHENTICATED where the token was revoked or
   the user deleted since */
enum rc rbac_caller(const struct table *t, const struct caller *c, int64_t now_ms,
    struct caller *out, struct error *err);

/* rbac_refs - may the caller refer to what a body refers to; before its faults are told, which name
   what does not exist. old NULL: a create */
enum rc rbac_refs(const struct table *t, const struct caller *c, const struct kind *k,
    const struct record *old, struct json_object *body, struct error *err);

/*
 * rbac_permit - a batch_permit: no escalation. arg is a struct caller. Nobody gives, by rbac, token,
 * or by making what a binding names, a permission that they don't hold; nobody points a key at a
 * destination of their choice without edit:secrets on it; private destinations need unnamed edit:llms.
 */
enum rc rbac_permit(void *arg, const struct table *t, const struct record *old,
    const struct record *new, struct error *err);

/* rbac_sees - a batch_sees: may the caller view the record; arg as above */
bool rbac_sees(void *arg, const struct table *t, const struct record *r);

#endif
