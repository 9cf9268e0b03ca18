/*
 * url.h - absolute http and https URLs, and what kind of address a host is.
 *
 * Shapes  struct url holds copies; path is "" or begins with '/', without a trailing '/'
 * Units   port 1..65535, the scheme's own when the text has none
 * Errors  RC_INVALID says what is wrong: another scheme, credentials, a query, a fragment,
 *         blanks or control characters, a bad port, no host
 * Owns    url_release() frees
 * Source  RFC 3986; address classes: API.md 5, RFC 1918, 4193, 6598, 6890
 */
#ifndef BASE_URL_H
#define BASE_URL_H

#include <stdbool.h>

#include "base/rc.h"

struct sockaddr;

struct url {
	bool	 tls;			/* https */
	char	*host;			/* lower case, IPv6 without brackets */
	int	 port;
	char	*path;
};

enum addr_class {
	ADDR_PUBLIC,
	ADDR_PRIVATE,			/* loopback, RFC 1918, fc00::/7, 100.64/10 */
	ADDR_NEVER,			/* link-local, metadata services, multicast, ... */
};

enum rc url_parse(const char *text, struct url *out, struct error *err);
void url_release(struct url *u);

/* url_join - base without its trailing '/', then path ("/v1/models"); owned by the caller */
char *url_join(const char *base, const char *path);

/* addr_class - of an address really connected; IPv4-mapped and NAT64 (64:ff9b::/96) ones are
   judged by the IPv4 in them; other families are ADDR_NEVER */
enum addr_class addr_class(const struct sockaddr *sa);

/* url_host_class - of a literal address in any form the resolver takes (127.1, 0x7f000001) or
   "localhost" and names below it, without DNS; another name is ADDR_PUBLIC: not known yet */
enum addr_class url_host_class(const char *host);

/* url_host_literal - is it an address, in any of these forms, and not a name */
bool url_host_literal(const char *host);

#endif
