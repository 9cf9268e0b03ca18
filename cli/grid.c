/* grid.c - print cells in columns */
#include <stdlib.h>

#include "base/mem.h"
#include "cli/grid.h"
#include "cli/text.h"

/* grid_init - so many columns, no row yet */
void
grid_init(struct grid *g, size_t columns)
{
	*g = (struct grid){ .columns = columns, .widths = x_calloc(columns, sizeof(*g->widths)) };
}

/* grid_add - the next cell of the row */
void
grid_add(struct grid *g, const char *cell)
{
	g->cells = x_realloc(g->cells, (g->n + 1) * sizeof(*g->cells));
	g->cells[g->n++] = text_clean(cell);
}

/* pad - n blanks */
static void
pad(size_t n, FILE *out)
{
	fprintf(out, "%*s", (int)n, "");
}

/* print_row - the last cell that is not empty ends the line */
static void
print_row(const struct grid *g, size_t first, const size_t *widths, size_t indent, FILE *out)
{
	char *const *row = &g->cells[first];
	size_t last = g->columns;

	while (last > 0 && row[last - 1][0] == '\0')
		last--;
	if (last > 0)
		pad(indent, out);
	for (size_t i = 0; i < last; i++) {
		fputs(row[i], out);
		if (i + 1 < last)
			pad(widths[i] - text_columns(row[i]) + GRID_GAP, out);
	}
	fputc('\n', out);
}

/* grid_print - measure, then write */
void
grid_print(struct grid *g, size_t indent, FILE *out)
{
	size_t w;

	for (size_t i = 0; i < g->n; i++)
		if ((w = text_columns(g->cells[i])) > g->widths[i % g->columns])
			g->widths[i % g->columns] = w;
	for (size_t i = 0; i + g->columns <= g->n; i += g->columns)
		print_row(g, i, g->widths, indent, out);
}

/* grid_next - see grid.h */
void
grid_next(struct grid *g)
{
	for (size_t i = 0; i < g->n; i++)
		free(g->cells[i]);
	g->n = 0;
}

/* grid_release - free the cells */
void
grid_release(struct grid *g)
{
	grid_next(g);
	free(g->cells);
	free(g->widths);
	*g = (struct grid){ .columns = 0 };
}
