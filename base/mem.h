/*
 * mem.h - memory that is there, or the process is not.
 *
 * Shapes  every x_ function succeeds or aborts: no caller has an out-of-memory branch.
 *         So allocate before you open a transaction (the kernel may end us here)
 * Units   bytes
 * Errors  none are returned
 * Owns    the caller frees what it is given, with free(3), or mem_free_wiped() for secrets
 * Source  Postfix mymalloc(3)
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdarg.h>
#include <stddef.h>

void *x_malloc(size_t n);
void *x_calloc(size_t n, size_t size);
void *x_realloc(void *p, size_t n);
char *x_strdup(const char *s);			/* NULL gives NULL */
char *x_strndup(const char *s, size_t n);
char *x_asprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *x_vasprintf(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

/* mem_wipe - overwrite n bytes in a way the compiler keeps */
void mem_wipe(void *p, size_t n);

/* mem_free_wiped - wipe a NUL-terminated secret, then free it; NULL is fine */
void mem_free_wiped(char *s);

#endif
