/* cases.c - read the files of tests/cases, play them through an adapter, compare */
#include <criterion/criterion.h>
#include <dirent.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "tests/unit/cases.h"

#define BYTES_MAX	(1 << 22)	/* bytes of a file, an event, an outcome */
#define PIECE_MAX	97		/* bytes of a piece whose size is random */

static const struct { const char *name, *ext; } kinds[CASE__KINDS] = {
	[CASE_REQUEST]	= { "request-", ".json" },
	[CASE_ANSWER]	= { "answer-", ".json" },
	[CASE_STREAM]	= { "stream-", ".sse" },
};

/* slurp - a whole file; NULL: there is none */
static char *
slurp(const char *path, size_t *len)
{
	struct buf text = BUF_INIT(BYTES_MAX);
	char piece[4096];
	FILE *f = fopen(path, "rb");
	size_t n;

	if (f == NULL)
		return NULL;
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		cr_assert_eq(buf_add(&text, piece, n, NULL), RC_OK, "%s is too large", path);
	fclose(f);
	*len = text.len;
	return buf_take(&text);
}

/* read_settings - call.json, its members known */
static struct json_object *
read_settings(const char *stem)
{
	static const char *const known[] = {
		"url", "model", "maxTokens", "thinking", "sampling", "include_usage", "beta", NULL
	};
	char *path = x_asprintf("%s.call.json", stem);
	struct json_object *o = NULL;
	size_t len = 0;
	char *text = slurp(path, &len);

	if (text != NULL)
		cr_assert_eq(jsonx_parse(text, len, JSONX_DEPTH, &o, NULL), RC_OK, "%s", path);
	free(text);
	if (o == NULL) {
		free(path);
		return NULL;
	}
	json_object_object_foreach(o, name, value) {
		size_t i = 0;

		while (known[i] != NULL && strcmp(known[i], name) != 0)
			i++;
		cr_assert(known[i] != NULL && value != NULL, "%s: %s", path, name);
	}
	free(path);
	return o;
}

/* read_case - one, from the name of its .in file; false: the file is none */
static bool
read_case(const struct direction *d, const char *file, struct translation_case *c)
{
	char *stem, *path, *in = strstr(file, ".in.");
	enum case_kind kind = 0;
	size_t ignored;

	while (kind < CASE__KINDS && strncmp(file, kinds[kind].name, strlen(kinds[kind].name)) != 0)
		kind++;
	if (in == NULL || kind == CASE__KINDS || strcmp(in + 3, kinds[kind].ext) != 0)
		return false;
	*c = (struct translation_case){ .direction = d, .kind = kind };
	c->name = x_asprintf("%s/%.*s", d->folder, (int)(in - file), file);
	stem = x_asprintf("%s/%s", CASES_DIR, c->name);
	path = x_asprintf("%s.in%s", stem, kinds[kind].ext);
	c->in = slurp(path, &c->in_len);
	cr_assert_not_null(c->in, "%s", path);
	c->out_path = x_asprintf("%s.out%s", stem, kinds[kind].ext);
	c->out = slurp(c->out_path, &ignored);
	c->settings = read_settings(stem);
	free(path);
	free(stem);
	return true;
}

/* by_name - so that every run has the same order */
static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct translation_case *)a)->name,
	    ((const struct translation_case *)b)->name);
}

/* cases_read - the folder's .in files */
struct translation_case *
cases_read(const struct direction *d, size_t *n)
{
	char *path = x_asprintf("%s/%s", CASES_DIR, d->folder);
	struct translation_case *v = NULL;
	DIR *dir = opendir(path);
	struct dirent *entry;

	cr_assert_not_null(dir, "%s", path);
	*n = 0;
	while ((entry = readdir(dir)) != NULL) {
		v = x_realloc(v, (*n + 1) * sizeof(*v));
		if (read_case(d, entry->d_name, &v[*n]))
			(*n)++;
	}
	closedir(dir);
	free(path);
	qsort(v, *n, sizeof(*v), by_name);
	return v;
}

/* cases_release - free them */
void
cases_release(struct translation_case *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(v[i].name);
		free(v[i].in);
		free(v[i].out);
		free(v[i].out_path);
		json_object_put(v[i].settings);
	}
	free(v);
}

/* call_of - the call as the service would make it; body is the request's, or "{}" */
static struct adapter_call
call_of(const struct translation_case *c, const char *body, size_t len)
{
	const struct jscan_opts opts = { JSONX_DEPTH, 0 };
	struct jscan_want want[] = { { .name = "model" }, { .name = "stream" } };
	struct json_object *s = c->settings;
	struct adapter_call call = {
		.api = c->direction->api, .type = c->direction->type, .body = body, .body_len = len,
		.url = s ? jsonx_str(s, "url", "") : "",
		.model = s ? jsonx_str(s, "model", "model-1") : "model-1",
		.max_tokens = s ? jsonx_int(s, "maxTokens", -1) : -1,
		.thinking = s ? jsonx_str(s, "thinking", NULL) : NULL,
		.sampling = s ? jsonx_str(s, "sampling", NULL) : NULL,
		.max_held = BYTES_MAX,
		.include_usage = s && jsonx_bool(s, "include_usage", false),
		.beta = s ? jsonx_str(s, "beta", NULL) : NULL,
		.request_id = "req_1",
	};

	if (*call.url == '\0' && adapter_find(call.type, call.api)->default_url == NULL)
		call.url = "http://127.0.0.1:1";
	cr_assert_eq(jscan_object(body, len, &opts, want, 2, &call.object, NULL), RC_OK, "%s", c->name);
	call.model_at = want[0].value;
	call.stream = jscan_type(want[1].value) == 't';
	return call;
}

/* say - a line about the outcome, behind its bytes */
#define say(out, ...) ((void)buf_addf(out, NULL, "\n-- " __VA_ARGS__))

/* run_request - the body that goes to the provider, what was ignored; or the refusal */
static void
run_request(const struct translation_case *c, struct buf *out)
{
	struct adapter_call call = call_of(c, c->in, c->in_len);
	struct adapter_request req;
	struct error err;

	adapter_request_init(&req, ADAPTER_BODY_MAX(call.body_len));
	if (adapter_find(call.type, call.api)->request(&call, &req, &err) != RC_OK) {
		say(out, "%s, param %s: %s", rc_info(err.rc)->name, req.param, err.msg);
	} else {
		(void)buf_add(out, req.body.p, req.body.len, NULL);
		if (req.ignored.len > 0)
			say(out, "x-mcpd-ignored: %s", req.ignored.p);
	}
	adapter_request_release(&req);
}

/* say_usage - the counts for the books, where there are any */
static void
say_usage(struct buf *out, const struct usage *u)
{
	if (u->prompt >= 0 || u->completion >= 0 || u->cached >= 0)
		say(out, "usage: prompt %lld, completion %lld, cached %lld", (long long)u->prompt,
		    (long long)u->completion, (long long)u->cached);
}

/* run_answer - the client's body and the usage; or why it is none */
static void
run_answer(const struct translation_case *c, struct buf *out)
{
	struct adapter_call call = call_of(c, "{}", 2);
	struct usage usage = { -1, -1, -1 };
	struct error err;

	if (adapter_find(call.type, call.api)->response(&call, c->in, c->in_len, out, &usage,
	    &err) != RC_OK)
		say(out, "%s: %s", rc_info(err.rc)->name, err.msg);
	else
		say_usage(out, &usage);
}

struct play {				/* one stream on its way */
	struct adapter_call	 call;
	const struct adapter	*adapter;
	struct adapter_stream	 s;
	struct buf		*out;
};

/* take - as the service does: nothing more after the end */
static enum rc
take(void *arg, const struct sse_event *event, struct error *err)
{
	struct play *p = arg;

	return p->s.ended || p->s.failed ? RC_OK
	    : p->adapter->event(&p->call, &p->s, event, p->out, err);
}

/* next - xorshift32 */
static uint32_t
next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* feed - the bytes in pieces, each in a block of its own size, then the end of the body */
static enum rc
feed(struct play *p, const struct translation_case *c, size_t piece, size_t step, uint32_t seed,
    struct error *err)
{
	enum rc rc = RC_OK;
	struct sse sse;
	char *copy;

	sse_init(&sse, BYTES_MAX);
	for (size_t at = 0; at < c->in_len && rc == RC_OK; at += piece, piece = step) {
		if (seed != 0)
			piece = 1 + next(&seed) % PIECE_MAX;
		if (piece == 0 || piece > c->in_len - at)
			piece = c->in_len - at;
		copy = x_malloc(piece);
		memcpy(copy, c->in + at, piece);
		rc = sse_feed(&sse, copy, piece, take, p, err);
		free(copy);
	}
	if (rc == RC_OK)
		rc = sse_end(&sse, take, p, err);
	if (rc == RC_OK && !p->s.ended && !p->s.failed)
		rc = p->adapter->finish(&p->call, &p->s, p->out, err);
	sse_release(&sse);
	return rc;
}

/* run_stream - the client's bytes, how it ended, and the usage */
static void
run_stream(const struct translation_case *c, size_t first, size_t step, uint32_t seed,
    struct buf *out)
{
	struct play p = { .call = call_of(c, "{\"stream\":true}", 15), .out = out };
	struct error err;

	p.adapter = adapter_find(p.call.type, p.call.api);
	p.s.usage = (struct usage){ -1, -1, -1 };
	p.s.state = x_calloc(1, p.adapter->stream_size);
	if (feed(&p, c, first, step, seed, &err) != RC_OK)
		say(out, "%s: %s", rc_info(err.rc)->name, err.msg);
	else if (p.s.failed)
		say(out, "failed, %d %s %s: %s", p.s.failure.status, p.s.failure.type,
		    p.s.failure.code, p.s.failure.message);
	else
		say(out, "ended");
	say_usage(out, &p.s.usage);
	if (p.adapter->stream_release != NULL)
		p.adapter->stream_release(p.s.state);
	free(p.s.state);
}

/* still - "created": is now; in an outcome it is 0 */
static void
still(char *text)
{
	static const char name[] = "\"created\":";
	char *from, *to;

	for (; (text = strstr(text, name)) != NULL; text = to) {
		to = text + sizeof(name) - 1;
		from = to + strspn(to, "0123456789");
		if (from == to)
			continue;
		*to++ = '0';
		memmove(to, from, strlen(from) + 1);
	}
}

/*
 * shorten - chunks of a stream begin alike: what all have before "choices" is shown once, as S, and
 * then stands there as S. A chunk that begins otherwise stays as it is, and is seen.
 */
static char *
shorten(char *text)
{
	static const char lead[] = "data: {\"id\":", tail[] = ",\"choices\":";
	struct buf out = BUF_INIT(BYTES_MAX);
	char *at = strstr(text, lead), *p = text, *end, *s;

	end = at != NULL ? strstr(at, tail) : NULL;
	if (end == NULL)
		return text;
	at += sizeof("data: {") - 1;
	s = x_strndup(at, (size_t)(end - at));
	(void)buf_addf(&out, NULL, "S = %s\n\n", s);
	while ((at = strstr(p, s)) != NULL) {
		(void)buf_add(&out, p, (size_t)(at - p), NULL);
		(void)buf_addstr(&out, "S", NULL);
		p = at + strlen(s);
	}
	(void)buf_addstr(&out, p, NULL);
	free(s);
	free(text);
	return buf_take(&out);
}

/* case_cut - a stream in pieces */
char *
case_cut(const struct translation_case *c, size_t first, size_t step, uint32_t seed)
{
	struct buf out = BUF_INIT(BYTES_MAX);

	run_stream(c, first, step, seed, &out);
	(void)buf_addstr(&out, "\n", NULL);
	still(out.p);
	return shorten(buf_take(&out));
}

/* case_run - whatever it is */
char *
case_run(const struct translation_case *c)
{
	struct buf out = BUF_INIT(BYTES_MAX);

	if (c->kind == CASE_STREAM)
		return case_cut(c, 0, 0, 0);
	if (c->kind == CASE_REQUEST)
		run_request(c, &out);
	else
		run_answer(c, &out);
	(void)buf_addstr(&out, "\n", NULL);
	still(out.p);
	return buf_take(&out);
}

/* bare - without the blank space between JSON's tokens; inside a string all counts */
static char *
bare(const char *p)
{
	char *text = x_malloc(strlen(p) + 1), *out = text;
	bool string = false;

	for (; *p != '\0'; p++) {
		if (*p == '"')
			string = !string;
		else if (string && *p == '\\' && p[1] != '\0')
			*out++ = *p++;
		if (string || strchr(" \t\r\n", *p) == NULL)
			*out++ = *p;
	}
	*out = '\0';
	return text;
}

/* case_same - streams byte for byte, JSON without its layout */
bool
case_same(const struct translation_case *c, const char *outcome)
{
	char *a, *b;
	bool same;

	if (c->out == NULL || c->kind == CASE_STREAM)
		return c->out != NULL && strcmp(c->out, outcome) == 0;
	a = bare(c->out);
	b = bare(outcome);
	same = strcmp(a, b) == 0;
	free(a);
	free(b);
	return same;
}
