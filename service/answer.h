/*
 * answer.h - a provider's answer on its way to the client, held no longer than it must be.
 *
 * Shapes  three ways, chosen by the provider's head: a stream is split into events, each flushed as it
 *         comes; a whole answer is held until it is known to be one; a refusal is read for its message.
 *         The client's status goes out when the provider's is known, or is 200 once a stream's client
 *         has waited keepalive_after_ms
 * Units   ms (clock_mono_ms), bytes
 * Errors  answer_finish() folds every end into one: whole, failed (an error to the client), or gone
 * Owns    answer_release() frees; what answer_init() is given is borrowed
 * Source  API.md 3
 */
#ifndef SERVICE_ANSWER_H
#define SERVICE_ANSWER_H

#include "adapters/adapter.h"
#include "adapters/scrub.h"
#include "base/config.h"
#include "service/dialect.h"
#include "service/infer.h"

#define ANSWER_HEADERS_MAX	40	/* headers of an answer that go to the client */
#define ANSWER_HEADERS_OWN	8	/* of them kept free for ours */
#define ANSWER_REFUSAL_MAX	65536	/* bytes of a refusal's body that are looked at */
#define ANSWER_END_GRACE_MS	100	/* after a stream's real end, for the provider's last chunk */

enum answer_way { ANSWER_WAITING, ANSWER_EVENTS, ANSWER_UNSURE, ANSWER_WHOLE, ANSWER_REFUSED };

struct answer {
	/* what it works with */
	const struct config		*cfg;
	const struct adapter		*adapter;
	const struct adapter_call	*call;
	const struct dialect		*dialect;
	const struct scrub		*scrub;
	struct sink			*sink;
	const atomic_int		*draining;
	/* where it stands */
	enum answer_way	 way;
	int		 upstream_status;
	bool		 committed;		/* the client has its status */
	int64_t		 started_ms, last_write_ms, ended_ms;
	struct http_header headers[ANSWER_HEADERS_MAX];	/* copies */
	size_t		 nheaders;
	struct sse	 sse;
	struct adapter_stream stream;
	struct buf	 out;			/* events not yet written */
	struct buf	 whole;			/* a whole answer, or a refusal's beginning */
	/* what came of it */
	int		 status;		/* as the client got it, or would have */
	bool		 gone;			/* the client left */
	bool		 failed;
	struct failure	 failure;
	int64_t		 first_byte_ms;		/* of the provider's body, since the start; -1 */
};

void answer_init(struct answer *a, const struct config *cfg, const struct adapter *adapter,
    const struct adapter_call *call, const struct scrub *scrub, struct sink *sink,
    const atomic_int *draining);

/* answer_events - the callbacks that http_call() is given; they point into a */
struct http_events answer_events(struct answer *a);

/* answer_local - for an adapter that asks no provider: its answer goes out with answer_finish() */
void answer_local(struct answer *a);

/* answer_finish - http_call() came back with rc: send what is still to be sent */
void answer_finish(struct answer *a, enum rc rc, const struct error *err);
void answer_release(struct answer *a);

/* the headers for the client; beyond ANSWER_HEADERS_MAX one is left out */
void answer_header_add(struct answer *a, const char *name, const char *value);
void answer_header_drop(struct answer *a, const char *name);
bool answer_header_has(const struct answer *a, const char *name);

/* answer_headers_keep - copy what may go back from the provider's head */
void answer_headers_keep(struct answer *a, const struct http_head *head);
void answer_headers_release(struct answer *a);

/* answer_is_type - a Content-Type, NULL: none, without its parameters */
bool answer_is_type(const char *content_type, const char *type);

/* answer_is_plain - no coding that we would have to undo */
bool answer_is_plain(const struct http_head *head);

#endif
