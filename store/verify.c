/* verify.c - a catalogue looked through as if a stranger had written it */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "store/fields.h"
#include "store/verify.h"

/* path_of - "llm/claude.model"; owned by the caller */
static char *
path_of(const struct record *r, const char *member)
{
	char *key = record_key(r), *path;

	path = x_asprintf("%s%s%s", key, *member != '\0' ? "." : "", member);
	free(key);
	return path;
}

/* add - one fault of a record */
static void
add(struct faults *f, const struct record *r, const char *member, const char *message)
{
	char *path = path_of(r, member);

	faults_add(f, path, "%s", message);
	free(path);
}

/* each - every record of every kind */
static void
each(const struct table *t, void (*visit)(const struct record *r, void *arg), void *arg)
{
	for (int k = 0; k < RESOURCE__STORED; k++)
		for (size_t i = 0; kinds[k] != NULL && i < table_count(t, kinds[k]); i++)
			visit(table_at(t, kinds[k], i), arg);
}

struct look {				/* one walk */
	const struct table	*table;
	bool			 private_urls;
	struct faults		*faults;
	const struct verify_steps *steps;
	size_t			 step, of;
};

/* check_members - its own view laid over it: what a PUT of the same would complain of */
static void
check_members(const struct record *r, const struct look *look)
{
	struct faults mine = FAULTS_INIT;
	const struct merge m = { look->table, NULL, r, look->private_urls, &mine, NULL, NULL };
	struct json_object *view = record_view(r, look->table);
	struct record *copy = batch_copy(r);
	struct error err;

	if (r->kind->merge(copy, view, &m, &err) != RC_OK)
		add(look->faults, r, "", err.msg);
	for (size_t i = 0; i < mine.n; i++)
		add(look->faults, r, mine.v[i].path, mine.v[i].message);
	faults_release(&mine);
	record_unref(copy);
	json_object_put(view);
}

/* missing - a record that is referred to by id, and isn't there */
static bool
missing(const struct look *look, const struct kind *k, const char *id)
{
	return id != NULL && table_by_id(look->table, k, id) == NULL;
}

/* check_subjects - of a definition: they exist */
static void
check_subjects(const struct rbac *rbac, const struct look *look)
{
	static const enum resource of[SUBJECT__MAX] = {
		[SUBJECT_USER] = RESOURCE_USERS, [SUBJECT_GROUP] = RESOURCE_GROUPS,
		[SUBJECT_MCPTOKEN] = RESOURCE_MCPTOKENS,
	};

	for (size_t i = 0; i < rbac->nsubjects; i++) {
		const struct kind *k = kinds[of[rbac->subjects[i].kind]];

		if (k == NULL || missing(look, k, rbac->subjects[i].id))
			add(look->faults, &rbac->r, "subjects", "names a subject that isn't there");
	}
}

/* check_group - its members exist */
static void
check_group(const struct user_group *g, const struct look *look)
{
	for (size_t i = 0; i < g->members.n; i++)
		if (missing(look, &kind_user, g->members.v[i]))
			add(look->faults, &g->r, "members", "names a user that isn't there");
}

/* check_secret - its backend, and the one where a migration has left a copy */
static void
check_secret(const struct secret *s, const struct look *look)
{
	const struct record *b = table_by_id(look->table, &kind_secretbackend, s->backend_id);

	if (b == NULL)
		add(look->faults, &s->r, "backend", "names a backend that isn't there");
	else if (((const struct secretbackend *)b)->kept != s->kept)
		add(look->faults, &s->r, "backend", "is of another type than the secret's values");
	if (missing(look, &kind_secretbackend, s->copy_id))
		add(look->faults, &s->r, "copyIn", "names a backend that isn't there");
}

/* check_references - ids that views leave out when nothing is behind them */
static void
check_references(const struct record *r, const struct look *look)
{
	if (r->kind == &kind_llm &&
	    missing(look, &kind_secret, ((const struct llm *)r)->key_secret_id))
		add(look->faults, r, "apiKeyRef", "names a secret that isn't there");
	if (r->kind == &kind_secretbackend &&
	    missing(look, &kind_secret, ((const struct secretbackend *)r)->bao.token_secret_id))
		add(look->faults, r, "config.tokenSecret", "names a secret that isn't there");
	if (r->kind == &kind_mcptoken &&
	    missing(look, &kind_user, ((const struct mcptoken *)r)->user_id))
		add(look->faults, r, "user", "names a user that isn't there");
	if (r->kind == &kind_secret)
		check_secret((const struct secret *)r, look);
	if (r->kind == &kind_group)
		check_group((const struct user_group *)r, look);
	if (r->kind == &kind_rbac)
		check_subjects((const struct rbac *)r, look);
}

/* check_single - what the table finds by this must be the record itself */
static void
check_single(const struct record *r, const struct look *look)
{
	if (table_by_id(look->table, r->kind, r->id) != r)
		add(look->faults, r, "id", "is another record's too");
	if (r->kind == &kind_mcptoken && (const struct record *)
	    table_token(look->table, ((const struct mcptoken *)r)->sha) != r)
		add(look->faults, r, "tokenSha", "is another token's too");
	for (size_t i = 0; r->kind == &kind_llm && i < ((const struct llm *)r)->aliases.n; i++)
		if ((const struct record *)table_llm_alias(look->table,
		    ((const struct llm *)r)->aliases.v[i]) != r)
			add(look->faults, r, "aliases", "holds one that is another Llm's too");
}

/* check_record - all of it */
static void
check_record(const struct record *r, void *arg)
{
	struct look *look = arg;

	if (look->steps != NULL)
		look->steps->at(look->steps->arg, ++look->step, look->of, r->name);
	check_members(r, arg);
	check_references(r, arg);
	check_single(r, arg);
}

/* verify_records - see verify.h */
void
verify_records(const struct table *t, bool private_urls, const struct verify_steps *steps,
    struct faults *f)
{
	struct look look = {
		.table = t, .private_urls = private_urls, .faults = f, .steps = steps
	};

	for (int k = 0; k < RESOURCE__STORED; k++)
		if (kinds[k] != NULL)
			look.of += table_count(t, kinds[k]);
	each(t, check_record, &look);
}

/* as_sealed - a record as a secret whose values are envelopes, or NULL */
static const struct secret *
as_sealed(const struct record *r)
{
	const struct secret *s = (const struct secret *)r;

	return r->kind == &kind_secret && s->kept == KEPT_SEALED ? s : NULL;
}

/* key_ids_add - keeps them in order */
static void
key_ids_add(struct key_ids *ids, uint32_t id)
{
	size_t at = 0;

	while (at < ids->n && ids->v[at] < id)
		at++;
	if (at < ids->n && ids->v[at] == id)
		return;
	ids->v = x_realloc(ids->v, (ids->n + 1) * sizeof(*ids->v));
	memmove(ids->v + at + 1, ids->v + at, (ids->n - at) * sizeof(*ids->v));
	ids->v[at] = id;
	ids->n++;
}

struct sealed_walk {			/* over the sealed values */
	const struct table	*table;
	struct key_ids		*ids;		/* to be filled */
	struct keyring		*keyring;
	struct faults		*faults;	/* of what does not open */
};

/* opens - one value; the clear text is not looked at */
static bool
opens(const struct sealed_walk *w, const struct secret *s, const char *key, struct error *err)
{
	char *clear;

	if (secret_clear(s, table_store_id(w->table), w->keyring, key, &clear, err) != RC_OK)
		return false;
	mem_free_wiped(clear);
	return true;
}

/* collect_keys - of one secret; what is no envelope shows when it is opened */
static void
collect_keys(const struct record *r, void *arg)
{
	const struct sealed_walk *w = arg;
	const struct secret *s = as_sealed(r);

	for (size_t i = 0; s != NULL && i < s->nvalues; i++) {
		uint32_t id = seal_key_id(s->values[i].stored);

		if (id != 0 && (w->keyring == NULL || !opens(w, s, s->values[i].key, NULL)))
			key_ids_add(w->ids, id);
	}
}

/* verify_keys - see verify.h */
void
verify_keys(const struct table *t, struct keyring *k, struct key_ids *ids)
{
	struct sealed_walk w = { .table = t, .ids = ids, .keyring = k };

	*ids = (struct key_ids){ NULL, 0 };
	each(t, collect_keys, &w);
}

/* key_ids_release - it is empty then */
void
key_ids_release(struct key_ids *ids)
{
	free(ids->v);
	*ids = (struct key_ids){ NULL, 0 };
}

/* open_values - of one secret */
static void
open_values(const struct record *r, void *arg)
{
	const struct sealed_walk *w = arg;
	const struct secret *s = as_sealed(r);
	struct error err;

	for (size_t i = 0; s != NULL && i < s->nvalues; i++)
		if (!opens(w, s, s->values[i].key, &err))
			add(w->faults, r, s->values[i].key, err.msg);
}

/* verify_values - see verify.h */
void
verify_values(const struct table *t, struct keyring *k, struct faults *f)
{
	struct sealed_walk w = { .table = t, .keyring = k, .faults = f };

	each(t, open_values, &w);
}
