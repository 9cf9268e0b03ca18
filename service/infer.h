/*
 * infer.h - one inference call from checked request to last byte, whatever its end.
 *
 * Shapes  the body is an OpenAI request; the answer goes to a sink: the web server's connection, or
 *         the terminal. Before the first byte of an answer a call can still fail with a status
 *         (struct failure); after it, failures are events in the stream and infer_run() is RC_OK
 * Units   ms, bytes
 * Errors  infer_run(): RC_OK the sink has the whole answer, be it a provider's refusal; else failure
 *         is filled and nothing was written: the caller renders it. RC_GONE: nobody is there to read
 * Owns    borrows everything of struct infer_call for the call
 * Source  API.md 3, DESIGN.md 3
 */
#ifndef SERVICE_INFER_H
#define SERVICE_INFER_H

#include <stdatomic.h>

#include "adapters/adapter.h"
#include "service/rbac.h"
#include "service/service.h"

struct sink {				/* where an answer goes */
	/* MUST. Status and headers, once, before the body. length -1: not known (a stream) */
	enum rc	(*start)(struct sink *s, int status, const struct http_header *headers, size_t n,
		    int64_t length, struct error *err);
	/* MUST. RC_GONE when the client is gone */
	enum rc	(*write)(struct sink *s, const char *p, size_t n, struct error *err);
	/* MUST. Out to the client now */
	enum rc	(*flush)(struct sink *s, struct error *err);
	/* MUST. Called when watch_fd is readable: RC_GONE, or RC_OK and *again */
	enum rc	(*watch)(struct sink *s, bool *again, struct error *err);
	/* MAY. Called before the bytes that a client may take for the answer's end; more than once */
	void	(*ending)(struct sink *s);
	int	watch_fd;		/* tells that the client left; -1: nothing does */
	int64_t	until_ms;		/* of clock_mono_ms(), set by infer_run(): no write waits past it */
};

/* sink_ending - to those that want to know */
static inline void
sink_ending(struct sink *s)
{
	if (s->ending != NULL)
		s->ending(s);
}

struct infer_call {
	const struct table	*table;		/* the request's one revision */
	const struct caller	*caller;
	const char		*request_id;
	int64_t			 begun_ms;	/* of clock_mono_ms(): when it came, its body not read yet */
	struct auditline	**held;		/* infer_hold()'s, NULL once the call is accounted for; or NULL */
	enum api		 api;
	const struct llm	*llm;		/* named by the path (/infer), else NULL: by the body */
	const char		*version, *beta;/* anthropic-version and anthropic-beta; or NULL */
	const char		*body;
	size_t			 body_len;
	struct sink		*sink;
	const atomic_int	*draining;	/* not 0: end the stream with an error event; or NULL */
};

/* infer_find - the Llm of an /infer path: 404, 403 model_disabled */
enum rc infer_find(const struct table *t, const char *name, const struct llm **out,
    struct failure *f);

/* infer_hold - a call that is permitted, before its body is read; call as for infer_refused() */
struct auditline *infer_hold(struct service *svc, const struct infer_call *call, const char *llm);

/* infer_refused - the audit line of a call that never came to infer_run() (RBAC on the path, a body
   that is too large): its table, caller, request_id and begun_ms; llm is the name asked for, NULL where
   only the body has it */
void infer_refused(struct service *svc, const struct infer_call *call, const char *llm,
    const struct failure *f);

/* infer_run - check, resolve, call, answer, audit */
enum rc infer_run(struct service *svc, struct http *http, const struct infer_call *call,
    struct failure *f);

/* infer_models - GET /v1/models: what the caller may run; anthropic: in Anthropic's shape */
struct json_object *infer_models(const struct table *t, const struct caller *c, bool anthropic);

/* infer_model - GET /v1/models/:id; NULL: not found, or not runnable by the caller */
struct json_object *infer_model(const struct table *t, const struct caller *c, const char *id,
    bool anthropic);

#endif
