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

#include "base/rc.h"

struct transport;

/* uses_names - of the Llms that would be left without it, each in quote: "'a', 'b'"; "": none */
enum rc uses_names(struct transport *t, const char *secret, const char *quote, char **out,
    struct error *err);

#endif
