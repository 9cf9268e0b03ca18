/* h_resource.c - the catalogue over HTTP: one set of handlers for every kind (API.md 2) */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "fcgi/handlers.h"
#include "fcgi/if_match.h"
#include "fcgi/query.h"
#include "fcgi/reply.h"
#include "service/catalogue.h"

/* kind_of - the row's resource */
static const struct kind *
kind_of(const struct request *r)
{
	return kinds[r->route->action.resource];
}

/* put_version - ETag is the version, in quotes */
static void
put_version(struct request *r, struct json_object *o)
{
	char text[32];

	snprintf(text, sizeof(text), "\"%lld\"", (long long)jsonx_int(o, "version", 0));
	reply_header(r, "ETag", text);
}

/* put_location - as the client would write it, whatever our mount point */
static void
put_location(struct request *r, struct json_object *o)
{
	char *text = x_asprintf("%s%s/%s", r->path.prefix, r->path.text, jsonx_str(o, "id", ""));

	reply_header(r, "Location", text);
	free(text);
}

/* do_list - GET a collection; Llms alone can be filtered */
enum rc
do_list(struct request *r, struct error *err)
{
	enum { TIER, TYPE, END };
	struct query_row rows[] = {
		[TIER] = { "tier", NULL }, [TYPE] = { "type", NULL }, [END] = { NULL, NULL }
	};
	const struct kind *k = kind_of(r);
	struct json_object *list = NULL;
	enum rc rc = query_read(r->query, &rows[k == &kind_llm ? TIER : END], err);
	const struct catalogue_filter filter = { rows[TIER].value, rows[TYPE].value };

	if (rc == RC_OK)
		rc = catalogue_list(r->svc, r->table, &r->caller, k, &filter, &list, err);
	query_release(rows);
	return rc == RC_OK ? reply_json(r, 200, list, err) : rc;
}

/* do_get - GET an object */
enum rc
do_get(struct request *r, struct error *err)
{
	struct json_object *o;
	enum rc rc = catalogue_get(r->svc, r->table, &r->caller, kind_of(r), r->arg, &o, err);

	if (rc != RC_OK)
		return rc;
	put_version(r, o);
	return reply_json(r, 200, o, err);
}

/* do_create - POST; the object of a new token alone carries its text */
enum rc
do_create(struct request *r, struct error *err)
{
	struct json_object *body, *o;
	enum rc rc;

	if ((rc = request_object(r, &body, err)) != RC_OK)
		return rc;
	rc = catalogue_create(r->svc, &r->caller, kind_of(r), body, &r->faults, &o, err);
	jsonx_wipe(body);
	json_object_put(body);
	if (rc != RC_OK)
		return rc;
	put_location(r, o);
	put_version(r, o);
	return reply_json(r, 201, o, err);
}

/* do_update - PUT */
enum rc
do_update(struct request *r, struct error *err)
{
	struct json_object *body, *o;
	int64_t version;
	enum rc rc;

	if ((rc = if_match_parse(r->if_match, &version, err)) != RC_OK ||
	    (rc = request_object(r, &body, err)) != RC_OK)
		return rc;
	rc = catalogue_update(r->svc, &r->caller, kind_of(r), r->arg, body, version, &r->faults, &o,
	    err);
	jsonx_wipe(body);
	json_object_put(body);
	if (rc != RC_OK)
		return rc;
	put_version(r, o);
	return reply_json(r, 200, o, err);
}

/* do_delete - DELETE */
enum rc
do_delete(struct request *r, struct error *err)
{
	int64_t version;
	enum rc rc;

	if ((rc = if_match_parse(r->if_match, &version, err)) != RC_OK ||
	    (rc = catalogue_delete(r->svc, &r->caller, kind_of(r), r->arg, version, err)) != RC_OK)
		return rc;
	return reply_json(r, 204, NULL, err);
}
