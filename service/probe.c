/* probe.c - ask a provider for its models */
#include <json-c/json.h>
#include <string.h>

#include "base/clock.h"
#include "base/jscan.h"
#include "base/jsonx.h"
#include "service/probe.h"
#include "service/upstream.h"

struct probe {
	int		status;
	struct buf	list;
};

/* on_head - any status is a result */
static enum rc
on_head(void *arg, const struct http_head *head, struct error *err)
{
	(void)err;
	((struct probe *)arg)->status = head->status;
	return RC_OK;
}

/* on_data - the list */
static enum rc
on_data(void *arg, const char *p, size_t n, struct error *err)
{
	if (buf_add(&((struct probe *)arg)->list, p, n, NULL) != RC_OK)
		return error_set(err, RC_UPSTREAM, "the list of models is larger than %d bytes",
		    PROBE_LIST_MAX);
	return RC_OK;
}

/* listed - is the model in the list; NULL: it is no list */
static struct json_object *
listed(const struct buf *list, const char *model)
{
	const struct jscan_opts opts = { JSONX_DEPTH, 0 };
	struct jscan_want data = { .name = "data" };
	struct span row;

	if (jscan_object(list->p, list->len, &opts, &data, 1, NULL, NULL) != RC_OK ||
	    jscan_type(data.value) != 'a')
		return NULL;
	for (size_t at = 0; jscan_next(data.value, &at, NULL, &row); )
		if (jscan_type(row) == 'o' && jscan_is(jscan_get(row, "id"), model))
			return json_object_new_boolean(1);
	return json_object_new_boolean(0);
}

/* result - what came of it; a provider's words are scrubbed like every other */
static struct json_object *
result(const struct service *svc, const struct probe *p, const struct llm *llm,
    int64_t latency_ms, struct failure *f, const struct scrub *scrub)
{
	struct json_object *o = json_object_new_object();
	bool ok = f->status == 0;

	scrub_text(scrub, f->message);
	service_say(svc, f->message);
	jsonx_put_bool(o, "ok", ok);
	jsonx_put(o, "status", p->status != 0 ? json_object_new_int(p->status) : NULL);
	jsonx_put(o, "latencyMs", latency_ms < 0 ? NULL : json_object_new_int64(latency_ms));
	jsonx_put(o, "modelListed", ok ? listed(&p->list, llm->model) : NULL);
	jsonx_put_str(o, "error", ok ? NULL : f->message);
	return o;
}

/* make - the request, with its secrets */
static enum rc
make(struct service *svc, const struct table *t, const struct llm *llm, struct credential *c,
    struct adapter_request *made, struct failure *f)
{
	const struct adapter *adapter = adapter_find(llm->type, API_MODELS);
	struct adapter_call call = { .api = API_MODELS, .model = llm->model };
	struct error err;
	enum rc rc;

	if (adapter == NULL) {
		failure_set(f, FAILURE_UNSUPPORTED, NULL,
		    "provider type '%s' is not supported by inference", llm->type);
		return RC_UNSUPPORTED;
	}
	if ((rc = credential_open(c, svc, t, llm, f)) != RC_OK)
		return rc;
	upstream_call(&call, llm, c);
	rc = adapter->request(&call, made, &err);
	if (rc != RC_OK)
		failure_rc(f, &err);
	return rc;
}

/* ask - the call; how long it took */
static int64_t
ask(struct http *http, const struct http_request *req, struct probe *p, const char *type,
    struct failure *f)
{
	const struct http_events events = {
		.arg = p, .head = on_head, .data = on_data, .watch_fd = -1
	};
	struct http_result ignored = { 0, false };
	struct error err = { .rc = RC_OK };
	int64_t began = clock_mono_ms();

	if (http_call(http, req, &events, &ignored, &err) != RC_OK) {
		error_prefix(&err, "%s", type);
		failure_rc(f, &err);
	} else if (p->status < 200 || p->status > 299) {
		failure_answer(f, type, p->status, p->list.p, p->list.len);
	}
	return clock_mono_ms() - began;
}

/* probe_llm - see probe.h */
struct json_object *
probe_llm(struct service *svc, struct http *http, const struct table *t, const struct llm *llm)
{
	struct probe p = { .list = BUF_INIT(PROBE_LIST_MAX) };
	struct failure f = { .status = 0 };
	struct credential c = { .key = NULL };
	struct adapter_request made;
	struct http_request req;
	struct json_object *o;
	int64_t took = -1;

	adapter_request_init(&made, 0);
	if (make(svc, t, llm, &c, &made, &f) == RC_OK) {
		req = upstream_request(svc, llm, &c, "GET", &made);
		if (req.total_timeout_ms > PROBE_TOTAL_MS)
			req.total_timeout_ms = PROBE_TOTAL_MS;
		took = ask(http, &req, &p, llm->type, &f);
	}
	o = result(svc, &p, llm, took, &f, &c.scrub);
	adapter_request_release(&made);
	credential_release(&c);
	buf_release(&p.list);
	return o;
}
