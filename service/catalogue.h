/*
 * catalogue.h - the catalogue as its users see it: JSON in, JSON out, permission and audit included.
 *
 * Shapes  objects of API.md 2; ref is an id or a name
 * Units   if_match: 0 none, -1 "*", else a version
 * Errors  RC_FORBIDDEN before RC_NOT_FOUND ("Llm not found: x"); RC_INVALID with faults; RC_CONFLICT;
 *         RC_PRECONDITION; what store_change() gives
 * Owns    objects returned are the caller's (json_object_put)
 * Source  API.md 1 and 2; one audit event a change (API.md 3)
 */
#ifndef SERVICE_CATALOGUE_H
#define SERVICE_CATALOGUE_H

#include "service/rbac.h"
#include "service/service.h"

struct json_object;

struct catalogue_filter {		/* of a list; NULL members do not filter */
	const char	*tier, *type;	/* llms */
};

/* lists and gets look at the table they are given: the one the request took */
enum rc catalogue_list(struct service *svc, const struct table *t, const struct caller *c,
    const struct kind *k, const struct catalogue_filter *f, struct json_object **out,
    struct error *err);
enum rc catalogue_get(struct service *svc, const struct table *t, const struct caller *c,
    const struct kind *k, const char *ref, struct json_object **out, struct error *err);

enum rc catalogue_create(struct service *svc, const struct caller *c, const struct kind *k,
    struct json_object *body, struct faults *faults, struct json_object **out, struct error *err);
enum rc catalogue_update(struct service *svc, const struct caller *c, const struct kind *k,
    const char *ref, struct json_object *body, int64_t if_match, struct faults *faults,
    struct json_object **out, struct error *err);
enum rc catalogue_delete(struct service *svc, const struct caller *c, const struct kind *k,
    const char *ref, int64_t if_match, struct error *err);

/* catalogue_users - names of what uses an object (Llms of a secret), comma-separated, "" for none;
   owned by the caller */
char *catalogue_users(const struct table *t, const struct record *r);

#endif
