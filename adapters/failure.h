/*
 * failure.h - what went wrong with an inference call, in the one shape clients get.
 *
 * Shapes  {"error":{"message","type","param","code"}}; param and code may be null
 * Units   status: HTTP; message at most FAILURE_MESSAGE - 1 bytes of UTF-8
 * Errors  none
 * Owns    nothing: struct failure is a value
 * Source  API.md 3, "Errors" (the table there is failure.c's table)
 */
#ifndef ADAPTERS_FAILURE_H
#define ADAPTERS_FAILURE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/rc.h"

#define FAILURE_MESSAGE	2049		/* bytes, with the NUL: 2 KiB of text */
#define FAILURE_TEXT	129		/* bytes, with the NUL, of code and param */

/* causes of ours; a provider's answer goes through failure_answer() */
enum failure_cause {
	FAILURE_TOKEN,			/* 401 invalid_api_key */
	FAILURE_MODEL_NOT_ALLOWED,	/* 403 */
	FAILURE_MODEL_DISABLED,		/* 403 */
	FAILURE_MODEL_NOT_FOUND,	/* 404 */
	FAILURE_NOT_SERVED,		/* 404, a path below /v1 */
	FAILURE_METHOD,			/* 405 */
	FAILURE_REQUEST,		/* 400; param names the field */
	FAILURE_TOO_LARGE,		/* 413 */
	FAILURE_MEDIA_TYPE,		/* 415 */
	FAILURE_UNSUPPORTED,		/* 501, no retry: unsupported_provider */
	FAILURE_KEY,			/* 500 key_unresolved */
	FAILURE_BACKEND,		/* 503 backend_unavailable: the store or a key's backend */
	FAILURE_SATURATED,		/* 503, retry-after 1 */
	FAILURE_TIMEOUT,		/* 504, no retry: upstream_timeout */
	FAILURE_UPSTREAM,		/* 502 upstream_error */
	FAILURE_INTERNAL,		/* 500 internal_error */
	FAILURE_CUT,			/* in a stream: ended before its end; 502 upstream_error */
	FAILURE_GONE,			/* the client left: 499 in the audit, nobody reads it */
	FAILURE__MAX
};

struct failure {
	int	 status;
	char	 type[32];
	char	 code[FAILURE_TEXT];	/* "": null */
	char	 param[FAILURE_TEXT];	/* "": null */
	char	 message[FAILURE_MESSAGE];
	char	 native[FAILURE_TEXT];	/* Anthropic's own type, where its client gets its words;
					   "": by the status */
	char	 kind[FAILURE_TEXT];	/* the audit's "error": always a code of ours, never a
					   provider's words */
	bool	 no_retry;		/* x-should-retry: false */
	char	 retry_after[64];	/* where the provider sent none; "": no header of ours */
	char	 log[FAILURE_MESSAGE];	/* for the log only, scrubbed ("": nothing) */
};

void failure_set(struct failure *f, enum failure_cause cause, const char *param,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* failure_answer - a provider's status and body (any shape, or none); message begins
   "<type>: HTTP <status>". Scrub message, code, param and log before they leave (scrub.h): a text
   that is too long is cut before its last word, so that no half of a key slips through */
void failure_answer(struct failure *f, const char *type, int status, const char *body, size_t len);

/* failure_event - an error object that came inside a stream */
void failure_event(struct failure *f, const char *type, const char *data, size_t len);

/* failure_native, failure_native_event - the same for a client of the provider's own kind: its status,
   type and message stay as they are, but for what is about our key */
void failure_native(struct failure *f, const char *type, int status, const char *body, size_t len);
void failure_native_event(struct failure *f, const char *type, const char *data, size_t len);

/* failure_rc - from a code of ours (http_call's RC_TIMEOUT, RC_UPSTREAM...); RC_TOO_LARGE is the
   request's: one about an answer must be made RC_UPSTREAM first */
void failure_rc(struct failure *f, const struct error *err);

/* failure_json - append the OpenAI shape */
void failure_json(const struct failure *f, struct buf *out);

#endif
