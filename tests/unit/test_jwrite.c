/* test_jwrite.c - JSON text from pieces */
#include <criterion/criterion.h>
#include <string.h>

#include "base/jwrite.h"

#define MAX 4096			/* bytes */

static struct span
span_of(const char *text)
{
	return (struct span){ text, strlen(text) };
}

static const struct { const char *value, *compact, *quoted; } values[] = {
	{ "{ }", "{}", "\"{}\"" },
	{ "{ \"a\" :\t[ 1 ,\r\n2.50e+1 ] }", "{\"a\":[1,2.50e+1]}",
	  "\"{\\\"a\\\":[1,2.50e+1]}\"" },
	{ "{\"a b\" : \" c \\\" d \\\\\" , \"e\":null}", "{\"a b\":\" c \\\" d \\\\\",\"e\":null}",
	  "\"{\\\"a b\\\":\\\" c \\\\\\\" d \\\\\\\\\\\",\\\"e\\\":null}\"" },
	{ "\"\\u00e9 \xc3\xa9\"", "\"\\u00e9 \xc3\xa9\"", "\"\\\"\\\\u00e9 \xc3\xa9\\\"\"" },
	{ "12345678901234567890.10", "12345678901234567890.10", "\"12345678901234567890.10\"" },
};

Test(jwrite, takes_blank_space_out_and_nothing_else)
{
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct buf a = BUF_INIT(MAX), b = BUF_INIT(MAX);
		struct jwrite compact = JWRITE_INIT(&a, NULL), quoted = JWRITE_INIT(&b, NULL);

		jwrite_compact(&compact, span_of(values[i].value));
		jwrite_quoted(&quoted, span_of(values[i].value));
		cr_expect_str_eq(a.p, values[i].compact);
		cr_expect_str_eq(b.p, values[i].quoted);
		buf_release(&a);
		buf_release(&b);
	}
}

Test(jwrite, escapes_what_a_string_can_not_hold)
{
	static const char text[] = "\"\\/\b\f\n\r\t\x01\x1f \x7f\xf0\x9f\x98\x80";
	struct buf out = BUF_INIT(MAX);
	struct jwrite w = JWRITE_INIT(&out, NULL);

	jwrite_text(&w, text, sizeof(text));	/* with its NUL */
	cr_expect_str_eq(out.p, "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f \x7f\xf0\x9f\x98\x80"
	    "\\u0000\"");
	cr_expect_eq(jscan_check(out.p, out.len, &(struct jscan_opts){ 1, 0 }, NULL), RC_OK);
	buf_release(&out);
}

Test(jwrite, gives_the_inside_of_strings_alone)
{
	struct buf out = BUF_INIT(MAX);
	struct jwrite w = JWRITE_INIT(&out, NULL);

	jwrite_inside(&w, span_of("\"a\\n\""));
	jwrite_inside(&w, span_of("12"));
	jwrite_inside(&w, (struct span){ NULL, 0 });
	jwrite_int(&w, -7);
	cr_expect_str_eq(out.p, "a\\n-7");
	buf_release(&out);
}

Test(jwrite, keeps_its_first_error)
{
	struct buf out = BUF_INIT(3);
	struct error err;
	struct jwrite w = JWRITE_INIT(&out, &err);

	jwrite_put(&w, "ab");
	jwrite_put(&w, "cd");
	jwrite_put(&w, "e");
	cr_expect_eq(w.rc, RC_TOO_LARGE);
	cr_expect_str_eq(out.p, "ab");
	buf_release(&out);
}
