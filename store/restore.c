/*
 * restore.c - a store from a backup.
 *
 * The backup is read and checked whole before anything is touched. Killed at any line it leaves the
 * store as it was, or an empty one, into which the same command restores, or the restored one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/fields.h"
#include "store/lockout.h"
#include "store/restore.h"

/* restored_release - it is empty then */
void
restored_release(struct restored *r)
{
	strings_release(&r->tokens);
	key_ids_release(&r->keys);
	r->objects = 0;
}

/* count - the objects of all kinds */
static size_t
count(const struct table *t)
{
	size_t n = 0;

	for (int k = 0; k < RESOURCE__STORED; k++)
		if (kinds[k] != NULL)
			n += table_count(t, kinds[k]);
	return n;
}

/* is_valid - would a request with it be let in */
static bool
is_valid(const struct mcptoken *k)
{
	return !k->revoked && (k->expires_ms == 0 || k->expires_ms > clock_wall_ms());
}

/* note_tokens - those that are let in from now on; t is what is restored, was what is replaced */
static void
note_tokens(const struct table *t, const struct table *was, struct strings *out)
{
	for (size_t i = 0; i < table_count(t, &kind_mcptoken); i++) {
		const struct mcptoken *k = (const void *)table_at(t, &kind_mcptoken, i);
		const struct mcptoken *before = was != NULL ? table_token(was, k->sha) : NULL;
		const struct record *user = table_by_id(t, &kind_user, k->user_id);
		char *text;

		if (!is_valid(k) || (before != NULL && is_valid(before)))
			continue;
		text = x_asprintf("%s (user %s)", k->r.name, user != NULL ? user->name : "?");
		strings_add(out, text);
		free(text);
	}
}

/* note_keys - what has to be copied from elsewhere before secrets can be read; a key of the same id
   that is another one counts as missing */
static void
note_keys(const struct table *t, const char *key_file, struct key_ids *ids)
{
	struct keyring *k = keyring_open(key_file);

	verify_keys(t, k, ids);
	keyring_close(k);
}

/* check - the backup as the catalogue that it would be */
static enum rc
check(const struct kv_dump *d, const struct restore_opts *opts, const struct table **out,
    struct faults *faults, struct error *err)
{
	const struct table *t;
	enum rc rc;

	rc = table_build(kv_dump_items(d), kv_dump_store_id(d), NULL, &t, err);
	if (rc == RC_CORRUPT)		/* not of our store: of what we were given */
		rc = err != NULL ? err->rc = RC_INVALID : RC_INVALID;
	if (rc != RC_OK)
		return rc;
	verify_records(t, opts->private_urls, opts->steps, faults);
	if (faults->total > 0) {
		table_unref(t);
		return error_set(err, RC_INVALID, "the backup has records that can't be taken");
	}
	*out = t;
	return RC_OK;
}

/* put - the dump into the store, over what was there when we looked */
static enum rc
put(struct kv *kv, const struct kv_dump *d, const struct restore_opts *opts,
    const struct table *fresh, struct restored *out, struct error *err)
{
	const struct table *was = NULL;
	struct kv_items there;
	enum rc rc = kv_range(kv, "", &there, err);

	if (rc != RC_OK)
		return rc;
	/* one that can't be read is replaced all the same */
	if (table_build(&there, there.store_id, NULL, &was, NULL) != RC_OK)
		was = NULL;
	if (there.n > 0 && !opts->force && (was == NULL || count(was) > 0))
		rc = error_set(err, RC_CONFLICT, "the store has objects already; --force replaces "
		    "all of them");
	if (rc == RC_OK)
		rc = kv_load(kv, d, &there, err);
	if (rc == RC_STALE)
		rc = error_set(err, RC_BUSY, "others are changing the catalogue, try again");
	if (rc == RC_OK)
		note_tokens(fresh, was, &out->tokens);
	table_unref(was);
	kv_items_release(&there);
	return rc;
}

/* into - the store of a directory, made where there is none */
static enum rc
into(const char *dir, const struct kv_dump *d, const struct restore_opts *opts,
    const struct table *fresh, struct restored *out, struct error *err)
{
	const struct kv_bdb_opts bdb = { .allow_network_fs = opts->allow_network_fs };
	struct kv *kv;
	enum rc rc = kv_bdb_create(dir, kv_dump_store_id(d), &bdb, err);

	if (rc == RC_OK || rc == RC_CONFLICT)
		rc = kv_bdb_open(dir, &bdb, &kv, err);
	if (rc != RC_OK)
		return rc;
	rc = put(kv, d, opts, fresh, out, err);
	kv_close(kv);
	return rc;
}

/* store_restore - see restore.h */
enum rc
store_restore(const char *dir, FILE *in, const struct restore_opts *opts, struct restored *out,
    struct faults *faults, struct error *err)
{
	struct restored made = { .objects = 0 };
	const struct table *fresh = NULL;
	struct kv_dump *d;
	enum rc rc = kv_dump_read(in, &d, err);

	if (rc != RC_OK)
		return rc;
	if ((rc = check(d, opts, &fresh, faults, err)) == RC_OK &&
	    (rc = into(dir, d, opts, fresh, &made, err)) == RC_OK) {
		made.objects = count(fresh);
		made.administered = lockout_administered(fresh);
		snprintf(made.store_id, sizeof(made.store_id), "%s", table_store_id(fresh));
		note_keys(fresh, opts->key_file, &made.keys);
		*out = made;
	} else {
		restored_release(&made);
	}
	table_unref(fresh);
	kv_dump_free(d);
	return rc;
}
