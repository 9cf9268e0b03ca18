/* table.c - the catalogue in memory: sorted arrays over shared records */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/records.h"
#include "store/table.h"

#define INDEX_FIRST 8			/* entries that a growing index begins with */

struct entry {
	uint64_t		 head;	/* the key's first bytes: most comparisons end here, and
					   don't have to go and look into the record */
	const char		*key;	/* stands in the record */
	const struct record	*record;
};

struct index {				/* sorted by key, then by the record's name */
	struct entry	*v;
	size_t		 n, cap;
};

struct table {
	atomic_uint		 refs;
	uint64_t		 rev, change_rev;
	char			 store_id[KV_STORE_ID];
	struct index		 by_name[RESOURCE__STORED];	/* these hold the references */
	struct index		 by_id[RESOURCE__STORED];
	struct index		 tokens;			/* by digest */
	struct index		 aliases;			/* of Llms */
	struct index		 subjects;			/* by subject id */
	struct index		 members;			/* of groups, by user id */
	const struct rbac	**granted;			/* subjects' records, same order */
};

typedef void index_op(struct index *ix, const char *key, const struct record *r);

/* head_of - the first bytes of a key as a number that sorts as they do */
static uint64_t
head_of(const char *key)
{
	uint64_t head = 0;

	for (size_t i = 0; i < sizeof(head); i++) {
		head = head << 8 | (unsigned char)*key;
		key += *key != '\0';
	}
	return head;
}

/* compare_key - an entry and a key, whose head is known */
static int
compare_key(const struct entry *e, uint64_t head, const char *key)
{
	if (e->head != head)
		return e->head < head ? -1 : 1;
	return strcmp(e->key, key);
}

/* compare_entry - order of an index */
static int
compare_entry(const struct entry *a, const struct entry *b)
{
	int order = compare_key(a, b->head, b->key);

	return order != 0 ? order : strcmp(a->record->name, b->record->name);
}

/* by_entry - the same for qsort(3) */
static int
by_entry(const void *a, const void *b)
{
	return compare_entry(a, b);
}

/* index_append - at the end; index_sort() puts it right */
static void
index_append(struct index *ix, const char *key, const struct record *r)
{
	if (ix->n == ix->cap) {
		ix->cap = ix->cap == 0 ? INDEX_FIRST : ix->cap * 2;
		ix->v = x_realloc(ix->v, ix->cap * sizeof(*ix->v));
	}
	ix->v[ix->n++] = (struct entry){ head_of(key), key, r };
}

/* is_sorted - names come in order from the store */
static bool
is_sorted(const struct index *ix)
{
	for (size_t i = 1; i < ix->n; i++)
		if (compare_entry(&ix->v[i - 1], &ix->v[i]) > 0)
			return false;
	return true;
}

/* index_sort - once, after all is appended; what was too much room is given back */
static void
index_sort(struct index *ix)
{
	if (ix->n == 0)
		return;
	if (!is_sorted(ix))
		qsort(ix->v, ix->n, sizeof(*ix->v), by_entry);
	ix->v = x_realloc(ix->v, ix->n * sizeof(*ix->v));
	ix->cap = ix->n;
}

/* index_lower - the first entry whose key is not below */
static size_t
index_lower(const struct index *ix, const char *key)
{
	size_t low = 0, high = ix->n;
	uint64_t head = head_of(key);

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (compare_key(&ix->v[mid], head, key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* index_find - the record of a key, or NULL */
static const struct record *
index_find(const struct index *ix, const char *key)
{
	size_t at = index_lower(ix, key);

	return at < ix->n && strcmp(ix->v[at].key, key) == 0 ? ix->v[at].record : NULL;
}

/* index_insert - at its place */
static void
index_insert(struct index *ix, const char *key, const struct record *r)
{
	struct entry e = { head_of(key), key, r };
	size_t at = index_lower(ix, key);

	while (at < ix->n && compare_entry(&ix->v[at], &e) < 0)
		at++;
	index_append(ix, key, r);
	memmove(ix->v + at + 1, ix->v + at, (ix->n - 1 - at) * sizeof(e));
	ix->v[at] = e;
}

/* index_remove - the entry of this very record */
static void
index_remove(struct index *ix, const char *key, const struct record *r)
{
	size_t at = index_lower(ix, key);

	while (at < ix->n && ix->v[at].record != r)
		at++;
	if (at == ix->n)
		return;
	ix->n--;
	memmove(ix->v + at, ix->v + at + 1, (ix->n - at) * sizeof(*ix->v));
}

/* index_copy - the same entries */
static void
index_copy(struct index *to, const struct index *from)
{
	*to = (struct index){ x_malloc(from->n * sizeof(*from->v)), from->n, from->n };
	if (from->n > 0)
		memcpy(to->v, from->v, from->n * sizeof(*from->v));
}

/* each_index - do something to every entry that a record has in the indexes */
static void
each_index(struct table *t, const struct record *r, index_op *op)
{
	enum resource kind = r->kind->resource;

	op(&t->by_name[kind], r->name, r);
	op(&t->by_id[kind], r->id, r);
	if (r->kind == &kind_mcptoken)
		op(&t->tokens, ((const struct mcptoken *)r)->sha, r);
	if (r->kind == &kind_llm) {
		const struct llm *l = (const struct llm *)r;

		for (size_t i = 0; i < l->aliases.n; i++)
			op(&t->aliases, l->aliases.v[i], r);
	}
	if (r->kind == &kind_group) {
		const struct user_group *g = (const struct user_group *)r;

		for (size_t i = 0; i < g->members.n; i++)
			op(&t->members, g->members.v[i], r);
	}
	if (r->kind == &kind_rbac) {
		const struct rbac *rbac = (const struct rbac *)r;

		for (size_t i = 0; i < rbac->nsubjects; i++)
			op(&t->subjects, rbac->subjects[i].id, r);
	}
}

/* fill_granted - table_grants() gives pieces of this array out */
static void
fill_granted(struct table *t)
{
	t->granted = x_realloc(t->granted, t->subjects.n * sizeof(*t->granted));
	for (size_t i = 0; i < t->subjects.n; i++)
		t->granted[i] = (const struct rbac *)t->subjects.v[i].record;
}

/* sort_all - after everything was appended */
static void
sort_all(struct table *t)
{
	for (int r = 0; r < RESOURCE__STORED; r++) {
		index_sort(&t->by_name[r]);
		index_sort(&t->by_id[r]);
	}
	index_sort(&t->tokens);
	index_sort(&t->aliases);
	index_sort(&t->subjects);
	index_sort(&t->members);
	fill_granted(t);
}

/* table_free - the last reference is gone */
static void
table_free(struct table *t)
{
	for (int r = 0; r < RESOURCE__STORED; r++) {
		for (size_t i = 0; i < t->by_name[r].n; i++)
			record_unref(t->by_name[r].v[i].record);
		free(t->by_name[r].v);
		free(t->by_id[r].v);
	}
	free(t->tokens.v);
	free(t->aliases.v);
	free(t->subjects.v);
	free(t->members.v);
	free(t->granted);
	free(t);
}

/* table_new - an empty one with one reference */
static struct table *
table_new(const char *store_id, uint64_t rev)
{
	struct table *t = x_calloc(1, sizeof(*t));

	atomic_init(&t->refs, 1);
	t->rev = rev;
	snprintf(t->store_id, sizeof(t->store_id), "%s", store_id);
	return t;
}

/* shared - the same record in the table before, or NULL; items come in the order of its index, so
   at[] only goes forward */
static const struct record *
shared(const struct table *before, size_t at[RESOURCE__STORED], const struct kv_item *item)
{
	const struct index *ix;
	const struct kind *k;
	const char *name;
	size_t i;

	k = before != NULL ? record_kind(item->key, &name) : NULL;
	if (k == NULL)
		return NULL;
	ix = &before->by_name[k->resource];
	for (i = at[k->resource]; i < ix->n && strcmp(ix->v[i].key, name) < 0; i++)
		;
	at[k->resource] = i;
	if (i == ix->n || strcmp(ix->v[i].key, name) != 0 ||
	    ix->v[i].record->mod_rev != item->mod_rev)
		return NULL;
	return record_ref(ix->v[i].record);
}

/* add_item - one stored item */
static enum rc
add_item(struct table *t, const struct kv_item *item, const struct table *before,
    size_t at[RESOURCE__STORED], struct error *err)
{
	const struct record *r;
	enum rc rc;

	if (strcmp(item->key, CATALOGUE_CHANGE) == 0) {
		t->change_rev = item->mod_rev;
		return RC_OK;
	}
	r = shared(before, at, item);
	if (r == NULL && (rc = record_decode(item, &r, err)) != RC_OK)
		return rc;
	each_index(t, r, index_append);
	return RC_OK;
}

/* table_build - all items of one revision */
enum rc
table_build(const struct kv_items *items, const char *store_id, const struct table *before,
    const struct table **out, struct error *err)
{
	struct table *t = table_new(store_id, items->rev);
	size_t at[RESOURCE__STORED] = { 0 };
	enum rc rc = RC_OK;

	if (before != NULL && strcmp(before->store_id, t->store_id) != 0)
		before = NULL;
	for (size_t i = 0; i < items->n && rc == RC_OK; i++)
		rc = add_item(t, &items->v[i], before, at, err);
	if (rc != RC_OK) {
		table_free(t);
		return rc;
	}
	sort_all(t);
	*out = t;
	return RC_OK;
}

/* table_ref - one owner more */
const struct table *
table_ref(const struct table *t)
{
	atomic_fetch_add_explicit(&((struct table *)t)->refs, 1, memory_order_relaxed);
	return t;
}

/* table_unref - one owner less */
void
table_unref(const struct table *t)
{
	struct table *own = (struct table *)t;

	if (own != NULL && atomic_fetch_sub_explicit(&own->refs, 1, memory_order_acq_rel) == 1)
		table_free(own);
}

/* table_rev - of the store when this was read */
uint64_t
table_rev(const struct table *t)
{
	return t->rev;
}

/* table_change_rev - what the next change compares */
uint64_t
table_change_rev(const struct table *t)
{
	return t->change_rev;
}

/* table_store_id - whose catalogue it is */
const char *
table_store_id(const struct table *t)
{
	return t->store_id;
}

/* table_count - records of a kind */
size_t
table_count(const struct table *t, const struct kind *k)
{
	return t->by_name[k->resource].n;
}

/* table_at - by position in the order of names */
const struct record *
table_at(const struct table *t, const struct kind *k, size_t i)
{
	return t->by_name[k->resource].v[i].record;
}

/* table_by_id - or NULL */
const struct record *
table_by_id(const struct table *t, const struct kind *k, const char *id)
{
	return index_find(&t->by_id[k->resource], id);
}

/* table_by_name - or NULL */
const struct record *
table_by_name(const struct table *t, const struct kind *k, const char *name)
{
	return index_find(&t->by_name[k->resource], name);
}

/* table_find - names never have the form of an id, so the order only saves a lookup */
const struct record *
table_find(const struct table *t, const struct kind *k, const char *ref)
{
	return random_is_id(ref) ? table_by_id(t, k, ref) : table_by_name(t, k, ref);
}

/* table_token - by the digest of its text, or NULL */
const struct mcptoken *
table_token(const struct table *t, const char *sha256_hex)
{
	return (const struct mcptoken *)index_find(&t->tokens, sha256_hex);
}

/* table_llm_alias - the Llm that has it, or NULL */
const struct llm *
table_llm_alias(const struct table *t, const char *alias)
{
	return (const struct llm *)index_find(&t->aliases, alias);
}

/* table_grants - a run of the sorted pairs */
size_t
table_grants(const struct table *t, const char *subject_id, const struct rbac *const **out)
{
	size_t from = index_lower(&t->subjects, subject_id), to = from;

	while (to < t->subjects.n && strcmp(t->subjects.v[to].key, subject_id) == 0)
		to++;
	*out = t->granted + from;
	return to - from;
}

/* table_group_of - they stand side by side in the index */
const struct user_group *
table_group_of(const struct table *t, const char *user_id, size_t i)
{
	size_t at = index_lower(&t->members, user_id) + i;

	if (at >= t->members.n || strcmp(t->members.v[at].key, user_id) != 0)
		return NULL;
	return (const struct user_group *)t->members.v[at].record;
}

/* table_copy - the same records in indexes of its own */
struct table *
table_copy(const struct table *t)
{
	struct table *copy = table_new(t->store_id, t->rev);

	copy->change_rev = t->change_rev;
	for (int r = 0; r < RESOURCE__STORED; r++) {
		index_copy(&copy->by_name[r], &t->by_name[r]);
		index_copy(&copy->by_id[r], &t->by_id[r]);
		for (size_t i = 0; i < t->by_name[r].n; i++)
			record_ref(t->by_name[r].v[i].record);
	}
	index_copy(&copy->tokens, &t->tokens);
	index_copy(&copy->aliases, &t->aliases);
	index_copy(&copy->subjects, &t->subjects);
	index_copy(&copy->members, &t->members);
	fill_granted(copy);
	return copy;
}

/* table_set - put a record in, instead of the one of its kind and name */
void
table_set(struct table *t, const struct record *r)
{
	const struct record *old = table_by_name(t, r->kind, r->name);

	record_ref(r);
	if (old != NULL)
		each_index(t, old, index_remove);
	each_index(t, r, index_insert);
	if (r->kind == &kind_rbac)
		fill_granted(t);
	record_unref(old);
}

/* table_drop - take the record of this kind and name out */
void
table_drop(struct table *t, const struct record *r)
{
	const struct record *old = table_by_name(t, r->kind, r->name);

	if (old == NULL)
		return;
	each_index(t, old, index_remove);
	if (old->kind == &kind_rbac)
		fill_granted(t);
	record_unref(old);
}
