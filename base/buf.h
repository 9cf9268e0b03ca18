/*
 * buf.h - growable byte string with a hard ceiling.
 *
 * Shapes  p is never NULL and always NUL-terminated; len excludes the NUL
 * Units   bytes throughout; max is the most it may ever hold
 * Errors  RC_TOO_LARGE past max, contents as they were; out of memory aborts
 * Owns    buf_release() frees; buf_take() hands the bytes to the caller
 * Source  git's strbuf and curl's dynbuf as ideas
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>

#include "base/rc.h"

struct buf {
	char	*p;
	size_t	 len;
	size_t	 cap;			/* 0: p is the shared empty string */
	size_t	 max;
};

extern char buf_empty[];		/* "", shared by all empty buffers */

#define BUF_INIT(most)	{ .p = buf_empty, .len = 0, .cap = 0, .max = (most) }

void buf_init(struct buf *b, size_t max);
enum rc buf_add(struct buf *b, const void *src, size_t n, struct error *err);
enum rc buf_addstr(struct buf *b, const char *s, struct error *err);
enum rc buf_addf(struct buf *b, struct error *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* buf_cut - drop the first n bytes */
void buf_cut(struct buf *b, size_t n);

/* buf_shorten - keep the first len bytes, or all where there are fewer */
void buf_shorten(struct buf *b, size_t len);

/* buf_clear - empty it, keep the memory */
void buf_clear(struct buf *b);

/* buf_take - the bytes, owned by the caller; b is empty afterwards */
char *buf_take(struct buf *b);

/* buf_release - free the contents; b is empty and may be used again */
void buf_release(struct buf *b);

/* buf_wipe - buf_release() for a buffer that held a secret */
void buf_wipe(struct buf *b);

#endif
