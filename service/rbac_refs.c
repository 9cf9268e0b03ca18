/*
 * rbac_refs.c - permission before existence, for the objects that a body refers to.
 *
 * A body's faults are told before its permissions are judged, and "Secret not found: x" is a fault. So
 * whoever would be refused for what they refer to is refused first, whether it is there or not.
 */
#include <json-c/json.h>
#include <string.h>

#include "base/jsonx.h"
#include "service/rbac.h"

/* llm_refs - the key of another Secret than the one that is linked */
static enum rc
llm_refs(const struct table *t, const struct caller *c, const struct llm *old,
    struct json_object *body, struct error *err)
{
	struct json_object *ref = jsonx_get(body, "apiKeyRef");
	const struct record *linked = NULL;
	const char *name;

	if (!json_object_is_type(ref, json_type_object) ||
	    (name = jsonx_str(ref, "name", NULL)) == NULL)
		return RC_OK;
	if (old != NULL && old->key_secret_id != NULL)
		linked = table_by_id(t, &kind_secret, old->key_secret_id);
	if (linked != NULL && strcmp(linked->name, name) == 0)
		return RC_OK;
	return rbac_require(t, c, VERB_EDIT, RESOURCE_SECRETS, name, err);
}

/* token_refs - the user of a new token, who is not the caller */
static enum rc
token_refs(const struct table *t, const struct caller *c, const struct record *old,
    struct json_object *body, struct error *err)
{
	const char *name = jsonx_str(body, "user", NULL);

	if (old != NULL || name == NULL || (c->user != NULL && strcmp(c->user->r.name, name) == 0))
		return RC_OK;
	return rbac_require(t, c, VERB_EDIT, RESOURCE_USERS, name, err);
}

/* backend_refs - the token of another Secret than the one that is named; whose values go where is the
   business of who may change every secret */
static enum rc
backend_refs(const struct table *t, const struct caller *c, const struct secretbackend *old,
    struct json_object *body, struct error *err)
{
	struct json_object *config = jsonx_get(body, "config"), *ref = NULL;
	const struct record *named = NULL;
	const char *name;

	if (json_object_is_type(config, json_type_object))
		ref = jsonx_get(config, "tokenSecret");
	if (!json_object_is_type(ref, json_type_object) ||
	    (name = jsonx_str(ref, "name", NULL)) == NULL)
		return RC_OK;
	if (old != NULL && old->bao.token_secret_id != NULL)
		named = table_by_id(t, &kind_secret, old->bao.token_secret_id);
	if (named != NULL && strcmp(named->name, name) == 0)
		return RC_OK;
	return rbac_require(t, c, VERB_EDIT, RESOURCE_SECRETS, NULL, err);
}

/* rbac_refs - see rbac.h */
enum rc
rbac_refs(const struct table *t, const struct caller *c, const struct kind *k,
    const struct record *old, struct json_object *body, struct error *err)
{
	if (c->administrator || !json_object_is_type(body, json_type_object))
		return RC_OK;
	switch (k->resource) {
	case RESOURCE_LLMS:
		return llm_refs(t, c, (const struct llm *)old, body, err);
	case RESOURCE_SECRETBACKENDS:
		return backend_refs(t, c, (const struct secretbackend *)old, body, err);
	case RESOURCE_MCPTOKENS:
		return token_refs(t, c, old, body, err);
	default:
		return RC_OK;
	}
}
