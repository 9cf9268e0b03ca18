/*
 * names.h - texts as small numbers, in memory that processes share, without a lock.
 *
 * Shapes  a hash table that only grows; blank memory is an empty one. Two who add the same text at
 *         once may give it two numbers: whoever sums up goes by the text
 * Units   bytes
 * Errors  NAMES_NONE: not there, or no room
 * Owns    nothing: the memory is the caller's
 * Source  DESIGN.md 4, counters
 */
#ifndef STORE_NAMES_H
#define STORE_NAMES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAMES_TEXT	124		/* bytes of a text with its NUL; a longer one is cut */
#define NAMES_NONE	UINT32_MAX

struct name {
	_Atomic uint32_t	state;	/* 0: blank */
	char			text[NAMES_TEXT];
};

/* names_find - the number of a text; add: where it has none, it gets one */
uint32_t names_find(struct name *names, uint32_t n, const char *text, bool add);

/* names_text - copy a number's text; false: it has none */
bool names_text(const struct name *names, uint32_t n, uint32_t number, char out[NAMES_TEXT]);

/* names_hash - of n bytes; anyone can make others collide: it only decides where to look first */
uint64_t names_hash(const void *p, size_t n);

#endif
