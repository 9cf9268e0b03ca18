/* secret_value.c - the values of a Secret: sealed, in clear, or elsewhere */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/fields.h"
#include "store/records.h"
#include "store/seal.h"
#include "store/secret.h"
#include "store/table.h"

/* place - what the envelope of a value is bound to */
static struct seal_place
place(const struct secret *s, const char *store_id, const char *key)
{
	return (struct seal_place){ store_id, kind_secret.singular, s->r.name, key };
}

/* find_value - the value of a key, or NULL */
static const struct secret_value *
find_value(const struct secret *s, const char *key)
{
	for (size_t i = 0; i < s->nvalues; i++)
		if (strcmp(s->values[i].key, key) == 0)
			return &s->values[i];
	return NULL;
}

/* secret_values_release - free the map; it is empty then */
void
secret_values_release(struct secret *s)
{
	for (size_t i = 0; i < s->nvalues; i++) {
		free(s->values[i].key);
		mem_free_wiped(s->values[i].stored);
	}
	free(s->values);
	s->values = NULL;
	s->nvalues = 0;
}

/* kept_envelope - the envelope that stands, if it holds this very value: then nothing changes */
static char *
kept_envelope(const struct secret_setting *with, const struct seal_place *at, const char *plain)
{
	const struct secret_value *old = NULL;
	char *clear, *kept = NULL;

	if (with->old != NULL && with->old->kept == KEPT_SEALED)
		old = find_value(with->old, at->field);
	if (old == NULL || seal_open(with->keyring, at, old->stored, &clear, NULL) != RC_OK)
		return NULL;
	if (strcmp(clear, plain) == 0)
		kept = x_strdup(old->stored);
	mem_free_wiped(clear);
	return kept;
}

/* put_value - in the form of the backend */
static enum rc
put_value(struct secret *s, enum secret_kept kept, const struct pair *pair,
    const struct secret_setting *with, struct error *err)
{
	struct secret_value *v = &s->values[s->nvalues];
	struct seal_place at = place(s, with->store_id, pair->key);
	enum rc rc = RC_OK;

	v->stored = NULL;
	if (kept == KEPT_PLAINTEXT)
		v->stored = x_strdup(pair->value);
	else if (kept == KEPT_SEALED && (v->stored = kept_envelope(with, &at, pair->value)) == NULL)
		rc = seal_value(with->keyring, &at, pair->value, strlen(pair->value), &v->stored,
		    err);
	if (rc != RC_OK)
		return rc;
	v->key = x_strdup(pair->key);
	s->nvalues++;
	return RC_OK;
}

/* secret_set - see records.h */
enum rc
secret_set(struct secret *s, const struct secretbackend *backend, const struct pairs *data,
    enum outside_op op, const struct secret_setting *with, struct error *err)
{
	struct secret fresh = { .r = { .name = s->r.name } };
	int64_t version = 0;
	enum rc rc = RC_OK;

	fresh.values = x_calloc(data->n, sizeof(*fresh.values));
	for (size_t i = 0; i < data->n && rc == RC_OK; i++)
		rc = put_value(&fresh, backend->kept, &data->v[i], with, err);
	if (rc != RC_OK) {
		secret_values_release(&fresh);
		return rc;
	}
	if (backend->kept == KEPT_OPENBAO)
		version = outside_ask(with->outside, op, backend, s->r.name, data);
	secret_values_release(s);
	s->values = fresh.values;
	s->nvalues = fresh.nvalues;
	s->kept = backend->kept;
	s->kv_version = version > 0 ? version : 0;
	text_set(&s->backend_id, backend->r.id);
	return RC_OK;
}

/* secret_no_key - one text for all backends */
enum rc
secret_no_key(const struct secret *s, const char *key, struct error *err)
{
	return error_set(err, RC_NOT_FOUND, "secret '%s' has no key '%s'", s->r.name, key);
}

/* secret_clear - as it was given */
enum rc
secret_clear(const struct secret *s, const char *store_id, struct keyring *k, const char *key,
    char **out, struct error *err)
{
	const struct secret_value *v = find_value(s, key);
	struct seal_place at = place(s, store_id, key);

	if (s->kept == KEPT_OPENBAO)
		return error_set(err, RC_UNSUPPORTED, "secret '%s' is kept in an openbao backend",
		    s->r.name);
	if (v == NULL)
		return secret_no_key(s, key, err);
	if (s->kept == KEPT_SEALED)
		return seal_open(k, &at, v->stored, out, err);
	*out = x_strdup(v->stored);
	return RC_OK;
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

/* secret_sendable - fit to be sent in a header */
enum rc
secret_sendable(const struct secret *s, char *value, struct error *err)
{
	chomp(value);
	if (value[0] == '\0')
		return error_set(err, RC_INVALID, "secret '%s': key is empty", s->r.name);
	if (!text_field(value))
		return error_set(err, RC_INVALID, "secret '%s': key has control characters",
		    s->r.name);
	return RC_OK;
}

/* secret_open - a value of the store's own, to be sent */
enum rc
secret_open(const struct secret *s, const char *store_id, struct keyring *k, const char *key,
    char **out, struct error *err)
{
	enum rc rc;
	char *clear;

	rc = secret_clear(s, store_id, k, key, &clear, err);
	if (rc != RC_OK)
		return rc;
	if ((rc = secret_sendable(s, clear, err)) == RC_OK)
		*out = clear;
	else
		mem_free_wiped(clear);
	return rc;
}

/* secret_plaintext_count - to be said aloud */
size_t
secret_plaintext_count(const struct table *t)
{
	size_t n = 0;

	for (size_t i = 0; i < table_count(t, &kind_secret); i++)
		n += ((const struct secret *)table_at(t, &kind_secret, i))->kept == KEPT_PLAINTEXT;
	return n;
}
