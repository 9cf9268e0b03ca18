/*
 * remote.h - the transport over HTTP: a server's /api/v1, with a token.
 *
 * Shapes  url as settings_url() gives it: mcpd is mounted there
 * Units   ms
 * Errors  RC_UPSTREAM and RC_TIMEOUT name the server; the rest is what the server answered
 * Owns    transport_close() frees, and wipes the token
 * Source  API.md; redirects are never followed, TLS is always verified (adapters/http.h)
 */
#ifndef CLI_REMOTE_H
#define CLI_REMOTE_H

#include <stdbool.h>

#include "base/rc.h"

struct transport;

struct remote_opts {
	const char	*url, *token;
	const char	*ca_file, *proxy;	/* NULL: none */
	bool		 insecure;	/* plain http to another machine */
};

struct transport *remote_new(const struct remote_opts *o);

#endif
