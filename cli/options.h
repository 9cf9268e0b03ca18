/*
 * options.h - one parser for all command lines, driven by tables of options.
 *
 * Shapes  --name VALUE, --name=VALUE, -o VALUE, -oVALUE, -o=VALUE; flags may be bundled (-qv);
 *         options may stand after words; "--" ends options, "-" is a word
 * Units   none
 * Errors  RC_USAGE, the text names the option as it was typed
 * Owns    args_release() frees; values and words are borrowed from argv
 * Source  CLI.md; POSIX 12.2, GNU long options without abbreviations (scripts would rot)
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/rc.h"

enum opt_flags {
	OPT_REPEAT	= 1,		/* each one counts; otherwise the last one wins */
	OPT_REQUIRED	= 2,
	OPT_WAIVES	= 4,		/* when it is given, nothing is required */
};

struct opt {
	const char	*name;		/* without its dashes; NULL ends a table */
	char		 letter;	/* 0: it has no short form */
	const char	*value;		/* stands for the value in help; NULL: a flag */
	unsigned	 flags;
	const char	*help;
};

struct arg {
	const struct opt	*opt;
	char			*value;	/* NULL: a flag */
};

struct args {
	struct arg	*v;		/* options, in the order of the command line */
	size_t		 n;
	char		**words;
	size_t		 nwords;
};

#define ARGS_INIT { NULL, 0, NULL, 0 }

/*
 * args_parse - add what stands at *argv (ended by NULL) to a, and move *argv behind it. own and
 * common are tables, either may be NULL. to_word: stop before the first word.
 */
enum rc args_parse(struct args *a, const struct opt *own, const struct opt *common, char ***argv,
    bool to_word, struct error *err);

/* args_require - every OPT_REQUIRED row of own is there, or one that waives it */
enum rc args_require(const struct args *a, const struct opt *own, struct error *err);

/* args_has - the option was given */
bool args_has(const struct args *a, const char *name);

/* args_text - the last value of an option, or NULL */
const char *args_text(const struct args *a, const char *name);

/* args_next - walk the values of an option: start with *at = 0; NULL at the end */
char *args_next(const struct args *a, const char *name, size_t *at);

void args_release(struct args *a);

#endif
