/* user.c - the resource User: somebody that tokens and bindings belong to */
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "store/batch.h"
#include "store/fields.h"
#include "store/records.h"

static const char *const user_fields[] = { "description", NULL };

/* user_merge - lay a body over a user */
static enum rc
user_merge(struct record *r, struct json_object *body, const struct merge *m, struct error *err)
{
	struct user *u = (struct user *)r;

	(void)err;
	if (m->old == NULL)
		text_set(&u->description, "");
	field_description(body, m->faults, &u->description);
	return RC_OK;
}

/* user_decode - from the store */
static enum rc
user_decode(struct record *r, struct json_object *stored, struct error *err)
{
	struct user *u = (struct user *)r;

	(void)err;
	text_set(&u->description, jsonx_str(stored, "description", ""));
	return RC_OK;
}

/* user_encode - into the store */
static void
user_encode(const struct record *r, struct json_object *stored)
{
	jsonx_put_str(stored, "description", ((const struct user *)r)->description);
}

/* user_view - as the API shows it */
static void
user_view(const struct record *r, const struct table *t, struct json_object *view)
{
	(void)t;
	user_encode(r, view);
}

/* token_of - does a token belong to the user */
static bool
token_of(const struct record *r, const char *user_id)
{
	return strcmp(((const struct mcptoken *)r)->user_id, user_id) == 0;
}

static const struct use user_uses[] = {
	{ &kind_mcptoken, token_of },
	{ &kind_rbac, rbac_names },
	{ NULL, NULL }
};

/* leave_groups - a membership is no use of a user: it ends with them, in the same transaction */
static void
leave_groups(struct batch *b, const struct record *user)
{
	const struct table *t = batch_table(b);

	for (size_t i = 0; i < table_count(t, &kind_group); i++) {
		const struct record *old = table_at(t, &kind_group, i);
		struct record *copy;

		if (!group_has((const struct user_group *)old, user->id))
			continue;
		copy = batch_copy(old);
		group_drop((struct user_group *)copy, user->id);
		batch_replace(b, old, copy);
	}
}

/* user_remove - not while a token or a definition would be left without its owner */
static enum rc
user_remove(struct batch *b, const struct record *r, struct error *err)
{
	enum rc rc = batch_unused(b, r, user_uses, err);

	if (rc == RC_OK)
		leave_groups(b, r);
	return rc;
}

/* user_release - free what is the user's own */
static void
user_release(struct record *r)
{
	free(((struct user *)r)->description);
}

const struct kind kind_user = {
	.resource	= RESOURCE_USERS,
	.plural		= "users",
	.singular	= "user",
	.label		= "User",
	.size		= sizeof(struct user),
	.fields		= user_fields,
	.bad_name	= name_bad_user,
	.decode		= user_decode,
	.encode		= user_encode,
	.merge		= user_merge,
	.view		= user_view,
	.remove		= user_remove,
	.release	= user_release,
};
