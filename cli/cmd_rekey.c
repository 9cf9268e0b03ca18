/* cmd_rekey.c - mcpctl rekey */
#include <json-c/json.h>
#include <stdio.h>

#include "cli/commands.h"
#include "cli/local.h"
#include "cli/output.h"
#include "service/rekey.h"
#include "store/record.h"

struct telling {
	struct program		*p;
	struct json_object	*list;	/* for -o json and yaml; NULL: line by line */
};

/* each - a line a secret, as its transaction is done */
static void
each(void *arg, const struct rekey *r, const char *secret)
{
	const struct telling *to = arg;

	(void)r;
	if (to->list != NULL)
		output_result(to->list, &kind_secret, secret, "rekeyed");
	else if (to->p->format == FORMAT_NAME)
		printf("secret/%s\n", secret);
	else
		program_say(to->p, "secret/%s rekeyed", secret);
	fflush(stdout);
}

/* tell - which key, and what becomes of the others */
static void
tell(const struct program *p, const struct rekey *r, const char *key_file)
{
	program_note(p, "rekeyed: %zu, with key id %u (%s)", r->done, (unsigned)r->key_id,
	    r->added ? "a new key" : "the key that an earlier rekey made");
	program_note(p, "Older lines of %s can be removed; backups made before now need them.",
	    key_file);
}

/* do_rekey - mcpctl rekey */
static enum rc
do_rekey(struct program *p, const struct args *a, struct error *err)
{
	bool data = p->format == FORMAT_JSON || p->format == FORMAT_YAML, done;
	struct telling to = { .p = p };
	struct rekey r = { .each = each, .arg = &to };
	const struct caller *caller;
	struct transport *t;
	struct service *svc;
	struct error why;
	enum rc rc, told;

	(void)a;
	if ((rc = program_transport(p, &t, err)) != RC_OK ||
	    (rc = local_service(t, &svc, &caller, err)) != RC_OK)
		return rc;
	to.list = data ? json_object_new_array() : NULL;
	rc = rekey_run(svc, caller, &r, err);
	if (data && (told = output_data(p, to.list, &done, &why)) != RC_OK && rc == RC_OK)
		rc = error_set(err, told, "%s", why.msg);
	json_object_put(to.list);
	if (rc == RC_OK)
		tell(p, &r, svc->cfg->key_file);
	else if (r.added || r.done > 0)
		error_prefix(err, "%zu of %zu secrets rekeyed, run it again to go on", r.done,
		    r.total);
	return rc;
}

const struct command command_rekey = {
	.name = "rekey", .group = "Store", .words = "",
	.help = "seal every secret with a new key, or finish doing so",
	.store_only = "the key file is changed",
	.run = do_rekey,
	.examples = "mcpctl rekey\n",
};
