/* test_output.c - tables that line up, YAML that reads back, text that is safe to show */
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "cli/emit.h"
#include "cli/grid.h"
#include "cli/text.h"

/* utf8_locale - what main does */
static void
utf8_locale(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
}

TestSuite(text, .init = utf8_locale);
TestSuite(grid, .init = utf8_locale);

Test(text, counts_columns_not_bytes)
{
	static const struct { const char *text; size_t columns; } rows[] = {
		{ "", 0 }, { "plain", 5 }, { "Grüße", 5 }, { "日本", 4 }, { "🙂", 2 },
		{ "e\xcc\x81", 1 }, { "\xff\xfe", 2 }, { "cut \xc3", 5 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(text_columns(rows[i].text), rows[i].columns, "%s is %zu", rows[i].text,
		    text_columns(rows[i].text));
}

Test(text, shows_what_would_steer_a_terminal)
{
	static const struct { const char *text, *clean; } rows[] = {
		{ "Grüße 日本", "Grüße 日本" },
		{ "\033[31mred", "\\x1b[31mred" },
		{ "a\nb\tc\rd", "a\\nb\\tc\\rd" },
		{ "\x7f", "\\x7f" },
		{ "\xc2\x9b" "2J", "\\x9b2J" },		/* U+009B, CSI in one character */
		{ "\xff\xc3", "\\xff\\xc3" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *clean = text_clean(rows[i].text);

		cr_expect_str_eq(clean, rows[i].clean);
		free(clean);
	}
}

Test(text, knows_what_is_utf8)
{
	cr_expect(text_is_utf8("Grüße", 7));
	cr_expect_not(text_is_utf8("Gr\xfc\xdf" "e", 5));
	cr_expect_not(text_is_utf8("\xc3", 1));
	cr_expect_not(text_is_utf8("\xed\xa0\x80", 3));
}

/* printed - what a grid of 3 columns prints, owned by the caller */
static char *
printed(const char *const *cells, size_t n, size_t indent)
{
	struct grid g;
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	grid_init(&g, 3);
	for (size_t i = 0; i < n; i++)
		grid_add(&g, cells[i]);
	grid_print(&g, indent, out);
	grid_release(&g);
	fclose(out);
	return text;
}

Test(grid, lines_up_by_columns_of_the_terminal)
{
	static const char *const cells[] = {
		"NAME", "DESCRIPTION", "ID", "a", "日本", "c1", "müller", "Grüße", "c2",
	};
	char *text = printed(cells, 9, 0);

	cr_expect_str_eq(text,
	    "NAME     DESCRIPTION   ID\n"
	    "a        日本          c1\n"
	    "müller   Grüße         c2\n");
	free(text);
}

Test(grid, leaves_no_blanks_at_the_end_of_a_line)
{
	static const char *const cells[] = { "a", "", "", "bbb", "c", "", "", "", "" };
	char *text = printed(cells, 9, 2);

	cr_expect_str_eq(text, "  a\n  bbb   c\n\n");
	free(text);
}

Test(grid, shows_a_line_an_object_whatever_a_cell_holds)
{
	static const char *const cells[] = { "a\nb", "\033[2J", "c" };
	char *text = printed(cells, 3, 0);

	cr_expect_str_eq(text, "a\\nb   \\x1b[2J   c\n");
	free(text);
}

/* emitted - objects as YAML documents, owned by the caller */
static char *
emitted(const char *kind, struct json_object *const *objects, size_t n)
{
	struct error err;
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct emit *e = emit_open(out);

	for (size_t i = 0; i < n; i++)
		cr_assert_eq(emit_document(e, kind, objects[i], &err), RC_OK, "%s", err.msg);
	cr_assert_eq(emit_close(e, &err), RC_OK, "%s", err.msg);
	fclose(out);
	return text;
}

/* scalar - a plain one is what YAML 1.2's core schema says (JSON's numbers), a quoted one text */
static struct json_object *
scalar(const yaml_node_t *n)
{
	const char *s = (const char *)n->data.scalar.value;
	struct json_object *o;

	if (n->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	    jsonx_parse(s, strlen(s), 1, &o, NULL) == RC_OK)
		return o;
	return json_object_new_string(s);
}

/* loaded - a node as JSON */
static struct json_object *
loaded(yaml_document_t *d, yaml_node_t *n)
{
	struct json_object *o;

	if (n->type == YAML_SCALAR_NODE)
		return scalar(n);
	if (n->type == YAML_SEQUENCE_NODE) {
		o = json_object_new_array();
		for (int *i = n->data.sequence.items.start; i < n->data.sequence.items.top; i++)
			json_object_array_add(o, loaded(d, yaml_document_get_node(d, *i)));
		return o;
	}
	o = json_object_new_object();
	for (yaml_node_pair_t *p = n->data.mapping.pairs.start; p < n->data.mapping.pairs.top; p++)
		json_object_object_add(o,
		    (const char *)yaml_document_get_node(d, p->key)->data.scalar.value,
		    loaded(d, yaml_document_get_node(d, p->value)));
	return o;
}

/* reloaded - the first document of a YAML text as JSON */
static struct json_object *
reloaded(const char *text)
{
	struct json_object *o;
	yaml_document_t d;
	yaml_parser_t p;

	cr_assert(yaml_parser_initialize(&p));
	yaml_parser_set_input_string(&p, (const yaml_char_t *)text, strlen(text));
	cr_assert(yaml_parser_load(&p, &d), "%s in:\n%s", p.problem, text);
	o = loaded(&d, yaml_document_get_root_node(&d));
	yaml_document_delete(&d);
	yaml_parser_delete(&p);
	return o;
}

Test(emit, reads_back_as_the_same_values)
{
	static const char *const texts[] = {
		"{}", "[]", "{\"a\":{},\"b\":[],\"c\":[[],{}]}",
		"{\"n\":1,\"m\":-1.5e300,\"t\":true,\"f\":false,\"z\":null}",
		"{\"big\":9007199254740993,\"half\":0.5}",
		"{\"s\":[\"\",\" \",\" a \",\"-\",\"- a\",\"a: b\",\"a #b\",\"#b\",\"&a\",\"*a\","
		"\"!a\",\"%a\",\"@a\",\"`a\",\"{\",\"[\",\"]\",\",\",\"?\",\"|\",\">\",\"'\",\"\\\"\"]}",
		"{\"s\":[\"a\\nb\",\"\\n\",\"a\\n\\n\",\"\\ta\",\"a\\tb\",\"\\u0001\",\"\\u0085x\","
		"\"\\u2028\",\"\\ufeffx\",\"Grüße\",\"🙂\",\"---\",\"...\",\"--- a\",\"a\\r\\nb\"]}",
		"{\"null\":\"null\",\"true\":1,\"12\":\"12\",\"\":0,\"a b\":2,\"k: \":3}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct json_object *o, *back;
		struct error err;
		char *text;

		cr_assert_eq(jsonx_parse(texts[i], strlen(texts[i]), JSONX_DEPTH, &o, &err), RC_OK,
		    "%s", err.msg);
		text = emitted(NULL, &o, 1);
		back = reloaded(text);
		cr_expect(jsonx_equal(o, back), "%s became\n%s", texts[i], text);
		free(text);
		json_object_put(o);
		json_object_put(back);
	}
}

/* quoted - does the string stand in quotes */
static bool
quoted(const char *s)
{
	struct json_object *o = json_object_new_string(s);
	char *text = emitted(NULL, &o, 1);
	const char *p = strncmp(text, "--- ", 4) == 0 ? text + 4 : text;
	bool yes = *p == '\'' || *p == '"';

	free(text);
	json_object_put(o);
	return yes;
}

Test(emit, quotes_strings_that_any_reader_would_take_for_something_else)
{
	static const char *const texts[] = {
		"", "~", "null", "Null", "NULL", "true", "True", "FALSE", "yes", "No", "on", "OFF",
		"y", "N", "1", "-1", "+1", "0x1F", "0o17", "017", "1_000", "1.5", ".5", "1e5",
		"-1.5E+3", ".inf", "-.INF", ".nan", "12:30:45", "2026-11-22",
		"2026-11-22T12:53:28.123Z", "2026-11-22 12:53:28", "<<", "=",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_expect(quoted(texts[i]), "%s", texts[i]);
}

Test(emit, leaves_ordinary_strings_bare)
{
	static const char *const texts[] = {
		"claude", "claude-sonnet-4-5", "https://api.openai.com", "nobody", "a b",
		"Grüße", "c4x9k2", "true-ish",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_expect_not(quoted(texts[i]), "%s", texts[i]);
}

Test(emit, separates_documents_and_puts_the_kind_first)
{
	struct json_object *objects[2];
	char *text;

	for (size_t i = 0; i < 2; i++) {
		objects[i] = json_object_new_object();
		jsonx_put_str(objects[i], "name", i == 0 ? "a" : "b");
	}
	text = emitted("llm", objects, 2);
	cr_expect_str_eq(text, "kind: llm\nname: a\n---\nkind: llm\nname: b\n");
	free(text);
	json_object_put(objects[0]);
	json_object_put(objects[1]);
}
