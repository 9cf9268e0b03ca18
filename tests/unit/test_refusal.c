/* test_refusal.c - an answer that is an error, as the error that it was */
#include <criterion/criterion.h>
#include <string.h>

#include "cli/refusal.h"

static const struct {
	int		 status;
	const char	*body;
	enum rc		 rc;
	const char	*message;
} rows[] = {
	{ 404, "{\"error\":\"Llm not found: x\"}", RC_NOT_FOUND, "Llm not found: x" },
	{ 401, "{\"error\":\"invalid token\"}", RC_UNAUTHENTICATED, "invalid token" },
	{ 403, "{\"error\":\"permission denied: view:llms\"}", RC_FORBIDDEN,
	    "permission denied: view:llms" },
	{ 409, "{\"error\":\"Llm already exists: x\"}", RC_CONFLICT, "Llm already exists: x" },
	{ 412, "{\"error\":\"e\"}", RC_PRECONDITION, "e" },
	{ 503, "{\"error\":\"e\"}", RC_UNAVAILABLE, "e" },
	{ 507, "{\"error\":\"e\"}", RC_NO_SPACE, "e" },
	{ 502, "{\"error\":{\"message\":\"m\",\"type\":\"t\",\"param\":null,\"code\":null}}", RC_UPSTREAM,
	    "m" },
	{ 418, "{\"error\":\"e\"}", RC_UPSTREAM, "e" },
	/* something in between answered */
	{ 502, "<html>Bad Gateway</html>", RC_UPSTREAM, "http://h: HTTP 502, and no answer of mcpd" },
	{ 500, "", RC_IO, "http://h: HTTP 500, and no answer of mcpd" },
	{ 404, "[]", RC_NOT_FOUND, "http://h: HTTP 404, and no answer of mcpd" },
	{ 404, "{\"error\":7}", RC_NOT_FOUND, "http://h: HTTP 404, and no answer of mcpd" },
	{ 404, "{\"error\":null}", RC_NOT_FOUND, "http://h: HTTP 404, and no answer of mcpd" },
};

Test(refusal, gives_the_code_and_the_words_of_the_other_side)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error err;
		enum rc rc = refusal_error(rows[i].status, rows[i].body, strlen(rows[i].body),
		    "http://h", NULL, &err);

		cr_expect_eq(rc, rows[i].rc, "%s: %s", rows[i].body, rc_info(rc)->name);
		cr_expect_str_eq(err.msg, rows[i].message);
	}
}

Test(refusal, brings_every_fault_over)
{
	static const char body[] = "{\"error\":\"invalid llm\",\"details\":["
	    "{\"path\":\"url\",\"message\":\"bad\"},7,{\"path\":\"\",\"message\":\"worse\"}]}";
	struct faults f = FAULTS_INIT;
	struct error err;

	cr_assert_eq(refusal_error(400, body, strlen(body), "h", &f, &err), RC_INVALID);
	cr_assert_eq(f.n, 2);
	cr_expect_str_eq(f.v[0].path, "url");
	cr_expect_str_eq(f.v[0].message, "bad");
	cr_expect_str_eq(f.v[1].message, "worse");
	faults_release(&f);
}
