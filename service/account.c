/* account.c - the audit lines of calls and changes */
#include <json-c/json.h>
#include <string.h>

#include "base/clock.h"
#include "base/jsonx.h"
#include "base/utf8.h"
#include "service/account.h"

#define MODEL_MAX	128		/* bytes of a model's name in an audit line */

/* put_count - a number that may be unknown */
static void
put_count(struct json_object *event, const char *name, int64_t n)
{
	jsonx_put(event, name, n < 0 ? NULL : json_object_new_int64(n));
}

/* put_model - at most MODEL_MAX bytes, cut before a character, not inside it */
static void
put_model(struct json_object *event, const char *model)
{
	size_t n = model != NULL ? strlen(model) : 0;

	if (n > MODEL_MAX)
		n = utf8_cut(model, n, MODEL_MAX);
	jsonx_put(event, "model", model == NULL ? NULL
	    : json_object_new_string_len(model, (int)n));
}

/* put_caller - who */
static void
put_caller(struct json_object *event, const struct caller *c)
{
	jsonx_put_str(event, "userId", c->user != NULL ? c->user->r.id : NULL);
	jsonx_put_str(event, "tokenSha", c->token != NULL ? c->token->sha : NULL);
}

/* note - the line of a call */
static void
note(struct service *svc, const struct account_call *call, const struct account_result *result)
{
	struct json_object *event = json_object_new_object();
	const struct llm *llm = call->llm;

	jsonx_put_str(event, "event", "llm_inference_call");
	jsonx_put_str(event, "requestId", call->request_id);
	jsonx_put_str(event, "llm", llm != NULL ? llm->r.name : NULL);
	put_model(event, call->model);
	jsonx_put_str(event, "type", llm != NULL ? llm->type : NULL);
	put_caller(event, call->caller);
	jsonx_put_str(event, "via", call->caller->via);
	jsonx_put_bool(event, "streaming", call->streaming);
	jsonx_put_int(event, "status", result->status);
	jsonx_put_int(event, "durationMs", clock_mono_ms() - call->started_ms);
	put_count(event, "firstByteMs", result->first_byte_ms);
	put_count(event, "promptTokens", result->usage.prompt);
	put_count(event, "completionTokens", result->usage.completion);
	put_count(event, "cachedTokens", result->usage.cached);
	jsonx_put_bool(event, "aborted", result->aborted);
	jsonx_put_int(event, "attempts", result->attempts);
	jsonx_put_str(event, "error", result->error);
	service_audit(svc, event);
}

/* account_begin - where every call must leave a line, none is made while lines can't be written; the
   refusal's own line is the next try */
enum rc
account_begin(struct account *a, struct service *svc, const struct account_call *call,
    struct error *err)
{
	if (svc->cfg->audit_required && atomic_load(&svc->audit_down))
		return error_set(err, RC_UNAVAILABLE, "the audit log can't be written");
	*a = (struct account){ .svc = svc, .call = *call };
	return RC_OK;
}

/* account_end - the answer is over */
void
account_end(struct account *a, const struct account_result *result)
{
	note(a->svc, &a->call, result);
}

/* account_refused - nothing was used */
void
account_refused(struct service *svc, const struct account_call *call, const struct failure *f)
{
	const struct account_result result = {
		.status = f->status, .first_byte_ms = -1, .usage = { -1, -1, -1 }, .error = f->kind,
	};

	note(svc, call, &result);
}

/* account_change - the change stands, whatever becomes of the line */
void
account_change(struct service *svc, const struct caller *caller, const char *action,
    const char *resource, const char *name)
{
	struct json_object *event = json_object_new_object();

	jsonx_put_str(event, "event", "resource_changed");
	jsonx_put_str(event, "action", action);
	jsonx_put_str(event, "resource", resource);
	jsonx_put_str(event, "name", name);
	put_caller(event, caller);
	service_audit(svc, event);
}
