/*
 * store.h - the catalogue: a table to read from, changes to make.
 *
 * Shapes  readers take a table (store_table) and keep it for one request; writers give a function
 *         that plans on a fresh table, and is called again when someone else was faster
 * Units   deadlines in ms
 * Errors  RC_UNAVAILABLE (no table could be read yet; store or key missing), what kv_txn() gives,
 *         what the plan gives
 * Owns    store_close() frees; a table taken is given back with table_unref()
 * Source  DESIGN.md 4
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "store/records.h"
#include "store/seal.h"
#include "store/table.h"

#define STORE_LOCK_MS 5000		/* ms a change waits for those before it, then RC_BUSY */
#define STORE_ASK_MS 100		/* ms that a question about one does */

struct store;

struct store_opts {
	const char	*key_file;
	bool		 allow_network_fs;
	bool		 private_urls;
};

/* store_open - an existing store. Reads nothing that can't survive a fork */
enum rc store_open(const char *dir, const struct store_opts *opts, struct store **out,
    struct error *err);
/* store_on - over an engine that is given (tests); takes it */
struct store *store_on(struct kv *kv, const struct store_opts *opts);
void store_close(struct store *s);		/* NULL is fine */

struct keyring *store_keyring(struct store *s);
const char *store_dir(struct store *s);		/* NULL over a given engine */
struct kv *store_kv(struct store *s);

/* store_gone - what dir names now is another store, or none: this one is to be closed. Known within a
   second (GENERATION_LOOK_MS) */
bool store_gone(struct store *s);

/* store_table - the newest table; when a new one can't be read, the one before. Any thread */
enum rc store_table(struct store *s, const struct table **out, struct error *err);

/*
 * A change: the plan looks at batch_table(), calls batch_create(), batch_update(), batch_delete()
 * as often as it needs, and returns RC_OK; then all of it is committed as one transaction, or
 * nothing. It may be called several times, each time on a fresh table: no side effects but its own
 * out-parameters, no network, no questions. With a plan that changes nothing, nothing is written.
 */
typedef enum rc store_plan(struct batch *b, void *arg, struct error *err);
enum rc store_change(struct store *s, store_plan *plan, void *arg, struct error *err);

/* store_made - was the change of that op_id (batch_at_commit()) committed; RC_NOT_FOUND: it was not, or
   64 others since. Waits STORE_ASK_MS for a writer, then RC_BUSY */
enum rc store_made(struct store *s, const char *op_id, struct error *err);

/* store_rehearse - what store_change() would say, without a change */
enum rc store_rehearse(struct store *s, store_plan *plan, void *arg, struct error *err);

/* store_touch - a change of nothing: what is being planned at this moment is planned again, on what
   there is after it */
enum rc store_touch(struct store *s, struct error *err);

/* batch_table - the table as the batch has made it so far */
const struct table *batch_table(const struct batch *b);

/*
 * What the batch wants to do is shown to the permit function before it is done (nobody may be given
 * what the caller does not hold): old NULL is a create, new NULL a delete. Not set: all is allowed.
 */
typedef enum rc batch_permit(void *arg, const struct table *t, const struct record *old,
    const struct record *new, struct error *err);
void batch_permit_by(struct batch *b, batch_permit *permit, void *arg);

/* Conflicts name other records; those that this function says no to they only count. Not set: all are
   named. arg is the permit's */
typedef bool batch_sees(void *arg, const struct table *t, const struct record *r);
void batch_seen_by(struct batch *b, batch_sees *sees);

/* batch_at_commit - called with the name of the transaction right before it is committed: not for a
   rehearsal, and not where nothing is to be written; again for each try */
typedef void batch_commits(void *arg, const char *op_id);
void batch_at_commit(struct batch *b, batch_commits *commits, void *arg);

/*
 * batch_create - RC_INVALID with faults (err is "invalid <singular>"), RC_CONFLICT name or alias
 * taken ("Llm already exists: x"); *out is borrowed from the batch. extra (may be NULL) is called
 * on the new record before it is encoded, to fill what no body may say (a token's digest).
 */
enum rc batch_create(struct batch *b, const struct kind *k, struct json_object *body,
    void (*extra)(struct record *r, void *arg), void *arg, struct faults *faults,
    const struct record **out, struct error *err);
/* batch_update - a body that changes nothing leaves the version; *out is the one in force */
enum rc batch_update(struct batch *b, const struct record *old, struct json_object *body,
    struct faults *faults, const struct record **out, struct error *err);
enum rc batch_delete(struct batch *b, const struct record *old, struct error *err);

/* batch_replace - a record that the caller made (a copy with a reference cleared); takes r, sets
   its version and time. A consequence of another change: the permit is not asked */
void batch_replace(struct batch *b, const struct record *old, struct record *r);

/* batch_rewrite - the same record in another stored form (a value sealed anew): its version and time
   stay, the permit is not asked; takes r */
void batch_rewrite(struct batch *b, struct record *r);

/* batch_copy - a private copy of a record, to be changed and given to one of the two */
struct record *batch_copy(const struct record *old);

/* store_init - state directory, key file (made unless it is there and named so), and the first
   records: backend sealed, user admin, rbac admins, a token. *token is owned by the caller */
struct store_init_opts {
	const char	*key_file;
	bool		 key_file_named;	/* an existing key file is used, not refused */
	bool		 allow_network_fs;
};
enum rc store_init(const char *dir, const struct store_init_opts *opts, char **token,
    struct error *err);

#endif
