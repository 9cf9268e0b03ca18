/* cmd_apply.c - mcpctl apply: files, as they shall be */
#include <json-c/json.h>
#include <stdio.h>

#include "base/jsonx.h"
#include "cli/apply.h"
#include "cli/changes.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/transport.h"

/* apply_read - see apply.h */
enum rc
apply_read(struct program *p, const struct args *a, struct manifest *m, struct error *err)
{
	enum rc rc = RC_OK;
	const char *path;
	size_t at = 0;

	while (rc == RC_OK && (path = args_next(a, "file", &at)) != NULL)
		rc = manifest_read(m, path, &p->faults, err);
	return rc == RC_OK ? manifest_finish(m, &p->faults, err) : rc;
}

/* result - {"kind", "name", "result"} for programs */
static struct json_object *
result(const struct apply_item *item)
{
	struct json_object *o = json_object_new_object();

	jsonx_put_str(o, "kind", item->kind->singular);
	jsonx_put_str(o, "name", item->name);
	jsonx_put_str(o, "result", apply_outcomes[item->outcome]);
	return o;
}

/* tell - a line an object */
static enum rc
tell(struct program *p, const struct changes *c, bool rehearse, struct error *err)
{
	struct json_object *list = json_object_new_array();
	bool done;
	enum rc rc;

	for (size_t i = 0; i < c->done; i++)
		json_object_array_add(list, result(&c->v[i]));
	rc = output_data(p, list, &done, err);
	for (size_t i = 0; !done && i < c->done; i++) {
		const struct apply_item *item = &c->v[i];

		if (p->format == FORMAT_NAME)
			printf("%s/%s\n", item->kind->singular, item->name);
		else
			program_say(p, "%s/%s %s%s", item->kind->singular, item->name,
			    apply_outcomes[item->outcome], rehearse ? " (dry run)" : "");
	}
	json_object_put(list);
	return rc;
}

/* apply - what was made before a refusal is told before it */
static enum rc
apply(struct program *p, const struct manifest *m, bool rehearse, bool prune, struct error *err)
{
	struct changes c;
	struct transport *t;
	struct error why;
	enum rc rc, told;

	if ((rc = program_transport(p, &t, err)) != RC_OK)
		return rc;
	rc = changes_plan(&c, m, t, prune, err);
	if (rc == RC_OK) {
		rc = changes_run(&c, p, t, rehearse, err);
		told = tell(p, &c, rehearse, &why);
		if (rc == RC_OK && told != RC_OK)
			rc = error_set(err, told, "%s", why.msg);
		if (rc != RC_OK && c.done > 0)
			program_note(p, "%zu of %zu objects are applied; stopped at a refusal",
			    c.done, c.n);
	}
	changes_release(&c);
	return rc;
}

static const struct opt apply_options[] = {
	{ "file", 'f', "FILE|DIR|-", OPT_REPEAT | OPT_REQUIRED,
	    "YAML (many documents) or JSON; a directory's *.yaml, *.yml, *.json; - reads stdin" },
	{ "dry-run", 0, NULL, 0, "say what would be done" },
	{ "prune", 0, NULL, 0,
	    "delete what the files don't have, of the kinds that they speak of; never tokens" },
	OPT_END
};

/* do_apply - mcpctl apply -f FILE|DIR|- [--dry-run] [--prune] */
static enum rc
do_apply(struct program *p, const struct args *a, struct error *err)
{
	struct manifest m = MANIFEST_INIT;
	enum rc rc = apply_read(p, a, &m, err);

	if (rc == RC_OK)
		rc = apply(p, &m, args_has(a, "dry-run"), args_has(a, "prune"), err);
	manifest_release(&m);
	return rc;
}

const struct command command_apply = {
	.name = "apply", .group = "Resources", .words = "",
	.help = "make the catalogue as files say it is: all of it, or nothing",
	.options = apply_options, .run = do_apply,
	.examples =
	    "mcpctl apply -f catalogue.yaml\n"
	    "mcpctl get all -o yaml | mcpctl apply -f -\n"
	    "mcpctl apply -f catalogue/ --prune --dry-run\n",
};
