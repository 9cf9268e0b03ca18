/* cmd_patch.c - mcpctl patch */
#include <json-c/json.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "cli/assign.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/transport.h"
#include "cli/values.h"
#include "store/record.h"

/* send - the version tells whether anything changed */
static enum rc
send(struct program *p, const struct kind *k, const char *ref, struct json_object *body,
    struct error *err)
{
	struct json_object *before, *after;
	struct transport *t;
	int64_t version;
	bool changed;
	enum rc rc;

	if ((rc = program_transport(p, &t, err)) != RC_OK)
		return rc;
	if ((rc = t->ops->get(t, k, ref, &before, err)) != RC_OK)
		return program_name_error(k, ref, rc, err);
	version = jsonx_int(before, "version", 0);
	json_object_put(before);
	if ((rc = t->ops->update(t, k, ref, 0, body, &p->faults, &after, err)) != RC_OK)
		return program_name_error(k, ref, rc, err);
	changed = jsonx_int(after, "version", 0) != version;
	rc = output_done(p, k, after, changed ? "patched" : "unchanged", NULL, err);
	json_object_put(after);
	return rc;
}

/* do_patch - mcpctl patch RESOURCE NAME KEY=VALUE... */
static enum rc
do_patch(struct program *p, const struct args *a, struct error *err)
{
	struct json_object *body = json_object_new_object();
	const struct kind *k;
	enum rc rc = program_kind(a->words[0], &k, err);

	for (size_t i = 2; rc == RC_OK && i < a->nwords; i++)
		rc = assign(body, a->words[i], err);
	for (size_t i = 2; rc == RC_OK && k == &kind_secret && i < a->nwords; i++)
		mem_wipe(a->words[i], strlen(a->words[i]));	/* values, as in values.c */
	if (rc == RC_OK)
		rc = send(p, k, a->words[1], body, err);
	jsonx_wipe(body);
	json_object_put(body);
	return rc;
}

const struct command command_patch = {
	.name = "patch", .group = "Resources", .words = "RESOURCE NAME KEY=VALUE...",
	.least = 3, .most = WORDS_ANY,
	.help = "change members of one object", .run = do_patch,
	.examples =
	    "mcpctl patch llm claude tier=heavy enabled=false\n"
	    "mcpctl patch llm claude 'extraConfig={\"maxTokens\":4096}' apiKeyRef=null\n"
	    "mcpctl patch mcptoken ci revoked=true\n",
};
