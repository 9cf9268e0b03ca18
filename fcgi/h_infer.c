/* h_infer.c - inference over HTTP: a sink over the web server's connection (API.md 3) */
#include "fcgi/handlers.h"
#include "fcgi/reply.h"
#include "service/infer.h"

struct reply_sink {
	struct sink	 sink;
	struct request	*r;
};

/* request_of - whose writes wait no longer than the sink may */
static struct request *
request_of(struct sink *s)
{
	struct request *r = ((struct reply_sink *)s)->r;

	r->io->until_ms = s->until_ms;
	return r;
}

/* start - the engine's headers and ours */
static enum rc
start(struct sink *s, int status, const struct http_header *headers, size_t n, int64_t length,
    struct error *err)
{
	struct request *r = request_of(s);

	for (size_t i = 0; i < n; i++)
		reply_header(r, headers[i].name, headers[i].value);
	return reply_start(r, status, length, err);
}

/* put - a piece of the answer */
static enum rc
put(struct sink *s, const char *p, size_t n, struct error *err)
{
	return reply_write(request_of(s), p, n, err);
}

/* flush - out now */
static enum rc
flush(struct sink *s, struct error *err)
{
	return reply_flush(request_of(s), err);
}

/* ending - the pool is told */
static void
ending(struct sink *s)
{
	io_ending(((struct reply_sink *)s)->r->io);
}

/* watch - is the client still there */
static enum rc
watch(struct sink *s, bool *again, struct error *err)
{
	struct io *io = ((struct reply_sink *)s)->r->io;

	return io->ops->watch(io, again, err);
}

/* early_infer - the Llm of the path, before the body is read */
enum rc
early_infer(struct request *r, struct error *err)
{
	(void)err;
	return infer_find(r->table, r->arg, &r->llm, &r->failure);
}

/* do_infer - with or without an Llm in the path */
enum rc
do_infer(struct request *r, struct error *err)
{
	struct reply_sink out = {
		.sink = {
			.start = start, .write = put, .flush = flush, .watch = watch,
			.ending = ending, .watch_fd = r->io->watch_fd,
		},
		.r = r,
	};
	const struct infer_call call = {
		.table = r->table,
		.caller = &r->caller,
		.request_id = r->id,
		.begun_ms = r->begun_ms,
		.held = &r->held,
		.api = (enum api)(r->route->flags >> R_API_SHIFT),
		.llm = r->llm,
		.version = r->anthropic_version,
		.beta = r->anthropic_beta,
		.body = r->body.p,
		.body_len = r->body.len,
		.sink = &out.sink,
		.draining = &r->server->draining,
	};

	(void)err;
	return infer_run(r->svc, request_http(r), &call, &r->failure);
}
