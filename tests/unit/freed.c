/* freed.c - a heap that looks at what it is given back */
#include "config.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/freed.h"

static const char *_Atomic watched;
static atomic_int found;

#ifndef WITH_SANITIZER
void __libc_free(void *p);

/* free - after the look */
void
free(void *p)
{
	const char *text = atomic_load(&watched);

	if (p != NULL && text != NULL &&
	    memmem(p, malloc_usable_size(p), text, strlen(text)) != NULL)
		atomic_fetch_add(&found, 1);
	__libc_free(p);
}

/* realloc - always to a new block: what the libc frees by itself would not be seen */
void *
realloc(void *old, size_t n)
{
	size_t had = old != NULL ? malloc_usable_size(old) : 0;
	void *p = malloc(n);

	if (p == NULL)
		return NULL;
	if (old != NULL)
		memcpy(p, old, had < n ? had : n);
	free(old);
	return p;
}
#endif

/* freed_watch - see freed.h */
void
freed_watch(const char *text)
{
	atomic_store(&found, 0);
	atomic_store(&watched, text);
}

/* freed_with - see freed.h */
int
freed_with(void)
{
	return atomic_exchange(&found, 0);
}
