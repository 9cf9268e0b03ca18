/* remote.c - the catalogue by way of a server */
#include <ctype.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/http.h"
#include "base/buf.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "base/url.h"
#include "cli/refusal.h"
#include "cli/remote.h"
#include "cli/sigpipe.h"
#include "cli/transport.h"
#include "service/infer.h"
#include "store/record.h"

#define ANSWER_MAX	  (64 << 20)	/* bytes; the largest list is far smaller */
#define PATH_BYTES_MAX	  65536		/* bytes of a path with its query */
#define HEADER_MAX	  16384		/* bytes of one header line of an answer */
#define HEADERS_MAX	  4		/* of a request of ours */
#define VERSION_TEXT	  32		/* bytes of an If-Match */
#define CONNECT_MS	  10000
#define ANSWER_MS	  60000		/* ms until a status, and between two reads */

struct remote {
	struct transport t;
	struct http	*http;		/* made at the first call */
	char		*url, *authorization;
	char		*ca_file, *proxy;
	bool		 insecure;
};

struct call {				/* one request and what came of it */
	const char		*method;
	char			*path;		/* below the server's url, escaped; ours */
	const char		*body;		/* NULL: none */
	size_t			 body_len;
	int64_t			 version;	/* that must be there; 0: any */
	int64_t			 wait_ms;	/* for a status, and between reads; 0: for ever */
	bool			 list;		/* expected: an array of objects, else one */
	struct sink		*sink;		/* NULL: the answer is kept */
	int			 status;
	struct buf		 kept;
};

/* keeps - what doesn't go to the sink: refusals, and all where there is none */
static bool
keeps(const struct call *c)
{
	return c->sink == NULL || c->status < 200 || c->status > 299;
}

/* on_head - a refusal is ours to explain; the sink begins with a 2xx */
static enum rc
on_head(void *arg, const struct http_head *head, struct error *err)
{
	struct call *c = arg;
	const char *type = http_head_value(head, "content-type", 0);
	const struct http_header header = { "content-type", type };

	c->status = head->status;
	if (keeps(c))
		return RC_OK;
	return c->sink->start(c->sink, c->status, &header, type != NULL, -1, err);
}

/* on_data - a piece of the answer */
static enum rc
on_data(void *arg, const char *p, size_t n, struct error *err)
{
	struct call *c = arg;

	if (!keeps(c))
		return c->sink->write(c->sink, p, n, err);
	if (buf_add(&c->kept, p, n, NULL) != RC_OK)
		return error_set(err, RC_UPSTREAM, "the answer is over %zu bytes", c->kept.max);
	return RC_OK;
}

/* on_drained - out, so that it is seen when it comes */
static enum rc
on_drained(void *arg, struct error *err)
{
	struct call *c = arg;

	return keeps(c) ? RC_OK : c->sink->flush(c->sink, err);
}

/* on_watch - the sink has had enough: our end closes, and the server ends the provider's call */
static enum rc
on_watch(void *arg, bool *again, struct error *err)
{
	struct call *c = arg;

	return c->sink->watch(c->sink, again, err);
}

/* client - libcurl and its libraries are set up only where a server is asked */
static struct http *
client(struct remote *r)
{
	const struct http_settings s = {
		.ca_file = r->ca_file, .proxy = r->proxy, .max_header = HEADER_MAX
	};

	if (r->http == NULL) {
		http_global();
		r->http = http_new(&s);
	}
	return r->http;
}

/* add_headers - the ones that not every request has; how many there are now */
static size_t
add_headers(const struct call *c, struct http_header headers[HEADERS_MAX], size_t n,
    char version[VERSION_TEXT])
{
	if (c->body != NULL)
		headers[n++] = (struct http_header){ "Content-Type", "application/json" };
	if (c->version > 0) {
		snprintf(version, VERSION_TEXT, "\"%lld\"", (long long)c->version);
		headers[n++] = (struct http_header){ "If-Match", version };
	}
	return n;
}

/* send - one request to its end. What the server said is in the call, be it good or not */
static enum rc
send(struct remote *r, struct call *c, struct error *err)
{
	struct http_header headers[HEADERS_MAX] = {
		{ "Authorization", r->authorization },
		{ "Accept", "application/json, text/event-stream" },
	};
	char version[VERSION_TEXT], *url = url_join(r->url, c->path);
	const struct http_request req = {
		.method = c->method, .url = url, .headers = headers,
		.nheaders = add_headers(c, headers, 2, version), .body = c->body,
		.body_len = c->body_len, .allow_private = true,
		.has_key = !r->insecure, .connect_timeout_ms = CONNECT_MS,
		.header_timeout_ms = c->wait_ms, .idle_timeout_ms = c->wait_ms,
	};
	const struct http_events events = {
		.arg = c, .head = on_head, .data = on_data, .drained = on_drained,
		.watch_fd = c->sink != NULL ? c->sink->watch_fd : -1, .watch = on_watch,
	};
	struct http_result result;
	struct sigaction was;
	enum rc rc;

	sigpipe_hold(&was);
	rc = http_call(client(r), &req, &events, &result, err);
	sigpipe_release(&was);
	free(url);
	if (rc == RC_UPSTREAM || rc == RC_TIMEOUT)
		error_prefix(err, "%s", r->url);
	return rc;
}

/* fits - has the answer the shape that the commands count on */
static bool
fits(const struct call *c, struct json_object *o)
{
	if (!c->list)
		return json_object_is_type(o, json_type_object);
	if (!json_object_is_type(o, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(o); i++)
		if (!json_object_is_type(json_object_array_get_idx(o, i), json_type_object))
			return false;
	return true;
}

/* parse - what a 2xx carried; NULL out: nothing is wanted of it */
static enum rc
parse(const struct remote *r, const struct call *c, struct json_object **out, struct error *err)
{
	struct error why = { .msg = "of another shape" };
	struct json_object *o = NULL;

	if (out == NULL)
		return RC_OK;
	if (jsonx_parse(c->kept.p, c->kept.len, JSONX_DEPTH, &o, &why) == RC_OK && fits(c, o)) {
		*out = o;
		return RC_OK;
	}
	json_object_put(o);
	return error_set(err, RC_UPSTREAM, "%s: HTTP %d, and no answer of mcpd: %s", r->url,
	    c->status, why.msg);
}

/* exchange - one request: a body out, an answer in */
static enum rc
exchange(struct remote *r, struct call *c, struct json_object *body, struct faults *faults,
    struct json_object **out, struct error *err)
{
	enum rc rc;

	if (body != NULL) {
		c->body = jsonx_text(body);
		c->body_len = strlen(c->body);
	}
	if ((rc = send(r, c, err)) == RC_OK)
		rc = c->status >= 200 && c->status <= 299 ? parse(r, c, out, err) :
		    refusal_error(c->status, c->kept.p, c->kept.len, r->url, faults, err);
	if (c->body != NULL)
		mem_wipe((char *)(uintptr_t)c->body, c->body_len);	/* secrets stood in it */
	buf_wipe(&c->kept);
	free(c->path);
	return rc;
}

/* call_to - a request before it has a body */
static struct call
call_to(const char *method, char *path)
{
	return (struct call){
		.method = method, .path = path, .wait_ms = ANSWER_MS, .kept = BUF_INIT(ANSWER_MAX)
	};
}

/* escape - all but RFC 3986's unreserved characters */
static void
escape(struct buf *b, const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (isalnum(c) || strchr("-._~", c) != NULL)
			(void)buf_add(b, text, 1, NULL);
		else
			(void)buf_addf(b, NULL, "%%%02X", c);
	}
}

/* path_of - a collection, or one of its objects */
static char *
path_of(const struct kind *k, const char *ref)
{
	struct buf b = BUF_INIT(PATH_BYTES_MAX);

	(void)buf_addf(&b, NULL, "/api/v1/%s%s", k->plural, ref != NULL ? "/" : "");
	if (ref != NULL)
		escape(&b, ref);
	return buf_take(&b);
}

/* carried - can a path have it as a segment, past every web server */
static bool
carried(const char *ref)
{
	if (*ref == '\0' || strcmp(ref, ".") == 0 || strcmp(ref, "..") == 0)
		return false;
	for (; *ref != '\0'; ref++)
		if ((unsigned char)*ref < ' ' || *ref == '\x7f' || *ref == '/')
			return false;
	return true;
}

/* check_ref - no object has a name that a path can't carry */
static enum rc
check_ref(const char *label, const char *ref, struct error *err)
{
	if (!carried(ref))
		return error_set(err, RC_NOT_FOUND, "%s not found: %s", label, ref);
	return RC_OK;
}

/* remote_list - GET of a collection */
static enum rc
remote_list(struct transport *t, const struct kind *k, struct json_object **out,
    struct error *err)
{
	struct call c = call_to("GET", path_of(k, NULL));

	c.list = true;
	return exchange((struct remote *)t, &c, NULL, NULL, out, err);
}

/* remote_get - GET of an object */
static enum rc
remote_get(struct transport *t, const struct kind *k, const char *ref, struct json_object **out,
    struct error *err)
{
	enum rc rc = check_ref(k->label, ref, err);
	struct call c;

	if (rc != RC_OK)
		return rc;
	c = call_to("GET", path_of(k, ref));
	return exchange((struct remote *)t, &c, NULL, NULL, out, err);
}

/* remote_create - POST */
static enum rc
remote_create(struct transport *t, const struct kind *k, struct json_object *body,
    struct faults *faults, struct json_object **out, struct error *err)
{
	struct call c = call_to("POST", path_of(k, NULL));

	return exchange((struct remote *)t, &c, body, faults, out, err);
}

/* remote_update - PUT */
static enum rc
remote_update(struct transport *t, const struct kind *k, const char *ref, int64_t version,
    struct json_object *body, struct faults *faults, struct json_object **out, struct error *err)
{
	enum rc rc = check_ref(k->label, ref, err);
	struct call c;

	if (rc != RC_OK)
		return rc;
	c = call_to("PUT", path_of(k, ref));
	c.version = version;
	return exchange((struct remote *)t, &c, body, faults, out, err);
}

/* remote_remove - DELETE */
static enum rc
remote_remove(struct transport *t, const struct kind *k, const char *ref, struct error *err)
{
	enum rc rc = check_ref(k->label, ref, err);
	struct call c;

	if (rc != RC_OK)
		return rc;
	c = call_to("DELETE", path_of(k, ref));
	return exchange((struct remote *)t, &c, NULL, NULL, NULL, err);
}

/* where each question is asked; the name stands between head and tail */
static const struct {
	const char	*method, *head, *tail;
	int64_t		 wait_ms;
	bool		 list;			/* the answer is a list of objects */
} asks[ASK__MAX] = {
	[ASK_WHOAMI]	= { "GET", "/api/v1/whoami", "", ANSWER_MS, false },
	[ASK_PROBE]	= { "POST", "/api/v1/llms/", "/test", ANSWER_MS, false },
	[ASK_AUDIT]	= { "GET", "/api/v1/audit", "", ANSWER_MS, true },
	[ASK_USAGE]	= { "GET", "/api/v1/usage", "", ANSWER_MS, true },
	[ASK_STATUS]	= { "GET", "/api/v1/status", "", ANSWER_MS, false },
	[ASK_MIGRATE]	= { "POST", "/api/v1/secrets/migrate", "", ANSWER_MS, false },
};

/* ask_path - with its query */
static char *
ask_path(const struct question *q)
{
	struct buf b = BUF_INIT(PATH_BYTES_MAX);
	char before = '?';

	(void)buf_addstr(&b, asks[q->what].head, NULL);
	if (q->name != NULL)
		escape(&b, q->name);
	(void)buf_addstr(&b, asks[q->what].tail, NULL);
	for (const struct param *p = q->params; p != NULL && p->name != NULL; p++) {
		if (p->value == NULL)
			continue;
		(void)buf_addf(&b, NULL, "%c%s=", before, p->name);
		escape(&b, p->value);
		before = '&';
	}
	return buf_take(&b);
}

/* remote_ask - a report, or an action */
static enum rc
remote_ask(struct transport *t, const struct question *q, struct json_object **out,
    struct error *err)
{
	struct call c;
	enum rc rc;

	if (q->name != NULL && (rc = check_ref("Llm", q->name, err)) != RC_OK)
		return rc;
	c = call_to(asks[q->what].method, ask_path(q));
	c.wait_ms = asks[q->what].wait_ms;
	c.list = asks[q->what].list;
	return exchange((struct remote *)t, &c, q->body, q->faults, out, err);
}

/* remote_infer - as long as the server allows it: it has the deadlines */
static enum rc
remote_infer(struct transport *t, const char *llm, const char *body, size_t len,
    struct sink *sink, struct error *err)
{
	struct remote *r = (struct remote *)t;
	enum rc rc = check_ref("Llm", llm, err);
	struct call c;
	char *object;

	if (rc != RC_OK)
		return rc;
	object = path_of(&kind_llm, llm);
	c = call_to("POST", x_asprintf("%s/infer", object));
	free(object);
	c.body = body;
	c.body_len = len;
	c.sink = sink;
	c.wait_ms = 0;
	if ((rc = send(r, &c, err)) == RC_OK && keeps(&c))
		rc = refusal_error(c.status, c.kept.p, c.kept.len, r->url, NULL, err);
	buf_release(&c.kept);
	free(c.path);
	return rc;
}

/* remote_close - the connection, and the token */
static void
remote_close(struct transport *t)
{
	struct remote *r = (struct remote *)t;

	http_free(r->http);
	mem_free_wiped(r->authorization);
	free(r->url);
	free(r->ca_file);
	free(r->proxy);
	free(r);
}

static const struct transport_ops remote_ops = {
	.list	= remote_list,
	.get	= remote_get,
	.create	= remote_create,
	.update	= remote_update,
	.remove	= remote_remove,
	.ask	= remote_ask,
	.infer	= remote_infer,
	.apply	= NULL,			/* no route takes many objects */
	.reveal	= NULL,			/* values never leave a server */
	.close	= remote_close,
};

/* remote_new - nothing is sent yet */
struct transport *
remote_new(const struct remote_opts *o)
{
	size_t size = sizeof("Bearer ") + strlen(o->token);
	struct remote *r = x_calloc(1, sizeof(*r));

	r->t.ops = &remote_ops;
	r->url = x_strdup(o->url);
	r->authorization = x_malloc(size);	/* x_asprintf() leaves copies behind as it grows */
	snprintf(r->authorization, size, "Bearer %s", o->token);
	r->ca_file = x_strdup(o->ca_file);
	r->proxy = x_strdup(o->proxy);
	r->insecure = o->insecure;
	return &r->t;
}
