/* routes.c - every path that we answer */
#include "adapters/adapter.h"
#include "fcgi/handlers.h"

#define VIEW(r)		{ true, VERB_VIEW, RESOURCE_##r, NULL }
#define CREATE(r)	{ true, VERB_CREATE, RESOURCE_##r, NULL }
#define EDIT(r)		{ true, VERB_EDIT, RESOURCE_##r, NULL }
#define DELETES(r)	{ true, VERB_DELETE, RESOURCE_##r, NULL }
#define RUN_LLM		{ true, VERB_RUN, RESOURCE_LLMS, NULL }
#define RUN(name)	{ .needed = true, .operation = name }
#define ANY_IDENTITY	{ .needed = false }
#define CALL(api)	(R_JSON | R_V1 | R_INFER | (unsigned)API_##api << R_API_SHIFT)

const struct route routes[] = {
	/* method  path				action			flags	handler */
	{ GET,    "/healthz",			ANY_IDENTITY,		R_PUBLIC, do_health, NULL },
	{ GET,    "/readyz",			ANY_IDENTITY,		R_PUBLIC, do_ready, NULL },
	{ GET,    "/metrics",			VIEW(USAGE),	R_METRICS, do_metrics, NULL },

	{ GET,    "/api/v1/llms",		VIEW(LLMS),		0,	do_list, NULL },
	{ POST,   "/api/v1/llms",		CREATE(LLMS),		R_JSON,	do_create, NULL },
	{ GET,    "/api/v1/llms/:id",		VIEW(LLMS),		0,	do_get, NULL },
	{ PUT,    "/api/v1/llms/:id",		EDIT(LLMS),		R_JSON,	do_update, NULL },
	{ DELETE, "/api/v1/llms/:id",		DELETES(LLMS),		0,	do_delete, NULL },
	{ POST,   "/api/v1/llms/:name/infer",	RUN_LLM,	CALL(CHAT), do_infer,
	    early_infer },
	{ POST,   "/api/v1/llms/:name/test",	RUN_LLM,		0,	do_probe, NULL },

	{ GET,    "/api/v1/secrets",		VIEW(SECRETS),		0,	do_list, NULL },
	{ POST,   "/api/v1/secrets",		CREATE(SECRETS),	R_JSON,	do_create, NULL },
	{ GET,    "/api/v1/secrets/:id",	VIEW(SECRETS),		0,	do_get, NULL },
	{ PUT,    "/api/v1/secrets/:id",	EDIT(SECRETS),		R_JSON,	do_update, NULL },
	{ DELETE, "/api/v1/secrets/:id",	DELETES(SECRETS),	0,	do_delete, NULL },
	{ POST,   "/api/v1/secrets/migrate",	RUN("migrate-secrets"),	R_JSON,	do_migrate, NULL },

	{ GET,    "/api/v1/secretbackends",	VIEW(SECRETBACKENDS),	0,	do_list, NULL },
	{ POST,   "/api/v1/secretbackends",	CREATE(SECRETBACKENDS),	R_JSON,	do_create, NULL },
	{ GET,    "/api/v1/secretbackends/:id",	VIEW(SECRETBACKENDS),	0,	do_get, NULL },
	{ PUT,    "/api/v1/secretbackends/:id",	EDIT(SECRETBACKENDS),	R_JSON,	do_update, NULL },
	{ DELETE, "/api/v1/secretbackends/:id",	DELETES(SECRETBACKENDS),	0,	do_delete, NULL },

	{ GET,    "/api/v1/users",		VIEW(USERS),		0,	do_list, NULL },
	{ POST,   "/api/v1/users",		CREATE(USERS),		R_JSON,	do_create, NULL },
	{ GET,    "/api/v1/users/:id",		VIEW(USERS),		0,	do_get, NULL },
	{ PUT,    "/api/v1/users/:id",		EDIT(USERS),		R_JSON,	do_update, NULL },
	{ DELETE, "/api/v1/users/:id",		DELETES(USERS),		0,	do_delete, NULL },

	{ GET,    "/api/v1/groups",		VIEW(GROUPS),		0,	do_list, NULL },
	{ POST,   "/api/v1/groups",		CREATE(GROUPS),		R_JSON,	do_create, NULL },
	{ GET,    "/api/v1/groups/:id",		VIEW(GROUPS),		0,	do_get, NULL },
	{ PUT,    "/api/v1/groups/:id",		EDIT(GROUPS),		R_JSON,	do_update, NULL },
	{ DELETE, "/api/v1/groups/:id",		DELETES(GROUPS),	0,	do_delete, NULL },

	{ GET,    "/api/v1/rbac",		VIEW(RBAC),		0,	do_list, NULL },
	{ POST,   "/api/v1/rbac",		CREATE(RBAC),		R_JSON,	do_create, NULL },
	{ GET,    "/api/v1/rbac/:id",		VIEW(RBAC),		0,	do_get, NULL },
	{ PUT,    "/api/v1/rbac/:id",		EDIT(RBAC),		R_JSON,	do_update, NULL },
	{ DELETE, "/api/v1/rbac/:id",		DELETES(RBAC),		0,	do_delete, NULL },

	{ GET,    "/api/v1/mcptokens",		VIEW(MCPTOKENS),	0,	do_list, NULL },
	{ POST,   "/api/v1/mcptokens",		CREATE(MCPTOKENS),	R_JSON,	do_create, NULL },
	{ GET,    "/api/v1/mcptokens/:id",	VIEW(MCPTOKENS),	0,	do_get, NULL },
	{ PUT,    "/api/v1/mcptokens/:id",	EDIT(MCPTOKENS),	R_JSON,	do_update, NULL },
	{ DELETE, "/api/v1/mcptokens/:id",	DELETES(MCPTOKENS),	0,	do_delete, NULL },

	{ GET,    "/api/v1/whoami",		ANY_IDENTITY,		0,	do_whoami, NULL },
	{ POST,   "/api/v1/heartbeat",		ANY_IDENTITY,		R_JSON,	do_heartbeat, NULL },
	{ GET,    "/api/v1/audit",		VIEW(AUDIT),		0,	do_audit, NULL },
	{ GET,    "/api/v1/usage",		VIEW(USAGE),		0,	do_usage, NULL },
	{ GET,    "/api/v1/status",		VIEW(USAGE),		0,	do_status, NULL },

	{ POST,   "/v1/chat/completions",	ANY_IDENTITY,	CALL(CHAT), do_infer, NULL },
	{ POST,   "/v1/completions",		ANY_IDENTITY,	CALL(COMPLETIONS), do_infer, NULL },
	{ POST,   "/v1/embeddings",		ANY_IDENTITY,	CALL(EMBEDDINGS), do_infer, NULL },
	{ POST,   "/v1/responses",		ANY_IDENTITY,	CALL(RESPONSES), do_infer, NULL },
	{ POST,   "/v1/messages",		ANY_IDENTITY,	CALL(MESSAGES), do_infer, NULL },
	{ POST,   "/v1/messages/count_tokens",	ANY_IDENTITY,	CALL(COUNT_TOKENS), do_infer,
	    NULL },
	{ GET,    "/v1/models",			ANY_IDENTITY,		R_V1,	do_model_list, NULL },
	{ GET,    "/v1/models/*id",		ANY_IDENTITY,		R_V1,	do_model_get, NULL },
	{ METHOD_ANY, "/v1/*path",		ANY_IDENTITY,		R_V1,	do_not_served, NULL },
	{ .path = NULL }
};
