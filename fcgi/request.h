/*
 * request.h - one request: what was asked, by whom, and what has been answered so far.
 *
 * Shapes  all texts are borrowed from the connection, which lives as long as the request; what was
 *         not sent is NULL
 * Units   bytes
 * Errors  request_body(): RC_TOO_LARGE past max_body, RC_INVALID when it stalls
 *         or ends early, RC_GONE
 * Owns    request_release() frees everything made for the request, and closes the connection
 * Source  RFC 3875 4.1; DESIGN.md 3
 */
#ifndef FCGI_REQUEST_H
#define FCGI_REQUEST_H

#include "adapters/failure.h"
#include "base/buf.h"
#include "base/fault.h"
#include "base/random.h"
#include "fcgi/io.h"
#include "fcgi/route.h"
#include "fcgi/server.h"
#include "service/rbac.h"

struct request {
	struct server		*server;
	const struct config	*cfg;
	struct http		**http;		/* the thread's client; made at its first use */
	bool			 saturated;	/* every thread is busy: public routes only */
	struct io		*io;
	char			 id[REQUEST_ID_SIZE];
	int64_t			 begun_ms;	/* clock_mono_ms() */

	/* what was asked */
	enum method		 method;
	struct path		 path;		/* text NULL: not a path of ours */
	char			*meant;		/* made by request_meant() */
	const char		*request_method, *request_uri, *script_name, *path_info, *query;
	const char		*authorization, *api_key, *remote_user, *sec_fetch_site;
	const char		*origin, *content_type, *if_match;
	const char		*anthropic_version, *anthropic_beta;
	const char		*content_length, *transfer_encoding;

	/* what the dispatcher found out, in this order */
	const struct route	*route;
	char			*arg;		/* the free piece of the path */
	struct service		*svc;
	const struct table	*table;
	struct caller		 caller;
	const struct llm	*llm;		/* of an /infer path */
	struct auditline	*held;		/* of a call whose body is being read; or NULL */
	struct buf		 body;
	bool			 body_done;	/* its end was read, or given up */
	bool			 handled;	/* the handler was called */
	bool			 entered;	/* it counts as one that is worked on */

	/* the answer */
	struct buf		 headers;
	int			 status;	/* 0: nothing was sent yet */
	struct faults		 faults;
	struct failure		 failure;	/* status 0: none */
};

/* request_init - take the connection; the path is resolved */
void request_init(struct request *r, struct server *server, struct http **http, struct io *io);
void request_release(struct request *r);

/* request_meant - the path of the row that was found, else path_meant(): never NULL */
const char *request_meant(struct request *r);

/* request_body - read it to its end into r->body */
enum rc request_body(struct request *r, struct error *err);

/* request_object - the body as a JSON object, owned by the caller, who wipes it: it may hold the values
   of a secret, and its text is wiped with the request */
enum rc request_object(struct request *r, struct json_object **out, struct error *err);

/* request_has_body - as far as the headers tell */
bool request_has_body(const struct request *r);

/* request_drop_body - read what is left and throw it away: a web server may not listen to us before
   it has sent all. Up to the cap, and for a short time only */
void request_drop_body(struct request *r);

/* request_http - the thread's client */
struct http *request_http(struct request *r);

#endif
