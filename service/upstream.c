/* upstream.c - secrets are opened for one call, and wiped after it */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "service/secrets.h"
#include "service/upstream.h"

/* fail - a secret could not be had: ours to mend (500), or down for now (503) */
static enum rc
fail(enum rc rc, const struct error *err, struct failure *f)
{
	failure_set(f, rc == RC_UNAVAILABLE ? FAILURE_BACKEND : FAILURE_KEY, NULL,
	    "Failed to resolve API key: %s", err->msg);
	return rc;
}

/* open_value - one value in clear, known to the scrubber from then on; name is for the message */
static enum rc
open_value(struct credential *c, struct service *svc, const struct table *t,
    const struct record *secret, const char *name, const char *key, char **out, struct failure *f)
{
	struct error err;
	enum rc rc;

	if (secret == NULL)
		rc = error_set(&err, RC_NOT_FOUND, "Secret not found: %s", name);
	else
		rc = secrets_open(svc, t, (const struct secret *)secret, key, out, &err);
	if (rc != RC_OK)
		return fail(rc, &err, f);
	c->secret = true;
	scrub_add(&c->scrub, *out);
	return RC_OK;
}

/* open_key - a key is one word; only the value of a header may be "Basic ..." */
static enum rc
open_key(struct credential *c, struct service *svc, const struct table *t, const struct llm *llm,
    struct failure *f)
{
	const struct record *secret = table_by_id(t, &kind_secret, llm->key_secret_id);
	struct error err;
	enum rc rc = open_value(c, svc, t, secret, llm->key_secret_id, llm->key_name, &c->key, f);

	if (rc != RC_OK || strchr(c->key, ' ') == NULL)
		return rc;
	rc = error_set(&err, RC_INVALID, "secret '%s': key has control characters",
	    secret->name);
	return fail(rc, &err, f);
}

/* open_headers - extraConfig.headers with their secrets */
static enum rc
open_headers(struct credential *c, struct service *svc, const struct table *t,
    const struct llm_settings *s, struct failure *f)
{
	enum rc rc;

	c->headers = x_calloc(s->nheaders, sizeof(*c->headers));
	for (size_t i = 0; i < s->nheaders; i++) {
		const struct llm_header *h = &s->headers[i];
		char *value = NULL;

		if (h->secret_name == NULL)
			value = x_strdup(h->value);
		else if ((rc = open_value(c, svc, t, table_by_name(t, &kind_secret,
		    h->secret_name), h->secret_name, h->secret_key, &value, f)) != RC_OK)
			return rc;
		else if (strchr(value, ' ') != NULL)	/* told back without its scheme */
			scrub_add(&c->scrub, strrchr(value, ' ') + 1);
		c->headers[c->nheaders++] = (struct http_header){ h->name, value };
	}
	return RC_OK;
}

/* credential_open - all that the Llm's calls carry */
enum rc
credential_open(struct credential *c, struct service *svc, const struct table *t,
    const struct llm *llm, struct failure *f)
{
	enum rc rc = RC_OK;

	memset(c, 0, sizeof(*c));
	if (llm->key_secret_id != NULL)
		rc = open_key(c, svc, t, llm, f);
	return rc == RC_OK ? open_headers(c, svc, t, &llm->settings, f) : rc;
}

/* credential_release - nothing of it stays in memory */
void
credential_release(struct credential *c)
{
	for (size_t i = 0; i < c->nheaders; i++)
		mem_free_wiped((char *)c->headers[i].value);
	free(c->headers);
	mem_free_wiped(c->key);
	scrub_release(&c->scrub);
	memset(c, 0, sizeof(*c));
}

/* upstream_call - where to, with what */
void
upstream_call(struct adapter_call *call, const struct llm *llm, const struct credential *c)
{
	call->type = llm->type;
	call->url = llm->url;
	call->api_path = llm->settings.api_path;
	call->key = c->key;
	call->headers = c->headers;
	call->nheaders = c->nheaders;
	call->max_tokens = llm->settings.max_tokens;
	call->thinking = llm->settings.thinking;
	call->sampling = llm->settings.sampling;
}

/* or_default - an Llm's own limit, else the configuration's */
static int64_t
or_default(int64_t own, int64_t dflt)
{
	return own >= 0 ? own : dflt;
}

/* upstream_request - with the deadlines and the destinations that the Llm may have */
struct http_request
upstream_request(const struct service *svc, const struct llm *llm, const struct credential *c,
    const char *method, const struct adapter_request *made)
{
	const struct llm_settings *s = &llm->settings;
	const struct config *cfg = svc->cfg;

	return (struct http_request){
		.method = method,
		.url = made->url,
		.headers = made->headers,
		.nheaders = made->nheaders,
		.body = made->body.len > 0 ? made->body.p : NULL,
		.body_len = made->body.len,
		.allow_private = s->allow_private && cfg->private_urls,
		.has_key = c->secret,
		.connect_timeout_ms = or_default(s->connect_timeout_ms, cfg->connect_timeout_ms),
		.header_timeout_ms = or_default(s->header_timeout_ms, cfg->header_timeout_ms),
		.idle_timeout_ms = or_default(s->idle_timeout_ms, cfg->idle_timeout_ms),
		.total_timeout_ms = or_default(s->total_timeout_ms, cfg->total_timeout_ms),
	};
}
