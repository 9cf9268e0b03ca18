/* cmd_create_backend.c - mcpctl create secretbackend */
#include <json-c/json.h>

#include "base/jsonx.h"
#include "cli/assign.h"
#include "cli/create.h"
#include "store/record.h"

/* options that are members of the config as they stand */
static const struct {
	const char	*option, *member;
} texts[] = {
	{ "url",		"url" },
	{ "namespace",		"namespace" },
	{ "mount",		"mount" },
	{ "path-prefix",	"pathPrefix" },
	{ NULL, NULL }
};

/* put_config - what the options say of it, and --config says last */
static enum rc
put_config(struct json_object *config, const struct args *a, struct error *err)
{
	struct json_object *ref;
	const char *text;
	size_t at = 0;
	enum rc rc = RC_OK;

	for (size_t i = 0; texts[i].option != NULL; i++)
		if (args_has(a, texts[i].option))
			jsonx_put_str(config, texts[i].member, args_text(a, texts[i].option));
	if (args_has(a, "token-secret") && (rc = assign_key_ref(args_text(a, "token-secret"),
	    "token-secret", &ref, err)) == RC_OK)
		jsonx_put(config, "tokenSecret", ref);
	while (rc == RC_OK && (text = args_next(a, "config", &at)) != NULL)
		if ((rc = assign(config, text, err)) != RC_OK)
			error_prefix(err, "--config");
	return rc;
}

/* body_secretbackend - a config only where something is said of it: of the others it is empty */
static enum rc
body_secretbackend(struct json_object *body, const struct args *a, struct error *err)
{
	struct json_object *config = json_object_new_object();
	enum rc rc = put_config(config, a, err);

	if (args_has(a, "type"))
		jsonx_put_str(body, "type", args_text(a, "type"));
	if (args_has(a, "description"))
		jsonx_put_str(body, "description", args_text(a, "description"));
	if (args_has(a, "default"))
		jsonx_put_bool(body, "default", true);
	if (json_object_object_length(config) > 0)
		jsonx_put(body, "config", json_object_get(config));
	json_object_put(config);
	return rc;
}

/* do_create_secretbackend - mcpctl create secretbackend NAME ... */
static enum rc
do_create_secretbackend(struct program *p, const struct args *a, struct error *err)
{
	return create_object(p, a,
	    &(const struct creation){ &kind_secretbackend, body_secretbackend }, err);
}

static const struct opt secretbackend_options[] = {
	{ "type", 0, "T", OPT_REQUIRED, "sealed, plaintext or openbao" },
	{ "default", 0, NULL, 0, "new secrets go here where nothing else is said" },
	{ "description", 0, "D", 0, "at most 500 characters" },
	{ "url", 0, "U", 0, "openbao: where it is" },
	{ "namespace", 0, "N", 0, "openbao: its namespace (default: none)" },
	{ "mount", 0, "M", 0, "openbao: the KV engine, version 2 (default: secret)" },
	{ "path-prefix", 0, "P", 0, "openbao: before the secret's name (default: mcpd)" },
	{ "token-secret", 0, "SECRET/KEY", 0, "openbao: the token, a secret of another backend" },
	{ "config", 0, "K=V", OPT_REPEAT,
	    "any member of config: cacheSeconds, staleSeconds; V is taken as JSON where it is" },
	OPT_FORCE_ROW,
	OPT_END
};

const struct command command_create_secretbackend = {
	.name = "secretbackend", .group = "Resources", .words = "NAME",
	.least = 1, .most = 1,
	.help = "where the values of secrets are kept",
	.options = secretbackend_options, .run = do_create_secretbackend,
	.examples =
	    "mcpctl create secret bao-token --data token\n"
	    "mcpctl create secretbackend bao --type openbao --url https://bao.example:8200"
	    " --token-secret bao-token/token\n"
	    "mcpctl create secretbackend bao --force --default\n",
};
