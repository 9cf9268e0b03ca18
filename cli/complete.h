/*
 * complete.h - what may stand next on a command line.
 *
 * Shapes  words are those behind "mcpctl", the last one unfinished ("" where nothing is typed yet); they
 *         end with NULL.
 *         Candidates go to out, a line each: the word, a tab, what it is. The line ":files" instead says
 *         that a file is wanted
 * Units   none
 * Errors  none: who can't know says nothing, a shell shows no errors
 * Owns    borrows all
 * Source  CLI.md, "Completion offers the names in the store"
 */
#ifndef CLI_COMPLETE_H
#define CLI_COMPLETE_H

#include <stdio.h>

#include "cli/program.h"

void complete(struct program *p, char **words, FILE *out);

/* complete_option - is it known what the option's value is; tests see that each one is */
bool complete_option(const char *name);

#endif
