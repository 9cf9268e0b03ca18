/* h_migrate.c - POST /api/v1/secrets/migrate (API.md 2) */
#include <json-c/json.h>

#include "fcgi/handlers.h"
#include "fcgi/reply.h"
#include "service/migrate.h"

/* do_migrate - what failed stands in the answer, which is a 200 all the same */
enum rc
do_migrate(struct request *r, struct error *err)
{
	struct json_object *body, *o;
	enum rc rc;

	if ((rc = request_object(r, &body, err)) != RC_OK)
		return rc;
	rc = migrate_secrets(r->svc, &r->caller, body, &r->faults, &o, err);
	json_object_put(body);
	return rc == RC_OK ? reply_json(r, 200, o, err) : rc;
}
