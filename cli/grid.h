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
	size_t	*widths;	/* of what was printed so far; what follows lines up with it */
	char	**cells;
	size_t	 n;
};

void grid_init(struct grid *g, size_t columns);
void grid_add(struct grid *g, const char *cell);

/* grid_print - each column as wide as its widest cell, no blanks at the end of a line */
void grid_print(struct grid *g, size_t indent, FILE *out);

/* grid_next - the rows go, their widths stay: for a table that grows while it is looked at */
void grid_next(struct grid *g);
void grid_release(struct grid *g);

#endif
