/*
 * assign.h - pieces of a command line as pieces of a body.
 *
 * Shapes  KEY=VALUE, ROLE:RESOURCE[:NAME], KIND:NAME, SECRET/KEY
 * Units   none
 * Errors  RC_USAGE says the form that was expected
 * Owns    objects returned are the caller's
 * Source  CLI.md
 */
#ifndef CLI_ASSIGN_H
#define CLI_ASSIGN_H

#include "base/rc.h"

struct json_object;

/* assign - put "KEY=VALUE" into o; a value that is JSON is taken as JSON, else as text */
enum rc assign(struct json_object *o, const char *text, struct error *err);

/* assign_binding - "edit:llms", "run:llms:claude" */
enum rc assign_binding(const char *text, const char *option, struct json_object **out,
    struct error *err);

/* assign_subject - "User:alice", the kind in any case */
enum rc assign_subject(const char *text, const char *option, struct json_object **out,
    struct error *err);

/* assign_key_ref - "anthropic/key"; "" gives NULL, which is null */
enum rc assign_key_ref(const char *text, const char *option, struct json_object **out,
    struct error *err);

/* assign_time - "30d" from now, or an RFC 3339 time */
enum rc assign_time(const char *text, const char *option, struct json_object **out,
    struct error *err);

#endif
