/* test_jscan.c - the JSON scanner against RFC 8259 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jscan.h"
#include "base/mem.h"

#define DEPTH 128			/* levels, as the services have it */

static const struct jscan_opts plain = { .max_depth = DEPTH };
static const struct jscan_opts unique = { .max_depth = DEPTH, .flags = JSCAN_UNIQUE };
static const struct jscan_opts storable = {
	.max_depth = DEPTH, .flags = JSCAN_UNIQUE | JSCAN_STORABLE
};

/* check - over a copy that ends where its heap block ends, so that ASan sees an over-read */
static enum rc
check(const char *text, size_t len, const struct jscan_opts *opts, struct error *err)
{
	char *copy = x_malloc(len);
	enum rc rc;

	memcpy(copy, text, len);
	rc = jscan_check(copy, len, opts, err);
	free(copy);
	return rc;
}

/* same - the span's bytes */
static bool
same(struct span s, const char *text)
{
	return s.p != NULL && s.len == strlen(text) && memcmp(s.p, text, s.len) == 0;
}

Test(jscan, takes_what_rfc_8259_takes)
{
	static const char *const good[] = {
		"0", "-0", "1", "-1", "10", "0.5", "-0.5e+10", "1E-2", "1e0", "1.25E10",
		"12345678901234567890", "1e999", "true", "false", "null", "\"\"", "[]", "{}",
		" \t\r\n[ \n] \t\r\n", "{ }", "[1,2,3]", "[ 1 , 2 ]", "{\"a\":1}",
		"{ \"a\" : { \"b\" : [ null , { } ] } , \"c\" : \"d\" }",
		"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\uD83D\\uDE00\\ud800\"",
		"\"\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"",
		"{\"a\":1,\"a\":2}", "[[],{},[[]]]", "\"12345678\\n12345678\"", "{\"\":\"\"}",
	};
	struct error err = { .msg = "" };

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		cr_expect(check(good[i], strlen(good[i]), &plain, &err) == RC_OK, "%s: %s",
		    good[i], err.msg);
}

Test(jscan, refuses_the_rest_and_says_where)
{
	static const struct {
		const char	*text, *msg;
	} bad[] = {
		{ "", "line 1, column 1: the text ends where a value should be" },
		{ "  \n ", "line 2, column 2: the text ends where a value should be" },
		{ "01", "line 1, column 1: a number can't begin with 0" },
		{ "-01", "line 1, column 1: a number can't begin with 0" },
		{ "1.", "line 1, column 3: the text ends where a digit should be" },
		{ "+1", "line 1, column 1: '+' where a value should be" },
		{ ".5", "line 1, column 1: '.' where a value should be" },
		{ "-", "line 1, column 2: the text ends where a digit should be" },
		{ "-.5", "line 1, column 2: '.' where a digit should be" },
		{ "1e", "line 1, column 3: the text ends where a digit should be" },
		{ "1e+", "line 1, column 4: the text ends where a digit should be" },
		{ "[1.e2]", "line 1, column 4: 'e' where a digit should be" },
		{ "0x10", "line 1, column 2: 'x' where the end of the text should be" },
		{ "NaN", "line 1, column 1: 'N' where a value should be" },
		{ "Infinity", "line 1, column 1: 'I' where a value should be" },
		{ "-Infinity", "line 1, column 2: 'I' where a digit should be" },
		{ "nul", "line 1, column 1: 'n' where a value should be" },
		{ "True", "line 1, column 1: 'T' where a value should be" },
		{ "nullx", "line 1, column 5: 'x' where the end of the text should be" },
		{ "\"abc", "line 1, column 5: the text ends inside a string" },
		{ "\"abc\\", "line 1, column 6: the text ends inside a string" },
		{ "'a'", "line 1, column 1: ''' where a value should be" },
		{ "\"a\nb\"", "line 1, column 3: control character 0x0a in a string" },
		{ "\"12345678\tb\"", "line 1, column 10: control character 0x09 in a string" },
		{ "\"\\x\"", "line 1, column 2: unknown escape in a string" },
		{ "\"\\u12g4\"", "line 1, column 2: \\u without four hex digits" },
		{ "\"\\u12", "line 1, column 2: \\u without four hex digits" },
		{ "\"\x80\"", "line 1, column 2: invalid UTF-8 (byte 0x80)" },
		{ "\"\xc0\xaf\"", "line 1, column 2: invalid UTF-8 (byte 0xc0)" },
		{ "\"\xe0\x9f\xbf\"", "line 1, column 2: invalid UTF-8 (byte 0xe0)" },
		{ "\"\xed\xa0\x80\"", "line 1, column 2: invalid UTF-8 (byte 0xed)" },
		{ "\"\xf0\x8f\xbf\xbf\"", "line 1, column 2: invalid UTF-8 (byte 0xf0)" },
		{ "\"\xf5\x80\x80\x80\"", "line 1, column 2: invalid UTF-8 (byte 0xf5)" },
		{ "\"\xf4\x90\x80\x80\"", "line 1, column 2: invalid UTF-8 (byte 0xf4)" },
		{ "\"\xc3\"", "line 1, column 2: invalid UTF-8 (byte 0xc3)" },
		{ "\xef\xbb\xbf{}", "line 1, column 1: a byte order mark is not allowed" },
		{ "[1,]", "line 1, column 4: ']' where a value should be" },
		{ "[,1]", "line 1, column 2: ',' where a value should be" },
		{ "[1 2]", "line 1, column 4: '2' where ',' or ']' should be" },
		{ "[1}", "line 1, column 3: '}' where ',' or ']' should be" },
		{ "[1", "line 1, column 3: the text ends where ',' or ']' should be" },
		{ "{\"a\":1,}", "line 1, column 8: '}' where a member's name should be" },
		{ "{,}", "line 1, column 2: ',' where a member's name should be" },
		{ "{a:1}", "line 1, column 2: 'a' where a member's name should be" },
		{ "{\"a\" 1}", "line 1, column 6: '1' where ':' should be" },
		{ "{\"a\":}", "line 1, column 6: '}' where a value should be" },
		{ "{\"a\":1]", "line 1, column 7: ']' where ',' or '}' should be" },
		{ "{\"a\":1", "line 1, column 7: the text ends where ',' or '}' should be" },
		{ "{}{}", "line 1, column 3: '{' where the end of the text should be" },
		{ "{}\n  x", "line 2, column 3: 'x' where the end of the text should be" },
		{ "[\v1]", "line 1, column 2: byte 0x0b where a value should be" },
		{ "[\xc2\xa0]", "line 1, column 2: byte 0xc2 where a value should be" },
		{ "// x\n1", "line 1, column 1: '/' where a value should be" },
	};
	struct error err;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		err = (struct error){ .msg = "" };
		cr_expect(check(bad[i].text, strlen(bad[i].text), &plain, &err) == RC_INVALID, "%s",
		    bad[i].text);
		cr_expect_str_eq(err.msg, bad[i].msg);
	}
}

Test(jscan, refuses_a_nul_byte_between_and_inside_tokens)
{
	cr_expect(check("1\0", 2, &plain, NULL) == RC_INVALID);
	cr_expect(check("\"a\0b\"", 5, &plain, NULL) == RC_INVALID);
	cr_expect(check("[\0]", 3, &plain, NULL) == RC_INVALID);
	cr_expect(check("\"\\\0\"", 4, &plain, NULL) == RC_INVALID);
}

Test(jscan, finds_each_special_byte_at_each_place_of_a_word)
{
	static const char special[] = { '\x01', '\x1f', '\\', '\x80', '\xff' };
	char text[34];

	for (size_t at = 1; at < 33; at++) {
		for (size_t i = 0; i < sizeof(special); i++) {
			memset(text, '!', sizeof(text));
			text[0] = text[33] = '"';
			text[at] = special[i];
			cr_expect(check(text, sizeof(text), &plain, NULL) == RC_INVALID,
			    "0x%02x at %zu", (unsigned char)special[i], at);
		}
		memset(text, '~', sizeof(text));
		text[0] = text[at] = '"';
		cr_expect(check(text, at + 1, &plain, NULL) == RC_OK, "quote at %zu", at);
	}
}

Test(jscan, refuses_every_truncation_of_a_document)
{
	static const char *const documents[] = {
		"{\"model\":\"gpt\\u00e9\\ud83d\\ude00\",\"n\":[1.5e-3,-2,true,false,null,{}],\"\xc3\xa9\":\"\xf0\x9f\x98\x80\"}",
		"[[[\"\\\\\\\"\"]],{\"a\":{\"b\":[]}}]",
		"\"a string of more than eight bytes\"",
	};
	struct error err;

	for (size_t i = 0; i < sizeof(documents) / sizeof(*documents); i++) {
		size_t len = strlen(documents[i]);

		cr_assert(check(documents[i], len, &storable, &err) == RC_OK, "%s", err.msg);
		for (size_t cut = 0; cut < len; cut++)
			cr_expect(check(documents[i], cut, &storable, &err) == RC_INVALID,
			    "cut at %zu of %s", cut, documents[i]);
	}
}

/* nested - depth open brackets around one scalar, objects and arrays in turn */
static char *
nested(unsigned depth)
{
	char *text = x_malloc(depth * 7 + 2), *p = text;

	for (unsigned i = 0; i < depth; i++)
		p = stpcpy(p, i % 2 ? "[" : "{\"a\":");
	*p++ = '1';
	for (unsigned i = depth; i-- > 0; )
		*p++ = i % 2 ? ']' : '}';
	*p = '\0';
	return text;
}

Test(jscan, holds_the_depth_limit_exactly)
{
	static const unsigned limits[] = { 1, 2, DEPTH, JSCAN_DEPTH_MAX };
	struct error err;

	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		struct jscan_opts opts = { .max_depth = limits[i], .flags = JSCAN_UNIQUE };
		char *at = nested(limits[i]), *over = nested(limits[i] + 1);

		cr_expect(check(at, strlen(at), &opts, &err) == RC_OK, "%u: %s", limits[i],
		    err.msg);
		cr_expect(check(over, strlen(over), &opts, &err) == RC_INVALID);
		cr_expect(strstr(err.msg, "nested deeper than") != NULL);
		free(at);
		free(over);
	}
	cr_expect(check("[]", 2, &(struct jscan_opts){ .max_depth = 0 }, NULL) == RC_INVALID);
	cr_expect(check("1", 1, &(struct jscan_opts){ .max_depth = 0 }, NULL) == RC_OK);
	cr_expect(check("[]", 2, &(struct jscan_opts){ .max_depth = 1u << 31 }, NULL) == RC_OK);
}

Test(jscan, never_trusts_a_limit_beyond_its_own)
{
	char *text = nested(JSCAN_DEPTH_MAX + 1);
	struct jscan_opts opts = { .max_depth = 1u << 31 };

	cr_expect(check(text, strlen(text), &opts, NULL) == RC_INVALID);
	free(text);
}

Test(jscan, refuses_a_name_twice_in_any_object_and_spelling)
{
	static const struct {
		const char	*text, *msg;		/* msg NULL: fine */
	} rows[] = {
		{ "{\"a\":1,\"b\":{\"a\":1},\"c\":[{\"a\":1},{\"a\":1}]}", NULL },
		{ "{\"a\":{\"x\":1},\"b\":{\"x\":1},\"x\":1}", NULL },
		{ "{\"a\":1,\"ab\":1,\"\":1,\"b\":1,\"A\":1,\"\xc3\xa9\":1}", NULL },
		{ "{\"\\ud800\":1,\"\\ud801\":1,\"\\ufffd\":1}", NULL },
		{ "{\"a\":1,\"a\":2}", "line 1, column 8: duplicate member \"a\"" },
		{ "{\"\":1,\"\":2}", "line 1, column 7: duplicate member \"\"" },
		{ "{\"a\":1,\n \"\\u0061\":2}", "line 2, column 2: duplicate member \"\\u0061\"" },
		{ "{\"\\u00e9\":1,\"\xc3\xa9\":2}",
		"line 1, column 13: duplicate member \"\xc3\xa9\"" },
		{ "{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}",
		    "line 1, column 19: duplicate member \"\xf0\x9f\x98\x80\"" },
		{ "{\"\\/\":1,\"/\":2}", "line 1, column 9: duplicate member \"/\"" },
		{ "[{\"x\":[{\"k\":1,\"l\":{\"k\":1},\"k\":1}]}]",
		    "line 1, column 27: duplicate member \"k\"" },
		{ "{\"z\":1,\"a\":1,\"z\":2,\"a\":2}",
		"line 1, column 14: duplicate member \"z\"" },
	};
	struct error err;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		err = (struct error){ .msg = "" };
		check(rows[i].text, strlen(rows[i].text), &unique, &err);
		cr_expect_str_eq(err.msg, rows[i].msg ? rows[i].msg : "");
	}
}

/* wide - an object of n members; the names differ, but for the last one when twice */
static char *
wide(size_t n, bool twice)
{
	char *text = x_malloc(n * 16 + 16), *p = text;

	*p++ = '{';
	for (size_t i = 0; i < n; i++)
		p += snprintf(p, 17, "%s\"%zu\":0", i ? "," : "", twice && i == n - 1 ? 0 : i);
	strncpy(p, "}", 2);
	return text;
}

Test(jscan, finds_a_duplicate_among_many_members_without_quadratic_work, .timeout = 60)
{
	char *good = wide(500000, false), *bad = wide(500000, true);
	struct error err;

	cr_expect(check(good, strlen(good), &unique, &err) == RC_OK);
	cr_expect(check(bad, strlen(bad), &unique, &err) == RC_INVALID);
	cr_expect(strstr(err.msg, "duplicate member \"0\"") != NULL);
	free(good);
	free(bad);
}

Test(jscan, tells_names_of_the_same_hash_apart)
{
	/* a known pair of FNV-1a */
	static const char a[] = "{\"8yn0iYCKYHlIj4-BwPqk\":1,\"GReLUrM4wMqfg9yzV3KQ\":2}";
	static const char b[] = "{\"8yn0iYCKYHlIj4-BwPqk\":1,\"GReLUrM4wMqfg9yzV3KQ\":2,"
	    "\"8yn0iYCKYHlIj4-BwPqk\":3,\"GReLUrM4wMqfg9yzV3K\\u0051\":4}";
	struct error err;

	cr_expect(check(a, strlen(a), &unique, &err) == RC_OK);
	cr_expect(check(b, strlen(b), &unique, &err) == RC_INVALID);
	cr_expect_str_eq(err.msg,
	    "line 1, column 52: duplicate member \"8yn0iYCKYHlIj4-BwPqk\"");
}

Test(jscan, cuts_a_long_duplicate_name_between_characters)
{
	char text[2000], *p = text;
	struct error err;

	for (int i = 0; i < 2; i++) {
		p = stpcpy(p, i ? ",\"x" : "{\"x");
		for (int k = 0; k < 200; k++)
			p = stpcpy(p, "\xe2\x82\xac");
		p = stpcpy(p, "\":1");
	}
	stpcpy(p, "}");
	cr_assert(check(text, strlen(text), &unique, &err) == RC_INVALID);
	p = strstr(err.msg, "\"x");
	cr_assert(p != NULL);
	cr_expect_eq(strlen(p), 1 + 1 + 33 * 3 + 1);
}

Test(jscan, refuses_what_a_parsed_copy_could_not_say)
{
	static const struct {
		const char	*text, *msg;		/* msg NULL: storable */
	} rows[] = {
		{ "[9223372036854775807,-9223372036854775808,18446744073709551615]", NULL },
		{ "[12345678901234567890.5,1e400,123456789012345678901e1]", NULL },
		{ "\"\\ud83d\\ude00\\u0001\"", NULL },
		{ "[18446744073709551616]", "line 1, column 2: an integer of more than 64 bits" },
		{ "-9223372036854775809", "line 1, column 1: an integer of more than 64 bits" },
		{ "123456789012345678901", "line 1, column 1: an integer of more than 64 bits" },
		{ "\"a\\u0000\"", "line 1, column 3: \\u0000 is not allowed" },
		{ "{\"\\u0000\":1}", "line 1, column 3: \\u0000 is not allowed" },
		{ "\"\\ud800\"", "line 1, column 2: half of a surrogate pair" },
		{ "\"\\udc00\"", "line 1, column 2: half of a surrogate pair" },
		{ "\"\\ud800\\ud800\"", "line 1, column 2: half of a surrogate pair" },
		{ "\"\\ud800\\n12345\"", "line 1, column 2: half of a surrogate pair" },
	};
	struct error err;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		err = (struct error){ .msg = "" };
		check(rows[i].text, strlen(rows[i].text), &storable, &err);
		cr_expect_str_eq(err.msg, rows[i].msg ? rows[i].msg : "");
		cr_expect(check(rows[i].text, strlen(rows[i].text), &plain, NULL) == RC_OK);
	}
}

Test(jscan, finds_wanted_members_of_the_top_level_only)
{
	static const char text[] = " \n{ \"x\" : {\"model\":1} , \"mod\\u0065l\" : \"gpt\" , "
	    "\"n\":12345678901234567890, \"messages\" : [ {\"stream\":[]} , [] ] ,\"empty\":[ ]} \n";
	struct jscan_want want[] = {
		{ .name = "model" }, { .name = "messages" }, { .name = "stream" }, { .name = "n" },
		{ .name = "empty" },
	};
	struct span body;
	struct error err = { .msg = "" };

	cr_assert(jscan_object(text, strlen(text), &plain, want, 5, &body, &err) == RC_OK, "%s",
	    err.msg);
	cr_expect(same(want[0].value, "\"gpt\""));
	cr_expect(same(want[1].value, "[ {\"stream\":[]} , [] ]"));
	cr_expect(want[2].value.p == NULL);
	cr_expect(same(want[3].value, "12345678901234567890"));
	cr_expect(same(want[4].value, "[ ]"));
	cr_expect(body.p == text + 2 && body.len == strlen(text) - 4);
}

Test(jscan, refuses_a_wanted_member_twice_in_any_spelling)
{
	static const char text[] = "{\"other\":1,\"other\":2,\"model\":1,\n\"\\u006dodel\":2}";
	struct jscan_want want[] = { { .name = "model" } };
	struct span body = { NULL, 7 };
	struct error err;

	cr_assert(jscan_object(text, strlen(text), &plain, want, 1, &body, &err) == RC_INVALID);
	cr_expect_str_eq(err.msg, "line 2, column 1: duplicate member \"model\"");
	cr_expect(want[0].value.p == NULL);
	cr_expect(body.len == 7, "an out-parameter is written only on success");
}

Test(jscan, does_not_mix_up_names_of_which_one_begins_the_other)
{
	static const char text[] = "{\"mode\":1,\"models\":2,\"model\\u0000\":3,\"Model\":4,\"\":5}";
	struct jscan_want want[] = { { .name = "model" } };

	cr_assert(jscan_object(text, strlen(text), &plain, want, 1, NULL, NULL) == RC_OK);
	cr_expect(want[0].value.p == NULL);
}

Test(jscan, refuses_a_body_that_is_no_object)
{
	struct error err;

	cr_expect(jscan_object("\n [1]", 5, &plain, NULL, 0, NULL, &err) == RC_INVALID);
	cr_expect_str_eq(err.msg, "line 2, column 2: the value is not an object");
	cr_expect(jscan_object("{\"a\":1", 6, &plain, NULL, 0, NULL, &err) == RC_INVALID);
}
