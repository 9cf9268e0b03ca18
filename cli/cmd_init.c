/* cmd_init.c - mcpctl init */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/commands.h"
#include "cli/local.h"
#include "store/store.h"

/* tell_next - what a person needs to know now; the token is all that goes to stdout */
static void
tell_next(const struct program *p, const struct config *cfg)
{
	program_note(p, "store:    %s", cfg->db);
	program_note(p, "key file: %s (without it no secret can be read: keep a copy elsewhere)",
	    cfg->key_file);
	program_note(p, "The token of user admin is on stdout, and is shown only now.");
	if (geteuid() == 0)
		program_note(p, "Both belong to root. Give them to the user that serves them: "
		    "chown -R USER: %s %s", cfg->db, cfg->key_file);
	program_note(p, "Next: mcpctl create secret NAME --data key, then mcpctl create llm NAME "
	    "--type T --model M --api-key-ref NAME/key");
}

/* init - the store that cfg names */
static enum rc
init(struct program *p, const struct config *cfg, bool key_file_named, struct error *err)
{
	const struct store_init_opts opts = {
		.key_file = cfg->key_file,
		.key_file_named = key_file_named,
		.allow_network_fs = cfg->allow_network_fs,
	};
	char *token;
	enum rc rc;

	/* a directory made ready for its user beforehand stays that user's */
	if ((rc = local_become_owner(cfg->db, err)) != RC_OK ||
	    (rc = store_init(cfg->db, &opts, &token, err)) != RC_OK)
		return rc;
	puts(token);
	mem_free_wiped(token);
	fflush(stdout);
	tell_next(p, cfg);
	return RC_OK;
}

static const struct opt init_options[] = {
	{ "key-file", 0, "FILE", 0,
	    "where the key is; an existing one is used (default: mcpd.key beside the store)" },
	OPT_END
};

/* do_init - mcpctl init [--key-file F] */
static enum rc
do_init(struct program *p, const struct args *a, struct error *err)
{
	const char *key_file = args_text(a, "key-file");
	struct config cfg;
	const char *db;
	char *url;		/* NULL: the command's row says so */
	enum rc rc;

	if ((rc = program_server(p, &url, &db, err)) != RC_OK ||
	    (rc = local_config(&cfg, db, key_file, err)) != RC_OK)
		return rc;
	rc = init(p, &cfg, key_file != NULL, err);
	config_release(&cfg);
	return rc;
}

const struct command command_init = {
	.name = "init", .group = "Store", .words = "",
	.store_only = "a server has its store already",
	.help = "make a store, its key, and the first user's token",
	.options = init_options, .run = do_init,
	.examples =
	    "mcpctl init\n"
	    "TOKEN=$(mcpctl --db ./state init --key-file ./mcpd.key)\n",
};
