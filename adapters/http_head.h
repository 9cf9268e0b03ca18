/*
 * http_head.h - an answer's head, collected line by line.
 *
 * Shapes  1xx heads come and go; the final one stays, then whole is set and trailers are ignored
 * Units   bytes, lines
 * Errors  RC_UPSTREAM: a line longer than max_line, more than HTTP_HEADERS_MAX lines or
 *         HTTP_HEAD_MAX bytes
 * Owns    http_head_release() frees; head.of points into the struct, so it must not be copied
 * Source  RFC 9112 4 and 5; http.c is its only user
 */
#ifndef ADAPTERS_HTTP_HEAD_H
#define ADAPTERS_HTTP_HEAD_H

#include "adapters/http.h"

#define HTTP_HEADERS_MAX	128	/* header lines of one answer */
#define HTTP_HEAD_MAX		262144	/* bytes of them all; libcurl gives up at 307 200 */

struct http_lines {
	struct http_head	head;	/* status 0: no status line yet */
	bool			whole;
	size_t			max_line;
	size_t			size;	/* bytes of all lines, those of 1xx heads too */
	size_t			n;
	struct http_header	v[HTTP_HEADERS_MAX];	/* each one block, the name's */
};

void http_head_init(struct http_lines *l, size_t max_line);
enum rc http_head_line(struct http_lines *l, const char *p, size_t n, struct error *err);
void http_head_release(struct http_lines *l);

#endif
