/* binding.c - rights as lists of {role, resource, name}: in rbac definitions and token scopes */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "store/fields.h"
#include "store/records.h"

#define BIT(verb) (1u << (verb))

const char *const role_names[ROLE__MAX] = {
	[ROLE_VIEW]	= "view",
	[ROLE_CREATE]	= "create",
	[ROLE_DELETE]	= "delete",
	[ROLE_EDIT]	= "edit",
	[ROLE_RUN]	= "run",
	[ROLE_EXPOSE]	= "expose",
};

const char *const verb_names[VERB__MAX] = {
	[VERB_VIEW]	= "view",
	[VERB_CREATE]	= "create",
	[VERB_DELETE]	= "delete",
	[VERB_EDIT]	= "edit",
	[VERB_RUN]	= "run",
	[VERB_EXPOSE]	= "expose",
};

/* what each role holds; only run holds run: managing the catalogue is not spending money */
static const unsigned held[ROLE__MAX] = {
	[ROLE_VIEW]	= BIT(VERB_VIEW),
	[ROLE_CREATE]	= BIT(VERB_CREATE),
	[ROLE_DELETE]	= BIT(VERB_DELETE),
	[ROLE_EDIT]	= BIT(VERB_VIEW) | BIT(VERB_CREATE) | BIT(VERB_EDIT) | BIT(VERB_DELETE),
	[ROLE_RUN]	= BIT(VERB_RUN),
	[ROLE_EXPOSE]	= BIT(VERB_EXPOSE) | BIT(VERB_VIEW),
};

static const char *const actions[] = { "migrate-secrets", NULL };

static const char *const object_fields[] = { "role", "resource", "name", NULL };
static const char *const action_fields[] = { "role", "action", NULL };

/* role_grants - does the role hold the verb */
bool
role_grants(enum role role, enum verb verb)
{
	return (held[role] & BIT(verb)) != 0;
}

/* merge_role - the word of a role */
static void
merge_role(struct binding *b, struct json_object *item, const char *at, struct faults *f)
{
	char path[FIELD_PATH_MAX];
	const char *word;

	field_path(path, at, "role");
	if (!jsonx_has(item, "role"))
		faults_add(f, path, "is required");
	if (!field_text(item, at, "role", f, &word))
		return;
	for (b->role = 0; b->role < ROLE__MAX; b->role++)
		if (strcmp(role_names[b->role], word) == 0)
			return;
	faults_add(f, path, "must be view, create, delete, edit, run or expose");
	b->role = ROLE_VIEW;
}

/* merge_action - {"role":"run","action":"migrate-secrets"} and nothing else */
static void
merge_action(struct binding *b, struct json_object *item, const char *at, struct faults *f)
{
	char path[FIELD_PATH_MAX];
	const char *word;

	fields_known(item, at, action_fields, f);
	if (b->role != ROLE_RUN)
		faults_add(f, field_path(path, at, "role"), "must be run for an action");
	if (!field_text(item, at, "action", f, &word))
		return;
	for (const char *const *a = actions; *a != NULL; a++)
		if (strcmp(*a, word) == 0) {
			text_set(&b->action, word);
			return;
		}
	faults_add(f, field_path(path, at, "action"), "must be migrate-secrets");
}

/* merge_name - the one object that the binding is limited to; it need not exist (yet) */
static void
merge_name(struct binding *b, struct json_object *item, const char *at, struct faults *f)
{
	const struct kind *k = b->resource < RESOURCE__STORED ? kinds[b->resource] : NULL;
	char path[FIELD_PATH_MAX];
	const char *name, *bad;

	if (!field_text(item, at, "name", f, &name))
		return;
	bad = k != NULL ? k->bad_name(name) : name_bad_user(name);
	if (bad != NULL)
		faults_add(f, field_path(path, at, "name"), "%s", bad);
	text_set(&b->name, name);
}

/* merge_object - a resource, perhaps one object of it */
static void
merge_object(struct binding *b, struct json_object *item, const char *at, struct faults *f)
{
	char path[FIELD_PATH_MAX];
	const char *word;
	int r = -1;

	fields_known(item, at, object_fields, f);
	field_path(path, at, "resource");
	if (!jsonx_has(item, "resource"))
		faults_add(f, path, "is required");
	if (field_text(item, at, "resource", f, &word) && (r = resource_find(word)) < 0)
		faults_add(f, path, "must be *, llms, secrets, secretbackends, users, groups, "
		    "rbac, mcptokens, audit or usage");
	b->resource = r < 0 ? RESOURCE_ANY : (enum resource)r;
	merge_name(b, item, at, f);
}

/* bindings_merge - read a list; what can't be read becomes a fault */
void
bindings_merge(struct bindings *b, struct json_object *list, const char *path, struct faults *f)
{
	size_t n = json_object_array_length(list);
	char at[FIELD_PATH_MAX];

	bindings_release(b);
	b->v = x_calloc(n, sizeof(*b->v));
	b->n = n;
	for (size_t i = 0; i < n; i++) {
		struct json_object *item = json_object_array_get_idx(list, i);

		snprintf(at, sizeof(at), "%s[%zu]", path, i);
		if (!json_object_is_type(item, json_type_object)) {
			faults_add(f, at, "must be an object");
			continue;
		}
		merge_role(&b->v[i], item, at, f);
		if (jsonx_has(item, "action"))
			merge_action(&b->v[i], item, at, f);
		else
			merge_object(&b->v[i], item, at, f);
	}
}

/* bindings_decode - from the store: the same reader, but faults are damage */
enum rc
bindings_decode(struct bindings *b, struct json_object *list, struct error *err)
{
	struct faults f = FAULTS_INIT;
	enum rc rc = RC_OK;

	if (!json_object_is_type(list, json_type_array))
		return error_set(err, RC_CORRUPT, "bindings are no list");
	bindings_merge(b, list, "binding", &f);
	if (f.total > 0)
		rc = error_set(err, RC_CORRUPT, "%s: %s", f.v[0].path, f.v[0].message);
	faults_release(&f);
	return rc;
}

/* bindings_json - as they are stored and shown */
struct json_object *
bindings_json(const struct bindings *b)
{
	struct json_object *list = json_object_new_array(), *item;

	for (size_t i = 0; i < b->n; i++) {
		const struct binding *one = &b->v[i];

		item = json_object_new_object();
		jsonx_put_str(item, "role", role_names[one->role]);
		if (one->action != NULL)
			jsonx_put_str(item, "action", one->action);
		else
			jsonx_put_str(item, "resource", resource_name(one->resource));
		if (one->name != NULL)
			jsonx_put_str(item, "name", one->name);
		json_object_array_add(list, item);
	}
	return list;
}

/* binding_equal - the same right, word for word */
bool
binding_equal(const struct binding *a, const struct binding *b)
{
	if ((a->action == NULL) != (b->action == NULL) || (a->name == NULL) != (b->name == NULL))
		return false;
	if (a->action != NULL)
		return strcmp(a->action, b->action) == 0;
	return a->role == b->role && a->resource == b->resource &&
	    (a->name == NULL || strcmp(a->name, b->name) == 0);
}

/* role_of - the role that holds these verbs and no other; ROLE__MAX: none */
static enum role
role_of(unsigned verbs)
{
	enum role role;

	for (role = 0; role < ROLE__MAX; role++)
		if (held[role] == verbs)
			break;
	return role;
}

/* binding_meet - what two bindings both give; false: nothing */
bool
binding_meet(const struct binding *a, const struct binding *b, struct binding *out)
{
	if (a->action != NULL || b->action != NULL) {
		*out = *a;
		return binding_equal(a, b);
	}
	if (a->resource != b->resource && a->resource != RESOURCE_ANY &&
	    b->resource != RESOURCE_ANY)
		return false;
	if (a->name != NULL && b->name != NULL && strcmp(a->name, b->name) != 0)
		return false;
	out->role = role_of(held[a->role] & held[b->role]);
	out->resource = a->resource == RESOURCE_ANY ? b->resource : a->resource;
	out->name = a->name != NULL ? a->name : b->name;
	out->action = NULL;
	return out->role != ROLE__MAX;
}

/* bindings_release - free the list; it is empty then */
void
bindings_release(struct bindings *b)
{
	for (size_t i = 0; i < b->n; i++) {
		free(b->v[i].name);
		free(b->v[i].action);
	}
	free(b->v);
	*b = (struct bindings){ NULL, 0 };
}
