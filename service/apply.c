/* apply.c - a set of objects, planned as one batch */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "service/apply.h"
#include "service/catalogue.h"
#include "service/changelog.h"
#include "service/secrets.h"

const char *const apply_outcomes[APPLY__MAX] = {
	[APPLY_CREATED] = "created", [APPLY_CONFIGURED] = "configured",
	[APPLY_UNCHANGED] = "unchanged", [APPLY_DELETED] = "deleted",
};

/* the same words in the audit log as for single changes */
static const char *const actions[APPLY__MAX] = {
	[APPLY_CREATED] = "create", [APPLY_CONFIGURED] = "update", [APPLY_DELETED] = "delete",
};

struct apply {
	struct changelog	 lines;
	struct apply_item	*items;
	size_t			 n;
};

/* item_reset - before it is tried, for the first time or again */
static void
item_reset(struct apply_item *i)
{
	faults_release(&i->faults);
	free(i->why);
	json_object_put(i->view);
	i->why = NULL;
	i->view = NULL;
	i->rc = RC_OK;
}

/* stated_member - the document's value against the one there is */
static void
stated_member(const char *name, struct json_object *value, struct json_object *view,
    struct faults *faults)
{
	static const char *const ignored[] = {
		"id", "version", "createdAt", "updatedAt", "lastUsedAt", NULL
	};

	for (size_t i = 0; ignored[i] != NULL; i++)
		if (strcmp(name, ignored[i]) == 0)
			return;
	if (!jsonx_has(view, name))
		faults_add(faults, name, "unknown field");
	else if (!jsonx_equal(value, jsonx_get(view, name)))
		faults_add(faults, name, "differs from what is there, and apply can't change it");
}

/* apply_stated - see apply.h */
bool
apply_stated(const struct kind *k, struct json_object *body, struct json_object *view,
    struct faults *faults)
{
	bool token = k == &kind_mcptoken;

	if (!token && (k != &kind_secret || !jsonx_has(body, "keys") || jsonx_has(body, "data")))
		return false;
	if (view == NULL) {
		faults_add(faults, token ? "name" : "data", token ?
		    "there is no such token, and tokens are made with mcpctl create mcptoken" :
		    "is required: there is no such secret, and its keys alone can't make it");
		return true;
	}
	json_object_object_foreach(body, name, value)
		stated_member(name, value, view, faults);
	return true;
}

/* stated - apply_stated() with a record */
static bool
stated(struct batch *b, struct apply_item *i, const struct record *old)
{
	struct json_object *view = old != NULL ? record_view(old, batch_table(b)) : NULL;
	bool yes = apply_stated(i->kind, i->body, view, &i->faults);

	json_object_put(view);
	return yes;
}

/* put - create or update */
static enum rc
put(struct batch *b, struct apply_item *i, struct error *err)
{
	const struct record *old = table_by_name(batch_table(b), i->kind, i->name), *r;
	enum rc rc;

	if (stated(b, i, old)) {
		i->outcome = APPLY_UNCHANGED;
		return i->faults.total == 0 ? RC_OK : error_set(err, RC_INVALID, "differs");
	}
	if (old == NULL) {
		i->outcome = APPLY_CREATED;
		rc = batch_create(b, i->kind, i->body, NULL, NULL, &i->faults, &r, err);
	} else if ((rc = batch_update(b, old, i->body, &i->faults, &r, err)) == RC_OK) {
		i->outcome = r == old ? APPLY_UNCHANGED : APPLY_CONFIGURED;
	}
	if (rc == RC_OK)
		i->view = record_view(r, batch_table(b));
	return rc;
}

/* drop - a key that an Llm still uses does not go by the way */
static enum rc
drop(struct batch *b, struct apply_item *i, struct error *err)
{
	const struct record *old = table_by_name(batch_table(b), i->kind, i->name);
	enum rc rc = RC_OK;
	char *users;

	i->outcome = APPLY_DELETED;
	if (old == NULL)
		return RC_OK;
	users = catalogue_users(batch_table(b), old);
	if (*users != '\0')
		rc = error_set(err, RC_CONFLICT, "is the key of llm %s", users);
	free(users);
	return rc == RC_OK ? batch_delete(b, old, err) : rc;
}

/* try - one item; why it failed is kept with it */
static bool
try(struct batch *b, const struct apply *a, struct apply_item *i)
{
	enum verb verb = i->body == NULL ? VERB_DELETE : VERB_EDIT;
	struct error err;

	item_reset(i);
	if (i->body != NULL && table_by_name(batch_table(b), i->kind, i->name) == NULL)
		verb = VERB_CREATE;
	i->rc = rbac_require(batch_table(b), a->lines.caller, verb, i->kind->resource, i->name, &err);
	if (i->rc == RC_OK)
		i->rc = i->body != NULL ? put(b, i, &err) : drop(b, i, &err);
	if (i->rc != RC_OK && i->faults.total == 0)
		i->why = x_strdup(err.msg);
	return i->rc == RC_OK;
}

/* plan - until nothing more succeeds */
static enum rc
plan(struct batch *b, void *arg, struct error *err)
{
	struct apply *a = arg;
	size_t left = a->n, before;
	bool first = true;

	changelog_plan(&a->lines, b);
	batch_permit_by(b, rbac_permit, (void *)a->lines.caller);
	do {
		before = left;
		for (size_t i = 0; i < a->n; i++)
			if ((first || a->items[i].rc != RC_OK) && try(b, a, &a->items[i]))
				left--;
		first = false;
	} while (left > 0 && left < before);
	if (left > 0)
		return error_set(err, RC_INVALID, "%zu of %zu objects can't be applied", left,
		    a->n);
	for (size_t i = 0; i < a->n; i++)
		if (actions[a->items[i].outcome] != NULL)
			changelog_will(&a->lines, actions[a->items[i].outcome],
			    a->items[i].kind->plural, a->items[i].name);
	return RC_OK;
}

/* catalogue_apply - the audit lines come after the commit: what is in the log has happened */
enum rc
catalogue_apply(struct service *svc, const struct caller *c, struct apply_item *items, size_t n,
    bool rehearse, struct error *err)
{
	struct apply a = { .lines = { .svc = svc, .caller = c }, .items = items, .n = n };
	enum rc rc;

	if (rehearse) {
		rc = store_rehearse(svc->store, plan, &a, err);
		changelog_forget(&a.lines);
		return rc;
	}
	changelog_begin(&a.lines, svc, c);
	rc = secrets_change(svc, plan, &a, err);
	changelog_end(&a.lines, rc);
	return rc;
}

/* apply_release - what came out */
void
apply_release(struct apply_item *items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		item_reset(&items[i]);
}
