/* doctor_call.c - one request of the doctor's */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "base/url.h"
#include "cli/doctor.h"
#include "cli/doctor_call.h"
#include "cli/sigpipe.h"

#define KEPT_MAX	(1 << 20)	/* bytes of an answer; a whoami is far smaller */
#define EVENT_MAX	4096		/* bytes of one event */
#define HEADER_MAX	16384		/* bytes of one header line of an answer */
#define CONNECT_MS	10000
#define ANSWER_MS	20000		/* ms until a status, and between two reads */
#define TOTAL_MS	60000

struct call {
	struct doctor	*d;
	struct heard	*h;
};

/* copy - a header's value, "" for none */
static void
copy(char out[HEARD_TEXT], const char *value)
{
	snprintf(out, HEARD_TEXT, "%s", value != NULL ? value : "");
}

/* on_head - who speaks, and how */
static enum rc
on_head(void *arg, const struct http_head *head, struct error *err)
{
	struct call *c = arg;
	const char *server = http_head_value(head, "server", 0);
	const char *type = http_head_value(head, "content-type", 0);
	const char *options = http_head_value(head, "x-content-type-options", 0);

	(void)err;
	c->h->status = head->status;
	c->h->ours = http_head_value(head, "x-request-id", 0) != NULL && options != NULL &&
	    strcmp(options, "nosniff") == 0;
	c->h->stream = type != NULL && strncmp(type, "text/event-stream", 17) == 0;
	copy(c->h->encoding, http_head_value(head, "content-encoding", 0));
	copy(c->h->www, http_head_value(head, "www-authenticate", 0));
	if (c->d->software == NULL)
		c->d->software = x_strdup(server != NULL ? server : "");
	return RC_OK;
}

/* on_event - a heartbeat, timed when it is whole */
static enum rc
on_event(void *arg, const struct sse_event *event, struct error *err)
{
	struct heard *h = arg;
	struct json_object *o;

	if (event->data == NULL || h->beats == BEATS)
		return RC_OK;
	if (jsonx_parse(event->data, event->data_len, JSONX_DEPTH, &o, err) != RC_OK)
		return error_set(err, RC_UPSTREAM, "an event that is none of mcpd's");
	h->at[h->beats++] = clock_mono_ms();
	h->bytes = jsonx_int(o, "bytes", -1);
	json_object_put(o);
	return RC_OK;
}

/* on_data - a piece of the answer */
static enum rc
on_data(void *arg, const char *p, size_t n, struct error *err)
{
	struct heard *h = ((struct call *)arg)->h;

	if (h->stream)
		return sse_feed(&h->sse, p, n, on_event, h, err);
	if (buf_add(&h->body, p, n, NULL) != RC_OK)
		return error_set(err, RC_UPSTREAM, "the answer is over %d bytes", KEPT_MAX);
	return RC_OK;
}

/* client - as remote.c has it, and as eager for compressed answers as browsers and SDKs are: a web
   server that compresses what it can may hold a stream back only then */
static struct http *
client(struct doctor *d, const struct settings *s)
{
	const struct http_settings settings = {
		.ca_file = settings_get(s, SETTING_CA_FILE, NULL),
		.proxy = settings_get(s, SETTING_PROXY, NULL),
		.max_header = HEADER_MAX, .encoded = true,
	};

	if (d->http == NULL) {
		http_global();
		d->http = http_new(&settings);
	}
	return d->http;
}

/* add_headers - the token, and what the request is tried with; how many there are */
static size_t
add_headers(const struct inquiry *ask, const char *bearer, const char *token,
    struct http_header headers[])
{
	size_t n = 0;

	if (ask->as == AS_BEARER)
		headers[n++] = (struct http_header){ "Authorization", bearer };
	if (ask->as == AS_API_KEY)
		headers[n++] = (struct http_header){ "x-api-key", token };
	if (ask->header.name != NULL)
		headers[n++] = ask->header;
	if (ask->body != NULL)
		headers[n++] = (struct http_header){ "Content-Type", "application/json" };
	return n;
}

/* send - with its headers and deadlines */
static enum rc
send(struct doctor *d, const struct settings *s, const struct inquiry *ask, const char *bearer,
    struct call *c, struct error *err)
{
	struct http_header headers[3];
	char *url = url_join(d->url, ask->path);
	const struct http_request req = {
		.method = ask->method, .url = url, .headers = headers,
		.nheaders = add_headers(ask, bearer, d->token, headers), .body = ask->body,
		.body_len = ask->len, .allow_private = true,
		.has_key = ask->as != AS_NOBODY && !settings_insecure(s),
		.connect_timeout_ms = CONNECT_MS, .header_timeout_ms = ANSWER_MS,
		.idle_timeout_ms = ANSWER_MS, .total_timeout_ms = TOTAL_MS,
	};
	const struct http_events events = {
		.arg = c, .head = on_head, .data = on_data, .watch_fd = -1
	};
	struct http_result result;
	struct sigaction was;
	enum rc rc;

	sigpipe_hold(&was);
	rc = http_call(client(d, s), &req, &events, &result, err);
	sigpipe_release(&was);
	free(url);
	return rc;
}

/* doctor_call - see doctor_call.h */
enum rc
doctor_call(struct doctor *d, const struct inquiry *ask, struct heard *h, struct error *err)
{
	size_t size = sizeof("Bearer ") + (d->token != NULL ? strlen(d->token) : 0);
	char *bearer = x_malloc(size);
	struct call c = { d, h };
	struct settings *s;
	enum rc rc;

	memset(h, 0, sizeof(*h));
	buf_init(&h->body, KEPT_MAX);
	sse_init(&h->sse, EVENT_MAX);
	snprintf(bearer, size, "Bearer %s", d->token != NULL ? d->token : "");
	if ((rc = program_settings(d->p, &s, err)) == RC_OK)
		rc = send(d, s, ask, bearer, &c, err);
	mem_free_wiped(bearer);
	return rc;
}

/* heard_release - what came */
void
heard_release(struct heard *h)
{
	buf_release(&h->body);
	sse_release(&h->sse);
}
