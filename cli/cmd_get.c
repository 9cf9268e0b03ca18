/* cmd_get.c - mcpctl get */
#include <json-c/json.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/transport.h"
#include "store/record.h"

/* get_all - a section a resource; what may not be seen is reported, the others are shown */
static enum rc
get_all(struct program *p, struct error *err)
{
	struct json_object *lists[RESOURCE__STORED] = { NULL };
	struct transport *t;
	enum rc rc = program_transport(p, &t, err);

	for (size_t i = 0; rc == RC_OK && i < RESOURCE__STORED; i++) {
		if (kinds[i] == NULL)
			continue;
		rc = t->ops->list(t, kinds[i], &lists[i], err);
		if (rc == RC_FORBIDDEN) {
			program_report(p, rc, err);
			rc = RC_OK;
		}
	}
	if (rc == RC_OK)
		rc = output_all(p, lists, err);
	for (size_t i = 0; i < RESOURCE__STORED; i++)
		json_object_put(lists[i]);
	return rc;
}

/* get_list - all of one kind */
static enum rc
get_list(struct program *p, const struct kind *k, struct error *err)
{
	struct json_object *list;
	struct transport *t;
	enum rc rc = program_transport(p, &t, err);

	if (rc == RC_OK && (rc = t->ops->list(t, k, &list, err)) == RC_OK) {
		rc = output_list(p, k, list, err);
		json_object_put(list);
	}
	return rc;
}

/* get_one - one by its name */
static enum rc
get_one(struct program *p, const struct kind *k, const char *name, struct error *err)
{
	struct json_object *o;
	struct transport *t;
	enum rc rc = program_transport(p, &t, err);

	if (rc != RC_OK)
		return rc;
	if ((rc = t->ops->get(t, k, name, &o, err)) != RC_OK)
		return program_name_error(k, name, rc, err);
	rc = output_object(p, k, o, err);
	json_object_put(o);
	return rc;
}

/* get_named - several: what is missing is reported, the others are shown */
static enum rc
get_named(struct program *p, const struct kind *k, char *const *names, size_t n,
    struct error *err)
{
	struct json_object *list, *o;
	struct transport *t;
	enum rc rc = program_transport(p, &t, err);

	if (rc != RC_OK)
		return rc;
	list = json_object_new_array();
	for (size_t i = 0; i < n; i++) {
		if ((rc = t->ops->get(t, k, names[i], &o, err)) == RC_OK)
			json_object_array_add(list, o);
		else
			program_report(p, program_name_error(k, names[i], rc, err), err);
	}
	rc = json_object_array_length(list) > 0 ? output_list(p, k, list, err) : RC_OK;
	json_object_put(list);
	return rc;
}

/* do_get - mcpctl get RESOURCE [NAME...] */
static enum rc
do_get(struct program *p, const struct args *a, struct error *err)
{
	const struct kind *k;
	enum rc rc;

	if (strcmp(a->words[0], "all") == 0) {
		if (a->nwords > 1)
			return error_set(err, RC_USAGE, "get all takes no names");
		return get_all(p, err);
	}
	if ((rc = program_kind(a->words[0], &k, err)) != RC_OK)
		return rc;
	switch (a->nwords) {
	case 1:
		return get_list(p, k, err);
	case 2:
		return get_one(p, k, a->words[1], err);
	default:
		return get_named(p, k, a->words + 1, a->nwords - 1, err);
	}
}

const struct command command_get = {
	.name = "get", .group = "Resources", .words = "RESOURCE [NAME...]",
	.least = 1, .most = WORDS_ANY,
	.help = "list objects, or show the ones that are named", .run = do_get,
	.examples =
	    "mcpctl get llms\n"
	    "mcpctl get llm claude -o yaml\n"
	    "mcpctl get all -o wide\n"
	    "mcpctl get mcptokens -o name\n",
};
