/* openbao.c - three calls of the KV engine, and its refusals in words that help */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/openbao.h"
#include "adapters/scrub.h"
#include "base/clock.h"
#include "base/jscan.h"
#include "base/mem.h"

#define DEPTH_MAX	64		/* levels of an answer */
#define WRITE_ROOM	64		/* bytes of a write beside its data */
#define ESCAPE_MOST	6		/* bytes that one of a value becomes in JSON */
#define HEADERS_MOST	4

struct exchange {			/* one call and its answer */
	const struct openbao	*b;
	const char		*method;
	char			*path;		/* "secret/data/mcpd/x": for messages too */
	int			 status;
	struct buf		 answer;
	struct scrub		 scrub;
};

/* on_head - any status is an answer */
static enum rc
on_head(void *arg, const struct http_head *head, struct error *err)
{
	(void)err;
	((struct exchange *)arg)->status = head->status;
	return RC_OK;
}

/* on_data - the answer, to its end */
static enum rc
on_data(void *arg, const char *p, size_t n, struct error *err)
{
	if (buf_add(&((struct exchange *)arg)->answer, p, n, NULL) != RC_OK)
		return error_set(err, RC_UPSTREAM, "the answer is larger than %d bytes",
		    OPENBAO_ANSWER_MAX);
	return RC_OK;
}

/* encoded - a path with what may not stand in a URL percent-encoded; slashes stay */
static char *
encoded(const char *path)
{
	char *out = x_malloc(3 * strlen(path) + 1), *p = out;

	for (; *path != '\0'; path++) {
		if (isalnum((unsigned char)*path) || strchr("-._~/", *path) != NULL)
			*p++ = *path;
		else
			p += snprintf(p, sizeof("%xx"), "%%%02X", (unsigned char)*path);
	}
	*p = '\0';
	return out;
}

/* exchange_init - of a secret's "data" or "metadata" */
static void
exchange_init(struct exchange *x, const struct openbao *b, const char *method, const char *what,
    const char *secret)
{
	*x = (struct exchange){ .b = b, .method = method, .scrub = SCRUB_INIT };
	buf_init(&x->answer, OPENBAO_ANSWER_MAX);
	x->path = x_asprintf("%s/%s/%s%s%s", b->mount, what, b->prefix,
	    *b->prefix != '\0' ? "/" : "", secret);
	scrub_add(&x->scrub, b->token);
}

/* exchange_release - what was read may have been values */
static void
exchange_release(struct exchange *x)
{
	buf_wipe(&x->answer);
	scrub_release(&x->scrub);
	free(x->path);
}

/* call - send it; whatever keeps an answer away, the backend is down */
static enum rc
call(struct http *http, struct exchange *x, const struct buf *body, struct error *err)
{
	struct http_header headers[HEADERS_MOST] = {
		{ "X-Vault-Request", "true" }, { "X-Vault-Token", x->b->token },
	};
	char *path = encoded(x->path), *url;
	struct http_request req = {
		.method = x->method, .headers = headers, .nheaders = 2,
		.allow_private = true, .has_key = true,
		.connect_timeout_ms = OPENBAO_CONNECT_MS, .header_timeout_ms = OPENBAO_TOTAL_MS,
		.idle_timeout_ms = OPENBAO_TOTAL_MS, .total_timeout_ms = OPENBAO_TOTAL_MS,
	};
	const struct http_events events = {
		.arg = x, .head = on_head, .data = on_data, .watch_fd = -1
	};
	struct http_result result;
	enum rc rc;

	url = x_asprintf("%.*s/v1/%s", (int)(strlen(x->b->url) -
	    (x->b->url[strlen(x->b->url) - 1] == '/')), x->b->url, path);
	req.url = url;
	if (*x->b->ns != '\0')
		headers[req.nheaders++] = (struct http_header){ "X-Vault-Namespace", x->b->ns };
	if (body != NULL) {
		headers[req.nheaders++] =
		    (struct http_header){ "Content-Type", "application/json" };
		req.body = body->p;
		req.body_len = body->len;
	}
	rc = http_call(http, &req, &events, &result, err);
	if (rc != RC_OK) {
		scrub_text(&x->scrub, err->msg);	/* where a redirect leads */
		error_prefix(err, "SecretBackend %s: OpenBao can't be used", x->b->name);
		rc = err->rc = RC_UNAVAILABLE;
	}
	free(path);
	free(url);
	return rc;
}

static const struct refusal {
	int		 from, to;
	enum rc		 rc;
	const char	*hint;
} refusals[] = {
	{ 400, 400, RC_UPSTREAM, "the request was refused" },
	{ 403, 403, RC_UPSTREAM, "the token was refused: check tokenSecret, whether the token has "
	    "expired, and its policy for this path" },
	{ 404, 404, RC_UPSTREAM, "no KV engine is there: check mount and namespace" },
	{ 405, 405, RC_UPSTREAM, "no KV engine of version 2 is there: check mount" },
	{ 412, 412, RC_UNAVAILABLE, "this node is behind: try again" },
	{ 413, 413, RC_UPSTREAM, "the values are too large for it" },
	{ 429, 429, RC_UNAVAILABLE, "it asks for fewer requests: try again" },
	{ 503, 503, RC_UNAVAILABLE, "it is sealed or not ready: unseal it" },
	{ 500, 599, RC_UNAVAILABLE, "it failed: see its log" },
	{ 0, 999, RC_UPSTREAM, "not an answer of a KV engine: check url" },
};

/* first_words - errors[0], one line of printable text, scrubbed; owned by the caller */
static char *
first_words(const struct exchange *x)
{
	const struct jscan_opts opts = { DEPTH_MAX, 0 };
	struct jscan_want errors = { .name = "errors" };
	struct span first;
	char *text = NULL;
	size_t at = 0;

	if (jscan_object(x->answer.p, x->answer.len, &opts, &errors, 1, NULL, NULL) == RC_OK &&
	    jscan_type(errors.value) == 'a' && jscan_next(errors.value, &at, NULL, &first))
		text = jscan_text(first, NULL);
	if (text == NULL)
		return x_strdup("");
	scrub_text(&x->scrub, text);
	for (char *p = text; *p != '\0'; p++)
		if (!isprint((unsigned char)*p))
			*p = ' ';
	if (strlen(text) > OPENBAO_WORDS_MAX)
		mem_wipe(text + OPENBAO_WORDS_MAX, strlen(text) - OPENBAO_WORDS_MAX);
	return text;
}

/* what OpenBao and Vault say about themselves */
static const char *const own_words[] = {
	"permission denied", "invalid token", "bad token", "missing client token",
	"Vault is sealed", "OpenBao is sealed", "is not initialized", "no handler for route",
	"unsupported path", "unsupported operation", "namespace not found", "quota exceeded",
	"Upgrading from non-versioned to versioned data", "context deadline exceeded",
	"local node not active", "internal error",
};

/* told - its words for a message. The answer to a write may quote what was sent, which is scrubbed; any
   other may quote a stored value, which nobody here knows, so only known words of it are repeated */
static char *
told(const struct exchange *x)
{
	char *words = first_words(x);
	const char *own = "";

	if (strcmp(x->method, "POST") == 0)
		return words;
	for (size_t i = 0; i < sizeof(own_words) / sizeof(own_words[0]) && *own == '\0'; i++)
		if (strstr(words, own_words[i]) != NULL)
			own = own_words[i];
	mem_free_wiped(words);
	return x_strdup(own);
}

/* refused - an answer that is not the one we want, by its status */
static enum rc
refused(const struct exchange *x, struct error *err)
{
	const struct refusal *row = refusals;
	char *words = told(x);

	while (x->status < row->from || x->status > row->to)
		row++;
	error_set(err, row->rc, "SecretBackend %s: OpenBao: HTTP %d to %s %s%s%s (%s)", x->b->name,
	    x->status, x->method, x->path, *words != '\0' ? ": " : "", words, row->hint);
	mem_free_wiped(words);
	return row->rc;
}

/* strange - 2xx, and not what a KV engine of version 2 answers */
static enum rc
strange(const struct exchange *x, struct error *err)
{
	return error_set(err, RC_UPSTREAM, "SecretBackend %s: OpenBao: the answer to %s %s is none "
	    "of a KV engine of version 2 (check url and mount)", x->b->name, x->method, x->path);
}

/* outer - "data" of the answer; p NULL: the answer has none */
static struct span
outer(const struct exchange *x)
{
	const struct jscan_opts opts = { DEPTH_MAX, JSCAN_UNIQUE | JSCAN_STORABLE };
	struct jscan_want data = { .name = "data" };

	if (jscan_object(x->answer.p, x->answer.len, &opts, &data, 1, NULL, NULL) != RC_OK ||
	    jscan_type(data.value) != 'o')
		return (struct span){ NULL, 0 };
	return data.value;
}

/* take_pairs - every member, a string as what it says, the rest as it stands */
static void
take_pairs(struct span object, struct pairs *out)
{
	struct span name, value;
	char *text;

	for (size_t at = 0; jscan_next(object, &at, &name, &value); ) {
		text = jscan_type(value) == 's' ? jscan_text(value, NULL) :
		    x_strndup(value.p, value.len);
		pairs_add(out, jscan_text(name, NULL), text);
	}
}

/* deleted_at - in words of our own; "" where what is said is no time */
static void
deleted_at(struct span meta, char out[CLOCK_TEXT])
{
	char *text = jscan_text(jscan_get(meta, "deletion_time"), NULL);
	int64_t at_ms;

	if (text != NULL && clock_parse(text, &at_ms))
		clock_format(at_ms, out);
	mem_free_wiped(text);
}

/* not_there - 404: never was, or was deleted or destroyed there, which comes with the metadata of that
   version; one that was destroyed can't be undeleted, whenever it had been deleted before */
static enum rc
not_there(const struct exchange *x, struct span meta, int64_t *version, struct error *err)
{
	long long n = meta.p != NULL ? jscan_int(jscan_get(meta, "version")) : 0;
	char at[CLOCK_TEXT] = "";

	if (meta.p != NULL)
		deleted_at(meta, at);
	*version = n > 0 ? n : 0;
	if (n > 0 && jscan_type(jscan_get(meta, "destroyed")) == 't')
		error_set(err, RC_NOT_FOUND, "SecretBackend %s: %s was destroyed in OpenBao (set its "
		    "values again)", x->b->name, x->path);
	else if (n > 0)
		error_set(err, RC_NOT_FOUND, "SecretBackend %s: %s was deleted in OpenBao%s%s "
		    "(undelete it there, or set its values again)", x->b->name, x->path,
		    *at != '\0' ? " at " : "", at);
	else
		error_set(err, RC_NOT_FOUND, "SecretBackend %s: OpenBao has nothing at %s (set its "
		    "values again)", x->b->name, x->path);
	return RC_NOT_FOUND;
}

/* has_errors - an answer with words in "errors": of a 404, that the path itself is unknown */
static bool
has_errors(const struct exchange *x)
{
	char *words = first_words(x);
	bool some = *words != '\0';

	mem_free_wiped(words);
	return some;
}

/* read_answer - a read's answer, whatever its status */
static enum rc
read_answer(const struct exchange *x, struct pairs *data, int64_t *version, struct error *err)
{
	struct span whole = outer(x), inner = { NULL, 0 }, meta = { NULL, 0 };
	long long n;

	if (whole.p != NULL) {
		inner = jscan_get(whole, "data");
		meta = jscan_get(whole, "metadata");
	}
	if (x->status == 404 && !has_errors(x))
		return not_there(x, jscan_type(meta) == 'o' ? meta : (struct span){ NULL, 0 },
		    version, err);
	if (x->status != 200)
		return x->status >= 200 && x->status < 300 ? strange(x, err) : refused(x, err);
	n = jscan_type(meta) == 'o' ? jscan_int(jscan_get(meta, "version")) : -1;
	if (jscan_type(inner) != 'o' || n < 1)
		return strange(x, err);
	take_pairs(inner, data);
	*version = n;
	return RC_OK;
}

/* openbao_read - see openbao.h */
enum rc
openbao_read(struct http *http, const struct openbao *b, const char *secret, struct pairs *data,
    int64_t *version, struct error *err)
{
	struct exchange x;
	enum rc rc;

	exchange_init(&x, b, "GET", "data", secret);
	if ((rc = call(http, &x, NULL, err)) == RC_OK)
		rc = read_answer(&x, data, version, err);
	exchange_release(&x);
	return rc;
}

/* write_body - {"options":{"cas":N},"data":{...}} */
static enum rc
write_body(struct buf *body, const struct pairs *data, int64_t cas, struct error *err)
{
	size_t most = WRITE_ROOM;
	enum rc rc;

	for (size_t i = 0; i < data->n; i++)
		most += sizeof("\"\":\"\",") + strlen(data->v[i].key) +
		    ESCAPE_MOST * strlen(data->v[i].value);
	buf_init(body, most);
	rc = buf_addf(body, err, "{\"options\":{\"cas\":%lld},\"data\":", (long long)cas);
	if (rc == RC_OK)
		rc = pairs_json(data, body, err);
	return rc == RC_OK ? buf_addstr(body, "}", err) : rc;
}

/* write_answer - a write's answer; that of a version 1 engine is an empty 204 */
static enum rc
write_answer(const struct exchange *x, int64_t *version, struct error *err)
{
	static const char cas_words[] = "check-and-set parameter did not match";
	struct span meta = outer(x);
	long long n = meta.p != NULL ? jscan_int(jscan_get(meta, "version")) : -1;
	char *words;
	bool stale;

	if (x->status == 200 && n >= 1) {
		*version = n;
		return RC_OK;
	}
	if (x->status >= 200 && x->status < 300)
		return strange(x, err);
	words = first_words(x);
	stale = x->status == 400 && strstr(words, cas_words) != NULL;
	mem_free_wiped(words);
	refused(x, err);
	return stale ? err->rc = RC_STALE : err->rc;
}

/* openbao_write - see openbao.h */
enum rc
openbao_write(struct http *http, const struct openbao *b, const char *secret,
    const struct pairs *data, int64_t cas, int64_t *version, struct error *err)
{
	struct buf body;
	struct exchange x;
	enum rc rc;

	exchange_init(&x, b, "POST", "data", secret);
	for (size_t i = 0; i < data->n; i++)
		scrub_add(&x.scrub, data->v[i].value);
	if ((rc = write_body(&body, data, cas, err)) == RC_OK &&
	    (rc = call(http, &x, &body, err)) == RC_OK)
		rc = write_answer(&x, version, err);
	buf_wipe(&body);
	exchange_release(&x);
	return rc;
}

/* openbao_delete - see openbao.h */
enum rc
openbao_delete(struct http *http, const struct openbao *b, const char *secret, struct error *err)
{
	struct exchange x;
	enum rc rc;

	exchange_init(&x, b, "DELETE", "metadata", secret);
	if ((rc = call(http, &x, NULL, err)) == RC_OK && x.status != 204 && x.status != 200 &&
	    !(x.status == 404 && !has_errors(&x)))
		rc = refused(&x, err);
	exchange_release(&x);
	return rc;
}
