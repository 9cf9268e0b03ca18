/* cmd_apply.c - mcpctl apply: files, as they shall be */
#include <json-c/json.h>
#include <stdio.h>

#include "base/jsonx.h"
#include "cli/apply.h"
#include "cli/changes.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/transport.h"

/* check - files with faults: what else is wrong with their objects */
static enum rc
check(struct program *p, const struct manifest *m, struct error *err)
{
	struct changes c;
	struct transport *t;
	enum rc rc;

	if (m->n == 0)
		return RC_OK;
	if ((rc = program_transport(p, &t, err)) != RC_OK)
		return rc;
	if ((rc = changes_plan(&c, m, t, false, err)) == RC_OK)
		rc = changes_check(&c, p, t, err);
	changes_release(&c);
	return rc;
}

/* apply_read - see apply.h */
enum rc
apply_read(struct program *p, const struct args *a, struct manifest *m, struct error *err)
{
	const char *path;
	size_t at = 0;
	enum rc rc;

	while ((path = args_next(a, "file", &at)) != NULL)
		manifest_read(m, path, &p->faults);
	manifest_finish(m, &p->faults);
	if (p->faults.total == 0)
		return RC_OK;
	if ((rc = check(p, m, err)) != RC_OK)
		return rc;
	return error_set(err, RC_INVALID, "invalid documents");
}

/* apply_end - see apply.h */
enum rc
apply_end(struct program *p, const struct manifest *m, enum rc rc)
{
	static const struct error invalid = { RC_INVALID, "invalid documents" };

	manifest_sort(m, &p->faults);
	if (rc != RC_OK && rc != RC_INVALID && p->faults.total > 0)
		program_report(p, RC_INVALID, &invalid);
	return rc;
}

struct telling {			/* how it is told what becomes of each object */
	struct program		*p;
	struct json_object	*list;	/* for -o json and yaml; NULL: line by line */
	bool			 rehearse;
};

/* each - a line as it is done: who interrupts it must know how far it came */
static void
each(void *arg, const struct apply_item *item)
{
	const struct telling *to = arg;

	if (to->list != NULL)
		output_result(to->list, item->kind, item->name, apply_outcomes[item->outcome]);
	else if (to->p->format == FORMAT_NAME)
		printf("%s/%s\n", item->kind->singular, item->name);
	else
		program_say(to->p, "%s/%s %s%s", item->kind->singular, item->name,
		    apply_outcomes[item->outcome], to->rehearse ? " (dry run)" : "");
	fflush(stdout);
}

/* run - what was made before a refusal is told before it */
static enum rc
run(struct telling *to, struct changes *c, struct transport *t, struct error *err)
{
	enum rc rc = changes_run(c, to->p, t, to->rehearse, err), told = RC_OK;
	struct error why;
	bool done;

	if (to->list != NULL && (told = output_data(to->p, to->list, &done, &why)) != RC_OK &&
	    rc == RC_OK)
		rc = error_set(err, told, "%s", why.msg);
	if (rc != RC_OK && c->done > 0)
		program_note(to->p, "%zu of %zu objects are applied; stopped at a refusal", c->done,
		    c->n);
	return rc;
}

/* apply - the manifest, all of it or as far as it goes */
static enum rc
apply(struct program *p, const struct manifest *m, bool rehearse, bool prune, struct error *err)
{
	bool data = p->format == FORMAT_JSON || p->format == FORMAT_YAML;
	struct telling to = { .p = p, .rehearse = rehearse };
	struct changes c;
	struct transport *t;
	enum rc rc;

	if ((rc = program_transport(p, &t, err)) != RC_OK)
		return rc;
	if ((rc = changes_plan(&c, m, t, prune, err)) == RC_OK) {
		to.list = data ? json_object_new_array() : NULL;
		c.each = each;
		c.arg = &to;
		rc = run(&to, &c, t, err);
		json_object_put(to.list);
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
	rc = apply_end(p, &m, rc);
	manifest_release(&m);
	return rc;
}

const struct command command_apply = {
	.name = "apply", .group = "Resources", .words = "",
	.help = "make the catalogue as files say it is",
	.options = apply_options, .run = do_apply,
	.examples =
	    "mcpctl apply -f catalogue.yaml\n"
	    "mcpctl get all -o yaml | mcpctl apply -f -\n"
	    "mcpctl apply -f catalogue/ --prune --dry-run\n",
};
