/* cors.c - the few headers of cross-origin requests */
#include <string.h>

#include "fcgi/cors.h"
#include "fcgi/reply.h"

/* listed - is the request's origin one of the configuration's */
static bool
listed(const struct request *r)
{
	const struct strings *origins = &r->cfg->cors_origins;

	for (size_t i = 0; r->origin != NULL && i < origins->n; i++)
		if (strcmp(origins->v[i], r->origin) == 0)
			return true;
	return false;
}

/* cors_headers - Vary also for origins that are not listed: a cache must not mix them up */
void
cors_headers(struct request *r)
{
	if (r->cfg->cors_origins.n == 0)
		return;
	reply_header(r, "Vary", "Origin");
	if (!listed(r))
		return;
	reply_header(r, "Access-Control-Allow-Origin", r->origin);
	reply_header(r, "Access-Control-Expose-Headers", "*");
}

/* cors_preflight - may the page send what it wants to send. SDKs in a page add headers of their own
   (x-stainless-*) with each release: "*", which stands for all but Authorization (Fetch, 4.9) */
bool
cors_preflight(struct request *r, unsigned allow)
{
	char methods[ROUTE_ALLOW_MAX];

	if (r->method != OPTIONS || !listed(r))
		return false;
	route_allow(allow, methods);
	reply_header(r, "Access-Control-Allow-Methods", methods);
	reply_header(r, "Access-Control-Allow-Headers",
	    "authorization, content-type, x-api-key, anthropic-version, anthropic-beta, if-match, *");
	return true;
}
