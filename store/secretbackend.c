/* secretbackend.c - the resource SecretBackend: where the values of secrets live */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "store/batch.h"
#include "store/fields.h"
#include "store/openbao_config.h"

static const char *const backend_fields[] = { "type", "description", "default", "config", NULL };

static const struct backend_type {
	const char		*name;
	enum secret_kept	 kept;
} backend_types[] = {
	{ "sealed",	KEPT_SEALED },
	{ "plaintext",	KEPT_PLAINTEXT },
	{ "openbao",	KEPT_OPENBAO },
	{ NULL, 0 }
};

/* set_type - by its name; false: there is none of it */
static bool
set_type(struct secretbackend *s, const char *name)
{
	for (const struct backend_type *t = backend_types; t->name != NULL; t++)
		if (strcmp(t->name, name) == 0) {
			s->type = t->name;
			s->kept = t->kept;
			return true;
		}
	return false;
}

/* merge_type - set once */
static void
merge_type(struct secretbackend *s, struct json_object *body, const struct merge *m)
{
	const char *word;

	if (m->old == NULL && !jsonx_has(body, "type"))
		faults_add(m->faults, "type", "is required");
	if (!field_text(body, "", "type", m->faults, &word))
		return;
	if (m->old != NULL && strcmp(word, s->type) != 0)
		faults_add(m->faults, "type", "can't be changed, it is %s", s->type);
	if (m->old == NULL && !set_type(s, word))
		faults_add(m->faults, "type", "must be sealed, plaintext or openbao");
}

/* merge_default - it can be taken over, and can't just go away */
static void
merge_default(struct secretbackend *s, struct json_object *body, const struct merge *m)
{
	bool yes;

	if (!field_bool(body, "", "default", m->faults, &yes))
		return;
	if (!yes && s->is_default)
		faults_add(m->faults, "default",
		    "there must be a default: make another backend the default instead");
	s->is_default = yes;
}

/* merge_config - only openbao has one */
static void
merge_config(struct secretbackend *s, struct json_object *body, const struct merge *m)
{
	static const char *const no_keys[] = { NULL };
	struct json_object *config = NULL;
	bool there = field_object(body, "", "config", m->faults, &config);

	if (s->type != NULL && s->kept == KEPT_OPENBAO)
		openbao_config_merge(&s->bao, there ? config : NULL, m);
	else if (there && s->type != NULL)
		fields_known(config, "config", no_keys, m->faults);
}

/* backend_merge - lay a body over a backend */
static enum rc
backend_merge(struct record *r, struct json_object *body, const struct merge *m,
    struct error *err)
{
	struct secretbackend *s = (struct secretbackend *)r;

	(void)err;
	if (m->old == NULL)
		text_set(&s->description, "");
	merge_type(s, body, m);
	merge_default(s, body, m);
	field_description(body, m->faults, &s->description);
	merge_config(s, body, m);
	return RC_OK;
}

/* backend_decode - from the store */
static enum rc
backend_decode(struct record *r, struct json_object *stored, struct error *err)
{
	struct secretbackend *s = (struct secretbackend *)r;

	if (!set_type(s, jsonx_str(stored, "type", "")))
		return error_set(err, RC_CORRUPT, "type is not one that this version knows");
	text_set(&s->description, jsonx_str(stored, "description", ""));
	s->is_default = jsonx_bool(stored, "default", false);
	if (s->kept != KEPT_OPENBAO)
		return RC_OK;
	return openbao_config_decode(&s->bao, jsonx_get(stored, "config"), err);
}

/* put_members - what the stored record and the view have in common */
static void
put_members(const struct secretbackend *s, struct json_object *o, struct json_object *config)
{
	jsonx_put_str(o, "type", s->type);
	jsonx_put_str(o, "description", s->description);
	jsonx_put_bool(o, "default", s->is_default);
	jsonx_put(o, "config", config != NULL ? config : json_object_new_object());
}

/* backend_encode - into the store, the token's Secret by its id */
static void
backend_encode(const struct record *r, struct json_object *stored)
{
	const struct secretbackend *s = (const struct secretbackend *)r;

	put_members(s, stored, s->kept == KEPT_OPENBAO ?
	    openbao_config_json(&s->bao, "id", s->bao.token_secret_id) : NULL);
}

/* backend_view - as the API shows it, the token's Secret by its name */
static void
backend_view(const struct record *r, const struct table *t, struct json_object *view)
{
	const struct secretbackend *s = (const struct secretbackend *)r;
	const struct record *secret = NULL;

	if (s->kept == KEPT_OPENBAO)
		secret = table_by_id(t, &kind_secret, s->bao.token_secret_id);
	put_members(s, view, s->kept == KEPT_OPENBAO ? openbao_config_json(&s->bao, "name",
	    secret != NULL ? secret->name : NULL) : NULL);
}

/* backend_follow - one backend is the default: the one before is no longer */
static void
backend_follow(struct batch *b, const struct record *r)
{
	const struct table *t = batch_table(b);

	if (!((const struct secretbackend *)r)->is_default)
		return;
	for (size_t i = 0; i < table_count(t, &kind_secretbackend); i++) {
		const struct record *other = table_at(t, &kind_secretbackend, i);
		struct record *copy;

		if (other == r || !((const struct secretbackend *)other)->is_default)
			continue;
		copy = batch_copy(other);
		((struct secretbackend *)copy)->is_default = false;
		batch_replace(b, other, copy);
	}
}

/* secret_in - are the values of a secret kept in the backend, or a copy that a migration left */
static bool
secret_in(const struct record *r, const char *backend_id)
{
	const struct secret *s = (const struct secret *)r;

	return strcmp(s->backend_id, backend_id) == 0 ||
	    (s->copy_id != NULL && strcmp(s->copy_id, backend_id) == 0);
}

static const struct use backend_uses[] = {
	{ &kind_secret, secret_in },
	{ NULL, NULL }
};

/* backend_remove - not while secrets are in it, nor as long as new ones would go there */
static enum rc
backend_remove(struct batch *b, const struct record *r, struct error *err)
{
	enum rc rc = batch_unused(b, r, backend_uses, err);

	if (rc == RC_OK && ((const struct secretbackend *)r)->is_default)
		rc = error_set(err, RC_CONFLICT, "SecretBackend in use: %s (it is the default: make "
		    "another one the default first)", r->name);
	return rc;
}

/* backend_release - free what is the backend's own */
static void
backend_release(struct record *r)
{
	struct secretbackend *s = (struct secretbackend *)r;

	free(s->description);
	openbao_config_release(&s->bao);
}

/* backend_same_place - see records.h */
bool
backend_same_place(const struct secretbackend *a, const struct secretbackend *b)
{
	const struct openbao_config *x = &a->bao, *y = &b->bao;

	if (a->kept != KEPT_OPENBAO || b->kept != KEPT_OPENBAO)
		return a->kept == b->kept;
	return strcmp(x->url, y->url) == 0 && strcmp(x->mount, y->mount) == 0 &&
	    strcmp(x->path_prefix, y->path_prefix) == 0 && strcmp(x->ns, y->ns) == 0 &&
	    strcmp(x->token_secret_id, y->token_secret_id) == 0 &&
	    strcmp(x->token_key, y->token_key) == 0;
}

const struct kind kind_secretbackend = {
	.resource	= RESOURCE_SECRETBACKENDS,
	.plural		= "secretbackends",
	.singular	= "secretbackend",
	.label		= "SecretBackend",
	.size		= sizeof(struct secretbackend),
	.fields		= backend_fields,
	.bad_name	= name_bad_plain,
	.decode		= backend_decode,
	.encode		= backend_encode,
	.merge		= backend_merge,
	.view		= backend_view,
	.follow		= backend_follow,
	.remove		= backend_remove,
	.release	= backend_release,
};
