/*
 * grid.h - columns that line up.
 *
 * Shapes  cells are added one by one, row after row; the first row may be the headers
 * Units   columns of a terminal
 * Errors  none; a failed write stands in ferror(out) until the end
 * Owns    grid_release() frees; cells are copies, cleaned for the terminal (text.h)
 * Source  CLI.md
 */
#ifndef CLI_GRID_H
#define CLI_GRID_H

#include <stddef.h>
#include <stdio.h>

#define GRID_GAP 3			/* columns between two columns */

struct grid {
	size_t	 columns;
	char	**cells;
	size_t	 n;
};

void grid_init(struct grid *g, size_t columns);
void grid_add(struct grid *g, const char *cell);

/* grid_print - each column as wide as its widest cell, no blanks at the end of a line */
void grid_print(const struct grid *g, size_t indent, FILE *out);
void grid_release(struct grid *g);

#endif
