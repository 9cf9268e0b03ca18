/* test_document.c - YAML and JSON, each member with its line */
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/document.h"

static struct documents d;
static struct faults f;

static void
release(void)
{
	documents_release(&d);
	faults_release(&f);
}

TestSuite(document, .fini = release);

/* read - a text as a file "f" */
static void
read_text(const char *text)
{
	documents_read(&d, "f", text, strlen(text), &f);
}

/* one_fault - exactly this one */
static void
one_fault(const char *text, const char *where, const char *what)
{
	read_text(text);
	cr_assert_eq(f.total, 1, "%s: %zu faults", text, f.total);
	cr_expect_str_eq(f.v[0].path, where, "%s: at %s", text, f.v[0].path);
	cr_expect_not_null(strstr(f.v[0].message, what), "%s: %s", text, f.v[0].message);
	release();
}

Test(document, yaml_and_json_say_the_same_with_the_same_lines)
{
	static const char yaml[] = "a: 1\nb:\n  c:\n  - x\n  - d: null\n";
	static const char json[] = "{\"a\":1,\n\"b\":\n{\"c\":[\n\"x\",\n{\"d\":null}]}}";

	read_text(yaml);
	read_text(json);
	cr_assert_eq(d.n, 2);
	cr_assert_eq(f.total, 0);
	cr_expect(jsonx_equal(d.v[0].value, d.v[1].value));
	cr_expect_eq(document_line(&d.v[0], "a"), 1);
	cr_expect_eq(document_line(&d.v[0], "b.c[0]"), 4);
	cr_expect_eq(document_line(&d.v[0], "b.c[1].d"), 5);
	cr_expect_eq(document_line(&d.v[1], "b"), 2);
	cr_expect_eq(document_line(&d.v[1], "b.c[0]"), 4);
	cr_expect_eq(document_line(&d.v[1], "b.c[1].d"), 5);
}

Test(document, what_is_not_there_has_the_line_above_it)
{
	read_text("# first\n---\na:\n  b: 1\n---\n- x\n");
	cr_assert_eq(d.n, 2);
	cr_expect_eq(document_line(&d.v[0], "a.nothing.at.all"), 3);
	cr_expect_eq(document_line(&d.v[0], "z"), 3);
	cr_expect_eq(document_line(&d.v[0], ""), 3);
	cr_expect_eq(document_line(&d.v[1], "[0]"), 6);
	cr_expect_eq(document_line(&d.v[1], "[7]"), 6);
}

Test(document, json_escapes_that_libyaml_lacks_are_read)
{
	read_text("{\"a\":\"\\ud83d\\ude00\\/\"}");
	cr_assert_eq(f.total, 0);
	cr_expect_str_eq(jsonx_str(d.v[0].value, "a", ""), "\xf0\x9f\x98\x80/");
}

Test(document, empty_documents_are_none)
{
	read_text("---\n---\n# nothing\n---\na: 1\n...\n");
	cr_assert_eq(d.n, 1);
	read_text("");
	cr_expect_eq(d.n, 1);
}

Test(document, what_two_readers_could_take_for_two_things_is_refused)
{
	one_fault("a: &x 1\n", "f:1", "a: anchors");
	one_fault("a: 1\nb: *x\n", "f:2", "b: aliases");
	one_fault("a: !!int '3'\n", "f:1", "a: tags");
	one_fault("a: !x [1]\n", "f:1", "tags");
	one_fault("a:\n  <<: {b: 1}\n", "f:2", "a: merge");
	one_fault("a: 1\nb: 2\na: 3\n", "f:3", "a is here twice");
	one_fault("? [1]\n: 2\n", "f:1", "a key must be text");
	one_fault("a:\n- 1\n- 017\n", "f:3", "a[1]: a number with a leading zero");
	one_fault("a: \"x\\0y\"\n", "f:1", "NUL");
	one_fault("a: [1\n", "f:2", "");
	one_fault("a: \xff\n", "f:1", "UTF-8");
}

Test(document, a_broken_document_says_so_and_does_not_hide_the_others)
{
	read_text("a: &x 1\n---\nb: 2\n---\nc: !y 3\n");
	cr_assert_eq(d.n, 3);
	cr_expect(!d.v[0].cut && !d.v[1].cut && !d.v[2].cut && !d.lost);
	cr_expect(!document_bad(&d.v[0], "a"));		/* an anchor takes nothing away */
	cr_expect(document_bad(&d.v[2], "c") && document_bad(&d.v[2], "c.x"));
	cr_expect(!document_bad(&d.v[2], "ca") && !document_bad(&d.v[2], ""));
	cr_expect_eq(f.total, 2);
}

/* nested - n levels of [ ] */
static char *
nested(size_t n)
{
	char *text = x_malloc(2 * n + 1);

	memset(text, '[', n);
	memset(text + n, ']', n);
	text[2 * n] = '\0';
	return text;
}

Test(document, after_one_that_is_no_yaml_the_next_is_read)
{
	static const char *const texts[] = {
		"a: 1\n---\nb: [1\n---\nc: 2\n---\nd: \"x\n---\ne: 3\n",
		"a: 1\n---\nb: @x\n--- \nc: 2\n--- \"x\n---\ne: 3\n",
	};

	for (size_t i = 0; i < 2; i++) {
		read_text(texts[i]);
		cr_expect(d.lost);
		cr_assert_eq(f.total, 2, "%zu: %zu", i, f.total);
		cr_assert_geq(d.n, 3);
		cr_expect_eq(jsonx_int(d.v[0].value, "a", 0), 1);
		cr_expect_eq(jsonx_int(d.v[d.n - 1].value, "e", 0), 3);
		cr_expect_eq(document_line(&d.v[d.n - 1], "e"), i == 0 ? 9 : 8);
		release();
	}
}

Test(document, what_follows_is_read_as_if_it_stood_alone)
{
	char *deep = nested(DOCUMENT_DEPTH + 1), *fine = nested(DOCUMENT_DEPTH);
	char *text = x_asprintf("--- @x\n---\n- %s\n---\n%s\n---\na: {b: [1\n---\nc: 1\nc: 2\n",
	    deep, fine);

	read_text(text);
	cr_assert_eq(f.total, 4, "%zu", f.total);
	cr_expect_str_eq(f.v[1].path, "f:3");
	cr_expect_str_eq(f.v[3].path, "f:10");
	cr_expect_str_eq(f.v[3].message, "c is here twice");
	release();
	read_text("a: 1\n---\nb: 2\n---\nc: \xff\n---\nd: 4\n");	/* found by reading ahead */
	cr_expect_eq(f.total, 1);
	cr_expect_str_eq(f.v[0].path, "f:5");
	cr_assert_eq(d.n, 1);
	cr_expect_eq(document_line(&d.v[0], "d"), 7);
	free(deep);
	free(fine);
	free(text);
}

Test(document, what_begins_like_a_marker_begins_no_document)
{
	read_text("a: [1\n---b: 1\n----\n");
	cr_expect_eq(f.total, 1);
	release();
	read_text("a: [1\n---");
	cr_expect_eq(f.total, 1);
}

Test(document, a_document_that_is_no_value_is_none)
{
	read_text("*a\n---\nb: 2\n");
	cr_expect_eq(f.total, 1);
	cr_expect(d.lost);
	cr_expect_eq(d.n, 1);
}

Test(document, nesting_has_its_limit)
{
	char *deep = nested(DOCUMENT_DEPTH), *deeper = nested(DOCUMENT_DEPTH + 1);

	read_text(deep);
	cr_expect_eq(f.total, 0);
	read_text(deeper);
	cr_expect_eq(f.total, 1);
	free(deep);
	free(deeper);
}

Test(document, text_in_quotes_and_blocks_stays_text)
{
	read_text("a: 'true'\nb: \"1\"\nc: |\n  12\nd: no\n");
	cr_expect_str_eq(jsonx_str(d.v[0].value, "a", ""), "true");
	cr_expect_str_eq(jsonx_str(d.v[0].value, "b", ""), "1");
	cr_expect_str_eq(jsonx_str(d.v[0].value, "c", ""), "12\n");
	cr_expect_str_eq(jsonx_str(d.v[0].value, "d", ""), "no");
}
