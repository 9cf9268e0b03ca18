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

struct deletion {
	struct program		*p;
	struct transport	*t;
	const struct kind	*kind;
	bool			 force;
	struct json_object	*list;		/* for -o json and yaml; NULL: line by line */
};

/* tell - a line as it is done */
static void
tell(const struct deletion *d, const char *name)
{
	if (d->list != NULL)
		output_result(d->list, d->kind, name, "deleted");
	else if (d->p->format == FORMAT_NAME)
		printf("%s/%s\n", d->kind->singular, name);
	else
		program_say(d->p, "%s '%s' deleted", d->kind->singular, name);
	fflush(stdout);
}

/* delete_one - by name or id; what is printed is its name */
static enum rc
delete_one(const struct deletion *d, const char *ref, struct error *err)
{
	const struct kind *k = d->kind;
	struct json_object *o;
	const char *name;
	enum rc rc;

	if ((rc = d->t->ops->get(d->t, k, ref, &o, err)) != RC_OK)
		return program_name_error(k, ref, rc, err);
	name = jsonx_str(o, "name", ref);
	if (k == &kind_secret && !d->force)
		rc = check_unused(d->t, name, err);
	if (rc == RC_OK)
		rc = program_name_error(k, name, d->t->ops->remove(d->t, k, name, err), err);
	if (rc == RC_OK)
		tell(d, name);
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
	struct deletion d = { .p = p, .force = args_has(a, "force") };
	bool data = p->format == FORMAT_JSON || p->format == FORMAT_YAML, done;
	enum rc rc;

	if ((rc = program_kind(a->words[0], &d.kind, err)) != RC_OK ||
	    (rc = program_transport(p, &d.t, err)) != RC_OK)
		return rc;
	d.list = data ? json_object_new_array() : NULL;
	for (size_t i = 1; i < a->nwords; i++)
		if ((rc = delete_one(&d, a->words[i], err)) != RC_OK)
			program_report(p, rc, err);
	rc = data ? output_data(p, d.list, &done, err) : RC_OK;
	json_object_put(d.list);
	return rc;
}

const struct command command_delete = {
	.name = "delete", .group = "Resources", .words = "RESOURCE NAME...",
	.least = 2, .most = WORDS_ANY,
	.help = "delete objects",
	.options = delete_options, .run = do_delete,
	.examples = "mcpctl delete llm claude local\n",
};
