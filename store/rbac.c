/* rbac.c - the resource Rbac: subjects, and the rights that they are given */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "store/batch.h"
#include "store/fields.h"
#include "store/records.h"

static const struct subject_row {
	const char	*word;
	enum resource	 resource;
} subject_rows[SUBJECT__MAX] = {
	[SUBJECT_USER]		= { "User", RESOURCE_USERS },
	[SUBJECT_GROUP]		= { "Group", RESOURCE_GROUPS },
	[SUBJECT_MCPTOKEN]	= { "McpToken", RESOURCE_MCPTOKENS },
};

static const char *const rbac_fields[] = { "subjects", "roleBindings", NULL };
static const char *const subject_fields[] = { "kind", "name", NULL };

/* subject_kind - by its word; SUBJECT__MAX: none */
static enum subject_kind
subject_kind(const char *word)
{
	enum subject_kind kind;

	for (kind = 0; kind < SUBJECT__MAX; kind++)
		if (strcmp(subject_rows[kind].word, word) == 0)
			break;
	return kind;
}

/* subjects_release - free the list; it is empty then */
static void
subjects_release(struct rbac *r)
{
	for (size_t i = 0; i < r->nsubjects; i++)
		free(r->subjects[i].id);
	free(r->subjects);
	r->subjects = NULL;
	r->nsubjects = 0;
}

/* subjects_add - one more */
static void
subjects_add(struct rbac *r, enum subject_kind kind, const char *id)
{
	r->subjects = x_realloc(r->subjects, (r->nsubjects + 1) * sizeof(*r->subjects));
	r->subjects[r->nsubjects++] = (struct subject){ kind, x_strdup(id) };
}

/* find_subject - the record that a subject names */
static const struct record *
find_subject(const struct table *t, enum subject_kind kind, const char *name)
{
	const struct kind *k = kinds[subject_rows[kind].resource];

	return k != NULL ? table_by_name(t, k, name) : NULL;
}

/* merge_subject - {kind, name}, kept by id */
static void
merge_subject(struct rbac *r, struct json_object *item, const char *at, const struct merge *m)
{
	struct faults *f = m->faults;
	const char *word = NULL, *name = NULL, *bad;
	char path[FIELD_PATH_MAX];
	const struct record *found;
	enum subject_kind kind;

	fields_known(item, at, subject_fields, f);
	if (!jsonx_has(item, "kind"))
		faults_add(f, field_path(path, at, "kind"), "is required");
	if (!jsonx_has(item, "name"))
		faults_add(f, field_path(path, at, "name"), "is required");
	field_text(item, at, "kind", f, &word);
	field_text(item, at, "name", f, &name);
	kind = word != NULL ? subject_kind(word) : SUBJECT__MAX;
	if (word != NULL && kind == SUBJECT__MAX)
		faults_add(f, field_path(path, at, "kind"), "must be User, Group or McpToken");
	if (name == NULL || kind == SUBJECT__MAX)
		return;
	bad = name_bad_user(name);
	found = bad == NULL ? find_subject(m->table, kind, name) : NULL;
	if (bad != NULL)
		faults_add(f, field_path(path, at, "name"), "%s", bad);
	else if (found == NULL)
		faults_add(f, field_path(path, at, "name"), "%s not found: %s", word, name);
	else
		subjects_add(r, kind, found->id);
}

/* merge_subjects - the whole list */
static void
merge_subjects(struct rbac *r, struct json_object *list, const struct merge *m)
{
	size_t n = json_object_array_length(list);
	char at[FIELD_PATH_MAX];

	if (n == 0)
		faults_add(m->faults, "subjects", "must not be empty");
	subjects_release(r);
	for (size_t i = 0; i < n; i++) {
		struct json_object *item = json_object_array_get_idx(list, i);

		snprintf(at, sizeof(at), "subjects[%zu]", i);
		if (json_object_is_type(item, json_type_object))
			merge_subject(r, item, at, m);
		else
			faults_add(m->faults, at, "must be an object");
	}
}

/* rbac_merge - lay a body over a definition */
static enum rc
rbac_merge(struct record *rec, struct json_object *body, const struct merge *m, struct error *err)
{
	struct rbac *r = (struct rbac *)rec;
	struct json_object *list;

	(void)err;
	for (const char *const *name = rbac_fields; *name != NULL; name++)
		if (m->old == NULL && !jsonx_has(body, *name))
			faults_add(m->faults, *name, "is required");
	if (field_list(body, "", "subjects", m->faults, &list))
		merge_subjects(r, list, m);
	if (field_list(body, "", "roleBindings", m->faults, &list)) {
		if (json_object_array_length(list) == 0)
			faults_add(m->faults, "roleBindings", "must not be empty");
		bindings_merge(&r->bindings, list, "roleBindings", m->faults);
	}
	return RC_OK;
}

/* rbac_decode - from the store */
static enum rc
rbac_decode(struct record *rec, struct json_object *stored, struct error *err)
{
	struct json_object *list = jsonx_get(stored, "subjects"), *item;
	struct rbac *r = (struct rbac *)rec;
	enum subject_kind kind;

	if (!json_object_is_type(list, json_type_array))
		return error_set(err, RC_CORRUPT, "subjects are no list");
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		item = json_object_array_get_idx(list, i);
		if (!json_object_is_type(item, json_type_object))
			return error_set(err, RC_CORRUPT, "subjects[%zu] is no object", i);
		kind = subject_kind(jsonx_str(item, "kind", ""));
		if (kind == SUBJECT__MAX || !random_is_id(jsonx_str(item, "id", "")))
			return error_set(err, RC_CORRUPT, "subjects[%zu] is wrong", i);
		subjects_add(r, kind, jsonx_str(item, "id", ""));
	}
	return bindings_decode(&r->bindings, jsonx_get(stored, "roleBindings"), err);
}

/* rbac_encode - into the store */
static void
rbac_encode(const struct record *rec, struct json_object *stored)
{
	struct json_object *list = json_object_new_array(), *item;
	const struct rbac *r = (const struct rbac *)rec;

	for (size_t i = 0; i < r->nsubjects; i++) {
		item = json_object_new_object();
		jsonx_put_str(item, "kind", subject_rows[r->subjects[i].kind].word);
		jsonx_put_str(item, "id", r->subjects[i].id);
		json_object_array_add(list, item);
	}
	jsonx_put(stored, "subjects", list);
	jsonx_put(stored, "roleBindings", bindings_json(&r->bindings));
}

/* subject_name - what an id is called now; NULL when nothing has it any more */
static const char *
subject_name(const struct subject *s, const struct table *t)
{
	const struct kind *k = kinds[subject_rows[s->kind].resource];
	const struct record *r = k != NULL ? table_by_id(t, k, s->id) : NULL;

	return r != NULL ? r->name : NULL;
}

/* rbac_view - as the API shows it: subjects by name */
static void
rbac_view(const struct record *rec, const struct table *t, struct json_object *view)
{
	struct json_object *list = json_object_new_array(), *item;
	const struct rbac *r = (const struct rbac *)rec;

	for (size_t i = 0; i < r->nsubjects; i++) {
		item = json_object_new_object();
		jsonx_put_str(item, "kind", subject_rows[r->subjects[i].kind].word);
		jsonx_put_str(item, "name", subject_name(&r->subjects[i], t));
		json_object_array_add(list, item);
	}
	jsonx_put(view, "subjects", list);
	jsonx_put(view, "roleBindings", bindings_json(&r->bindings));
}

/* rbac_names - is the id a subject of the definition */
bool
rbac_names(const struct record *rec, const char *id)
{
	const struct rbac *r = (const struct rbac *)rec;

	for (size_t i = 0; i < r->nsubjects; i++)
		if (strcmp(r->subjects[i].id, id) == 0)
			return true;
	return false;
}

/* rbac_release - free what is the definition's own */
static void
rbac_release(struct record *rec)
{
	struct rbac *r = (struct rbac *)rec;

	subjects_release(r);
	bindings_release(&r->bindings);
}

const struct kind kind_rbac = {
	.resource	= RESOURCE_RBAC,
	.plural		= "rbac",
	.singular	= "rbac",
	.label		= "Rbac",
	.size		= sizeof(struct rbac),
	.fields		= rbac_fields,
	.bad_name	= name_bad_plain,
	.decode		= rbac_decode,
	.encode		= rbac_encode,
	.merge		= rbac_merge,
	.view		= rbac_view,
	.release	= rbac_release,
};
