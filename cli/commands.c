/* commands.c - every command, its options and its examples: one row is the one place */
#include <string.h>

#include "base/suggest.h"
#include "cli/commands.h"
#include "store/record.h"

#define OPT_END { NULL, 0, NULL, 0, NULL }
#define OPT_FORCE_ROW { "force", 0, NULL, OPT_WAIVES, \
	"update it where it exists: only what is given changes" }

static const struct opt global_options[] = {
	{ "db", 0, "DIR", 0, "the store (default: $MCPD_DB, else db of mcpd.yaml)" },
	{ "output", 'o', "FORMAT", 0, "table, wide, json, yaml or name" },
	{ "no-headers", 0, NULL, 0, "tables without their first line" },
	{ "quiet", 'q', NULL, 0, "data and errors only" },
	{ "version", 'v', NULL, 0, "print the version" },
	{ "help", 'h', NULL, 0, "print this help" },
	OPT_END
};

static const struct opt init_options[] = {
	{ "key-file", 0, "FILE", 0,
	    "where the key is; an existing one is used (default: mcpd.key beside the store)" },
	OPT_END
};

static const struct opt llm_options[] = {
	{ "type", 0, "T", OPT_REQUIRED,
	    "anthropic, openai, deepseek, vllm, ollama or gemini-cli" },
	{ "model", 0, "M", OPT_REQUIRED, "the provider's name of the model" },
	{ "url", 0, "U", 0, "where the provider is (default: its own public address)" },
	{ "tier", 0, "fast|heavy", 0, "default: fast" },
	{ "description", 0, "D", 0, "at most 500 characters" },
	{ "api-key-ref", 0, "SECRET/KEY", 0, "the key that the provider is sent; '': none" },
	{ "alias", 0, "A", OPT_REPEAT, "another name for it in requests" },
	{ "disabled", 0, NULL, 0, "refuse its calls for now" },
	{ "extra", 0, "K=V", OPT_REPEAT,
	    "a member of extraConfig; V is taken as JSON where it is" },
	OPT_FORCE_ROW,
	OPT_END
};

static const struct opt secret_options[] = {
	{ "data", 0, "K[=V]", OPT_REPEAT, "a value; K=- reads stdin, K alone asks without echo" },
	{ "from-file", 0, "K=FILE", OPT_REPEAT, "a value from a file" },
	{ "from-env-file", 0, "FILE", OPT_REPEAT, "values from lines KEY=VALUE" },
	{ "backend", 0, "B", 0, "where it is kept (default: the default backend)" },
	OPT_FORCE_ROW,
	OPT_END
};

static const struct opt user_options[] = {
	{ "description", 0, "D", 0, "who that is" },
	OPT_FORCE_ROW,
	OPT_END
};

static const struct opt rbac_options[] = {
	{ "subject", 0, "KIND:NAME", OPT_REPEAT | OPT_REQUIRED,
	    "who: User:NAME, Group:NAME or McpToken:NAME" },
	{ "role", 0, "ROLE:RESOURCE[:NAME]", OPT_REPEAT,
	    "what: view, create, delete, edit, run or expose; RESOURCE may be *" },
	{ "operation", 0, "ACTION", OPT_REPEAT, "an operation to run: migrate-secrets" },
	OPT_FORCE_ROW,
	OPT_END
};

static const struct opt mcptoken_options[] = {
	{ "user", 0, "U", OPT_REQUIRED, "whose token it is" },
	{ "scope", 0, "ROLE:RESOURCE[:NAME]", OPT_REPEAT,
	    "no more than this (default: all that its user may)" },
	{ "expires", 0, "TIME", 0, "30d, 12h, or 2030-01-31T00:00:00Z (default: never)" },
	{ "force", 0, NULL, 0,
	    "refused where it exists: the text of a token can't be made again" },
	OPT_END
};

static const struct opt describe_options[] = {
	{ "show-values", 0, NULL, 0, "a secret's values in clear" },
	OPT_END
};

static const struct opt delete_options[] = {
	{ "force", 0, NULL, 0, "delete a secret that Llms use" },
	OPT_END
};

static const struct command create_commands[] = {
	{
		.name = "llm", .group = "Resources", .words = "NAME",
		.least = 1, .most = 1,
		.help = "a provider's model that callers may use",
		.options = llm_options, .run = do_create_llm,
		.examples =
		    "mcpctl create llm claude --type anthropic --model claude-sonnet-4-5"
		    " --api-key-ref anthropic/key\n"
		    "mcpctl create llm local --type vllm --model qwen3"
		    " --url http://127.0.0.1:8000 --alias qwen\n"
		    "mcpctl create llm claude --force --extra maxTokens=4096\n",
	}, {
		.name = "secret", .group = "Resources", .words = "NAME",
		.least = 1, .most = 1,
		.help = "keys of providers, sealed in the store",
		.options = secret_options, .run = do_create_secret,
		.examples =
		    "mcpctl create secret anthropic --data key\n"
		    "mcpctl create secret openai --data key=- < key.txt\n"
		    "mcpctl create secret team --from-env-file keys.env\n",
	}, {
		.name = "user", .group = "Resources", .words = "NAME",
		.least = 1, .most = 1,
		.help = "someone who may have tokens",
		.options = user_options, .run = do_create_user,
		.examples = "mcpctl create user alice --description 'Alice, billing'\n",
	}, {
		.name = "rbac", .group = "Resources", .words = "NAME",
		.least = 1, .most = 1,
		.help = "who may do what",
		.options = rbac_options, .run = do_create_rbac,
		.examples =
		    "mcpctl create rbac callers --subject User:alice --role run:llms:claude\n"
		    "mcpctl create rbac keepers --subject User:bob --role edit:secrets"
		    " --operation migrate-secrets\n",
	}, {
		.name = "mcptoken", .group = "Resources", .words = "NAME",
		.least = 1, .most = 1,
		.help = "a user's token; its text is printed once",
		.options = mcptoken_options, .run = do_create_mcptoken,
		.examples =
		    "mcpctl create mcptoken alice-laptop --user alice --expires 90d\n"
		    "TOKEN=$(mcpctl create mcptoken ci --user bot --scope run:llms:claude)\n",
	},
	{ .name = NULL }
};

static const struct command commands[] = {
	{
		.name = "init", .group = "Store", .words = "",
		.help = "make a store, its key, and the first user's token",
		.options = init_options, .run = do_init,
		.examples =
		    "mcpctl init\n"
		    "TOKEN=$(mcpctl --db ./state init --key-file ./mcpd.key)\n",
	}, {
		.name = "create", .group = "Resources", .words = "RESOURCE NAME",
		.help = "make an llm, secret, user, rbac or mcptoken", .sub = create_commands,
		.examples =
		    "mcpctl create secret openai --data key\n"
		    "mcpctl create llm gpt --type openai --model gpt-5 --api-key-ref openai/key\n",
	}, {
		.name = "get", .group = "Resources", .words = "RESOURCE [NAME...]",
		.least = 1, .most = WORDS_ANY,
		.help = "list objects, or show the ones that are named", .run = do_get,
		.examples =
		    "mcpctl get llms\n"
		    "mcpctl get llm claude -o yaml\n"
		    "mcpctl get all -o wide\n"
		    "mcpctl get mcptokens -o name\n",
	}, {
		.name = "describe", .group = "Resources", .words = "RESOURCE NAME",
		.least = 2, .most = 2,
		.help = "all there is to know of one object",
		.options = describe_options, .run = do_describe,
		.examples =
		    "mcpctl describe llm claude\n"
		    "mcpctl describe secret anthropic --show-values\n",
	}, {
		.name = "patch", .group = "Resources", .words = "RESOURCE NAME KEY=VALUE...",
		.least = 3, .most = WORDS_ANY,
		.help = "change members of one object", .run = do_patch,
		.examples =
		    "mcpctl patch llm claude tier=heavy enabled=false\n"
		    "mcpctl patch llm claude 'extraConfig={\"maxTokens\":4096}' apiKeyRef=null\n"
		    "mcpctl patch mcptoken ci revoked=true\n",
	}, {
		.name = "delete", .group = "Resources", .words = "RESOURCE NAME...",
		.least = 2, .most = WORDS_ANY,
		.help = "delete objects",
		.options = delete_options, .run = do_delete,
		.examples = "mcpctl delete llm claude local\n",
	}, {
		.name = "version", .group = "Other", .words = "",
		.help = "print the version", .run = do_version,
	}, {
		.name = "help", .group = "Other", .words = "[COMMAND...]", .most = 2,
		.help = "explain a command", .run = do_help,
		.examples = "mcpctl help create llm\n",
	},
	{ .name = NULL }
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
	const struct kind *k = c == &command_top ? NULL : kind_find(word);
	const char *what = c == &command_top ? "command" : "resource";
	struct suggestion s;

	suggestion_init(&s, word);
	for (const struct command *i = c->sub; i->name != NULL; i++) {
		if (strcmp(i->name, k != NULL ? k->singular : word) == 0) {
			*out = i;
			return RC_OK;
		}
		suggestion_offer(&s, i->name);
	}
	if (s.best == NULL)
		return error_set(err, RC_USAGE, "unknown %s '%s'", what, word);
	return error_set(err, RC_USAGE, "unknown %s '%s' (did you mean '%s'?)", what, word, s.best);
}
