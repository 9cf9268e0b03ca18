/* account.c - calls, as the books of the store know them */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "service/account.h"

/* describe - the call as its line will tell it; nothing is known of its end */
static struct auditline
describe(const struct account_call *call)
{
	const struct caller *who = call->caller;
	const struct llm *llm = call->llm;
	struct auditline c = {
		.begun_ms = clock_wall_ms(), .duration_ms = -1, .first_byte_ms = -1,
		.prompt = -1, .completion = -1, .cached = -1, .status = -1,
		.streaming = call->streaming,
	};

	random_id(c.id);
	auditline_text(c.request_id, sizeof(c.request_id), call->request_id);
	auditline_text(c.llm, sizeof(c.llm), llm != NULL ? llm->r.name : NULL);
	auditline_text(c.type, sizeof(c.type), llm != NULL ? llm->type : NULL);
	auditline_text(c.model, sizeof(c.model), call->model);
	auditline_text(c.user, sizeof(c.user), who->user != NULL ? who->user->r.id : NULL);
	auditline_text(c.token, sizeof(c.token), who->token != NULL ? who->token->sha : NULL);
	auditline_text(c.via, sizeof(c.via), who->via);
	return c;
}

/* credible - what no call can have used is not known: one such number would drown the sums */
static int64_t
credible(int64_t tokens)
{
	return tokens <= USAGE_COUNT_MAX ? tokens : -1;
}

/* conclude - how it ended */
static void
conclude(struct auditline *c, const struct account_result *result, int64_t started_ms)
{
	c->duration_ms = clock_mono_ms() - started_ms;
	c->first_byte_ms = result->first_byte_ms;
	c->prompt = credible(result->usage.prompt);
	c->completion = credible(result->usage.completion);
	c->cached = credible(result->usage.cached);
	c->status = result->status;
	c->attempts = result->attempts;
	c->aborted = result->aborted;
	auditline_text(c->error, sizeof(c->error), result->error);
}

/* account_hold - as much of it as the headers tell */
struct auditline *
account_hold(struct service *svc, const struct account_call *call)
{
	const struct auditline c = describe(call);

	return ledger_hold(svc->ledger, &c);
}

/* let_go - of the slot that was held, if one was */
static void
let_go(struct service *svc, const struct account_call *call)
{
	if (call->held == NULL)
		return;
	ledger_let_go(svc->ledger, *call->held);
	*call->held = NULL;
}

/* account_begin - where every call must leave a line, none is made that has no slot to keep it in until
   it can be written, and none after one that could not be */
enum rc
account_begin(struct account *a, struct service *svc, const struct account_call *call,
    struct error *err)
{
	bool required = svc->cfg->audit_required;

	if (required && ledger_down(svc->ledger))
		return error_set(err, RC_UNAVAILABLE, "the audit log can't be written");
	a->svc = svc;
	a->started_ms = call->started_ms;
	a->own = describe(call);
	a->slot = ledger_begin(svc->ledger, &a->own);
	let_go(svc, call);
	if (a->slot == NULL)		/* that was the last one, perhaps */
		a->slot = ledger_begin(svc->ledger, &a->own);
	if (required && a->slot == NULL)
		return error_set(err, RC_UNAVAILABLE, "no more calls can be audited");
	return RC_OK;
}

/* account_end - the answer is over */
void
account_end(struct account *a, const struct account_result *result)
{
	conclude(a->slot != NULL ? a->slot : &a->own, result, a->started_ms);
	if (a->slot != NULL)
		ledger_end(a->svc->ledger, a->slot);
	else
		ledger_note(a->svc->ledger, &a->own);
	ledger_tidy_later(a->svc->ledger);
}

/* account_refused - nothing was used */
void
account_refused(struct service *svc, const struct account_call *call, const struct failure *f)
{
	const struct account_result result = {
		.status = f->status, .first_byte_ms = -1, .usage = { -1, -1, -1 },
		.aborted = f->status == rc_info(RC_GONE)->http, .error = f->kind,
	};
	struct auditline c = describe(call);

	conclude(&c, &result, call->started_ms);
	ledger_note(svc->ledger, &c);
	let_go(svc, call);
	ledger_tidy_later(svc->ledger);
}

/* account_unknown - only its status */
void
account_unknown(struct service *svc, int status)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", status);
	metrics_add(ledger_metrics(svc->ledger), METRICS_REQUESTS, "", text, 1);
}

/* account_enter - one thread more is busy */
void
account_enter(struct service *svc)
{
	inflight_busy(ledger_inflight(svc->ledger), 1);
}

/* account_leave - one less */
void
account_leave(struct service *svc)
{
	inflight_busy(ledger_inflight(svc->ledger), -1);
}

/* account_recoveries - each once */
void
account_recoveries(struct service *svc)
{
	unsigned long n = kv_recoveries();

	if (n > 0)
		metrics_count(ledger_metrics(svc->ledger), METRICS_STORE_RECOVERIES, n);
}
