/*
 * body.h - what we must know of a caller's request, whatever else is in it.
 *
 * Shapes  the body is text that is forwarded or translated; what we act on are spans of it
 * Units   bytes; max_nesting in levels
 * Errors  RC_INVALID with the failure filled (400 that names the member)
 * Owns    nothing: the spans live as long as the body
 * Source  API.md 3
 */
#ifndef SERVICE_BODY_H
#define SERVICE_BODY_H

#include "adapters/adapter.h"

/* body_scan - call->api, body and body_len are set; fills object, model_at, options_at, stream and
   include_usage */
enum rc body_scan(struct adapter_call *call, unsigned max_nesting, struct failure *f);

#endif
