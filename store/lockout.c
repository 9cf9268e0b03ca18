/* lockout.c - is there still someone who can put rights right */
#include <string.h>

#include "store/lockout.h"
#include "store/records.h"

/* edits_rbac - does one of the bindings give edit on every definition */
static bool
edits_rbac(const struct bindings *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct binding *b = &list->v[i];

		if (b->action == NULL && b->name == NULL && role_grants(b->role, VERB_EDIT) &&
		    (b->resource == RESOURCE_ANY || b->resource == RESOURCE_RBAC))
			return true;
	}
	return false;
}

/* has_user - is a subject a user, or a group with a user in it */
static bool
has_user(const struct table *t, const struct subject *s)
{
	const struct user_group *g;

	switch (s->kind) {
	case SUBJECT_USER:
		return table_by_id(t, &kind_user, s->id) != NULL;
	case SUBJECT_GROUP:
		g = (const struct user_group *)table_by_id(t, &kind_group, s->id);
		return g != NULL && g->members.n > 0;
	default:
		return false;
	}
}

/* lockout_administered - by a definition that names them, or one of their groups */
bool
lockout_administered(const struct table *t)
{
	for (size_t i = 0; i < table_count(t, &kind_rbac); i++) {
		const struct rbac *r = (const struct rbac *)table_at(t, &kind_rbac, i);

		if (!edits_rbac(&r->bindings))
			continue;
		for (size_t j = 0; j < r->nsubjects; j++)
			if (has_user(t, &r->subjects[j]))
				return true;
	}
	return false;
}

/* lockout_check - of a change as a whole: what one part takes away, another may give */
enum rc
lockout_check(const struct table *was, const struct table *is, struct error *err)
{
	if (lockout_administered(is) || !lockout_administered(was))
		return RC_OK;
	return error_set(err, RC_CONFLICT, "nobody could edit rbac any more: give edit on rbac to "
	    "another user or group first");
}
