/*
 * apply.h - what apply and diff have in common.
 *
 * Shapes  every -f of the command line, as one manifest
 * Units   none
 * Errors  RC_INVALID with p's faults: every one of all files, and of all that can be known of their
 *         objects without a change
 * Owns    m is the caller's, also after an error
 * Source  CLI.md, "apply", "diff"
 */
#ifndef CLI_APPLY_H
#define CLI_APPLY_H

#include "cli/manifest.h"
#include "cli/options.h"

struct program;

enum rc apply_read(struct program *p, const struct args *a, struct manifest *m, struct error *err);

/* apply_end - p's faults in their order. Where it is another error that ended the work they are
   printed here, as main prints the error alone */
enum rc apply_end(struct program *p, const struct manifest *m, enum rc rc);

#endif
