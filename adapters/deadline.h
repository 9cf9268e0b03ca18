/*
 * deadline.h - the deadlines of an HTTP call, one for each phase of it and one for all.
 *
 * Shapes  connect: until the request can be sent; send, read: since the last byte that moved;
 *         wait: since the last byte of the request, to the final status line
 * Units   ms; a limit of 0 or less is none
 * Errors  RC_TIMEOUT names the deadline: "header: no answer in 600000 ms"
 * Owns    nothing
 * Source  API.md 2, extraConfig; http.c is its only user
 */
#ifndef ADAPTERS_DEADLINE_H
#define ADAPTERS_DEADLINE_H

#include "adapters/http.h"

enum deadline_phase { PHASE_CONNECT, PHASE_SEND, PHASE_WAIT, PHASE_READ };

struct deadline {
	const struct http_request *limits;	/* its four _timeout_ms */
	enum deadline_phase	   phase;
	int64_t			   start_ms;	/* of the call */
	int64_t			   since_ms;	/* where the phase's deadline counts from */
};

/* deadline_init - a call begins, with its connect phase */
void deadline_init(struct deadline *d, const struct http_request *limits);

/* deadline_set - a phase begins, or begins anew because a byte moved */
void deadline_set(struct deadline *d, enum deadline_phase phase);

/* deadline_check - RC_TIMEOUT, or wait_ms becomes no longer than to the nearest one */
enum rc deadline_check(const struct deadline *d, int64_t now_ms, int64_t *wait_ms,
    struct error *err);

/* deadline_passed - RC_TIMEOUT with the text of the phase's own deadline */
enum rc deadline_passed(const struct deadline *d, struct error *err);

#endif
