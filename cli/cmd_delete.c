/* cmd_delete.c - mcpctl delete */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/jsonx.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/transport.h"
#include "cli/uses.h"
#include "store/record.h"

/* check_unused - RC_CONFLICT names the Llms that would be left without their key */
static enum rc
check_unused(struct transport *t, const char *secret, struct error *err)
{
	char *users;
	enum rc rc = uses_names(t, secret, "'", &users, err);

	if (rc != RC_OK)
		return rc;
	if (*users != '\0')
		rc = error_set(err, RC_CONFLICT, "secret '%s' is the key of llm %s; delete it all "
		    "the same with --force", secret, users);
	free(users);
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
