/* move.c - copy, compare, change the record, and only then take the old copy away */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "service/changelog.h"
#include "service/move.h"
#include "service/secret_cache.h"
#include "service/secrets.h"
#include "store/batch.h"
#include "store/fields.h"

struct step {				/* one transaction of a move */
	const struct move	*m;
	struct changelog	 lines;
	const char		*name;
	int64_t			 version;	/* of the record that it was prepared on */
	const struct pairs	*data;
	const char		*copy_id;	/* what the record notes from now on; NULL: nothing */
	int64_t			 copy_version;
};

/* backend_at - one of the two */
static enum rc
backend_at(const struct table *t, const char *id, const struct secretbackend **out,
    struct error *err)
{
	const struct record *r = table_by_id(t, &kind_secretbackend, id);

	if (r == NULL)
		return error_set(err, RC_CONFLICT, "a backend was deleted meanwhile");
	*out = (const struct secretbackend *)r;
	return RC_OK;
}

/* is_token - a backend that kept its own token's secret, or another's, would wait for itself */
static const struct record *
is_token(const struct table *t, const char *secret_id)
{
	for (size_t i = 0; i < table_count(t, &kind_secretbackend); i++) {
		const struct record *r = table_at(t, &kind_secretbackend, i);
		const char *held = ((const struct secretbackend *)r)->bao.token_secret_id;

		if (held != NULL && strcmp(held, secret_id) == 0)
			return r;
	}
	return NULL;
}

/* check_place - it is in one of the two backends, and may go to the other */
static enum rc
check_place(const struct move *m, const struct table *t, const struct secret *s,
    struct error *err)
{
	const struct secretbackend *to = NULL;
	const struct record *of;
	enum rc rc = backend_at(t, m->to_id, &to, err);

	if (rc != RC_OK || strcmp(s->backend_id, m->to_id) == 0)
		return rc;
	if (strcmp(s->backend_id, m->from_id) != 0) {
		of = table_by_id(t, &kind_secretbackend, s->backend_id);
		return error_set(err, RC_CONFLICT, "it is in backend %s", of != NULL ? of->name : "?");
	}
	if (to->kept == KEPT_OPENBAO && (of = is_token(t, s->r.id)) != NULL)
		return error_set(err, RC_CONFLICT, "it holds the token of SecretBackend %s, and no "
		    "such one may be kept in an openbao backend", of->name);
	return RC_OK;
}

/* may_move - a migration takes its time: what was taken back since it began counts for the secrets that
   are still to come */
static enum rc
may_move(const struct move *m, const struct table *t, const char *name, struct error *err)
{
	struct caller now;
	enum rc rc = rbac_caller(t, m->caller, clock_wall_ms(), &now, err);

	if (rc == RC_OK)
		rc = rbac_require_action(t, &now, MOVE_ACTION, err);
	return rc == RC_OK ? rbac_require(t, &now, VERB_EDIT, RESOURCE_SECRETS, name, err) : rc;
}

/* find - the secret as it is now; permission before existence */
static enum rc
find(const struct move *m, const struct table *t, const char *name, const struct secret **out,
    struct error *err)
{
	const struct record *r = table_by_name(t, &kind_secret, name);
	enum rc rc = may_move(m, t, name, err);

	if (rc != RC_OK)
		return rc;
	if (r == NULL)
		return error_set(err, RC_NOT_FOUND, "Secret not found: %s", name);
	if ((rc = check_place(m, t, (const struct secret *)r, err)) == RC_OK)
		*out = (const struct secret *)r;
	return rc;
}

/* find_same - as it was when the step was prepared */
static enum rc
find_same(const struct step *st, const struct table *t, const struct secret **out,
    struct error *err)
{
	enum rc rc = find(st->m, t, st->name, out, err);

	if (rc == RC_OK && (*out)->r.version != st->version)
		rc = error_set(err, RC_STALE, "it was changed meanwhile");
	return rc;
}

/* note_copy - where a copy of ours may lie */
static void
note_copy(struct secret *s, const struct step *st)
{
	free(s->copy_id);
	s->copy_id = x_strdup(st->copy_id);
	s->copy_version = st->copy_version;
}

/* plan_note - the record notes a copy, or that there is none any more */
static enum rc
plan_note(struct batch *b, void *arg, struct error *err)
{
	const struct step *st = arg;
	const struct secret *s;
	struct record *copy;
	enum rc rc = find_same(st, batch_table(b), &s, err);

	if (rc != RC_OK)
		return rc;
	copy = batch_copy(&s->r);
	note_copy((struct secret *)copy, st);
	batch_replace(b, &s->r, copy);
	return RC_OK;
}

/* same_values - what the record says now, where it says it itself */
static enum rc
same_values(const struct secret *s, const struct table *t, struct keyring *keyring,
    const struct pairs *data, struct error *err)
{
	enum rc rc = RC_OK;
	char *clear;

	for (size_t i = 0; i < data->n && rc == RC_OK && s->kept != KEPT_OPENBAO; i++) {
		rc = secret_clear(s, table_store_id(t), keyring, data->v[i].key, &clear, err);
		if (rc != RC_OK)
			break;
		if (strcmp(clear, data->v[i].value) != 0)
			rc = error_set(err, RC_CORRUPT, "another value was read back");
		mem_free_wiped(clear);
	}
	return rc;
}

/* plan_move - the record with its values in the other backend */
static enum rc
plan_move(struct batch *b, void *arg, struct error *err)
{
	struct step *st = arg;
	const struct table *t = batch_table(b);
	const struct secret_setting with = {
		table_store_id(t), batch_keyring(b), batch_outside(b), NULL
	};
	const struct secretbackend *to = NULL;
	const struct secret *s;
	struct record *copy;
	enum rc rc;

	changelog_plan(&st->lines, b);
	if ((rc = find_same(st, t, &s, err)) != RC_OK ||
	    (rc = backend_at(t, st->m->to_id, &to, err)) != RC_OK)
		return rc;
	copy = batch_copy(&s->r);
	rc = secret_set((struct secret *)copy, to, st->data, OUTSIDE_SET, &with, err);
	if (rc == RC_OK)
		rc = same_values((struct secret *)copy, t, batch_keyring(b), st->data, err);
	if (rc != RC_OK) {
		record_unref(copy);
		return rc;
	}
	note_copy((struct secret *)copy, st);
	batch_replace(b, &s->r, copy);
	changelog_will(&st->lines, "migrate", kind_secret.plural, st->name);
	return RC_OK;
}

/* change - a transaction, with or without a backend's part in it */
static enum rc
change(const struct move *m, store_plan *plan, struct step *st, struct error *err)
{
	return m->outside ? secrets_change_locked(m->svc, plan, st, err) :
	    store_change(m->svc->store, plan, st, err);
}

/* read_at - what lies at a backend under the secret's name; RC_NOT_FOUND: nothing */
static enum rc
read_at(const struct move *m, const struct table *t, const char *backend_id, const char *name,
    struct pairs *data, int64_t *version, struct error *err)
{
	const struct secretbackend *b = NULL;
	struct bao bao;
	enum rc rc = backend_at(t, backend_id, &b, err);

	if (rc != RC_OK)
		return rc;
	if ((rc = bao_open(&bao, m->svc, t, b, err)) == RC_OK)
		rc = openbao_read(bao.http, &bao.at, name, data, version, err);
	bao_close(&bao);
	return rc;
}

/* delete_at - it, and all its versions */
static enum rc
delete_at(const struct move *m, const struct table *t, const char *backend_id, const char *name,
    struct error *err)
{
	const struct secretbackend *b = NULL;
	struct bao bao;
	enum rc rc = backend_at(t, backend_id, &b, err);

	if (rc != RC_OK)
		return rc;
	if ((rc = bao_open(&bao, m->svc, t, b, err)) == RC_OK)
		rc = openbao_delete(bao.http, &bao.at, name, err);
	bao_close(&bao);
	return rc;
}

/*
 * drop_copy - the copy that the record notes. One that was never moved from (version 0) is half a copy
 * of ours; an old one is taken away as it was copied, and left where it was changed behind us.
 */
static enum rc
drop_copy(const struct move *m, const struct table *t, const struct secret *s,
    struct error *err)
{
	struct step st = { .m = m, .name = s->r.name, .version = s->r.version };
	struct pairs there = PAIRS_INIT;
	int64_t version = 0;
	enum rc rc = read_at(m, t, s->copy_id, s->r.name, &there, &version, err);

	pairs_wipe(&there);
	if (rc == RC_OK && s->copy_version != 0 && version != s->copy_version)
		rc = error_set(err, RC_CONFLICT, "it was moved, but its old copy in OpenBao was "
		    "changed there meanwhile and is kept: compare the two, delete the old one in "
		    "OpenBao, and run this again");
	if (rc == RC_OK || (rc == RC_NOT_FOUND && version > 0))
		rc = delete_at(m, t, s->copy_id, s->r.name, err);
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return rc;
	return change(m, plan_note, &st, err);
}

/* claim - before values go to an openbao backend: free, or equal, or ours by an earlier note */
static enum rc
claim(const struct move *m, const struct table *t, const struct secret *s,
    const struct pairs *data, struct error *err)
{
	struct step st = { .m = m, .name = s->r.name, .version = s->r.version,
	    .copy_id = m->to_id };
	struct pairs there = PAIRS_INIT;
	int64_t version = 0;
	enum rc rc = read_at(m, t, m->to_id, s->r.name, &there, &version, err);

	if (rc == RC_OK && !pairs_equal(&there, data))
		rc = error_set(err, RC_CONFLICT, "OpenBao already has other values under its name: "
		    "take them away there (bao kv metadata delete) and run this again");
	pairs_wipe(&there);
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return rc;
	return change(m, plan_note, &st, err);
}

/* copy_over - its values to the other backend, and the record with them */
static enum rc
copy_over(const struct move *m, const struct table *t, const struct secret *s,
    const struct secretbackend *to, struct error *err)
{
	struct step st = { .m = m, .name = s->r.name, .version = s->r.version };
	struct pairs data = PAIRS_INIT;
	int64_t version = 0;
	enum rc rc;

	if ((rc = secrets_read(m->svc, t, s, &data, &version, err)) != RC_OK)
		return rc;
	if (to->kept == KEPT_OPENBAO && s->copy_id == NULL) {
		rc = claim(m, t, s, &data, err);
		st.version++;		/* the note made a new one */
	}
	if (s->kept == KEPT_OPENBAO) {
		st.copy_id = m->from_id;
		st.copy_version = version;
	}
	st.data = &data;
	if (rc == RC_OK) {
		changelog_begin(&st.lines, m->svc, m->caller);
		rc = change(m, plan_move, &st, err);
		changelog_end(&st.lines, rc);
	}
	pairs_wipe(&data);
	return rc;
}

enum due { DUE_NOTHING, DUE_DROP, DUE_COPY };

/* due - the next step of a secret's way. An old copy goes even where the values go back to it: someone
   may have begun to delete it, and been given up */
static enum due
due(const struct move *m, const struct secret *s)
{
	bool there = strcmp(s->backend_id, m->to_id) == 0;

	if (s->copy_id != NULL &&
	    (there || s->copy_version != 0 || strcmp(s->copy_id, m->to_id) != 0))
		return DUE_DROP;
	return there ? DUE_NOTHING : DUE_COPY;
}

/* step - the next one, on the newest table; *done: there is none */
static enum rc
step(const struct move *m, const char *name, bool *done, struct error *err)
{
	const struct secretbackend *to = NULL;
	const struct secret *s;
	const struct table *t;
	enum rc rc;

	if ((rc = store_table(m->svc->store, &t, err)) != RC_OK)
		return rc;
	if ((rc = find(m, t, name, &s, err)) == RC_OK &&
	    (rc = backend_at(t, m->to_id, &to, err)) == RC_OK) {
		switch (due(m, s)) {
		case DUE_NOTHING:
			secret_cache_drop(m->svc->secrets, s->r.id);
			*done = true;
			break;
		case DUE_DROP:
			rc = drop_copy(m, t, s, err);
			break;
		case DUE_COPY:
			rc = copy_over(m, t, s, to, err);
			break;
		}
	}
	table_unref(t);
	return rc;
}

/* walk - step by step to the end; one that was overtaken is taken again */
static enum rc
walk(const struct move *m, const char *name, struct error *err)
{
	bool done = false;
	enum rc rc = RC_OK;
	int overtaken = 0;

	while (!done && (rc == RC_OK || (rc == RC_STALE && overtaken++ < OUTSIDE_TRIES)))
		rc = step(m, name, &done, err);
	return rc == RC_STALE ? err->rc = RC_BUSY : rc;
}

/* move_secret - no other change of secrets that are kept outside comes between its steps. Neither of the
   two backends need be outside: a copy that an earlier migration left may be, and another one may be
   about to make it the secret's values */
enum rc
move_secret(const struct move *m, const char *name, struct error *err)
{
	enum rc rc;
	int lock;

	if ((rc = secrets_lock(m->svc, &lock, err)) != RC_OK)
		return rc;
	rc = walk(m, name, err);
	secrets_unlock(lock);
	return rc;
}
