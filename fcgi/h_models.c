/* h_models.c - GET /v1/models, and whatever else an SDK may look for below /v1 */
#include <json-c/json.h>

#include "fcgi/handlers.h"
#include "fcgi/reply.h"
#include "service/infer.h"

/* do_model_list - what the caller may run; Anthropic's clients say who they are */
enum rc
do_model_list(struct request *r, struct error *err)
{
	bool anthropic = r->anthropic_version != NULL;

	return reply_json(r, 200, infer_models(r->table, &r->caller, anthropic), err);
}

/* do_model_get - one of them, by name or alias */
enum rc
do_model_get(struct request *r, struct error *err)
{
	bool anthropic = r->anthropic_version != NULL;
	struct json_object *o = infer_model(r->table, &r->caller, r->arg, anthropic);

	if (o != NULL)
		return reply_json(r, 200, o, err);
	failure_set(&r->failure, FAILURE_MODEL_NOT_FOUND, "model", "Llm not found: %s", r->arg);
	return RC_NOT_FOUND;
}

/* do_not_served - an API of the field that we don't have */
enum rc
do_not_served(struct request *r, struct error *err)
{
	return error_set(err, RC_NOT_FOUND, "not served by mcpd: %s", r->path.text);
}
