/* test_examples.c - the examples of help and of the manual are calls that the tables allow */
#include <criterion/criterion.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/commands.h"
#include "tests/unit/source.h"

#define WORDS_MAX	64		/* words of an example */

/* check_call - the words after mcpctl; the command that they call. whole: nothing is left out */
static const struct command *
check_call(char **argv, const char *line, bool whole)
{
	const struct command *c = &command_top;
	struct args a = ARGS_INIT;
	struct error err = { .msg = "" };

	while (c->sub != NULL) {
		cr_assert_eq(args_parse(&a, NULL, command_top.options, &argv, true, &err), RC_OK,
		    "%s: %s", line, err.msg);
		cr_assert_not_null(*argv, "%s: a command is missing", line);
		cr_assert_eq(command_find(c, *argv++, &c, &err), RC_OK, "%s: %s", line, err.msg);
	}
	cr_assert_eq(args_parse(&a, c->options, command_top.options, &argv, false, &err), RC_OK,
	    "%s: %s", line, err.msg);
	cr_expect(a.nwords <= c->most, "%s: %zu words", line, a.nwords);
	if (whole) {
		cr_expect(a.nwords >= c->least, "%s: %zu words", line, a.nwords);
		cr_expect_eq(args_require(&a, c->options, &err), RC_OK, "%s: %s", line, err.msg);
	}
	args_release(&a);
	return c;
}

/*
 * next_word - one word of the shell, its quotes taken off, into out; what comes after it. *operator is
 * set where an operator stands there instead
 */
static const char *
next_word(const char *at, char *out, char *operator)
{
	char quote = '\0';

	at += strspn(at, " ");
	*operator = *at != '\0' && strchr("|<>();&#", *at) != NULL ? *at++ : '\0';
	for (; !*operator && *at != '\0' && (quote || strchr(" |<>();&", *at) == NULL); at++) {
		if (*at == quote)
			quote = '\0';
		else if (!quote && (*at == '\'' || *at == '"'))
			quote = *at;
		else
			*out++ = *at;
	}
	*out = '\0';
	cr_assert_eq(quote, '\0');
	return at;
}

/* check_line - every call of mcpctl in one line of shell; is one of them of c */
static bool
check_line(const char *line, const struct command *c, bool whole)
{
	char store[WORDS_MAX][256], *argv[WORDS_MAX], operator = ' ';
	const char *at = line;
	bool is_file = false, found = false;
	size_t n = 0;

	while (operator != '#') {
		bool end;

		cr_assert_lt(n, WORDS_MAX - 1);
		at = next_word(at, store[n], &operator);
		end = *at == '\0' && store[n][0] == '\0' && !operator;
		if (!operator && !end) {
			bool set = n == 0 && strchr(store[n], '=') != NULL;

			if (!is_file && !set) {
				argv[n] = store[n];
				n++;
			}
			is_file = false;
			continue;
		}
		is_file = operator == '<' || operator == '>';
		if (is_file)
			continue;
		argv[n] = NULL;
		if (n > 0 && strcmp(argv[0], PROGRAM_NAME) == 0)
			found |= check_call(argv + 1, line, whole) == c;
		n = 0;
		if (end)
			break;
	}
	return found;
}

/* check_examples - a command's own, and those of the commands below it */
static void
check_examples(const struct command *c)
{
	char *lines = x_strdup(c->examples != NULL ? c->examples : ""), *rest = lines, *line;
	bool found = c->sub != NULL || c->examples == NULL;

	while ((line = strsep(&rest, "\n")) != NULL)
		found |= check_line(line, c, true);
	cr_expect(found, "no example of %s calls it", c->name);
	free(lines);
	for (const struct command *const *i = c->sub; i != NULL && *i != NULL; i++)
		check_examples(*i);
}

Test(examples, of_every_command_are_calls_that_its_table_allows)
{
	check_examples(&command_top);
}

Test(examples, of_the_manual_are_calls_that_the_tables_allow)
{
	char *text = source_read("man/mcpctl.1"), *rest = text, *line;
	bool literal = false;
	size_t n = 0;

	while ((line = strsep(&rest, "\n")) != NULL) {
		literal = strncmp(line, ".Bd -literal", 12) == 0 ||
		    (literal && strcmp(line, ".Ed") != 0);
		if (literal && strncmp(line, PROGRAM_NAME " ", strlen(PROGRAM_NAME " ")) == 0) {
			check_line(line, NULL, true);
			n++;
		}
	}
	cr_expect_gt(n, 0);
	free(text);
}

Test(examples, in_the_text_of_a_document_are_calls_that_the_tables_allow)
{
	static const char mark[] = "`" PROGRAM_NAME " ";
	size_t n = 0;
	glob_t found;

	cr_assert_eq(glob(SOURCE_DIR "/docs/*.md", 0, NULL, &found), 0);
	cr_assert_eq(glob(SOURCE_DIR "/README.md", GLOB_APPEND, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		char *text = source_read(found.gl_pathv[i]);

		for (const char *at = text; (at = strstr(at, mark)) != NULL; at++) {
			char *call = x_strndup(at + 1, strcspn(at + 1, "`"));

			if (strpbrk(call, "[<") == NULL)	/* no form of a call */
				check_line(call, NULL, false);
			n++;
			free(call);
		}
		free(text);
	}
	globfree(&found);
	cr_expect_gt(n, 0);
}
