/* local_call.c - the engine of the gateway, with a command's sink at its end */
#include <stdbool.h>

#include "base/clock.h"
#include "base/random.h"
#include "cli/local_call.h"
#include "cli/refusal.h"
#include "service/infer.h"

#define REFUSAL_MAX (64 << 20)		/* bytes of an error's body; max_answer's default */

struct filter {				/* a sink before the command's, which sees only 2xx */
	struct sink	 sink;
	struct sink	*to;
	int		 status;
	struct buf	 kept;		/* of a refusal */
};

/* passes - the answer is one for the command */
static bool
passes(const struct filter *f)
{
	return f->status >= 200 && f->status <= 299;
}

/* start - the status tells which way the body goes */
static enum rc
start(struct sink *s, int status, const struct http_header *headers, size_t n, int64_t length,
    struct error *err)
{
	struct filter *f = (struct filter *)s;

	f->status = status;
	return passes(f) ? f->to->start(f->to, status, headers, n, length, err) : RC_OK;
}

/* put - a piece of the answer */
static enum rc
put(struct sink *s, const char *p, size_t n, struct error *err)
{
	struct filter *f = (struct filter *)s;

	return passes(f) ? f->to->write(f->to, p, n, err) : buf_add(&f->kept, p, n, err);
}

/* flush - out now */
static enum rc
flush(struct sink *s, struct error *err)
{
	struct filter *f = (struct filter *)s;

	return passes(f) ? f->to->flush(f->to, err) : RC_OK;
}

/* watch - has the command had enough */
static enum rc
watch(struct sink *s, bool *again, struct error *err)
{
	struct filter *f = (struct filter *)s;

	return f->to->watch(f->to, again, err);
}

/* explain - a failure that was never sent, as the answer that it would have been */
static enum rc
explain(const struct failure *f, struct error *err)
{
	struct buf text = BUF_INIT(REFUSAL_MAX);
	enum rc rc;

	failure_json(f, &text);
	rc = refusal_error(f->status, text.p, text.len, "mcpctl", NULL, err);
	buf_release(&text);
	return rc;
}

/* local_call - see local_call.h */
enum rc
local_call(const struct local_call *c, struct sink *sink, struct error *err)
{
	struct filter filter = {
		.sink = {
			.start = start, .write = put, .flush = flush, .watch = watch,
			.watch_fd = sink->watch_fd,
		},
		.to = sink, .kept = BUF_INIT(REFUSAL_MAX),
	};
	char id[REQUEST_ID_SIZE];
	struct infer_call call = {
		.table = c->table, .caller = c->caller, .request_id = id,
		.begun_ms = clock_mono_ms(), .api = API_CHAT,
		.body = c->body, .body_len = c->len, .sink = &filter.sink,
	};
	struct failure f = { .status = 0 };
	enum rc rc;

	random_request_id(id);
	if ((rc = infer_find(c->table, c->llm, &call.llm, &f)) == RC_OK)
		rc = infer_run(c->svc, c->http, &call, &f);
	else
		infer_refused(c->svc, &call, c->llm, &f);
	if (rc == RC_GONE)
		rc = error_set(err, RC_GONE, "interrupted");
	else if (rc != RC_OK)
		rc = explain(&f, err);
	else if (!passes(&filter))
		rc = refusal_error(filter.status, filter.kept.p, filter.kept.len, c->llm, NULL,
		    err);
	buf_release(&filter.kept);
	return rc;
}
