/* rbac.c - decisions: does this caller hold that permission */
#include <string.h>

#include "service/rbac.h"

/* binding_gives - one binding against one permission; name NULL asks for the unnamed permission */
static bool
binding_gives(const struct binding *b, enum verb verb, enum resource resource, const char *name)
{
	if (b->action != NULL || !role_grants(b->role, verb))
		return false;
	if (b->resource != RESOURCE_ANY && b->resource != resource)
		return false;
	return b->name == NULL || (name != NULL && strcmp(b->name, name) == 0);
}

/* binding_gives_some - as above, whatever the name */
static bool
binding_gives_some(const struct binding *b, enum verb verb, enum resource resource)
{
	return b->action == NULL && role_grants(b->role, verb) &&
	    (b->resource == RESOURCE_ANY || b->resource == resource);
}

struct question {
	enum verb	 verb;
	enum resource	 resource;
	const char	*name;
	const char	*action;	/* asked for instead of the rest */
	bool		 some;		/* any name will do */
	const struct bindings *scope;	/* with some: a token's; names must meet. NULL: none */
};

/* gives_some - what is left of a binding under the scope */
static bool
gives_some(const struct binding *b, const struct question *q)
{
	struct binding left;

	if (q->scope == NULL)
		return binding_gives_some(b, q->verb, q->resource);
	for (size_t i = 0; i < q->scope->n; i++)
		if (binding_meet(b, &q->scope->v[i], &left) &&
		    binding_gives_some(&left, q->verb, q->resource))
			return true;
	return false;
}

/* answers - does one binding answer the question with yes */
static bool
answers(const struct binding *b, const struct question *q)
{
	if (q->action != NULL)
		return b->action != NULL && strcmp(b->action, q->action) == 0;
	if (q->some)
		return gives_some(b, q);
	return binding_gives(b, q->verb, q->resource, q->name);
}

/* list_answers - does any binding of a list */
static bool
list_answers(const struct bindings *list, const struct question *q)
{
	for (size_t i = 0; i < list->n; i++)
		if (answers(&list->v[i], q))
			return true;
	return false;
}

/* subject_answers - does any definition that names the subject */
static bool
subject_answers(const struct table *t, const char *subject_id, const struct question *q)
{
	const struct rbac *const *defs;
	size_t n = table_grants(t, subject_id, &defs);

	for (size_t i = 0; i < n; i++)
		if (list_answers(&defs[i]->bindings, q))
			return true;
	return false;
}

/* user_answers - by the user's own definitions, or those of the groups that they are in */
static bool
user_answers(const struct table *t, const char *user_id, const struct question *q)
{
	const struct user_group *g;

	if (subject_answers(t, user_id, q))
		return true;
	for (size_t i = 0; (g = table_group_of(t, user_id, i)) != NULL; i++)
		if (subject_answers(t, g->r.id, q))
			return true;
	return false;
}

/* granted - what the user holds, or the token itself; a scope cuts both */
static bool
granted(const struct table *t, const struct caller *c, const struct question *q)
{
	struct question cut = *q;

	if (c->administrator)
		return true;
	if (c->user == NULL)
		return false;
	if (c->token != NULL && c->token->scoped) {
		if (!list_answers(&c->token->scope, q))
			return false;
		cut.scope = &c->token->scope;
	}
	if (user_answers(t, c->user->r.id, &cut))
		return true;
	return c->token != NULL && subject_answers(t, c->token->r.id, &cut);
}

/* rbac_allows - one permission */
bool
rbac_allows(const struct table *t, const struct caller *c, enum verb verb,
    enum resource resource, const char *name)
{
	return granted(t, c, &(struct question){ .verb = verb, .resource = resource, .name = name });
}

/* rbac_allows_some - may a list be asked for at all */
bool
rbac_allows_some(const struct table *t, const struct caller *c, enum verb verb,
    enum resource resource)
{
	return granted(t, c, &(struct question){ .verb = verb, .resource = resource, .some = true });
}

/* rbac_allows_action - an operation that is no resource's */
bool
rbac_allows_action(const struct table *t, const struct caller *c, const char *action)
{
	return granted(t, c, &(struct question){ .action = action });
}

/* refuse - by the name of what is missing */
static enum rc
refuse(enum verb verb, enum resource resource, const char *name, struct error *err)
{
	return error_set(err, RC_FORBIDDEN, "permission denied: %s:%s%s%s", verb_names[verb],
	    resource_name(resource), name != NULL ? ":" : "", name != NULL ? name : "");
}

/* rbac_require - the permission, or a refusal that names it */
enum rc
rbac_require(const struct table *t, const struct caller *c, enum verb verb,
    enum resource resource, const char *name, struct error *err)
{
	return rbac_allows(t, c, verb, resource, name) ? RC_OK :
	    refuse(verb, resource, name, err);
}

/* rbac_object - see rbac.h */
enum rc
rbac_object(const struct table *t, const struct caller *c, enum verb verb, const struct kind *k,
    const char *ref, const struct record **out, struct error *err)
{
	const struct record *r = table_find(t, k, ref);

	if (!rbac_allows(t, c, verb, k->resource, r != NULL ? r->name : ref))
		return refuse(verb, k->resource, ref, err);
	*out = r;
	return RC_OK;
}

/* rbac_sees - see rbac.h */
bool
rbac_sees(void *arg, const struct table *t, const struct record *r)
{
	return rbac_allows(t, arg, VERB_VIEW, r->kind->resource, r->name);
}

/* rbac_require_action - the same for an operation */
enum rc
rbac_require_action(const struct table *t, const struct caller *c, const char *action,
    struct error *err)
{
	if (rbac_allows_action(t, c, action))
		return RC_OK;
	return error_set(err, RC_FORBIDDEN, "permission denied: run:%s", action);
}

/* rbac_caller - a request waits for its body and its turn: what was taken back meanwhile counts */
enum rc
rbac_caller(const struct table *t, const struct caller *c, int64_t now_ms, struct caller *out,
    struct error *err)
{
	struct caller now = *c;

	if (c->user != NULL)
		now.user = (const struct user *)table_by_id(t, &kind_user, c->user->r.id);
	if (c->token != NULL)
		now.token = (const struct mcptoken *)table_by_id(t, &kind_mcptoken, c->token->r.id);
	if (c->user != NULL && now.user == NULL)
		return error_set(err, RC_UNAUTHENTICATED, "the user does not exist any more");
	if (c->token != NULL && (now.token == NULL || now.token->revoked))
		return error_set(err, RC_UNAUTHENTICATED, "the token is revoked");
	if (c->token != NULL && now.token->expires_ms != 0 && now.token->expires_ms <= now_ms)
		return error_set(err, RC_UNAUTHENTICATED, "the token has expired");
	*out = now;
	return RC_OK;
}
