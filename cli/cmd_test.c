/* cmd_test.c - mcpctl test */
#include <json-c/json.h>
#include <stdlib.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/transport.h"
#include "store/record.h"

/* listed - what the provider's list says of the model */
static const char *
listed(struct json_object *o)
{
	if (!jsonx_has(o, "modelListed") || jsonx_get(o, "modelListed") == NULL)
		return "its list can't be read";
	return jsonx_bool(o, "modelListed", false) ? "the model is listed" : "the model is not listed";
}

/* verdict - one line, or the exit status with why */
static enum rc
verdict(const struct program *p, const char *name, struct json_object *o, struct error *err)
{
	if (!jsonx_bool(o, "ok", false))
		return error_set(err, RC_UPSTREAM, "llm '%s': %s", name,
		    jsonx_str(o, "error", "it does not answer"));
	program_say(p, "llm '%s' ok: HTTP %d in %lld ms, %s", name, (int)jsonx_int(o, "status", 0),
	    (long long)jsonx_int(o, "latencyMs", 0), listed(o));
	return RC_OK;
}

/* do_test_llm - mcpctl test llm NAME */
static enum rc
do_test_llm(struct program *p, const struct args *a, struct error *err)
{
	const struct question q = { .what = ASK_PROBE, .name = a->words[0] };
	struct json_object *o;
	struct transport *t;
	bool done = false;
	enum rc rc;

	if ((rc = program_transport(p, &t, err)) != RC_OK)
		return rc;
	if ((rc = t->ops->ask(t, &q, &o, err)) != RC_OK)
		return program_name_error(&kind_llm, q.name, rc, err);
	if ((rc = output_data(p, o, &done, err)) == RC_OK && !done)
		rc = verdict(p, q.name, o, err);
	else if (rc == RC_OK && !jsonx_bool(o, "ok", false))
		p->status = rc_info(RC_UPSTREAM)->exit;
	json_object_put(o);
	return rc;
}

static const struct command command_test_llm = {
	.name = "llm", .group = "Resources", .words = "NAME",
	.least = 1, .most = 1, .objects = &kind_llm,
	.help = "does its key work, and does its provider know the model; costs no token",
	.run = do_test_llm,
	.examples = "mcpctl test llm claude\n",
};

static const struct command *const tests[] = {
	&command_test_llm,
	NULL
};

const struct command command_test = {
	.name = "test", .group = "Use", .words = "RESOURCE NAME",
	.help = "does an llm's key work, without a token spent", .sub = tests,
	.examples = "mcpctl test llm claude\n",
};
