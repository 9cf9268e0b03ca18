/*
 * forward.h - a request that goes to its provider as it came, but for what is ours in it.
 *
 * Shapes  the caller's bytes with a value here and there replaced; headers of ours alone
 * Units   bytes
 * Errors  RC_TOO_LARGE past the request's buffer
 * Owns    nothing
 * Source  API.md 3, "Passthrough"
 */
#ifndef ADAPTERS_FORWARD_H
#define ADAPTERS_FORWARD_H

#include "adapters/adapter.h"

/* forward_body - `model` is call->model, inserted as the first member where it is absent; counted:
   stream_options asks for the usage of the stream, whatever the caller asked */
enum rc forward_body(const struct adapter_call *call, bool counted, struct buf *out,
    struct error *err);

/* forward_header - one of ours, unless extraConfig.headers has another value for it */
void forward_header(const struct adapter_call *call, struct adapter_request *out,
    const char *name, const char *value);

/* forward_headers - Content-Type, Accept, the key as a Bearer token, and extraConfig.headers */
void forward_headers(const struct adapter_call *call, struct adapter_request *out);

/* forward_extra - extraConfig.headers */
void forward_extra(const struct adapter_call *call, struct adapter_request *out);

/* forward_event - a stream's event as it came; one that the body's end cut is made whole */
enum rc forward_event(const struct sse_event *event, struct buf *out, struct error *err);

#endif
