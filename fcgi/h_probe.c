/* h_probe.c - POST /api/v1/llms/:name/test: does the key work (API.md 2) */
#include <json-c/json.h>

#include "fcgi/handlers.h"
#include "fcgi/reply.h"
#include "service/probe.h"

/* do_probe - the provider is asked for its models; what comes of it is a 200 either way */
enum rc
do_probe(struct request *r, struct error *err)
{
	const struct record *llm = table_find(r->table, &kind_llm, r->arg);

	if (llm == NULL)
		return error_set(err, RC_NOT_FOUND, "Llm not found: %s", r->arg);
	return reply_json(r, 200, probe_llm(r->svc, request_http(r), r->table,
	    (const struct llm *)llm), err);
}
