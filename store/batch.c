/* batch.c - several changes planned as one: all of it is written, or nothing */
#include <assert.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "store/batch.h"
#include "store/fields.h"

/* members that come back in views: a body made from one may hold them, and they don't count */
static const char *const common_fields[] = {
	"name", "id", "version", "createdAt", "updatedAt", "keys", "tokenSha", "lastUsedAt", NULL
};

struct batch {
	const struct table	 *base;		/* what it began with */
	struct table		 *table;	/* what it is to be */
	struct keyring		 *keyring;
	bool			  private_urls;
	batch_permit		 *permit;
	batch_sees		 *sees;
	void			 *permit_arg;
	batch_commits		 *commits;
	void			 *commits_arg;
	const struct record	**made;		/* what plans were given stays until the end */
	size_t			  nmade;
	struct outside		  outside;
	struct kv_op		 *ops;
	size_t			  nops;
};

/* batch_new - nothing is changed yet */
struct batch *
batch_new(const struct table *base, struct keyring *keyring, bool private_urls)
{
	struct batch *b = x_calloc(1, sizeof(*b));

	b->base = table_ref(base);
	b->table = table_copy(base);
	b->keyring = keyring;
	b->private_urls = private_urls;
	return b;
}

/* batch_free - whether it was written or not */
void
batch_free(struct batch *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; i < b->nops; i++) {
		free((char *)b->ops[i].key);
		free((char *)b->ops[i].val);
	}
	for (size_t i = 0; i < b->nmade; i++)
		record_unref(b->made[i]);
	outside_release(&b->outside);
	free(b->ops);
	free(b->made);
	table_unref(b->table);
	table_unref(b->base);
	free(b);
}

/* batch_table - as it is to be, so far */
const struct table *
batch_table(const struct batch *b)
{
	return b->table;
}

/* batch_keyring - what values are sealed with */
struct keyring *
batch_keyring(const struct batch *b)
{
	return b->keyring;
}

/* batch_outside - for plans and for who does it */
struct outside *
batch_outside(struct batch *b)
{
	return &b->outside;
}

/* batch_permit_by - who is asked */
void
batch_permit_by(struct batch *b, batch_permit *permit, void *arg)
{
	b->permit = permit;
	b->permit_arg = arg;
}

/* batch_seen_by - who is asked for names */
void
batch_seen_by(struct batch *b, batch_sees *sees)
{
	b->sees = sees;
}

/* batch_shows - see batch.h */
bool
batch_shows(const struct batch *b, const struct record *r)
{
	return b->sees == NULL || b->sees(b->permit_arg, b->table, r);
}

/* batch_at_commit - who is told */
void
batch_at_commit(struct batch *b, batch_commits *commits, void *arg)
{
	b->commits = commits;
	b->commits_arg = arg;
}

/* batch_commit - see batch.h */
void
batch_commit(const struct batch *b, const char *op_id)
{
	if (b->commits != NULL)
		b->commits(b->commits_arg, op_id);
}

/* permitted - ask */
static enum rc
permitted(struct batch *b, const struct record *old, const struct record *new, struct error *err)
{
	return b->permit != NULL ? b->permit(b->permit_arg, b->table, old, new, err) : RC_OK;
}

/* keep - take a record over into the table; it lives as long as the batch at least */
static void
keep(struct batch *b, const struct record *r)
{
	b->made = x_realloc(b->made, (b->nmade + 1) * sizeof(*b->made));
	b->made[b->nmade++] = r;
	table_set(b->table, r);
}

/* keep_followed - and what changes with it */
static void
keep_followed(struct batch *b, const struct record *r)
{
	keep(b, r);
	if (r->kind->follow != NULL)
		r->kind->follow(b, r);
}

/* batch_copy - by way of the stored form: what is stored is all there is */
struct record *
batch_copy(const struct record *old)
{
	char *key = record_key(old), *text = record_encode(old);
	struct kv_item item = { key, text, strlen(text), 0 };
	const struct record *copy = NULL;
	enum rc rc = record_decode(&item, &copy, NULL);

	assert(rc == RC_OK);
	(void)rc;
	free(key);
	free(text);
	return (struct record *)copy;
}

/* check_fields - the members of a body, by name */
static void
check_fields(const struct kind *k, struct json_object *body, struct faults *f)
{
	size_t n = 0, common = sizeof(common_fields) / sizeof(common_fields[0]) - 1;
	const char **known;

	while (k->fields[n] != NULL)
		n++;
	known = x_calloc(common + n + 1, sizeof(*known));
	memcpy(known, common_fields, common * sizeof(*known));
	memcpy(known + common, k->fields, n * sizeof(*known));
	fields_known(body, "", known, f);
	free(known);
}

/* check_name - of a new record: there, and of the right form */
static void
check_name(const struct kind *k, struct json_object *body, struct faults *f, struct record *r)
{
	const char *name = "", *bad;

	if (!jsonx_has(body, "name")) {
		faults_add(f, "name", "is required");
	} else if (field_text(body, "", "name", f, &name)) {
		bad = k->bad_name(name);
		if (bad != NULL)
			faults_add(f, "name", "%s", bad);
	}
	text_set(&r->name, name);
}

/* check_same_name - names are for ever: they stand in URLs, envelopes and bindings */
static void
check_same_name(const struct record *old, struct json_object *body, struct faults *f)
{
	const char *name;

	if (field_text(body, "", "name", f, &name) && strcmp(name, old->name) != 0)
		faults_add(f, "name", "can't be changed, it is %s", old->name);
}

/* check_stored - what is written must fit, and be readable again */
static void
check_stored(const struct record *r, struct faults *f)
{
	char *key = record_key(r), *text = record_encode(r);
	struct kv_item item = { key, text, strlen(text), 0 };
	const struct record *again = NULL;
	struct error why;

	if (item.len > KV_VALUE_MAX)
		faults_add(f, "", "is too large: %zu bytes when stored, at most %d", item.len,
		    KV_VALUE_MAX);
	else if (record_decode(&item, &again, &why) != RC_OK)
		faults_add(f, "", "can't be stored: %s", why.msg);
	record_unref(again);
	free(key);
	free(text);
}

/* merged - lay the body over r and collect all faults; RC_INVALID when there are some */
static enum rc
merged(struct batch *b, struct record *r, const struct record *old, struct json_object *body,
    struct faults *f, struct error *err)
{
	struct merge m = { b->table, b->keyring, old, b->private_urls, f,
	    &b->outside, b };
	enum rc rc;

	check_fields(r->kind, body, f);
	rc = r->kind->merge(r, body, &m, err);
	if (f->total > 0)
		return error_set(err, RC_INVALID, "invalid %s", r->kind->singular);
	return rc;
}

/* storable - the last look at a record that is ready */
static enum rc
storable(const struct record *r, struct faults *f, struct error *err)
{
	check_stored(r, f);
	if (f->total > 0)
		return error_set(err, RC_INVALID, "invalid %s", r->kind->singular);
	return RC_OK;
}

/* hand_over - one body's faults to the caller, who may collect those of many */
static void
hand_over(struct faults *from, struct faults *to)
{
	for (size_t i = 0; i < from->n; i++)
		faults_add(to, from->v[i].path, "%s", from->v[i].message);
	to->total += from->total - from->n;
	faults_release(from);
}

/* not_object - a body that is no object has one fault */
static bool
not_object(struct json_object *body, const struct kind *k, struct faults *f, struct error *err)
{
	if (json_object_is_type(body, json_type_object))
		return false;
	faults_add(f, "", "must be an object");
	error_set(err, RC_INVALID, "invalid %s", k->singular);
	return true;
}

/* new_record - a create up to the point where it could be kept */
static enum rc
new_record(struct batch *b, struct record *r, struct json_object *body, struct faults *f,
    struct error *err)
{
	enum rc rc;

	random_id(r->id);
	r->version = 1;
	r->created_ms = r->updated_ms = clock_wall_ms();
	check_name(r->kind, body, f, r);
	rc = merged(b, r, NULL, body, f, err);
	if (rc != RC_INVALID && table_by_name(b->table, r->kind, r->name) != NULL)
		return error_set(err, RC_CONFLICT, "%s already exists: %s", r->kind->label,
		    r->name);
	return rc;
}

/* batch_create - see store.h */
enum rc
batch_create(struct batch *b, const struct kind *k, struct json_object *body,
    void (*extra)(struct record *r, void *arg), void *arg, struct faults *faults,
    const struct record **out, struct error *err)
{
	struct faults mine = FAULTS_INIT;
	struct record *r;
	enum rc rc;

	if (not_object(body, k, faults, err))
		return RC_INVALID;
	r = record_new(k);
	rc = new_record(b, r, body, &mine, err);
	if (rc == RC_OK && extra != NULL)
		extra(r, arg);
	if (rc == RC_OK)
		rc = storable(r, &mine, err);
	if (rc == RC_OK)
		rc = permitted(b, NULL, r, err);
	hand_over(&mine, faults);
	if (rc != RC_OK) {
		record_unref(r);
		return rc;
	}
	keep_followed(b, r);
	*out = r;
	return RC_OK;
}

/* same - do two records say the same */
static bool
same(const struct record *a, const struct record *b)
{
	char *one = record_encode(a), *two = record_encode(b);
	bool equal = strcmp(one, two) == 0;

	free(one);
	free(two);
	return equal;
}

/* stamp - a new state of an old record */
static void
stamp(struct record *r, const struct record *old)
{
	r->version = old->version + 1;
	r->updated_ms = clock_wall_ms();
}

/* changed_record - an update up to the point where it could be kept, *unchanged when it need
   not be */
static enum rc
changed_record(struct batch *b, struct record *r, const struct record *old,
    struct json_object *body, struct faults *f, bool *unchanged, struct error *err)
{
	enum rc rc;

	check_same_name(old, body, f);
	rc = merged(b, r, old, body, f, err);
	if (rc != RC_OK)
		return rc;
	*unchanged = same(r, old);
	if (*unchanged)
		return RC_OK;
	stamp(r, old);
	rc = storable(r, f, err);
	return rc == RC_OK ? permitted(b, old, r, err) : rc;
}

/* batch_update - see store.h */
enum rc
batch_update(struct batch *b, const struct record *old, struct json_object *body,
    struct faults *faults, const struct record **out, struct error *err)
{
	struct faults mine = FAULTS_INIT;
	bool unchanged = false;
	struct record *r;
	enum rc rc;

	if (not_object(body, old->kind, faults, err))
		return RC_INVALID;
	r = batch_copy(old);
	rc = changed_record(b, r, old, body, &mine, &unchanged, err);
	hand_over(&mine, faults);
	if (rc != RC_OK || unchanged) {
		record_unref(r);
		if (rc == RC_OK)
			*out = old;
		return rc;
	}
	keep_followed(b, r);
	*out = r;
	return RC_OK;
}

/* batch_delete - permission comes before "in use" */
enum rc
batch_delete(struct batch *b, const struct record *old, struct error *err)
{
	enum rc rc = permitted(b, old, NULL, err);

	if (rc == RC_OK && old->kind->remove != NULL)
		rc = old->kind->remove(b, old, err);
	if (rc == RC_OK)
		table_drop(b->table, old);
	return rc;
}

/* batch_replace - a consequence of another change: nobody is asked */
void
batch_replace(struct batch *b, const struct record *old, struct record *r)
{
	stamp(r, old);
	keep(b, r);
}

/* batch_rewrite - version and time stay: nobody who looks at it sees a difference */
void
batch_rewrite(struct batch *b, struct record *r)
{
	keep(b, r);
}

/* put_op - a record to be written */
static void
put_op(struct batch *b, const struct record *r)
{
	char *text = record_encode(r);

	b->ops[b->nops++] = (struct kv_op){ KV_PUT, record_key(r), text, strlen(text) };
}

/* diff_kind - both sides are ordered by name; records are the same when their addresses are */
static void
diff_kind(struct batch *b, const struct kind *k)
{
	size_t i = 0, j = 0, n = table_count(b->base, k), m = table_count(b->table, k);

	while (i < n || j < m) {
		const struct record *was = i < n ? table_at(b->base, k, i) : NULL;
		const struct record *is = j < m ? table_at(b->table, k, j) : NULL;
		int order = was == NULL ? 1 : is == NULL ? -1 : strcmp(was->name, is->name);

		if (order < 0)
			b->ops[b->nops++] = (struct kv_op){ KV_DELETE, record_key(was), NULL, 0 };
		else if (was != is)
			put_op(b, is);
		i += order <= 0;
		j += order >= 0;
	}
}

/* mark_op - the key that makes every two changes collide */
static void
mark_op(struct batch *b)
{
	static const char value[] = "{}";

	b->ops[b->nops++] = (struct kv_op){ KV_PUT, x_strdup(CATALOGUE_CHANGE), x_strdup(value),
	    sizeof(value) - 1 };
}

/* batch_ops - the difference between what was and what is to be */
size_t
batch_ops(struct batch *b, const struct kv_op **ops)
{
	size_t most = 1;

	for (int r = 0; r < RESOURCE__STORED; r++)
		if (kinds[r] != NULL)
			most += table_count(b->base, kinds[r]) + table_count(b->table, kinds[r]);
	b->ops = x_calloc(most, sizeof(*b->ops));
	for (int r = 0; r < RESOURCE__STORED; r++)
		if (kinds[r] != NULL)
			diff_kind(b, kinds[r]);
	if (b->nops > 0)
		mark_op(b);
	*ops = b->ops;
	return b->nops;
}
