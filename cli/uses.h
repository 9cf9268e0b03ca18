/*
 * uses.h - is a secret in use: what delete asks before it deletes.
 *
 * Shapes  an Llm uses a secret as its key, or in a header
 * Units   none
 * Errors  those of a list
 * Owns    the text is the caller's
 * Source  CLI.md, "delete": mcpctl looks first; the route does not refuse
 */
#ifndef CLI_USES_H
#define CLI_USES_H

#include <stdbool.h>

#include "base/rc.h"

#define USES_TEXT_MAX	512		/* bytes of a list of names in a message; the rest is cut */

struct json_object;
struct transport;

/* uses_secret - is it the Llm's key, or in one of its headers */
bool uses_secret(struct json_object *llm, const char *secret);

/* uses_names - of the Llms that would be left without it, each in quote: "'a', 'b'"; "": none */
enum rc uses_names(struct transport *t, const char *secret, const char *quote, char **out,
    struct error *err);

#endif
