/*
 * dispatch.h - from a request to its answer, by the table.
 *
 * Shapes  checks in this order: path, method, load, store, identity, permission, what the row
 *         looks at early, media type, size; then the handler. What any of them refuses is
 *         answered and logged in one place
 * Units   none
 * Errors  none: every end is an answer, or a client that left
 * Owns    nothing
 * Source  API.md 1, DESIGN.md 3
 */
#ifndef FCGI_DISPATCH_H
#define FCGI_DISPATCH_H

#include "fcgi/request.h"

void dispatch(struct request *r, const struct route *rows);

#endif
