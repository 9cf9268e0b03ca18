/* secret.c - the resource Secret: values that go in and come out for calls only */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "store/batch.h"
#include "store/fields.h"
#include "store/records.h"
#include "store/seal.h"
#include "store/secret.h"
#include "store/table.h"

#define KEY_MAX		100		/* bytes of a key's name */
#define COMMON_ROOM	1024		/* bytes of a stored record beside its data */
#define DATA_MAX	(KV_VALUE_MAX - COMMON_ROOM)

static const char *const secret_fields[] = { "backend", "data", NULL };

/* secret_key_bad - [A-Za-z0-9][A-Za-z0-9._-]{0,99} */
const char *
secret_key_bad(const char *key)
{
	static const char chars[] = "._-0123456789"
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t len = strlen(key);

	if (len == 0 || len > KEY_MAX || strchr("._-", key[0]) != NULL ||
	    strspn(key, chars) != len)
		return "must be 1 to 100 of letters, digits, '.', '_' and '-', a letter or a "
		    "digit first";
	return NULL;
}

/* by_key - order of the map */
static int
by_key(const void *a, const void *b)
{
	return strcmp(((const struct secret_value *)a)->key,
	    ((const struct secret_value *)b)->key);
}

/* value_size - bytes of a value in the record, as far as can be told before */
static size_t
value_size(const struct secretbackend *backend, const char *text)
{
	size_t len = strlen(text);

	return backend->kept == KEPT_SEALED ? seal_size(len) : len;
}

/* check_data - forms and size, before anything is sealed */
static bool
check_data(struct json_object *data, const struct secretbackend *backend, struct faults *f)
{
	size_t before = f->total, size = 0;
	char path[FIELD_PATH_MAX];

	json_object_object_foreach(data, key, item) {
		const char *bad = secret_key_bad(key), *text;

		field_path(path, "data", key);
		if (bad != NULL)
			faults_add(f, path, "key %s", bad);
		text = item_text(item, path, f);
		if (text != NULL && backend != NULL)
			size += strlen(key) + sizeof("\"\":\"\",") + value_size(backend, text);
	}
	if (size > DATA_MAX)
		faults_add(f, "data", "is too large: %zu bytes when %s, at most %d", size,
		    backend->kept == KEPT_SEALED ? "sealed" : "stored", DATA_MAX);
	return f->total == before;
}

/* merge_data - the whole map; the body's clear text is not kept */
static enum rc
merge_data(struct secret *s, const struct secretbackend *backend, struct json_object *data,
    const struct merge *m, struct error *err)
{
	const struct secret_setting with = {
		table_store_id(m->table), m->keyring, m->outside, (const struct secret *)m->old
	};
	struct pairs pairs = PAIRS_INIT;
	enum rc rc;

	pairs_from(&pairs, data);
	rc = secret_set(s, backend, &pairs, m->old == NULL ? OUTSIDE_CREATE : OUTSIDE_SET, &with,
	    err);
	pairs_wipe(&pairs);
	return rc;
}

/* default_backend - where a secret goes that does not say */
static const struct record *
default_backend(const struct table *t)
{
	for (size_t i = 0; i < table_count(t, &kind_secretbackend); i++) {
		const struct record *r = table_at(t, &kind_secretbackend, i);

		if (((const struct secretbackend *)r)->is_default)
			return r;
	}
	return NULL;
}

/* same_backend - moving values is migrate's work, not a PUT's. Other backends are not looked for, or a
   refused change would tell which there are */
static void
same_backend(const struct secret *s, struct json_object *body, const struct merge *m)
{
	const struct record *backend = table_by_id(m->table, &kind_secretbackend, s->backend_id);
	const char *name;

	if (jsonx_get(body, "backend") == NULL || !field_text(body, "", "backend", m->faults, &name))
		return;
	if (backend == NULL || strcmp(backend->name, name) != 0)
		faults_add(m->faults, "backend", "can't be changed (migrate the secret)");
}

/* merge_backend - of a new one: named, or the default */
static void
merge_backend(struct secret *s, struct json_object *body, const struct merge *m)
{
	const struct record *backend;
	const char *name, *bad;

	if (jsonx_get(body, "backend") == NULL) {
		backend = default_backend(m->table);
		if (backend == NULL)
			faults_add(m->faults, "backend", "is required: no backend is the default");
		else
			text_set(&s->backend_id, backend->id);
		return;
	}
	if (!field_text(body, "", "backend", m->faults, &name))
		return;
	bad = name_bad_plain(name);
	backend = bad == NULL ? table_by_name(m->table, &kind_secretbackend, name) : NULL;
	if (bad != NULL)
		faults_add(m->faults, "backend", "%s", bad);
	else if (backend == NULL)
		faults_add(m->faults, "backend", "SecretBackend not found: %s", name);
	else
		text_set(&s->backend_id, backend->id);
}

/* secret_merge - lay a body over a secret */
static enum rc
secret_merge(struct record *r, struct json_object *body, const struct merge *m, struct error *err)
{
	const struct secretbackend *backend = NULL;
	struct secret *s = (struct secret *)r;
	struct json_object *data;

	if (m->old == NULL)
		merge_backend(s, body, m);
	else
		same_backend(s, body, m);
	if (s->backend_id != NULL)
		backend = (const struct secretbackend *)table_by_id(m->table,
		    &kind_secretbackend, s->backend_id);
	if (m->old == NULL && !jsonx_has(body, "data"))
		faults_add(m->faults, "data", "is required");
	if (!field_object(body, "", "data", m->faults, &data) ||
	    !check_data(data, backend, m->faults) || m->faults->total > 0)
		return RC_OK;
	if (backend == NULL)
		return error_set(err, RC_CORRUPT, "secret '%s': its backend is gone", r->name);
	return merge_data(s, backend, data, m, err);
}

static const struct kept_row {
	const char	*name;		/* in the stored record; sealed ones don't say it */
	const char	*values;	/* the member that has the values, or the keys alone */
} kept_rows[] = {
	[KEPT_SEALED]		= { NULL, "data" },
	[KEPT_PLAINTEXT]	= { "plaintext", "data" },
	[KEPT_OPENBAO]		= { "openbao", "keys" },
};

/* decode_kept - how the values are kept */
static enum rc
decode_kept(struct secret *s, struct json_object *stored, struct error *err)
{
	const char *name = jsonx_str(stored, "kept", NULL);

	for (size_t i = KEPT_PLAINTEXT; name != NULL && i <= KEPT_OPENBAO; i++)
		if (strcmp(kept_rows[i].name, name) == 0)
			s->kept = (enum secret_kept)i;
	if (name != NULL && s->kept == KEPT_SEALED)
		return error_set(err, RC_CORRUPT, "kept is not a way that this version knows");
	return RC_OK;
}

/* decode_keys - of values that are elsewhere */
static enum rc
decode_keys(struct secret *s, struct json_object *keys, struct error *err)
{
	size_t n = json_object_is_type(keys, json_type_array) ? json_object_array_length(keys) : 0;

	if (!json_object_is_type(keys, json_type_array))
		return error_set(err, RC_CORRUPT, "keys is no list");
	s->values = x_calloc(n, sizeof(*s->values));
	for (size_t i = 0; i < n; i++) {
		struct json_object *key = json_object_array_get_idx(keys, i);

		if (!json_object_is_type(key, json_type_string))
			return error_set(err, RC_CORRUPT, "keys[%zu] is no text", i);
		s->values[s->nvalues++].key = x_strdup(json_object_get_string(key));
	}
	return RC_OK;
}

/* decode_data - envelopes are looked into when they are opened */
static enum rc
decode_data(struct secret *s, struct json_object *data, struct error *err)
{
	if (!json_object_is_type(data, json_type_object))
		return error_set(err, RC_CORRUPT, "data is no object");
	s->values = x_calloc((size_t)json_object_object_length(data), sizeof(*s->values));
	json_object_object_foreach(data, key, item) {
		if (!json_object_is_type(item, json_type_string))
			return error_set(err, RC_CORRUPT, "data.%s is no text", key);
		s->values[s->nvalues++] = (struct secret_value){ x_strdup(key),
		    x_strdup(json_object_get_string(item)) };
	}
	return RC_OK;
}

/* decode_copy - a migration that is under way */
static enum rc
decode_copy(struct secret *s, struct json_object *stored, struct error *err)
{
	const char *id = jsonx_str(stored, "copyIn", NULL);

	if (id != NULL && !random_is_id(id))
		return error_set(err, RC_CORRUPT, "copyIn is no id");
	if (id != NULL)
		text_set(&s->copy_id, id);
	s->copy_version = jsonx_int(stored, "copyVersion", 0);
	s->kv_version = jsonx_int(stored, "kvVersion", 0);
	return RC_OK;
}

/* secret_decode - from the store */
static enum rc
secret_decode(struct record *r, struct json_object *stored, struct error *err)
{
	const char *backend = jsonx_str(stored, "backend", "");
	struct secret *s = (struct secret *)r;
	struct json_object *values;
	enum rc rc;

	if (!random_is_id(backend))
		return error_set(err, RC_CORRUPT, "backend is no id");
	text_set(&s->backend_id, backend);
	if ((rc = decode_kept(s, stored, err)) != RC_OK ||
	    (rc = decode_copy(s, stored, err)) != RC_OK)
		return rc;
	values = jsonx_get(stored, kept_rows[s->kept].values);
	rc = s->kept == KEPT_OPENBAO ? decode_keys(s, values, err) : decode_data(s, values, err);
	if (rc == RC_OK)
		qsort(s->values, s->nvalues, sizeof(*s->values), by_key);
	return rc;
}

/* keys_json - the names alone */
static struct json_object *
keys_json(const struct secret *s)
{
	struct json_object *keys = json_object_new_array();

	for (size_t i = 0; i < s->nvalues; i++)
		json_object_array_add(keys, json_object_new_string(s->values[i].key));
	return keys;
}

/* data_json - the values in their stored form */
static struct json_object *
data_json(const struct secret *s)
{
	struct json_object *data = json_object_new_object();

	for (size_t i = 0; i < s->nvalues; i++)
		jsonx_put_str(data, s->values[i].key, s->values[i].stored);
	return data;
}

/* secret_encode - into the store; a sealed one as it always was */
static void
secret_encode(const struct record *r, struct json_object *stored)
{
	const struct secret *s = (const struct secret *)r;

	jsonx_put_str(stored, "backend", s->backend_id);
	if (s->kept != KEPT_SEALED)
		jsonx_put_str(stored, "kept", kept_rows[s->kept].name);
	jsonx_put(stored, kept_rows[s->kept].values,
	    s->kept == KEPT_OPENBAO ? keys_json(s) : data_json(s));
	if (s->kept == KEPT_OPENBAO)
		jsonx_put_int(stored, "kvVersion", s->kv_version);
	if (s->copy_id != NULL) {
		jsonx_put_str(stored, "copyIn", s->copy_id);
		jsonx_put_int(stored, "copyVersion", s->copy_version);
	}
}

/* secret_view - keys only: no value, not even sealed, leaves through the API */
static void
secret_view(const struct record *r, const struct table *t, struct json_object *view)
{
	const struct secret *s = (const struct secret *)r;
	const struct record *backend = table_by_id(t, &kind_secretbackend, s->backend_id);

	jsonx_put_str(view, "backend", backend != NULL ? backend->name : NULL);
	jsonx_put(view, "keys", keys_json(s));
}

/* token_of - does the backend get its token from the secret */
static bool
token_of(const struct record *backend, const char *secret_id)
{
	const char *held = ((const struct secretbackend *)backend)->bao.token_secret_id;

	return held != NULL && strcmp(held, secret_id) == 0;
}

static const struct use secret_uses[] = {
	{ &kind_secretbackend, token_of },
	{ NULL, NULL }
};

/* drop_at - what one backend holds of it goes too */
static void
drop_at(struct batch *b, const char *backend_id, const char *secret)
{
	const struct record *r = table_by_id(batch_table(b), &kind_secretbackend, backend_id);

	if (r != NULL)
		outside_ask(batch_outside(b), OUTSIDE_DROP, (const struct secretbackend *)r, secret,
		    NULL);
}

/* secret_remove - not a backend's token; Llms that hold it lose their key in the same transaction */
static enum rc
secret_remove(struct batch *b, const struct record *r, struct error *err)
{
	const struct secret *s = (const struct secret *)r;
	const struct table *t = batch_table(b);
	enum rc rc = batch_unused(b, r, secret_uses, err);

	if (rc != RC_OK)
		return rc;
	if (s->kept == KEPT_OPENBAO)
		drop_at(b, s->backend_id, r->name);
	if (s->copy_id != NULL)
		drop_at(b, s->copy_id, r->name);
	for (size_t i = 0; i < table_count(t, &kind_llm); i++) {
		const struct record *old = table_at(t, &kind_llm, i);
		const char *held = ((const struct llm *)old)->key_secret_id;
		struct record *copy;

		if (held == NULL || strcmp(held, r->id) != 0)
			continue;
		copy = batch_copy(old);
		llm_unlink((struct llm *)copy);
		batch_replace(b, old, copy);
	}
	return RC_OK;
}

/* secret_release - free what is the secret's own */
static void
secret_release(struct record *r)
{
	struct secret *s = (struct secret *)r;

	free(s->backend_id);
	free(s->copy_id);
	secret_values_release(s);
}

const struct kind kind_secret = {
	.resource	= RESOURCE_SECRETS,
	.plural		= "secrets",
	.singular	= "secret",
	.label		= "Secret",
	.size		= sizeof(struct secret),
	.fields		= secret_fields,
	.bad_name	= name_bad_plain,
	.decode		= secret_decode,
	.encode		= secret_encode,
	.merge		= secret_merge,
	.view		= secret_view,
	.remove		= secret_remove,
	.release	= secret_release,
};
