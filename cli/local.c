/* local.c - the catalogue by its own library, without a server */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/jsonx.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/local.h"
#include "cli/local_call.h"
#include "cli/reports.h"
#include "cli/sigpipe.h"
#include "cli/transport.h"
#include "service/apply.h"
#include "service/catalogue.h"
#include "service/secrets.h"

struct local {
	struct transport	 t;
	struct config		 cfg;
	struct service		 svc;
	struct caller		 caller;
	struct http		*http;		/* made at the first call to a provider */
};

/* local_config - file, environment, then the flags */
enum rc
local_config(struct config *cfg, const char *db, const char *key_file, struct error *err)
{
	enum rc rc;

	if ((rc = config_load(cfg, NULL, err)) != RC_OK)
		return rc;
	if (db != NULL)
		rc = config_set(cfg, "db", db, "--db", err);
	if (rc == RC_OK && key_file != NULL && *key_file == '\0')
		rc = error_set(err, RC_INVALID, "--key-file: must not be empty");
	if (rc == RC_OK && key_file != NULL)
		rc = config_set(cfg, "key_file", key_file, "--key-file", err);
	if (rc == RC_INVALID)
		rc = err->rc = RC_USAGE;	/* of the command line, not of a file */
	if (rc == RC_OK)
		rc = config_finish(cfg, err);
	if (rc != RC_OK)
		config_release(cfg);
	return rc;
}

/* become - another user for the rest of this process */
static enum rc
become(uid_t uid, gid_t gid, const char *dir, struct error *err)
{
	if (setgroups(1, &gid) != 0 || setgid(gid) != 0 || setuid(uid) != 0 || setuid(0) == 0)
		return error_set(err, RC_UNAVAILABLE, "%s: can't become its owner (uid %lu): %s",
		    dir, (unsigned long)uid, strerror(errno));
	prctl(PR_SET_DUMPABLE, 0);	/* the kernel may have put it back */
	return RC_OK;
}

/* local_become_owner - what root made in the store, the web server's user could not open */
enum rc
local_become_owner(const char *dir, struct error *err)
{
	int fd = open(dir, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), ret, saved;
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return RC_OK;
	if (fd < 0)
		return error_set(err, RC_UNAVAILABLE, "%s: %s", dir, errno == ENOTDIR ?
		    "a symbolic link, or no directory: name the directory itself" :
		    strerror(errno));
	ret = fstat(fd, &st);
	saved = errno;
	close(fd);
	if (ret != 0)
		return error_set(err, RC_UNAVAILABLE, "%s: %s", dir, strerror(saved));
	if (geteuid() != 0 || st.st_uid == 0)
		return RC_OK;
	return become(st.st_uid, st.st_gid, dir, err);
}

/* newest - the table that a read looks at */
static enum rc
newest(struct transport *t, const struct table **out, struct error *err)
{
	return store_table(((struct local *)t)->svc.store, out, err);
}

/* local_list - what GET of a collection answers */
static enum rc
local_list(struct transport *t, const struct kind *k, struct json_object **out, struct error *err)
{
	struct local *l = (struct local *)t;
	const struct table *table;
	enum rc rc;

	if ((rc = newest(t, &table, err)) != RC_OK)
		return rc;
	rc = catalogue_list(&l->svc, table, &l->caller, k, NULL, out, err);
	table_unref(table);
	return rc;
}

/* local_get - what GET of an object answers */
static enum rc
local_get(struct transport *t, const struct kind *k, const char *ref, struct json_object **out,
    struct error *err)
{
	struct local *l = (struct local *)t;
	const struct table *table;
	enum rc rc;

	if ((rc = newest(t, &table, err)) != RC_OK)
		return rc;
	rc = catalogue_get(&l->svc, table, &l->caller, k, ref, out, err);
	table_unref(table);
	return rc;
}

/* local_create - POST */
static enum rc
local_create(struct transport *t, const struct kind *k, struct json_object *body,
    struct faults *faults, struct json_object **out, struct error *err)
{
	struct local *l = (struct local *)t;
	struct sigaction was;
	enum rc rc;

	sigpipe_hold(&was);
	rc = catalogue_create(&l->svc, &l->caller, k, body, faults, out, err);
	sigpipe_release(&was);
	return rc;
}

/* local_update - PUT */
static enum rc
local_update(struct transport *t, const struct kind *k, const char *ref, int64_t version,
    struct json_object *body, struct faults *faults, struct json_object **out, struct error *err)
{
	struct local *l = (struct local *)t;
	struct sigaction was;
	enum rc rc;

	sigpipe_hold(&was);
	rc = catalogue_update(&l->svc, &l->caller, k, ref, body, version, faults, out, err);
	sigpipe_release(&was);
	return rc;
}

/* local_remove - DELETE, whatever version is there */
static enum rc
local_remove(struct transport *t, const struct kind *k, const char *ref, struct error *err)
{
	struct local *l = (struct local *)t;
	struct sigaction was;
	enum rc rc;

	sigpipe_hold(&was);
	rc = catalogue_delete(&l->svc, &l->caller, k, ref, 0, err);
	sigpipe_release(&was);
	return rc;
}

/* local_apply - one transaction */
static enum rc
local_apply(struct transport *t, struct apply_item *items, size_t n, bool rehearse,
    struct error *err)
{
	struct local *l = (struct local *)t;
	struct sigaction was;
	enum rc rc;

	sigpipe_hold(&was);
	rc = catalogue_apply(&l->svc, &l->caller, items, n, rehearse, err);
	sigpipe_release(&was);
	return rc;
}

/* values_json - as describe shows them */
static struct json_object *
values_json(const struct pairs *values)
{
	struct json_object *o = json_object_new_object();

	for (size_t i = 0; i < values->n; i++)
		jsonx_put_str(o, values->v[i].key, values->v[i].value);
	return o;
}

/* local_reveal - values in clear: the one thing that no server can be asked for */
static enum rc
local_reveal(struct transport *t, const char *secret, struct json_object **out, struct error *err)
{
	struct pairs values = PAIRS_INIT;
	const struct table *table;
	const struct record *r;
	struct sigaction was;
	int64_t version;
	enum rc rc;

	if ((rc = newest(t, &table, err)) != RC_OK)
		return rc;
	sigpipe_hold(&was);
	if ((r = table_find(table, &kind_secret, secret)) == NULL)
		rc = error_set(err, RC_NOT_FOUND, "Secret not found: %s", secret);
	else
		rc = secrets_read(&((struct local *)t)->svc, table, (const struct secret *)r,
		    &values, &version, err);
	if (rc == RC_OK)
		*out = values_json(&values);
	sigpipe_release(&was);
	pairs_wipe(&values);
	table_unref(table);
	return rc;
}

/* provider_client - HTTP for what talks to a provider */
static struct http *
provider_client(struct local *l)
{
	if (l->http == NULL) {
		http_global();
		l->http = service_http(&l->svc);
	}
	return l->http;
}

/* local_ask - see reports.h */
static enum rc
local_ask(struct transport *t, const struct question *q, struct json_object **out,
    struct error *err)
{
	struct local *l = (struct local *)t;
	struct report_place at = { .svc = &l->svc, .caller = &l->caller };
	struct sigaction was;
	enum rc rc;

	if ((rc = newest(t, &at.table, err)) != RC_OK)
		return rc;
	if (report_needs_http(q->what))
		at.http = provider_client(l);
	sigpipe_hold(&was);
	rc = report_answer(&at, q, out, err);
	sigpipe_release(&was);
	table_unref(at.table);
	return rc;
}

/* local_infer - through the same engine as the web side's calls, audit included */
static enum rc
local_infer(struct transport *t, const char *llm, const char *body, size_t len, struct sink *sink,
    struct error *err)
{
	struct local *l = (struct local *)t;
	struct local_call call = {
		.svc = &l->svc, .caller = &l->caller, .llm = llm, .body = body, .len = len
	};
	struct sigaction was;
	enum rc rc;

	if ((rc = newest(t, &call.table, err)) != RC_OK)
		return rc;
	call.http = provider_client(l);
	log_level(LOG_LEVEL_ERROR);	/* what went wrong at the provider we say ourselves */
	sigpipe_hold(&was);
	rc = local_call(&call, sink, err);
	sigpipe_release(&was);
	table_unref(call.table);
	return rc;
}

/* local_close - the store, and what led to it */
static void
local_close(struct transport *t)
{
	struct local *l = (struct local *)t;

	http_free(l->http);
	service_close(&l->svc);
	config_release(&l->cfg);
	free(l);
}

static const struct transport_ops local_ops = {
	.list	= local_list,
	.get	= local_get,
	.create	= local_create,
	.update	= local_update,
	.remove	= local_remove,
	.apply	= local_apply,
	.ask	= local_ask,
	.infer	= local_infer,
	.reveal	= local_reveal,
	.close	= local_close,
};

/* local_service - for the few commands that no server is asked for */
enum rc
local_service(struct transport *t, struct service **svc, const struct caller **caller,
    struct error *err)
{
	struct local *l = (struct local *)t;

	if (t->ops != &local_ops)
		return error_set(err, RC_USAGE, "this works on the store itself only: run it on the "
		    "server, with --db DIR");
	*svc = &l->svc;
	*caller = &l->caller;
	return RC_OK;
}

/* hint_server - nobody named this store, and it isn't there: perhaps none is meant */
static void
hint_server(const char *dir, struct error *err)
{
	char *text;

	if (access(dir, F_OK) == 0)
		return;
	text = x_strdup(err->msg);
	error_set(err, err->rc, "%s, or use a server: mcpctl login URL", text);
	free(text);
}

/* local_open - as the store's owner, with all its rights */
enum rc
local_open(const char *db, struct transport **out, struct error *err)
{
	struct local *l = x_calloc(1, sizeof(*l));
	enum rc rc;

	l->t.ops = &local_ops;
	l->caller = (struct caller){ .administrator = true, .via = "mcpctl" };
	if ((rc = local_config(&l->cfg, db, NULL, err)) != RC_OK) {
		free(l);
		return rc;
	}
	rc = local_become_owner(l->cfg.db, err);
	if (rc == RC_OK)
		rc = service_open(&l->cfg, false, &l->svc, err);
	if (rc == RC_OK) {
		*out = &l->t;
		return RC_OK;
	}
	if (db == NULL)
		hint_server(l->cfg.db, err);
	local_close(&l->t);
	return rc;
}
