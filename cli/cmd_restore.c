/* cmd_restore.c - mcpctl restore */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/commands.h"
#include "cli/local.h"
#include "cli/progress.h"
#include "service/changelog.h"
#include "store/restore.h"

#define IDS_TEXT_MAX 4096		/* bytes of key ids in a message */

/* warn_keys - until they are in the key file, what they sealed does not open */
static void
warn_keys(const struct program *p, const struct config *cfg, const struct key_ids *ids)
{
	struct buf text = BUF_INIT(IDS_TEXT_MAX);

	for (size_t i = 0; i < ids->n; i++)
		(void)buf_addf(&text, NULL, "%s%u", i > 0 ? ", " : "", (unsigned)ids->v[i]);
	if (ids->n > 0)
		program_note(p, "secrets are sealed with key id %s, which %s does not hold: copy the "
		    "key file of the store that was backed up there", text.p, cfg->key_file);
	buf_release(&text);
}

/* tell - what an administrator has to know, or to do */
static void
tell(const struct program *p, const struct config *cfg, const struct restored *r)
{
	program_note(p, "%zu objects restored into %s", r->objects, cfg->db);
	for (size_t i = 0; i < r->tokens.n; i++)
		program_note(p, "valid again: mcptoken %s", r->tokens.v[i]);
	warn_keys(p, cfg, &r->keys);
	if (!r->administered)
		program_note(p, "Nobody can edit rbac over HTTP. On the store: mcpctl create rbac NAME "
		    "--subject User:NAME --role edit:rbac");
	if (geteuid() == 0)
		program_note(p, "The store belongs to root where root made it. Give it to the user "
		    "that serves it: chown -R USER: %s", cfg->db);
}

/* tell_log - it was made */
static void
tell_log(struct service *svc, const struct caller *caller, const char *store_id)
{
	struct changelog c;

	changelog_begin(&c, svc, caller);
	changelog_will(&c, "restore", "store", store_id);
	changelog_end(&c, RC_OK);
}

/* note - one line in the audit log of the store that is there now */
static void
note(struct program *p, const struct restored *r)
{
	const struct caller *caller;
	struct transport *t;
	struct service *svc;
	struct error err;

	if (program_transport(p, &t, &err) == RC_OK &&
	    local_service(t, &svc, &caller, &err) == RC_OK)
		tell_log(svc, caller, r->store_id);
	else
		program_note(p, "The restore is not in the audit log: %s", err.msg);
}

struct waiting {
	const struct program	*p;
	struct progress		 show;
};

/* at - the last one stands there while all of them are written, which is one transaction */
static void
at(void *arg, size_t step, size_t of, const char *name)
{
	struct waiting *w = arg;

	if (step == 1)
		w->show = progress_begin(w->p, "restoring", of, PACE_QUICK);
	progress_at(&w->show, step, name);
}

/* restore - into the store that cfg names */
static enum rc
restore(struct program *p, const struct config *cfg, FILE *in, bool force, struct error *err)
{
	struct waiting w = { .p = p };
	const struct verify_steps steps = { at, &w };
	const struct restore_opts opts = {
		.key_file = cfg->key_file,
		.force = force,
		.allow_network_fs = cfg->allow_network_fs,
		.private_urls = cfg->private_urls,
		.steps = &steps,
	};
	struct restored r;
	enum rc rc;

	if ((rc = local_become_owner(cfg->db, err)) != RC_OK)
		return rc;
	rc = store_restore(cfg->db, in, &opts, &r, &p->faults, err);
	progress_hide(&w.show);
	if (rc != RC_OK)
		return rc;
	note(p, &r);
	tell(p, cfg, &r);
	restored_release(&r);
	return RC_OK;
}

/* input - opened before root becomes the store's owner */
static enum rc
input(const char *path, FILE **in, struct error *err)
{
	int fd;

	if (strcmp(path, "-") == 0) {
		*in = stdin;
		return RC_OK;
	}
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, RC_IO, "%s: %s", path, errno == ELOOP ?
		    "a symbolic link: name the file itself" : strerror(errno));
	if ((*in = fdopen(fd, "r")) == NULL) {
		error_set(err, RC_IO, "%s: %s", path, strerror(errno));
		close(fd);
		return RC_IO;
	}
	return RC_OK;
}

static const struct opt restore_options[] = {
	{ "file", 'f', "FILE", OPT_REQUIRED, "what backup wrote; - is stdin" },
	{ "force", 0, NULL, 0, "replace all objects of a store that has some" },
	OPT_END
};

/* do_restore - mcpctl restore -f FILE [--force] */
static enum rc
do_restore(struct program *p, const struct args *a, struct error *err)
{
	const char *path = args_text(a, "file");
	struct config cfg;
	const char *db;
	char *url;		/* NULL: the command's row says so */
	FILE *in = NULL;
	enum rc rc;

	if ((rc = program_server(p, &url, &db, err)) != RC_OK ||
	    (rc = local_config(&cfg, db, NULL, err)) != RC_OK)
		return rc;
	if ((rc = input(path, &in, err)) == RC_OK) {
		rc = restore(p, &cfg, in, args_has(a, "force"), err);
		if ((rc == RC_INVALID && p->faults.n == 0) || (rc == RC_IO && ferror(in)))
			error_prefix(err, "%s", path);
		if (in != stdin)
			fclose(in);
	}
	config_release(&cfg);
	return rc;
}

const struct command command_restore = {
	.name = "restore", .group = "Store", .words = "",
	.help = "a store from a backup; the key file is copied separately",
	.store_only = "no server may be asked to replace its users",
	.options = restore_options, .run = do_restore,
	.examples =
	    "mcpctl --db ./state restore -f mcpd-backup.txt\n"
	    "mcpctl restore -f mcpd-backup.txt --force\n",
};
