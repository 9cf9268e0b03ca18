/*
 * init.c - a new store with its first administrator.
 *
 * Killed at any line it leaves nothing, an empty store, or an empty store and a key file: the same
 * command completes it (with --key-file once the key file is there). The records come last, all in
 * one transaction, and only they make it a store that init refuses.
 */
#include <json-c/json.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "base/random.h"
#include "store/batch.h"
#include "store/statedir.h"
#include "store/store.h"

static const struct first_row {
	const struct kind	*kind;
	const char		*body;
} first_rows[] = {
	{ &kind_secretbackend, "{\"name\":\"sealed\",\"type\":\"sealed\",\"default\":true,"
	    "\"description\":\"AES-256-GCM in the store\"}" },
	{ &kind_user, "{\"name\":\"admin\"}" },
	{ &kind_rbac, "{\"name\":\"admins\","
	    "\"subjects\":[{\"kind\":\"User\",\"name\":\"admin\"}],\"roleBindings\":["
	    "{\"role\":\"edit\",\"resource\":\"*\"},{\"role\":\"run\",\"resource\":\"*\"},"
	    "{\"role\":\"run\",\"action\":\"migrate-secrets\"}]}" },
	{ &kind_mcptoken, "{\"name\":\"admin\",\"user\":\"admin\"}" },
	{ NULL, NULL }
};

/* set_sha - what no body may say */
static void
set_sha(struct record *r, void *sha)
{
	if (r->kind == &kind_mcptoken)
		memcpy(((struct mcptoken *)r)->sha, sha, SHA256_HEX);
}

/* records_in - of all kinds */
static size_t
records_in(const struct table *t)
{
	size_t n = 0;

	for (int r = 0; r < RESOURCE__STORED; r++)
		if (kinds[r] != NULL)
			n += table_count(t, kinds[r]);
	return n;
}

/* create_first - one of first_rows */
static enum rc
create_first(struct batch *b, const struct first_row *row, char *sha, struct error *err)
{
	struct faults faults = FAULTS_INIT;
	const struct record *made;
	struct json_object *body;
	enum rc rc;

	rc = jsonx_parse(row->body, strlen(row->body), JSONX_DEPTH, &body, err);
	if (rc != RC_OK)
		return rc;
	rc = batch_create(b, row->kind, body, set_sha, sha, &faults, &made, err);
	if (faults.n > 0)
		error_prefix(err, "%s: %s", faults.v[0].path, faults.v[0].message);
	faults_release(&faults);
	json_object_put(body);
	return rc;
}

/* plan_first - everything, or a conflict where anything is */
static enum rc
plan_first(struct batch *b, void *sha, struct error *err)
{
	enum rc rc = RC_OK;

	if (records_in(batch_table(b)) > 0)
		return error_set(err, RC_CONFLICT, "a store is there already");
	for (const struct first_row *row = first_rows; row->kind != NULL && rc == RC_OK; row++)
		rc = create_first(b, row, sha, err);
	return rc;
}

/* has_database - is there a store, be it an empty one */
static bool
has_database(const char *dir)
{
	char *path = x_asprintf("%s/%s", dir, STATEDIR_DATABASE);
	struct stat st;
	bool there = lstat(path, &st) == 0;

	free(path);
	return there;
}

/* key_there - a key file found by chance is used only when that was asked for */
static enum rc
key_there(const char *path, struct error *err)
{
	return error_set(err, RC_CONFLICT, "%s: a key file is there already; name it with "
	    "--key-file to use it", path);
}

/* key_unwanted - before anything is made */
static enum rc
key_unwanted(const struct store_init_opts *opts, struct error *err)
{
	struct stat st;

	if (opts->key_file_named || lstat(opts->key_file, &st) != 0)
		return RC_OK;
	return key_there(opts->key_file, err);
}

/* key_outside - a copy of the state directory must not carry the key along */
static enum rc
key_outside(const char *key_file, const char *dir, struct error *err)
{
	char *copy = x_strdup(key_file);
	struct stat parent, state;
	bool inside;

	inside = stat(dirname(copy), &parent) == 0 && stat(dir, &state) == 0 &&
	    parent.st_dev == state.st_dev && parent.st_ino == state.st_ino;
	free(copy);
	if (!inside)
		return RC_OK;
	return error_set(err, RC_INVALID,
	    "%s: the key file must not be in the store's own directory", key_file);
}

/* key_ready - made, or used where it is named */
static enum rc
key_ready(const struct store_init_opts *opts, struct keyring *k, const char *dir,
    struct error *err)
{
	enum rc rc;

	rc = key_outside(opts->key_file, dir, err);
	if (rc != RC_OK)
		return rc;
	rc = keyring_create(opts->key_file, err);
	if (rc != RC_CONFLICT)
		return rc;
	return opts->key_file_named ? keyring_check(k, err) : key_there(opts->key_file, err);
}

/* empty_store - make it, or open the one that an init before us left */
static enum rc
empty_store(const char *dir, const struct store_init_opts *opts, struct store **out,
    struct error *err)
{
	struct store_opts open = { .key_file = opts->key_file,
	    .allow_network_fs = opts->allow_network_fs };
	struct kv_bdb_opts bdb = { .allow_network_fs = opts->allow_network_fs };
	const struct table *t;
	struct store *s;
	enum rc rc;

	rc = kv_bdb_create(dir, NULL, &bdb, err);
	if (rc != RC_OK && rc != RC_CONFLICT)
		return rc;
	rc = store_open(dir, &open, &s, err);
	if (rc != RC_OK)
		return rc;
	rc = store_table(s, &t, err);
	if (rc == RC_OK) {
		if (records_in(t) > 0)
			rc = error_set(err, RC_CONFLICT, "%s: a store is there already", dir);
		table_unref(t);
	}
	if (rc == RC_OK)
		*out = s;
	else
		store_close(s);
	return rc;
}

/* store_init - see store.h */
enum rc
store_init(const char *dir, const struct store_init_opts *opts, char **token, struct error *err)
{
	char text[TOKEN_SIZE], sha[SHA256_HEX];
	struct store *s;
	enum rc rc = RC_OK;

	if (!has_database(dir))
		rc = key_unwanted(opts, err);
	if (rc == RC_OK)
		rc = empty_store(dir, opts, &s, err);
	if (rc != RC_OK)
		return rc;
	rc = key_ready(opts, store_keyring(s), dir, err);
	if (rc == RC_OK) {
		random_token(text);
		sha256_hex(text, strlen(text), sha);
		rc = store_change(s, plan_first, sha, err);
		if (rc == RC_CONFLICT)
			error_prefix(err, "%s", dir);
		if (rc == RC_OK)
			*token = x_strdup(text);
		mem_wipe(text, sizeof(text));
	}
	store_close(s);
	return rc;
}
