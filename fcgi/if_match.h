/*
 * if_match.h - the version that a change was made for.
 *
 * Shapes  "N" or N, and *; 0: no condition, -1: any version (service/catalogue.h)
 * Units   versions from 1
 * Errors  RC_PRECONDITION for what is well-formed and can never match (W/"1", "0", another tag);
 *         RC_INVALID for the rest, lists included
 * Owns    nothing
 * Source  RFC 9110 13.1.1 (the comparison is strong: a weak tag never matches); API.md 2
 */
#ifndef FCGI_IF_MATCH_H
#define FCGI_IF_MATCH_H

#include <stdint.h>

#include "base/rc.h"

/* if_match_parse - text NULL: not sent */
enum rc if_match_parse(const char *text, int64_t *version, struct error *err);

#endif
