/*
 * upstream.h - what a call to an Llm's provider is made of: secrets in clear, limits, destination.
 *
 * Shapes  struct credential holds the Llm's key, its headers, and the scrubber that knows each secret
 * Units   ms
 * Errors  the failure is filled: a Secret or its key is missing (500), its backend is down (503)
 * Owns    credential_release() wipes and frees, also after a failure
 * Source  API.md 2 (apiKeyRef, extraConfig.headers) and 3
 */
#ifndef SERVICE_UPSTREAM_H
#define SERVICE_UPSTREAM_H

#include "adapters/adapter.h"
#include "adapters/scrub.h"
#include "service/service.h"

struct credential {
	char			*key;		/* NULL: the Llm has none */
	struct http_header	*headers;	/* extraConfig.headers; names are the Llm's */
	size_t			 nheaders;
	bool			 secret;	/* a secret goes along, be it the key or a header */
	struct scrub		 scrub;
};

enum rc credential_open(struct credential *c, struct service *svc, const struct table *t,
    const struct llm *llm, struct failure *f);
void credential_release(struct credential *c);

/* upstream_call - the Llm's half of an adapter's call; model, body and api are the caller's */
void upstream_call(struct adapter_call *call, const struct llm *llm, const struct credential *c);

/* upstream_request - as HTTP sends it: the Llm's limits, else the configuration's */
struct http_request upstream_request(const struct service *svc, const struct llm *llm,
    const struct credential *c, const char *method, const struct adapter_request *made);

#endif
