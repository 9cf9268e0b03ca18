/* infer.c - one inference call: what may be asked, with which key, of whom; and its audit line */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/jscan.h"
#include "base/jsonx.h"
#include "base/log.h"
#include "service/account.h"
#include "service/answer.h"
#include "service/body.h"
#include "service/infer.h"
#include "service/upstream.h"

struct run {				/* one call, all that is made for it */
	struct service		*svc;
	const struct infer_call	*call;
	const struct llm	*llm;		/* NULL until it is found */
	const struct adapter	*adapter;
	char			*asked;		/* the body's model, NULL: none */
	struct adapter_call	 ac;
	struct adapter_request	 req;
	struct credential	 credential;
	struct account		 account;	/* begun when all is prepared */
	int64_t			 started_ms;
};

/* accounted - the call as its audit line tells it, as far as it has come */
static struct account_call
accounted(const struct run *run)
{
	return (struct account_call){
		.caller = run->call->caller,
		.request_id = run->call->request_id,
		.llm = run->llm,
		.model = run->ac.model != NULL ? run->ac.model : run->asked,
		.streaming = run->ac.stream,
		.started_ms = run->call->begun_ms,
		.held = run->call->held,
	};
}

/* scan_body - what we act on; the model that is asked for */
static enum rc
scan_body(struct run *run, struct failure *f)
{
	enum rc rc;

	run->ac.api = run->call->api;
	run->ac.body = run->call->body;
	run->ac.body_len = run->call->body_len;
	run->ac.request_id = run->call->request_id;
	run->ac.version = run->call->version;
	run->ac.beta = run->call->beta;
	run->ac.max_held = (size_t)run->svc->cfg->max_event;
	rc = body_scan(&run->ac, (unsigned)run->svc->cfg->max_nesting, f);
	if (rc == RC_OK)
		run->asked = jscan_text(run->ac.model_at, NULL);
	return rc;
}

/* may_run - the permission to spend */
static bool
may_run(const struct infer_call *call, const char *llm)
{
	return rbac_allows(call->table, call->caller, VERB_RUN, RESOURCE_LLMS, llm);
}

/* by_upstream_model - the one Llm that the caller may run and that asks its provider for model */
static const struct llm *
by_upstream_model(const struct infer_call *call, const char *model)
{
	const struct llm *found = NULL;
	size_t n = table_count(call->table, &kind_llm);

	for (size_t i = 0; i < n; i++) {
		const struct llm *llm = (const void *)table_at(call->table, &kind_llm, i);

		if (strcmp(llm->model, model) != 0 || !may_run(call, llm->r.name))
			continue;
		if (found != NULL)
			return NULL;
		found = llm;
	}
	return found;
}

/* check_enabled - a disabled Llm is there, and says so to those who may run it */
static enum rc
check_enabled(const struct llm *llm, struct failure *f)
{
	if (llm->enabled)
		return RC_OK;
	failure_set(f, FAILURE_MODEL_DISABLED, "model", "Llm is disabled: %s", llm->r.name);
	return RC_FORBIDDEN;
}

/* find_by_body - the Llm that the body's model names: name, alias, upstream model */
static enum rc
find_by_body(struct run *run, struct failure *f)
{
	const struct infer_call *call = run->call;
	const struct llm *llm;

	if (run->asked == NULL || *run->asked == '\0') {
		failure_set(f, FAILURE_REQUEST, "model", "model is required");
		return RC_INVALID;
	}
	llm = (const void *)table_by_name(call->table, &kind_llm, run->asked);
	if (llm == NULL)
		llm = table_llm_alias(call->table, run->asked);
	if (llm == NULL)
		llm = by_upstream_model(call, run->asked);
	if (!may_run(call, llm != NULL ? llm->r.name : run->asked)) {
		failure_set(f, FAILURE_MODEL_NOT_ALLOWED, "model", "permission denied: run:llms:%s",
		    run->asked);
		return RC_FORBIDDEN;
	}
	if (llm == NULL) {
		failure_set(f, FAILURE_MODEL_NOT_FOUND, "model", "Llm not found: %s", run->asked);
		return RC_NOT_FOUND;
	}
	run->llm = llm;
	return check_enabled(llm, f);
}

/* allows_model - extraConfig.models: without it any, the Llm's own always */
static bool
allows_model(const struct llm *llm, const char *model)
{
	if (!llm->settings.models_set)
		return true;
	for (size_t i = 0; i < llm->settings.models.n; i++)
		if (strcmp(llm->settings.models.v[i], model) == 0)
			return true;
	return false;
}

/* choose_model - what the provider is asked for */
static enum rc
choose_model(struct run *run, struct failure *f)
{
	const struct llm *llm = run->llm;

	run->ac.model = llm->model;
	if (run->call->llm == NULL || run->asked == NULL || *run->asked == '\0' ||
	    strcmp(run->asked, llm->r.name) == 0 || strcmp(run->asked, llm->model) == 0)
		return RC_OK;
	if (!allows_model(llm, run->asked)) {
		failure_set(f, FAILURE_MODEL_NOT_ALLOWED, "model",
		    "model '%s' is not among the models of Llm %s", run->asked, llm->r.name);
		return RC_FORBIDDEN;
	}
	run->ac.model = run->asked;
	return RC_OK;
}

/* resolve_secrets - the key and the headers, in clear from here on */
static enum rc
resolve_secrets(struct run *run, struct failure *f)
{
	enum rc rc = RC_OK;

	if (!run->adapter->local)
		rc = credential_open(&run->credential, run->svc, run->call->table, run->llm, f);

	upstream_call(&run->ac, run->llm, &run->credential);
	return rc;
}

/* choose_adapter - who speaks this provider's language on this path */
static enum rc
choose_adapter(struct run *run, struct failure *f)
{
	const struct llm *llm = run->llm;

	run->adapter = adapter_find(llm->type, run->call->api);
	if (run->adapter != NULL)
		return RC_OK;
	if (run->call->api & API_PASSTHROUGH) {
		failure_set(f, FAILURE_REQUEST, "model",
		    "Llm %s: provider type '%s' does not serve this path", llm->r.name, llm->type);
		return RC_INVALID;
	}
	failure_set(f, FAILURE_UNSUPPORTED, NULL,
	    "Llm %s: provider type '%s' is not supported by inference", llm->r.name, llm->type);
	return RC_UNSUPPORTED;
}

/* make_request - the provider's request, complete with its key */
static enum rc
make_request(struct run *run, struct failure *f)
{
	struct error err;
	enum rc rc;

	if (run->adapter->local)
		return RC_OK;
	rc = run->adapter->request(&run->ac, &run->req, &err);
	if (rc == RC_INVALID)
		failure_set(f, FAILURE_REQUEST, run->req.param, "%s", err.msg);
	else if (rc != RC_OK)
		failure_rc(f, &err);
	return rc;
}

/* begin - from here on the call is accounted for, even if we die */
static enum rc
begin(struct run *run, struct failure *f)
{
	const struct account_call call = accounted(run);
	struct error err;
	enum rc rc = account_begin(&run->account, run->svc, &call, &err);

	if (rc != RC_OK)
		failure_set(f, FAILURE_BACKEND, NULL, "%s", err.msg);
	return rc;
}

/* prepare - every check that comes before the provider, in the order of API.md 3 */
static enum rc
prepare(struct run *run, struct failure *f)
{
	static enum rc (*const steps[])(struct run *, struct failure *) = {
		choose_model, choose_adapter, resolve_secrets, make_request, begin
	};
	enum rc rc;

	if ((rc = scan_body(run, f)) != RC_OK)
		return rc;
	if (run->llm == NULL && (rc = find_by_body(run, f)) != RC_OK)
		return rc;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if ((rc = steps[i](run, f)) != RC_OK)
			return rc;
	return RC_OK;
}

/* call_provider - the call itself; the answer has sent all there is to send when it returns */
static void
call_provider(struct run *run, struct http *http, struct answer *answer,
    struct http_result *result)
{
	const struct http_request req = upstream_request(run->svc, run->llm, &run->credential,
	    "POST", &run->req);
	const struct http_events events = answer_events(answer);
	struct error err = { .rc = RC_OK };
	enum rc rc = RC_OK;

	if (req.total_timeout_ms > 0)
		run->call->sink->until_ms = run->started_ms + req.total_timeout_ms;
	if (run->adapter->local) {
		answer_header_add(answer, "x-mcpd-estimate", "true");
		answer_local(answer);
	} else {
		rc = http_call(http, &req, &events, result, &err);
	}
	answer_finish(answer, rc, &err);
}

/* run_release - wipe what was secret */
static void
run_release(struct run *run)
{
	free(run->asked);
	adapter_request_release(&run->req);
	credential_release(&run->credential);
}

/* end - what came of it */
static void
end(struct run *run, const struct answer *answer, int attempts)
{
	const struct account_result result = {
		.status = answer->status,
		.first_byte_ms = answer->first_byte_ms,
		.usage = answer->stream.usage,
		.aborted = answer->gone,
		.attempts = attempts,
		.error = answer->failed ? answer->failure.kind : NULL,
	};

	account_end(&run->account, &result);
}

/* unread - a call of which the headers alone are known; llm: the path's, NULL: it names none */
static struct account_call
unread(const struct infer_call *call, const char *llm)
{
	struct account_call c = {
		.caller = call->caller, .request_id = call->request_id,
		.started_ms = call->begun_ms,
		.held = call->held,
	};

	if (llm != NULL)
		c.llm = (const void *)table_find(call->table, &kind_llm, llm);
	c.model = c.llm != NULL ? c.llm->model : llm;
	return c;
}

/* infer_hold - the line is "worker_died" while the slot is held */
struct auditline *
infer_hold(struct service *svc, const struct infer_call *call, const char *llm)
{
	const struct account_call c = unread(call, llm);

	return account_hold(svc, &c);
}

/* infer_refused - the line of a call that was over before it was one */
void
infer_refused(struct service *svc, const struct infer_call *call, const char *llm,
    const struct failure *f)
{
	const struct account_call refused = unread(call, llm);

	account_refused(svc, &refused, f);
}

/* infer_find - the Llm of a path; the caller's permission was judged before */
enum rc
infer_find(const struct table *t, const char *name, const struct llm **out, struct failure *f)
{
	const struct llm *llm = (const void *)table_find(t, &kind_llm, name);

	if (llm == NULL) {
		failure_set(f, FAILURE_MODEL_NOT_FOUND, NULL, "Llm not found: %s", name);
		return RC_NOT_FOUND;
	}
	*out = llm;
	return check_enabled(llm, f);
}

/* infer_run - the whole call */
enum rc
infer_run(struct service *svc, struct http *http, const struct infer_call *call,
    struct failure *f)
{
	struct run run = {
		.svc = svc, .call = call, .llm = call->llm, .started_ms = clock_mono_ms()
	};
	struct http_result result = { 0, false };
	struct answer answer;
	enum rc rc;

	adapter_request_init(&run.req, ADAPTER_BODY_MAX(call->body_len));
	rc = prepare(&run, f);
	if (rc != RC_OK) {
		const struct account_call refused = accounted(&run);

		scrub_text(&run.credential.scrub, f->message);
		account_refused(svc, &refused, f);
	} else {
		answer_init(&answer, svc->cfg, run.adapter, &run.ac, &run.credential.scrub,
		    call->sink, call->draining);
		if (run.req.ignored.len > 0)
			answer_header_add(&answer, "x-mcpd-ignored", run.req.ignored.p);
		call_provider(&run, http, &answer, &result);
		end(&run, &answer, result.attempts);
		if (answer.failed && answer.failure.log[0] != '\0')
			log_warn("%s: %s", run.llm->r.name, answer.failure.log);
		rc = answer.gone ? RC_GONE : RC_OK;
		answer_release(&answer);
	}
	run_release(&run);
	return rc;
}
