/*
 * records.h - the typed records: what each resource of API.md 2 is in memory.
 *
 * Shapes  each struct begins with struct record; texts are NUL-terminated, lists are (v, n) pairs
 * Units   times in wall ms (0: none), timeouts in ms (-1: not set here)
 * Errors  none
 * Owns    the record; readers borrow
 * Source  API.md 1 and 2
 */
#ifndef STORE_RECORDS_H
#define STORE_RECORDS_H

#include "base/config.h"		/* struct strings */
#include "store/record.h"

struct llm_header {			/* extraConfig.headers; value or the secret it comes from */
	char	*name;
	char	*value;			/* NULL when it comes from a secret */
	char	*secret_name, *secret_key;
};

struct llm_settings {			/* extraConfig keys with a meaning, parsed */
	int64_t			 connect_timeout_ms, header_timeout_ms;	/* -1: not set */
	int64_t			 idle_timeout_ms, total_timeout_ms;
	int64_t			 max_tokens;				/* -1: not set */
	struct llm_header	*headers;
	size_t			 nheaders;
	char			*api_path;	/* NULL: "/v1" */
	struct strings		 models;	/* n 0 with models_set: only the Llm's own */
	bool			 models_set;
	bool			 allow_private;	/* vllm and ollama: true unless set to false */
	bool			 allow_private_set;
	char			*thinking;	/* "budget", "adaptive", "none"; NULL: not set */
	char			*sampling;	/* "one", "all", "none"; NULL: not set */
};

struct llm {
	struct record		 r;
	const char		*type;		/* a row of llm_types[] */
	char			*model;
	char			*url;		/* "": the provider's default */
	const char		*tier;		/* "fast" or "heavy" */
	char			*description;
	bool			 enabled;
	struct strings		 aliases;
	char			*key_secret_id;	/* NULL: no apiKeyRef */
	char			*key_name;
	char			*extra;		/* extraConfig as compact JSON text */
	struct llm_settings	 settings;
};

struct llm_type {
	const char	*name;
	bool		 private_ok;		/* allowPrivateUrl by default */
};
extern const struct llm_type llm_types[];	/* ends with name NULL */

/* llm_settings_parse - validate an extraConfig object; wrong keys become faults (may be NULL) */
void llm_settings_parse(struct llm_settings *s, const char *type, struct json_object *extra,
    struct faults *faults);
void llm_settings_release(struct llm_settings *s);

/* llm_model_bad - the form of an upstream model id; NULL when good, else why not */
const char *llm_model_bad(const char *model);

/* llm_unlink - take the key reference off (of a copy: records in a table don't change) */
void llm_unlink(struct llm *l);

struct secret_value {
	char	*key;
	char	*stored;			/* envelope as base64 */
};

struct secret {
	struct record		 r;
	char			*backend_id;
	struct secret_value	*values;	/* ordered by key */
	size_t			 nvalues;
};

/* secret_open - one value in clear, a trailing newline taken off, owned by the caller (wipe it).
   RC_NOT_FOUND: no such key in it; RC_INVALID: not visible ASCII ("secret 'x': key has control
   characters"); else as seal_open() */
enum rc secret_open(const struct secret *s, const char *store_id, struct keyring *k,
    const char *key, char **out, struct error *err);

/* secret_clear - one value in clear as it was given (describe --show-values) */
enum rc secret_clear(const struct secret *s, const char *store_id, struct keyring *k,
    const char *key, char **out, struct error *err);

/* secret_key_bad - the form of a key in `data`; NULL when good, else why not */
const char *secret_key_bad(const char *key);

struct secretbackend {
	struct record	 r;
	const char	*type;			/* "sealed" */
	char		*description;
	bool		 is_default;
	char		*config;		/* compact JSON text */
};

struct user {
	struct record	 r;
	char		*description;
};

struct user_group {			/* grp.h has a struct group */
	struct record	 r;
	struct strings	 members;		/* user ids */
};

/* group_has - is the user a member */
bool group_has(const struct user_group *g, const char *user_id);

/* group_drop - take a user out (of a copy: records in a table don't change) */
void group_drop(struct user_group *g, const char *user_id);

enum role { ROLE_VIEW, ROLE_CREATE, ROLE_DELETE, ROLE_EDIT, ROLE_RUN, ROLE_EXPOSE, ROLE__MAX };
enum verb { VERB_VIEW, VERB_CREATE, VERB_DELETE, VERB_EDIT, VERB_RUN, VERB_EXPOSE, VERB__MAX };

struct binding {				/* a right: role on a resource, or an action */
	enum role	 role;
	enum resource	 resource;		/* RESOURCE_ANY: all */
	char		*name;			/* NULL: every object */
	char		*action;		/* "migrate-secrets": resource does not count */
};

struct bindings {
	struct binding	*v;
	size_t		 n;
};

extern const char *const role_names[ROLE__MAX];
extern const char *const verb_names[VERB__MAX];

/* role_grants - the role holds the verb (edit holds view, create, edit, delete; never run) */
bool role_grants(enum role role, enum verb verb);

/* binding_equal - the same right, word for word */
bool binding_equal(const struct binding *a, const struct binding *b);
/* binding_meet - what both give, with the texts of either; false: nothing */
bool binding_meet(const struct binding *a, const struct binding *b, struct binding *out);

/* bindings_merge - from a body's list; faults get paths below path ("roleBindings[2].role") */
void bindings_merge(struct bindings *b, struct json_object *list, const char *path,
    struct faults *faults);
enum rc bindings_decode(struct bindings *b, struct json_object *list, struct error *err);
struct json_object *bindings_json(const struct bindings *b);
void bindings_release(struct bindings *b);

enum subject_kind { SUBJECT_USER, SUBJECT_GROUP, SUBJECT_MCPTOKEN, SUBJECT__MAX };

struct subject {
	enum subject_kind kind;
	char		 *id;
};

struct rbac {
	struct record	 r;
	struct subject	*subjects;
	size_t		 nsubjects;
	struct bindings	 bindings;
};

struct mcptoken {
	struct record	 r;
	char		*user_id;
	char		 sha[65];		/* SHA-256 of the token's text, hex */
	bool		 scoped;
	struct bindings	 scope;
	int64_t		 expires_ms;		/* 0: never */
	bool		 revoked;
};

#endif
