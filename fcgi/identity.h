/*
 * identity.h - who is it.
 *
 * Shapes  a caller made of a token, or of the web server's own user where that is trusted
 * Units   wall ms
 * Errors  RC_UNAUTHENTICATED; RC_FORBIDDEN for a page of another site that uses the browser's login
 * Owns    nothing: user and token of a caller are borrowed from the table
 * Source  API.md 1; RFC 6750 2.1; Fetch Metadata (Sec-Fetch-Site)
 */
#ifndef FCGI_IDENTITY_H
#define FCGI_IDENTITY_H

#include "service/rbac.h"

struct identity_claims {		/* as sent, NULL: not sent */
	const char	*authorization;
	const char	*api_key;
	const char	*remote_user;
	const char	*sec_fetch_site;
	bool		 trust_remote_user;
	int64_t		 now_ms;
};

enum rc identity_find(const struct table *t, const struct identity_claims *in, struct caller *out,
    struct error *err);

#endif
