/*
 * bodycheck.h - what can be said of a body before it is sent, without asking anyone.
 *
 * Shapes  a body of API.md 2, as a whole object (with what a PUT leaves out taken from the old one)
 * Units   none
 * Errors  faults, the same that a store without any objects would find: every reference is among them
 *         ("Secret not found: x"; inspect.h judges those). Whether the caller may is not looked at
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
