/* answer.c - the streaming engine: provider events in, client bytes out */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "service/answer.h"

#define OUT_SLACK	65536		/* bytes beside one event that may wait for a write */
#define WRITE_AT	32768		/* bytes of events that are written without waiting for more */
#define EVENTS_MOST	8		/* times its size may a whole answer have as events */
#define DRAIN_LOOK_MS	1000		/* how often a silent call looks whether we shut down */

/* answer_init - nothing sent, nothing known */
void
answer_init(struct answer *a, const struct config *cfg, const struct adapter *adapter,
    const struct adapter_call *call, const struct scrub *scrub, struct sink *sink,
    const atomic_int *draining)
{
	memset(a, 0, sizeof(*a));
	a->cfg = cfg;
	a->adapter = adapter;
	a->call = call;
	a->dialect = dialect_of(call->api);
	a->scrub = scrub;
	a->sink = sink;
	a->draining = draining;
	a->started_ms = a->last_write_ms = clock_mono_ms();
	a->first_byte_ms = -1;
	sse_init(&a->sse, (size_t)cfg->max_event);
	buf_init(&a->out, (size_t)cfg->max_event + OUT_SLACK);
	buf_init(&a->whole, (size_t)cfg->max_answer);
	a->stream.usage = (struct usage){ -1, -1, -1 };
	a->stream.state = x_calloc(1, adapter->stream_size);
}

/* answer_release - free what it holds */
void
answer_release(struct answer *a)
{
	if (a->adapter->stream_release != NULL)
		a->adapter->stream_release(a->stream.state);
	free(a->stream.state);
	mem_wipe(&a->stream.failure, sizeof(a->stream.failure));	/* it was not scrubbed */
	answer_headers_release(a);
	sse_release(&a->sse);
	buf_wipe(&a->out);			/* a provider may have repeated the key */
	buf_wipe(&a->whole);
}

/* commit - status and headers to the client; length -1 is a stream */
static enum rc
commit(struct answer *a, int status, int64_t length, struct error *err)
{
	if (length < 0) {
		answer_header_add(a, "Content-Type", "text/event-stream");
		answer_header_add(a, "Cache-Control", "no-cache, no-transform");
		answer_header_add(a, "X-Accel-Buffering", "no");
	} else {
		answer_header_add(a, "Content-Type", "application/json");
	}
	a->committed = true;
	a->status = status;
	a->last_write_ms = clock_mono_ms();
	return a->sink->start(a->sink, status, a->headers, a->nheaders, length, err);
}

/* put - bytes to the client now */
static enum rc
put(struct answer *a, const char *p, size_t n, struct error *err)
{
	enum rc rc = a->sink->write(a->sink, p, n, err);

	a->last_write_ms = clock_mono_ms();
	return rc;
}

/* put_out - the events that wait */
static enum rc
put_out(struct answer *a, struct error *err)
{
	enum rc rc = RC_OK;

	if (a->out.len > 0)
		rc = put(a, a->out.p, a->out.len, err);
	buf_clear(&a->out);
	return rc;
}

/* way_of_answer - how a 2xx is to be read */
static enum rc
way_of_answer(struct answer *a, const struct http_head *head, struct error *err)
{
	const char *type = http_head_value(head, "content-type", 0);

	if (!answer_is_plain(head))
		return error_set(err, RC_UPSTREAM, "the answer is encoded, though nothing but "
		    "plain bytes was asked for");
	if (answer_is_type(type, "text/event-stream")) {
		if (!a->call->stream)
			return error_set(err, RC_UPSTREAM,
			    "a stream came, though none was asked for");
		a->way = ANSWER_EVENTS;
		return RC_OK;
	}
	a->way = !a->call->stream || answer_is_type(type, "application/json") ? ANSWER_WHOLE
	    : ANSWER_UNSURE;
	return RC_OK;
}

/* on_head - the provider's status decides ours */
static enum rc
on_head(void *arg, const struct http_head *head, struct error *err)
{
	struct answer *a = arg;
	enum rc rc;

	a->upstream_status = head->status;
	if (!a->committed)
		answer_headers_keep(a, head);
	if (head->status < 200 || head->status > 299) {
		a->way = ANSWER_REFUSED;
		return RC_OK;
	}
	if ((rc = way_of_answer(a, head, err)) != RC_OK)
		return rc;
	if (a->way != ANSWER_EVENTS || a->committed)
		return RC_OK;
	if ((rc = commit(a, 200, -1, err)) != RC_OK)
		return rc;
	return a->sink->flush(a->sink, err);
}

/* on_event - one event of a stream; after its end the rest is not the client's */
static enum rc
on_event(void *arg, const struct sse_event *event, struct error *err)
{
	struct answer *a = arg;
	size_t before = a->out.len;
	enum rc rc;

	if (a->stream.ended || a->stream.failed)
		return RC_OK;
	rc = a->adapter->event(a->call, &a->stream, event, &a->out, err);
	if (rc != RC_OK)
		return rc;
	if (a->stream.words && a->out.len > before) {
		scrub_text(a->scrub, a->out.p + before);
		a->out.len = before + strlen(a->out.p + before);
	}
	if (a->stream.failed)
		return error_set(err, RC_UPSTREAM, "%s", a->stream.failure.message);
	if (a->stream.ended) {
		a->ended_ms = clock_mono_ms();
		sink_ending(a->sink);
	}
	return a->out.len < WRITE_AT ? RC_OK : put_out(a, err);
}

/*
 * look - a provider that names no type: the first byte that is not blank tells JSON from events, which
 * may have a byte order mark before them. What was read so far is kept in whole.
 */
static enum rc
look(struct answer *a, struct error *err)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t n = sizeof(mark) - 1, i;
	enum rc rc;

	if (a->whole.len < n && memcmp(a->whole.p, mark, a->whole.len) == 0)
		return RC_OK;
	i = strncmp(a->whole.p, mark, n) == 0 ? n : 0;
	i += strspn(a->whole.p + i, " \t\r\n");
	if (i == a->whole.len)
		return RC_OK;
	if (strchr("{[", a->whole.p[i]) != NULL) {
		a->way = ANSWER_WHOLE;
		return RC_OK;
	}
	if (strchr("deir:", a->whole.p[i]) == NULL)	/* data, event, id, retry, a comment */
		return error_set(err, RC_UPSTREAM, "the answer is neither events nor JSON");
	a->way = ANSWER_EVENTS;
	if (!a->committed && (rc = commit(a, 200, -1, err)) != RC_OK)
		return rc;
	rc = sse_feed(&a->sse, a->whole.p, a->whole.len, on_event, a, err);
	buf_wipe(&a->whole);
	return rc;
}

/* on_data - bytes of the provider's body */
static enum rc
on_data(void *arg, const char *p, size_t n, struct error *err)
{
	struct answer *a = arg;
	enum rc rc;

	if (a->first_byte_ms < 0)
		a->first_byte_ms = clock_mono_ms() - a->started_ms;
	switch (a->way) {
	case ANSWER_EVENTS:
		rc = sse_feed(&a->sse, p, n, on_event, a, err);
		if (rc == RC_TOO_LARGE)
			return error_set(err, RC_UPSTREAM, "one event is larger than %lld bytes",
			    (long long)a->cfg->max_event);
		return rc;
	case ANSWER_REFUSED:
		if (n > ANSWER_REFUSAL_MAX - a->whole.len)
			n = ANSWER_REFUSAL_MAX - a->whole.len;
		return buf_add(&a->whole, p, n, err);
	default:
		if (buf_add(&a->whole, p, n, err) != RC_OK)
			return error_set(err, RC_UPSTREAM, "the answer is larger than %lld bytes",
			    (long long)a->cfg->max_answer);
		return a->way == ANSWER_UNSURE ? look(a, err) : RC_OK;
	}
}

/* on_drained - all that came is with us: one write, one flush */
static enum rc
on_drained(void *arg, struct error *err)
{
	struct answer *a = arg;
	enum rc rc;

	if (a->out.len == 0)
		return RC_OK;
	if ((rc = put_out(a, err)) != RC_OK)
		return rc;
	return a->sink->flush(a->sink, err);
}

/* comment - a sign of life to the client of a stream */
static enum rc
comment(struct answer *a, struct error *err)
{
	enum rc rc = RC_OK;

	a->sse.late = true;
	if (!a->committed)
		rc = commit(a, 200, -1, err);
	if (rc == RC_OK)
		rc = put(a, a->dialect->keepalive, strlen(a->dialect->keepalive), err);
	return rc == RC_OK ? a->sink->flush(a->sink, err) : rc;
}

/* next_comment_ms - when the client of a stream must hear something; 0: never */
static int64_t
next_comment_ms(const struct answer *a)
{
	if (!a->call->stream)
		return 0;
	if (a->committed)
		return a->last_write_ms + a->cfg->keepalive_seconds * 1000;
	return a->way == ANSWER_WAITING ? a->started_ms + a->cfg->keepalive_after_ms : 0;
}

/* on_tick - time passed: keepalives, the end of a stream that stays open, our own shutdown */
static enum rc
on_tick(void *arg, int64_t now_ms, int64_t *next_ms, struct error *err)
{
	struct answer *a = arg;
	int64_t due = next_comment_ms(a);
	enum rc rc;

	if (a->draining != NULL && atomic_load(a->draining))
		return error_set(err, RC_UNAVAILABLE, "the gateway is shutting down");
	*next_ms = now_ms + DRAIN_LOOK_MS;
	if (a->stream.ended) {
		if (now_ms >= a->ended_ms + ANSWER_END_GRACE_MS)
			return error_set(err, RC_GONE, "the stream ended");
		*next_ms = a->ended_ms + ANSWER_END_GRACE_MS;
		return RC_OK;
	}
	if (due == 0)
		return RC_OK;
	if (now_ms >= due) {
		if ((rc = comment(a, err)) != RC_OK)
			return rc;
		due = next_comment_ms(a);
	}
	if (due < *next_ms)
		*next_ms = due;
	return RC_OK;
}

/* on_watch - the client's side has something to say */
static enum rc
on_watch(void *arg, bool *again, struct error *err)
{
	struct answer *a = arg;

	return a->sink->watch(a->sink, again, err);
}

/* answer_events - the callbacks of one call */
struct http_events
answer_events(struct answer *a)
{
	return (struct http_events){
		.arg = a,
		.head = on_head,
		.data = on_data,
		.drained = on_drained,
		.tick = on_tick,
		.watch_fd = a->sink->watch_fd,
		.watch = on_watch,
	};
}

/* send_events - a checked answer to a client whose stream is open already */
static enum rc
send_events(struct answer *a, const struct buf *body, struct error *err)
{
	struct buf events = BUF_INIT(EVENTS_MOST * a->whole.max + OUT_SLACK);
	enum rc rc = a->dialect->whole(a->call, body->p, body->len, &events, err);
	char *words = NULL;

	if (rc == RC_TOO_LARGE)
		rc = error_set(err, RC_UPSTREAM, "the answer is larger than %zu bytes", events.max);
	if (rc == RC_OK && a->dialect->words != NULL)
		words = strstr(events.p, a->dialect->words);
	if (words != NULL) {
		scrub_text(a->scrub, words);
		events.len = (size_t)(words - events.p) + strlen(words);
	}
	if (rc == RC_OK)
		rc = put(a, events.p, events.len, err);
	buf_wipe(&events);
	return rc;
}

/* send_whole - a checked answer, with its length */
static enum rc
send_whole(struct answer *a, const struct buf *body, struct error *err)
{
	enum rc rc;

	if (a->committed)
		return send_events(a, body, err);
	rc = commit(a, a->upstream_status, (int64_t)body->len, err);
	return rc == RC_OK ? put(a, body->p, body->len, err) : rc;
}

/* end_of_whole - the body is complete: is it an answer */
static enum rc
end_of_whole(struct answer *a, struct error *err)
{
	struct buf body = BUF_INIT(a->whole.max + OUT_SLACK);
	enum rc rc;

	rc = a->adapter->response(a->call, a->whole.p, a->whole.len, &body, &a->stream.usage, err);
	if (rc == RC_OK)
		rc = send_whole(a, &body, err);
	buf_wipe(&body);
	return rc;
}

/* end_of_events - the body is complete: was that the stream's end */
static enum rc
end_of_events(struct answer *a, struct error *err)
{
	enum rc rc = sse_end(&a->sse, on_event, a, err);

	if (rc == RC_OK && !a->stream.ended)
		rc = a->adapter->finish(a->call, &a->stream, &a->out, err);
	if (rc == RC_OK)
		rc = put_out(a, err);
	return rc;
}

/* name_refusal - the provider's status is known, and its words as far as they came */
static void
name_refusal(struct answer *a)
{
	a->failed = true;
	if (a->adapter->refusal != NULL)
		a->adapter->refusal(a->call, a->upstream_status, a->whole.p, a->whole.len,
		    &a->failure);
	else
		failure_answer(&a->failure, a->call->type, a->upstream_status, a->whole.p,
		    a->whole.len);
}

/* end_of_body - the provider's body ended cleanly */
static enum rc
end_of_body(struct answer *a, struct error *err)
{
	switch (a->way) {
	case ANSWER_EVENTS:
		return end_of_events(a, err);
	case ANSWER_WHOLE:
		return end_of_whole(a, err);
	case ANSWER_REFUSED:
		name_refusal(a);
		return RC_OK;
	default:
		return error_set(err, RC_UPSTREAM, "the answer is empty");
	}
}

/* name_failure - why there is no whole answer, from the code that ended the call */
static void
name_failure(struct answer *a, enum rc rc, const struct error *err)
{
	struct error named = *err;

	a->failed = true;
	if (a->stream.failed) {
		a->failure = a->stream.failure;
	} else if (rc == RC_UNAVAILABLE) {
		failure_set(&a->failure, FAILURE_SATURATED, NULL, "%s", err->msg);
	} else if (a->way == ANSWER_REFUSED) {
		name_refusal(a);
	} else if (a->way == ANSWER_EVENTS && rc == RC_UPSTREAM) {
		failure_set(&a->failure, FAILURE_CUT, NULL, "%s: %s", a->call->type, err->msg);
	} else {
		named.rc = rc;
		error_prefix(&named, "%s", a->call->type);
		failure_rc(&a->failure, &named);
	}
}

/* send_refusal - before the client's status: a real one, with what the client acts on */
static enum rc
send_refusal(struct answer *a, struct error *err)
{
	struct buf body = BUF_INIT(OUT_SLACK);
	enum rc rc;

	if (a->failure.no_retry) {
		answer_header_drop(a, "x-should-retry");
		answer_header_add(a, "x-should-retry", "false");
	}
	if (a->failure.retry_after[0] != '\0' && !answer_header_has(a, "retry-after"))
		answer_header_add(a, "retry-after", a->failure.retry_after);
	a->dialect->failure(&a->failure, a->call->request_id, &body);
	rc = commit(a, a->failure.status, (int64_t)body.len, err);
	if (rc == RC_OK)
		rc = put(a, body.p, body.len, err);
	buf_release(&body);
	return rc;
}

/* send_error_event - after it: an event, no [DONE], no invented finish_reason */
static enum rc
send_error_event(struct answer *a, struct error *err)
{
	struct buf body = BUF_INIT(OUT_SLACK);
	enum rc rc;

	dialect_event(a->dialect, &a->failure, a->call->request_id, &body);
	rc = put_out(a, err);			/* the whole events before the fault are the client's */
	if (rc == RC_OK)
		rc = put(a, body.p, body.len, err);
	buf_release(&body);
	return rc;
}

/* answer_local - as if an empty body had come */
void
answer_local(struct answer *a)
{
	a->way = ANSWER_WHOLE;
	a->upstream_status = 200;
}

/* answer_finish - one place where every end comes together */
void
answer_finish(struct answer *a, enum rc rc, const struct error *err)
{
	struct error e = *err;

	sink_ending(a->sink);
	if (a->stream.ended)
		rc = put_out(a, &e);		/* whatever the provider did after its last word */
	else if (rc == RC_OK)
		rc = end_of_body(a, &e);
	if (rc != RC_OK && rc != RC_GONE)
		name_failure(a, rc, &e);
	if (a->failed && rc != RC_GONE) {
		scrub_text(a->scrub, a->failure.message);
		scrub_text(a->scrub, a->failure.code);
		scrub_text(a->scrub, a->failure.param);
		scrub_text(a->scrub, a->failure.log);
		scrub_text(a->scrub, a->failure.native);
		rc = a->committed ? send_error_event(a, &e) : send_refusal(a, &e);
		a->status = a->failure.status;
	}
	if (rc == RC_OK)
		rc = a->sink->flush(a->sink, &e);
	a->gone = rc == RC_GONE;
	if (a->gone && !a->committed)
		a->status = rc_info(RC_GONE)->http;
}
