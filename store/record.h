/*
 * record.h - what all resources have in common, and the table of kinds.
 *
 * Shapes  a record is immutable once it stands in a table and is shared by the tables that hold it;
 *         stored form: a JSON object under the key "<singular>/<name>"; API form: view()
 * Units   times in wall ms, version from 1
 * Errors  decode: RC_CORRUPT; merge: faults, every one
 * Owns    record_ref()/record_unref() count; the last one frees
 * Source  API.md 2
 */
#ifndef STORE_RECORD_H
#define STORE_RECORD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/random.h"
#include "base/rc.h"
#include "store/kv.h"

struct json_object;
struct keyring;
struct kind;
struct table;
struct batch;
struct outside;

struct record {				/* first member of struct llm, secret, ... */
	const struct kind	*kind;
	char			 id[ID_SIZE];
	char			*name;
	int64_t			 version;
	int64_t			 created_ms, updated_ms;
	uint64_t		 mod_rev;	/* of the store; 0 while it is not committed */
	atomic_uint		 refs;
};

/* resources in the order in which they depend on each other (apply's order) */
enum resource {
	RESOURCE_SECRETBACKENDS,
	RESOURCE_SECRETS,
	RESOURCE_LLMS,
	RESOURCE_USERS,
	RESOURCE_GROUPS,
	RESOURCE_RBAC,
	RESOURCE_MCPTOKENS,
	RESOURCE__STORED,		/* the ones above are in the store */
	RESOURCE_AUDIT = RESOURCE__STORED,
	RESOURCE_USAGE,
	RESOURCE__MAX,
	RESOURCE_ANY			/* "*" in a binding */
};

struct merge {				/* what a merge may look at */
	const struct table	*table;
	struct keyring		*keyring;
	const struct record	*old;		/* NULL: create */
	bool			 private_urls;	/* configuration: private_urls */
	struct faults		*faults;
	struct outside		*outside;	/* what openbao backends have to do */
	const struct batch	*batch;		/* asked what a message may name; NULL: no message
						   is meant for a caller */
};

struct kind {
	enum resource	 resource;
	const char	*plural;	/* "llms": in paths */
	const char	*singular;	/* "llm": key prefix, `kind:` in documents */
	const char	*label;		/* "Llm": in messages, "Llm not found: x" */
	size_t		 size;		/* of the struct that begins with struct record */
	const char *const *fields;	/* members that a body may have beside the common ones */
	/* MUST. Is the name of the right form; the reason otherwise */
	const char	*(*bad_name)(const char *name);
	/* MUST. Stored object into the zeroed rest of the struct (the common part is filled) */
	enum rc		(*decode)(struct record *r, struct json_object *stored, struct error *err);
	/* MUST. The inverse: add the members beside the common ones */
	void		(*encode)(const struct record *r, struct json_object *stored);
	/* MUST. Lay the body over r (a new one, or a copy of m->old); wrong things become faults.
	   Returns RC_OK even with faults; another code is trouble of ours (key file...) */
	enum rc		(*merge)(struct record *r, struct json_object *body, const struct merge *m,
			    struct error *err);
	/* MUST. Add the API members beside the common ones. No secret value, ever */
	void		(*view)(const struct record *r, const struct table *t,
			    struct json_object *view);
	/* MAY. After a create or an update stands in the batch: what changes with it */
	void		(*follow)(struct batch *b, const struct record *r);
	/* MAY. Before a delete: RC_CONFLICT when in use, or changes of others into the batch */
	enum rc		(*remove)(struct batch *b, const struct record *r, struct error *err);
	/* MUST. Free what the struct owns, not the common part, not the struct */
	void		(*release)(struct record *r);
};

extern const struct kind kind_secretbackend, kind_secret, kind_llm, kind_user, kind_group,
    kind_rbac, kind_mcptoken;

/* the stored resources by enum resource */
extern const struct kind *const kinds[RESOURCE__STORED];

/* kind_find - by plural, singular or alias ("llms", "llm", "sec", "token"); NULL */
const struct kind *kind_find(const char *word);

/* resource_find - any resource, singular aliases accepted, "*" too; -1 */
int resource_find(const char *word);
const char *resource_name(enum resource r);	/* plural, "*" */

struct record *record_new(const struct kind *k);
const struct record *record_ref(const struct record *r);
void record_unref(const struct record *r);	/* NULL is fine */

/* record_decode - one stored item (key "<singular>/<name>") */
enum rc record_decode(const struct kv_item *item, const struct record **out, struct error *err);

/* record_key - "<singular>/<name>", owned by the caller */
char *record_key(const struct record *r);

/* record_kind - the kind of a key, and where in it the name begins; NULL: not a record's */
const struct kind *record_kind(const char *key, const char **name);

/* record_encode - the stored text, owned by the caller. Records that say the same give the same */
char *record_encode(const struct record *r);

/* record_view - the API object, owned by the caller */
struct json_object *record_view(const struct record *r, const struct table *t);

/* name forms of API.md 2; NULL when good, else why not */
const char *name_bad_llm(const char *name);	/* [a-z0-9-]{1,100} */
const char *name_bad_plain(const char *name);	/* [a-z0-9][a-z0-9._-]{0,99} */
const char *name_bad_user(const char *name);	/* also A-Z @ + \ */

#endif
