/*
 * http.h - one HTTP call to a provider, with deadlines, watched beside another file descriptor.
 *
 * Shapes  struct http is one thread's client: its kept connections and TLS sessions live in it.
 *         A call runs to its end inside http_call(), which calls back as things happen
 * Units   ms, bytes
 * Errors  RC_TIMEOUT (connect, header, idle or total deadline; the text names which), RC_UPSTREAM
 *         (DNS, TLS, refused, reset, cut before the end of a known length, a 3xx, a destination
 *         that may not be connected, a header past its limit); what a callback returned, unchanged
 * Owns    http_free() frees; struct http_head is borrowed during the callback
 * Source  API.md 3 and 5, DESIGN.md 3; libcurl is used in http.c alone
 */
#ifndef ADAPTERS_HTTP_H
#define ADAPTERS_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rc.h"

struct http;

struct http_settings {
	const char	*ca_file;	/* NULL: the system's */
	const char	*proxy;		/* NULL: none, whatever the environment says */
	size_t		 max_header;	/* bytes of one answer header line */
	bool		 encoded;	/* ask for compressed answers, as clients of ours do; they are
					   given to data() as they were before */
};

struct http_header {
	const char	*name, *value;
};

struct http_request {
	const char		 *method;	/* "POST", "GET" */
	const char		 *url;
	const struct http_header *headers;
	size_t			  nheaders;
	const char		 *body;		/* borrowed for the call; NULL for GET */
	size_t			  body_len;
	bool			  allow_private;/* loopback and private addresses too */
	bool			  has_key;	/* plain http to private addresses only */
	int64_t			  connect_timeout_ms, header_timeout_ms;
	int64_t			  idle_timeout_ms, total_timeout_ms;
};

struct http_head {			/* the provider's final status line and headers */
	int	 status;
	void	*of;
};

/* http_head_value - the i-th header of that name (case does not count); NULL */
const char *http_head_value(const struct http_head *head, const char *name, size_t i);

/* http_head_each - walk all headers: start with *at = NULL; false at the end */
bool http_head_each(const struct http_head *head, void **at, const char **name,
    const char **value);

struct http_events {
	void	*arg;
	/* MUST. Once, before any data */
	enum rc	(*head)(void *arg, const struct http_head *head, struct error *err);
	/* MUST. Bytes of the body, cut anywhere */
	enum rc	(*data)(void *arg, const char *p, size_t n, struct error *err);
	/* MAY. All that could be read now was given to data(): flush */
	enum rc	(*drained)(void *arg, struct error *err);
	/* MAY. Called when clock_mono_ms() reaches *next_ms (first at once), and after what came was
	   drained; sets the next time */
	enum rc	(*tick)(void *arg, int64_t now_ms, int64_t *next_ms, struct error *err);
	/* polled beside the provider's socket; -1: none */
	int	watch_fd;
	/* MUST with watch_fd. It is readable or hung up. Sets *again to false: stop watching it */
	enum rc	(*watch)(void *arg, bool *again, struct error *err);
};

struct http_result {
	int	attempts;		/* starts of the request: 2 after libcurl's one re-send */
	bool	answered;		/* a status line came */
};

/* http_global - once a process, after fork: libcurl with an allocator whose free wipes */
void http_global(void);

struct http *http_new(const struct http_settings *s);
void http_free(struct http *h);		/* NULL is fine */

/* http_call - RC_OK is a clean end of the body: whole length, last chunk, or close where that ends
   it (over TLS too, with or without its notice: libcurl doesn't tell). The process must ignore
   SIGPIPE */
enum rc http_call(struct http *h, const struct http_request *req, const struct http_events *ev,
    struct http_result *result, struct error *err);

#endif
