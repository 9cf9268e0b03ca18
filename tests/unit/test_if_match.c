/* test_if_match.c - a condition is never taken for none */
#include <criterion/criterion.h>

#include "fcgi/if_match.h"

Test(if_match, is_one_version_any_or_none)
{
	static const struct {
		const char	*text;
		enum rc		 rc;
		int64_t		 version;
	} rows[] = {
		{ NULL, RC_OK, 0 },
		{ "*", RC_OK, -1 },
		{ "7", RC_OK, 7 },
		{ "\"7\"", RC_OK, 7 },
		{ "\"9223372036854775807\"", RC_OK, INT64_MAX },
		/* no version of ours, though well-formed: must not become "no condition" */
		{ "0", RC_PRECONDITION, 0 },
		{ "\"0\"", RC_PRECONDITION, 0 },
		{ "99999999999999999999", RC_PRECONDITION, 0 },
		{ "W/\"7\"", RC_PRECONDITION, 0 },
		/* not a form that we take */
		{ "", RC_INVALID, 0 },
		{ "\"7", RC_INVALID, 0 },
		{ "7\"", RC_INVALID, 0 },
		{ "\"\"", RC_INVALID, 0 },
		{ "-1", RC_INVALID, 0 },
		{ "+1", RC_INVALID, 0 },
		{ " 7", RC_INVALID, 0 },
		{ "7 ", RC_INVALID, 0 },
		{ "\"1\", \"2\"", RC_INVALID, 0 },
		{ "\"abc\"", RC_INVALID, 0 },
		{ "**", RC_INVALID, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t version = 42;
		struct error err;
		enum rc rc = if_match_parse(rows[i].text, &version, &err);

		cr_expect_eq(rc, rows[i].rc, "'%s'", rows[i].text);
		if (rc == RC_OK)
			cr_expect_eq(version, rows[i].version, "'%s'", rows[i].text);
	}
}
