/* commands.c - mcpctl itself: its commands in their order, and how one is found */
#include <stdbool.h>
#include <string.h>

#include "base/suggest.h"
#include "cli/commands.h"
#include "store/record.h"

static const struct opt global_options[] = {
	{ "db", 0, "DIR", 0, "the store itself (default: $MCPD_DB, else db of mcpd.yaml)" },
	{ "daemon-url", 0, "URL", 0, "a server (default: $MCPD_URL, else that of the login)" },
	{ "token-file", 0, "FILE", 0, "who we are there (default: $MCPD_TOKEN, else the login's)" },
	{ "insecure", 0, NULL, 0, "plain http:// to another machine is fine" },
	{ "output", 'o', "FORMAT", 0, "table, wide, json, yaml or name" },
	{ "no-headers", 0, NULL, 0, "tables without their first line" },
	{ "quiet", 'q', NULL, 0, "data and errors only" },
	{ "version", 'v', NULL, 0, "print the version" },
	{ "help", 'h', NULL, 0, "print this help" },
	OPT_END
};

static const struct command *const commands[] = {	/* in the order of their groups */
	&command_init,
	&command_backup,
	&command_restore,
	&command_migrate,
	&command_rekey,
	&command_doctor,
	&command_create,
	&command_get,
	&command_describe,
	&command_patch,
	&command_delete,
	&command_apply,
	&command_diff,
	&command_edit,
	&command_infer,
	&command_test,
	&command_whoami,
	&command_logs,
	&command_usage,
	&command_status,
	&command_login,
	&command_logout,
	&command_config,
	&command_completion,
	&command_version,
	&command_help,
	&command_complete,
	NULL
};

const struct command command_top = {
	.name = PROGRAM_NAME,
	.words = "COMMAND",
	.help = "administer mcpd, the gateway that keeps the keys of LLM providers",
	.options = global_options,
	.sub = commands,
	.examples =
	    "mcpctl get llms\n"
	    "mcpctl create llm gpt --type openai --model gpt-5 --api-key-ref openai/key\n"
	    "mcpctl describe llm gpt\n",
};

/* command_find - by its name, else as a resource's other name ("create sec") */
enum rc
command_find(const struct command *c, const char *word, const struct command **out,
    struct error *err)
{
	bool resources = strncmp(c->words, "RESOURCE", 8) == 0;
	const struct kind *k = resources ? kind_find(word) : NULL;
	const char *what = resources ? "resource" : "command";
	struct suggestion s;

	suggestion_init(&s, word);
	for (const struct command *const *i = c->sub; *i != NULL; i++) {
		if (strcmp((*i)->name, k != NULL ? k->singular : word) == 0) {
			*out = *i;
			return RC_OK;
		}
		if ((*i)->group != NULL)
			suggestion_offer(&s, (*i)->name);
	}
	if (s.best == NULL)
		return error_set(err, RC_USAGE, "unknown %s '%s'", what, word);
	return error_set(err, RC_USAGE, "unknown %s '%s' (did you mean '%s'?)", what, word, s.best);
}
