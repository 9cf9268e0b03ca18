/* cmd_diff.c - mcpctl diff: what apply would change */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "cli/apply.h"
#include "cli/changes.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/overlay.h"
#include "cli/transport.h"
#include "cli/udiff.h"

#define EXIT_DIFFERENT	1		/* diff(1) */
#define EXIT_TROUBLE	2

/* shown - a secret's values without telling them: only whether they differ. mine are the
   document's, stored the ones there are; both are {key: value} */
static struct json_object *
shown(struct json_object *mine, struct json_object *stored, bool changed)
{
	struct json_object *o = json_object_new_object();

	json_object_object_foreach(mine, key, value) {
		bool same = !changed || jsonx_equal(value, jsonx_get(stored, key));

		jsonx_put_str(o, key, same ? "***" : "*** (another value)");
	}
	return o;
}

/* compare_values - add "data" to both sides, where the store can be asked for values */
static enum rc
compare_values(struct program *p, struct transport *t, const struct apply_item *item,
    struct json_object *is, struct json_object *will, struct error *err)
{
	struct json_object *mine = jsonx_get(item->body, "data"), *stored;
	enum rc rc;

	if (t->ops->reveal == NULL) {
		program_note(p, "secret/%s: values can't be compared over HTTP", item->name);
		return RC_OK;
	}
	if ((rc = t->ops->reveal(t, item->name, &stored, err)) != RC_OK)
		return rc;
	jsonx_put(is, "data", shown(stored, stored, false));
	jsonx_put(will, "data", shown(mine, stored, true));
	jsonx_wipe(stored);
	json_object_put(stored);
	return RC_OK;
}

/* print - one object's two sides; is NULL: there is none yet */
static enum rc
print(struct program *p, const struct apply_item *item, struct json_object *is,
    struct json_object *will, struct error *err)
{
	char *from = x_asprintf("live/%s/%s", item->kind->singular, item->name);
	char *to = x_asprintf("file/%s/%s", item->kind->singular, item->name);
	char *a = NULL, *b = NULL;
	enum rc rc = is != NULL ? output_text(item->kind, is, &a, err) : RC_OK;

	if (rc == RC_OK)
		rc = output_text(item->kind, will, &b, err);
	if (rc == RC_OK && udiff_print(is != NULL ? from : "/dev/null", a != NULL ? a : "", to, b,
	    p->colour, stdout))
		p->status = EXIT_DIFFERENT;
	free(a);
	free(b);
	free(from);
	free(to);
	return rc;
}

/* show - one change, against what is there now */
static enum rc
show(struct program *p, struct transport *t, const struct apply_item *item, struct error *err)
{
	bool values = item->kind == &kind_secret && jsonx_get(item->body, "data") != NULL;
	struct json_object *view, *is, *will;
	enum rc rc = RC_OK;

	if (item->view == NULL)
		return RC_OK;			/* it only states what there is, and that is true */
	if (item->outcome == APPLY_CREATED) {
		will = overlay(item->kind, NULL, item->body);
		rc = print(p, item, NULL, will, err);
		json_object_put(will);
		return rc;
	}
	if ((rc = t->ops->get(t, item->kind, item->name, &view, err)) != RC_OK)
		return rc;
	is = overlay_plain(view);
	will = overlay_plain(item->view);
	if (values)
		rc = compare_values(p, t, item, is, will, err);
	if (rc == RC_OK)
		rc = print(p, item, is, will, err);
	json_object_put(view);
	json_object_put(is);
	json_object_put(will);
	return rc;
}

/* diff - apply's own rehearsal says what would be */
static enum rc
diff(struct program *p, const struct manifest *m, struct error *err)
{
	struct changes c;
	struct transport *t;
	enum rc rc;

	if ((rc = program_transport(p, &t, err)) != RC_OK)
		return rc;
	if ((rc = changes_plan(&c, m, t, false, err)) == RC_OK)
		rc = changes_run(&c, p, t, true, err);
	for (size_t i = 0; rc == RC_OK && i < c.n; i++)
		rc = show(p, t, &c.v[i], err);
	changes_release(&c);
	return rc;
}

static const struct opt diff_options[] = {
	{ "file", 'f', "FILE|DIR|-", OPT_REPEAT | OPT_REQUIRED, "as apply takes them" },
	OPT_END
};

/* do_diff - mcpctl diff -f FILE: 0 the same, 1 different, 2 trouble */
static enum rc
do_diff(struct program *p, const struct args *a, struct error *err)
{
	struct manifest m = MANIFEST_INIT;
	enum rc rc = apply_read(p, a, &m, err);

	if (rc == RC_OK)
		rc = diff(p, &m, err);
	rc = apply_end(p, &m, rc);
	manifest_release(&m);
	if (rc != RC_OK)
		program_report(p, rc, err);
	if (rc != RC_OK || ferror(stdout) || fflush(stdout) != 0)
		p->status = EXIT_TROUBLE;	/* main says what is wrong with stdout */
	return RC_OK;
}

const struct command command_diff = {
	.name = "diff", .group = "Resources", .words = "",
	.help = "what apply would change: exit 0 nothing, 1 something, 2 trouble",
	.options = diff_options, .run = do_diff,
	.examples =
	    "mcpctl diff -f catalogue.yaml\n"
	    "mcpctl get llm claude -o yaml | sed 's/^tier:.*/tier: fast/' | mcpctl diff -f -\n",
};
