/* test_http_where.c - where a call may go: by addresses, and by names behind a proxy */
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/http_bench.h"

/* destinations that are refused before a byte is sent; none of them is ever connected */
static const struct { const char *url; bool allow, key; const char *says; } refused[] = {
	{ "http://127.0.0.1:%d/", false, false, "127.0.0.1 is a private address and this Llm does "
	  "not allow it (extraConfig.allowPrivateUrl)" },
	{ "http://localhost:%d/", false, false, "is a private address" },
	{ "http://0x7f000001:%d/", false, false, "127.0.0.1 is a private address" },
	{ "http://[::ffff:127.0.0.1]:%d/", false, false, "is a private address" },
	{ "http://10.0.0.1:%d/", false, false, "10.0.0.1 is a private address" },
	{ "http://0.0.0.0:%d/", true, false, "0.0.0.0 is an address that is never connected" },
	{ "http://169.254.169.254:%d/", true, false, "is an address that is never connected" },
	{ "http://[fe80::1%%25lo]:%d/", true, false,
	  "fe80::1 is an address that is never connected" },
	{ "http://8.8.8.8:%d/", true, true,
	  "8.8.8.8 is not a private address: a key goes there over https only" },
	{ "http://user:pw@127.0.0.1:%d/", true, false, "the url can't be called" },
	{ "ftp://127.0.0.1:%d/", true, false, "" },
	{ "file:///etc/hostname?%d", true, false, "" },
};

Test(http_where, refuses_destinations_that_are_not_allowed)
{
	static const struct step script[] = { { OK_HELLO, SHUT }, { NULL, END } };

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		char url[100];
		struct bench b;

		bench_open(&b, script);
		snprintf(url, sizeof(url), refused[i].url, b.server.port);
		b.req.url = url;
		b.req.allow_private = refused[i].allow;
		b.req.has_key = refused[i].key;
		cr_expect_eq(bench_call(&b), RC_UPSTREAM, "%s", url);
		cr_expect(strstr(b.err.msg, refused[i].says) != NULL, "%s: %s", url, b.err.msg);
		bench_stop(&b);
		cr_expect_eq(b.server.connections, 0, "%s", url);
		cr_expect_eq(b.result.attempts, 0, "%s", url);
		bench_release(&b);
	}
}

Test(http_where, judges_a_kept_connection_by_the_call_that_would_use_it)
{
	static const struct step script[] = {
		{ OK_HELLO, KEEP }, { OK_HELLO, SHUT }, { NULL, END }
	};
	struct bench b;

	bench_open(&b, script);
	cr_assert_eq(bench_call(&b), RC_OK, "%s", b.err.msg);
	b.req.allow_private = false;
	cr_expect_eq(bench_call(&b), RC_UPSTREAM);
	cr_expect(strstr(b.err.msg, "127.0.0.1 is a private address") != NULL, "%s", b.err.msg);
	cr_expect_eq(b.result.attempts, 0);
	bench_stop(&b);
	cr_expect_eq(b.server.requests, 1);
	bench_release(&b);
}

/* open_proxied - a bench whose server is the proxy of its client */
static void
open_proxied(struct bench *b, const struct step *script)
{
	struct http_settings settings = { .max_header = MAX_HEADER };
	char proxy[64];

	bench_open(b, script);
	http_free(b->http);
	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", b->server.port);
	settings.proxy = proxy;
	b->http = http_new(&settings);
	b->req.allow_private = false;
}

/* the address connected is the proxy's: hosts are judged by what they say of themselves */
Test(http_where, judges_hosts_by_their_names_behind_a_proxy)
{
	static const struct step script[] = { { OK_HELLO, SHUT }, { NULL, END } };
	struct bench b;

	open_proxied(&b, script);
	b.req.url = "http://192.168.1.1/";
	cr_expect_eq(bench_call(&b), RC_UPSTREAM);
	cr_expect(strstr(b.err.msg, "192.168.1.1 is a private address") != NULL, "%s", b.err.msg);
	b.req.url = "http://[fd00::1]/";
	cr_expect_eq(bench_call(&b), RC_UPSTREAM);
	cr_expect(strstr(b.err.msg, "fd00::1 is a private address") != NULL, "%s", b.err.msg);
	b.req.has_key = true;
	b.req.url = "http://api.example/";
	cr_expect_eq(bench_call(&b), RC_UPSTREAM);
	cr_expect(strstr(b.err.msg, "over https only") != NULL, "%s", b.err.msg);
	b.req.has_key = false;
	cr_expect_eq(bench_call(&b), RC_OK, "%s", b.err.msg);
	bench_stop(&b);
	cr_expect_eq(strncmp(b.server.seen[0].p, "POST http://api.example/ HTTP/1.1\r\n", 35), 0,
	    "%s", b.server.seen[0].p);
	bench_release(&b);
}

/* around the proxy, addresses that nobody has judged would be connected */
Test(http_where, asks_the_proxy_whatever_the_environment_excepts)
{
	static const struct step script[] = { { OK_HELLO, SHUT }, { NULL, END } };
	struct bench b;

	setenv("no_proxy", "*", 1);
	setenv("NO_PROXY", "inside.example", 1);
	open_proxied(&b, script);
	b.req.url = "http://inside.example:1/";
	cr_expect_eq(bench_call(&b), RC_OK, "%s", b.err.msg);
	bench_stop(&b);
	cr_expect_eq(b.server.requests, 1);
	bench_release(&b);
}

Test(http_where, takes_a_key_to_a_proxy_for_https_alone)
{
	static const struct step script[] = {
		{ "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", SHUT }, { NULL, END }
	};
	struct bench b;

	open_proxied(&b, script);
	b.req.has_key = true;
	b.req.url = "https://api.example/";
	cr_expect_eq(bench_call(&b), RC_UPSTREAM);
	cr_expect_null(strstr(b.err.msg, "over https only"), "%s", b.err.msg);
	bench_stop(&b);
	cr_expect_eq(strncmp(b.server.seen[0].p, "CONNECT api.example:443 ", 24), 0, "%s",
	    b.server.seen[0].p);
	bench_release(&b);
}

/* getaddrinfo - with a name that says nothing of its address, which is this machine's */
int
getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
    struct addrinfo **out)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	if (name != NULL && strcmp(name, "inside.example") == 0 &&
	    (hints == NULL || !(hints->ai_flags & AI_NUMERICHOST)))
		name = "127.0.0.1";
	return real(name, service, hints, out);
}

/* behind a proxy the addresses of names are not judged: "" must not count as one */
Test(http_where, takes_an_empty_proxy_for_none)
{
	static const struct step script[] = { { OK_HELLO, SHUT }, { NULL, END } };
	const struct http_settings settings = { .max_header = MAX_HEADER, .proxy = "" };
	char url[64];
	struct bench b;

	setenv("http_proxy", "http://127.0.0.1:1/", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1/", 1);
	bench_open(&b, script);
	http_free(b.http);
	b.http = http_new(&settings);
	snprintf(url, sizeof(url), "http://inside.example:%d/", b.server.port);
	b.req.url = url;
	b.req.allow_private = false;
	cr_expect_eq(bench_call(&b), RC_UPSTREAM);
	cr_expect(strstr(b.err.msg, "127.0.0.1 is a private address") != NULL, "%s", b.err.msg);
	b.req.allow_private = true;
	cr_expect_eq(bench_call(&b), RC_OK, "%s", b.err.msg);
	bench_stop(&b);
	cr_expect_eq(b.server.requests, 1);
	bench_release(&b);
}
