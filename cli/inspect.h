/*
 * inspect.h - what is wrong with changes, each thing once, in the words of their files.
 *
 * Shapes  faults of manifest.h
 * Units   none
 * Errors  faults. A name that nothing has is none as long as the files may have what it names: that is
 *         wrong itself then, or still to be made
 * Owns    nothing
 * Source  CLI.md, "A fault names file, line and field"
 */
#ifndef CLI_INSPECT_H
#define CLI_INSPECT_H

#include "cli/changes.h"

/* inspect_one - whatever was found about one */
void inspect_one(const struct changes *c, size_t i, struct faults *faults);

/* inspect_refused - after the store refused the first n together */
void inspect_refused(const struct changes *c, size_t n, struct faults *faults);

/* inspect_look - at what there is of each that has a name (views[i], NULL: nothing; the caller's), and at
   what can be said of its body. RC_OK whatever was found; else the server can't be asked */
enum rc inspect_look(const struct changes *c, struct transport *t, struct json_object **views,
    struct faults *faults, struct error *err);

/* inspect_drops - secrets that --prune would take from Llms as they will be then */
enum rc inspect_drops(const struct changes *c, struct transport *t, struct faults *faults,
    struct error *err);

/* inspect_nameless - those that nobody can be asked about: all but whether a member is missing */
void inspect_nameless(const struct changes *c, struct transport *t, struct faults *faults);

#endif
