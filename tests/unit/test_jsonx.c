/* test_jsonx.c - json-c with our manners */
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"

/* parse - of a text that is good; from a block that ends where the text does */
static struct json_object *
parse(const char *text)
{
	struct json_object *o = NULL;
	struct error err = { .msg = "" };
	size_t len = strlen(text);
	char *copy = x_malloc(len);

	memcpy(copy, text, len);
	cr_assert(jsonx_parse(copy, len, JSONX_DEPTH, &o, &err) == RC_OK, "%s: %s", text, err.msg);
	free(copy);
	return o;
}

Test(jsonx, parses_and_prints_the_same_compact_text)
{
	static const char *const texts[] = {
		"{\"a\":[1,-2,1.50,1e5,true,false,null,\"x/y\"],\"b\":{},\"c\":[]}",
		"12", "-7", "1.0", "1E400", "true", "null", "\"\"", "[]", "18446744073709551615",
		"\"\xc3\xa9\xf0\x9f\x98\x80\"", "\"\\n\\\"\\\\\\u0001\"",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct json_object *o = parse(texts[i]);

		cr_expect_str_eq(jsonx_text(o), texts[i]);
		json_object_put(o);
	}
}

Test(jsonx, refuses_what_json_c_would_take)
{
	static const struct {
		const char	*text, *msg;
	} rows[] = {
		{ "{\"a\":1,\"a\":2}", "line 1, column 8: duplicate member \"a\"" },
		{ "\"\\u0000\"", "line 1, column 2: \\u0000 is not allowed" },
		{ "[1,2,]", "line 1, column 6: ']' where a value should be" },
		{ "'a'", "line 1, column 1: ''' where a value should be" },
		{ "NaN", "line 1, column 1: 'N' where a value should be" },
		{ "{} x", "line 1, column 4: 'x' where the end of the text should be" },
		{ "99999999999999999999", "line 1, column 1: an integer of more than 64 bits" },
		{ "\"\xff\"", "line 1, column 2: invalid UTF-8 (byte 0xff)" },
		{ "", "line 1, column 1: the text ends where a value should be" },
	};
	struct json_object *o = (struct json_object *)&rows;
	struct error err;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cr_expect(jsonx_parse(rows[i].text, strlen(rows[i].text), JSONX_DEPTH, &o, &err) ==
		    RC_INVALID);
		cr_expect_str_eq(err.msg, rows[i].msg);
		cr_expect(o == (struct json_object *)&rows);
	}
}

/* brackets - depth of them around a scalar or nothing */
static char *
brackets(unsigned depth, const char *inside)
{
	char *text = x_malloc(2 * depth + strlen(inside) + 1);

	memset(text, '[', depth);
	memcpy(text + depth, inside, strlen(inside));
	memset(text + depth + strlen(inside), ']', depth);
	text[2 * depth + strlen(inside)] = '\0';
	return text;
}

Test(jsonx, takes_the_depth_it_is_given_and_no_more)
{
	static const unsigned limits[] = { 1, 2, 31, 32, 33, JSONX_DEPTH, JSONX_DEPTH_MAX };
	static const char *const insides[] = { "", "1", "\"x\"", "{}" };
	struct json_object *o;
	struct error err;

	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		for (size_t k = 0; k < 4; k++) {
			unsigned depth = limits[i] - (k == 3);
			char *at = brackets(depth, insides[k]), *over = brackets(depth + 1,
			    insides[k]);

			cr_expect(jsonx_parse(at, strlen(at), limits[i], &o, &err) == RC_OK,
			    "%u: %s", limits[i], err.msg);
			json_object_put(o);
			cr_expect(jsonx_parse(over, strlen(over), limits[i], &o,
			    &err) == RC_INVALID);
			free(at);
			free(over);
		}
	}
}

Test(jsonx, reads_members_of_the_right_type_only)
{
	struct json_object *o = parse("{\"s\":\"x\",\"i\":7,\"b\":true,\"n\":null,\"d\":1.5}");

	cr_expect_str_eq(jsonx_str(o, "s", "-"), "x");
	cr_expect_str_eq(jsonx_str(o, "i", "-"), "-");
	cr_expect_null(jsonx_str(o, "none", NULL));
	cr_expect_eq(jsonx_int(o, "i", -1), 7);
	cr_expect_eq(jsonx_int(o, "s", -1), -1);
	cr_expect_eq(jsonx_int(o, "d", -1), -1);
	cr_expect(jsonx_bool(o, "b", false));
	cr_expect(jsonx_bool(o, "i", false) == false);
	cr_expect(jsonx_has(o, "n") && !jsonx_has(o, "none"));
	cr_expect_null(jsonx_get(o, "n"));
	cr_expect_null(jsonx_get(o, "none"));
	cr_expect_not_null(jsonx_get(o, "d"));
	json_object_put(o);
}

Test(jsonx, puts_members_and_replaces_them)
{
	struct json_object *o = json_object_new_object();

	jsonx_put_str(o, "s", "a/b");
	jsonx_put_str(o, "n", NULL);
	jsonx_put_int(o, "i", INT64_MIN);
	jsonx_put_bool(o, "b", true);
	jsonx_put(o, "o", json_object_new_object());
	jsonx_put_bool(o, "b", false);
	cr_expect_str_eq(jsonx_text(o),
	    "{\"s\":\"a/b\",\"n\":null,\"i\":-9223372036854775808,\"b\":false,\"o\":{}}");
	cr_expect(strstr(jsonx_pretty(o), "\n  \"s\": \"a/b\",\n") != NULL);
	json_object_put(o);
}

Test(jsonx, compares_values_and_not_member_order)
{
	static const struct {
		const char	*a, *b;
		bool		 equal;
	} rows[] = {
		{ "{\"a\":1,\"b\":[true,null]}", "{ \"b\" : [ true , null ] , \"a\" : 1 }", true },
		{ "{\"a\":1}", "{\"a\":1,\"b\":2}", false },
		{ "{\"a\":1,\"c\":2}", "{\"a\":1,\"b\":2}", false },
		{ "{\"a\":null}", "{}", false }, { "{\"a\":null}", "{\"b\":null}", false },
		{ "[1,2]", "[2,1]", false }, { "[1]", "[1,1]", false },
		{ "1", "1.0", false }, { "1.0", "1.00", false }, { "1e2", "1e2", true },
		{ "1", "\"1\"", false }, { "true", "false", false }, { "null", "null", true },
		{ "\"\\u0041\"", "\"A\"", true }, { "\"a\"", "\"ab\"", false },
		{ "{}", "[]", false }, { "null", "{}", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct json_object *a = parse(rows[i].a), *b = parse(rows[i].b);

		cr_expect_eq(jsonx_equal(a, b), rows[i].equal, "%s %s", rows[i].a, rows[i].b);
		cr_expect_eq(jsonx_equal(b, a), rows[i].equal, "%s %s", rows[i].b, rows[i].a);
		json_object_put(a);
		json_object_put(b);
	}
}

Test(jsonx, wipes_every_text_of_a_tree)
{
	struct json_object *o = parse("{\"a\":\"secret\",\"b\":[1,\"more\",{\"c\":\"deep\"}]}");
	struct json_object *list = jsonx_get(o, "b");
	struct json_object *texts[] = {
		jsonx_get(o, "a"), json_object_array_get_idx(list, 1),
		jsonx_get(json_object_array_get_idx(list, 2), "c")
	};

	jsonx_wipe(o);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *p = json_object_get_string(texts[i]);
		size_t n = (size_t)json_object_get_string_len(texts[i]);

		cr_expect_gt(n, 0);
		for (size_t k = 0; k < n; k++)
			cr_expect_eq(p[k], '\0');
	}
	json_object_put(o);
}
