/* test_url.c - URLs, address classes */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/url.h"

Test(url, takes_absolute_http_and_https_urls)
{
	static const struct {
		const char	*text;
		bool		 tls;
		const char	*host;
		int		 port;
		const char	*path;
	} rows[] = {
		{ "http://h", false, "h", 80, "" },
		{ "https://h", true, "h", 443, "" },
		{ "https://h/", true, "h", 443, "" },
		{ "HTTPS://API.Example.COM/v1", true, "api.example.com", 443, "/v1" },
		{ "http://a_b-c.d.:8080/v1//", false, "a_b-c.d.", 8080, "/v1" },
		{ "http://127.0.0.1:65535/a/b", false, "127.0.0.1", 65535, "/a/b" },
		{ "http://[::1]", false, "::1", 80, "" },
		{ "https://[2001:DB8::1]:1/x", true, "2001:db8::1", 1, "/x" },
		{ "http://h/a%2Fb/%41/~!$&'()*+,;=:@", false, "h", 80,
		    "/a%2Fb/%41/~!$&'()*+,;=:@" },
		{ "http://h:00080", false, "h", 80, "" },
	};
	struct url u;
	struct error err = { .msg = "" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_assert(url_parse(rows[i].text, &u, &err) == RC_OK, "%s: %s", rows[i].text,
		    err.msg);
		cr_expect_eq(u.tls, rows[i].tls);
		cr_expect_str_eq(u.host, rows[i].host);
		cr_expect_eq(u.port, rows[i].port);
		cr_expect_str_eq(u.path, rows[i].path);
		url_release(&u);
	}
}

Test(url, refuses_the_rest_with_a_reason)
{
	static const struct {
		const char	*text, *why;
	} rows[] = {
		{ "", "must begin with http" }, { "h/v1", "must begin with http" },
		{ "//h", "must begin with http" }, { "ftp://h", "must begin with http" },
		{ "file:///etc/passwd", "must begin with http" },
		{ "http:/h", "must begin with http" },
		{ "http://", "no host" }, { "http:///v1", "no host" }, { "http://:80", "no host" },
		{ "http://user@host", "credentials" }, { "http://u:p@host/", "credentials" },
		{ "http://good@evil", "credentials" }, { "http://@h", "credentials" },
		{ "http://h?x", "query" }, { "http://h/?", "query" },
		{ "http://h#x", "fragment" }, { "http://h/#", "fragment" },
		{ "http://h\\@evil", "backslash" }, { "http://h/a\\b", "backslash" },
		{ " http://h", "blank" }, { "http://h ", "blank" }, { "http://h/\n", "blank" },
		{ "http://h/\x7f", "blank" }, { "http://h\xc3\xa9", "blank" },
		{ "http://h\t", "blank" },
		{ "http://h:", "bad port" }, { "http://h:0", "bad port" },
		{ "http://h:65536", "bad port" },
		{ "http://h:99999999999999999999", "bad port" }, { "http://h:8x", "bad port" },
		{ "http://h:80:80", "bad port" }, { "http://h:-1", "bad port" },
		{ "http://a..b", "bad host" }, { "http://.a", "bad host" },
		{ "http://a%2eb", "bad host" },
		{ "http://a,b", "bad host" }, { "http://*", "bad host" },
		{ "http://.", "bad host" },
		{ "http://[::1", "IPv6" }, { "http://[]", "IPv6" }, { "http://[1.2.3.4]", "IPv6" },
		{ "http://[fe80::1%eth0]", "IPv6" }, { "http://[::1/]", "IPv6" },
		{ "http://[::1]x", "bad port" }, { "http://[", "IPv6" },
		{ "http://h/%", "bad character '%'" }, { "http://h/%4", "bad character '%'" },
		{ "http://h/%zz", "bad character '%'" }, { "http://h/<", "bad character '<'" },
		{ "http://h/\"", "bad character '\"'" },
	};
	struct url u = { .port = -1 };
	struct error err;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		err.msg[0] = '\0';
		cr_expect(url_parse(rows[i].text, &u, &err) == RC_INVALID, "%s", rows[i].text);
		cr_expect(strstr(err.msg, rows[i].why) != NULL, "%s: %s", rows[i].text, err.msg);
	}
	cr_expect_eq(u.port, -1);
}

Test(url, refuses_a_host_longer_than_dns_has_them)
{
	char text[400] = "http://";
	struct url u;

	memset(text + 7, 'a', 253);
	cr_expect(url_parse(text, &u, NULL) == RC_OK);
	url_release(&u);
	text[7 + 253] = 'a';
	cr_expect(url_parse(text, &u, NULL) == RC_INVALID);
}

Test(url, joins_with_one_slash)
{
	static const struct {
		const char	*base, *path, *url;
	} rows[] = {
		{ "http://h", "/v1/models", "http://h/v1/models" },
		{ "http://h/", "/v1", "http://h/v1" }, { "http://h/v1///", "/x", "http://h/v1/x" },
		{ "http://h/v1", "x", "http://h/v1/x" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *url = url_join(rows[i].base, rows[i].path);

		cr_expect_str_eq(url, rows[i].url);
		free(url);
	}
}

/* class_of - of an address as text */
static enum addr_class
class_of(const char *text)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		return addr_class((struct sockaddr *)&in);
	cr_assert(inet_pton(AF_INET6, text, &in6.sin6_addr) == 1, "%s", text);
	return addr_class((struct sockaddr *)&in6);
}

Test(url, classes_of_addresses)
{
	static const struct {
		const char	*text;
		enum addr_class	 class;
	} rows[] = {
		{ "1.1.1.1", ADDR_PUBLIC }, { "8.8.8.8", ADDR_PUBLIC },
		{ "223.255.255.255", ADDR_PUBLIC }, { "2606:4700::1111", ADDR_PUBLIC },
		{ "0.0.0.0", ADDR_NEVER }, { "0.1.2.3", ADDR_NEVER }, { "1.0.0.0", ADDR_PUBLIC },
		{ "169.254.169.254", ADDR_NEVER }, { "169.254.0.0", ADDR_NEVER },
		{ "169.253.255.255", ADDR_PUBLIC }, { "169.255.0.0", ADDR_PUBLIC },
		{ "100.100.100.200", ADDR_NEVER }, { "100.100.100.201", ADDR_PRIVATE },
		{ "100.63.255.255", ADDR_PUBLIC }, { "100.64.0.0", ADDR_PRIVATE },
		{ "100.127.255.255", ADDR_PRIVATE }, { "100.128.0.0", ADDR_PUBLIC },
		{ "168.63.129.16", ADDR_NEVER }, { "168.63.129.17", ADDR_PUBLIC },
		{ "192.0.0.192", ADDR_NEVER }, { "192.0.0.191", ADDR_PUBLIC },
		{ "224.0.0.1", ADDR_NEVER }, { "239.255.255.255", ADDR_NEVER },
		{ "255.255.255.255", ADDR_NEVER },
		{ "127.0.0.1", ADDR_PRIVATE }, { "127.255.255.255", ADDR_PRIVATE },
		{ "128.0.0.0", ADDR_PUBLIC }, { "126.255.255.255", ADDR_PUBLIC },
		{ "10.0.0.0", ADDR_PRIVATE }, { "10.255.255.255", ADDR_PRIVATE },
		{ "11.0.0.0", ADDR_PUBLIC }, { "172.15.255.255", ADDR_PUBLIC },
		{ "172.16.0.0", ADDR_PRIVATE }, { "172.31.255.255", ADDR_PRIVATE },
		{ "172.32.0.0", ADDR_PUBLIC }, { "192.168.0.1", ADDR_PRIVATE },
		{ "192.169.0.0", ADDR_PUBLIC },
		{ "::", ADDR_NEVER }, { "::1", ADDR_PRIVATE }, { "::2", ADDR_NEVER },
		{ "fe80::1", ADDR_NEVER }, { "febf::1", ADDR_NEVER }, { "fec0::1", ADDR_PUBLIC },
		{ "fe7f::1", ADDR_PUBLIC }, { "ff02::1", ADDR_NEVER },
		{ "fd00:ec2::254", ADDR_NEVER }, { "fd00:ec2::255", ADDR_PRIVATE },
		{ "fc00::1", ADDR_PRIVATE }, { "fdff::1", ADDR_PRIVATE },
		{ "fbff::1", ADDR_PUBLIC },
		{ "::ffff:169.254.169.254", ADDR_NEVER }, { "::ffff:127.0.0.1", ADDR_PRIVATE },
		{ "::ffff:8.8.8.8", ADDR_PUBLIC }, { "::ffff:0.0.0.0", ADDR_NEVER },
		{ "::127.0.0.1", ADDR_PRIVATE }, { "::8.8.8.8", ADDR_PUBLIC },
		{ "64:ff9b::a9fe:a9fe", ADDR_NEVER }, { "64:ff9b::10.1.2.3", ADDR_PRIVATE },
		{ "64:ff9b::8.8.8.8", ADDR_PUBLIC }, { "64:ff9b:1::127.0.0.1", ADDR_PRIVATE },
		{ "64:ff9b:1::8.8.8.8", ADDR_PUBLIC },
		{ "64:ff9b:1:a9fe:a9:fe00:808:808", ADDR_NEVER },
		{ "64:ff9b:2::127.0.0.1", ADDR_PUBLIC },
	};
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_eq(class_of(rows[i].text), rows[i].class, "%s", rows[i].text);
	cr_expect(addr_class((struct sockaddr *)&un) == ADDR_NEVER);
}

Test(url, classes_of_host_names_without_dns)
{
	static const struct {
		const char	*host;
		enum addr_class	 class;
	} rows[] = {
		{ "127.0.0.1", ADDR_PRIVATE }, { "127.1", ADDR_PRIVATE },
		{ "0x7f000001", ADDR_PRIVATE },
		{ "2130706433", ADDR_PRIVATE }, { "017700000001", ADDR_PRIVATE },
		{ "0x7f.1", ADDR_PRIVATE },
		{ "127.0.0.1.", ADDR_PRIVATE }, { "2852039166", ADDR_NEVER }, { "0", ADDR_NEVER },
		{ "169.254.169.254", ADDR_NEVER }, { "0xa9.0xfe.0xa9.0xfe", ADDR_NEVER },
		{ "::1", ADDR_PRIVATE }, { "::", ADDR_NEVER },
		{ "::ffff:169.254.169.254", ADDR_NEVER },
		{ "fd00:ec2::254", ADDR_NEVER }, { "1.1.1.1", ADDR_PUBLIC },
		{ "localhost", ADDR_PRIVATE }, { "LocalHost", ADDR_PRIVATE },
		{ "localhost.", ADDR_PRIVATE },
		{ "a.b.localhost", ADDR_PRIVATE }, { "a.LOCALHOST.", ADDR_PRIVATE },
		{ "notlocalhost", ADDR_PUBLIC }, { "localhost.example.com", ADDR_PUBLIC },
		{ "api.openai.com", ADDR_PUBLIC }, { "", ADDR_PUBLIC },
		{ "256.1.1.1", ADDR_PUBLIC },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_eq(url_host_class(rows[i].host), rows[i].class, "%s", rows[i].host);
}

Test(url, tells_addresses_from_names)
{
	static const char *const literals[] = {
		"8.8.8.8", "8.8.8.8.", "8.8.2056", "134744072", "0x08080808", "010.8.8.8",
		"127.0.0.1", "2001:4860::8888", "::ffff:8.8.8.8",
	}, *const names[] = {
		"api.openai.com", "localhost", "8.8.8.8.example", "256.1.1.1", "8.8.8.8..", "0x", "",
	};

	for (size_t i = 0; i < sizeof(literals) / sizeof(*literals); i++)
		cr_expect(url_host_literal(literals[i]), "%s", literals[i]);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		cr_expect_not(url_host_literal(names[i]), "%s", names[i]);
}
