/* addr.c - the address classes of url.h */
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/url.h"

#define IP4(a, b, c, d)	((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

/* the first row that holds the address decides */
static const struct {
	uint32_t	 net;
	unsigned	 bits;
	enum addr_class	 class;
} nets4[] = {
	{ IP4(0, 0, 0, 0),		 8, ADDR_NEVER },	/* Linux: this host */
	{ IP4(169, 254, 0, 0),		16, ADDR_NEVER },	/* link-local, metadata */
	{ IP4(100, 100, 100, 200),	32, ADDR_NEVER },	/* metadata: Alibaba */
	{ IP4(168, 63, 129, 16),	32, ADDR_NEVER },	/* wire server: Azure */
	{ IP4(192, 0, 0, 192),		32, ADDR_NEVER },	/* metadata: Oracle */
	{ IP4(224, 0, 0, 0),		 4, ADDR_NEVER },	/* multicast */
	{ IP4(255, 255, 255, 255),	32, ADDR_NEVER },	/* broadcast */
	{ IP4(127, 0, 0, 0),		 8, ADDR_PRIVATE },
	{ IP4(10, 0, 0, 0),		 8, ADDR_PRIVATE },
	{ IP4(172, 16, 0, 0),		12, ADDR_PRIVATE },
	{ IP4(192, 168, 0, 0),		16, ADDR_PRIVATE },
	{ IP4(100, 64, 0, 0),		10, ADDR_PRIVATE },
};

#define BY_IPV4	-1			/* the last 32 bits are an IPv4 address, which decides */

static const struct {
	unsigned char	net[16];
	unsigned	bits;
	int		class;		/* enum addr_class or BY_IPV4 */
} nets6[] = {
	{ { [15] = 1 },					128, ADDR_PRIVATE },	/* ::1 */
	{ { 0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, 0x54 }, 128, ADDR_NEVER },	/* Amazon */
	{ { 0xfe, 0x80 },				 10, ADDR_NEVER },	/* link-local */
	{ { 0xff },					  8, ADDR_NEVER },	/* multicast */
	{ { 0xfc },					  7, ADDR_PRIVATE },
	{ { [10] = 0xff, 0xff },			 96, BY_IPV4 },	/* mapped */
	{ { 0 },					 96, BY_IPV4 },	/* compatible, :: */
	{ { 0x00, 0x64, 0xff, 0x9b },			 96, BY_IPV4 },	/* NAT64 */
	{ { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 },	 96, BY_IPV4 },	/* NAT64, RFC 8215 */
	/* the rest of RFC 8215's: the IPv4 stands who knows where */
	{ { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 },	 48, ADDR_NEVER },
};

/* class4 - host byte order */
static enum addr_class
class4(uint32_t addr)
{
	for (size_t i = 0; i < sizeof(nets4) / sizeof(*nets4); i++) {
		if ((addr ^ nets4[i].net) >> (32 - nets4[i].bits) == 0)
			return nets4[i].class;
	}
	return ADDR_PUBLIC;
}

/* in_net - the first bits are the same */
static bool
in_net(const unsigned char *addr, const unsigned char *net, unsigned bits)
{
	unsigned bytes = bits / 8, rest = bits % 8;

	if (memcmp(addr, net, bytes) != 0)
		return false;
	return rest == 0 || (addr[bytes] ^ net[bytes]) >> (8 - rest) == 0;
}

/* class6 - network byte order, as it stands in a sockaddr */
static enum addr_class
class6(const unsigned char addr[16])
{
	for (size_t i = 0; i < sizeof(nets6) / sizeof(*nets6); i++) {
		if (!in_net(addr, nets6[i].net, nets6[i].bits))
			continue;
		if (nets6[i].class == BY_IPV4)
			return class4(IP4(addr[12], addr[13], addr[14], addr[15]));
		return (enum addr_class)nets6[i].class;
	}
	return ADDR_PUBLIC;
}

/* addr_class - of a socket address; sa may stand unaligned in a library's buffer */
enum addr_class
addr_class(const struct sockaddr *sa)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	switch (sa->sa_family) {
	case AF_INET:
		memcpy(&in, sa, sizeof(in));
		return class4(ntohl(in.sin_addr.s_addr));
	case AF_INET6:
		memcpy(&in6, sa, sizeof(in6));
		return class6(in6.sin6_addr.s6_addr);
	}
	return ADDR_NEVER;
}

/* is_localhost - RFC 6761 6.3: the name and all below it */
static bool
is_localhost(const char *host)
{
	static const char name[] = "localhost";
	size_t len = strlen(host), n = sizeof(name) - 1;

	if (len < n || strcasecmp(host + len - n, name) != 0)
		return false;
	return len == n || host[len - n - 1] == '.';
}

/* literal - the class of an address that is written out, without a trailing dot; false: a name */
static bool
literal(const char *host, enum addr_class *class)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM }, *found;

	if (getaddrinfo(host, NULL, &hints, &found) != 0)
		return false;
	*class = addr_class(found->ai_addr);
	freeaddrinfo(found);
	return true;
}

/* undotted - a host without its trailing dot; false: longer than any host */
static bool
undotted(const char *host, char name[NI_MAXHOST])
{
	size_t len = strlen(host);

	if (len > 0 && host[len - 1] == '.')
		len--;
	if (len >= NI_MAXHOST)
		return false;
	memcpy(name, host, len);
	name[len] = '\0';
	return true;
}

/* url_host_class - without DNS */
enum addr_class
url_host_class(const char *host)
{
	enum addr_class class = ADDR_PUBLIC;
	char name[NI_MAXHOST];

	if (!undotted(host, name))
		return ADDR_PUBLIC;
	if (is_localhost(name))
		return ADDR_PRIVATE;
	(void)literal(name, &class);
	return class;
}

/* url_host_literal - what url_host_class() knows for certain to be public */
bool
url_host_literal(const char *host)
{
	enum addr_class class;
	char name[NI_MAXHOST];

	return undotted(host, name) && literal(name, &class);
}
