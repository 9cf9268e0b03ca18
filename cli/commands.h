/*
 * commands.h - the commands: dispatch, help, and later manual and completion come from their rows.
 *
 * Shapes  a command's row stands in its own file, below its function, with its options and examples;
 *         commands.c and cmd_create.c put them in order. A command either has a run function, or
 *         commands below it (create llm, create secret ...)
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
	const char		*name;
	const char		*group;		/* its heading in the overview; NULL: not shown there */
	const char		*words;		/* "RESOURCE [NAME...]", "" for none */
	const char		*help;		/* one line */
	const struct opt	*options;	/* NULL: none of its own */
	const char		*examples;	/* lines; NULL: none */
	size_t			 least, most;	/* words */
	const char		*store_only;	/* why not over HTTP; NULL: there too */
	const struct kind	*objects;	/* whose names its words are; NULL: what they say */
	const struct command	*const *sub;	/* ends with NULL */
	enum rc			(*run)(struct program *p, const struct args *a, struct error *err);
};

#define OPT_END { NULL, 0, NULL, 0, NULL }
#define OPT_FORCE_ROW { "force", 0, NULL, OPT_WAIVES, \
	"update it where it exists: only what is given changes" }

extern const struct command command_top;	/* mcpctl itself; its options are the global ones */

/* command_find - one of c's sub-commands; resources by any of their names */
enum rc command_find(const struct command *c, const char *word, const struct command **out,
    struct error *err);

/* help_print - usage, options and examples of a command; path as it is called ("mcpctl get") */
void help_print(const struct command *c, const char *path, FILE *out);

/* do_version - also mcpctl -v */
enum rc do_version(struct program *p, const struct args *a, struct error *err);

extern const struct command command_init;
extern const struct command command_backup;
extern const struct command command_restore;
extern const struct command command_migrate;
extern const struct command command_rekey;
extern const struct command command_create;
extern const struct command command_get;
extern const struct command command_describe;
extern const struct command command_patch;
extern const struct command command_delete;
extern const struct command command_apply;
extern const struct command command_diff;
extern const struct command command_edit;
extern const struct command command_doctor;
extern const struct command command_login;
extern const struct command command_logout;
extern const struct command command_config;
extern const struct command command_infer;
extern const struct command command_test;
extern const struct command command_whoami;
extern const struct command command_logs;
extern const struct command command_usage;
extern const struct command command_status;
extern const struct command command_completion;
extern const struct command command_complete;
extern const struct command command_version;
extern const struct command command_help;

#endif
