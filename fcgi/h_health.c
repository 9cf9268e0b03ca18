/* h_health.c - is the process alive, can it work (API.md 4) */
#include <json-c/json.h>

#include "base/jsonx.h"
#include "base/log.h"
#include "fcgi/handlers.h"
#include "fcgi/reply.h"
#include "service/report.h"

/* do_health - whoever can ask has the answer */
enum rc
do_health(struct request *r, struct error *err)
{
	struct json_object *o = json_object_new_object();

	jsonx_put_str(o, "status", "ok");
	return reply_json(r, 200, o, err);
}

/* not_ready - what is missing, in one word; NULL: nothing */
static const char *
not_ready(struct request *r, struct error *err)
{
	if (server_service(r->server, &r->svc, err) != RC_OK ||
	    server_table(r->server, r->svc, &r->table, err) != RC_OK)
		return "store";
	return report_unready(r->svc, err);
}

/* do_ready - the word is for everyone, the sentence for the log */
enum rc
do_ready(struct request *r, struct error *err)
{
	struct json_object *o = json_object_new_object();
	struct error why;
	const char *reason = not_ready(r, &why);

	jsonx_put_str(o, "status", reason == NULL ? "ok" : "unavailable");
	if (reason != NULL) {
		jsonx_put_str(o, "reason", reason);
		log_warn("not ready: %s", why.msg);
	}
	return reply_json(r, reason == NULL ? 200 : 503, o, err);
}
