/* identity.c - tokens, and users that the web server vouches for */
#include <string.h>
#include <strings.h>

#include "base/digest.h"
#include "base/random.h"
#include "fcgi/identity.h"

/* bearer - the token of an Authorization header; NULL for another scheme: Basic beside a
   REMOTE_USER is the web server's own business */
static const char *
bearer(const char *authorization)
{
	static const char scheme[] = "bearer";
	size_t n = sizeof(scheme) - 1;

	if (authorization == NULL || strncasecmp(authorization, scheme, n) != 0 ||
	    (authorization[n] != ' ' && authorization[n] != '\0'))
		return NULL;
	return authorization + n + strspn(authorization + n, " ");
}

/* by_token - only its digest is known to the store */
static enum rc
by_token(const struct table *t, const char *text, int64_t now_ms, struct caller *out,
    struct error *err)
{
	const struct mcptoken *token = NULL;
	const struct record *user;
	char sha[SHA256_HEX];

	if (random_is_token(text)) {
		sha256_hex(text, strlen(text), sha);
		token = table_token(t, sha);
	}
	if (token == NULL)
		return error_set(err, RC_UNAUTHENTICATED, "invalid token");
	if (token->revoked)
		return error_set(err, RC_UNAUTHENTICATED, "the token is revoked");
	if (token->expires_ms != 0 && token->expires_ms <= now_ms)
		return error_set(err, RC_UNAUTHENTICATED, "the token has expired");
	if ((user = table_by_id(t, &kind_user, token->user_id)) == NULL)
		return error_set(err, RC_UNAUTHENTICATED, "the token's user does not exist");
	*out = (struct caller){
		.user = (const struct user *)user, .token = token, .via = "token"
	};
	return RC_OK;
}

/* same_site - a request that a page of another site made the browser send says so */
static bool
same_site(const char *sec_fetch_site)
{
	return sec_fetch_site == NULL || strcmp(sec_fetch_site, "same-origin") == 0 ||
	    strcmp(sec_fetch_site, "none") == 0;
}

/* by_remote_user - the web server has checked who it is */
static enum rc
by_remote_user(const struct table *t, const struct identity_claims *in, struct caller *out,
    struct error *err)
{
	const struct record *user = table_by_name(t, &kind_user, in->remote_user);

	if (user == NULL)
		return error_set(err, RC_UNAUTHENTICATED, "User not found: %s", in->remote_user);
	if (!same_site(in->sec_fetch_site))
		return error_set(err, RC_FORBIDDEN,
		    "a request from another site needs a token of its own");
	*out = (struct caller){ .user = (const struct user *)user, .via = "remote_user" };
	return RC_OK;
}

/* identity_find - a token wins, and a bad one is never made good by something else */
enum rc
identity_find(const struct table *t, const struct identity_claims *in, struct caller *out,
    struct error *err)
{
	const char *token = bearer(in->authorization), *key = in->api_key;

	if (token != NULL && key != NULL && strcmp(token, key) != 0)
		return error_set(err, RC_UNAUTHENTICATED,
		    "Authorization and x-api-key hold different tokens");
	if (token == NULL)
		token = key;
	if (token != NULL)
		return by_token(t, token, in->now_ms, out, err);
	if (in->trust_remote_user && in->remote_user != NULL && *in->remote_user != '\0')
		return by_remote_user(t, in, out, err);
	return error_set(err, RC_UNAUTHENTICATED,
	    "a token is needed: Authorization: Bearer <token>");
}
