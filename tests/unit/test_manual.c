/*
 * test_manual.c - the manual pages and the tables of docs/ hold what the program holds.
 *
 * An item of a page begins as its row says, so that a message here is the line which the page lacks.
 */
#include <criterion/criterion.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/config.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/settings.h"
#include "tests/unit/source.h"

#define SET_MAX		512		/* items of a page */
#define ITEM_MAX	512		/* bytes of an item */

struct set {
	char	*v[SET_MAX];
	size_t	 n;
};

/* add - one more */
static void __attribute__((format(printf, 2, 3)))
add(struct set *s, const char *fmt, ...)
{
	va_list ap;

	cr_assert_lt(s->n, SET_MAX);
	va_start(ap, fmt);
	cr_assert_geq(vasprintf(&s->v[s->n++], fmt, ap), 0);
	va_end(ap);
}

/* has - it is one of them */
static bool
has(const struct set *s, const char *text)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i], text) == 0)
			return true;
	return false;
}

/* expect_same - both ways */
static void
expect_same(const char *where, struct set *page, struct set *program)
{
	cr_expect_gt(program->n, 0);
	for (size_t i = 0; i < program->n; i++)
		cr_expect(has(page, program->v[i]), "%s lacks: %s", where, program->v[i]);
	for (size_t i = 0; i < page->n; i++)
		cr_expect(has(program, page->v[i]), "%s has, and the program has not: %s", where,
		    page->v[i]);
	for (size_t i = 0; i < page->n; i++)
		free(page->v[i]);
	for (size_t i = 0; i < program->n; i++)
		free(program->v[i]);
}

/* page_items - what stands behind ".It " in a section; an option, behind its command */
static void
page_items(struct set *s, const char *page, const char *section)
{
	char *text = source_read(page), *rest = text, *line;
	const char *command = "";
	bool inside = false;

	while ((line = strsep(&rest, "\n")) != NULL) {
		if (strncmp(line, ".Sh ", 4) == 0)
			inside = strcmp(line + 4, section) == 0;
		if (!inside || strncmp(line, ".It ", 4) != 0)
			continue;
		line += 4;
		if (strncmp(line, "Ic ", 3) == 0)
			add(s, "%s", command = line);
		else
			add(s, "%s%s%s", command, command[0] ? ": " : "", line);
	}
	free(text);
}

/* put_words - "RESOURCE [NAME...]" as the page has it: " Ar RESOURCE Op Ar NAME ..." */
static void
put_words(struct buf *b, const char *words)
{
	bool argument = false;		/* an Ar goes on */

	while (*words != '\0') {
		size_t len = strcspn(words, " ");
		const char *next = words + len + (words[len] == ' ');
		bool optional = *words == '[';

		if (optional) {
			words++;
			len -= 2;
		}
		bool many = len > 3 && memcmp(words + len - 3, "...", 3) == 0;

		buf_addf(b, NULL, "%s%s%.*s%s", optional ? " Op" : "",
		    argument && !optional ? " " : " Ar ", (int)(many ? len - 3 : len), words,
		    many ? " ..." : "");
		argument = !optional;
		words = next;
	}
}

/* add_options - "Fl f , -file Ar FILE ..." */
static void
add_options(struct set *s, const char *command, const struct opt *o)
{
	for (; o != NULL && o->name != NULL; o++) {
		char letter[] = { o->letter, ' ', ',', ' ', '\0' };

		add(s, "%s%sFl %s-%s%s%s%s", command, command[0] ? ": " : "",
		    o->letter ? letter : "", o->name, o->value ? " Ar " : "",
		    o->value ? o->value : "", o->flags & OPT_REPEAT ? " ..." : "");
	}
}

/* add_commands - those without commands below them; a hidden one has no group */
static void
add_commands(struct set *s, const char *path, const struct command *const *rows)
{
	for (; *rows != NULL; rows++) {
		const struct command *c = *rows;
		struct buf b = BUF_INIT(ITEM_MAX);

		if (c->group == NULL)
			continue;
		buf_addf(&b, NULL, "%s %s", path, c->name);
		if (c->sub != NULL) {
			add_commands(s, b.p, c->sub);
		} else {
			put_words(&b, c->words);
			add(s, "%s", b.p);
			add_options(s, b.p, c->options);
		}
		buf_release(&b);
	}
}

Test(manual, has_every_command_with_every_option)
{
	struct set page = { .n = 0 }, program = { .n = 0 };

	page_items(&page, "man/mcpctl.1", "OPTIONS");
	add_options(&program, "", command_top.options);
	expect_same("mcpctl.1, OPTIONS", &page, &program);
	page.n = program.n = 0;
	page_items(&page, "man/mcpctl.1", "COMMANDS");
	add_commands(&program, "Ic", command_top.sub);
	expect_same("mcpctl.1, COMMANDS", &page, &program);
}

/* add_getenv - the names that the sources of a folder ask for */
static void
add_getenv(struct set *s, const char *pattern)
{
	static const char call[] = "getenv(\"";
	glob_t found;

	cr_assert_eq(glob(pattern, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		char *text = source_read(found.gl_pathv[i]);

		for (const char *at = text; (at = strstr(at, call)) != NULL; ) {
			char name[64];

			at += strlen(call);
			snprintf(name, sizeof(name), "Ev %.*s", (int)strcspn(at, "\""), at);
			if (!has(s, name))
				add(s, "%s", name);
		}
		free(text);
	}
	globfree(&found);
}

/* drop - what no reader sets */
static void
drop(struct set *s, const char *text)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i], text) == 0) {
			free(s->v[i]);
			s->v[i--] = s->v[--s->n];
		}
}

Test(manual, has_every_variable_of_the_environment)
{
	struct set page = { .n = 0 }, program = { .n = 0 };

	add_getenv(&program, SOURCE_DIR "/cli/*.c");
	add_getenv(&program, SOURCE_DIR "/base/*.c");
	for (size_t i = 0; i < SETTING__MAX; i++)
		if (setting_rows[i].env != NULL)
			add(&program, "Ev %s", setting_rows[i].env);
	page_items(&page, "man/mcpctl.1", "ENVIRONMENT");
	expect_same("mcpctl.1, ENVIRONMENT", &page, &program);

	page.n = program.n = 0;
	add_getenv(&program, SOURCE_DIR "/fcgi/*.c");
	add_getenv(&program, SOURCE_DIR "/base/*.c");
	drop(&program, "Ev CONTENT_LENGTH");		/* of a CGI request */
	drop(&program, "Ev HTTP_TRANSFER_ENCODING");
	for (const struct option_row *row = option_rows; row->name != NULL; row++)
		if (row->env != NULL)
			add(&program, "Ev %s", row->env);
	page_items(&page, "man/mcpd.fcgi.8", "ENVIRONMENT");
	expect_same("mcpd.fcgi.8, ENVIRONMENT", &page, &program);
}

Test(manual, has_every_exit_status)
{
	struct set page = { .n = 0 }, program = { .n = 0 };
	char text[16];

	for (size_t i = 0; i < RC__MAX; i++) {
		snprintf(text, sizeof(text), "%d", rc_info((enum rc)i)->exit);
		if (!has(&program, text))
			add(&program, "%s", text);
	}
	page_items(&page, "man/mcpctl.1", "EXIT STATUS");
	expect_same("mcpctl.1, EXIT STATUS", &page, &program);
}

/* between - a piece of text, cut out; the caller frees it */
static char *
between(const char *text, const char *from, const char *to)
{
	const char *start = strstr(text, from), *end;

	cr_assert_not_null(start, "no %s", from);
	start += strlen(from);
	cr_assert_not_null(end = strstr(start, to), "no %s", to);
	return x_strndup(start, (size_t)(end - start));
}

/* the options of mcpd.fcgi are those that getopt_long() gets, and its usage has their lines */
Test(manual, has_every_option_of_the_gateway)
{
	struct set page = { .n = 0 }, program = { .n = 0 };
	char *source = source_read("fcgi/main.c");
	char *rows = between(source, "long_options[] = {", "{ NULL,");
	char *usage = between(source, "usage_text[] =", ";\n");

	for (const char *at = rows; (at = strstr(at, "{ \"")) != NULL; ) {
		char name[32], text[64];
		const char *line;

		at += strlen("{ \"");
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(at, "\""), at);
		snprintf(text, sizeof(text), " --%s ", name);
		cr_assert_not_null(line = strstr(usage, text), "the usage lacks%s", text);
		line += strlen(text);
		add(&program, "Fl %s-%s%s%.*s", strcmp(name, "help") == 0 ? "h , " : "", name,
		    *line != ' ' ? " Ar " : "", (int)strcspn(line, " "), line);
	}
	page_items(&page, "man/mcpd.fcgi.8", "OPTIONS");
	expect_same("mcpd.fcgi.8, OPTIONS", &page, &program);
	free(source);
	free(rows);
	free(usage);
}

/* range - "1 to 64", as a page has it; "": none */
static const char *
range(const struct option_row *row)
{
	static char text[64];
	static const char *const units[] = { "", "KiB", "MiB", "GiB" };
	size_t low = 0, high = 0;
	int64_t min = row->min, max = row->max;

	if (min == 0 && max == 0)
		return "";
	if (row->type == OPTION_MODE) {
		snprintf(text, sizeof(text), "0 to 0%jo", (uintmax_t)max);
		return text;
	}
	for (; row->type == OPTION_SIZE && min % 1024 == 0; min /= 1024)
		low++;
	for (; row->type == OPTION_SIZE && max % 1024 == 0; max /= 1024)
		high++;
	snprintf(text, sizeof(text), "%jd%s to %jd%s", (intmax_t)min, units[low], (intmax_t)max,
	    units[high]);
	return text;
}

Test(manual, has_every_key_with_its_default_its_range_and_its_variable)
{
	struct set page = { .n = 0 }, program = { .n = 0 };
	char *text = source_read("man/mcpd.yaml.5");

	for (const struct option_row *row = option_rows; row->name != NULL; row++) {
		char item[128], variable[64] = "", *body;

		snprintf(item, sizeof(item), "Cm %s :%s%s", row->name, row->dflt ? " " : "",
		    row->dflt ? row->dflt : "");
		add(&program, "%s", item);
		if (strstr(text, item) == NULL)
			continue;		/* told below */
		body = between(text, item, "\n.It");
		cr_expect_not_null(strstr(body, range(row)), "%s: %s", item, range(row));
		if (row->env != NULL)
			snprintf(variable, sizeof(variable), ".Ev %s\n", row->env);
		cr_expect_not_null(strstr(body, variable), "%s: %s", item, variable);
		free(body);
	}
	page_items(&page, "man/mcpd.yaml.5", "KEYS");
	expect_same("mcpd.yaml.5, KEYS", &page, &program);
	free(text);
}

Test(manual, shows_configurations_that_are_taken)
{
	char *text = source_read("man/mcpd.yaml.5"), path[] = "/tmp/mcpd-manual.XXXXXX";
	int fd = mkstemp(path);
	size_t n = 0;

	cr_assert_geq(fd, 0);
	for (const char *at = text; (at = strstr(at, "\n.Bd -literal")) != NULL; n++) {
		char *example = between(at, "indent\n", ".Ed\n");
		ssize_t len = (ssize_t)strlen(example);
		struct error err = { .msg = "" };
		struct config c;

		cr_assert_eq(ftruncate(fd, 0), 0);
		cr_assert_eq(pwrite(fd, example, (size_t)len, 0), len);
		config_init(&c);
		cr_expect_eq(config_file(&c, path, &err), RC_OK, "%s", err.msg);
		config_release(&c);
		free(example);
		at++;
	}
	unlink(path);
	cr_expect_geq(n, 2);
	close(fd);
	free(text);
}

/* row_of - the line of a table whose first cell tells of something; the caller frees it */
static char *
row_of(const char *text, const char *what)
{
	char mark[128];
	const char *at, *start;

	snprintf(mark, sizeof(mark), "`%s", what);
	for (at = text; (at = strstr(at, mark)) != NULL; at++) {
		for (start = at; start > text && start[-1] != '\n'; start--)
			continue;
		if (*start == '|' && strstr(start, " | ") > at &&
		    strchr("` ", at[strlen(mark)]) != NULL)
			return x_strndup(start, strcspn(start, "\n"));
	}
	cr_expect_fail("no row of `%s`", what);
	return x_strdup("");
}

Test(documents, have_every_key_with_its_default_and_its_variable)
{
	char *text = source_read("docs/CONFIGURATION.md");

	for (const struct option_row *row = option_rows; row->name != NULL; row++) {
		char *line = row_of(text, row->name), dflt[128] = "";

		if (row->dflt != NULL && strcmp(row->dflt, "-1") != 0)
			snprintf(dflt, sizeof(dflt), "`%s`", row->dflt);
		cr_expect_not_null(strstr(line, dflt), "%s: %s", row->name, dflt);
		cr_expect_not_null(strstr(line, row->env ? row->env : ""), "%s", row->name);
		free(line);
	}
	free(text);
}

/* expect_options - one form of each is in the row of the command */
static void
expect_options(const char *text, const char *name, const struct opt *o)
{
	char *line = row_of(text, name);

	for (; o != NULL && o->name != NULL; o++) {
		char *full = x_asprintf("--%s", o->name);
		char letter[] = { '-', o->letter, '\0' };

		cr_expect(strstr(line, full) != NULL ||
		    (o->letter && strstr(line, letter) != NULL), "docs/CLI.md: %s %s", name, full);
		free(full);
	}
	free(line);
}

/* expect_rows - of commands that have none below them */
static void
expect_rows(const char *text, const char *path, const struct command *const *rows)
{
	for (; *rows != NULL; rows++) {
		const struct command *c = *rows;
		char *name = x_asprintf("%s%s%s", path, path[0] ? " " : "", c->name);

		if (c->group != NULL && c->sub != NULL)
			expect_rows(text, name, c->sub);
		else if (c->group != NULL)
			expect_options(text, name, c->options);
		free(name);
	}
}

Test(documents, have_every_command_with_its_options)
{
	char *text = source_read("docs/CLI.md");

	expect_rows(text, "", command_top.sub);
	free(text);
}
