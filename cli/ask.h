/*
 * ask.h - ask for something that nobody shall see.
 *
 * Shapes  a prompt on stderr, one line from the terminal on stdin, without its newline
 * Units   bytes
 * Errors  RC_IO; RC_INVALID when the line is too long or empty. Interrupted: the terminal is put
 *         back, then the process ends by that signal (130 to a shell)
 * Owns    the caller's room; the caller wipes it
 * Source  readpassphrase(3) of the BSDs as an idea
 */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include <stddef.h>

#include "base/rc.h"

#define ASK_LINE_MAX 4096		/* bytes with the NUL; a terminal gives no longer lines */

enum rc ask_silently(const char *prompt, char *line, size_t size, struct error *err);

#endif
