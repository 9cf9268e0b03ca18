/* test_identity.c - whom we take a request to come from */
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <string.h>

#include "base/clock.h"
#include "base/jsonx.h"
#include "fcgi/identity.h"
#include "tests/unit/fixture.h"

#define FIRST_HALF	"mcp_0123456789012345678901"
#define NO_SUCH_TOKEN	FIRST_HALF "234567890123456789012"

static struct fixture f;
static char alice[TOKEN_SIZE], brief[TOKEN_SIZE];

/* make_token - the text that only its creation tells */
static void
make_token(const char *name, const char *expires, char out[TOKEN_SIZE])
{
	struct json_object *body = json_object_new_object(), *made;
	struct faults faults = FAULTS_INIT;
	struct error err;

	jsonx_put_str(body, "name", name);
	jsonx_put_str(body, "user", "alice");
	if (expires != NULL)
		jsonx_put_str(body, "expiresAt", expires);
	cr_assert_eq(catalogue_create(&f.svc, &f.admin, &kind_mcptoken, body, &faults, &made, &err),
	    RC_OK, "%s", err.msg);
	memcpy(out, jsonx_str(made, "token", ""), TOKEN_SIZE);
	json_object_put(made);
	json_object_put(body);
	faults_release(&faults);
}

static void
open_f(void)
{
	fixture_open(&f);
	fixture_make(&f, &kind_user, "{'name':'alice'}");
	fixture_make(&f, &kind_user, "{'name':'bob'}");
	make_token("t", NULL, alice);
	make_token("brief", "2100-01-01T00:00:00Z", brief);
	fixture_look(&f);
}

static void
close_f(void)
{
	fixture_close(&f);
}

TestSuite(identity, .init = open_f, .fini = close_f);

/* header - "Bearer mcp_..." in a buffer of its own */
static const char *
header(const char *scheme, const char *token)
{
	static char text[256];

	snprintf(text, sizeof(text), "%s%s", scheme, token);
	return text;
}

/* expect - one set of claims; user NULL: nobody */
static void
expect(const struct identity_claims *in, enum rc want, const char *user, const char *via,
    const char *what)
{
	struct caller c = { .user = NULL };
	struct error err = { RC_OK, "" };
	enum rc rc = identity_find(f.table, in, &c, &err);

	cr_expect_eq(rc, want, "%s: %s", what, err.msg);
	if (user == NULL) {
		cr_expect_null(c.user, "%s", what);
		return;
	}
	cr_assert_not_null(c.user, "%s", what);
	cr_expect_str_eq(c.user->r.name, user, "%s", what);
	cr_expect_str_eq(c.via, via, "%s", what);
	cr_expect_not(c.administrator);
	cr_expect_eq(c.token != NULL, strcmp(via, "token") == 0);
}

Test(identity, a_token_is_its_user_in_either_header)
{
	struct identity_claims in = { .authorization = header("Bearer ", alice) };

	expect(&in, RC_OK, "alice", "token", "Bearer");
	in.authorization = header("bEaReR   ", alice);
	expect(&in, RC_OK, "alice", "token", "case, blanks");
	in.api_key = alice;
	expect(&in, RC_OK, "alice", "token", "both, equal");
	in.authorization = NULL;
	expect(&in, RC_OK, "alice", "token", "x-api-key");
	in.authorization = "Basic YWxpY2U6c2VjcmV0";
	expect(&in, RC_OK, "alice", "token", "x-api-key beside Basic");
}

Test(identity, anything_else_is_nobody)
{
	static const char *const bad[] = {
		NULL, "", "Bearer", "Bearer ", "Bearer " NO_SUCH_TOKEN, "Bearer x", "Basic YTpi", "Bearerx y",
	};
	struct identity_claims in = { .authorization = NULL };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		in.authorization = bad[i];
		expect(&in, RC_UNAUTHENTICATED, NULL, NULL, bad[i] != NULL ? bad[i] : "no header");
	}
	in.authorization = header("Basic ", alice);
	expect(&in, RC_UNAUTHENTICATED, NULL, NULL, "a token in another scheme");
	in.authorization = header("", alice);
	expect(&in, RC_UNAUTHENTICATED, NULL, NULL, "a token without a scheme");
	in.authorization = header("Bearer ", alice);
	in.api_key = NO_SUCH_TOKEN;
	expect(&in, RC_UNAUTHENTICATED, NULL, NULL, "both, different");
}

Test(identity, the_last_character_of_a_token_counts)
{
	char token[TOKEN_SIZE];
	struct identity_claims in = { .api_key = token };

	memcpy(token, alice, sizeof(token));
	token[TOKEN_SIZE - 2] = token[TOKEN_SIZE - 2] == 'A' ? 'E' : 'A';
	expect(&in, RC_UNAUTHENTICATED, NULL, NULL, "changed");
	token[TOKEN_SIZE - 2] = '\0';
	expect(&in, RC_UNAUTHENTICATED, NULL, NULL, "cut");
}

Test(identity, a_token_ends_at_its_time)
{
	struct identity_claims in = { .api_key = brief };
	int64_t end;

	cr_assert(clock_parse("2100-01-01T00:00:00Z", &end));
	in.now_ms = end - 1;
	expect(&in, RC_OK, "alice", "token", "before");
	in.now_ms = end;
	expect(&in, RC_UNAUTHENTICATED, NULL, NULL, "at the end");
}

Test(identity, a_revoked_token_is_nobody)
{
	struct identity_claims in = { .api_key = alice };
	struct error err;

	cr_assert_eq(fixture_put(&f, &f.admin, &kind_mcptoken, "t", "{'revoked':true}", &err), RC_OK);
	fixture_look(&f);
	expect(&in, RC_UNAUTHENTICATED, NULL, NULL, "revoked");
}

Test(identity, REMOTE_USER_counts_only_where_it_is_trusted)
{
	struct identity_claims in = { .remote_user = "bob" };

	expect(&in, RC_UNAUTHENTICATED, NULL, NULL, "not trusted");
	in.trust_remote_user = true;
	expect(&in, RC_OK, "bob", "remote_user", "trusted");
	in.authorization = "Basic Ym9iOng=";
	expect(&in, RC_OK, "bob", "remote_user", "Basic is the web server's business");
	in.remote_user = table_by_name(f.table, &kind_user, "bob")->id;
	expect(&in, RC_UNAUTHENTICATED, NULL, NULL, "an id is no login");
	in.remote_user = "eve";
	expect(&in, RC_UNAUTHENTICATED, NULL, NULL, "no user of ours");
	in.remote_user = "";
	expect(&in, RC_UNAUTHENTICATED, NULL, NULL, "empty");
}

Test(identity, a_token_wins_over_REMOTE_USER_and_a_bad_one_too)
{
	struct identity_claims in = {
		.remote_user = "bob", .trust_remote_user = true, .api_key = alice,
	};

	expect(&in, RC_OK, "alice", "token", "a good one");
	in.api_key = NO_SUCH_TOKEN;
	expect(&in, RC_UNAUTHENTICATED, NULL, NULL, "a bad one");
	in.api_key = NULL;
	in.authorization = "Bearer ";
	expect(&in, RC_UNAUTHENTICATED, NULL, NULL, "an empty one");
	in.authorization = "Bearer";
	expect(&in, RC_UNAUTHENTICATED, NULL, NULL, "the scheme alone");
}

Test(identity, another_site_cannot_use_the_browsers_login)
{
	static const struct {
		const char	*site;
		enum rc		 rc;
	} rows[] = {
		{ NULL, RC_OK }, { "same-origin", RC_OK }, { "none", RC_OK },
		{ "cross-site", RC_FORBIDDEN }, { "same-site", RC_FORBIDDEN }, { "x", RC_FORBIDDEN },
	};
	struct identity_claims in = { .remote_user = "bob", .trust_remote_user = true };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		in.sec_fetch_site = rows[i].site;
		expect(&in, rows[i].rc, rows[i].rc == RC_OK ? "bob" : NULL, "remote_user",
		    rows[i].site != NULL ? rows[i].site : "not sent");
	}
	in.api_key = alice;
	expect(&in, RC_OK, "alice", "token", "a token is no login of the browser");
}
