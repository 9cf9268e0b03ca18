/* request_fixture.c - a server without a web server */
#include <criterion/criterion.h>
#include <json-c/json.h>

#include "base/jsonx.h"
#include "fcgi/dispatch.h"
#include "tests/unit/request_fixture.h"

struct fixture f;
struct server server;
static struct serving serving;
struct http *http;
struct fake_io io;
struct request r;
char bearer[128];

/* request_set_up - a server of a store in which bob may edit users */
void
request_set_up(void)
{
	struct json_object *body, *made;
	struct faults faults = FAULTS_INIT;
	struct error err;

	fixture_open(&f);
	f.cfg.max_body = BODY_LIMIT;
	fixture_make(&f, &kind_user, "{'name':'bob'}");
	fixture_make(&f, &kind_rbac, "{'name':'r','subjects':[{'kind':'User','name':'bob'}],"
	    "'roleBindings':[{'role':'edit','resource':'users'}]}");
	body = json_object_new_object();
	jsonx_put_str(body, "name", "t");
	jsonx_put_str(body, "user", "bob");
	cr_assert_eq(catalogue_create(&f.svc, &f.admin, &kind_mcptoken, body, &faults, &made, &err),
	    RC_OK, "%s", err.msg);
	snprintf(bearer, sizeof(bearer), "HTTP_AUTHORIZATION=Bearer %s",
	    jsonx_str(made, "token", ""));
	json_object_put(made);
	json_object_put(body);
	server_init(&server, &f.cfg);
	serving.svc.cfg = f.svc.cfg;
	serving.svc.store = f.svc.store;
	serving.svc.ledger = f.svc.ledger;
	serving.refs = 1;
	server.now = &serving;
}

/* request_tear_down - all of it */
void
request_tear_down(void)
{
	cr_expect_eq(serving.refs, 1, "each request gave it back");
	http_free(http);
	http = NULL;
	server.now = NULL;		/* the fixture closes what it opened */
	server_release(&server);
	fixture_close(&f);
}

/* begin - read, not dispatched */
void
begin(const char *const *params, const char *body)
{
	fake_io_init(&io, params, body);
	request_init(&r, &server, &http, &io.io);
}

/* run - a whole one */
void
run(const char *const *params, const char *body)
{
	begin(params, body);
	dispatch(&r, routes);
	request_release(&r);
	cr_expect(io.closed);
	cr_expect(io.out_len == 0 || (io.ending && io.ending_at == 0),
	    "the client has an answer whose end the pool has not heard of");
}
