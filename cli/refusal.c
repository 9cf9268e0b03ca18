/* refusal.c - from a status and a body back to a code and a message */
#include <json-c/json.h>

#include "base/jsonx.h"
#include "cli/refusal.h"

/* the first of the codes that a status may stand for; any of them gives the same exit status */
static const enum rc codes[] = {
	RC_INVALID, RC_UNAUTHENTICATED, RC_FORBIDDEN, RC_NOT_FOUND, RC_METHOD, RC_CONFLICT,
	RC_PRECONDITION, RC_TOO_LARGE, RC_MEDIA_TYPE, RC_UNAVAILABLE, RC_NO_SPACE, RC_IO,
	RC_UNSUPPORTED, RC_UPSTREAM, RC_TIMEOUT,
};

/* code_of - 4xx and 5xx that we never send came from something in between */
static enum rc
code_of(int status)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (rc_info(codes[i])->http == status)
			return codes[i];
	return RC_UPSTREAM;
}

/* message_of - in either shape; NULL: this is no answer of mcpd */
static const char *
message_of(struct json_object *o)
{
	struct json_object *error = NULL;

	if (json_object_is_type(o, json_type_object))
		error = jsonx_get(o, "error");
	if (json_object_is_type(error, json_type_object))
		return jsonx_str(error, "message", NULL);
	return error != NULL ? jsonx_str(o, "error", NULL) : NULL;
}

/* take_details - every fault, as it was found */
static void
take_details(struct json_object *o, struct faults *faults)
{
	struct json_object *list = jsonx_get(o, "details"), *row;

	if (!json_object_is_type(list, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		row = json_object_array_get_idx(list, i);
		if (json_object_is_type(row, json_type_object))
			faults_add(faults, jsonx_str(row, "path", ""), "%s",
			    jsonx_str(row, "message", ""));
	}
}

/* refusal_error - see refusal.h */
enum rc
refusal_error(int status, const char *body, size_t len, const char *where, struct faults *faults,
    struct error *err)
{
	struct json_object *o = NULL;
	enum rc rc = code_of(status);
	const char *message = NULL;

	if (jsonx_parse(body, len, JSONX_DEPTH, &o, NULL) == RC_OK)
		message = message_of(o);
	if (message != NULL && faults != NULL)
		take_details(o, faults);
	if (message != NULL)
		error_set(err, rc, "%s", message);
	else
		error_set(err, rc, "%s: HTTP %d, and no answer of mcpd", where, status);
	json_object_put(o);
	return rc;
}
