/* source.c - read a file of the source */
#include <criterion/criterion.h>
#include <stdio.h>

#include "base/mem.h"
#include "tests/unit/source.h"

#define SOURCE_MAX (256 * 1024)		/* bytes of a file, with a NUL */

/* source_read - the whole file, as text */
char *
source_read(const char *path)
{
	char name[512], *text = x_malloc(SOURCE_MAX);
	size_t n;
	FILE *f;

	snprintf(name, sizeof(name), "%s%s", path[0] == '/' ? "" : SOURCE_DIR "/", path);
	cr_assert_not_null(f = fopen(name, "r"), "%s", name);
	n = fread(text, 1, SOURCE_MAX - 1, f);
	cr_assert(feof(f), "%s is too long", path);
	fclose(f);
	text[n] = '\0';
	return text;
}
