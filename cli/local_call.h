/*
 * local_call.h - one inference call from the command line, without a server.
 *
 * Shapes  as transport.h says of infer: a 2xx answer goes to the sink, a refusal becomes the error
 * Units   bytes
 * Errors  the codes that a server's status would stand for
 * Owns    borrows all
 * Source  service/infer.h
 */
#ifndef CLI_LOCAL_CALL_H
#define CLI_LOCAL_CALL_H

#include <stddef.h>

#include "base/rc.h"

struct caller;
struct http;
struct service;
struct sink;
struct table;

struct local_call {
	struct service		*svc;
	const struct caller	*caller;
	const struct table	*table;
	struct http		*http;
	const char		*llm;
	const char		*body;
	size_t			 len;
};

enum rc local_call(const struct local_call *c, struct sink *sink, struct error *err);

#endif
