/* http.c - calls to providers with libcurl, one at a time a thread */
#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/deadline.h"
#include "adapters/destination.h"
#include "adapters/http_head.h"
#include "adapters/http_options.h"
#include "adapters/http_sockets.h"
#include "adapters/wipe.h"
#include "base/clock.h"
#include "base/mem.h"

#define WAIT_MAX_MS	60000		/* one poll, when no deadline is nearer */
#define ATTEMPTS_MAX	2		/* the request, and libcurl's one re-send */
#define LOCATION_MAX	200		/* bytes of a redirect's target in an error */

struct http {
	CURLM		*multi;		/* keeps the connections */
	CURLSH		*share;		/* keeps the TLS sessions */
	CURL		*plain;		/* has the options that are the same for all calls */
	CURL		*easy;		/* the call's own: lines of an answer stay in it, and may hold a
					   key that the provider repeats */
	struct http_sockets sockets;
	bool		 proxied;
	size_t		 max_header;
	struct call	*call;		/* the one that runs, else NULL */
};

struct call {
	struct http			*h;
	const struct http_request	*req;
	const struct http_events	*ev;
	struct http_result		*result;
	struct error			*err;
	enum rc		 rc;		/* why a callback stopped the transfer */
	char		*host;
	struct destination_rules rules;
	struct error	 refusal;	/* rc not RC_OK: an address was not connected, and why */
	struct deadline	 deadline;
	int64_t		 tick_ms;
	curl_off_t	 sent;		/* bytes of the body */
	bool		 opened;	/* a socket, since the last start */
	bool		 kept;		/* the first start went over a kept connection */
	bool		 heard;		/* a line of an answer; libcurl shows no less */
	bool		 moved;		/* bytes came since the last look */
	bool		 rest;		/* more had been read than was given last */
	bool		 undrained;	/* bytes came since the last drained() */
	bool		 watching;
	bool		 headed;	/* head() was called */
	struct http_lines lines;
	char		 says[CURL_ERROR_SIZE];	/* libcurl's own words; a provider's may be in them */
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

/* global - libcrypto first: it takes no allocator once it has allocated */
static void
global(void)
{
	wipe_crypto();
	if (curl_global_init_mem(CURL_GLOBAL_ALL, wipe_malloc, wipe_free, wipe_realloc, wipe_strdup,
	    wipe_calloc) != CURLE_OK)
		abort();
}

/* http_global - once, whoever calls it */
void
http_global(void)
{
	pthread_once(&once, global);
}

/* on_open - a connection is about to be tried: the first of two places that judge its address */
static curl_socket_t
on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct http *h = arg;
	struct call *c = h->call;

	(void)purpose;
	c->opened = true;
	if (c->deadline.phase != PHASE_CONNECT)
		deadline_set(&c->deadline, PHASE_CONNECT);
	if (!h->proxied && destination_check(&c->rules, &to->addr, &c->refusal) != RC_OK)
		return CURL_SOCKET_BAD;		/* another address of the host may be allowed */
	return http_sockets_open(&h->sockets, to);
}

/* start - may the request go over this connection, now */
static enum rc
start(struct call *c, const char *ip)
{
	enum rc rc;

	if (!c->h->proxied && (rc = destination_check_text(&c->rules, ip, c->err)) != RC_OK)
		return rc;
	if (c->result->attempts > 0 &&
	    (c->result->attempts == ATTEMPTS_MAX || !c->kept || c->heard || c->h->sockets.heard))
		return error_set(c->err, RC_UPSTREAM,
		    "the connection was lost; the request is not sent again");
	if (c->result->attempts++ == 0)
		c->kept = !c->opened;
	c->opened = false;
	c->sent = 0;
	http_sockets_listen(&c->h->sockets, c->h->easy);
	deadline_set(&c->deadline, PHASE_SEND);
	return RC_OK;
}

/*
 * on_start - the request is about to be sent. libcurl does that again by itself when a kept
 * connection turns out to be dead; and kept connections never pass on_open().
 */
static int
on_start(void *arg, char *ip, char *local_ip, int port, int local_port)
{
	struct call *c = ((struct http *)arg)->call;

	(void)local_ip;
	(void)port;
	(void)local_port;
	c->rc = start(c, ip);
	return c->rc == RC_OK ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/* give_head - the final head is whole; where a redirect leads is shown without its query */
static enum rc
give_head(struct call *c)
{
	const struct http_head *head = &c->lines.head;
	const char *to = http_head_value(head, "location", 0);
	size_t n = to == NULL ? 0 : strcspn(to, "?#");

	c->headed = true;
	if (head->status >= 300 && head->status < 400 && n == 0)
		return error_set(c->err, RC_UPSTREAM, "HTTP %d: %s", head->status,
		    to == NULL || *to == '\0' ? "a redirect without a location"
		    : "redirect to the same path not followed");
	if (head->status >= 300 && head->status < 400)
		return error_set(c->err, RC_UPSTREAM, "HTTP %d: redirect to %.*s not followed",
		    head->status, (int)(n < LOCATION_MAX ? n : LOCATION_MAX), to);
	return c->ev->head(c->ev->arg, head, c->err);
}

/* on_header - a line of a head, from libcurl, or a trailer */
static size_t
on_header(char *p, size_t size, size_t n, void *arg)
{
	struct call *c = ((struct http *)arg)->call;

	c->heard = c->moved = true;
	c->rc = http_head_line(&c->lines, p, size * n, c->err);
	if (c->lines.head.status >= 200 && !c->result->answered) {
		c->result->answered = true;
		deadline_set(&c->deadline, PHASE_READ);
	}
	if (c->rc == RC_OK && c->lines.whole && !c->headed)
		c->rc = give_head(c);
	return c->rc == RC_OK ? size * n : 0;
}

/* on_data - bytes of the body, from libcurl */
static size_t
on_data(char *p, size_t size, size_t n, void *arg)
{
	struct call *c = ((struct http *)arg)->call;

	c->moved = c->undrained = true;
	c->rest = http_sockets_rest(c->h->easy);
	c->rc = c->ev->data(c->ev->arg, p, size * n, c->err);
	return c->rc == RC_OK ? size * n : 0;
}

/* http_new - the callbacks find their call by h */
struct http *
http_new(const struct http_settings *s)
{
	struct http *h = x_calloc(1, sizeof(*h));

	h->multi = curl_multi_init();
	h->plain = http_options(s);
	h->share = curl_share_init();
	if (h->multi == NULL || h->share == NULL ||
	    curl_share_setopt(h->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) != CURLSHE_OK)
		abort();
	h->max_header = s->max_header;
	h->proxied = s->proxy != NULL && *s->proxy != '\0';
	set(h->plain, CURLOPT_OPENSOCKETFUNCTION, on_open);
	set(h->plain, CURLOPT_OPENSOCKETDATA, h);
	set(h->plain, CURLOPT_CLOSESOCKETFUNCTION, http_sockets_close);
	set(h->plain, CURLOPT_CLOSESOCKETDATA, &h->sockets);
	set(h->plain, CURLOPT_PREREQFUNCTION, on_start);
	set(h->plain, CURLOPT_PREREQDATA, h);
	set(h->plain, CURLOPT_HEADERFUNCTION, on_header);
	set(h->plain, CURLOPT_HEADERDATA, h);
	set(h->plain, CURLOPT_WRITEFUNCTION, on_data);
	set(h->plain, CURLOPT_WRITEDATA, h);
	return h;
}

/* http_free - close all */
void
http_free(struct http *h)
{
	if (h == NULL)
		return;
	curl_easy_cleanup(h->plain);
	curl_multi_cleanup(h->multi);
	curl_share_cleanup(h->share);
	http_sockets_release(&h->sockets);
	free(h);
}

/* url_look - the host and the scheme, as libcurl itself reads them */
static enum rc
url_look(struct call *c)
{
	CURLU *u = curl_url();
	char *scheme = NULL, *host = NULL;
	enum rc rc = RC_OK;
	size_t n;

	if (curl_url_set(u, CURLUPART_URL, c->req->url, CURLU_DISALLOW_USER) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK) {
		rc = error_set(c->err, RC_UPSTREAM, "the url can't be called");
	} else {
		n = strlen(host);
		c->host = *host == '[' ? x_strndup(host + 1, n - 2) : x_strdup(host);
		c->rules.allow_private = c->req->allow_private;
		c->rules.clear_secret = c->req->has_key && strcmp(scheme, "https") != 0;
	}
	curl_free(scheme);
	curl_free(host);
	curl_url_cleanup(u);
	return rc;
}

/* options - what differs from call to call */
static void
options(struct http *h, const struct http_request *req, struct curl_slist *headers)
{
	bool post = strcmp(req->method, "POST") == 0, get = strcmp(req->method, "GET") == 0;

	if ((h->easy = curl_easy_duphandle(h->plain)) == NULL)
		abort();
	set(h->easy, CURLOPT_SHARE, h->share);
	set(h->easy, CURLOPT_ERRORBUFFER, h->call->says);
	set(h->easy, CURLOPT_URL, req->url);
	if (req->body == NULL && !post) {
		set(h->easy, CURLOPT_HTTPGET, 1L);
	} else {
		set(h->easy, CURLOPT_POST, 1L);
		set(h->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)req->body_len);
		set(h->easy, CURLOPT_POSTFIELDS, req->body == NULL ? "" : req->body);
	}
	set(h->easy, CURLOPT_CUSTOMREQUEST, post || get ? NULL : req->method);
	set(h->easy, CURLOPT_HTTPHEADER, headers);
	set(h->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)req->connect_timeout_ms);
}

/* forget - nothing of a call stays */
static void
forget(struct http *h)
{
	curl_easy_cleanup(h->easy);
	h->easy = NULL;
	h->call = NULL;
}

static const struct { CURLcode code; const char *text; bool host; } reasons[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, "could not resolve host", true },
	{ CURLE_COULDNT_RESOLVE_PROXY, "could not resolve the proxy's host", false },
	{ CURLE_COULDNT_CONNECT, "no connection to", true },
	{ CURLE_SSL_CONNECT_ERROR, "TLS: no handshake with", true },
	{ CURLE_PEER_FAILED_VERIFICATION, "TLS: certificate verify failed for", true },
	{ CURLE_SSL_CACERT_BADFILE, "TLS: ca_file can't be used", false },
	{ CURLE_PROXY, "the proxy refused the connection to", true },
	{ CURLE_UNSUPPORTED_PROTOCOL, "the answer is not HTTP", false },
	{ CURLE_WEIRD_SERVER_REPLY, "the answer is not HTTP", false },
	{ CURLE_OUT_OF_MEMORY, "an answer header is far too long", false },	/* above 100 KB */
	{ CURLE_SEND_ERROR, "the connection was lost while the request was sent", false },
	{ CURLE_GOT_NOTHING, "the connection was closed without an answer", false },
	{ CURLE_RECV_ERROR, "the connection was lost before an answer", false },
	{ CURLE_BAD_CONTENT_ENCODING, "the answer has a coding that is unknown or garbled", false },
	{ CURLE_CHUNK_FAILED, "the chunks of the answer are garbled", false },	/* we say so, here */
	{ CURLE_PARTIAL_FILE, "cut: the connection ended before the answer did", false },
};

/* reason - why libcurl gave up */
static enum rc
reason(const struct call *c, CURLcode code)
{
	const char *text = curl_easy_strerror(code), *host = "";
	long os = 0;

	if (code == CURLE_COULDNT_CONNECT && c->refusal.rc != RC_OK)
		return error_set(c->err, c->refusal.rc, "%s", c->refusal.msg);
	if (code == CURLE_OPERATION_TIMEDOUT)	/* the only deadline that libcurl knows */
		return deadline_passed(&c->deadline, c->err);
	if (code == CURLE_RECV_ERROR && c->deadline.phase == PHASE_READ)
		code = strstr(c->says, "chunk") != NULL ? CURLE_CHUNK_FAILED : CURLE_PARTIAL_FILE;
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].code == code) {
			text = reasons[i].text;
			host = reasons[i].host ? c->host : "";
		}
	}
	curl_easy_getinfo(c->h->easy, CURLINFO_OS_ERRNO, &os);
	if (code == CURLE_COULDNT_CONNECT && os == ECONNREFUSED)
		text = "connection refused by";
	return error_set(c->err, RC_UPSTREAM, "%s%s%s", text, *host != '\0' ? " " : "", host);
}

/* verdict - the transfer is over */
static enum rc
verdict(const struct call *c)
{
	int left;
	const CURLMsg *msg = curl_multi_info_read(c->h->multi, &left);

	if (c->rc != RC_OK)
		return c->rc;
	if (msg != NULL && msg->data.result != CURLE_OK)
		return reason(c, msg->data.result);
	if (!c->headed)
		return reason(c, CURLE_GOT_NOTHING);
	return RC_OK;
}

/* look - what the last turn has moved, for the deadlines */
static void
look(struct call *c)
{
	curl_off_t sent = 0;

	if (c->deadline.phase == PHASE_SEND) {
		curl_easy_getinfo(c->h->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
		if ((size_t)sent >= c->req->body_len)
			deadline_set(&c->deadline, PHASE_WAIT);
		else if (sent != c->sent)
			deadline_set(&c->deadline, PHASE_SEND);
		c->sent = sent;
	}
	if (c->moved && c->deadline.phase == PHASE_READ)
		deadline_set(&c->deadline, PHASE_READ);
	c->moved = false;
}

/* late_byte - one that libcurl has not shown: its line, chunk or TLS record isn't whole yet */
static bool
late_byte(struct call *c, int64_t now_ms)
{
	int64_t last_ms;

	if (c->deadline.phase != PHASE_READ)
		return false;
	last_ms = now_ms - http_sockets_quiet_ms(&c->h->sockets);
	if (last_ms <= c->deadline.since_ms)
		return false;
	c->deadline.since_ms = last_ms;
	return true;
}

/* times - the tick and the deadlines that are due, and how long nothing will be */
static enum rc
times(struct call *c, int64_t *wait_ms)
{
	int64_t now_ms = clock_mono_ms();
	enum rc rc;

	*wait_ms = WAIT_MAX_MS;
	rc = deadline_check(&c->deadline, now_ms, wait_ms, c->err);
	if (rc != RC_OK && late_byte(c, now_ms))
		rc = deadline_check(&c->deadline, now_ms, wait_ms, c->err);
	if (rc != RC_OK || c->ev->tick == NULL)
		return rc;
	if (now_ms >= c->tick_ms)
		rc = c->ev->tick(c->ev->arg, now_ms, &c->tick_ms, c->err);
	if (c->tick_ms - now_ms < *wait_ms)
		*wait_ms = c->tick_ms > now_ms ? c->tick_ms - now_ms : 0;
	return rc;
}

/* await - until something happens, here or there; libcurl shows a hang-up as readable */
static enum rc
await(struct call *c, int64_t wait_ms)
{
	struct curl_waitfd extra = { .fd = c->ev->watch_fd, .events = CURL_WAIT_POLLIN };
	CURLMcode code;

	code = curl_multi_poll(c->h->multi, &extra, c->watching, (int)wait_ms, NULL);
	if (code != CURLM_OK)
		return error_set(c->err, RC_IO, "poll: %s", curl_multi_strerror(code));
	if (c->watching && extra.revents != 0)
		return c->ev->watch(c->ev->arg, &c->watching, c->err);
	return RC_OK;
}

/* run - turn by turn, to the end */
static enum rc
run(struct call *c)
{
	int64_t wait_ms;
	CURLMcode code;
	int running;
	enum rc rc;

	for (;;) {
		code = curl_multi_perform(c->h->multi, &running);
		if (code != CURLM_OK)
			return error_set(c->err, RC_IO, "transfer: %s", curl_multi_strerror(code));
		if (c->rc == RC_OK && c->undrained && c->ev->drained != NULL &&
		    (rc = c->ev->drained(c->ev->arg, c->err)) != RC_OK)
			return rc;
		if (c->undrained)
			c->tick_ms = 0;		/* what came may have brought it nearer */
		c->undrained = false;
		if (running == 0)
			return verdict(c);
		look(c);
		if ((rc = times(c, &wait_ms)) != RC_OK || (rc = await(c, wait_ms)) != RC_OK)
			return rc;
	}
}

/* http_call - a transfer that isn't over when its handle is taken out is closed, never kept */
enum rc
http_call(struct http *h, const struct http_request *req, const struct http_events *ev,
    struct http_result *result, struct error *err)
{
	struct call c = {
		.h = h, .req = req, .ev = ev, .result = result, .err = err,
		.watching = ev->watch_fd >= 0,
	};
	struct curl_slist *headers = NULL;
	enum rc rc;

	*result = (struct http_result){ 0, false };
	deadline_init(&c.deadline, req);
	http_head_init(&c.lines, h->max_header);
	rc = url_look(&c);
	if (rc == RC_OK && h->proxied)
		rc = destination_check_host(&c.rules, c.host, err);
	if (rc == RC_OK && (rc = http_options_headers(req, &headers, err)) == RC_OK) {
		h->call = &c;
		http_sockets_tidy(&h->sockets);
		options(h, req, headers);
		if (curl_multi_add_handle(h->multi, h->easy) != CURLM_OK)
			abort();
		rc = run(&c);
		if (c.rest)
			http_sockets_end(h->easy);
		curl_multi_remove_handle(h->multi, h->easy);
		forget(h);
		curl_slist_free_all(headers);
	}
	http_head_release(&c.lines);
	mem_wipe(c.says, sizeof(c.says));
	free(c.host);
	return rc;
}
