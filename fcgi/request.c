/* request.c - parameters in, body in */
#include <ctype.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "fcgi/request.h"

#define BODY_PIECE	8192		/* bytes of one read; libfcgi's own buffer is as large */
#define HEADERS_MAX	65536		/* bytes of all headers of an answer */
#define DROP_MS		5000		/* ms for throwing a body away */
#define DROP_BUSY_MS	50		/* the same where the answer must come within 100 ms */

struct param_row {
	const char	*name;
	size_t		 offset;	/* of a const char * in struct request */
};

#define AT(field) offsetof(struct request, field)

/* a later row of the same field counts only where the earlier ones were not sent, or empty */
static const struct param_row params[] = {
	{ "REQUEST_METHOD",		AT(request_method) },
	{ "REQUEST_URI",		AT(request_uri) },
	{ "SCRIPT_NAME",		AT(script_name) },
	{ "PATH_INFO",			AT(path_info) },
	{ "QUERY_STRING",		AT(query) },
	{ "CONTENT_TYPE",		AT(content_type) },
	{ "CONTENT_LENGTH",		AT(content_length) },
	{ "HTTP_TRANSFER_ENCODING",	AT(transfer_encoding) },
	{ "HTTP_AUTHORIZATION",		AT(authorization) },
	{ "REDIRECT_HTTP_AUTHORIZATION", AT(authorization) },
	{ "HTTP_X_API_KEY",		AT(api_key) },
	{ "HTTP_IF_MATCH",		AT(if_match) },
	{ "HTTP_ANTHROPIC_BETA",	AT(anthropic_beta) },
	{ "HTTP_ANTHROPIC_VERSION",	AT(anthropic_version) },
	{ "HTTP_ORIGIN",		AT(origin) },
	{ "HTTP_SEC_FETCH_SITE",	AT(sec_fetch_site) },
};

/* read_params - what we look at; an empty value is one that was not sent (nginx sends those) */
static void
read_params(struct request *r)
{
	for (size_t i = 0; i < sizeof(params) / sizeof(params[0]); i++) {
		const char **field = (const char **)((char *)r + params[i].offset);
		const char *value = r->io->ops->param(r->io, params[i].name);

		if (*field == NULL && value != NULL && *value != '\0')
			*field = value;
	}
	/* looked at only where it is trusted, under the one name that the web server was told */
	r->remote_user = r->cfg->trust_remote_user ?
	    r->io->ops->param(r->io, r->cfg->remote_user_param) : NULL;
}

/* where_of - all that the web server says of the path */
static struct path_params
where_of(const struct request *r)
{
	return (struct path_params){
		.request_uri = r->request_uri,
		.script_name = r->script_name,
		.path_info = r->path_info,
		.base_path = r->cfg->base_path,
	};
}

/* request_init - ready to be dispatched */
void
request_init(struct request *r, struct server *server, struct http **http, struct io *io)
{
	struct path_params where;

	memset(r, 0, sizeof(*r));
	r->server = server;
	r->cfg = server->cfg;
	r->http = http;
	r->io = io;
	io->stop = &server->draining;
	buf_init(&r->body, (size_t)r->cfg->max_body);
	buf_init(&r->headers, HEADERS_MAX);
	random_request_id(r->id);
	r->begun_ms = clock_mono_ms();
	read_params(r);
	r->method = method_find(r->request_method);
	where = where_of(r);
	(void)path_resolve(&where, &r->path);
}

/* request_meant - see request.h */
const char *
request_meant(struct request *r)
{
	const struct path_params where = where_of(r);

	if (r->route != NULL)
		return r->path.text;
	if (r->meant == NULL)
		r->meant = path_meant(&where);
	return r->meant;
}

/* request_release - the bodies of requests hold secrets and prompts: wiped */
void
request_release(struct request *r)
{
	path_release(&r->path);
	free(r->meant);
	free(r->arg);
	table_unref(r->table);
	server_done(r->server, r->svc);
	buf_wipe(&r->body);
	buf_release(&r->headers);
	faults_release(&r->faults);
	r->io->ops->close(r->io);
}

/* too_large - by its length as it was said, or as it came */
static enum rc
too_large(const struct request *r, struct error *err)
{
	return error_set(err, RC_TOO_LARGE, "the body is over the limit of %lld bytes",
	    (long long)r->cfg->max_body);
}

/* length_said - CONTENT_LENGTH; -1 where it is not said, as with chunked uploads */
static enum rc
length_said(const struct request *r, int64_t *out, struct error *err)
{
	const char *text = r->content_length;
	char *end;

	*out = -1;
	if (text == NULL)
		return RC_OK;
	errno = 0;
	*out = strtoll(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end != '\0')
		return error_set(err, RC_INVALID, "Content-Length is not a number");
	if (errno == ERANGE || *out > r->cfg->max_body)
		return too_large(r, err);
	return RC_OK;
}

/* request_has_body - by length, or because it is chunked */
bool
request_has_body(const struct request *r)
{
	if (r->content_length != NULL)
		return strcmp(r->content_length, "0") != 0;
	return r->transfer_encoding != NULL;
}

/* stalled - the client's fault: no timeout of a gateway's */
static enum rc
stalled(struct error *err)
{
	return error_set(err, RC_INVALID, "the body stalled: nothing came for %d s",
	    IO_BODY_MS / 1000);
}

/* collect - the body, piece by piece; what may be a key does not stay on the stack */
static enum rc
collect(struct request *r, struct error *err)
{
	char piece[BODY_PIECE];
	size_t n = 1;
	enum rc rc = RC_OK;

	while (rc == RC_OK && n > 0) {
		rc = r->io->ops->read(r->io, piece, sizeof(piece), &n, err);
		r->body_done = rc != RC_OK || n == 0;
		if (rc == RC_TIMEOUT)
			rc = stalled(err);
		if (rc == RC_OK && n > 0 && buf_add(&r->body, piece, n, NULL) != RC_OK)
			rc = too_large(r, err);
	}
	mem_wipe(piece, sizeof(piece));
	return rc;
}

/* request_body - to the end of the stream: its length is not always said, and not always true */
enum rc
request_body(struct request *r, struct error *err)
{
	int64_t said;
	enum rc rc;

	if ((rc = length_said(r, &said, err)) != RC_OK || (rc = collect(r, err)) != RC_OK)
		return rc;
	if (said >= 0 && (uint64_t)said != r->body.len)
		return error_set(err, RC_INVALID, "the body ended after %zu of %lld bytes",
		    r->body.len, (long long)said);
	return RC_OK;
}

/* request_drop_body - until its end, the cap, or the end of our patience */
void
request_drop_body(struct request *r)
{
	int ms = r->saturated ? DROP_BUSY_MS : DROP_MS;
	int64_t deadline = clock_mono_ms() + ms;
	size_t total = 0, n = 1;
	char piece[BODY_PIECE];

	if (r->body_done)
		return;
	r->body_done = true;
	if (r->io->ops->patience != NULL)
		r->io->ops->patience(r->io, ms);
	while (n > 0 && total <= r->body.max && clock_mono_ms() < deadline) {
		if (r->io->ops->read(r->io, piece, sizeof(piece), &n, NULL) != RC_OK)
			return;
		total += n;
	}
}

/* request_http - one client a thread keeps its connections warm */
struct http *
request_http(struct request *r)
{
	if (*r->http == NULL)
		*r->http = service_http(r->svc);
	return *r->http;
}

/* request_object - see request.h */
enum rc
request_object(struct request *r, struct json_object **out, struct error *err)
{
	struct json_object *o;
	enum rc rc;

	if (r->body.len == 0)
		return error_set(err, RC_INVALID, "a JSON body is required");
	rc = jsonx_parse(r->body.p, r->body.len, (unsigned)r->cfg->max_nesting, &o, err);
	if (rc != RC_OK)
		return error_prefix(err, "invalid JSON");
	if (!json_object_is_type(o, json_type_object)) {
		json_object_put(o);
		return error_set(err, RC_INVALID, "the body must be a JSON object");
	}
	*out = o;
	return RC_OK;
}
