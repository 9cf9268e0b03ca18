/* rekey.c - values sealed anew, a batch at a time */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "service/changelog.h"
#include "service/rekey.h"
#include "store/fields.h"
#include "store/store.h"

struct step {				/* one transaction */
	struct service	*svc;
	struct changelog	 lines;
	uint32_t	 key_id;
	struct strings	 names;		/* that it seals anew */
};

/* waits - is a value of it under another key */
static bool
waits(const struct secret *s, uint32_t key_id)
{
	if (s->kept != KEPT_SEALED)
		return false;
	for (size_t i = 0; i < s->nvalues; i++)
		if (seal_key_id(s->values[i].stored) != key_id)
			return true;
	return false;
}

/* waiting - how many secrets do */
static size_t
waiting(const struct table *t, uint32_t key_id)
{
	size_t n = 0;

	for (size_t i = 0; i < table_count(t, &kind_secret); i++)
		n += waits((const struct secret *)table_at(t, &kind_secret, i), key_id);
	return n;
}

/* reseal - one value, opened and sealed with the active key */
static enum rc
reseal(struct service *svc, const struct table *t, const struct secret *s, size_t i,
    struct error *err)
{
	struct keyring *k = store_keyring(svc->store);
	const struct seal_place at = { table_store_id(t), kind_secret.singular, s->r.name,
	    s->values[i].key };
	char *clear, *sealed;
	enum rc rc = seal_open(k, &at, s->values[i].stored, &clear, err);

	if (rc != RC_OK)
		return rc;
	rc = seal_value(k, &at, clear, strlen(clear), &sealed, err);
	mem_free_wiped(clear);
	if (rc != RC_OK)
		return rc;
	free(s->values[i].stored);
	s->values[i].stored = sealed;
	return RC_OK;
}

/* rewrite - all values of one secret that are under another key */
static enum rc
rewrite(struct batch *b, const struct step *step, const struct record *old, struct error *err)
{
	struct secret *copy = (struct secret *)batch_copy(old);
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < copy->nvalues; i++)
		if (seal_key_id(copy->values[i].stored) != step->key_id)
			rc = reseal(step->svc, batch_table(b), copy, i, err);
	if (rc == RC_OK)
		batch_rewrite(b, &copy->r);
	else
		record_unref(&copy->r);
	return rc;
}

/* plan_step - the next ones, as many as a batch takes */
static enum rc
plan_step(struct batch *b, void *arg, struct error *err)
{
	const struct table *t = batch_table(b);
	struct step *step = arg;
	size_t n = table_count(t, &kind_secret);
	enum rc rc;

	strings_release(&step->names);
	changelog_plan(&step->lines, b);
	/* another rekey may have made a newer one */
	rc = keyring_active_id(store_keyring(step->svc->store), &step->key_id, err);
	for (size_t i = 0; rc == RC_OK && i < n && step->names.n < REKEY_BATCH; i++) {
		const struct record *r = table_at(t, &kind_secret, i);

		if (!waits((const struct secret *)r, step->key_id))
			continue;
		rc = rewrite(b, step, r, err);
		strings_add(&step->names, r->name);
		changelog_will(&step->lines, "rekey", kind_secret.plural, r->name);
	}
	return rc;
}

/* tell - what a transaction did */
static void
tell(const struct step *step, struct rekey *r)
{
	for (size_t i = 0; i < step->names.n; i++) {
		r->done++;
		if (r->each != NULL)
			r->each(r->arg, r, step->names.v[i]);
	}
}

/* choose_key - the active one while values wait for it, else a new one */
static enum rc
choose_key(struct service *svc, struct rekey *r, struct error *err)
{
	struct keyring *k = store_keyring(svc->store);
	const struct table *t;
	uint32_t active;
	enum rc rc;

	if ((rc = keyring_active_id(k, &active, err)) != RC_OK ||
	    (rc = store_table(svc->store, &t, err)) != RC_OK)
		return rc;
	r->key_id = active;
	if (waiting(t, active) == 0) {
		rc = keyring_rotate(k, active, &r->key_id, err);
		r->added = rc == RC_OK;
	}
	r->total = waiting(t, r->key_id);
	table_unref(t);
	return rc;
}

/* rekey_run - see rekey.h */
enum rc
rekey_run(struct service *svc, const struct caller *c, struct rekey *r, struct error *err)
{
	struct step step = { .svc = svc };
	enum rc rc;

	r->added = false;
	r->done = 0;
	if ((rc = choose_key(svc, r, err)) != RC_OK)
		return rc;
	/* a change that was planned before the new key came must not bring an old envelope after us */
	if ((rc = store_touch(svc->store, err)) != RC_OK)
		return rc;
	do {
		changelog_begin(&step.lines, svc, c);
		rc = store_change(svc->store, plan_step, &step, err);
		if (changelog_end(&step.lines, rc))
			tell(&step, r);
	} while (rc == RC_OK && step.names.n > 0);
	r->key_id = step.key_id;
	strings_release(&step.names);
	return rc;
}
