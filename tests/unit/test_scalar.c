/* test_scalar.c - what a plain YAML scalar means */
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <string.h>

#include "base/jsonx.h"
#include "cli/scalar.h"

static const struct {
	const char	*text, *json;	/* json NULL: refused */
} rows[] = {
	{ "", "null" }, { "~", "null" }, { "null", "null" }, { "NULL", "null" }, { "nUll", "\"nUll\"" },
	{ "true", "true" }, { "False", "false" }, { "tRue", "\"tRue\"" },
	/* the Norway problem, and its family: YAML 1.1 takes them for booleans and numbers */
	{ "no", "\"no\"" }, { "yes", "\"yes\"" }, { "on", "\"on\"" }, { "n", "\"n\"" },
	{ "1_000", "\"1_000\"" }, { "12:30:45", "\"12:30:45\"" }, { "0b1", "\"0b1\"" },
	{ "2001-01-01", "\"2001-01-01\"" },
	{ "0", "0" }, { "-12", "-12" }, { "+12", "12" }, { "1.50", "1.50" }, { "1e3", "1e3" },
	{ "-1.5E-3", "-1.5E-3" }, { ".5", "0.5" }, { "-.5", "-0.5" }, { "5.", "5.0" },
	{ "5.e2", "5.0e2" }, { "1e", "\"1e\"" }, { ".", "\".\"" }, { "-", "\"-\"" }, { "+", "\"+\"" },
	{ "..5", "\"..5\"" }, { "1.2.3", "\"1.2.3\"" },
	{ "0x1F", "31" }, { "0x", "\"0x\"" }, { "0xg", "\"0xg\"" }, { "0o17", "15" }, { "0o8", "\"0o8\"" },
	{ "9223372036854775807", "9223372036854775807" },
	{ "017", NULL }, { "-007", NULL }, { "00", NULL }, { ".inf", NULL }, { "-.INF", NULL },
	{ ".nan", NULL }, { "99999999999999999999", NULL }, { "0xffffffffffffffffff", NULL },
};

Test(scalar, follows_the_core_schema_and_refuses_what_has_two_meanings)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct json_object *o = NULL;
		const char *bad = scalar_json(rows[i].text, strlen(rows[i].text), &o);

		if (rows[i].json == NULL)
			cr_expect_not_null(bad, "'%s' gives %s", rows[i].text, jsonx_text(o));
		else
			cr_expect(bad == NULL && strcmp(o ? jsonx_text(o) : "null",
			    rows[i].json) == 0, "'%s' gives %s, not %s", rows[i].text,
			    bad != NULL ? bad : o ? jsonx_text(o) : "null", rows[i].json);
		json_object_put(o);
	}
}
