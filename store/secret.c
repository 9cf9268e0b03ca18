/* secret.c - the resource Secret: values that go in sealed and come out for calls only */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "store/fields.h"
#include "store/records.h"
#include "store/seal.h"
#include "store/store.h"
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

/* place - what the envelope of a value is bound to */
static struct seal_place
place(const struct secret *s, const char *store_id, const char *key)
{
	return (struct seal_place){ store_id, kind_secret.singular, s->r.name, key };
}

/* find_value - the sealed value of a key, or NULL */
static const struct secret_value *
find_value(const struct secret *s, const char *key)
{
	for (size_t i = 0; i < s->nvalues; i++)
		if (strcmp(s->values[i].key, key) == 0)
			return &s->values[i];
	return NULL;
}

/* values_release - free the map; it is empty then */
static void
values_release(struct secret *s)
{
	for (size_t i = 0; i < s->nvalues; i++) {
		free(s->values[i].key);
		free(s->values[i].stored);
	}
	free(s->values);
	s->values = NULL;
	s->nvalues = 0;
}

/* by_key - order of the map */
static int
by_key(const void *a, const void *b)
{
	return strcmp(((const struct secret_value *)a)->key,
	    ((const struct secret_value *)b)->key);
}

/* kept_envelope - the envelope that stands, if it holds this very value: then nothing changes */
static char *
kept_envelope(const struct merge *m, const struct seal_place *at, const char *plain)
{
	const struct secret_value *old = NULL;
	char *clear, *kept = NULL;

	if (m->old != NULL)
		old = find_value((const struct secret *)m->old, at->field);
	if (old == NULL || seal_open(m->keyring, at, old->stored, &clear, NULL) != RC_OK)
		return NULL;
	if (strcmp(clear, plain) == 0)
		kept = x_strdup(old->stored);
	mem_free_wiped(clear);
	return kept;
}

/* seal_one - the envelope of one value */
static enum rc
seal_one(const struct merge *m, const struct seal_place *at, const char *plain, char **out,
    struct error *err)
{
	char *kept = kept_envelope(m, at, plain);

	if (kept == NULL)
		return seal_value(m->keyring, at, plain, strlen(plain), out, err);
	*out = kept;
	return RC_OK;
}

/* check_data - forms and size, before anything is sealed */
static bool
check_data(struct json_object *data, struct faults *f)
{
	size_t before = f->total, size = 0;
	char path[FIELD_PATH_MAX];

	json_object_object_foreach(data, key, item) {
		const char *bad = secret_key_bad(key), *text;

		field_path(path, "data", key);
		if (bad != NULL)
			faults_add(f, path, "key %s", bad);
		text = item_text(item, path, f);
		if (text != NULL)
			size += strlen(key) + sizeof("\"\":\"\",") + seal_size(strlen(text));
	}
	if (size > DATA_MAX)
		faults_add(f, "data", "is too large: %zu bytes when sealed, at most %d", size,
		    DATA_MAX);
	return f->total == before;
}

/* merge_data - the whole map, sealed; the body's clear text is not kept */
static enum rc
merge_data(struct secret *s, struct json_object *data, const struct merge *m, struct error *err)
{
	struct secret fresh = { .r = { .name = s->r.name } };
	size_t n = (size_t)json_object_object_length(data);
	enum rc rc = RC_OK;

	fresh.values = x_calloc(n, sizeof(*fresh.values));
	json_object_object_foreach(data, key, item) {
		struct seal_place at = place(s, table_store_id(m->table), key);
		struct secret_value *v = &fresh.values[fresh.nvalues];

		rc = seal_one(m, &at, json_object_get_string(item), &v->stored, err);
		if (rc != RC_OK)
			break;
		v->key = x_strdup(key);
		fresh.nvalues++;
	}
	if (rc != RC_OK) {
		values_release(&fresh);
		return rc;
	}
	qsort(fresh.values, fresh.nvalues, sizeof(*fresh.values), by_key);
	values_release(s);
	s->values = fresh.values;
	s->nvalues = fresh.nvalues;
	return RC_OK;
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

/* set_backend - moving values is migrate's work, not a PUT's */
static void
set_backend(struct secret *s, const struct record *backend, const struct merge *m)
{
	if (m->old == NULL)
		text_set(&s->backend_id, backend->id);
	else if (strcmp(s->backend_id, backend->id) != 0)
		faults_add(m->faults, "backend", "can't be changed (migrate the secret)");
}

/* merge_backend - named, or the default */
static void
merge_backend(struct secret *s, struct json_object *body, const struct merge *m)
{
	const struct record *backend;
	const char *name, *bad;

	if (jsonx_get(body, "backend") == NULL) {
		backend = default_backend(m->table);
		if (m->old == NULL && backend == NULL)
			faults_add(m->faults, "backend", "is required: no backend is the default");
		else if (m->old == NULL)
			set_backend(s, backend, m);
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
		set_backend(s, backend, m);
}

/* secret_merge - lay a body over a secret */
static enum rc
secret_merge(struct record *r, struct json_object *body, const struct merge *m, struct error *err)
{
	struct secret *s = (struct secret *)r;
	struct json_object *data;

	merge_backend(s, body, m);
	if (m->old == NULL && !jsonx_has(body, "data"))
		faults_add(m->faults, "data", "is required");
	if (!field_object(body, "", "data", m->faults, &data) || !check_data(data, m->faults))
		return RC_OK;
	return m->faults->total == 0 ? merge_data(s, data, m, err) : RC_OK;
}

/* secret_decode - from the store; envelopes are looked into when they are opened */
static enum rc
secret_decode(struct record *r, struct json_object *stored, struct error *err)
{
	struct json_object *data = jsonx_get(stored, "data");
	const char *backend = jsonx_str(stored, "backend", "");
	struct secret *s = (struct secret *)r;

	if (!random_is_id(backend))
		return error_set(err, RC_CORRUPT, "backend is no id");
	if (!json_object_is_type(data, json_type_object))
		return error_set(err, RC_CORRUPT, "data is no object");
	text_set(&s->backend_id, backend);
	s->values = x_calloc((size_t)json_object_object_length(data), sizeof(*s->values));
	json_object_object_foreach(data, key, item) {
		if (!json_object_is_type(item, json_type_string))
			return error_set(err, RC_CORRUPT, "data.%s is no text", key);
		s->values[s->nvalues++] = (struct secret_value){ x_strdup(key),
		    x_strdup(json_object_get_string(item)) };
	}
	qsort(s->values, s->nvalues, sizeof(*s->values), by_key);
	return RC_OK;
}

/* secret_encode - into the store */
static void
secret_encode(const struct record *r, struct json_object *stored)
{
	const struct secret *s = (const struct secret *)r;
	struct json_object *data = json_object_new_object();

	for (size_t i = 0; i < s->nvalues; i++)
		jsonx_put_str(data, s->values[i].key, s->values[i].stored);
	jsonx_put_str(stored, "backend", s->backend_id);
	jsonx_put(stored, "data", data);
}

/* secret_view - keys only: no value, not even sealed, leaves through the API */
static void
secret_view(const struct record *r, const struct table *t, struct json_object *view)
{
	const struct secret *s = (const struct secret *)r;
	const struct record *backend = table_by_id(t, &kind_secretbackend, s->backend_id);
	struct json_object *keys = json_object_new_array();

	for (size_t i = 0; i < s->nvalues; i++)
		json_object_array_add(keys, json_object_new_string(s->values[i].key));
	jsonx_put_str(view, "backend", backend != NULL ? backend->name : NULL);
	jsonx_put(view, "keys", keys);
}

/* secret_remove - Llms that hold it lose their key in the same transaction */
static enum rc
secret_remove(struct batch *b, const struct record *r, struct error *err)
{
	const struct table *t = batch_table(b);

	(void)err;
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
	values_release(s);
}

/* secret_clear - as it was given */
enum rc
secret_clear(const struct secret *s, const char *store_id, struct keyring *k, const char *key,
    char **out, struct error *err)
{
	const struct secret_value *v = find_value(s, key);
	struct seal_place at = place(s, store_id, key);

	if (v == NULL)
		return error_set(err, RC_NOT_FOUND, "secret '%s' has no key '%s'", s->r.name, key);
	return seal_open(k, &at, v->stored, out, err);
}

/* chomp - take one line end off */
static void
chomp(char *text)
{
	size_t len = strlen(text);

	if (len > 0 && text[len - 1] == '\n')
		text[--len] = '\0';
	if (len > 0 && text[len - 1] == '\r')
		text[--len] = '\0';
}

/* secret_open - fit to be sent in a header */
enum rc
secret_open(const struct secret *s, const char *store_id, struct keyring *k, const char *key,
    char **out, struct error *err)
{
	enum rc rc;
	char *clear;

	rc = secret_clear(s, store_id, k, key, &clear, err);
	if (rc != RC_OK)
		return rc;
	chomp(clear);
	if (clear[0] == '\0')
		rc = error_set(err, RC_INVALID, "secret '%s': key is empty", s->r.name);
	else if (!text_visible(clear))
		rc = error_set(err, RC_INVALID, "secret '%s': key has control characters",
		    s->r.name);
	if (rc != RC_OK) {
		mem_free_wiped(clear);
		return rc;
	}
	*out = clear;
	return RC_OK;
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
