/*
 * names.h - texts as small numbers, in memory that processes share, without a lock.
 *
 * Shapes  a hash table; blank memory is an empty one. Two who add the same text at once may give it two
 *         numbers: whoever sums up goes by the text. A number is a text's for good, unless its owner
 *         gives it back: then it may be another's at any moment, which whoever uses numbers must see by
 *         what they stand for
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

/* names_is - is it this text's number, now */
bool names_is(const struct name *names, uint32_t number, const char *text);

/* names_used - how many of n numbers are somebody's */
uint32_t names_used(const struct name *names, uint32_t n);

/* names_leave - from now on nobody finds the number, nor gets it, until names_left(); false: it is no
   text's. names_leaves - one that was left between the two */
bool names_leave(struct name *names, uint32_t number);
bool names_leaves(const struct name *names, uint32_t number);

/* names_left - back: anyone may have it; else it is its text's again */
void names_left(struct name *names, uint32_t number, bool back);

/* names_hash - of n bytes; anyone can make others collide: it only decides where to look first */
uint64_t names_hash(const void *p, size_t n);

#endif
