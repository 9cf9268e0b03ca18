/*
 * freed.h - what is still in a block of memory when it is given back.
 *
 * Shapes  free(3) and realloc(3) of the whole program, with a look at each block for one text
 * Units   blocks
 * Errors  none; with a sanitizer, which keeps the heap itself, nothing is ever found
 * Owns    nothing
 * Source  DESIGN.md 5: opened at use, wiped after
 */
#ifndef TESTS_UNIT_FREED_H
#define TESTS_UNIT_FREED_H

/* freed_watch - from now on for this text, which is borrowed; NULL: no more */
void freed_watch(const char *text);

/* freed_with - how many blocks held it since the last time */
int freed_with(void);

#endif
