/*
 * destination.h - may this address be connected for this call.
 *
 * Shapes  addresses as struct sockaddr, or as text ("::1", "fe80::1%eth0")
 * Units   none
 * Errors  a refusal's text, "127.0.0.1 is a private address and ..."
 * Owns    nothing
 * Source  API.md 5
 */
#ifndef ADAPTERS_DESTINATION_H
#define ADAPTERS_DESTINATION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/rc.h"

struct sockaddr;

struct destination_rules {
	bool	allow_private;		/* loopback and private addresses may be connected */
	bool	clear_secret;		/* a secret goes over plain http: to private ones only */
};

/* destination_check - RC_UPSTREAM: no */
enum rc destination_check(const struct destination_rules *r, const struct sockaddr *sa,
    struct error *err);

/* destination_check_text - the same; text that is no address is refused */
enum rc destination_check_text(const struct destination_rules *r, const char *ip,
    struct error *err);

/* destination_check_host - what can be known of a host without connecting it: behind a proxy */
enum rc destination_check_host(const struct destination_rules *r, const char *host,
    struct error *err);

#endif
