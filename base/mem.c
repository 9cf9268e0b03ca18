/* mem.c - allocation that can't fail */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* out_of_memory - the end; no allocation and no stdio on the way */
static void
out_of_memory(void)
{
	abort();
}

/* x_malloc - n bytes, n may be 0 */
void *
x_malloc(size_t n)
{
	void *p = malloc(n ? n : 1);

	if (p == NULL)
		out_of_memory();
	return p;
}

/* x_calloc - zeroed array */
void *
x_calloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (p == NULL)
		out_of_memory();
	return p;
}

/* x_realloc - grow or shrink */
void *
x_realloc(void *old, size_t n)
{
	void *p = realloc(old, n ? n : 1);

	if (p == NULL)
		out_of_memory();
	return p;
}

/* x_strdup - a copy, NULL of NULL */
char *
x_strdup(const char *s)
{
	return s == NULL ? NULL : x_strndup(s, strlen(s));
}

/* x_strndup - a copy of n bytes, NUL-terminated */
char *
x_strndup(const char *s, size_t n)
{
	char *p = x_malloc(n + 1);

	memcpy(p, s, n);
	p[n] = '\0';
	return p;
}

/* x_asprintf - formatted text of any length */
char *
x_asprintf(const char *fmt, ...)
{
	va_list ap;
	char *p;

	va_start(ap, fmt);
	p = x_vasprintf(fmt, ap);
	va_end(ap);
	return p;
}

/* x_vasprintf - measured first: vasprintf(3) leaves copies behind as it grows, and a text may hold a key */
char *
x_vasprintf(const char *fmt, va_list ap)
{
	va_list again;
	char *p;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		out_of_memory();
	p = x_malloc((size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	return p;
}

/* mem_wipe - explicit_bzero is the libc's promise that it happens */
void
mem_wipe(void *p, size_t n)
{
	if (p != NULL && n > 0)
		explicit_bzero(p, n);
}

/* mem_free_wiped - for texts that were secrets */
void
mem_free_wiped(char *s)
{
	if (s == NULL)
		return;
	mem_wipe(s, strlen(s));
	free(s);
}
