/* test_request.c - parameters, bodies, and what an answer's head holds */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/reply.h"
#include "tests/unit/request_fixture.h"

TestSuite(request, .init = request_set_up, .fini = request_tear_down);

Test(request, an_empty_parameter_is_one_that_was_not_sent)
{
	begin(PARAMS("HTTP_AUTHORIZATION=", "REDIRECT_HTTP_AUTHORIZATION=Bearer x", "CONTENT_LENGTH=",
	    "HTTP_X_API_KEY=", "REQUEST_METHOD=GET"), NULL);
	cr_expect_str_eq(r.authorization, "Bearer x");
	cr_expect_null(r.api_key);
	cr_expect_null(r.content_length);
	cr_expect_not(request_has_body(&r));
	request_release(&r);
}

Test(request, the_web_servers_user_is_looked_at_only_where_it_is_trusted)
{
	begin(PARAMS("REMOTE_USER=bob", "MCPD_USER=alice"), NULL);
	cr_expect_null(r.remote_user);
	request_release(&r);
	f.cfg.trust_remote_user = true;
	begin(PARAMS("REMOTE_USER=bob", "MCPD_USER=alice"), NULL);
	cr_expect_str_eq(r.remote_user, "bob");
	request_release(&r);
	cr_assert_eq(config_set(&f.cfg, "remote_user_param", "MCPD_USER", "", NULL), RC_OK);
	begin(PARAMS("REMOTE_USER=bob", "MCPD_USER=alice"), NULL);
	cr_expect_str_eq(r.remote_user, "alice");
	request_release(&r);
	begin(PARAMS("REMOTE_USER=bob"), NULL);
	cr_expect_null(r.remote_user);
	request_release(&r);
}

Test(request, the_first_of_two_authorizations_counts)
{
	begin(PARAMS("REDIRECT_HTTP_AUTHORIZATION=Bearer b", "HTTP_AUTHORIZATION=Bearer a"), NULL);
	cr_expect_str_eq(r.authorization, "Bearer a");
	request_release(&r);
}

Test(request, each_has_an_id_of_its_own)
{
	char first[REQUEST_ID_SIZE];

	begin(PARAMS("REQUEST_METHOD=GET"), NULL);
	memcpy(first, r.id, sizeof(first));
	request_release(&r);
	begin(PARAMS("REQUEST_METHOD=GET"), NULL);
	cr_expect_str_neq(r.id, first);
	request_release(&r);
}

struct body_row {
	const char	*what, *length, *body;
	enum rc		 fail, rc;
};

Test(request, a_body_is_what_comes_until_its_end)
{
	static char most[BODY_LIMIT + 1], more[BODY_LIMIT + 2];
	const struct body_row rows[] = {
		{ "said",	"CONTENT_LENGTH=3", "abc", RC_OK, RC_OK },
		{ "chunked",	"HTTP_TRANSFER_ENCODING=chunked", "abc", RC_OK, RC_OK },
		{ "none",	"CONTENT_LENGTH=0", "", RC_OK, RC_OK },
		{ "the most",	"CONTENT_LENGTH=64", most, RC_OK, RC_OK },
		{ "too short",	"CONTENT_LENGTH=4", "abc", RC_OK, RC_INVALID },
		{ "too long",	"CONTENT_LENGTH=2", "abc", RC_OK, RC_INVALID },
		{ "over the limit, said", "CONTENT_LENGTH=65", "", RC_OK, RC_TOO_LARGE },
		{ "over the limit, not said", "CONTENT_LENGTH=", more, RC_OK, RC_TOO_LARGE },
		{ "over any number", "CONTENT_LENGTH=99999999999999999999", "", RC_OK, RC_TOO_LARGE },
		{ "no number",	"CONTENT_LENGTH=x", "", RC_OK, RC_INVALID },
		{ "negative",	"CONTENT_LENGTH=-1", "", RC_OK, RC_INVALID },
		{ "two numbers", "CONTENT_LENGTH=3, 3", "abc", RC_OK, RC_INVALID },
		{ "cut",	"CONTENT_LENGTH=9", "abc", RC_GONE, RC_GONE },
		{ "stalled",	"CONTENT_LENGTH=9", "abc", RC_TIMEOUT, RC_INVALID },
	};

	memset(most, 'a', BODY_LIMIT);
	memset(more, 'a', BODY_LIMIT + 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct body_row *row = &rows[i];
		struct error err = { RC_OK, "" };
		enum rc rc;

		begin(PARAMS(row->length), row->body);
		io.piece = i % 3;
		io.fail = row->fail;
		rc = request_body(&r, &err);
		cr_expect_eq(rc, row->rc, "%s: %d %s", row->what, rc, err.msg);
		if (rc == RC_OK)
			cr_expect_str_eq(r.body.p, row->body, "%s", row->what);
		request_release(&r);
	}
}

Test(request, a_body_that_nobody_wants_is_read_away_up_to_the_limit)
{
	static char much[10 * BODY_LIMIT];

	memset(much, 'a', sizeof(much) - 1);
	begin(PARAMS("REQUEST_METHOD=POST"), "abc");
	request_drop_body(&r);
	cr_expect_eq(io.body_at, 3);
	request_release(&r);

	begin(PARAMS("REQUEST_METHOD=POST"), much);
	io.piece = BODY_LIMIT;
	request_drop_body(&r);
	cr_expect_geq(io.body_at, BODY_LIMIT);
	cr_expect_lt(io.body_at, sizeof(much) - 1);
	request_release(&r);
}

Test(request, a_header_cannot_break_out_of_its_line)
{
	begin(PARAMS("REQUEST_METHOD=GET"), NULL);
	reply_header(&r, "x-good", "a\tb");
	reply_header(&r, "x-split", "a\r\nSet-Cookie: b");
	reply_header(&r, "x-lf", "a\nb");
	reply_header(&r, "x bad", "a");
	reply_header(&r, "x:bad", "a");
	reply_header(&r, "", "a");
	reply_start(&r, 200, 0, NULL);
	cr_expect(fake_io_has(&io, "x-good: a\tb"));
	cr_expect_null(strstr(io.out, "Set-Cookie"));
	cr_expect_null(strstr(io.out, "x-lf"));
	cr_expect_null(strstr(io.out, "bad"));
	request_release(&r);
}

Test(request, head_has_the_length_and_not_the_body)
{
	run(PARAMS("REQUEST_METHOD=HEAD", "REQUEST_URI=/healthz"), NULL);
	cr_expect(fake_io_has(&io, "Status: 200 OK"));
	cr_expect(fake_io_has(&io, "Content-Length: 15"));
	cr_expect_str_eq(fake_io_body(&io), "");
}
