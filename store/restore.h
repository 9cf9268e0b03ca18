/*
 * restore.h - a store from a backup.
 *
 * Shapes  a backup is kv_dump()'s text. Into an empty directory: the store is made, with the backup's
 *         store id, without a key file. Into a store with objects: only when that is asked for, and then
 *         all of it is replaced, in one transaction
 * Units   none
 * Errors  RC_INVALID with faults (records that create would refuse) or with the line; RC_CONFLICT: there
 *         are objects; what kv_txn() gives. In every case the store is as it was
 * Owns    restored_release() frees
 * Source  CLI.md, "restore"
 */
#ifndef STORE_RESTORE_H
#define STORE_RESTORE_H

#include "store/verify.h"

struct restored {			/* what an administrator should know of it */
	size_t		 objects;
	char		 store_id[KV_STORE_ID];
	bool		 administered;	/* somebody can edit rbac */
	struct strings	 tokens;	/* "name (user)": valid now, and not before */
	struct key_ids	 keys;		/* that values are sealed with, and the key file lacks */
};

struct restore_opts {
	const char	*key_file;
	bool		 force;		/* replace what is there */
	bool		 allow_network_fs, private_urls;
	const struct verify_steps *steps;	/* as its records are checked; NULL: nobody waits */
};

enum rc store_restore(const char *dir, FILE *in, const struct restore_opts *opts,
    struct restored *out, struct faults *faults, struct error *err);
void restored_release(struct restored *r);

#endif
