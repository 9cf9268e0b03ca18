/* destination.c - the addresses that a call may go to */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "adapters/destination.h"
#include "base/url.h"

/* judge - the rule for each class of address */
static enum rc
judge(const struct destination_rules *r, enum addr_class class, const char *shown,
    struct error *err)
{
	switch (class) {
	case ADDR_NEVER:
		return error_set(err, RC_UPSTREAM, "%s is an address that is never connected",
		    shown);
	case ADDR_PRIVATE:
		if (r->allow_private)
			return RC_OK;
		return error_set(err, RC_UPSTREAM, "%s is a private address and this Llm does not "
		    "allow it (extraConfig.allowPrivateUrl)", shown);
	case ADDR_PUBLIC:
		break;
	}
	if (!r->clear_secret)
		return RC_OK;
	return error_set(err, RC_UPSTREAM, "%s is not a private address: a key goes there over "
	    "https only", shown);
}

/* destination_check - of an address that is about to be connected */
enum rc
destination_check(const struct destination_rules *r, const struct sockaddr *sa,
    struct error *err)
{
	char shown[INET6_ADDRSTRLEN] = "an address of an unknown family";

	if (sa->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)sa)->sin_addr, shown,
		    sizeof(shown));
	if (sa->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)sa)->sin6_addr, shown,
		    sizeof(shown));
	return judge(r, addr_class(sa), shown, err);
}

/* destination_check_text - of a connection that is there; its scope says nothing of its class */
enum rc
destination_check_text(const struct destination_rules *r, const char *ip, struct error *err)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_in four = { .sin_family = AF_INET };
	char bare[INET6_ADDRSTRLEN];

	snprintf(bare, sizeof(bare), "%.*s", (int)strcspn(ip, "%"), ip);
	if (inet_pton(AF_INET, bare, &four.sin_addr) == 1)
		return destination_check(r, (struct sockaddr *)&four, err);
	if (inet_pton(AF_INET6, bare, &six.sin6_addr) == 1)
		return destination_check(r, (struct sockaddr *)&six, err);
	return judge(r, ADDR_NEVER, ip, err);
}

/* destination_check_host - by its name alone */
enum rc
destination_check_host(const struct destination_rules *r, const char *host, struct error *err)
{
	return judge(r, url_host_class(host), host, err);
}
