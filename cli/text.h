/*
 * text.h - UTF-8 on a terminal.
 *
 * Shapes  NUL-terminated UTF-8; a byte that is part of no character counts as one by itself
 * Units   columns of a terminal (2 for CJK, 0 for combining marks)
 * Errors  none
 * Owns    text_clean()'s copy is the caller's
 * Source  RFC 3629; wcwidth(3), which needs LC_CTYPE to be a UTF-8 locale (main sets C.UTF-8)
 */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* text_terminal - fd is a terminal that takes escape sequences: TERM is set, and not dumb */
bool text_terminal(int fd);

bool text_is_utf8(const char *s, size_t len);

/* text_columns - how wide a terminal shows it */
size_t text_columns(const char *s);

/* text_clean - a copy in which control characters and broken bytes are visible (\n, \x1b): what a
   catalogue holds must not steer the terminal that shows it */
char *text_clean(const char *s);

#endif
