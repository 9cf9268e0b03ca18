/*
 * http_head.h - an answer's head, collected line by line.
 *
 * Shapes  1xx heads come and go; the final one stays, then whole is set and trailers are ignored
 * Units   bytes, lines
 * Errors  RC_UPSTREAM: a line longer than max_line, more than HTTP_HEADERS_MAX lines
 * Owns    http_head_release() frees; head.of points into the struct, so it must not be copied
 * Source  RFC 9112 4 and 5; http.c is its only user
 */
#ifndef ADAPTERS_HTTP_HEAD_H
#define ADAPTERS_HTTP_HEAD_H

#include "adapters/http.h"

#define HTTP_HEADERS_MAX	128	/* header lines of one answer */

struct http_lines {
	struct http_head	head;	/* status 0: no status line yet */
	bool			whole;
	size_t			max_line;
	size_t			n;
	struct http_header	v[HTTP_HEADERS_MAX];	/* each one block, the name's */
};

void http_head_init(struct http_lines *l, size_t max_line);
enum rc http_head_line(struct http_lines *l, const char *p, size_t n, struct error *err);
void http_head_release(struct http_lines *l);

#endif
