/* cmd_create.c - mcpctl create */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "cli/assign.h"
#include "cli/commands.h"
#include "cli/create.h"
#include "cli/output.h"
#include "cli/transport.h"
#include "cli/values.h"
#include "store/record.h"

typedef enum rc assign_fn(const char *text, const char *option, struct json_object **out,
    struct error *err);

/* put_texts - options whose text is a member of the same name */
static void
put_texts(struct json_object *body, const struct args *a, const char *const *names)
{
	for (; *names != NULL; names++)
		if (args_has(a, *names))
			jsonx_put_str(body, *names, args_text(a, *names));
}

/* put_one - an option with a form of its own */
static enum rc
put_one(struct json_object *body, const char *member, const struct args *a, const char *option,
    assign_fn *parse, struct error *err)
{
	struct json_object *value;
	enum rc rc = RC_OK;

	if (args_has(a, option) &&
	    (rc = parse(args_text(a, option), option, &value, err)) == RC_OK)
		jsonx_put(body, member, value);
	return rc;
}

/* add_each - a repeated option, each an item of the list */
static enum rc
add_each(struct json_object *list, const struct args *a, const char *option, assign_fn *parse,
    struct error *err)
{
	struct json_object *item;
	enum rc rc = RC_OK;
	const char *text;
	size_t at = 0;

	while (rc == RC_OK && (text = args_next(a, option, &at)) != NULL)
		if ((rc = parse(text, option, &item, err)) == RC_OK)
			json_object_array_add(list, item);
	return rc;
}

/* put_each - the list as a member, where the option is given at all */
static enum rc
put_each(struct json_object *body, const char *member, const struct args *a, const char *option,
    assign_fn *parse, struct error *err)
{
	struct json_object *list;

	if (!args_has(a, option))
		return RC_OK;
	list = json_object_new_array();
	jsonx_put(body, member, list);
	return add_each(list, a, option, parse, err);
}

/* plain - a text as it is */
static enum rc
plain(const char *text, const char *option, struct json_object **out, struct error *err)
{
	(void)option;
	(void)err;
	*out = json_object_new_string(text);
	return RC_OK;
}

/* operation - "migrate-secrets" as the binding that it is */
static enum rc
operation(const char *text, const char *option, struct json_object **out, struct error *err)
{
	(void)option;
	(void)err;
	*out = json_object_new_object();
	jsonx_put_str(*out, "role", "run");
	jsonx_put_str(*out, "action", text);
	return RC_OK;
}

/* body_llm - a provider's model */
static enum rc
body_llm(struct json_object *body, const struct args *a, struct error *err)
{
	static const char *const texts[] = { "type", "model", "url", "tier", "description", NULL };
	struct json_object *extra;
	const char *text;
	size_t at = 0;
	enum rc rc;

	put_texts(body, a, texts);
	if (args_has(a, "disabled"))
		jsonx_put_bool(body, "enabled", false);
	rc = put_one(body, "apiKeyRef", a, "api-key-ref", assign_key_ref, err);
	if (rc == RC_OK)
		rc = put_each(body, "aliases", a, "alias", plain, err);
	if (rc != RC_OK || !args_has(a, "extra"))
		return rc;
	extra = json_object_new_object();
	jsonx_put(body, "extraConfig", extra);
	while (rc == RC_OK && (text = args_next(a, "extra", &at)) != NULL)
		rc = assign(extra, text, err);
	return rc == RC_OK ? rc : error_prefix(err, "--extra");
}

/* body_secret - values, from wherever they come */
static enum rc
body_secret(struct json_object *body, const struct args *a, struct error *err)
{
	static const char *const texts[] = { "backend", NULL };
	struct json_object *data;
	enum rc rc;

	put_texts(body, a, texts);
	if ((rc = values_collect(a, &data, err)) == RC_OK && data != NULL)
		jsonx_put(body, "data", data);
	return rc;
}

/* body_user - someone */
static enum rc
body_user(struct json_object *body, const struct args *a, struct error *err)
{
	static const char *const texts[] = { "description", NULL };

	(void)err;
	put_texts(body, a, texts);
	return RC_OK;
}

/* body_group - users by name */
static enum rc
body_group(struct json_object *body, const struct args *a, struct error *err)
{
	return put_each(body, "members", a, "member", plain, err);
}

/* body_rbac - roles and operations are one list */
static enum rc
body_rbac(struct json_object *body, const struct args *a, struct error *err)
{
	enum rc rc = put_each(body, "subjects", a, "subject", assign_subject, err);
	struct json_object *list;

	if (rc != RC_OK || (!args_has(a, "role") && !args_has(a, "operation")))
		return rc;
	list = json_object_new_array();
	jsonx_put(body, "roleBindings", list);
	if ((rc = add_each(list, a, "role", assign_binding, err)) == RC_OK)
		rc = add_each(list, a, "operation", operation, err);
	return rc;
}

/* body_mcptoken - whose, how far, how long */
static enum rc
body_mcptoken(struct json_object *body, const struct args *a, struct error *err)
{
	static const char *const texts[] = { "user", NULL };
	enum rc rc;

	put_texts(body, a, texts);
	if ((rc = put_each(body, "scope", a, "scope", assign_binding, err)) == RC_OK)
		rc = put_one(body, "expiresAt", a, "expires", assign_time, err);
	return rc;
}

/* exists - is there one of that name */
static enum rc
exists(struct transport *t, const struct kind *k, const char *name, bool *yes, struct error *err)
{
	struct json_object *o;
	enum rc rc = t->ops->get(t, k, name, &o, err);

	*yes = rc == RC_OK;
	if (rc == RC_OK)
		json_object_put(o);
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* print_token - the token alone on stdout, so that TOKEN=$(mcpctl ...) has it: also with -o name, as it
   is never to be had again */
static void
print_token(const struct program *p, struct json_object *o, const char *verb)
{
	const char *name = jsonx_str(o, "name", "?");

	puts(jsonx_str(o, "token", ""));
	fflush(stdout);
	if (p->format == FORMAT_NAME)
		program_note(p, "mcptoken/%s", name);
	else
		program_note(p, "mcptoken '%s' %s (id: %s)", name, verb, jsonx_str(o, "id", "?"));
}

/* tell - what was made */
static enum rc
tell(const struct program *p, const struct kind *k, struct json_object *o, const char *verb,
    struct error *err)
{
	char *detail;
	enum rc rc;

	if (k == &kind_mcptoken && p->format != FORMAT_JSON && p->format != FORMAT_YAML) {
		print_token(p, o, verb);
		return RC_OK;
	}
	detail = x_asprintf(" (id: %s)", jsonx_str(o, "id", "?"));
	rc = output_done(p, k, o, verb, detail, err);
	free(detail);
	return rc;
}

/* send - create it, or with --force update it where it exists; its type stays */
static enum rc
send(struct program *p, const struct kind *k, const char *name, bool force,
    struct json_object *body, struct error *err)
{
	struct json_object *o = NULL;
	struct transport *t;
	bool update = false;
	enum rc rc;

	if ((rc = program_transport(p, &t, err)) != RC_OK ||
	    (force && (rc = exists(t, k, name, &update, err)) != RC_OK))
		return rc;
	if (update && k == &kind_mcptoken)
		return error_set(err, RC_CONFLICT, "mcptoken '%s' already exists, and its text "
		    "can't be made again: delete it first, or take another name", name);
	if (update) {
		json_object_object_del(body, "type");
		rc = t->ops->update(t, k, name, 0, body, &p->faults, &o, err);
	} else {
		jsonx_put_str(body, "name", name);
		rc = t->ops->create(t, k, body, &p->faults, &o, err);
	}
	if (rc != RC_OK)
		return program_name_error(k, name, rc, err);
	rc = tell(p, k, o, update ? "updated" : "created", err);
	if (k == &kind_mcptoken)
		jsonx_wipe(o);
	json_object_put(o);
	return rc;
}

/* create_object - the body first: root's own files are read before root becomes the store's owner */
enum rc
create_object(struct program *p, const struct args *a, const struct creation *c, struct error *err)
{
	struct json_object *body = json_object_new_object();
	enum rc rc = c->body(body, a, err);

	if (rc == RC_OK)
		rc = send(p, c->kind, a->words[0], args_has(a, "force"), body, err);
	jsonx_wipe(body);
	json_object_put(body);
	return rc;
}

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

/* do_create_llm - mcpctl create llm NAME ... */
static enum rc
do_create_llm(struct program *p, const struct args *a, struct error *err)
{
	return create_object(p, a, &(const struct creation){ &kind_llm, body_llm }, err);
}

static const struct command command_create_llm = {
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
};

static const struct opt secret_options[] = {
	{ "data", 0, "K[=V]", OPT_REPEAT, "a value; K=- reads stdin, K alone asks without echo" },
	{ "from-file", 0, "K=FILE", OPT_REPEAT, "a value from a file" },
	{ "from-env-file", 0, "FILE", OPT_REPEAT, "values from lines KEY=VALUE" },
	{ "backend", 0, "B", 0, "where it is kept (default: the default backend)" },
	OPT_FORCE_ROW,
	OPT_END
};

/* do_create_secret - mcpctl create secret NAME ... */
static enum rc
do_create_secret(struct program *p, const struct args *a, struct error *err)
{
	return create_object(p, a, &(const struct creation){ &kind_secret, body_secret }, err);
}

static const struct command command_create_secret = {
	.name = "secret", .group = "Resources", .words = "NAME",
	.least = 1, .most = 1,
	.help = "keys of providers, kept in a secret backend",
	.options = secret_options, .run = do_create_secret,
	.examples =
	    "mcpctl create secret anthropic --data key\n"
	    "mcpctl create secret openai --data key=- < key.txt\n"
	    "mcpctl create secret team --from-env-file keys.env\n",
};

static const struct opt user_options[] = {
	{ "description", 0, "D", 0, "who that is" },
	OPT_FORCE_ROW,
	OPT_END
};

/* do_create_user - mcpctl create user NAME ... */
static enum rc
do_create_user(struct program *p, const struct args *a, struct error *err)
{
	return create_object(p, a, &(const struct creation){ &kind_user, body_user }, err);
}

static const struct command command_create_user = {
	.name = "user", .group = "Resources", .words = "NAME",
	.least = 1, .most = 1,
	.help = "someone who may have tokens",
	.options = user_options, .run = do_create_user,
	.examples = "mcpctl create user alice --description 'Alice, billing'\n",
};

static const struct opt group_options[] = {
	{ "member", 0, "U", OPT_REPEAT, "a user who is in it" },
	OPT_FORCE_ROW,
	OPT_END
};

/* do_create_group - mcpctl create group NAME ... */
static enum rc
do_create_group(struct program *p, const struct args *a, struct error *err)
{
	return create_object(p, a, &(const struct creation){ &kind_group, body_group }, err);
}

static const struct command command_create_group = {
	.name = "group", .group = "Resources", .words = "NAME",
	.least = 1, .most = 1,
	.help = "users who are given rights together",
	.options = group_options, .run = do_create_group,
	.examples =
	    "mcpctl create group writers --member alice --member bob\n"
	    "mcpctl patch group writers 'members=[\"alice\"]'\n",
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

/* do_create_rbac - mcpctl create rbac NAME ... */
static enum rc
do_create_rbac(struct program *p, const struct args *a, struct error *err)
{
	return create_object(p, a, &(const struct creation){ &kind_rbac, body_rbac }, err);
}

static const struct command command_create_rbac = {
	.name = "rbac", .group = "Resources", .words = "NAME",
	.least = 1, .most = 1,
	.help = "who may do what",
	.options = rbac_options, .run = do_create_rbac,
	.examples =
	    "mcpctl create rbac callers --subject User:alice --role run:llms:claude\n"
	    "mcpctl create rbac keepers --subject User:bob --role edit:secrets"
	    " --operation migrate-secrets\n",
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

/* do_create_mcptoken - mcpctl create mcptoken NAME ... */
static enum rc
do_create_mcptoken(struct program *p, const struct args *a, struct error *err)
{
	return create_object(p, a, &(const struct creation){ &kind_mcptoken, body_mcptoken }, err);
}

static const struct command command_create_mcptoken = {
	.name = "mcptoken", .group = "Resources", .words = "NAME",
	.least = 1, .most = 1,
	.help = "a user's token; its text is printed once",
	.options = mcptoken_options, .run = do_create_mcptoken,
	.examples =
	    "mcpctl create mcptoken alice-laptop --user alice --expires 90d\n"
	    "TOKEN=$(mcpctl create mcptoken ci --user bot --scope run:llms:claude)\n",
};

static const struct command *const creations[] = {
	&command_create_llm,
	&command_create_secret,
	&command_create_secretbackend,
	&command_create_user,
	&command_create_group,
	&command_create_rbac,
	&command_create_mcptoken,
	NULL
};

const struct command command_create = {
	.name = "create", .group = "Resources", .words = "RESOURCE NAME",
	.help = "make an llm, secret, secretbackend, user, group, rbac or mcptoken", .sub = creations,
	.examples =
	    "mcpctl create secret openai --data key\n"
	    "mcpctl create llm gpt --type openai --model gpt-5 --api-key-ref openai/key\n",
};
