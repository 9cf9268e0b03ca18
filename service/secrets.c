/* secrets.c - values from the store, or from a backend by way of the cache */
#include <string.h>

#include "base/mem.h"
#include "service/secret_cache.h"
#include "service/secrets.h"

/* bao_open - a token that can't be had is the backend's trouble, not the caller's */
enum rc
bao_open(struct bao *bao, struct service *svc, const struct table *t,
    const struct secretbackend *b, struct error *err)
{
	const struct openbao_config *c = &b->bao;
	const struct record *secret = table_by_id(t, &kind_secret, c->token_secret_id);
	enum rc rc;

	*bao = (struct bao){
		.at = { b->r.name, c->url, c->mount, c->path_prefix, c->ns, NULL }
	};
	if (secret == NULL)
		rc = error_set(err, RC_UPSTREAM, "its Secret is gone");
	else
		rc = secret_open((const struct secret *)secret, table_store_id(t),
		    store_keyring(svc->store), c->token_key, &bao->token, err);
	if (rc != RC_OK) {
		error_prefix(err, "SecretBackend %s: tokenSecret", b->r.name);
		if (rc == RC_NOT_FOUND || rc == RC_INVALID)
			rc = err->rc = RC_UPSTREAM;
		return rc;
	}
	bao->at.token = bao->token;
	http_global();
	bao->http = service_http(svc);
	return RC_OK;
}

/* bao_close - the token goes first */
void
bao_close(struct bao *bao)
{
	mem_free_wiped(bao->token);
	http_free(bao->http);
	memset(bao, 0, sizeof(*bao));
}

/* backend_of - where a secret is kept */
static enum rc
backend_of(const struct table *t, const struct secret *s, const struct secretbackend **out,
    struct error *err)
{
	const struct record *r = table_by_id(t, &kind_secretbackend, s->backend_id);

	if (r == NULL)
		return error_set(err, RC_CORRUPT, "secret '%s': its backend is gone", s->r.name);
	*out = (const struct secretbackend *)r;
	return RC_OK;
}

struct fetch {				/* what a fetch of the cache works with */
	struct service			*svc;
	const struct table		*table;
	const struct secretbackend	*backend;
	const char			*secret;
	int64_t				 version;
};

/* fetch - from the backend, now */
static enum rc
fetch(void *arg, struct pairs *out, struct error *err)
{
	struct fetch *f = arg;
	struct bao bao;
	enum rc rc = bao_open(&bao, f->svc, f->table, f->backend, err);

	if (rc == RC_OK)
		rc = openbao_read(bao.http, &bao.at, f->secret, out, &f->version, err);
	bao_close(&bao);
	if (rc != RC_OK)
		error_prefix(err, "secret '%s'", f->secret);
	return rc;
}

/* open_outside - by way of the cache */
static enum rc
open_outside(struct service *svc, const struct table *t, const struct secret *s, const char *key,
    char **out, struct error *err)
{
	struct fetch f = { .svc = svc, .table = t, .secret = s->r.name };
	struct secret_ref ref;
	enum rc rc = backend_of(t, s, &f.backend, err);

	if (rc != RC_OK)
		return rc;
	ref = (struct secret_ref){
		s->r.id, s->backend_id, s->r.version, f.backend->r.version,
		f.backend->bao.cache_s * 1000, f.backend->bao.stale_s * 1000
	};
	rc = secret_cache_get(svc->secrets, &ref, key, fetch, &f, out, err);
	if (rc == RC_OK && *out == NULL)
		rc = secret_no_key(s, key, err);
	return rc;
}

/* secrets_open - see secrets.h */
enum rc
secrets_open(struct service *svc, const struct table *t, const struct secret *s, const char *key,
    char **out, struct error *err)
{
	char *value = NULL;
	enum rc rc;

	if (s->kept != KEPT_OPENBAO)
		return secret_open(s, table_store_id(t), store_keyring(svc->store), key, out,
		    err);
	rc = open_outside(svc, t, s, key, &value, err);
	if (rc == RC_OK)
		rc = secret_sendable(s, value, err);
	if (rc == RC_OK)
		*out = value;
	else
		mem_free_wiped(value);
	return rc;
}

/* read_own - every value that stands in the store */
static enum rc
read_own(struct service *svc, const struct table *t, const struct secret *s, struct pairs *out,
    struct error *err)
{
	enum rc rc = RC_OK;
	char *clear;

	for (size_t i = 0; i < s->nvalues && rc == RC_OK; i++) {
		rc = secret_clear(s, table_store_id(t), store_keyring(svc->store),
		    s->values[i].key, &clear, err);
		if (rc == RC_OK)
			pairs_add(out, x_strdup(s->values[i].key), clear);
	}
	return rc;
}

/* secrets_read - see secrets.h */
enum rc
secrets_read(struct service *svc, const struct table *t, const struct secret *s,
    struct pairs *out, int64_t *version, struct error *err)
{
	struct fetch f = { .svc = svc, .table = t, .secret = s->r.name };
	struct pairs values = PAIRS_INIT;
	enum rc rc;

	if (s->kept != KEPT_OPENBAO)
		rc = read_own(svc, t, s, &values, err);
	else if ((rc = backend_of(t, s, &f.backend, err)) == RC_OK)
		rc = fetch(&f, &values, err);
	if (rc != RC_OK) {
		pairs_wipe(&values);
		return rc;
	}
	*out = values;
	*version = f.version;
	return RC_OK;
}
