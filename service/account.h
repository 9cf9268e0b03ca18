/*
 * account.h - what an inference call leaves behind, whatever its end: its audit line, its counts.
 *
 * Shapes  account_begin() before the provider is asked, account_end() when the answer is over; a call
 *         that is refused before that has account_refused() alone. A budget would be reserved in the
 *         first and settled in the second
 * Units   ms, tokens (-1: not known)
 * Errors  account_begin(): RC_UNAVAILABLE where every call must be audited and this one can't be
 * Owns    account_end() gives the slot back; nothing is borrowed
 * Source  API.md 3 "Audit", DESIGN.md 4
 */
#ifndef SERVICE_ACCOUNT_H
#define SERVICE_ACCOUNT_H

#include "adapters/adapter.h"
#include "service/rbac.h"
#include "service/service.h"

struct account_call {			/* who asks for what */
	const struct caller	*caller;
	const char		*request_id;
	const struct llm	*llm;		/* NULL: not found, or not to be known */
	const char		*model;		/* that the provider is, or would be, asked for; NULL: none */
	bool			 streaming;
	int64_t			 started_ms;	/* clock_mono_ms() */
	struct auditline	**held;		/* account_hold()'s; NULL: none was */
};

struct account_result {			/* how it ended */
	int		 status;	/* as the client got it, or would have */
	int64_t		 first_byte_ms;	/* -1: none came */
	struct usage	 usage;
	bool		 aborted;	/* the client left */
	int		 attempts;
	const char	*error;		/* a code of ours; NULL: none */
};

struct account {			/* one call between its begin and its end */
	struct service		*svc;
	int64_t			 started_ms;
	struct auditline	*slot;		/* NULL: every slot was taken */
	struct auditline	 own;		/* the call, where it has no slot */
};

/* account_hold - a call whose body is still to come has its line if we die; NULL: no slot is free.
   account_begin() and account_refused() let go of it: *held is NULL then */
struct auditline *account_hold(struct service *svc, const struct account_call *call);

enum rc account_begin(struct account *a, struct service *svc, const struct account_call *call,
    struct error *err);
void account_end(struct account *a, const struct account_result *result);

/* account_refused - a call that comes to no provider */
void account_refused(struct service *svc, const struct account_call *call,
    const struct failure *f);

/* account_unknown - a call of nobody that we know: counted, not logged */
void account_unknown(struct service *svc, int status);

/* account_enter - this process works on a request; account_leave - it is done */
void account_enter(struct service *svc);
void account_leave(struct service *svc);

/* account_recoveries - what the store has mended in this process, added to the metrics of all */
void account_recoveries(struct service *svc);

#endif
