/* trial.c - a store to try things on */
#include <criterion/criterion.h>
#include <dirent.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "tests/unit/trial.h"

#define RESULT_MAX 8192			/* bytes */

enum verb_of_trial { TRY_CREATE, TRY_UPDATE, TRY_DELETE };

struct attempt {
	enum verb_of_trial	 verb;
	const struct kind	*kind;
	const char		*ref;
	struct json_object	*body;
	const char		*sha;
	struct faults		 faults;
};

static char result[RESULT_MAX];

/* exchange - every quote of one sort for one of the other */
static void
exchange(char *text, char from, char to)
{
	for (; *text != '\0'; text++)
		if (*text == from)
			*text = to;
}

/* trial_json - a body */
struct json_object *
trial_json(const char *text)
{
	struct json_object *o = NULL;
	char *copy = x_strdup(text);
	struct error err;

	exchange(copy, '\'', '"');
	cr_assert_eq(jsonx_parse(copy, strlen(copy), JSONX_DEPTH, &o, &err), RC_OK, "%s: %s",
	    copy, err.msg);
	free(copy);
	return o;
}

/* trial_open_on - over an engine */
void
trial_open_on(struct trial *t, struct kv *kv)
{
	struct store_opts opts = { .private_urls = true };
	struct error err;

	memset(t, 0, sizeof(*t));
	snprintf(t->dir, sizeof(t->dir), "/tmp/mcpd-unit.XXXXXX");
	cr_assert_not_null(mkdtemp(t->dir));
	t->key_file = x_asprintf("%s/key", t->dir);
	opts.key_file = t->key_file;
	cr_assert_eq(keyring_create(t->key_file, &err), RC_OK, "%s", err.msg);
	t->store = store_on(kv, &opts);
	cr_assert_str_eq(trial_create(t, &kind_secretbackend,
	    "{'name':'sealed','type':'sealed','default':true}"), "ok");
}

/* trial_open - in memory */
void
trial_open(struct trial *t)
{
	trial_open_on(t, kv_mem_new(NULL));
}

/* remove_tree - files, then the directory */
void
remove_tree(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL)
		unlinkat(dirfd(d), e->d_name, 0);
	if (d != NULL)
		closedir(d);
	rmdir(dir);
}

/* trial_close - leave nothing */
void
trial_close(struct trial *t)
{
	table_unref(t->table);
	store_close(t->store);
	remove_tree(t->dir);
	free(t->key_file);
}

/* trial_look - the newest table */
const struct table *
trial_look(struct trial *t)
{
	struct error err;

	table_unref(t->table);
	t->table = NULL;
	cr_assert_eq(store_table(t->store, &t->table, &err), RC_OK, "%s", err.msg);
	return t->table;
}

/* trial_get - a record that is there */
const struct record *
trial_get(struct trial *t, const struct kind *k, const char *ref)
{
	const struct record *r = table_find(trial_look(t), k, ref);

	cr_assert_not_null(r, "%s %s is not there", k->singular, ref);
	return r;
}

/* trial_view - as text */
const char *
trial_view(struct trial *t, const struct kind *k, const char *ref)
{
	const struct record *r = trial_get(t, k, ref);
	struct json_object *view = record_view(r, t->table);

	snprintf(result, sizeof(result), "%s", jsonx_text(view));
	json_object_put(view);
	exchange(result, '"', '\'');
	return result;
}

/* set_sha - fill what no body says */
static void
set_sha(struct record *r, void *sha)
{
	memcpy(((struct mcptoken *)r)->sha, sha, 65);
}

/* plan - one attempt */
static enum rc
plan(struct batch *b, void *arg, struct error *err)
{
	const struct record *out, *old = NULL;
	struct attempt *a = arg;

	if (a->verb != TRY_CREATE)
		old = table_find(batch_table(b), a->kind, a->ref);
	if (a->verb != TRY_CREATE && old == NULL)
		return error_set(err, RC_NOT_FOUND, "%s not found: %s", a->kind->label, a->ref);
	if (a->verb == TRY_UPDATE)
		return batch_update(b, old, a->body, &a->faults, &out, err);
	if (a->verb == TRY_DELETE)
		return batch_delete(b, old, err);
	return batch_create(b, a->kind, a->body, a->sha != NULL ? set_sha : NULL, (void *)a->sha,
	    &a->faults, &out, err);
}

/* by_path - order of faults in a result */
static int
by_path(const void *a, const void *b)
{
	return strcmp(((const struct fault *)a)->path, ((const struct fault *)b)->path);
}

/* attempt - do it, and say what came of it */
static const char *
attempt(struct trial *t, struct attempt *a)
{
	struct error err = { .msg = "" };
	enum rc rc = store_change(t->store, plan, a, &err);
	size_t len;

	snprintf(result, sizeof(result), "ok");
	if (rc != RC_OK)
		snprintf(result, sizeof(result), "%s: %s", rc_info(rc)->name, err.msg);
	if (a->faults.n > 0)
		qsort(a->faults.v, a->faults.n, sizeof(*a->faults.v), by_path);
	for (size_t i = 0; i < a->faults.n; i++) {
		len = strlen(result);
		snprintf(result + len, sizeof(result) - len, " [%s: %s]", a->faults.v[i].path,
		    a->faults.v[i].message);
	}
	faults_release(&a->faults);
	json_object_put(a->body);
	return result;
}

/* trial_create - of any kind but tokens */
const char *
trial_create(struct trial *t, const struct kind *k, const char *body)
{
	return attempt(t, &(struct attempt){ TRY_CREATE, k, NULL, trial_json(body), NULL,
	    FAULTS_INIT });
}

/* trial_token - a token */
const char *
trial_token(struct trial *t, const char *body, const char *sha)
{
	return attempt(t, &(struct attempt){ TRY_CREATE, &kind_mcptoken, NULL, trial_json(body),
	    sha, FAULTS_INIT });
}

/* trial_update - by id or name */
const char *
trial_update(struct trial *t, const struct kind *k, const char *ref, const char *body)
{
	return attempt(t, &(struct attempt){ TRY_UPDATE, k, ref, trial_json(body), NULL,
	    FAULTS_INIT });
}

/* trial_delete - by id or name */
const char *
trial_delete(struct trial *t, const struct kind *k, const char *ref)
{
	return attempt(t, &(struct attempt){ TRY_DELETE, k, ref, NULL, NULL, FAULTS_INIT });
}
