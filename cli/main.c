/*
 * main.c - mcpctl: from a command line to an exit status.
 *
 * The line is read level by level (mcpctl, create, llm), options of the program being understood on
 * each; the command's row says how many words it takes; errors are printed here and nowhere else.
 */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/suggest.h"
#include "cli/commands.h"
#include "cli/text.h"

static const char *const format_names[FORMAT__MAX] = {
	[FORMAT_TABLE] = "table", [FORMAT_WIDE] = "wide", [FORMAT_JSON] = "json",
	[FORMAT_YAML] = "yaml", [FORMAT_NAME] = "name",
};

/* open_standard - without stdin, stdout or stderr, a file of the store would take its place and get
   our messages; reading gives nothing from what stands in for them, writing fails */
static void
open_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* protect - keys pass through this process: no core, no other reader of its files or memory */
static void
protect(void)
{
	const struct rlimit none = { 0, 0 };

	umask(077);
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
}

/* check_text - what comes in is stored as JSON, which is UTF-8 */
static enum rc
check_text(char **argv, struct error *err)
{
	for (size_t i = 0; argv[i] != NULL; i++)
		if (!text_is_utf8(argv[i], strlen(argv[i])))
			return error_set(err, RC_USAGE, "argument %zu is not UTF-8", i + 1);
	return RC_OK;
}

/* descend - one command deeper, and its name in the path */
static enum rc
descend(struct program *p, const struct command **c, const char *word, struct error *err)
{
	size_t len = strlen(p->path);
	enum rc rc;

	if ((rc = command_find(*c, word, c, err)) == RC_OK)
		snprintf(p->path + len, sizeof(p->path) - len, " %s", (*c)->name);
	return rc;
}

/* choose - the command that is meant, and its options and words */
static enum rc
choose(struct program *p, char **argv, const struct command **out, struct args *a,
    struct error *err)
{
	const struct opt *global = command_top.options;
	const struct command *c = &command_top;
	enum rc rc = RC_OK;

	while (c->sub != NULL && rc == RC_OK) {
		rc = args_parse(a, NULL, global, &argv, true, err);
		if (rc != RC_OK || *argv == NULL)
			break;
		rc = descend(p, &c, *argv++, err);
	}
	if (rc == RC_OK && c->sub == NULL)
		rc = args_parse(a, c->options, global, &argv, false, err);
	*out = c;
	return rc;
}

/* set_format - by its name */
static enum rc
set_format(struct program *p, const char *name, struct error *err)
{
	struct suggestion s;

	suggestion_init(&s, name);
	for (size_t i = 0; i < FORMAT__MAX; i++) {
		suggestion_offer(&s, format_names[i]);
		p->format = (enum format)i;
		if (strcmp(name, format_names[i]) == 0)
			return RC_OK;
	}
	return error_set(err, RC_USAGE, "-o %s: not one of table, wide, json, yaml, name%s%s%s",
	    name, s.best ? " (did you mean '" : "", s.best ? s.best : "", s.best ? "'?)" : "");
}

/* wants_colour - a terminal, and nobody said no (no-color.org) */
static bool
wants_colour(void)
{
	const char *no = getenv("NO_COLOR");

	return (no == NULL || *no == '\0') && text_terminal(STDOUT_FILENO);
}

/* configure - the global options */
static enum rc
configure(struct program *p, const struct args *a, struct error *err)
{
	const char *format = args_text(a, "output");

	p->flags = a;
	p->no_headers = args_has(a, "no-headers");
	p->quiet = args_has(a, "quiet");
	p->colour = wants_colour();
	return format != NULL ? set_format(p, format, err) : RC_OK;
}

/* check_words - as many as the command takes */
static enum rc
check_words(const struct program *p, const struct command *c, const struct args *a,
    struct error *err)
{
	if (a->nwords > c->most)
		return error_set(err, RC_USAGE, "one argument too many: %s", a->words[c->most]);
	if (a->nwords < c->least)
		return error_set(err, RC_USAGE, "expected: %s %s", p->path, c->words);
	return args_require(a, c->options, err);
}

/* check_place - may the command work where the catalogue is */
static enum rc
check_place(struct program *p, const struct command *c, struct error *err)
{
	const char *db;
	char *url;
	enum rc rc;

	if (c->store_only == NULL)
		return RC_OK;
	if ((rc = program_server(p, &url, &db, err)) != RC_OK)
		return rc;
	if (url != NULL)
		rc = error_set(err, RC_USAGE, "%s works on the store itself (--db DIR), not over "
		    "HTTP: %s", p->path, c->store_only);
	free(url);
	return rc;
}

/* run - one command line, but for the report of its failure */
static enum rc
run(struct program *p, char **argv, struct args *a, struct error *err)
{
	const struct command *c;
	enum rc rc;

	if ((rc = check_text(argv, err)) != RC_OK || (rc = choose(p, argv, &c, a, err)) != RC_OK)
		return rc;
	if (args_has(a, "help")) {
		help_print(c, p->path, stdout);
		return RC_OK;
	}
	if (args_has(a, "version"))
		return (rc = configure(p, a, err)) == RC_OK ? do_version(p, a, err) : rc;
	if (c->sub != NULL) {
		help_print(c, p->path, stderr);
		p->status = rc_info(RC_USAGE)->exit;
		return RC_OK;
	}
	if ((rc = configure(p, a, err)) == RC_OK &&
	    (rc = check_words(p, c, a, err)) == RC_OK &&
	    (rc = check_place(p, c, err)) == RC_OK)
		rc = c->run(p, a, err);
	return rc;
}

/* close_stdout - a full disk shows itself at the end, and must not look like success */
static enum rc
close_stdout(struct error *err)
{
	int bad = ferror(stdout);

	errno = 0;
	if (fclose(stdout) != 0 || bad)
		return error_set(err, RC_IO, "stdout: %s",
		    errno ? strerror(errno) : "write error");
	return RC_OK;
}

/* main - run, report, and see that stdout was written */
int
main(int argc, char **argv)
{
	struct program p = { .path = PROGRAM_NAME, .faults = FAULTS_INIT };
	struct args a = ARGS_INIT;
	struct error err;
	enum rc rc;

	open_standard();
	protect();
	signal(SIGPIPE, SIG_DFL);	/* `mcpctl get llms | head -1` ends quietly */
	signal(SIGCHLD, SIG_DFL);	/* the end of the editor must be told to us */
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		setlocale(LC_CTYPE, "");
	if ((rc = run(&p, argv + (argc > 0), &a, &err)) != RC_OK)
		program_report(&p, rc, &err);
	if ((rc = close_stdout(&err)) != RC_OK)
		program_report(&p, rc, &err);
	args_release(&a);
	program_release(&p);
	return p.status;
}
