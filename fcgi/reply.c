/* reply.c - status line, headers, bodies, and errors in their two shapes */
#include <ctype.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "fcgi/cors.h"
#include "fcgi/reply.h"
#include "service/dialect.h"

#define ERROR_BODY_MAX 65536		/* bytes of an error answer in the shape of inference */

struct reason {
	int		 status;
	const char	*text;
};

static const struct reason reasons[] = {
	{ 200, "OK" }, { 201, "Created" }, { 204, "No Content" }, { 400, "Bad Request" },
	{ 401, "Unauthorized" }, { 403, "Forbidden" }, { 404, "Not Found" },
	{ 405, "Method Not Allowed" }, { 408, "Request Timeout" }, { 409, "Conflict" },
	{ 412, "Precondition Failed" }, { 413, "Content Too Large" },
	{ 415, "Unsupported Media Type" }, { 422, "Unprocessable Content" },
	{ 429, "Too Many Requests" }, { 500, "Internal Server Error" },
	{ 501, "Not Implemented" }, { 502, "Bad Gateway" }, { 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" }, { 507, "Insufficient Storage" },
};

/* reason - the phrase of a status (RFC 3875 6.3.3 wants one) */
static const char *
reason(int status)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return status < 300 ? "OK" : "Error";
}

/* bad_header - would it break out of its line */
static bool
bad_header(const char *name, const char *value)
{
	for (const char *p = name; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && strchr("-_.", *p) == NULL)
			return true;
	for (const char *p = value; *p != '\0'; p++)
		if (iscntrl((unsigned char)*p) && *p != '\t')
			return true;
	return *name == '\0';
}

/* reply_header - one more header */
void
reply_header(struct request *r, const char *name, const char *value)
{
	size_t before = r->headers.len;

	if (bad_header(name, value) ||
	    buf_addf(&r->headers, NULL, "%s: %s\r\n", name, value) != RC_OK) {
		log_warn("%s header %s left out: control characters, or too long", r->id, name);
		r->headers.len = before;
		r->headers.p[before] = '\0';
	}
}

/* is_messages - Anthropic's path, or one below it, whatever comes of it */
static bool
is_messages(struct request *r)
{
	return path_below(request_meant(r), "/v1/messages");
}

/* reply_start - what every answer has, then what was collected */
enum rc
reply_start(struct request *r, int status, int64_t length, struct error *err)
{
	char text[128];
	enum rc rc;
	int n;

	request_drop_body(r);
	reply_header(r, "X-Content-Type-Options", "nosniff");
	reply_header(r, "x-request-id", r->id);
	if (is_messages(r))
		reply_header(r, "request-id", r->id);
	cors_headers(r);
	if (length >= 0) {
		snprintf(text, sizeof(text), "%lld", (long long)length);
		reply_header(r, "Content-Length", text);
	}
	r->status = status;
	if (length >= 0 || status == 204)	/* its end can be known before we have ended it */
		io_ending(r->io);
	n = snprintf(text, sizeof(text), "Status: %d %s\r\n", status, reason(status));
	rc = r->io->ops->write(r->io, text, (size_t)n, err);
	if (rc == RC_OK)
		rc = r->io->ops->write(r->io, r->headers.p, r->headers.len, err);
	if (rc == RC_OK)
		rc = r->io->ops->write(r->io, "\r\n", 2, err);
	return rc;
}

/* reply_write - HEAD has all of GET but the body (RFC 9110 9.3.2) */
enum rc
reply_write(struct request *r, const char *p, size_t n, struct error *err)
{
	if (r->method == HEAD || n == 0)
		return RC_OK;
	return r->io->ops->write(r->io, p, n, err);
}

/* reply_flush - out to the client now */
enum rc
reply_flush(struct request *r, struct error *err)
{
	return r->io->ops->flush(r->io, err);
}

/* send_json - text that is JSON */
static enum rc
send_json(struct request *r, int status, const char *text, size_t len, struct error *err)
{
	enum rc rc;

	reply_header(r, "Content-Type", "application/json");
	rc = reply_start(r, status, (int64_t)len, err);
	return rc == RC_OK ? reply_write(r, text, len, err) : rc;
}

/* reply_json - a whole answer */
enum rc
reply_json(struct request *r, int status, struct json_object *o, struct error *err)
{
	const char *text;
	enum rc rc;

	if (o == NULL)
		return reply_start(r, status, -1, err);
	text = jsonx_text(o);
	rc = send_json(r, status, text, strlen(text), err);
	if (status == 201) {		/* what is new may be a token, and this its only copy */
		mem_wipe((char *)(uintptr_t)text, strlen(text));
		jsonx_wipe(o);
	}
	json_object_put(o);
	return rc;
}

struct cause {
	enum rc			rc;
	enum failure_cause	cause;
};

/* what a code of the dispatcher means on an inference path; the others are failure_rc()'s */
static const struct cause causes[] = {
	{ RC_UNAUTHENTICATED,	FAILURE_TOKEN },
	{ RC_FORBIDDEN,		FAILURE_MODEL_NOT_ALLOWED },
	{ RC_NOT_FOUND,		FAILURE_NOT_SERVED },
	{ RC_METHOD,		FAILURE_METHOD },
	{ RC_INVALID,		FAILURE_REQUEST },
	{ RC_TOO_LARGE,		FAILURE_TOO_LARGE },
	{ RC_MEDIA_TYPE,	FAILURE_MEDIA_TYPE },
	{ RC_BUSY,		FAILURE_SATURATED },
	{ RC_UNAVAILABLE,	FAILURE_BACKEND },
};

/* fill_failure - the inference shape of a code */
static void
fill_failure(struct failure *f, const struct error *why)
{
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		if (causes[i].rc == why->rc) {
			failure_set(f, causes[i].cause, NULL, "%s", why->msg);
			return;
		}
	}
	failure_rc(f, why);
}

/* say - what the client is told; what is not for it stays for the log */
static void
say(struct request *r)
{
	struct failure *f = &r->failure;
	char whole[FAILURE_MESSAGE];

	snprintf(whole, sizeof(whole), "%s", f->message);
	if (config_hide_paths(r->cfg, f->message) && *f->log == '\0')
		memcpy(f->log, whole, sizeof(whole));
}

/* reply_failure - in the shape of the path */
static enum rc
reply_failure(struct request *r, struct error *err)
{
	const struct failure *f = &r->failure;
	struct buf text = BUF_INIT(ERROR_BODY_MAX);
	enum rc rc;

	say(r);
	if (f->no_retry)
		reply_header(r, "x-should-retry", "false");
	if (*f->retry_after != '\0')
		reply_header(r, "retry-after", f->retry_after);
	dialect_of(is_messages(r) ? API_MESSAGES : API_CHAT)->failure(f, r->id, &text);
	rc = send_json(r, f->status, text.p, text.len, err);
	buf_release(&text);
	return rc;
}

/* reply_error - {"error":"message","details":[...]} */
static enum rc
reply_error(struct request *r, const struct error *why, struct error *err)
{
	struct json_object *o = json_object_new_object();
	struct error said = *why;	/* it may hold what was asked, cut where its room ended */

	config_hide_paths(r->cfg, said.msg);	/* the log has the whole text */
	utf8_mend(said.msg);
	jsonx_put_str(o, "error", said.msg);
	if (r->faults.n > 0)
		jsonx_put(o, "details", faults_json(&r->faults));
	if (why->rc == RC_BUSY)
		reply_header(r, "retry-after", "1");
	return reply_json(r, rc_info(why->rc)->http, o, err);
}

/* is_infer - the call of an Llm in the path */
static bool
is_infer(const char *path)
{
	static const char llms[] = "/api/v1/llms/";
	size_t n = sizeof(llms) - 1;

	return strncmp(path, llms, n) == 0 &&
	    path_below(path + n + strcspn(path + n, "/"), "/infer");
}

/* is_v1 - whose errors have the shape of inference; a path without a row, or without one for the
   method, is judged by what it was meant to be */
static bool
is_v1(struct request *r)
{
	const char *meant = request_meant(r);

	if (r->route != NULL)
		return r->route->flags & R_V1;
	return path_below(meant, "/v1") || is_infer(meant) ||
	    (r->path.text != NULL && is_infer(r->path.text));
}

/* reply_trouble - the one place where a code becomes an answer */
enum rc
reply_trouble(struct request *r, const struct error *why, struct error *err)
{
	if (why->rc == RC_UNAUTHENTICATED)
		reply_header(r, "WWW-Authenticate", "Bearer");
	if (r->failure.status == 0 && is_v1(r))
		fill_failure(&r->failure, why);
	if (r->failure.status != 0)
		return reply_failure(r, err);
	return reply_error(r, why, err);
}
