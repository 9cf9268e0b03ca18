/* test_rc.c - result codes and error text */
#include <criterion/criterion.h>
#include <string.h>

#include "base/rc.h"

Test(rc, has_a_whole_row_for_each_code)
{
	for (int rc = 0; rc < RC__MAX; rc++) {
		const struct rc_info *info = rc_info((enum rc)rc);

		cr_expect_eq((int)info->rc, rc);
		cr_assert_not_null(info->name, "code %d", rc);
		cr_expect(info->http >= 200 && info->http <= 599, "%s", info->name);
		cr_expect((info->exit == 0) == (rc == RC_OK), "%s", info->name);
	}
}

Test(rc, maps_to_the_statuses_of_the_contracts)
{
	static const struct {
		enum rc	rc;
		int	http, exit;
	} rows[] = {
		{ RC_OK, 200, 0 }, { RC_INVALID, 400, 1 }, { RC_USAGE, 400, 2 },
		{ RC_UNAUTHENTICATED, 401, 4 }, { RC_FORBIDDEN, 403, 4 }, { RC_NOT_FOUND, 404, 1 },
		{ RC_METHOD, 405, 1 }, { RC_CONFLICT, 409, 1 }, { RC_PRECONDITION, 412, 1 },
		{ RC_TOO_LARGE, 413, 1 }, { RC_MEDIA_TYPE, 415, 1 }, { RC_BUSY, 503, 1 },
		{ RC_UNAVAILABLE, 503, 1 }, { RC_UNKNOWN, 503, 1 }, { RC_NO_SPACE, 507, 1 },
		{ RC_UNSUPPORTED, 501, 1 }, { RC_UPSTREAM, 502, 1 }, { RC_TIMEOUT, 504, 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_expect_eq(rc_info(rows[i].rc)->http, rows[i].http);
		cr_expect_eq(rc_info(rows[i].rc)->exit, rows[i].exit);
	}
}

Test(rc, treats_a_number_that_is_no_code_as_trouble_of_ours)
{
	cr_expect(rc_info(RC__MAX)->rc == RC_IO);
	cr_expect(rc_info((enum rc)-1)->rc == RC_IO);
}

Test(rc, error_set_fills_and_returns)
{
	struct error err;

	cr_expect(error_set(&err, RC_CONFLICT, "%s %d", "x", 3) == RC_CONFLICT);
	cr_expect(err.rc == RC_CONFLICT);
	cr_expect_str_eq(err.msg, "x 3");
	cr_expect(error_set(NULL, RC_BUSY, "nobody reads it") == RC_BUSY);
}

Test(rc, error_prefix_puts_context_in_front)
{
	struct error err;

	error_set(&err, RC_NOT_FOUND, "no such file");
	cr_expect(error_prefix(&err, "line %d", 4) == RC_NOT_FOUND);
	cr_expect_str_eq(err.msg, "line 4: no such file");
}

Test(rc, error_text_is_cut_at_its_room)
{
	struct error err;
	char text[2 * ERROR_MAX];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	error_set(&err, RC_IO, "%s", text);
	cr_expect_eq(strlen(err.msg), ERROR_MAX - 1);
	error_prefix(&err, "%s", text);
	cr_expect_eq(strlen(err.msg), ERROR_MAX - 1);
}
