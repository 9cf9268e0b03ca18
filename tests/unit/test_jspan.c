/* test_jspan.c - walking in JSON text */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/jscan.h"
#include "base/mem.h"

/* whole - the span of a C string */
static struct span
whole(const char *text)
{
	return (struct span){ text, strlen(text) };
}

/* same - the span's bytes */
static bool
same(struct span s, const char *text)
{
	return s.p != NULL && s.len == strlen(text) && memcmp(s.p, text, s.len) == 0;
}

Test(jspan, tells_the_types)
{
	static const struct {
		const char	*text;
		char		 type;
	} rows[] = {
		{ "{}", 'o' }, { " [1]", 'a' }, { "\"x\"", 's' }, { "-1", 'n' }, { "0", 'n' },
		{ "true", 't' }, { "false", 'f' }, { "null", '0' }, { "", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_eq(jscan_type(whole(rows[i].text)), rows[i].type);
	cr_expect_eq(jscan_type((struct span){ NULL, 0 }), 0);
}

Test(jspan, gets_the_last_member_of_a_name)
{
	struct span o = whole(" {\"a\":1, \"b\" : {\"a\":[\"}\",\"\\\"\"]} , \"\\u0061\" : [2] }");

	cr_expect(same(jscan_get(o, "a"), "[2]"));
	cr_expect(same(jscan_get(o, "b"), "{\"a\":[\"}\",\"\\\"\"]}"));
	cr_expect(same(jscan_get(jscan_get(o, "b"), "a"), "[\"}\",\"\\\"\"]"));
	cr_expect(jscan_get(o, "c").p == NULL);
	cr_expect(jscan_get(whole("[\"a\",1]"), "a").p == NULL);
	cr_expect(jscan_get((struct span){ NULL, 0 }, "a").p == NULL);
}

Test(jspan, walks_members_and_items_in_their_order)
{
	struct span o = whole("{\"a\" : 1 ,\"b\":[{\"x\":\"]\"},[ ]],\"\":null}"), name, value;
	static const char *const names[] = { "\"a\"", "\"b\"", "\"\"" };
	static const char *const values[] = { "1", "[{\"x\":\"]\"},[ ]]", "null" };
	size_t at = 0, n = 0;

	for (; jscan_next(o, &at, &name, &value); n++) {
		cr_assert(n < 3);
		cr_expect(same(name, names[n]) && same(value, values[n]), "%zu", n);
	}
	cr_expect(n == 3 && !jscan_next(o, &at, NULL, &value));

	o = jscan_get(o, "b");
	at = 0;
	cr_assert(jscan_next(o, &at, &name, &value));
	cr_expect(name.p == NULL && same(value, "{\"x\":\"]\"}"));
	cr_assert(jscan_next(o, &at, NULL, &value));
	cr_expect(same(value, "[ ]"));
	cr_expect(!jscan_next(o, &at, NULL, &value));
	at = 0;
	cr_expect(!jscan_next(whole(" [ ] "), &at, NULL, &value));
	cr_expect(!jscan_next(whole("\"[1]\""), &at, NULL, &value));
}

Test(jspan, gives_texts_unescaped)
{
	static const struct {
		const char	*json, *text;
	} rows[] = {
		{ "\"\"", "" }, { " \"abc\"", "abc" },
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
		{ "\"\\u0041\\u00e9\\u20ac\\uD83D\\uDE00\"",
		"A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" },
		{ "\"a\\ud800b\\udc00\\ud800\\u0041\"",
		    "a\xef\xbf\xbd" "b\xef\xbf\xbd\xef\xbf\xbd" "A" },
		{ "\"\\u0041\\udc00\"", "A\xef\xbf\xbd" },
		{ "\"\\udc00\\udc01\"", "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\"\\ud800\\ud83d\\ude00\"", "\xef\xbf\xbd\xf0\x9f\x98\x80" },
	};
	size_t len;
	char *text;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		text = jscan_text(whole(rows[i].json), &len);
		cr_assert(text != NULL);
		cr_expect_str_eq(text, rows[i].text);
		cr_expect_eq(len, strlen(rows[i].text));
		free(text);
	}
	text = jscan_text(whole("\"a\\u0000b\""), &len);
	cr_expect(len == 3 && memcmp(text, "a\0b", 4) == 0);
	free(text);
	cr_expect(jscan_text(whole("12"), NULL) == NULL);
	cr_expect(jscan_text((struct span){ NULL, 0 }, NULL) == NULL);
}

Test(jspan, compares_texts_exactly)
{
	cr_expect(jscan_is(whole("\"abc\""), "abc"));
	cr_expect(jscan_is(whole("\"\\u0061b\\u0063\""), "abc"));
	cr_expect(jscan_is(whole("\"\""), ""));
	cr_expect(!jscan_is(whole("\"abc\""), "ab"));
	cr_expect(!jscan_is(whole("\"ab\""), "abc"));
	cr_expect(!jscan_is(whole("\"abc\\u0000\""), "abc"));
	cr_expect(!jscan_is(whole("abc"), "abc"));
	cr_expect(!jscan_is((struct span){ NULL, 0 }, ""));
}

Test(jspan, reads_integers_that_fit)
{
	static const struct {
		const char	*text;
		long long	 n;
	} rows[] = {
		{ "0", 0 }, { " 42 ", 42 }, { "9223372036854775807", 9223372036854775807LL },
		{ "9223372036854775808", -1 }, { "123456789012345678901", -1 }, { "-1", -1 },
		{ "1.0", -1 }, { "1e2", -1 }, { "\"1\"", -1 }, { "true", -1 }, { "", -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_eq(jscan_int(whole(rows[i].text)), rows[i].n);
}

Test(jspan, walkers_stay_inside_any_piece_of_a_document)
{
	static const char text[] = "{\"model\":\"a\\ud83d\\ude00\",\"m\":[{\"x\":[1,\"]\"]},-1.5,null]}";
	struct span name, value, piece;

	for (size_t from = 0; from < sizeof(text); from++) {
		for (size_t to = from; to < sizeof(text); to++) {
			char *copy = x_malloc(to - from);

			memcpy(copy, text + from, to - from);
			piece = (struct span){ copy, to - from };
			for (size_t at = 0; jscan_next(piece, &at, &name, &value); )
				cr_assert(value.p + value.len <= copy + piece.len);
			jscan_get(piece, "m");
			free(jscan_text(piece, NULL));
			jscan_is(piece, "a");
			free(copy);
		}
	}
}

Test(jspan, gives_several_members_in_one_walk)
{
	static const char text[] = "{\"a\":1,\"\\u0062\":[2],\"a\":3,\"c\":{\"d\":4}}";
	struct jscan_want want[] = { { .name = "b" }, { .name = "a" }, { .name = "d" } };

	jscan_members((struct span){ text, sizeof(text) - 1 }, want, 3);
	cr_expect_eq(jscan_type(want[0].value), 'a');
	cr_expect_eq(jscan_int(want[1].value), 3, "the last of a name");
	cr_expect_null(want[2].value.p, "not of an inner object");
	jscan_members((struct span){ "[1]", 3 }, want, 3);
	jscan_members((struct span){ NULL, 0 }, want, 3);
	cr_expect_eq(jscan_int(want[1].value), 3);
}
