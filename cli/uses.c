/* uses.c - which Llms a secret is the key of */
#include <json-c/json.h>
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/jsonx.h"
#include "cli/transport.h"
#include "cli/uses.h"
#include "store/record.h"

/* header_uses - a value "secret://NAME/KEY" of that secret */
static bool
header_uses(struct json_object *value, const char *secret)
{
	const char *text = json_object_is_type(value, json_type_string) ?
	    json_object_get_string(value) : "";
	size_t n = strlen(secret);

	return strncmp(text, "secret://", 9) == 0 && strncmp(text + 9, secret, n) == 0 &&
	    text[9 + n] == '/';
}

/* uses_secret - see uses.h */
bool
uses_secret(struct json_object *llm, const char *secret)
{
	struct json_object *ref = jsonx_get(llm, "apiKeyRef"), *extra, *headers = NULL;

	if (ref != NULL && strcmp(jsonx_str(ref, "name", ""), secret) == 0)
		return true;
	if ((extra = jsonx_get(llm, "extraConfig")) != NULL)
		headers = jsonx_get(extra, "headers");
	if (!json_object_is_type(headers, json_type_object))
		return false;
	json_object_object_foreach(headers, name, value) {
		(void)name;
		if (header_uses(value, secret))
			return true;
	}
	return false;
}

/* uses_names - see uses.h */
enum rc
uses_names(struct transport *t, const char *secret, const char *quote, char **out,
    struct error *err)
{
	struct buf users = BUF_INIT(USES_TEXT_MAX);
	struct json_object *llms;
	enum rc rc;

	if ((rc = t->ops->list(t, &kind_llm, &llms, err)) != RC_OK)
		return rc;
	for (size_t i = 0; i < json_object_array_length(llms); i++) {
		struct json_object *llm = json_object_array_get_idx(llms, i);

		if (uses_secret(llm, secret))
			(void)buf_addf(&users, NULL, "%s%s%s%s", users.len > 0 ? ", " : "", quote,
			    jsonx_str(llm, "name", "?"), quote);
	}
	json_object_put(llms);
	*out = buf_take(&users);
	return RC_OK;
}
