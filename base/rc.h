/*
 * rc.h - result codes, and the error text that travels beside them.
 *
 * Shapes  a fallible function returns enum rc and takes struct error *err last;
 *         out-parameters are written only on RC_OK
 * Units   msg holds at most ERROR_MAX - 1 bytes of UTF-8; longer text is cut
 * Errors  whoever knows fills err; callers may prefix context; the edge (the
 *         request dispatcher, the command line's main) logs once and maps the
 *         code through rc_info()
 * Owns    nothing: struct error is a value
 * Source  our own idiom; HTTP numbers are RFC 9110, 507 is RFC 4918, 499 is
 *         nginx's word for a client that left
 */
#ifndef BASE_RC_H
#define BASE_RC_H

#define ERROR_MAX 1024			/* bytes, with the NUL */

enum rc {
	RC_OK = 0,
	RC_INVALID,			/* the input is wrong, and always will be */
	RC_USAGE,			/* the command line is wrong */
	RC_UNAUTHENTICATED,		/* no, bad, expired or revoked token */
	RC_FORBIDDEN,			/* known identity, no permission */
	RC_NOT_FOUND,
	RC_METHOD,			/* the path exists, not with this method */
	RC_CONFLICT,			/* name taken, or object still in use */
	RC_PRECONDITION,		/* If-Match did not match */
	RC_TOO_LARGE,			/* past a named limit */
	RC_MEDIA_TYPE,
	RC_STALE,			/* a compare of a transaction failed: read again, try again */
	RC_RESYNC,			/* the change feed can't answer: read everything */
	RC_BUSY,			/* someone else holds the lock; later it may work */
	RC_UNAVAILABLE,			/* the store or a backend can't be used now */
	RC_UNKNOWN,			/* durable, but not yet visible to readers */
	RC_NO_SPACE,
	RC_IO,				/* the system failed us */
	RC_CORRUPT,			/* stored data is not what we wrote */
	RC_UNSUPPORTED,
	RC_UPSTREAM,			/* the provider failed, or can't be reached */
	RC_TIMEOUT,			/* one of the deadlines of a call passed */
	RC_GONE,			/* the client went away */
	RC__MAX
};

struct error {
	enum rc	rc;
	char	msg[ERROR_MAX];
};

struct rc_info {
	enum rc		 rc;
	const char	*name;		/* for the log */
	int		 http;		/* status of the answer */
	int		 exit;		/* of mcpctl */
};

/* rc_info - the row of a code; never NULL */
const struct rc_info *rc_info(enum rc rc);

/* error_set - fill err (which may be NULL) and return rc, so that one can return it */
enum rc error_set(struct error *err, enum rc rc, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* error_prefix - put context in front of what is there: "context: text"; returns err->rc */
enum rc error_prefix(struct error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
