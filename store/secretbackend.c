/* secretbackend.c - the resource SecretBackend: where the values of secrets live */
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "store/batch.h"
#include "store/fields.h"
#include "store/records.h"

static const char *const backend_fields[] = { "type", "description", "default", "config", NULL };

/* backend_types - AES-256-GCM in the store is the one there is */
static const char *const backend_types[] = { "sealed", NULL };

/* backend_type - the constant text of a type, or NULL */
static const char *
backend_type(const char *word)
{
	for (const char *const *type = backend_types; *type != NULL; type++)
		if (strcmp(*type, word) == 0)
			return *type;
	return NULL;
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
	s->type = backend_type(word);
	if (s->type == NULL)
		faults_add(m->faults, "type", "must be sealed");
}

/* default_other - the default backend, unless it is the one with this id */
static const struct record *
default_other(const struct table *t, const char *id)
{
	for (size_t i = 0; i < table_count(t, &kind_secretbackend); i++) {
		const struct record *r = table_at(t, &kind_secretbackend, i);

		if (((const struct secretbackend *)r)->is_default && strcmp(r->id, id) != 0)
			return r;
	}
	return NULL;
}

/* merge_default - there is one default at most, and it can't just go away */
static void
merge_default(struct secretbackend *s, struct json_object *body, const struct merge *m)
{
	const struct record *other = default_other(m->table, s->r.id);
	bool yes;

	if (!field_bool(body, "", "default", m->faults, &yes))
		return;
	if (yes && other != NULL)
		faults_add(m->faults, "default", "SecretBackend %s is the default", other->name);
	if (!yes && s->is_default)
		faults_add(m->faults, "default", "there must be a default");
	s->is_default = yes;
}

/* backend_merge - lay a body over a backend */
static enum rc
backend_merge(struct record *r, struct json_object *body, const struct merge *m,
    struct error *err)
{
	struct secretbackend *s = (struct secretbackend *)r;
	static const char *const no_keys[] = { NULL };
	struct json_object *config;

	(void)err;
	if (m->old == NULL) {
		text_set(&s->description, "");
		text_set(&s->config, "{}");
	}
	merge_type(s, body, m);
	merge_default(s, body, m);
	field_description(body, m->faults, &s->description);
	if (field_object(body, "", "config", m->faults, &config))
		fields_known(config, "config", no_keys, m->faults);
	return RC_OK;
}

/* backend_decode - from the store */
static enum rc
backend_decode(struct record *r, struct json_object *stored, struct error *err)
{
	struct secretbackend *s = (struct secretbackend *)r;
	struct json_object *config = jsonx_get(stored, "config");

	s->type = backend_type(jsonx_str(stored, "type", ""));
	if (s->type == NULL)
		return error_set(err, RC_CORRUPT, "type is not one that this version knows");
	text_set(&s->description, jsonx_str(stored, "description", ""));
	text_set(&s->config, config != NULL ? jsonx_text(config) : "{}");
	s->is_default = jsonx_bool(stored, "default", false);
	return RC_OK;
}

/* backend_encode - into the store, and the view is the same */
static void
backend_encode(const struct record *r, struct json_object *stored)
{
	const struct secretbackend *s = (const struct secretbackend *)r;

	jsonx_put_str(stored, "type", s->type);
	jsonx_put_str(stored, "description", s->description);
	jsonx_put_bool(stored, "default", s->is_default);
	jsonx_put(stored, "config", text_json(s->config));
}

/* backend_view - as the API shows it */
static void
backend_view(const struct record *r, const struct table *t, struct json_object *view)
{
	(void)t;
	backend_encode(r, view);
}

/* secret_in - are the values of a secret kept in the backend */
static bool
secret_in(const struct record *r, const char *backend_id)
{
	return strcmp(((const struct secret *)r)->backend_id, backend_id) == 0;
}

static const struct use backend_uses[] = {
	{ &kind_secret, secret_in },
	{ NULL, NULL }
};

/* backend_remove - not while secrets are in it */
static enum rc
backend_remove(struct batch *b, const struct record *r, struct error *err)
{
	return batch_unused(b, r, backend_uses, err);
}

/* backend_release - free what is the backend's own */
static void
backend_release(struct record *r)
{
	struct secretbackend *s = (struct secretbackend *)r;

	free(s->description);
	free(s->config);
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
	.remove		= backend_remove,
	.release	= backend_release,
};
