/*
 * doctor_call.h - one request of the doctor's, and what came back.
 *
 * Shapes  an answer that is an event stream is read as one of /api/v1/heartbeat; all others are kept
 * Units   bytes; at[] in clock_mono_ms(), when an event was whole
 * Errors  those of http_call(): no answer, or one that was cut. Any status is RC_OK
 * Owns    heard_release() frees; struct inquiry borrows
 * Source  docs/API.md, POST /api/v1/heartbeat
 */
#ifndef CLI_DOCTOR_CALL_H
#define CLI_DOCTOR_CALL_H

#include <stdint.h>

#include "adapters/http.h"
#include "adapters/sse.h"
#include "base/buf.h"

struct doctor;

#define BEATS		2		/* events of a heartbeat */
#define HEARD_TEXT	256		/* bytes of a header's value that are kept, with the NUL */

enum as { AS_NOBODY, AS_BEARER, AS_API_KEY };	/* how the token is sent */

struct inquiry {
	const char		*method, *path;
	enum as			 as;
	struct http_header	 header;	/* one more; name NULL: none */
	const char		*body;		/* NULL: none */
	size_t			 len;
};

struct heard {
	int		 status;
	bool		 ours;			/* it has x-request-id and nosniff, as all of mcpd's */
	char		 www[HEARD_TEXT];	/* WWW-Authenticate; "": none */
	char		 encoding[HEARD_TEXT];	/* Content-Encoding; "": none */
	struct buf	 body;
	struct sse	 sse;
	bool		 stream;
	size_t		 beats;
	int64_t		 bytes;			/* of our body that arrived there */
	int64_t		 at[BEATS];
};

enum rc doctor_call(struct doctor *d, const struct inquiry *ask, struct heard *h, struct error *err);
void heard_release(struct heard *h);

#endif
