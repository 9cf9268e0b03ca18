/*
 * bodycheck.h - what can be said of a body before it is sent: all but what it refers to.
 *
 * Shapes  a body of API.md 2, as a whole object (with what a PUT leaves out taken from the old one)
 * Units   none
 * Errors  faults, the same that the store would find. References are not looked up, as the objects they
 *         name may be made meanwhile; nor is whether the caller may
 * Owns    nothing
 * Source  CLI.md, "apply over HTTP validates all, then goes object by object"
 */
#ifndef CLI_BODYCHECK_H
#define CLI_BODYCHECK_H

#include "base/fault.h"

struct json_object;
struct kind;

/* bodycheck - view is what is there, NULL: nothing yet */
void bodycheck(const struct kind *k, struct json_object *view, struct json_object *body,
    struct faults *faults);

#endif
