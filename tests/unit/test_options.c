/* test_options.c - command lines by their tables */
#include <criterion/criterion.h>
#include <string.h>

#include "base/suggest.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/options.h"

static const struct opt own[] = {
	{ "type", 't', "T", OPT_REQUIRED, "" },
	{ "alias", 0, "A", OPT_REPEAT, "" },
	{ "force", 'f', NULL, OPT_WAIVES, "" },
	{ NULL, 0, NULL, 0, NULL }
};

static const struct opt common[] = {
	{ "output", 'o', "FORMAT", 0, "" },
	{ "quiet", 'q', NULL, 0, "" },
	{ NULL, 0, NULL, 0, NULL }
};

/* parse - words of one line, separated by blanks; line is cut up */
static enum rc
parse(struct args *a, char *line, struct error *err)
{
	static char *argv[32];
	char **at = argv;
	size_t n = 0;
	char *word;

	*a = (struct args)ARGS_INIT;
	while ((word = strsep(&line, " ")) != NULL)
		argv[n++] = word;
	argv[n] = NULL;
	return args_parse(a, own, common, &at, false, err);
}

Test(options, takes_each_form_of_an_option)
{
	static const struct { const char *line, *option, *value; } rows[] = {
		{ "--type x", "type", "x" },
		{ "--type=x", "type", "x" },
		{ "--type=", "type", "" },
		{ "--type=a=b", "type", "a=b" },
		{ "--type --alias", "type", "--alias" },
		{ "--type -", "type", "-" },
		{ "-t x", "type", "x" },
		{ "-tx", "type", "x" },
		{ "-t=x", "type", "x" },
		{ "-qfo json", "output", "json" },
		{ "-qfojson", "output", "json" },
		{ "name --type x", "type", "x" },
		{ "--type x --type y", "type", "y" },
	};
	struct error err;
	struct args a;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char line[64];

		snprintf(line, sizeof(line), "%s", rows[i].line);
		cr_assert_eq(parse(&a, line, &err), RC_OK, "%s: %s", rows[i].line, err.msg);
		cr_expect_str_eq(args_text(&a, rows[i].option), rows[i].value, "%s",
		    rows[i].line);
		args_release(&a);
	}
}

Test(options, says_what_is_wrong)
{
	static const struct { const char *line, *message; } rows[] = {
		{ "--tpye x", "unknown option '--tpye' (did you mean '--type'?)" },
		{ "--tpye=secret", "unknown option '--tpye' (did you mean '--type'?)" },
		{ "--nothing-like-it", "unknown option '--nothing-like-it'" },
		{ "--typ x", "unknown option '--typ' (did you mean '--type'?)" },
		{ "--force=yes", "--force takes no value" },
		{ "--type", "--type needs a value: --type T" },
		{ "-q -o", "-o needs a value: -o FORMAT" },
		{ "-qx", "unknown option '-x'" },
	};
	struct error err;
	struct args a;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char line[64];

		snprintf(line, sizeof(line), "%s", rows[i].line);
		cr_expect_eq(parse(&a, line, &err), RC_USAGE, "%s", rows[i].line);
		cr_expect_str_eq(err.msg, rows[i].message);
		args_release(&a);
	}
}

Test(options, keeps_words_in_order_around_options)
{
	char line[] = "one -q two --type x - -- --type -q";
	static const char *const words[] = { "one", "two", "-", "--type", "-q" };
	struct error err;
	struct args a;

	cr_assert_eq(parse(&a, line, &err), RC_OK);
	cr_assert_eq(a.nwords, 5);
	for (size_t i = 0; i < 5; i++)
		cr_expect_str_eq(a.words[i], words[i]);
	cr_expect(args_has(&a, "quiet"));
	cr_expect_not(args_has(&a, "force"));
	args_release(&a);
}

Test(options, walks_a_repeated_option)
{
	char line[] = "--alias a --type x --alias=b --alias c";
	struct error err;
	struct args a;
	size_t at = 0;

	cr_assert_eq(parse(&a, line, &err), RC_OK);
	cr_expect_str_eq(args_next(&a, "alias", &at), "a");
	cr_expect_str_eq(args_next(&a, "alias", &at), "b");
	cr_expect_str_eq(args_next(&a, "alias", &at), "c");
	cr_expect_null(args_next(&a, "alias", &at));
	args_release(&a);
}

Test(options, requires_what_a_table_requires_unless_waived)
{
	char bare[] = "x", given[] = "--type x", waived[] = "--force";
	struct error err;
	struct args a;

	cr_assert_eq(parse(&a, bare, &err), RC_OK);
	cr_expect_eq(args_require(&a, own, &err), RC_USAGE);
	cr_expect_str_eq(err.msg, "--type T is required");
	args_release(&a);
	cr_assert_eq(parse(&a, given, &err), RC_OK);
	cr_expect_eq(args_require(&a, own, &err), RC_OK);
	args_release(&a);
	cr_assert_eq(parse(&a, waived, &err), RC_OK);
	cr_expect_eq(args_require(&a, own, &err), RC_OK);
	args_release(&a);
}

Test(options, stops_before_the_first_word_where_asked)
{
	char q[] = "-q", get[] = "get", f[] = "-f";
	char *argv[] = { q, get, f, NULL }, **at = argv;
	struct args a = ARGS_INIT;
	struct error err;

	cr_assert_eq(args_parse(&a, NULL, common, &at, true, &err), RC_OK);
	cr_expect_str_eq(*at, "get");
	cr_expect_eq(a.n, 1);
	cr_expect_eq(a.nwords, 0);
	args_release(&a);
}

Test(suggest, finds_the_nearest_word_and_none_that_is_far)
{
	static const char *const words[] = { "get", "create", "delete", "describe", "patch" };
	static const struct { const char *word, *best; } rows[] = {
		{ "gte", "get" }, { "creat", "create" }, { "dleete", "delete" },
		{ "descrbie", "describe" }, { "pathc", "patch" }, { "infer", NULL }, { "x", NULL },
		{ "a-word-that-is-much-longer-than-any-command", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct suggestion s;

		suggestion_init(&s, rows[i].word);
		for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++)
			suggestion_offer(&s, words[w]);
		if (rows[i].best == NULL)
			cr_expect_null(s.best, "%s", rows[i].word);
		else
			cr_expect_str_eq(s.best, rows[i].best);
	}
}

/* check_row - a row that help, manual and completion can be made from */
static void
check_row(const struct command *c)
{
	cr_expect_not_null(c->words, "%s", c->name);
	cr_expect(c->help != NULL && c->help[0] != '\0', "%s", c->name);
	cr_expect((c->sub != NULL) != (c->run != NULL), "%s: either runs or has commands", c->name);
	cr_expect_geq(c->most, c->least, "%s", c->name);
	for (const struct opt *o = c->options; o != NULL && o->name != NULL; o++) {
		cr_expect(o->help != NULL && o->help[0] != '\0', "%s --%s", c->name, o->name);
		cr_expect(o->value == NULL || complete_option(o->name),
		    "%s --%s: completion does not know its value", c->name, o->name);
		for (const struct opt *g = command_top.options; g->name != NULL; g++)
			cr_expect(c == &command_top || strcmp(g->name, o->name) != 0,
			    "%s --%s hides a global option", c->name, o->name);
	}
	for (const struct command *const *s = c->sub; s != NULL && *s != NULL; s++) {
		cr_expect((*s)->group != NULL || (s[1] == NULL && (*s)->name[0] == '_'),
		    "%s: hidden commands come last", (*s)->name);
		check_row(*s);
	}
}

Test(commands, have_all_that_help_needs)
{
	check_row(&command_top);
}
