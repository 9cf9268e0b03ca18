/*
 * commands.h - the table of commands: dispatch, help, and later manual and completion come from it.
 *
 * Shapes  a command either has a run function, or commands below it (create llm, create secret ...)
 * Units   words are what stands on the line beside options
 * Errors  RC_USAGE for a word that is no command, with the one that was meant
 * Owns    nothing
 * Source  CLI.md
 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include <stdio.h>

#include "cli/options.h"
#include "cli/program.h"

#define WORDS_ANY 1000000		/* words: as many as the system lets through */

struct command {
	const char		*name;		/* NULL ends a table */
	const char		*group;		/* its heading in the overview */
	const char		*words;		/* "RESOURCE [NAME...]", "" for none */
	const char		*help;		/* one line */
	const struct opt	*options;	/* NULL: none of its own */
	const char		*examples;	/* lines; NULL: none */
	size_t			 least, most;	/* words */
	const struct command	*sub;
	enum rc			(*run)(struct program *p, const struct args *a, struct error *err);
};

extern const struct command command_top;	/* mcpctl itself; its options are the global ones */

/* command_find - one of c's sub-commands; resources by any of their names */
enum rc command_find(const struct command *c, const char *word, const struct command **out,
    struct error *err);

/* help_print - usage, options and examples of a command; path as it is called ("mcpctl get") */
void help_print(const struct command *c, const char *path, FILE *out);

enum rc do_init(struct program *p, const struct args *a, struct error *err);
enum rc do_create_llm(struct program *p, const struct args *a, struct error *err);
enum rc do_create_mcptoken(struct program *p, const struct args *a, struct error *err);
enum rc do_create_rbac(struct program *p, const struct args *a, struct error *err);
enum rc do_create_secret(struct program *p, const struct args *a, struct error *err);
enum rc do_create_user(struct program *p, const struct args *a, struct error *err);
enum rc do_delete(struct program *p, const struct args *a, struct error *err);
enum rc do_describe(struct program *p, const struct args *a, struct error *err);
enum rc do_get(struct program *p, const struct args *a, struct error *err);
enum rc do_help(struct program *p, const struct args *a, struct error *err);
enum rc do_patch(struct program *p, const struct args *a, struct error *err);
enum rc do_version(struct program *p, const struct args *a, struct error *err);

#endif
