/* wipe.c - each block knows its size, so that all of it can be overwritten */
#include <openssl/crypto.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/wipe.h"
#include "base/mem.h"

struct head {				/* in front of each block */
	_Alignas(max_align_t) size_t n;	/* bytes of the block without the head */
};

/* wipe_malloc - n bytes behind their head */
void *
wipe_malloc(size_t n)
{
	struct head *h;

	if (n > SIZE_MAX - sizeof(*h) || (h = malloc(sizeof(*h) + n)) == NULL)
		return NULL;
	h->n = n;
	return h + 1;
}

/* wipe_calloc - zeroed */
void *
wipe_calloc(size_t n, size_t size)
{
	size_t all;
	void *p;

	if (__builtin_mul_overflow(n, size, &all) || (p = wipe_malloc(all)) == NULL)
		return NULL;
	return memset(p, 0, all);
}

/* wipe_realloc - always a new block: realloc(3) may leave the old bytes behind unwiped */
void *
wipe_realloc(void *old, size_t n)
{
	size_t had;
	void *p;

	if (old == NULL)
		return wipe_malloc(n);
	if ((p = wipe_malloc(n)) == NULL)
		return NULL;
	had = ((struct head *)old - 1)->n;
	memcpy(p, old, had < n ? had : n);
	wipe_free(old);
	return p;
}

/* wipe_strdup - a copy */
char *
wipe_strdup(const char *s)
{
	size_t n = strlen(s) + 1;
	char *p = wipe_malloc(n);

	return p != NULL ? memcpy(p, s, n) : NULL;
}

/* wipe_free - NULL is fine */
void
wipe_free(void *p)
{
	struct head *h = p;

	if (h == NULL)
		return;
	h--;
	mem_wipe(h, sizeof(*h) + h->n);
	free(h);
}

/* crypto_malloc - libcrypto takes 0 bytes for NULL, and says where it asks from */
static void *
crypto_malloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return n == 0 ? NULL : wipe_malloc(n);
}

/* crypto_realloc - 0 bytes is a free */
static void *
crypto_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	if (n > 0)
		return wipe_realloc(p, n);
	wipe_free(p);
	return NULL;
}

/* crypto_free - with libcrypto's arguments */
static void
crypto_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	wipe_free(p);
}

/* wipe_crypto - libcrypto refuses by itself when it is too late */
void
wipe_crypto(void)
{
	(void)CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free);
}
