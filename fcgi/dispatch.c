/* dispatch.c - 401, 403, 404, 405, 413, 415 and 503 come from here, not from handlers */
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "fcgi/cors.h"
#include "fcgi/dispatch.h"
#include "fcgi/identity.h"
#include "fcgi/reply.h"
#include "service/account.h"
#include "service/infer.h"

/* no_such_path - below /v1 in the words that SDKs' users meet there, with the path as it came */
static enum rc
no_such_path(struct request *r, struct error *err)
{
	const char *path = r->path.text != NULL ? r->path.text : r->request_uri;

	if (path == NULL || !path_below(request_meant(r), "/v1"))
		return error_set(err, RC_NOT_FOUND, "no such path");
	return error_set(err, RC_NOT_FOUND, "not served by mcpd: %.*s",
	    (int)strcspn(path, "?#"), path);
}

/* find_route - 404, 405, and the preflight of a cross-origin request */
static enum rc
find_route(struct request *r, const struct route *rows, struct error *err)
{
	char methods[ROUTE_ALLOW_MAX];
	unsigned allow = 0;

	if (r->path.text != NULL)
		r->route = route_find(rows, r->method, &r->path, &r->arg, &allow);
	if (r->route != NULL)
		return RC_OK;
	if (allow == 0)
		return no_such_path(r, err);
	if (cors_preflight(r, allow))
		return reply_json(r, 204, NULL, err);
	route_allow(allow, methods);
	reply_header(r, "Allow", methods);
	return error_set(err, RC_METHOD, "this path takes %s", methods);
}

/* refuse_saturated - now, rather than after minutes in a queue */
static enum rc
refuse_saturated(struct request *r, struct error *err)
{
	if (!r->saturated)
		return RC_OK;
	return error_set(err, RC_BUSY, "every thread is busy, try again");
}

/* take_table - one revision answers all questions of the request */
static enum rc
take_table(struct request *r, struct error *err)
{
	enum rc rc = server_service(r->server, &r->svc, err);

	if (rc != RC_OK)
		return rc;
	account_enter(r->svc);
	r->entered = true;
	return server_table(r->server, r->svc, &r->table, err);
}

/* identify - who is it; before a byte of the body is kept */
static enum rc
identify(struct request *r, struct error *err)
{
	const struct identity_claims claims = {
		.authorization = r->authorization,
		.api_key = r->api_key,
		.remote_user = r->remote_user,
		.sec_fetch_site = r->sec_fetch_site,
		.trust_remote_user = r->cfg->trust_remote_user,
		.now_ms = clock_wall_ms(),
	};
	enum rc rc = identity_find(r->table, &claims, &r->caller, err);

	if (rc == RC_OK && r->caller.token != NULL)
		lastused_touch(r->svc->lastused, r->table, r->caller.token->r.id, claims.now_ms);
	return rc;
}

/* permit - by the object's name, or by what was asked for: names can't be probed. A collection is
   open to whoever has any such right; what of it is told or taken, the catalogue decides. What is no
   collection (audit, usage) has no names that a right could be limited to */
static enum rc
permit(struct request *r, struct error *err)
{
	const struct action *a = &r->route->action;
	const struct record *object;

	if (!a->needed)
		return RC_OK;
	if (a->operation != NULL)
		return rbac_require_action(r->table, &r->caller, a->operation, err);
	if (r->arg != NULL)
		return rbac_object(r->table, &r->caller, a->verb, kinds[a->resource], r->arg,
		    &object, err);
	if (a->resource < RESOURCE__STORED &&
	    rbac_allows_some(r->table, &r->caller, a->verb, a->resource))
		return RC_OK;
	return rbac_require(r->table, &r->caller, a->verb, a->resource, NULL, err);
}

/* look_early - what the row's path alone can tell */
static enum rc
look_early(struct request *r, struct error *err)
{
	return r->route->early != NULL ? r->route->early(r, err) : RC_OK;
}

/* check_media - application/json, whatever its parameters; a missing body is told later */
static enum rc
check_media(struct request *r, struct error *err)
{
	static const char json[] = "application/json";
	const char *type = r->content_type;
	size_t n;

	if (!(r->route->flags & R_JSON) || (type == NULL && !request_has_body(r)))
		return RC_OK;
	n = type != NULL ? strcspn(type, "; \t") : 0;
	if (n == sizeof(json) - 1 && strncasecmp(type, json, n) == 0)
		return RC_OK;
	return error_set(err, RC_MEDIA_TYPE, "Content-Type must be %s", json);
}

/* call_of - a call as far as its headers tell it */
static struct infer_call
call_of(struct request *r)
{
	return (struct infer_call){
		.table = r->table, .caller = &r->caller, .request_id = r->id,
		.begun_ms = r->begun_ms, .held = &r->held,
	};
}

/* take_body - where the row takes one; else it is thrown away with the answer. A call has its line even
   where we die of its body */
static enum rc
take_body(struct request *r, struct error *err)
{
	if (r->route->flags & R_INFER) {
		const struct infer_call call = call_of(r);

		r->held = infer_hold(r->svc, &call, r->arg);
	}
	return r->route->flags & R_JSON ? request_body(r, err) : RC_OK;
}

/* handle - the row's own work */
static enum rc
handle(struct request *r, struct error *err)
{
	r->handled = true;
	return r->route->handler(r, err);
}

/* is_public - no token is asked for */
static bool
is_public(const struct request *r)
{
	return (r->route->flags & R_PUBLIC) || (r->route->flags & R_METRICS && r->cfg->metrics_public);
}

/* work_off - every step until one refuses, or has answered */
static enum rc
work_off(struct request *r, const struct route *rows, struct error *err)
{
	static enum rc (*const steps[])(struct request *, struct error *) = {
		refuse_saturated, take_table, identify, permit, look_early, check_media, take_body,
		handle
	};
	enum rc rc = find_route(r, rows, err);

	if (rc != RC_OK || r->route == NULL)
		return rc;
	if (is_public(r))
		return handle(r, err);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if ((rc = steps[i](r, err)) != RC_OK)
			return rc;
	return RC_OK;
}

/* note_refusal - a call that never came to the inference engine leaves a line all the same; before it
   is known whose it is, it is only counted */
static void
note_refusal(struct request *r)
{
	struct infer_call call;

	if (r->route == NULL || !(r->route->flags & R_INFER) || r->handled)
		return;
	if (r->caller.user == NULL) {
		if (r->svc != NULL || server_service(r->server, &r->svc, NULL) == RC_OK)
			account_unknown(r->svc, r->status);
		return;
	}
	call = call_of(r);
	infer_refused(r->svc, &call, r->arg, &r->failure);
}

/* note - one line for what the operator may have to mend; a handler that has answered by itself has
   told it already */
static void
note(const struct request *r, const struct error *why)
{
	const char *path = r->path.text != NULL ? r->path.text : "-";
	const char *method = method_name(r->method), *text = why->msg;

	if (r->failure.status != 0)
		text = *r->failure.log != '\0' ? r->failure.log : r->failure.message;
	if (r->status >= 500 && *text != '\0')
		log_warn("%s %s %s: %d %s", r->id, method, path, r->status, text);
	else
		log_debug("%s %s %s: %d %s", r->id, method, path, r->status, text);
}

/* dispatch - work it off; answer and log what went wrong */
void
dispatch(struct request *r, const struct route *rows)
{
	struct error why = { RC_OK, "" };
	enum rc rc = work_off(r, rows, &why);

	why.rc = rc;
	if (rc == RC_GONE && r->status == 0) {		/* in the middle of its upload */
		r->failure.status = rc_info(RC_GONE)->http;
		note_refusal(r);
	} else if (rc != RC_OK && r->status == 0) {
		(void)reply_trouble(r, &why, NULL);
		note_refusal(r);
	}
	if (r->entered)
		account_leave(r->svc);
	note(r, &why);
}
