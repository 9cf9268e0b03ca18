/*
 * apply.h - what apply and diff have in common.
 *
 * Shapes  every -f of the command line, as one manifest
 * Units   none
 * Errors  RC_INVALID with p's faults: every one of all files
 * Owns    m is the caller's, also after an error
 * Source  CLI.md, "apply", "diff"
 */
#ifndef CLI_APPLY_H
#define CLI_APPLY_H

#include "cli/manifest.h"
#include "cli/options.h"

struct program;

enum rc apply_read(struct program *p, const struct args *a, struct manifest *m, struct error *err);

#endif
