/*
 * route.h - the table of everything that can be asked, and how to find a row in it.
 *
 * Shapes  a path is fixed segments, and at most one piece that is free: ":id" is one segment, "*id"
 *         (at the end) the rest, '/' included
 * Units   none
 * Errors  NULL with the methods that the path has (none: the path is unknown)
 * Owns    a found argument is the caller's
 * Source  API.md 1 (permissions), 2 and 3 (paths)
 */
#ifndef FCGI_ROUTE_H
#define FCGI_ROUTE_H

#include <stdbool.h>

#include "fcgi/path.h"
#include "store/records.h"

struct request;

enum method { GET, HEAD, POST, PUT, DELETE, OPTIONS, METHOD_OTHER, METHOD_ANY };

enum route_flags {
	R_PUBLIC	= 1,		/* no token asked; answered when all threads are busy */
	R_JSON		= 2,		/* takes a JSON body: 415, 413 before the handler */
	R_V1		= 4,		/* errors in the shape of inference (API.md 3) */
	R_INFER		= 8,		/* an inference call: a refusal leaves an audit line */
	R_METRICS	= 16,		/* R_PUBLIC where the configuration says so */
};

#define R_API_SHIFT	8		/* above the flags: the enum api of an inference call */

struct action {				/* the permission that a row needs */
	bool		needed;		/* false: any identity */
	enum verb	verb;
	enum resource	resource;	/* of objects: also which kind the handler works on */
	const char	*operation;	/* "migrate-secrets": `run` on it is asked for instead; NULL */
};

/* a handler answers and returns RC_OK, or says what is wrong and leaves the answer to the
   dispatcher; an early one looks at the path before the body is read, and does not answer */
typedef enum rc route_handler(struct request *r, struct error *err);

struct route {
	enum method	 method;	/* METHOD_ANY: what no other row's path takes */
	const char	*path;
	struct action	 action;
	unsigned	 flags;
	route_handler	*handler;
	route_handler	*early;		/* MAY */
};

extern const struct route routes[];	/* ends with path NULL */

enum method method_find(const char *name);
const char *method_name(enum method m);

/* route_find - *arg is made when the row has a free piece, else NULL; where no row is found, *allow
   has a bit (1 << method) for each method that the path does take */
const struct route *route_find(const struct route *rows, enum method m, const struct path *p,
    char **arg, unsigned *allow);

/* route_allow - "GET, HEAD, POST": the value of Allow */
#define ROUTE_ALLOW_MAX 64		/* bytes, with the NUL */
void route_allow(unsigned allow, char out[ROUTE_ALLOW_MAX]);

#endif
