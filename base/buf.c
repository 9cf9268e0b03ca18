/* buf.c - bounded byte strings */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

#define BUF_FIRST 256			/* bytes of the first allocation */

char buf_empty[1];

/* buf_init - empty, with its ceiling */
void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf)BUF_INIT(max);
}

/* room - make place for n more bytes and the NUL; the ceiling was checked. What is outgrown is wiped:
   realloc(3) would leave a copy behind, and bodies and answers may hold a key */
static void
room(struct buf *b, size_t n)
{
	size_t need = b->len + n + 1, cap = b->cap ? b->cap : BUF_FIRST;
	char *p;

	if (need <= b->cap)
		return;
	while (cap < need)
		cap += cap / 2 + 1;
	p = x_malloc(cap);
	memcpy(p, b->p, b->len + 1);
	if (b->cap > 0) {
		mem_wipe(b->p, b->cap);	/* what was cut off its end, too */
		free(b->p);
	}
	b->p = p;
	b->cap = cap;
}

/* buf_add - append, or refuse and change nothing */
enum rc
buf_add(struct buf *b, const void *src, size_t n, struct error *err)
{
	if (n > b->max - b->len)
		return error_set(err, RC_TOO_LARGE, "%zu bytes over the limit of %zu",
		    n - (b->max - b->len), b->max);
	if (n == 0)
		return RC_OK;
	room(b, n);
	memcpy(b->p + b->len, src, n);
	b->len += n;
	b->p[b->len] = '\0';
	return RC_OK;
}

/* buf_addstr - append a C string */
enum rc
buf_addstr(struct buf *b, const char *s, struct error *err)
{
	return buf_add(b, s, strlen(s), err);
}

/* buf_addf - append formatted text */
enum rc
buf_addf(struct buf *b, struct error *err, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n > b->max - b->len) {
		va_end(again);
		return error_set(err, RC_TOO_LARGE, "text over the limit of %zu bytes", b->max);
	}
	room(b, (size_t)n);
	vsnprintf(b->p + b->len, (size_t)n + 1, fmt, again);
	va_end(again);
	b->len += (size_t)n;
	return RC_OK;
}

/* buf_cut - consume from the front */
void
buf_cut(struct buf *b, size_t n)
{
	if (n == 0)
		return;
	if (n > b->len)
		n = b->len;
	memmove(b->p, b->p + n, b->len - n + 1);
	b->len -= n;
}

/* buf_shorten - drop from the end */
void
buf_shorten(struct buf *b, size_t len)
{
	if (len >= b->len)
		return;
	b->len = len;
	b->p[len] = '\0';
}

/* buf_clear - empty it, keep the memory */
void
buf_clear(struct buf *b)
{
	b->len = 0;
	if (b->cap)
		b->p[0] = '\0';
}

/* buf_take - give the bytes away */
char *
buf_take(struct buf *b)
{
	char *p = b->cap ? b->p : x_strdup("");

	buf_init(b, b->max);
	return p;
}

/* buf_release - free the contents */
void
buf_release(struct buf *b)
{
	if (b->cap)
		free(b->p);
	buf_init(b, b->max);
}

/* buf_wipe - the whole capacity: a secret may have been longer than what is left of it */
void
buf_wipe(struct buf *b)
{
	if (b->cap)
		mem_wipe(b->p, b->cap);
	buf_release(b);
}
