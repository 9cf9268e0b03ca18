/* secrets_change.c - the catalogue and an openbao backend changed as one, as far as that can be */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "service/secret_cache.h"
#include "service/secrets.h"
#include "store/batch.h"
#include "store/statedir.h"

#define LOCK_FILE	".outside"	/* in the state directory; empty, flock(2) only */
#define LOCK_NAP_MS	5		/* between two tries on it */

struct deed {				/* one want, and what came of it */
	const struct outside_want *want;
	int64_t			  version;
	struct pairs		  before;	/* what lay there, to be put back */
	bool			  was_there;
	bool			  changed;	/* there is something to undo */
};

struct place {				/* where wants find their backends */
	struct service		*svc;
	const struct table	*before, *after;	/* the plan */
};

struct attempt {			/* a plan between the store and us */
	store_plan		 *plan;
	void			 *arg;
	const struct outside_done *done;
	size_t			  ndone;
	bool			  open;		/* it wanted what was not done */
};

/* plan_watched - the plan, given what was done; refused where it wants more */
static enum rc
plan_watched(struct batch *b, void *arg, struct error *err)
{
	struct attempt *a = arg;
	struct outside *outside = batch_outside(b);
	enum rc rc;

	a->open = false;
	outside->done = a->done;
	outside->ndone = a->ndone;
	rc = a->plan(b, a->arg, err);
	if (rc != RC_OK || outside->nwants == 0)
		return rc;
	a->open = true;
	return error_set(err, RC_BUSY, "secret '%s' was changed meanwhile, try again",
	    outside->wants[0].secret);
}

/* wait_lock - non-blocking tries: a stopped holder must not stop us for ever */
static enum rc
wait_lock(int fd, struct error *err)
{
	int64_t deadline_ms = clock_mono_ms() + OUTSIDE_LOCK_MS;

	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return error_set(err, RC_UNAVAILABLE, "lock %s: %s", LOCK_FILE,
			    strerror(errno));
		if (clock_mono_ms() >= deadline_ms)
			return error_set(err, RC_BUSY, "others are changing secrets in an openbao "
			    "backend, try again");
		clock_nap(LOCK_NAP_MS);
	}
	return RC_OK;
}

/* secrets_lock - by an open file description of its own: flock counts those, not threads. A store over
   a given engine has no directory, and one thread */
enum rc
secrets_lock(struct service *svc, int *lock, struct error *err)
{
	const char *path = store_dir(svc->store);
	struct statedir dir = STATEDIR_INIT;
	enum rc rc;
	int fd = -1;

	*lock = -1;
	if (path == NULL)
		return RC_OK;
	rc = statedir_open(&dir, path, svc->cfg->allow_network_fs, err);
	if (rc == RC_OK)
		rc = statedir_file(&dir, LOCK_FILE, O_RDWR | O_CREAT, &fd, err);
	statedir_close(&dir);
	if (rc == RC_OK)
		rc = wait_lock(fd, err);
	if (rc == RC_OK)
		*lock = fd;
	else if (fd >= 0)
		close(fd);
	return rc;
}

/* secrets_unlock - what secrets_lock() gave */
void
secrets_unlock(int lock)
{
	if (lock >= 0)
		close(lock);
}

/* lies_there - a create found something: values like ours were left by one that was cut short */
static enum rc
lies_there(struct bao *bao, struct deed *d, struct error *err)
{
	struct pairs there = PAIRS_INIT;
	int64_t version = 0;
	enum rc rc = openbao_read(bao->http, &bao->at, d->want->secret, &there, &version, err);

	if (rc == RC_NOT_FOUND) {	/* deleted there, its versions still count */
		rc = openbao_write(bao->http, &bao->at, d->want->secret, &d->want->data, version,
		    &d->version, err);
		d->changed = rc == RC_OK;
	} else if (rc == RC_OK && pairs_equal(&there, &d->want->data)) {
		d->version = version;
	} else if (rc == RC_OK) {
		rc = error_set(err, RC_CONFLICT, "SecretBackend %s: OpenBao already has other values "
		    "at %s/data/%s%s%s: take them away there (bao kv metadata delete), or name the "
		    "secret otherwise", bao->at.name, bao->at.mount, bao->at.prefix,
		    *bao->at.prefix != '\0' ? "/" : "", d->want->secret);
	}
	pairs_wipe(&there);
	return rc;
}

/* do_create - where nothing ever was */
static enum rc
do_create(struct bao *bao, struct deed *d, struct error *err)
{
	enum rc rc = openbao_write(bao->http, &bao->at, d->want->secret, &d->want->data, 0,
	    &d->version, err);

	d->changed = rc == RC_OK;
	return rc == RC_STALE ? lies_there(bao, d, err) : rc;
}

/* set_once - behind the version that is there; RC_STALE: someone was faster */
static enum rc
set_once(struct bao *bao, struct deed *d, struct error *err)
{
	int64_t cas = 0;
	enum rc rc;

	pairs_wipe(&d->before);
	rc = openbao_read(bao->http, &bao->at, d->want->secret, &d->before, &cas, err);
	d->was_there = rc == RC_OK;
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return rc;
	if (d->was_there && pairs_equal(&d->before, &d->want->data)) {
		d->version = cas;
		return RC_OK;
	}
	rc = openbao_write(bao->http, &bao->at, d->want->secret, &d->want->data, cas, &d->version,
	    err);
	d->changed = rc == RC_OK;
	return rc;
}

/* do_set - whatever is there; equal values are left alone */
static enum rc
do_set(struct bao *bao, struct deed *d, struct error *err)
{
	enum rc rc = RC_STALE;

	for (int i = 0; i < OUTSIDE_TRIES && rc == RC_STALE; i++)
		rc = set_once(bao, d, err);
	return rc;
}

/* do_drop - the values are kept until the record is gone too */
static enum rc
do_drop(struct bao *bao, struct deed *d, struct error *err)
{
	int64_t version = 0;
	enum rc rc;

	d->was_there = openbao_read(bao->http, &bao->at, d->want->secret, &d->before, &version,
	    err) == RC_OK;
	rc = openbao_delete(bao->http, &bao->at, d->want->secret, err);
	d->changed = rc == RC_OK;
	return rc;
}

/* verify - what is there now is what was wanted */
static enum rc
verify(struct bao *bao, struct deed *d, struct error *err)
{
	struct pairs there = PAIRS_INIT;
	int64_t version = 0;
	enum rc rc = openbao_read(bao->http, &bao->at, d->want->secret, &there, &version, err);

	if (rc == RC_OK && !pairs_equal(&there, &d->want->data))
		rc = error_set(err, RC_UPSTREAM, "SecretBackend %s: OpenBao gives other values back "
		    "than were written", bao->at.name);
	pairs_wipe(&there);
	if (rc == RC_NOT_FOUND)		/* never the caller's mistake */
		rc = err->rc = RC_UPSTREAM;
	return rc;
}

static enum rc (*const doers[])(struct bao *, struct deed *, struct error *) = {
	[OUTSIDE_CREATE] = do_create,
	[OUTSIDE_SET] = do_set,
	[OUTSIDE_DROP] = do_drop,
};

/* open_for - the backend of a want: what is dropped is where it was, and that may go in the same change */
static enum rc
open_for(struct bao *bao, const struct place *p, const struct outside_want *want,
    struct error *err)
{
	const struct table *t = want->op == OUTSIDE_DROP ? p->before : p->after;
	const struct record *r = table_by_name(t, &kind_secretbackend, want->backend);

	memset(bao, 0, sizeof(*bao));
	if (r == NULL)
		return error_set(err, RC_CORRUPT, "secret '%s': its backend is gone", want->secret);
	return bao_open(bao, p->svc, t, (const struct secretbackend *)r, err);
}

/* do_deed - one want; RC_STALE is nothing that a caller could know */
static enum rc
do_deed(const struct place *p, struct deed *d, struct error *err)
{
	struct bao bao;
	enum rc rc = open_for(&bao, p, d->want, err);

	if (rc == RC_OK)
		rc = doers[d->want->op](&bao, d, err);
	if (rc == RC_OK && d->want->op != OUTSIDE_DROP)
		rc = verify(&bao, d, err);
	bao_close(&bao);
	return rc == RC_STALE ? err->rc = RC_BUSY : rc;
}

/* take_back - what was written where nothing ever was, unless someone has written there since: a delete
   takes every version, and has no cas */
static enum rc
take_back(struct bao *bao, const struct deed *d, struct error *err)
{
	struct pairs there = PAIRS_INIT;
	int64_t version = 0;
	enum rc rc = openbao_read(bao->http, &bao->at, d->want->secret, &there, &version, err);

	pairs_wipe(&there);
	if (rc == RC_OK && (version != d->version || version != 1))
		rc = error_set(err, RC_CONFLICT, "SecretBackend %s: there are other versions of it",
		    bao->at.name);
	return rc == RC_OK ? openbao_delete(bao->http, &bao->at, d->want->secret, err) : rc;
}

/* undo - put back what lay there */
static void
undo(const struct place *p, const struct deed *d)
{
	struct error err = { RC_OK, "" };
	int64_t ignored;
	struct bao bao;
	enum rc rc = open_for(&bao, p, d->want, &err);

	if (rc == RC_OK && d->was_there)
		rc = openbao_write(bao.http, &bao.at, d->want->secret, &d->before, d->version,
		    &ignored, &err);
	else if (rc == RC_OK && d->want->op != OUTSIDE_DROP)
		rc = take_back(&bao, d, &err);
	bao_close(&bao);
	if (rc != RC_OK)
		log_warn("secret '%s': what was done at its backend stays there: %s",
		    d->want->secret, err.msg);
}

/* undo_all - the last one first */
static void
undo_all(const struct place *p, const struct deed *deeds, size_t n)
{
	while (n-- > 0)
		if (deeds[n].changed)
			undo(p, &deeds[n]);
}

/* do_all - every want of a batch */
static enum rc
do_all(const struct place *p, const struct outside *outside, struct deed *deeds,
    struct error *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < outside->nwants && rc == RC_OK; i++) {
		deeds[i].want = &outside->wants[i];
		rc = do_deed(p, &deeds[i], err);
	}
	return rc;
}

/* commit - the plan again, on what was done */
static enum rc
commit(struct service *svc, struct attempt *a, const struct deed *deeds, size_t n,
    struct error *err)
{
	struct outside_done *done = x_calloc(n, sizeof(*done));
	enum rc rc;

	for (size_t i = 0; i < n; i++)
		done[i] = (struct outside_done){ deeds[i].want, deeds[i].version };
	a->done = done;
	a->ndone = n;
	rc = store_change(svc->store, plan_watched, a, err);
	a->done = NULL;
	a->ndone = 0;
	free(done);
	return rc;
}

/* forget - what this process holds of the secrets that were changed; others see it by their versions */
static void
forget(const struct place *p, const struct outside *outside)
{
	for (size_t i = 0; i < outside->nwants; i++) {
		const struct record *r = table_by_name(p->before, &kind_secret,
		    outside->wants[i].secret);

		if (r != NULL)
			secret_cache_drop(p->svc->secrets, r->id);
	}
}

/* work_off - do what the planned batch wants, then commit it */
static enum rc
work_off(const struct place *p, const struct outside *outside, struct attempt *a,
    struct error *err)
{
	struct deed *deeds = x_calloc(outside->nwants, sizeof(*deeds));
	enum rc rc;

	rc = do_all(p, outside, deeds, err);
	if (rc == RC_OK)
		rc = commit(p->svc, a, deeds, outside->nwants, err);
	if (rc != RC_OK && rc != RC_UNKNOWN)
		undo_all(p, deeds, outside->nwants);
	for (size_t i = 0; i < outside->nwants; i++)
		pairs_wipe(&deeds[i].before);
	free(deeds);
	forget(p, outside);
	return rc;
}

/* try_locked - once; a->open: others changed what it wants, meanwhile */
static enum rc
try_locked(struct service *svc, struct attempt *a, struct error *err)
{
	struct place p = { .svc = svc };
	struct batch *b;
	enum rc rc;

	a->open = false;
	if ((rc = store_table(svc->store, &p.before, err)) != RC_OK)
		return rc;
	b = batch_new(p.before, store_keyring(svc->store), svc->cfg->private_urls);
	rc = a->plan(b, a->arg, err);
	p.after = batch_table(b);
	if (rc == RC_OK)
		rc = work_off(&p, batch_outside(b), a, err);
	batch_free(b);
	table_unref(p.before);
	return rc;
}

/* secrets_change_locked - see secrets.h */
enum rc
secrets_change_locked(struct service *svc, store_plan *plan, void *arg, struct error *err)
{
	struct attempt a = { .plan = plan, .arg = arg };
	enum rc rc = RC_BUSY;

	a.open = true;
	for (int i = 0; i < OUTSIDE_TRIES && a.open; i++)
		rc = try_locked(svc, &a, err);
	return rc;
}

/* secrets_change - most changes reach no backend: they are made like any other */
enum rc
secrets_change(struct service *svc, store_plan *plan, void *arg, struct error *err)
{
	struct attempt a = { .plan = plan, .arg = arg };
	enum rc rc = store_change(svc->store, plan_watched, &a, err);
	int lock;

	if (!a.open)
		return rc;
	if ((rc = secrets_lock(svc, &lock, err)) != RC_OK)
		return rc;
	rc = secrets_change_locked(svc, plan, arg, err);
	secrets_unlock(lock);
	return rc;
}
