/* record.c - the kinds of record, and what they have in common */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "store/record.h"

#define NAME_MAX_LEN 100		/* bytes */

#define LOWER	"abcdefghijklmnopqrstuvwxyz"
#define UPPER	"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS	"0123456789"

const struct kind *const kinds[RESOURCE__STORED] = {
	[RESOURCE_SECRETBACKENDS]	= &kind_secretbackend,
	[RESOURCE_SECRETS]		= &kind_secret,
	[RESOURCE_LLMS]			= &kind_llm,
	[RESOURCE_USERS]		= &kind_user,
	[RESOURCE_GROUPS]		= &kind_group,
	[RESOURCE_RBAC]			= &kind_rbac,
	[RESOURCE_MCPTOKENS]		= &kind_mcptoken,
};

#define RESOURCE_ALIASES 2

static const struct resource_row {
	const char	*plural, *singular;
	const char	*aliases[RESOURCE_ALIASES];	/* of the command line */
} resources[RESOURCE_ANY + 1] = {
	[RESOURCE_SECRETBACKENDS]	= { "secretbackends", "secretbackend", { "sb" } },
	[RESOURCE_SECRETS]		= { "secrets", "secret", { "sec" } },
	[RESOURCE_LLMS]			= { "llms", "llm", { NULL } },
	[RESOURCE_USERS]		= { "users", "user", { NULL } },
	[RESOURCE_GROUPS]		= { "groups", "group", { NULL } },
	[RESOURCE_RBAC]			= { "rbac", "rbac",
					    { "rbac-definition", "rbac-binding" } },
	[RESOURCE_MCPTOKENS]		= { "mcptokens", "mcptoken", { "token" } },
	[RESOURCE_AUDIT]		= { "audit", "audit", { NULL } },
	[RESOURCE_USAGE]		= { "usage", "usage", { NULL } },
	[RESOURCE_ANY]			= { "*", "*", { NULL } },
};

/* same_word - words may be missing in the table */
static bool
same_word(const char *row, const char *word)
{
	return row != NULL && strcmp(row, word) == 0;
}

/* resource_find - plural or singular */
int
resource_find(const char *word)
{
	for (int r = 0; r <= RESOURCE_ANY; r++)
		if (same_word(resources[r].plural, word) ||
		    same_word(resources[r].singular, word))
			return r;
	return -1;
}

/* resource_name - plural */
const char *
resource_name(enum resource r)
{
	return resources[r].plural;
}

/* alias_find - the short words of the command line */
static int
alias_find(const char *word)
{
	for (int r = 0; r < RESOURCE__STORED; r++)
		for (int i = 0; i < RESOURCE_ALIASES; i++)
			if (same_word(resources[r].aliases[i], word))
				return r;
	return -1;
}

/* kind_find - whatever people call it */
const struct kind *
kind_find(const char *word)
{
	int r = resource_find(word);

	if (r < 0)
		r = alias_find(word);
	return r >= 0 && r < RESOURCE__STORED ? kinds[r] : NULL;
}

/* record_new - an empty one with one reference */
struct record *
record_new(const struct kind *k)
{
	struct record *r = x_calloc(1, k->size);

	r->kind = k;
	atomic_init(&r->refs, 1);
	return r;
}

/* record_ref - one owner more; the count is all that changes in a shared record */
const struct record *
record_ref(const struct record *r)
{
	atomic_fetch_add_explicit(&((struct record *)r)->refs, 1, memory_order_relaxed);
	return r;
}

/* record_unref - one owner less */
void
record_unref(const struct record *r)
{
	struct record *own = (struct record *)r;

	if (own == NULL ||
	    atomic_fetch_sub_explicit(&own->refs, 1, memory_order_acq_rel) != 1)
		return;
	own->kind->release(own);
	free(own->name);
	free(own);
}

/* record_key - where it stands in the store */
char *
record_key(const struct record *r)
{
	return x_asprintf("%s/%s", r->kind->singular, r->name);
}

/* record_kind - kind and name of a key */
const struct kind *
record_kind(const char *key, const char **name)
{
	const char *slash = strchr(key, '/');
	size_t len;

	if (slash == NULL)
		return NULL;
	len = (size_t)(slash - key);
	for (int r = 0; r < RESOURCE__STORED; r++)
		if (kinds[r] != NULL && strlen(kinds[r]->singular) == len &&
		    memcmp(kinds[r]->singular, key, len) == 0) {
			*name = slash + 1;
			return kinds[r];
		}
	return NULL;
}

/* decode_common - id, version and times */
static enum rc
decode_common(struct record *r, struct json_object *stored, struct error *err)
{
	const char *id = jsonx_str(stored, "id", "");

	if (!random_is_id(id))
		return error_set(err, RC_CORRUPT, "id is missing or of another form");
	memcpy(r->id, id, ID_SIZE);
	r->version = jsonx_int(stored, "version", 0);
	r->created_ms = jsonx_int(stored, "createdAt", -1);
	r->updated_ms = jsonx_int(stored, "updatedAt", -1);
	if (r->version < 1 || r->created_ms < 0 || r->updated_ms < 0)
		return error_set(err, RC_CORRUPT, "version, createdAt or updatedAt is wrong");
	return RC_OK;
}

/* decode_object - the parsed text into a record */
static enum rc
decode_object(struct record *r, struct json_object *stored, struct error *err)
{
	enum rc rc;

	if (!json_object_is_type(stored, json_type_object))
		return error_set(err, RC_CORRUPT, "not an object");
	rc = decode_common(r, stored, err);
	return rc == RC_OK ? r->kind->decode(r, stored, err) : rc;
}

/* record_decode - one stored item; whatever is wrong with it, it is the store that is corrupt */
enum rc
record_decode(const struct kv_item *item, const struct record **out, struct error *err)
{
	const struct kind *k;
	struct json_object *stored;
	struct record *r;
	struct error why;
	const char *name = NULL, *bad;
	enum rc rc;

	k = record_kind(item->key, &name);
	if (k == NULL)
		return error_set(err, RC_CORRUPT, "%s: not a kind that this version knows",
		    item->key);
	bad = k->bad_name(name);
	if (bad != NULL)
		return error_set(err, RC_CORRUPT, "%s: name %s", item->key, bad);
	if (jsonx_parse(item->val, item->len, JSONX_DEPTH, &stored, &why) != RC_OK)
		return error_set(err, RC_CORRUPT, "%s: %s", item->key, why.msg);
	r = record_new(k);
	r->name = x_strdup(name);
	r->mod_rev = item->mod_rev;
	rc = decode_object(r, stored, &why);
	json_object_put(stored);
	if (rc != RC_OK) {
		record_unref(r);
		return error_set(err, RC_CORRUPT, "%s: %s", item->key, why.msg);
	}
	*out = r;
	return RC_OK;
}

/* record_encode - the name is in the key, the rest is here */
char *
record_encode(const struct record *r)
{
	struct json_object *stored = json_object_new_object();
	char *text;

	jsonx_put_str(stored, "id", r->id);
	r->kind->encode(r, stored);
	jsonx_put_int(stored, "version", r->version);
	jsonx_put_int(stored, "createdAt", r->created_ms);
	jsonx_put_int(stored, "updatedAt", r->updated_ms);
	text = x_strdup(jsonx_text(stored));
	json_object_put(stored);
	return text;
}

/* record_view - id and name first, version and times last */
struct json_object *
record_view(const struct record *r, const struct table *t)
{
	struct json_object *view = json_object_new_object();
	char at[CLOCK_TEXT];

	jsonx_put_str(view, "id", r->id);
	jsonx_put_str(view, "name", r->name);
	r->kind->view(r, t, view);
	jsonx_put_int(view, "version", r->version);
	clock_format(r->created_ms, at);
	jsonx_put_str(view, "createdAt", at);
	clock_format(r->updated_ms, at);
	jsonx_put_str(view, "updatedAt", at);
	return view;
}

/* name_bad - the rules that all forms share: first from one set, the rest from another */
static const char *
name_bad(const char *name, const char *first, const char *rest, const char *form)
{
	size_t len = strlen(name);

	if (len == 0)
		return "must not be empty";
	if (len > NAME_MAX_LEN || strchr(first, name[0]) == NULL || strspn(name, rest) != len)
		return form;
	if (strstr(name, "..") != NULL)
		return "must not hold '..'";
	if (random_is_id(name))
		return "must not have the form of an id";
	return NULL;
}

/* name_bad_llm - names that stand in URLs and as model names */
const char *
name_bad_llm(const char *name)
{
	return name_bad(name, LOWER DIGITS "-", LOWER DIGITS "-",
	    "must be 1 to 100 of a-z, 0-9 and '-'");
}

/* name_bad_plain - all others but users */
const char *
name_bad_plain(const char *name)
{
	return name_bad(name, LOWER DIGITS, LOWER DIGITS "._-",
	    "must be 1 to 100 of a-z, 0-9, '.', '_' and '-', a letter or a digit first");
}

/* name_bad_user - what Basic, LDAP and certificates call people */
const char *
name_bad_user(const char *name)
{
	return name_bad(name, LOWER UPPER DIGITS, LOWER UPPER DIGITS "._-@+\\",
	    "must be 1 to 100 of letters, digits and '._-@+\\', a letter or a digit first");
}
