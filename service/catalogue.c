/* catalogue.c - lists, objects and changes, for whoever may */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "service/changelog.h"
#include "service/catalogue.h"
#include "service/secrets.h"

#define USERS_TEXT_MAX 65536		/* bytes of a list of names in a message */

/* filter_known - a word that no Llm can have is a mistake, not an empty list */
static enum rc
filter_known(const struct catalogue_filter *f, struct error *err)
{
	if (f != NULL && f->tier != NULL && llm_tier_find(f->tier) == NULL)
		return error_set(err, RC_INVALID, "tier " LLM_TIER_BAD);
	if (f != NULL && f->type != NULL && llm_type_find(f->type) == NULL)
		return error_set(err, RC_INVALID, "type " LLM_TYPE_BAD);
	return RC_OK;
}

/* passes - does a record pass the list's filter */
static bool
passes(const struct record *r, const struct catalogue_filter *f)
{
	const struct llm *llm = (const struct llm *)r;

	if (f == NULL || r->kind != &kind_llm)
		return true;
	return (f->tier == NULL || strcmp(f->tier, llm->tier) == 0) &&
	    (f->type == NULL || strcmp(f->type, llm->type) == 0);
}

/* view_of - as the API shows it; when a token was used is no part of the catalogue */
static struct json_object *
view_of(struct service *svc, const struct record *r, const struct table *t)
{
	struct json_object *view = record_view(r, t);
	int64_t used_ms = r->kind == &kind_mcptoken ? lastused_at(svc->lastused, r->id) : 0;
	char at[CLOCK_TEXT];

	if (used_ms == 0)
		return view;
	clock_format(used_ms, at);
	jsonx_put_str(view, "lastUsedAt", at);
	return view;
}

/* catalogue_list - what the caller may see of a kind */
enum rc
catalogue_list(struct service *svc, const struct table *t, const struct caller *c,
    const struct kind *k, const struct catalogue_filter *f, struct json_object **out,
    struct error *err)
{
	struct json_object *list;
	size_t n = table_count(t, k);
	enum rc rc;

	if (!rbac_allows_some(t, c, VERB_VIEW, k->resource))
		return rbac_require(t, c, VERB_VIEW, k->resource, NULL, err);
	if ((rc = filter_known(f, err)) != RC_OK)
		return rc;
	list = json_object_new_array();
	for (size_t i = 0; i < n; i++) {
		const struct record *r = table_at(t, k, i);

		if (passes(r, f) && rbac_allows(t, c, VERB_VIEW, k->resource, r->name))
			json_object_array_add(list, view_of(svc, r, t));
	}
	*out = list;
	return RC_OK;
}

/* find - permission on the object's name (or on what was asked for) before its existence */
static enum rc
find(const struct table *t, const struct caller *c, const struct kind *k, enum verb verb,
    const char *ref, const struct record **out, struct error *err)
{
	const struct record *r = NULL;
	enum rc rc = rbac_object(t, c, verb, k, ref, &r, err);

	if (rc != RC_OK)
		return rc;
	if (r == NULL)
		return error_set(err, RC_NOT_FOUND, "%s not found: %s", k->label, ref);
	*out = r;
	return RC_OK;
}

/* catalogue_get - one object */
enum rc
catalogue_get(struct service *svc, const struct table *t, const struct caller *c,
    const struct kind *k, const char *ref, struct json_object **out, struct error *err)
{
	const struct record *r = NULL;
	enum rc rc = find(t, c, k, VERB_VIEW, ref, &r, err);

	if (rc == RC_OK)
		*out = view_of(svc, r, t);
	return rc;
}

struct change {				/* one request to change, as its plan sees it */
	struct changelog	 lines;		/* whose: the caller as the request found it */
	const struct kind	*kind;
	const char		*ref;
	struct json_object	*body;
	int64_t			 if_match;
	struct faults		*faults;
	char			 sha[SHA256_HEX];	/* of a new token */
	struct caller		 now;		/* the caller as of the plan's table */
	/* out */
	struct json_object	*view;
};

/* change_reset - the plan is run anew: what the last run left behind goes */
static void
change_reset(struct change *ch)
{
	json_object_put(ch->view);
	faults_release(ch->faults);
	ch->view = NULL;
}

/* change_begin - a plan on a fresh table, which may have taken something from the caller */
static enum rc
change_begin(struct change *ch, struct batch *b, struct error *err)
{
	enum rc rc;

	change_reset(ch);
	changelog_plan(&ch->lines, b);
	rc = rbac_caller(batch_table(b), ch->lines.caller, clock_wall_ms(), &ch->now, err);
	if (rc != RC_OK)
		return rc;
	batch_permit_by(b, rbac_permit, &ch->now);
	batch_seen_by(b, rbac_sees);
	return RC_OK;
}

/* version_wanted - If-Match against the object in force */
static enum rc
version_wanted(const struct change *ch, const struct record *r, struct error *err)
{
	if (ch->if_match <= 0 || ch->if_match == r->version)
		return RC_OK;
	return error_set(err, RC_PRECONDITION, "%s %s is at version %lld, not %lld",
	    ch->kind->label, r->name, (long long)r->version, (long long)ch->if_match);
}

/* set_digest - what no body may say of a token */
static void
set_digest(struct record *r, void *arg)
{
	const struct change *ch = arg;

	memcpy(((struct mcptoken *)r)->sha, ch->sha, sizeof(ch->sha));
}

/* plan_create - a new object */
static enum rc
plan_create(struct batch *b, void *arg, struct error *err)
{
	struct change *ch = arg;
	const char *name = jsonx_str(ch->body, "name", NULL);
	const struct record *r;
	enum rc rc;

	if ((rc = change_begin(ch, b, err)) != RC_OK)
		return rc;
	rc = rbac_require(batch_table(b), &ch->now, VERB_CREATE, ch->kind->resource, name, err);
	if (rc == RC_OK)
		rc = rbac_refs(batch_table(b), &ch->now, ch->kind, NULL, ch->body, err);
	if (rc != RC_OK)
		return rc;
	rc = batch_create(b, ch->kind, ch->body, ch->kind == &kind_mcptoken ? set_digest : NULL,
	    ch, ch->faults, &r, err);
	if (rc != RC_OK)
		return rc;
	changelog_will(&ch->lines, "create", ch->kind->plural, r->name);
	ch->view = record_view(r, batch_table(b));
	return RC_OK;
}

/* catalogue_create - POST */
enum rc
catalogue_create(struct service *svc, const struct caller *c, const struct kind *k,
    struct json_object *body, struct faults *faults, struct json_object **out, struct error *err)
{
	struct change ch = { .kind = k, .body = body, .faults = faults };
	char token[TOKEN_SIZE];
	enum rc rc;

	if (k == &kind_mcptoken) {
		random_token(token);
		sha256_hex(token, strlen(token), ch.sha);
	}
	changelog_begin(&ch.lines, svc, c);
	rc = secrets_change(svc, plan_create, &ch, err);
	changelog_end(&ch.lines, rc);
	if (rc == RC_OK) {
		if (k == &kind_mcptoken)
			jsonx_put_str(ch.view, "token", token);
		*out = json_object_get(ch.view);
	}
	mem_wipe(token, sizeof(token));
	json_object_put(ch.view);
	return rc;
}

/* plan_update - another version of an object, or the same one where nothing changes */
static enum rc
plan_update(struct batch *b, void *arg, struct error *err)
{
	struct change *ch = arg;
	const struct record *old = NULL, *r;
	int64_t before;
	enum rc rc;

	if ((rc = change_begin(ch, b, err)) != RC_OK)
		return rc;
	rc = find(batch_table(b), &ch->now, ch->kind, VERB_EDIT, ch->ref, &old, err);
	if (rc == RC_OK)
		rc = version_wanted(ch, old, err);
	if (rc == RC_OK)
		rc = rbac_refs(batch_table(b), &ch->now, ch->kind, old, ch->body, err);
	if (rc != RC_OK)
		return rc;
	before = old->version;
	if ((rc = batch_update(b, old, ch->body, ch->faults, &r, err)) != RC_OK)
		return rc;
	if (r->version != before)
		changelog_will(&ch->lines, "update", ch->kind->plural, r->name);
	ch->view = view_of(ch->lines.svc, r, batch_table(b));
	return RC_OK;
}

/* catalogue_update - PUT */
enum rc
catalogue_update(struct service *svc, const struct caller *c, const struct kind *k,
    const char *ref, struct json_object *body, int64_t if_match, struct faults *faults,
    struct json_object **out, struct error *err)
{
	struct change ch = {
		.kind = k, .ref = ref, .body = body, .if_match = if_match, .faults = faults
	};
	enum rc rc;

	changelog_begin(&ch.lines, svc, c);
	rc = secrets_change(svc, plan_update, &ch, err);
	changelog_end(&ch.lines, rc);
	if (rc == RC_OK)
		*out = json_object_get(ch.view);
	json_object_put(ch.view);
	return rc;
}

/* plan_delete - an object, and what must change with it */
static enum rc
plan_delete(struct batch *b, void *arg, struct error *err)
{
	struct change *ch = arg;
	const struct record *old = NULL;
	enum rc rc;

	if ((rc = change_begin(ch, b, err)) != RC_OK)
		return rc;
	rc = find(batch_table(b), &ch->now, ch->kind, VERB_DELETE, ch->ref, &old, err);
	if (rc == RC_OK)
		rc = version_wanted(ch, old, err);
	if (rc != RC_OK)
		return rc;
	changelog_will(&ch->lines, "delete", ch->kind->plural, old->name);
	return batch_delete(b, old, err);
}

/* catalogue_delete - DELETE */
enum rc
catalogue_delete(struct service *svc, const struct caller *c, const struct kind *k,
    const char *ref, int64_t if_match, struct error *err)
{
	struct faults none = FAULTS_INIT;
	struct change ch = { .kind = k, .ref = ref, .if_match = if_match, .faults = &none };
	enum rc rc;

	changelog_begin(&ch.lines, svc, c);
	rc = secrets_change(svc, plan_delete, &ch, err);
	changelog_end(&ch.lines, rc);
	return rc;
}

/* uses - does an Llm send the secret: as its key, or in a header */
static bool
uses(const struct llm *llm, const struct record *secret)
{
	if (llm->key_secret_id != NULL && strcmp(llm->key_secret_id, secret->id) == 0)
		return true;
	for (size_t i = 0; i < llm->settings.nheaders; i++) {
		const char *name = llm->settings.headers[i].secret_name;

		if (name != NULL && strcmp(name, secret->name) == 0)
			return true;
	}
	return false;
}

/* catalogue_users - the Llms that a secret's deletion would leave without it */
char *
catalogue_users(const struct table *t, const struct record *r)
{
	struct buf b = BUF_INIT(USERS_TEXT_MAX);
	size_t n = r->kind == &kind_secret ? table_count(t, &kind_llm) : 0;

	for (size_t i = 0; i < n; i++) {
		const struct record *llm = table_at(t, &kind_llm, i);

		if (uses((const struct llm *)llm, r))
			(void)buf_addf(&b, NULL, "%s%s", b.len > 0 ? ", " : "", llm->name);
	}
	return buf_take(&b);
}
