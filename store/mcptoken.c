/* mcptoken.c - the resource McpToken: what a program shows to be taken for a user */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "store/batch.h"
#include "store/fields.h"
#include "store/records.h"

static const char *const token_fields[] = { "user", "scope", "expiresAt", "revoked", NULL };

/* is_owner - is it the name of the token's user; others are not looked for, or a refused change would tell
   which there are */
static bool
is_owner(const struct mcptoken *k, const char *name, const struct table *t)
{
	const struct record *user = table_by_id(t, &kind_user, k->user_id);

	return user != NULL && strcmp(user->name, name) == 0;
}

/* merge_user - whose token it is, once and for all */
static void
merge_user(struct mcptoken *k, struct json_object *body, const struct merge *m)
{
	const struct record *user;
	const char *name, *bad;

	if (m->old == NULL && !jsonx_has(body, "user"))
		faults_add(m->faults, "user", "is required");
	if (!field_text(body, "", "user", m->faults, &name))
		return;
	if (m->old != NULL) {
		if (!is_owner(k, name, m->table))
			faults_add(m->faults, "user", "can't be changed");
		return;
	}
	bad = name_bad_user(name);
	user = bad == NULL ? table_by_name(m->table, &kind_user, name) : NULL;
	if (bad != NULL)
		faults_add(m->faults, "user", "%s", bad);
	else if (user == NULL)
		faults_add(m->faults, "user", "User not found: %s", name);
	else
		text_set(&k->user_id, user->id);
}

/* merge_scope - a list cuts, null does not */
static void
merge_scope(struct mcptoken *k, struct json_object *body, const struct merge *m)
{
	struct json_object *list;

	if (field_null(body, "scope")) {
		bindings_release(&k->scope);
		k->scoped = false;
	} else if (field_list(body, "", "scope", m->faults, &list)) {
		bindings_merge(&k->scope, list, "scope", m->faults);
		k->scoped = true;
	}
}

/* merge_expiry - a time that is set must be to come; the one that stands may have passed */
static void
merge_expiry(struct mcptoken *k, struct json_object *body, const struct merge *m)
{
	const char *text;
	int64_t at_ms;

	if (field_null(body, "expiresAt")) {
		k->expires_ms = 0;
		return;
	}
	if (!field_text(body, "", "expiresAt", m->faults, &text))
		return;
	if (!clock_parse(text, &at_ms)) {
		faults_add(m->faults, "expiresAt",
		    "must be a time like 2030-01-31T12:00:00Z, or null");
	} else if (at_ms != k->expires_ms) {
		if (at_ms <= clock_wall_ms())
			faults_add(m->faults, "expiresAt", "must be in the future");
		k->expires_ms = at_ms;
	}
}

/* merge_revoked - for good */
static void
merge_revoked(struct mcptoken *k, struct json_object *body, const struct merge *m)
{
	bool revoked;

	if (!field_bool(body, "", "revoked", m->faults, &revoked))
		return;
	if (m->old == NULL && revoked)
		faults_add(m->faults, "revoked", "a new token can't be revoked");
	else if (k->revoked && !revoked)
		faults_add(m->faults, "revoked", "a revoked token stays revoked");
	k->revoked = revoked;
}

/* token_merge - lay a body over a token */
static enum rc
token_merge(struct record *r, struct json_object *body, const struct merge *m, struct error *err)
{
	struct mcptoken *k = (struct mcptoken *)r;

	(void)err;
	merge_user(k, body, m);
	merge_scope(k, body, m);
	merge_expiry(k, body, m);
	merge_revoked(k, body, m);
	return RC_OK;
}

/* token_decode - from the store */
static enum rc
token_decode(struct record *r, struct json_object *stored, struct error *err)
{
	const char *sha = jsonx_str(stored, "tokenSha", ""), *user = jsonx_str(stored, "user", "");
	struct mcptoken *k = (struct mcptoken *)r;

	if (!random_is_id(user))
		return error_set(err, RC_CORRUPT, "user is no id");
	if (strlen(sha) != SHA256_HEX - 1 || strspn(sha, "0123456789abcdef") != SHA256_HEX - 1)
		return error_set(err, RC_CORRUPT, "tokenSha is no digest");
	text_set(&k->user_id, user);
	memcpy(k->sha, sha, sizeof(k->sha));
	k->expires_ms = jsonx_int(stored, "expiresAt", 0);
	k->revoked = jsonx_bool(stored, "revoked", false);
	k->scoped = jsonx_has(stored, "scope");
	return k->scoped ? bindings_decode(&k->scope, jsonx_get(stored, "scope"), err) : RC_OK;
}

/* token_encode - into the store */
static void
token_encode(const struct record *r, struct json_object *stored)
{
	const struct mcptoken *k = (const struct mcptoken *)r;

	jsonx_put_str(stored, "user", k->user_id);
	jsonx_put_str(stored, "tokenSha", k->sha);
	if (k->scoped)
		jsonx_put(stored, "scope", bindings_json(&k->scope));
	if (k->expires_ms != 0)
		jsonx_put_int(stored, "expiresAt", k->expires_ms);
	if (k->revoked)
		jsonx_put_bool(stored, "revoked", true);
}

/* token_view - as the API shows it; lastUsedAt is not a thing of the catalogue */
static void
token_view(const struct record *r, const struct table *t, struct json_object *view)
{
	const struct mcptoken *k = (const struct mcptoken *)r;
	const struct record *user = table_by_id(t, &kind_user, k->user_id);
	char at[CLOCK_TEXT];

	clock_format(k->expires_ms, at);
	jsonx_put_str(view, "user", user != NULL ? user->name : NULL);
	jsonx_put(view, "scope", k->scoped ? bindings_json(&k->scope) : NULL);
	jsonx_put_str(view, "expiresAt", k->expires_ms != 0 ? at : NULL);
	jsonx_put_bool(view, "revoked", k->revoked);
	jsonx_put_str(view, "tokenSha", k->sha);
	jsonx_put_str(view, "lastUsedAt", NULL);
}

static const struct use token_uses[] = {
	{ &kind_rbac, rbac_names },
	{ NULL, NULL }
};

/* token_remove - not while a definition names it */
static enum rc
token_remove(struct batch *b, const struct record *r, struct error *err)
{
	return batch_unused(b, r, token_uses, err);
}

/* token_release - free what is the token's own */
static void
token_release(struct record *r)
{
	struct mcptoken *k = (struct mcptoken *)r;

	free(k->user_id);
	bindings_release(&k->scope);
}

const struct kind kind_mcptoken = {
	.resource	= RESOURCE_MCPTOKENS,
	.plural		= "mcptokens",
	.singular	= "mcptoken",
	.label		= "McpToken",
	.size		= sizeof(struct mcptoken),
	.fields		= token_fields,
	.bad_name	= name_bad_plain,
	.decode		= token_decode,
	.encode		= token_encode,
	.merge		= token_merge,
	.view		= token_view,
	.remove		= token_remove,
	.release	= token_release,
};
