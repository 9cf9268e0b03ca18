/* h_heartbeat.c - POST /api/v1/heartbeat: does a body pass the web server whole, and does it send on
   what we write when we write it; mcpctl doctor asks */
#include <json-c/json.h>
#include <stdio.h>

#include "base/clock.h"
#include "fcgi/handlers.h"
#include "fcgi/reply.h"

#define HEARTBEAT_MS	500		/* ms between the two events: a thread is held for so long */
#define HEARTBEAT_EVENT	256		/* bytes of one, with the NUL */
/* bytes of a comment before it, which make it as long as those of a model: Apache's mod_deflate holds
   back the first 68 of a body, whatever it is told */
#define HEARTBEAT_PAD	100

/* beat - one event, out now */
static enum rc
beat(struct request *r, int n, struct error *err)
{
	char text[HEARTBEAT_EVENT];
	int len = snprintf(text, sizeof(text), ": %0*d\ndata: {\"beat\":%d,\"bytes\":%zu}\n\n",
	    HEARTBEAT_PAD, 0, n, r->body.len);
	enum rc rc = reply_write(r, text, (size_t)len, err);

	return rc == RC_OK ? reply_flush(r, err) : rc;
}

/* do_heartbeat - with the headers of every stream; a body that was changed on its way is no JSON */
enum rc
do_heartbeat(struct request *r, struct error *err)
{
	struct json_object *body;
	enum rc rc;

	if ((rc = request_object(r, &body, err)) != RC_OK)
		return rc;
	json_object_put(body);
	reply_header(r, "Content-Type", "text/event-stream");
	reply_header(r, "Cache-Control", "no-cache, no-transform");
	reply_header(r, "X-Accel-Buffering", "no");
	if ((rc = reply_start(r, 200, -1, err)) != RC_OK || (rc = beat(r, 1, err)) != RC_OK)
		return rc;
	clock_nap(HEARTBEAT_MS);
	io_ending(r->io);
	return beat(r, 2, err);
}
