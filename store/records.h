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
#include "store/outside.h"

struct secretbackend;

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

#define LLM_TYPE_BAD	"must be anthropic, openai, deepseek, vllm, ollama or gemini-cli"
#define LLM_TIER_BAD	"must be fast or heavy"

/* llm_type_find, llm_tier_find - the constant text of a type or a tier; NULL: there is none such */
const char *llm_type_find(const char *word);
const char *llm_tier_find(const char *word);

/* llm_type_private - do Llms of the type usually stand on this host or in this network; NULL: no */
bool llm_type_private(const char *type);

/* llm_settings_parse - validate an extraConfig object; wrong keys become faults (may be NULL) */
void llm_settings_parse(struct llm_settings *s, const char *type, struct json_object *extra,
    struct faults *faults);
void llm_settings_release(struct llm_settings *s);

/* llm_model_bad - the form of an upstream model id; NULL when good, else why not */
const char *llm_model_bad(const char *model);

/* llm_unlink - take the key reference off (of a copy: records in a table don't change) */
void llm_unlink(struct llm *l);

enum secret_kept {			/* where the values are */
	KEPT_SEALED,			/* in the record, as envelopes */
	KEPT_PLAINTEXT,			/* in the record, in clear */
	KEPT_OPENBAO,			/* at the backend; the record has the keys only */
};

struct secret_value {
	char			*key;
	char			*stored;	/* envelope as base64, or in clear; NULL: elsewhere */
};

struct secret {
	struct record		 r;
	char			*backend_id;
	enum secret_kept	 kept;
	struct secret_value	*values;	/* ordered by key */
	size_t			 nvalues;
	int64_t			 kv_version; /* of the KV engine: what we wrote last, else 0 */
	char			*copy_id;	/* NULL, or an openbao backend that may hold a copy of ours
						   at this secret's path: a migration is under way */
	int64_t			 copy_version;	/* that copy's, 0: not written yet */
};

/* secret_open - one value in clear, a trailing newline taken off, owned by the caller (wipe it).
   RC_NOT_FOUND: no such key in it; RC_INVALID: as secret_sendable(); RC_UNSUPPORTED: kept elsewhere
   (service/secrets.h has it); else as seal_open() */
enum rc secret_open(const struct secret *s, const char *store_id, struct keyring *k,
    const char *key, char **out, struct error *err);

/* secret_clear - one value in clear as it was given (describe --show-values) */
enum rc secret_clear(const struct secret *s, const char *store_id, struct keyring *k,
    const char *key, char **out, struct error *err);

/* secret_sendable - take a trailing newline off; RC_INVALID where the rest is empty or no text_field()
   ("secret 'x': key has control characters") */
enum rc secret_sendable(const struct secret *s, char *value, struct error *err);

/* secret_no_key - "secret 'x' has no key 'y'" */
enum rc secret_no_key(const struct secret *s, const char *key, struct error *err);

/* secret_key_bad - the form of a key in `data`; NULL when good, else why not */
const char *secret_key_bad(const char *key);

struct secret_setting {			/* what secret_set() works with */
	const char		*store_id;
	struct keyring		*keyring;
	struct outside		*outside;
	const struct secret	*old;		/* NULL, or what stood there: equal values keep their form */
};

/* secret_set - these values, kept as the backend keeps them; op is for an openbao backend */
enum rc secret_set(struct secret *s, const struct secretbackend *backend, const struct pairs *data,
    enum outside_op op, const struct secret_setting *with, struct error *err);

/* secret_plaintext_count - secrets whose values stand in the store in clear */
size_t secret_plaintext_count(const struct table *t);

struct openbao_config {
	char		*url;			/* NULL: the backend is of another type */
	char		*mount;
	char		*path_prefix;		/* "": none */
	char		*ns;			/* namespace, "": none */
	char		*token_secret_id, *token_key;
	int64_t		 cache_s, stale_s;	/* seconds */
};

struct secretbackend {
	struct record		 r;
	const char		*type;		/* a row of backend_types[] */
	enum secret_kept	 kept;
	char			*description;
	bool			 is_default;
	struct openbao_config	 bao;
};

/* backend_same_place - would the two reach the same values with the same token */
bool backend_same_place(const struct secretbackend *a, const struct secretbackend *b);

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
