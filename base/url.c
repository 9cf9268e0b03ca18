/* url.c - parse what an administrator typed; everything doubtful is refused */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/url.h"

#define HOST_MAX	253		/* bytes: RFC 1035 2.3.4, as text */

struct piece {				/* of the text */
	const char	*p;
	size_t		 len;
};

/* one_of - c is an ASCII letter or digit, or one of more */
static bool
one_of(char c, const char *more)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr(more, c) != NULL);
}

/* check_bytes - what may stand nowhere in a URL; the value is not repeated, it may be a secret */
static enum rc
check_bytes(const char *text, struct error *err)
{
	for (; *text != '\0'; text++) {
		if (*text <= ' ' || *text >= 0x7f)
			return error_set(err, RC_INVALID,
			    "has a blank, a control character or one outside ASCII");
		if (*text == '\\')
			return error_set(err, RC_INVALID, "has a backslash");
		if (*text == '?')
			return error_set(err, RC_INVALID, "must not have a query");
		if (*text == '#')
			return error_set(err, RC_INVALID, "must not have a fragment");
	}
	return RC_OK;
}

/* parse_scheme - http or https; *text is set behind "://" */
static enum rc
parse_scheme(const char **text, bool *tls, struct error *err)
{
	if (strncasecmp(*text, "http://", 7) == 0) {
		*tls = false;
		*text += 7;
		return RC_OK;
	}
	if (strncasecmp(*text, "https://", 8) == 0) {
		*tls = true;
		*text += 8;
		return RC_OK;
	}
	return error_set(err, RC_INVALID, "must begin with http:// or https://");
}

/* check_name - a host name or dotted IPv4 address: labels between dots, one more dot at the end */
static bool
check_name(struct piece host)
{
	size_t label = 0;

	for (size_t i = 0; i < host.len; i++) {
		if (host.p[i] == '.') {
			if (label == 0)
				return false;
			label = 0;
		} else if (one_of(host.p[i], "-_")) {
			label++;
		} else {
			return false;
		}
	}
	return host.len > 0 && host.len <= HOST_MAX;
}

/* check_ipv6 - what stands between the brackets; no zone */
static bool
check_ipv6(struct piece host)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr addr;

	if (host.len >= sizeof(text))
		return false;
	memcpy(text, host.p, host.len);
	text[host.len] = '\0';
	return inet_pton(AF_INET6, text, &addr) == 1;
}

/* parse_host - name, IPv4 or [IPv6]; *text is set behind it */
static enum rc
parse_host(const char **text, struct piece *host, struct error *err)
{
	const char *p = *text;

	if (*p == '[') {
		*host = (struct piece){ p + 1, strcspn(p + 1, "]/") };
		*text = p + 1 + host->len + 1;
		if (p[1 + host->len] != ']' || !check_ipv6(*host))
			return error_set(err, RC_INVALID, "has a bad IPv6 address");
		return RC_OK;
	}
	*host = (struct piece){ p, strcspn(p, ":/") };
	*text = p + host->len;
	if (host->len == 0)
		return error_set(err, RC_INVALID, "has no host");
	if (!check_name(*host))
		return error_set(err, RC_INVALID, "has a bad host name");
	return RC_OK;
}

/* parse_port - ":8080" or nothing; *text is set behind it */
static enum rc
parse_port(const char **text, bool tls, int *port, struct error *err)
{
	const char *p = *text;
	int n = 0;

	if (*p == '/' || *p == '\0') {
		*port = tls ? 443 : 80;
		return RC_OK;
	}
	if (*p++ == ':') {
		while (isdigit((unsigned char)*p) && n <= 65535)
			n = n * 10 + *p++ - '0';
	}
	if (n < 1 || n > 65535 || (*p != '/' && *p != '\0'))
		return error_set(err, RC_INVALID, "has a bad port (1..65535)");
	*port = n;
	*text = p;
	return RC_OK;
}

/* check_path - pchar of RFC 3986 3.3, escapes kept as they are */
static enum rc
check_path(const char *p, struct error *err)
{
	for (; *p != '\0'; p++) {
		if (*p == '%' && isxdigit((unsigned char)p[1]) && isxdigit((unsigned char)p[2]))
			p += 2;
		else if (!one_of(*p, "/-._~!$&'()*+,;=:@"))
			return error_set(err, RC_INVALID,
			    "has a bad character '%c' in its path", *p);
	}
	return RC_OK;
}

/* trimmed - length without trailing slashes */
static size_t
trimmed(const char *path)
{
	size_t len = strlen(path);

	while (len > 0 && path[len - 1] == '/')
		len--;
	return len;
}

/* check_credentials - "user:key@host" would put a key where no key may be */
static enum rc
check_credentials(const char *authority, struct error *err)
{
	if (memchr(authority, '@', strcspn(authority, "/")) != NULL)
		return error_set(err, RC_INVALID, "must not have credentials");
	return RC_OK;
}

/* url_parse - scheme, host, port, path */
enum rc
url_parse(const char *text, struct url *out, struct error *err)
{
	struct url u = { .host = NULL };
	struct piece host = { NULL, 0 };
	enum rc rc;

	if ((rc = check_bytes(text, err)) != RC_OK ||
	    (rc = parse_scheme(&text, &u.tls, err)) != RC_OK ||
	    (rc = check_credentials(text, err)) != RC_OK ||
	    (rc = parse_host(&text, &host, err)) != RC_OK ||
	    (rc = parse_port(&text, u.tls, &u.port, err)) != RC_OK ||
	    (rc = check_path(text, err)) != RC_OK)
		return rc;
	u.host = x_strndup(host.p, host.len);
	for (char *p = u.host; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	u.path = x_strndup(text, trimmed(text));
	*out = u;
	return RC_OK;
}

/* url_release - free the texts */
void
url_release(struct url *u)
{
	free(u->host);
	free(u->path);
	*u = (struct url){ .host = NULL };
}

/* url_join - one slash between them */
char *
url_join(const char *base, const char *path)
{
	return x_asprintf("%.*s%s%s", (int)trimmed(base), base, *path == '/' ? "" : "/", path);
}
