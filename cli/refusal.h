/*
 * refusal.h - an answer that is an error, as the error it was on the other side.
 *
 * Shapes  {"error":"message","details":[{"path","message"}]}, or {"error":{"message"}} of inference
 * Units   status: HTTP
 * Errors  what refusal_error() returns is never RC_OK
 * Owns    nothing
 * Source  API.md 2 and 3; the table of base/rc.h, backwards
 */
#ifndef CLI_REFUSAL_H
#define CLI_REFUSAL_H

#include <stddef.h>

#include "base/fault.h"
#include "base/rc.h"

/* refusal_error - faults may be NULL; where names the server, for an answer that is not mcpd's */
enum rc refusal_error(int status, const char *body, size_t len, const char *where,
    struct faults *faults, struct error *err);

#endif
