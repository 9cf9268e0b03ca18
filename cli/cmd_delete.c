/* cmd_delete.c - mcpctl delete */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/transport.h"
#include "store/record.h"

#define USERS_TEXT_MAX 512		/* bytes of a list of names in a message; the rest is cut */

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

/* llm_uses - as its key, or in a header */
static bool
llm_uses(struct json_object *llm, const char *secret)
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

/* check_unused - RC_CONFLICT names the Llms that would be left without their key */
static enum rc
check_unused(struct transport *t, const char *secret, struct error *err)
{
	struct buf users = BUF_INIT(USERS_TEXT_MAX);
	struct json_object *llms;
	enum rc rc;

	if ((rc = t->ops->list(t, &kind_llm, &llms, err)) != RC_OK)
		return rc;
	for (size_t i = 0; i < json_object_array_length(llms); i++) {
		struct json_object *llm = json_object_array_get_idx(llms, i);

		if (llm_uses(llm, secret))
			(void)buf_addf(&users, NULL, "%s'%s'", users.len > 0 ? ", " : "",
			    jsonx_str(llm, "name", "?"));
	}
	if (users.len > 0)
		rc = error_set(err, RC_CONFLICT, "secret '%s' is the key of llm %s; delete it all "
		    "the same with --force", secret, users.p);
	buf_release(&users);
	json_object_put(llms);
	return rc;
}

/* delete_one - by name or id; what is printed is its name */
static enum rc
delete_one(struct program *p, struct transport *t, const struct kind *k, const char *ref,
    bool force, struct error *err)
{
	struct json_object *o;
	const char *name;
	enum rc rc;

	if ((rc = t->ops->get(t, k, ref, &o, err)) != RC_OK)
		return program_name_error(k, ref, rc, err);
	name = jsonx_str(o, "name", ref);
	if (k == &kind_secret && !force)
		rc = check_unused(t, name, err);
	if (rc == RC_OK)
		rc = program_name_error(k, name, t->ops->remove(t, k, name, err), err);
	if (rc == RC_OK && p->format == FORMAT_NAME)
		printf("%s/%s\n", k->singular, name);
	else if (rc == RC_OK)
		program_say(p, "%s '%s' deleted", k->singular, name);
	json_object_put(o);
	return rc;
}

static const struct opt delete_options[] = {
	{ "force", 0, NULL, 0, "delete a secret that Llms use" },
	OPT_END
};

/* do_delete - mcpctl delete RESOURCE NAME...: one that fails doesn't keep the others */
static enum rc
do_delete(struct program *p, const struct args *a, struct error *err)
{
	const struct kind *k;
	struct transport *t;
	enum rc rc;

	if ((rc = program_kind(a->words[0], &k, err)) != RC_OK ||
	    (rc = program_transport(p, &t, err)) != RC_OK)
		return rc;
	for (size_t i = 1; i < a->nwords; i++) {
		rc = delete_one(p, t, k, a->words[i], args_has(a, "force"), err);
		if (rc != RC_OK)
			program_report(p, rc, err);
	}
	return RC_OK;
}

const struct command command_delete = {
	.name = "delete", .group = "Resources", .words = "RESOURCE NAME...",
	.least = 2, .most = WORDS_ANY,
	.help = "delete objects",
	.options = delete_options, .run = do_delete,
	.examples = "mcpctl delete llm claude local\n",
};
