/* llm.c - the resource Llm: a provider's model, where it is, and which key opens it */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/url.h"
#include "store/batch.h"
#include "store/fields.h"
#include "store/records.h"
#include "store/table.h"

#define URL_MAX		2048		/* bytes */
#define ALIAS_MAX	100		/* bytes */

const struct llm_type llm_types[] = {
	{ "anthropic",	false },
	{ "openai",	false },
	{ "deepseek",	false },
	{ "vllm",	true },
	{ "ollama",	true },
	{ "gemini-cli",	false },
	{ .name = NULL }
};

static const char *const tiers[] = { "fast", "heavy", NULL };

static const char *const llm_fields[] = {
	"type", "model", "url", "tier", "description", "enabled", "aliases", "apiKeyRef",
	"extraConfig", NULL
};
static const char *const ref_fields[] = { "name", "key", NULL };

/* llm_type_find - see records.h */
const char *
llm_type_find(const char *word)
{
	const struct llm_type *row = llm_types;

	while (row->name != NULL && strcmp(row->name, word) != 0)
		row++;
	return row->name;
}

/* llm_type_private - see records.h */
bool
llm_type_private(const char *type)
{
	for (const struct llm_type *row = llm_types; type != NULL && row->name != NULL; row++)
		if (strcmp(row->name, type) == 0)
			return row->private_ok;
	return false;
}

/* llm_tier_find - see records.h */
const char *
llm_tier_find(const char *word)
{
	const char *const *tier = tiers;

	while (*tier != NULL && strcmp(*tier, word) != 0)
		tier++;
	return *tier;
}

/* set_extra - keep the text, and what it means */
static void
set_extra(struct llm *l, struct json_object *extra, struct faults *f)
{
	text_set(&l->extra, jsonx_text(extra));
	llm_settings_release(&l->settings);
	llm_settings_parse(&l->settings, l->type, extra, f);
}

/* set_defaults - what a body need not say */
static void
set_defaults(struct llm *l)
{
	text_set(&l->model, "");
	text_set(&l->url, "");
	text_set(&l->description, "");
	text_set(&l->extra, "{}");
	l->tier = tiers[0];
	l->enabled = true;
}

/* merge_type - set once */
static void
merge_type(struct llm *l, struct json_object *body, const struct merge *m)
{
	const char *word, *type;

	if (m->old == NULL && !jsonx_has(body, "type"))
		faults_add(m->faults, "type", "is required");
	if (!field_text(body, "", "type", m->faults, &word))
		return;
	type = llm_type_find(word);
	if (type == NULL)
		faults_add(m->faults, "type", LLM_TYPE_BAD);
	else if (m->old == NULL)
		l->type = type;
	else if (strcmp(l->type, type) != 0)
		faults_add(m->faults, "type", "can't be changed, it is %s", l->type);
}

/* merge_plain - the members that are checked by themselves */
static void
merge_plain(struct llm *l, struct json_object *body, const struct merge *m)
{
	const char *word, *bad;

	if (m->old == NULL && !jsonx_has(body, "model"))
		faults_add(m->faults, "model", "is required");
	if (field_text(body, "", "model", m->faults, &word)) {
		bad = llm_model_bad(word);
		if (bad != NULL)
			faults_add(m->faults, "model", "%s", bad);
		text_set(&l->model, word);
	}
	if (field_text(body, "", "tier", m->faults, &word)) {
		l->tier = llm_tier_find(word);
		if (l->tier == NULL)
			faults_add(m->faults, "tier", LLM_TIER_BAD);
	}
	field_bool(body, "", "enabled", m->faults, &l->enabled);
	field_description(body, m->faults, &l->description);
}

/* merge_aliases - other names for callers to use */
static void
merge_aliases(struct llm *l, struct json_object *body, const struct merge *m)
{
	char path[FIELD_PATH_MAX];
	struct json_object *list;
	const char *alias;

	if (field_null(body, "aliases")) {
		strings_release(&l->aliases);
		return;
	}
	if (!field_list(body, "", "aliases", m->faults, &list))
		return;
	strings_release(&l->aliases);
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		snprintf(path, sizeof(path), "aliases[%zu]", i);
		alias = item_text(json_object_array_get_idx(list, i), path, m->faults);
		if (alias == NULL)
			continue;
		if (alias[0] == '\0' || strlen(alias) > ALIAS_MAX || !text_visible(alias))
			faults_add(m->faults, path, "must be 1 to %d visible ASCII characters",
			    ALIAS_MAX);
		else if (strings_have(&l->aliases, alias))
			faults_add(m->faults, path, "is there twice");
		else
			strings_add(&l->aliases, alias);
	}
}

/* merge_ref_name - the Secret is held by its id: it may not be named in vain */
static void
merge_ref_name(struct llm *l, struct json_object *ref, const struct merge *m)
{
	const struct record *secret;
	const char *name, *bad;

	if (!jsonx_has(ref, "name"))
		faults_add(m->faults, "apiKeyRef.name", "is required");
	if (!field_text(ref, "apiKeyRef", "name", m->faults, &name))
		return;
	bad = name_bad_plain(name);
	secret = bad == NULL ? table_by_name(m->table, &kind_secret, name) : NULL;
	if (bad != NULL)
		faults_add(m->faults, "apiKeyRef.name", "%s", bad);
	else if (secret == NULL)
		faults_add(m->faults, "apiKeyRef.name", "Secret not found: %s", name);
	else
		text_set(&l->key_secret_id, secret->id);
}

/* merge_ref - {name, key}, or null that unlinks */
static void
merge_ref(struct llm *l, struct json_object *body, const struct merge *m)
{
	struct json_object *ref;
	const char *key, *bad;

	if (field_null(body, "apiKeyRef")) {
		llm_unlink(l);
		return;
	}
	if (!field_object(body, "", "apiKeyRef", m->faults, &ref))
		return;
	fields_known(ref, "apiKeyRef", ref_fields, m->faults);
	merge_ref_name(l, ref, m);
	if (!jsonx_has(ref, "key"))
		faults_add(m->faults, "apiKeyRef.key", "is required");
	if (!field_text(ref, "apiKeyRef", "key", m->faults, &key))
		return;
	bad = secret_key_bad(key);
	if (bad != NULL)
		faults_add(m->faults, "apiKeyRef.key", "%s", bad);
	text_set(&l->key_name, key);
}

/* merge_extra - replaced whole; the same in another order is the same */
static void
merge_extra(struct llm *l, struct json_object *body, const struct merge *m)
{
	struct json_object *extra, *old;
	bool empty = field_null(body, "extraConfig") ||
	    (m->old == NULL && !jsonx_has(body, "extraConfig"));

	if (empty)
		extra = json_object_new_object();
	else if (field_object(body, "", "extraConfig", m->faults, &extra))
		json_object_get(extra);
	else
		return;
	old = text_json(l->extra);
	if (m->old == NULL || !jsonx_equal(old, extra))
		set_extra(l, extra, m->faults);
	json_object_put(old);
	json_object_put(extra);
}

/* has_key - does anything secret go along with a call */
static bool
has_key(const struct llm *l)
{
	for (size_t i = 0; i < l->settings.nheaders; i++)
		if (l->settings.headers[i].secret_name != NULL)
			return true;
	return l->key_secret_id != NULL;
}

/* check_host - what can be told of a destination without DNS; the call looks at the rest */
static void
check_host(const struct llm *l, const struct url *u, const struct merge *m)
{
	struct faults *f = m->faults;

	switch (url_host_class(u->host)) {
	case ADDR_NEVER:
		faults_add(f, "url", "%s is never allowed", u->host);
		return;
	case ADDR_PRIVATE:
		if (!m->private_urls)
			faults_add(f, "url", "%s is a private address, which the configuration "
			    "forbids (private_urls)", u->host);
		else if (!l->settings.allow_private)
			faults_add(f, "url", "%s is a private address; set "
			    "extraConfig.allowPrivateUrl", u->host);
		return;
	case ADDR_PUBLIC:
		if (!u->tls && url_host_literal(u->host) && has_key(l))
			faults_add(f, "url", "a key goes over http to private addresses only; "
			    "use https");
	}
}

/* merge_url - absolute, or "" for the provider's default */
static void
merge_url(struct llm *l, struct json_object *body, const struct merge *m)
{
	const char *text;

	if (field_null(body, "url"))
		text_set(&l->url, "");
	else if (field_text(body, "", "url", m->faults, &text))
		text_set(&l->url, text);
}

/* check_url - the destination as all members together make it */
static void
check_url(const struct llm *l, const struct merge *m)
{
	struct error why;
	struct url u;

	if (l->url[0] == '\0')
		return;
	if (strlen(l->url) > URL_MAX) {
		faults_add(m->faults, "url", "is longer than %d bytes", URL_MAX);
	} else if (url_parse(l->url, &u, &why) != RC_OK) {
		faults_add(m->faults, "url", "%s", why.msg);
	} else {
		check_host(l, &u, m);
		url_release(&u);
	}
}

/* check_destination - only where the body touches it: a rule that came later stops no other
   change */
static void
check_destination(const struct llm *l, struct json_object *body, const struct merge *m)
{
	static const char *const touching[] = { "url", "extraConfig", "apiKeyRef", NULL };
	bool touched = false;

	for (const char *const *name = touching; *name != NULL; name++)
		touched |= jsonx_has(body, *name);
	if (!touched)
		return;
	check_url(l, m);
	if (l->settings.allow_private_set && l->settings.allow_private && !m->private_urls)
		faults_add(m->faults, "extraConfig.allowPrivateUrl",
		    "is forbidden by the configuration (private_urls)");
}

/* taken - the word is another Llm's; whose, is told who may see it */
static enum rc
taken(const char *what, const char *word, const char *how, const struct record *owner,
    const struct merge *m, struct error *err)
{
	if (m->batch != NULL && !batch_shows(m->batch, owner))
		return error_set(err, RC_CONFLICT, "%s: %s", what, word);
	return error_set(err, RC_CONFLICT, "%s: %s (%s %s)", what, word, how, owner->name);
}

/* check_taken - one word means one Llm: names and aliases are one set */
static enum rc
check_taken(const struct llm *l, const struct merge *m, struct error *err)
{
	const struct llm *owner = table_llm_alias(m->table, l->r.name);
	const struct record *named;

	if (owner != NULL && strcmp(owner->r.id, l->r.id) != 0)
		return taken("Llm already exists", l->r.name, "an alias of", &owner->r, m, err);
	for (size_t i = 0; i < l->aliases.n; i++) {
		const char *alias = l->aliases.v[i];

		owner = table_llm_alias(m->table, alias);
		named = owner != NULL ? &owner->r : table_by_name(m->table, &kind_llm, alias);
		if (named != NULL && strcmp(named->id, l->r.id) != 0)
			return taken("alias already taken", alias, "by Llm", named, m, err);
	}
	return RC_OK;
}

/* llm_merge - lay a body over an Llm */
static enum rc
llm_merge(struct record *r, struct json_object *body, const struct merge *m, struct error *err)
{
	struct llm *l = (struct llm *)r;

	if (m->old == NULL)
		set_defaults(l);
	merge_type(l, body, m);
	merge_plain(l, body, m);
	merge_url(l, body, m);
	merge_aliases(l, body, m);
	merge_ref(l, body, m);
	merge_extra(l, body, m);
	check_destination(l, body, m);
	return m->faults->total == 0 ? check_taken(l, m, err) : RC_OK;
}

/* decode_aliases - a list of texts */
static void
decode_aliases(struct llm *l, struct json_object *list)
{
	if (!json_object_is_type(list, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(list); i++)
		strings_add(&l->aliases,
		    json_object_get_string(json_object_array_get_idx(list, i)));
}

/* llm_decode - from the store */
static enum rc
llm_decode(struct record *r, struct json_object *stored, struct error *err)
{
	struct json_object *ref = jsonx_get(stored, "apiKeyRef");
	struct json_object *extra = jsonx_get(stored, "extraConfig");
	struct llm *l = (struct llm *)r;

	l->type = llm_type_find(jsonx_str(stored, "type", ""));
	l->tier = llm_tier_find(jsonx_str(stored, "tier", ""));
	if (l->type == NULL || l->tier == NULL)
		return error_set(err, RC_CORRUPT, "type or tier is wrong");
	if (!json_object_is_type(extra, json_type_object))
		return error_set(err, RC_CORRUPT, "extraConfig is no object");
	text_set(&l->model, jsonx_str(stored, "model", ""));
	text_set(&l->url, jsonx_str(stored, "url", ""));
	text_set(&l->description, jsonx_str(stored, "description", ""));
	l->enabled = jsonx_bool(stored, "enabled", true);
	decode_aliases(l, jsonx_get(stored, "aliases"));
	if (json_object_is_type(ref, json_type_object)) {
		text_set(&l->key_secret_id, jsonx_str(ref, "id", ""));
		text_set(&l->key_name, jsonx_str(ref, "key", ""));
	}
	set_extra(l, extra, NULL);
	return RC_OK;
}

/* put_aliases - stored and shown alike */
static void
put_aliases(const struct llm *l, struct json_object *o)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < l->aliases.n; i++)
		json_object_array_add(list, json_object_new_string(l->aliases.v[i]));
	jsonx_put(o, "aliases", list);
}

/* put_members - all that is stored and shown alike; ref is the apiKeyRef */
static void
put_members(const struct llm *l, struct json_object *o, struct json_object *ref)
{
	jsonx_put_str(o, "type", l->type);
	jsonx_put_str(o, "model", l->model);
	jsonx_put_str(o, "url", l->url);
	jsonx_put_str(o, "tier", l->tier);
	jsonx_put_str(o, "description", l->description);
	jsonx_put_bool(o, "enabled", l->enabled);
	put_aliases(l, o);
	jsonx_put(o, "apiKeyRef", ref);
	jsonx_put(o, "extraConfig", text_json(l->extra));
}

/* llm_encode - into the store, the Secret by its id */
static void
llm_encode(const struct record *r, struct json_object *stored)
{
	const struct llm *l = (const struct llm *)r;
	struct json_object *ref = NULL;

	if (l->key_secret_id != NULL) {
		ref = json_object_new_object();
		jsonx_put_str(ref, "id", l->key_secret_id);
		jsonx_put_str(ref, "key", l->key_name);
	}
	put_members(l, stored, ref);
}

/* llm_view - as the API shows it, the Secret by its name */
static void
llm_view(const struct record *r, const struct table *t, struct json_object *view)
{
	const struct llm *l = (const struct llm *)r;
	const struct record *secret = NULL;
	struct json_object *ref = NULL;

	if (l->key_secret_id != NULL)
		secret = table_by_id(t, &kind_secret, l->key_secret_id);
	if (secret != NULL) {
		ref = json_object_new_object();
		jsonx_put_str(ref, "name", secret->name);
		jsonx_put_str(ref, "key", l->key_name);
	}
	put_members(l, view, ref);
}

/* llm_unlink - forget the key */
void
llm_unlink(struct llm *l)
{
	free(l->key_secret_id);
	free(l->key_name);
	l->key_secret_id = l->key_name = NULL;
}

/* llm_release - free what is the Llm's own */
static void
llm_release(struct record *r)
{
	struct llm *l = (struct llm *)r;

	llm_unlink(l);
	free(l->model);
	free(l->url);
	free(l->description);
	free(l->extra);
	strings_release(&l->aliases);
	llm_settings_release(&l->settings);
}

const struct kind kind_llm = {
	.resource	= RESOURCE_LLMS,
	.plural		= "llms",
	.singular	= "llm",
	.label		= "Llm",
	.size		= sizeof(struct llm),
	.fields		= llm_fields,
	.bad_name	= name_bad_llm,
	.decode		= llm_decode,
	.encode		= llm_encode,
	.merge		= llm_merge,
	.view		= llm_view,
	.release	= llm_release,
};
