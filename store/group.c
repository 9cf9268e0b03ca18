/* group.c - the resource Group: users who are given rights together */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "store/batch.h"
#include "store/fields.h"
#include "store/records.h"

static const char *const group_fields[] = { "members", NULL };

/* members_add - one more */
static void
members_add(struct user_group *g, const char *user_id)
{
	g->members.v = x_realloc(g->members.v, (g->members.n + 1) * sizeof(*g->members.v));
	g->members.v[g->members.n++] = x_strdup(user_id);
}

/* group_has - is the user a member */
bool
group_has(const struct user_group *g, const char *user_id)
{
	for (size_t i = 0; i < g->members.n; i++)
		if (strcmp(g->members.v[i], user_id) == 0)
			return true;
	return false;
}

/* merge_member - a user's name, kept by id */
static void
merge_member(struct user_group *g, struct json_object *item, const char *path,
    const struct merge *m)
{
	const char *name = item_text(item, path, m->faults), *bad;
	const struct record *user;

	if (name == NULL)
		return;
	bad = name_bad_user(name);
	user = bad == NULL ? table_by_name(m->table, &kind_user, name) : NULL;
	if (bad != NULL)
		faults_add(m->faults, path, "%s", bad);
	else if (user == NULL)
		faults_add(m->faults, path, "User not found: %s", name);
	else if (group_has(g, user->id))
		faults_add(m->faults, path, "%s is in the list already", name);
	else
		members_add(g, user->id);
}

/* group_merge - lay a body over a group; its members are replaced as a whole */
static enum rc
group_merge(struct record *r, struct json_object *body, const struct merge *m, struct error *err)
{
	struct user_group *g = (struct user_group *)r;
	char path[FIELD_PATH_MAX];
	struct json_object *list;

	(void)err;
	if (!field_list(body, "", "members", m->faults, &list))
		return RC_OK;
	strings_release(&g->members);
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		snprintf(path, sizeof(path), "members[%zu]", i);
		merge_member(g, json_object_array_get_idx(list, i), path, m);
	}
	return RC_OK;
}

/* group_decode - from the store */
static enum rc
group_decode(struct record *r, struct json_object *stored, struct error *err)
{
	struct json_object *list = jsonx_get(stored, "members"), *item;
	struct user_group *g = (struct user_group *)r;
	const char *id;

	if (!json_object_is_type(list, json_type_array))
		return error_set(err, RC_CORRUPT, "members are no list");
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		item = json_object_array_get_idx(list, i);
		id = json_object_is_type(item, json_type_string) ? json_object_get_string(item) : "";
		if (!random_is_id(id))
			return error_set(err, RC_CORRUPT, "members[%zu] is no id", i);
		members_add(g, id);
	}
	return RC_OK;
}

/* group_encode - into the store */
static void
group_encode(const struct record *r, struct json_object *stored)
{
	struct json_object *list = json_object_new_array();
	const struct user_group *g = (const struct user_group *)r;

	for (size_t i = 0; i < g->members.n; i++)
		json_object_array_add(list, json_object_new_string(g->members.v[i]));
	jsonx_put(stored, "members", list);
}

/* group_view - as the API shows it: members by name */
static void
group_view(const struct record *r, const struct table *t, struct json_object *view)
{
	struct json_object *list = json_object_new_array();
	const struct user_group *g = (const struct user_group *)r;
	const struct record *user;

	for (size_t i = 0; i < g->members.n; i++)
		if ((user = table_by_id(t, &kind_user, g->members.v[i])) != NULL)
			json_object_array_add(list, json_object_new_string(user->name));
	jsonx_put(view, "members", list);
}

static const struct use group_uses[] = {
	{ &kind_rbac, rbac_names },
	{ NULL, NULL }
};

/* group_remove - not while a definition names it */
static enum rc
group_remove(struct batch *b, const struct record *r, struct error *err)
{
	return batch_unused(b, r, group_uses, err);
}

/* group_drop - take a user out (of a copy: records in a table don't change) */
void
group_drop(struct user_group *g, const char *user_id)
{
	size_t kept = 0;

	for (size_t i = 0; i < g->members.n; i++) {
		if (strcmp(g->members.v[i], user_id) == 0)
			free(g->members.v[i]);
		else
			g->members.v[kept++] = g->members.v[i];
	}
	g->members.n = kept;
}

/* group_release - free what is the group's own */
static void
group_release(struct record *r)
{
	strings_release(&((struct user_group *)r)->members);
}

const struct kind kind_group = {
	.resource	= RESOURCE_GROUPS,
	.plural		= "groups",
	.singular	= "group",
	.label		= "Group",
	.size		= sizeof(struct user_group),
	.fields		= group_fields,
	.bad_name	= name_bad_plain,
	.decode		= group_decode,
	.encode		= group_encode,
	.merge		= group_merge,
	.view		= group_view,
	.remove		= group_remove,
	.release	= group_release,
};
