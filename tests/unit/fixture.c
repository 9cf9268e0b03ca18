/* fixture.c - a service to test on */
#include <criterion/criterion.h>
#include <dirent.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "tests/unit/fixture.h"

/* parse - JSON with single quotes */
static struct json_object *
parse(const char *text)
{
	struct json_object *o;
	struct error err;
	char *copy = x_strdup(text);

	for (char *p = copy; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	cr_assert_eq(jsonx_parse(copy, strlen(copy), JSONX_DEPTH, &o, &err), RC_OK, "%s: %s",
	    copy, err.msg);
	free(copy);
	return o;
}

/* fixture_open - the backend is what init would make */
void
fixture_open(struct fixture *f)
{
	struct store_opts opts = { .private_urls = true };
	struct ledger_opts books = { .sink = "file", .keep_days = 90, .serving = true };
	struct error err;
	char *key;

	memset(f, 0, sizeof(*f));
	snprintf(f->dir, sizeof(f->dir), "/tmp/mcpd-unit.XXXXXX");
	cr_assert_not_null(mkdtemp(f->dir));
	config_init(&f->cfg);
	key = x_asprintf("%s/key", f->dir);
	opts.key_file = key;
	cr_assert_eq(keyring_create(key, &err), RC_OK, "%s", err.msg);
	f->svc.cfg = &f->cfg;
	f->svc.store = store_on(kv_mem_new(NULL), &opts);
	books.dir = f->dir;
	cr_assert_eq(ledger_open(&books, &f->svc.ledger, &err), RC_OK, "%s", err.msg);
	f->admin = (struct caller){ .administrator = true, .via = "mcpctl" };
	fixture_make(f, &kind_secretbackend, "{'name':'sealed','type':'sealed','default':true}");
	free(key);
}

/* fixture_close - leave nothing */
void
fixture_close(struct fixture *f)
{
	struct dirent *e;
	DIR *d;

	table_unref(f->table);
	service_close(&f->svc);
	config_release(&f->cfg);
	d = opendir(f->dir);
	while (d != NULL && (e = readdir(d)) != NULL)
		unlinkat(dirfd(d), e->d_name, 0);
	if (d != NULL)
		closedir(d);
	rmdir(f->dir);
}

/* fixture_try - create as someone */
enum rc
fixture_try(struct fixture *f, const struct caller *c, const struct kind *k, const char *text,
    struct error *err)
{
	struct faults faults = FAULTS_INIT;
	struct json_object *body = parse(text), *out = NULL;
	enum rc rc = catalogue_create(&f->svc, c, k, body, &faults, &out, err);

	if (rc == RC_INVALID && faults.n > 0)
		snprintf(err->msg, sizeof(err->msg), "%s: %s", faults.v[0].path,
		    faults.v[0].message);
	faults_release(&faults);
	json_object_put(body);
	json_object_put(out);
	return rc;
}

/* fixture_make - create as the administrator */
void
fixture_make(struct fixture *f, const struct kind *k, const char *text)
{
	struct error err;
	enum rc rc = fixture_try(f, &f->admin, k, text, &err);

	cr_assert_eq(rc, RC_OK, "%s: %s", text, err.msg);
}

/* fixture_put - update as someone */
enum rc
fixture_put(struct fixture *f, const struct caller *c, const struct kind *k, const char *ref,
    const char *text, struct error *err)
{
	struct faults faults = FAULTS_INIT;
	struct json_object *body = parse(text), *out = NULL;
	enum rc rc = catalogue_update(&f->svc, c, k, ref, body, 0, &faults, &out, err);

	faults_release(&faults);
	json_object_put(body);
	json_object_put(out);
	return rc;
}

/* fixture_look - the newest table */
const struct table *
fixture_look(struct fixture *f)
{
	struct error err;

	table_unref(f->table);
	f->table = NULL;
	cr_assert_eq(store_table(f->svc.store, &f->table, &err), RC_OK, "%s", err.msg);
	return f->table;
}

/* fixture_caller - someone */
struct caller
fixture_caller(struct fixture *f, const char *user, const char *token)
{
	const struct table *t = fixture_look(f);
	struct caller c = {
		.user = (const void *)table_by_name(t, &kind_user, user),
		.token = token == NULL ? NULL : (const void *)table_by_name(t, &kind_mcptoken, token),
		.via = "token",
	};

	cr_assert_not_null(c.user, "no user %s", user);
	cr_assert(token == NULL || c.token != NULL, "no token %s", token);
	return c;
}
