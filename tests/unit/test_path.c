/* test_path.c - the same application path under every mount point and web server */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/path.h"
#include "fcgi/query.h"

struct mount {
	const char	*what;
	struct path_params in;
	const char	*text, *prefix;		/* text NULL: refused */
};

/* check - every row of a table */
static void
check(const struct mount *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct mount *m = &rows[i];
		struct path p = PATH_INIT;
		bool ok = path_resolve(&m->in, &p);

		cr_expect_eq(ok, m->text != NULL, "%s: %s", m->what, ok ? p.text : "refused");
		if (ok && m->text != NULL) {
			cr_expect_str_eq(p.text, m->text, "%s: %s", m->what, p.text);
			cr_expect_str_eq(p.prefix, m->prefix, "%s: prefix %s", m->what, p.prefix);
		}
		path_release(&p);
	}
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof(rows[0]))

Test(path, is_found_on_every_host)
{
	static const struct mount rows[] = {
		/* what			  { URI, SCRIPT_NAME, PATH_INFO, base_path }	text, prefix */
		{ "mod_fcgid, a file",	  { "/m.fcgi/v1/x", "/m.fcgi", "/v1/x", NULL }, "/v1/x", "/m.fcgi" },
		{ "mod_fcgid, virtual",	  { "/llm/v1/x?a=b", "/llm", "/v1/x", NULL }, "/v1/x", "/llm" },
		{ "mod_fcgid at /",	  { "/v1/models", "", "/v1/models", NULL }, "/v1/models", "" },
		{ ".htaccess rewrite",	  { "/llm/v1/x", "/llm/mcpd.fcgi", "/v1/x", NULL }, "/v1/x", "/llm" },
		{ "the same, escaped",	  { "/llm/v1/x/%61", "/llm/mcpd.fcgi", "/v1/x/a", NULL },
		    "/v1/x/%61", "/llm" },
		{ "rewrite of all",	  { "/pretty", "/m.fcgi", "/healthz", NULL }, "/healthz", "/m.fcgi" },
		{ "proxy_fcgi, ProxyPass", { "/v1/x", "/v1/x", NULL, NULL }, "/v1/x", "" },
		{ "proxy_fcgi, prefix",	  { "/llm/v1/x", "/llm/v1/x", NULL, NULL }, NULL, NULL },
		{ "the same, base_path",  { "/llm/v1/x", "/llm/v1/x", NULL, "/llm" }, "/v1/x", "/llm" },
		{ "lighttpd \"/llm\"",	  { "/llm/v1/x", "/llm", "/v1/x", NULL }, "/v1/x", "/llm" },
		{ "lighttpd \"/\", v1",	  { "/v1/x/y", "/v1", "/x/y", NULL }, "/v1/x/y", "" },
		{ "lighttpd \"/\", api",  { "/api/v1/llms", "/api", "/v1/llms", NULL }, "/api/v1/llms", "" },
		{ "lighttpd \"/llm/\"",	  { "/llm/api/v1/llms", "/llm/api", "/v1/llms", NULL },
		    "/api/v1/llms", "/llm" },
		{ "mounted at /api",	  { "/api/v1/models", "/api", "/v1/models", "/api" },
		    "/v1/models", "/api" },
		{ "nginx",		  { "/api/v1/llms", "/api/v1/llms", "", NULL }, "/api/v1/llms", "" },
		{ "nginx, prefix",	  { "/llm/readyz", "/llm/readyz", "", "/llm/" }, "/readyz", "/llm" },
		{ "plain CGI",		  { "/cgi-bin/mcpd.fcgi/v1/x", "/cgi-bin/mcpd.fcgi", "/v1/x", NULL },
		    "/v1/x", "/cgi-bin/mcpd.fcgi" },
		{ "no REQUEST_URI",	  { NULL, "/m.fcgi", "/v1/x", NULL }, "/v1/x", "/m.fcgi" },
		{ "empty REQUEST_URI",	  { "", "", "/healthz", NULL }, "/healthz", "" },
		{ "absolute form",	  { "http://h/v1/x", "", "/v1/x", NULL }, "/v1/x", "" },
		{ "script name escaped",  { "/my%20llm/v1/x", "/my llm", "/v1/x", NULL },
		    "/v1/x", "/my%20llm" },
		{ "a question mark only", { "/healthz?", "", "/healthz", NULL }, "/healthz", "" },
		{ "nothing at all",	  { NULL, NULL, NULL, NULL }, NULL, NULL },
	};

	CHECK(rows);
}

Test(path, outside_of_ours_is_refused)
{
	static const struct mount rows[] = {
		{ "another path",	{ "/index.html", "", "/index.html", NULL }, NULL, NULL },
		{ "like a root",	{ "/v1x/models", "", "/v1x/models", NULL }, NULL, NULL },
		{ "like the mount",	{ "/llmx/v1/x", "/llm", NULL, NULL }, NULL, NULL },
		{ "base_path, outside",	{ "/v1/x", "", "/v1/x", "/llm" }, NULL, NULL },
		{ "base_path, like it",	{ "/llmx/v1/x", "", "", "/llm" }, NULL, NULL },
		{ "base_path itself",	{ "/llm", "", "", "/llm" }, NULL, NULL },
		{ "case counts",	{ "/V1/models", "", "/V1/models", NULL }, NULL, NULL },
		{ "root in the query",	{ "/x?/v1/models", "", "/x", NULL }, NULL, NULL },
	};

	CHECK(rows);
}

Test(path, forms_that_two_parsers_read_in_two_ways_are_refused)
{
	static const struct mount rows[] = {
		{ "//",		{ "/v1//models", "", "", NULL }, NULL, NULL },
		{ "// first",	{ "//evil/v1/models", "//evil", "", NULL }, NULL, NULL },
		{ "/./",	{ "/v1/./models", "", "", NULL }, NULL, NULL },
		{ "/../",	{ "/x/../v1/models", "", "", NULL }, NULL, NULL },
		{ "/.. last",	{ "/v1/models/..", "", "", NULL }, NULL, NULL },
		{ "/. last",	{ "/v1/models/.", "", "", NULL }, NULL, NULL },
		{ "%00",	{ "/v1/models/a%00b", "", "", NULL }, NULL, NULL },
		{ "escaped v",	{ "/%761/models", "", "", NULL }, NULL, NULL },
		{ "escaped mount", { "/%6clm/v1/x", "/llm", NULL, NULL }, NULL, NULL },
		{ "the same, PATH_INFO", { "/%6clm/v1/x", "/llm", "/v1/x", NULL }, NULL, NULL },
		{ "%2f in the mount", { "/a%2fb/v1/x", "/a/b", NULL, NULL }, NULL, NULL },
		{ "%2f for PATH_INFO", { "/api/v1%2fllms", "", "/api/v1/llms", NULL }, NULL, NULL },
		{ "the same, rewritten", { "/x%2Fv1/y", "/m.fcgi", "/v1/y", NULL }, NULL, NULL },
		{ "%2f, lighttpd \"/\"", { "/api%2fv1/llms", "/api", "/v1/llms", NULL }, NULL, NULL },
		{ "%2f in the base", { "/a%2fb/v1/x", "", NULL, "/a/b" }, NULL, NULL },
		{ "broken escape", { "/ll%6/v1/x", "/ll", NULL, NULL }, NULL, NULL },
		{ "dots in PATH_INFO", { "/x", "/m", "/v1/../x", NULL }, NULL, NULL },
	};

	CHECK(rows);
}

Test(path, a_refused_one_still_shows_its_family)
{
	static const struct mount rows[] = {
		{ "//",		{ "/v1//models", "", "", NULL }, "/v1/models", NULL },
		{ "// first",	{ "//v1/models", "", "", NULL }, "/v1/models", NULL },
		{ "/./",	{ "/v1/./messages", "", "", NULL }, "/v1/messages", NULL },
		{ "/../",	{ "/x/../v1/models", "", "", NULL }, "/v1/models", NULL },
		{ "out of it",	{ "/v1/../api/v1/llms", "", "", NULL }, "/api/v1/llms", NULL },
		{ "one step back", { "/v1/a/b/../c", "", "", NULL }, "/v1/a/c", NULL },
		{ "out of all",	{ "/../../v1/x", "", "", NULL }, "/v1/x", NULL },
		{ "/. last",	{ "/v1/models/.", "", "", NULL }, "/v1/models", NULL },
		{ "/ last",	{ "/v1/", "", "", NULL }, "/v1", NULL },
		{ "escaped v",	{ "/%761/models", "", "", NULL }, "/v1/models", NULL },
		{ "%2f",	{ "/v1%2Fmodels?a=/x", "", "", NULL }, "/v1/models", NULL },
		{ "escaped dots", { "/v1/%2e%2e/v1/x", "", "", NULL }, "/v1/x", NULL },
		{ "%00",	{ "/v1/models/a%00b", "", "", NULL }, "/v1/models/a%00b", NULL },
		{ "broken escape", { "/v1//a%6", "", "", NULL }, "/v1/a%6", NULL },
		{ "a mount",	{ "/llm//v1/./x", "/llm", "//v1/./x", NULL }, "/v1/x", NULL },
		{ "escaped mount", { "/%6clm/v1/x", "/llm", "/v1/x", NULL }, "/v1/x", NULL },
		{ "a base",	{ "/llm/v1//x", "", NULL, "/llm/" }, "/v1/x", NULL },
		{ "dots in PATH_INFO", { "/x", "/m", "/v1/../x", NULL }, "/v1/../x", NULL },
		{ "no REQUEST_URI", { NULL, "/m.fcgi", "/v1//x", NULL }, "/v1/x", NULL },
		{ "no slash",	{ NULL, "v1/", "/models", NULL }, "/v1/models", NULL },
		{ "another",	{ "/index//html", "", "", NULL }, "", NULL },
		{ "like a root", { "/v1x//models", "", "", NULL }, "", NULL },
		{ "outside the base", { "/v1//x", "", NULL, "/llm" }, "", NULL },
		{ "dots alone",	{ "/../..", "", "", NULL }, "", NULL },
		{ "nothing",	{ NULL, NULL, NULL, NULL }, "", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *meant = path_meant(&rows[i].in);

		cr_expect_str_eq(meant, rows[i].text, "%s: %s", rows[i].what, meant);
		free(meant);
	}
}

Test(path, a_path_from_PATH_INFO_is_decoded_already)
{
	const struct path_params info = { "/r", "/m.fcgi", "/v1/models/100%25", NULL };
	const struct path_params uri = { "/v1/models/100%25", "", "", NULL };
	struct path p = PATH_INIT;

	cr_assert(path_resolve(&info, &p));
	cr_expect_not(p.encoded);
	path_release(&p);
	cr_assert(path_resolve(&uri, &p));
	cr_expect(p.encoded);
	path_release(&p);
}

struct piece {
	const char	*raw;
	bool		 encoded, slash;
	const char	*text;			/* NULL: refused */
};

Test(path, pieces_are_decoded_once_and_only_to_text)
{
	static const struct piece rows[] = {
		{ "claude",	  true,  false, "claude" },
		{ "%63laude",	  true,  false, "claude" },
		{ "a%20b",	  true,  false, "a b" },
		{ "a+b",	  true,  false, "a+b" },
		{ "%2541",	  true,  false, "%41" },
		{ "%41",	  false, false, "%41" },
		{ "%C3%A9",	  true,  false, "\xc3\xa9" },
		{ "%c3",	  true,  false, NULL },
		{ "%C0%AF",	  true,  false, NULL },
		{ "\xff",	  true,  false, NULL },
		{ "a%2fb",	  true,  false, NULL },
		{ "a%2Fb",	  true,  true,  "a/b" },
		{ "a/b",	  true,  true,  "a/b" },
		{ "%00",	  true,  true,  NULL },
		{ "%",		  true,  false, NULL },
		{ "%4",		  true,  false, NULL },
		{ "%4g",	  true,  false, NULL },
		{ "%%41",	  true,  false, NULL },
		{ "",		  true,  false, NULL },
		{ "%2e",	  true,  false, NULL },
		{ "%2E.",	  true,  false, NULL },
		{ "...",	  true,  false, "..." },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct piece *c = &rows[i];
		char *text = path_decode(c->raw, strlen(c->raw), c->encoded, c->slash);

		cr_expect_eq(text != NULL, c->text != NULL, "'%s'", c->raw);
		if (text != NULL && c->text != NULL)
			cr_expect_str_eq(text, c->text);
		free(text);
	}
}

Test(path, decoding_never_reads_past_its_piece)
{
	char *p = malloc(2), *text;

	memcpy(p, "%4", 2);
	text = path_decode(p, 2, true, false);
	cr_expect_null(text);
	free(text);
	free(p);
}

Test(path, query_parameters)
{
	static const struct {
		const char *query, *name, *text;
	} rows[] = {
		{ "tier=fast", "tier", "fast" },
		{ "a=1&tier=heavy&tier=fast", "tier", "heavy" },
		{ "xtier=1&tier=2", "tier", "2" },
		{ "tierx=1", "tier", NULL },
		{ "tier", "tier", NULL },
		{ "tier=", "tier", NULL },
		{ "&&tier=a%20b+c", "tier", "a b c" },
		{ "tier=%zz", "tier", NULL },
		{ "", "tier", NULL },
		{ NULL, "tier", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = path_query(rows[i].query, rows[i].name);

		cr_expect_eq(text != NULL, rows[i].text != NULL, "%s", rows[i].query);
		if (text != NULL && rows[i].text != NULL)
			cr_expect_str_eq(text, rows[i].text);
		free(text);
	}
}

Test(path, a_table_of_parameters_takes_no_other_and_none_twice)
{
	static const struct {
		const char *query, *since, *said;	/* said NULL: it is taken */
	} rows[] = {
		{ NULL, NULL, NULL },
		{ "", NULL, NULL },
		{ "&&since=1h&", "1h", NULL },
		{ "by=llm&since=a%20b+c", "a b c", NULL },
		{ "since=", NULL, NULL },
		{ "since", NULL, NULL },
		{ "since=&since=1h", "1h", NULL },
		{ "since=1h&since=", NULL, "since is given twice" },
		{ "since=1h&since=2h", NULL, "since is given twice" },
		{ "since=%zz", NULL, "since is no valid text" },
		{ "since=%00", NULL, "since is no valid text" },
		{ "since=%ff", NULL, "since is no valid text" },
		{ "sinc=1h", NULL, "unknown parameter: sinc" },
		{ "sincee=1h", NULL, "unknown parameter: sincee" },
		{ "=1h", NULL, "unknown parameter: " },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct query_row taken[] = { { "by", NULL }, { "since", NULL }, { NULL, NULL } };
		struct error err = { RC_OK, "" };
		enum rc rc = query_read(rows[i].query, taken, &err);

		cr_expect_eq(rc, rows[i].said == NULL ? RC_OK : RC_INVALID, "%s", rows[i].query);
		cr_expect_str_eq(err.msg, rows[i].said == NULL ? "" : rows[i].said, "%s: %s",
		    rows[i].query, err.msg);
		if (rows[i].said == NULL && rows[i].since != NULL)
			cr_expect_str_eq(taken[1].value, rows[i].since);
		else if (rows[i].said == NULL)
			cr_expect_null(taken[1].value);
		query_release(taken);
	}
}
