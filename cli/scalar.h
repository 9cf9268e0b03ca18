/*
 * scalar.h - what a plain YAML scalar means.
 *
 * Shapes  the core schema of YAML 1.2: null, true, false, numbers, all else is text. So `no`, `on` and
 *         12:30:45 are text, as they look
 * Units   bytes
 * Errors  a reason, where YAML 1.1 and 1.2 would read two different values, or JSON has none
 * Owns    the object is the caller's
 * Source  YAML 1.2.2, 10.3.2
 */
#ifndef CLI_SCALAR_H
#define CLI_SCALAR_H

#include <stddef.h>

struct json_object;

/* scalar_json - NULL and *out (which may be a null), else why it has no value */
const char *scalar_json(const char *text, size_t len, struct json_object **out);

#endif
