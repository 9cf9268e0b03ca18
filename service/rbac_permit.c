/*
 * rbac_permit.c - no escalation: what a change to the catalogue would give away, its maker must hold.
 */
#include <string.h>

#include "base/url.h"
#include "service/rbac.h"

/* holds_binding - does the caller hold all that a binding gives; RC_FORBIDDEN names the first gap */
static enum rc
holds_binding(const struct table *t, const struct caller *c, const struct binding *b,
    struct error *err)
{
	enum resource first = b->resource, last = b->resource;
	enum rc rc;

	if (b->action != NULL) {
		if (rbac_allows_action(t, c, b->action))
			return RC_OK;
		return error_set(err, RC_FORBIDDEN, "permission denied: run:%s can't be given by "
		    "who does not hold it", b->action);
	}
	if (b->resource == RESOURCE_ANY) {
		first = 0;
		last = RESOURCE__MAX - 1;
	}
	for (enum verb verb = 0; verb < VERB__MAX; verb++) {
		if (!role_grants(b->role, verb))
			continue;
		for (enum resource r = first; r <= last; r++)
			if ((rc = rbac_require(t, c, verb, r, b->name, err)) != RC_OK)
				return rc;
	}
	return RC_OK;
}

/* holds_list - every binding of a list */
static enum rc
holds_list(const struct table *t, const struct caller *c, const struct bindings *list,
    struct error *err)
{
	enum rc rc;

	for (size_t i = 0; i < list->n; i++)
		if ((rc = holds_binding(t, c, &list->v[i], err)) != RC_OK)
			return rc;
	return RC_OK;
}

/* holds_grants_of - every binding that a subject has by the rbac definitions */
static enum rc
holds_grants_of(const struct table *t, const struct caller *c, const char *subject_id,
    struct error *err)
{
	const struct rbac *const *defs;
	size_t n = table_grants(t, subject_id, &defs);
	enum rc rc;

	for (size_t i = 0; i < n; i++)
		if ((rc = holds_list(t, c, &defs[i]->bindings, err)) != RC_OK)
			return rc;
	return RC_OK;
}

/* holds_all_of_user - what a user has, by the definitions and by groups */
static enum rc
holds_all_of_user(const struct table *t, const struct caller *c, const char *user_id,
    struct error *err)
{
	enum rc rc = holds_grants_of(t, c, user_id, err);
	const struct user_group *g;

	for (size_t i = 0; rc == RC_OK && (g = table_group_of(t, user_id, i)) != NULL; i++)
		rc = holds_grants_of(t, c, g->r.id, err);
	return rc;
}

/* list_gives - one binding of the list gives all that b does: b is there already, or less than what is */
static bool
list_gives(const struct bindings *list, const struct binding *b)
{
	struct binding both;

	for (size_t i = 0; i < list->n; i++)
		if (binding_meet(b, &list->v[i], &both) && binding_equal(&both, b))
			return true;
	return false;
}

/* subjects_grew - someone is named by new who was not by old */
static bool
subjects_grew(const struct rbac *old, const struct rbac *new)
{
	size_t j;

	for (size_t i = 0; i < new->nsubjects; i++) {
		for (j = 0; j < old->nsubjects; j++)
			if (strcmp(old->subjects[j].id, new->subjects[i].id) == 0)
				break;
		if (j == old->nsubjects)
			return true;
	}
	return false;
}

/* permit_rbac - new subjects get every binding; old ones only what was added */
static enum rc
permit_rbac(const struct table *t, const struct caller *c, const struct rbac *old,
    const struct rbac *new, struct error *err)
{
	enum rc rc;

	if (old == NULL || subjects_grew(old, new))
		return holds_list(t, c, &new->bindings, err);
	for (size_t i = 0; i < new->bindings.n; i++) {
		if (list_gives(&old->bindings, &new->bindings.v[i]))
			continue;
		if ((rc = holds_binding(t, c, &new->bindings.v[i], err)) != RC_OK)
			return rc;
	}
	return RC_OK;
}

/* permit_group - whoever comes in gets all that the group has */
static enum rc
permit_group(const struct table *t, const struct caller *c, const struct user_group *old,
    const struct user_group *new, struct error *err)
{
	for (size_t i = 0; i < new->members.n; i++)
		if (old == NULL || !group_has(old, new->members.v[i]))
			return holds_grants_of(t, c, new->r.id, err);
	return RC_OK;
}

/* token_narrowed - the new form of a token can do nothing that the old one could not */
static bool
token_narrowed(const struct mcptoken *old, const struct mcptoken *new)
{
	if (new->revoked)
		return true;
	if (old->expires_ms != 0 && (new->expires_ms == 0 || new->expires_ms > old->expires_ms))
		return false;
	if (!new->scoped)
		return !old->scoped;
	if (!old->scoped)
		return true;
	for (size_t i = 0; i < new->scope.n; i++)
		if (!list_gives(&old->scope, &new->scope.v[i]))
			return false;
	return true;
}

/*
 * permit_token - a token for another user is power over that user, and gives what it holds; one
 * without a scope gives what its user holds, which a caller that is cut by a scope may not have.
 */
static enum rc
permit_token(const struct table *t, const struct caller *c, const struct mcptoken *old,
    const struct mcptoken *new, struct error *err)
{
	const struct record *user = table_by_id(t, &kind_user, new->user_id);
	bool own = c->user != NULL && strcmp(new->user_id, c->user->r.id) == 0;
	enum rc rc;

	if (old != NULL && token_narrowed(old, new))
		return RC_OK;
	if (!own && (rc = rbac_require(t, c, VERB_EDIT, RESOURCE_USERS,
	    user != NULL ? user->name : new->user_id, err)) != RC_OK)
		return rc;
	if (new->scoped)
		return holds_list(t, c, &new->scope, err);
	if ((rc = holds_all_of_user(t, c, new->user_id, err)) != RC_OK || old == NULL)
		return rc;
	return holds_grants_of(t, c, new->r.id, err);
}

/* same_text - two texts, either may be NULL */
static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* headers_equal - the extraConfig headers of two Llms */
static bool
headers_equal(const struct llm_settings *a, const struct llm_settings *b)
{
	if (a->nheaders != b->nheaders)
		return false;
	for (size_t i = 0; i < a->nheaders; i++)
		if (!same_text(a->headers[i].name, b->headers[i].name) ||
		    !same_text(a->headers[i].value, b->headers[i].value) ||
		    !same_text(a->headers[i].secret_name, b->headers[i].secret_name) ||
		    !same_text(a->headers[i].secret_key, b->headers[i].secret_key))
			return false;
	return true;
}

/* destination_changed - where the Llm's keys go, or which keys go, is not what it was */
static bool
destination_changed(const struct llm *old, const struct llm *new)
{
	if (old == NULL)
		return true;
	return !same_text(old->url, new->url) || !same_text(old->key_secret_id, new->key_secret_id) ||
	    !same_text(old->key_name, new->key_name) ||
	    !same_text(old->settings.api_path, new->settings.api_path) ||
	    !headers_equal(&old->settings, &new->settings);
}

/* permit_keys - edit:secrets on every secret that the Llm would send */
static enum rc
permit_keys(const struct table *t, const struct caller *c, const struct llm *new,
    struct error *err)
{
	const struct llm_header *h = new->settings.headers;
	const struct record *secret;
	enum rc rc;

	if (new->key_secret_id != NULL) {
		secret = table_by_id(t, &kind_secret, new->key_secret_id);
		rc = rbac_require(t, c, VERB_EDIT, RESOURCE_SECRETS,
		    secret != NULL ? secret->name : NULL, err);
		if (rc != RC_OK)
			return rc;
	}
	for (size_t i = 0; i < new->settings.nheaders; i++)
		if (h[i].secret_name != NULL && (rc = rbac_require(t, c, VERB_EDIT,
		    RESOURCE_SECRETS, h[i].secret_name, err)) != RC_OK)
			return rc;
	return RC_OK;
}

/* private_widened - a private destination is allowed that was not, or is another one; of the types that
   usually are near, whatever is allowed */
static bool
private_widened(const struct llm *old, const struct llm *new)
{
	if (llm_type_private(new->type) && !same_text(old != NULL ? old->url : "", new->url))
		return true;
	if (!new->settings.allow_private)
		return false;
	if (old == NULL)
		return new->settings.allow_private_set || *new->url != '\0';
	return !old->settings.allow_private ||
	    old->settings.allow_private_set != new->settings.allow_private_set ||
	    !same_text(old->url, new->url);
}

/* permit_llm - no key to a destination of the caller's choice, no way into the private network */
static enum rc
permit_llm(const struct table *t, const struct caller *c, const struct llm *old,
    const struct llm *new, struct error *err)
{
	enum rc rc;

	if (private_widened(old, new) &&
	    (rc = rbac_require(t, c, VERB_EDIT, RESOURCE_LLMS, NULL, err)) != RC_OK)
		return rc;
	if (!destination_changed(old, new))
		return RC_OK;
	return permit_keys(t, c, new, err);
}

/*
 * permit_backend - whoever says where values and the token go, or where new secrets go, could read them:
 * that takes the right to change every secret.
 */
static enum rc
permit_backend(const struct table *t, const struct caller *c, const struct secretbackend *old,
    const struct secretbackend *new, struct error *err)
{
	bool moved = new->kept == KEPT_OPENBAO && (old == NULL || !backend_same_place(old, new));
	bool chosen = new->is_default && (old == NULL || !old->is_default);

	return moved || chosen ? rbac_require(t, c, VERB_EDIT, RESOURCE_SECRETS, NULL, err) :
	    RC_OK;
}

/* permit_name - a binding may wait for an object of this name: making it gives that right away */
static enum rc
permit_name(const struct table *t, const struct caller *c, const struct record *new,
    struct error *err)
{
	size_t n = table_count(t, &kind_rbac);
	enum rc rc;

	for (size_t i = 0; i < n; i++) {
		const struct rbac *def = (const struct rbac *)table_at(t, &kind_rbac, i);

		for (size_t j = 0; j < def->bindings.n; j++) {
			struct binding b = def->bindings.v[j];

			if (b.action != NULL || b.name == NULL || strcmp(b.name, new->name) != 0 ||
			    (b.resource != RESOURCE_ANY && b.resource != new->kind->resource))
				continue;
			b.resource = new->kind->resource;	/* no more is given of a "*" */
			if ((rc = holds_binding(t, c, &b, err)) != RC_OK)
				return rc;
		}
	}
	return RC_OK;
}

/* rbac_permit - asked by the batch before each change */
enum rc
rbac_permit(void *arg, const struct table *t, const struct record *old,
    const struct record *new, struct error *err)
{
	const struct caller *c = arg;
	enum rc rc;

	if (c->administrator || new == NULL)
		return RC_OK;
	if (old == NULL && (rc = permit_name(t, c, new, err)) != RC_OK)
		return rc;
	switch (new->kind->resource) {
	case RESOURCE_GROUPS:
		return permit_group(t, c, (const struct user_group *)old,
		    (const struct user_group *)new, err);
	case RESOURCE_RBAC:
		return permit_rbac(t, c, (const struct rbac *)old, (const struct rbac *)new, err);
	case RESOURCE_MCPTOKENS:
		return permit_token(t, c, (const struct mcptoken *)old,
		    (const struct mcptoken *)new, err);
	case RESOURCE_SECRETBACKENDS:
		return permit_backend(t, c, (const struct secretbackend *)old,
		    (const struct secretbackend *)new, err);
	case RESOURCE_LLMS:
		return permit_llm(t, c, (const struct llm *)old, (const struct llm *)new, err);
	default:
		return RC_OK;
	}
}
