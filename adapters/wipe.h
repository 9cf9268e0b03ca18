/*
 * wipe.h - an allocator whose free wipes, for libraries that keep copies of keys.
 *
 * Shapes  the five functions of malloc(3)'s family; blocks are aligned as malloc's are
 * Units   bytes
 * Errors  NULL where malloc(3) gives NULL: the library has its own way with that
 * Owns    a block must go back to this family, never to free(3)
 * Source  DESIGN.md 5; curl_global_init_mem(3), CRYPTO_set_mem_functions(3)
 */
#ifndef ADAPTERS_WIPE_H
#define ADAPTERS_WIPE_H

#include <stddef.h>

void *wipe_malloc(size_t n);
void *wipe_calloc(size_t n, size_t size);
void *wipe_realloc(void *p, size_t n);
char *wipe_strdup(const char *s);
void wipe_free(void *p);

/* wipe_crypto - make libcrypto use it; in vain, and harmless, once libcrypto has allocated */
void wipe_crypto(void);

#endif
