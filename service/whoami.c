/* whoami.c - a caller's groups, rights and Llms as one object */
#include <json-c/json.h>
#include <stdlib.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "service/whoami.h"

struct rights {				/* what was found so far; texts are borrowed from the table */
	const struct bindings	*scope;	/* NULL: nothing is cut */
	struct bindings		 held;
};

static const struct binding everything[] = {
	{ ROLE_EDIT,	RESOURCE_ANY,	NULL, NULL },
	{ ROLE_RUN,	RESOURCE_ANY,	NULL, NULL },
	{ ROLE_EXPOSE,	RESOURCE_ANY,	NULL, NULL },
	{ ROLE_RUN,	RESOURCE_ANY,	NULL, (char *)"migrate-secrets" },
};

/* hold - once is enough */
static void
hold(struct rights *r, const struct binding *b)
{
	for (size_t i = 0; i < r->held.n; i++)
		if (binding_equal(&r->held.v[i], b))
			return;
	r->held.v = x_realloc(r->held.v, (r->held.n + 1) * sizeof(*b));
	r->held.v[r->held.n++] = *b;
}

/* hold_cut - what of a binding is left under the scope */
static void
hold_cut(struct rights *r, const struct binding *b)
{
	struct binding both;

	if (r->scope == NULL) {
		hold(r, b);
		return;
	}
	for (size_t i = 0; i < r->scope->n; i++)
		if (binding_meet(b, &r->scope->v[i], &both))
			hold(r, &both);
}

/* hold_grants - all that the definitions give a subject */
static void
hold_grants(struct rights *r, const struct table *t, const char *subject_id)
{
	const struct rbac *const *defs;
	size_t n = table_grants(t, subject_id, &defs);

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < defs[i]->bindings.n; j++)
			hold_cut(r, &defs[i]->bindings.v[j]);
}

/* collect - by the user, the user's groups, the token itself; groups get their names */
static void
collect(struct rights *r, const struct table *t, const struct caller *c,
    struct json_object *groups)
{
	const struct user_group *g;

	if (c->administrator)
		for (size_t i = 0; i < sizeof(everything) / sizeof(everything[0]); i++)
			hold(r, &everything[i]);
	if (c->user == NULL)
		return;
	hold_grants(r, t, c->user->r.id);
	for (size_t i = 0; (g = table_group_of(t, c->user->r.id, i)) != NULL; i++) {
		json_object_array_add(groups, json_object_new_string(g->r.name));
		hold_grants(r, t, g->r.id);
	}
	if (c->token != NULL)
		hold_grants(r, t, c->token->r.id);
}

/* runnable - the names of the Llms that a call of the caller's can go to */
static struct json_object *
runnable(const struct table *t, const struct caller *c)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < table_count(t, &kind_llm); i++) {
		const struct llm *l = (const struct llm *)table_at(t, &kind_llm, i);

		if (l->enabled && rbac_allows(t, c, VERB_RUN, RESOURCE_LLMS, l->r.name))
			json_object_array_add(list, json_object_new_string(l->r.name));
	}
	return list;
}

/* whoami_json - see whoami.h */
struct json_object *
whoami_json(const struct table *t, const struct caller *c)
{
	struct json_object *o = json_object_new_object(), *groups = json_object_new_array();
	struct rights r = { NULL, { NULL, 0 } };

	if (c->token != NULL && c->token->scoped)
		r.scope = &c->token->scope;
	collect(&r, t, c, groups);
	jsonx_put_str(o, "user", c->user != NULL ? c->user->r.name : NULL);
	jsonx_put_str(o, "token", c->token != NULL ? c->token->r.name : NULL);
	jsonx_put(o, "groups", groups);
	jsonx_put(o, "permissions", bindings_json(&r.held));
	jsonx_put(o, "llms", runnable(t, c));
	free(r.held.v);
	return o;
}
