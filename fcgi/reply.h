/*
 * reply.h - what goes back.
 *
 * Shapes  the status line and headers of CGI (RFC 3875 6); every answer has x-request-id and
 *         X-Content-Type-Options. Headers are collected with reply_header() until reply_start()
 * Units   bytes; length -1: not known, a stream
 * Errors  RC_GONE
 * Owns    nothing; objects given to reply_json() are freed by it
 * Source  API.md, its head, 2 and 3 (shapes of errors)
 */
#ifndef FCGI_REPLY_H
#define FCGI_REPLY_H

#include <stdint.h>

#include "fcgi/request.h"

struct json_object;

/* reply_header - a name or value that could break out of its line is left out, and logged */
void reply_header(struct request *r, const char *name, const char *value);

/* reply_start - the status and all headers, once; reads the rest of the request's body before */
enum rc reply_start(struct request *r, int status, int64_t length, struct error *err);

/* reply_write - a piece of the body; nothing for HEAD */
enum rc reply_write(struct request *r, const char *p, size_t n, struct error *err);
enum rc reply_flush(struct request *r, struct error *err);

/* reply_json - a whole answer; o NULL: no body */
enum rc reply_json(struct request *r, int status, struct json_object *o, struct error *err);

/* reply_trouble - the answer for a code of ours, in the shape of the path. r->failure is used where
   it is filled, and filled where the path has that shape */
enum rc reply_trouble(struct request *r, const struct error *why, struct error *err);

#endif
