/*
 * udiff.h - two texts as a unified diff.
 *
 * Shapes  lines that end with \n (a last one without is taken as if it had one); hunks with
 *         UDIFF_CONTEXT lines around each change
 * Units   lines
 * Errors  none; a failed write stands in ferror(out)
 * Owns    nothing
 * Source  POSIX diff -u
 */
#ifndef CLI_UDIFF_H
#define CLI_UDIFF_H

#include <stdbool.h>
#include <stdio.h>

#define UDIFF_CONTEXT	3		/* lines before and after a change */
#define UDIFF_CELLS	(16 << 20)	/* lines times lines that are compared; more: all is replaced */

/* udiff_print - true: they differ, and it was printed. from and to are the names of the two sides */
bool udiff_print(const char *from, const char *a, const char *to, const char *b, bool colour,
    FILE *out);

#endif
