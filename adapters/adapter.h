/*
 * adapter.h - what a kind of provider must be able to do.
 *
 * Shapes  const vtables in adapters[]; per stream one state of stream_size zeroed bytes
 * Units   bytes; usage counts are tokens, -1 unknown
 * Errors  each slot says its own
 * Owns    struct adapter_request is released by the caller; output goes to bounded buffers
 * Source  API.md 3, TRANSLATION.md
 */
#ifndef ADAPTERS_ADAPTER_H
#define ADAPTERS_ADAPTER_H

#include <stdbool.h>
#include <stdint.h>

#include "adapters/failure.h"
#include "adapters/http.h"
#include "adapters/sse.h"
#include "base/buf.h"
#include "base/jscan.h"

/* the inference paths, as bits: an adapter says which it serves */
enum api {
	API_CHAT	= 1,		/* /v1/chat/completions, and /infer */
	API_COMPLETIONS	= 2,
	API_EMBEDDINGS	= 4,
	API_RESPONSES	= 8,
	API_MESSAGES	= 16,		/* Anthropic's */
	API_COUNT_TOKENS = 32,		/* /v1/messages/count_tokens */
	API_MODELS	= 64,		/* GET /v1/models: no body, for a test of the key */
};

#define API_PASSTHROUGH	(API_COMPLETIONS | API_EMBEDDINGS | API_RESPONSES)	/* never translated */

/* how large a request's body may get: a translation escapes what stood in clear and names what went
   without a name; and the model's name, escaped */
#define ADAPTER_BODY_MAX(len)	((len) * 4 + ADAPTER_BODY_SLACK)
#define ADAPTER_BODY_SLACK	16384	/* bytes */

#define USAGE_COUNT_MAX	INT64_C(1000000000000)	/* tokens; a larger count is a mistake, or a lie */

struct usage {
	int64_t	prompt, completion, cached;
};

struct adapter_call {			/* one inference call, all borrowed */
	enum api		 api;
	const char		*type;		/* "openai" */
	const char		*url;		/* "": the adapter's default */
	const char		*api_path;	/* NULL: "/v1" */
	const char		*model;		/* what the provider is to be asked for */
	const char		*key;		/* NULL: none */
	const struct http_header *headers;	/* extraConfig.headers, secrets resolved */
	size_t			 nheaders;
	const char		*body;		/* the caller's, checked: an object */
	size_t			 body_len;
	struct span		 object;	/* in body, without blank space around it */
	struct span		 model_at;	/* the model's value in body; p NULL: absent */
	struct span		 options_at;	/* the same of stream_options */
	bool			 stream;
	bool			 include_usage;	/* stream_options: the caller wants the counts too */
	int64_t			 max_tokens;	/* extraConfig.maxTokens; -1: not set */
	const char		*thinking;	/* extraConfig.thinking; NULL: not set */
	const char		*sampling;	/* extraConfig.sampling; NULL: not set */
	const char		*request_id;	/* ours */
	const char		*version, *beta;/* the caller's anthropic-version and anthropic-beta;
						   NULL: none */
	size_t			 max_held;	/* bytes of a stream that may wait for its next event */
};

struct adapter_request {		/* what is sent */
	char			*url;
	struct http_header	*headers;	/* each one block, the name's: see adapter_header */
	size_t			 nheaders;
	struct buf		 body;
	struct buf		 ignored;	/* names of the body's fields that have no meaning to the
						   provider, "a, b": the answer's x-mcpd-ignored */
	char			 param[FAILURE_TEXT];	/* with RC_INVALID: the field; "": none */
};

struct adapter_stream {			/* what a stream has shown so far */
	bool		 ended;		/* its real end came (or was made): nothing more is read */
	bool		 failed;	/* an error came: failure is filled, nothing more is read */
	bool		 words;		/* the event that was passed tells of a failure: scrub it */
	struct failure	 failure;
	struct usage	 usage;
	void		*state;		/* stream_size bytes */
};

struct adapter {			/* from one API of a client to one type of provider */
	const char	*type;
	const char	*default_url;	/* NULL: must be configured */
	unsigned	 apis;		/* enum api bits */
	size_t		 stream_size;
	bool		 local;		/* no provider is asked, but response() with no body: an
					   estimate, and the client is told so */
	/* MUST. url, headers, body from the call. RC_UPSTREAM: no url ("vllm: url is required (no
	   default endpoint for this provider)"); RC_INVALID: the body can't be translated */
	enum rc		(*request)(const struct adapter_call *call, struct adapter_request *out,
			    struct error *err);
	/* MUST. A whole 2xx body into the client's. RC_UPSTREAM: it is not what it should be */
	enum rc		(*response)(const struct adapter_call *call, const char *body, size_t len,
			    struct buf *out, struct usage *usage, struct error *err);
	/* MUST. One event into zero or more bytes for the client. RC_UPSTREAM: garbage */
	enum rc		(*event)(const struct adapter_call *call, struct adapter_stream *s,
			    const struct sse_event *event, struct buf *out, struct error *err);
	/* MUST. The body ended cleanly without s->ended: make the end if it was one, or
	   RC_UPSTREAM: "the stream ended before its end" */
	enum rc		(*finish)(const struct adapter_call *call, struct adapter_stream *s,
			    struct buf *out, struct error *err);
	/* MAY. A refusal in the provider's own words; else failure_answer() */
	void		(*refusal)(const struct adapter_call *call, int status, const char *body,
			    size_t len, struct failure *f);
	/* MAY. Free what state owns */
	void		(*stream_release)(void *state);
};

extern const struct adapter adapter_anthropic, adapter_openai, adapter_deepseek, adapter_vllm,
    adapter_ollama;
extern const struct adapter *const adapters[];	/* ends with NULL */

/* adapter_find - who serves an API with a type of Llm; NULL: nobody (gemini-cli) */
const struct adapter *adapter_find(const char *type, enum api api);

/* adapter_ignore - one more name for the client to know of, told once; "x, y" */
void adapter_ignore(struct adapter_request *r, const char *name, size_t len);

/* adapter_header - add a header; copies both */
void adapter_header(struct adapter_request *r, const char *name, const char *value);
void adapter_request_init(struct adapter_request *r, size_t max_body);
void adapter_request_release(struct adapter_request *r);	/* wipes: it holds the key */

/* adapter_base - <url><api path>: "https://api.openai.com/v1"; a url that ends in the path already
   is not given a second one. Owned by the caller; NULL with RC_UPSTREAM where there is no url */
enum rc adapter_base(const struct adapter *a, const struct adapter_call *call, char **out,
    struct error *err);

/* adapter_count - the object's member where it is a count; else *out stays */
void adapter_count(struct span object, const char *name, int64_t *out);

/* adapter_usage - usage of an OpenAI answer object or chunk (its "usage" member); what it doesn't
   say stays as it is */
void adapter_usage(struct span object, struct usage *usage);
void adapter_counts(struct span usage_object, struct usage *usage);	/* of the member itself */

#endif
