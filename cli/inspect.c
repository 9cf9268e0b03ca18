/* inspect.c - faults of the store, of a server's answers and of bodies, brought together */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "cli/bodycheck.h"
#include "cli/inspect.h"
#include "cli/overlay.h"
#include "cli/transport.h"
#include "cli/uses.h"

#define NOT_FOUND " not found: "	/* "Secret not found: x", as the records' faults have it */

struct inspection {
	const struct changes	*c;
	struct transport	*t;
	struct json_object	*there;		/* {"Secret not found: x": false}: asked already */
};

/* reference - what a fault says is not there; NULL: it is about something else */
static const struct kind *
reference(const struct fault *f, const char **name)
{
	for (size_t i = 0; i < RESOURCE__STORED; i++) {
		size_t n = kinds[i] != NULL ? strlen(kinds[i]->label) : 0;

		if (n == 0 || strncmp(f->message, kinds[i]->label, n) != 0 ||
		    strncmp(f->message + n, NOT_FOUND, sizeof(NOT_FOUND) - 1) != 0)
			continue;
		*name = f->message + n + sizeof(NOT_FOUND) - 1;
		return kinds[i];
	}
	return NULL;
}

/* excused - it names what the files have, or may have */
static bool
excused(const struct changes *c, const struct fault *f)
{
	const char *name;
	const struct kind *k = reference(f, &name);

	return k != NULL && manifest_speaks(c->manifest, k, name);
}

/* tell - the faults of one change; all: also the excused ones */
static void
tell(const struct changes *c, size_t i, bool all, struct faults *faults)
{
	const struct apply_item *item = &c->v[i];
	const struct manifest_item *from = i < c->manifest->n ? &c->manifest->v[i] : NULL;
	char *name = x_asprintf("%s/%s", item->kind->singular, item->name);

	for (size_t f = 0; from != NULL && f < item->faults.n; f++)
		if (all || !excused(c, &item->faults.v[f]))
			manifest_fault(c->manifest, from, item->faults.v[f].path,
			    item->faults.v[f].message, faults);
	if (item->why != NULL && from != NULL)
		manifest_fault(c->manifest, from, "", item->why, faults);
	else if (item->why != NULL)
		faults_add(faults, name, "can't be pruned: %s", item->why);
	free(name);
}

/* inspect_one - see inspect.h */
void
inspect_one(const struct changes *c, size_t i, struct faults *faults)
{
	tell(c, i, true, faults);
}

/* inspect_refused - where nothing else is wrong, two that name each other are */
void
inspect_refused(const struct changes *c, size_t n, struct faults *faults)
{
	for (int all = 0; all == 0 || (all == 1 && faults->total == 0); all++)
		for (size_t i = 0; i < n; i++)
			if (c->v[i].rc != RC_OK)
				tell(c, i, all > 0, faults);
}

/* is_there - asked once a name. Where it can't be told, the server will say it */
static bool
is_there(struct inspection *in, const struct fault *f)
{
	const char *name;
	const struct kind *k = reference(f, &name);
	struct json_object *o;
	enum rc rc;

	if (jsonx_has(in->there, f->message))
		return jsonx_bool(in->there, f->message, true);
	if ((rc = in->t->ops->get(in->t, k, name, &o, NULL)) == RC_OK)
		json_object_put(o);
	jsonx_put_bool(in->there, f->message, rc != RC_NOT_FOUND);
	return rc != RC_NOT_FOUND;
}

/* check - a body, and what it refers to */
static void
check(struct inspection *in, const struct kind *k, struct json_object *view,
    struct json_object *body, struct faults *faults)
{
	struct faults found = FAULTS_INIT;
	const char *name;

	bodycheck(k, view, body, &found);
	for (size_t i = 0; i < found.n; i++)
		if (reference(&found.v[i], &name) == NULL ||
		    (!excused(in->c, &found.v[i]) && !is_there(in, &found.v[i])))
			faults_add(faults, found.v[i].path, "%s", found.v[i].message);
	faults_release(&found);
}

/* look - at one that is to be made: is it there, and what can be said of the body */
static enum rc
look(struct inspection *in, size_t i, struct json_object **view, struct error *err)
{
	struct apply_item *item = &in->c->v[i];
	enum rc rc = in->t->ops->get(in->t, item->kind, item->name, view, err);

	if (rc == RC_FORBIDDEN) {
		item->why = x_strdup(err->msg);
		return RC_OK;
	}
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return rc;
	item->outcome = APPLY_CONFIGURED;
	if (apply_stated(item->kind, item->body, *view, &item->faults))
		item->outcome = APPLY_UNCHANGED;
	else
		check(in, item->kind, *view, item->body, &item->faults);
	return RC_OK;
}

/* inspect_look - see inspect.h */
enum rc
inspect_look(const struct changes *c, struct transport *t, struct json_object **views,
    struct faults *faults, struct error *err)
{
	struct inspection in = { c, t, json_object_new_object() };
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < c->manifest->named; i++)
		if ((rc = look(&in, i, &views[i], err)) == RC_OK)
			tell(c, i, true, faults);
	json_object_put(in.there);
	return rc;
}

/* named - the object of a list, NULL: none */
static struct json_object *
named(struct json_object *list, const char *name)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *o = json_object_array_get_idx(list, i);

		if (strcmp(jsonx_str(o, "name", ""), name) == 0)
			return o;
	}
	return NULL;
}

/* llms_then - those that nothing becomes of, and those that are made or changed */
static struct json_object *
llms_then(const struct changes *c, struct json_object *now)
{
	struct json_object *then = json_object_new_array(), *changed = json_object_new_object(), *o;

	for (size_t i = 0; i < c->n; i++) {
		const struct apply_item *item = &c->v[i];

		if (item->kind != &kind_llm)
			continue;
		jsonx_put(changed, item->name, NULL);
		if (item->body != NULL)
			json_object_array_add(then, overlay(&kind_llm, named(now, item->name),
			    item->body));
	}
	for (size_t i = 0; i < json_object_array_length(now); i++) {
		o = json_object_array_get_idx(now, i);
		if (!jsonx_has(changed, jsonx_str(o, "name", "")))
			json_object_array_add(then, json_object_get(o));
	}
	json_object_put(changed);
	return then;
}

/* users - of a secret: "a, b"; owned by the caller */
static char *
users(struct json_object *llms, const char *secret)
{
	struct buf text = BUF_INIT(USES_TEXT_MAX);

	for (size_t i = 0; i < json_object_array_length(llms); i++) {
		struct json_object *llm = json_object_array_get_idx(llms, i);

		if (uses_secret(llm, secret))
			(void)buf_addf(&text, NULL, "%s%s", text.len > 0 ? ", " : "",
			    jsonx_str(llm, "name", "?"));
	}
	return buf_take(&text);
}

/* inspect_drops - see inspect.h */
enum rc
inspect_drops(const struct changes *c, struct transport *t, struct faults *faults,
    struct error *err)
{
	struct json_object *now = NULL, *then = NULL;
	enum rc rc;

	for (size_t i = c->manifest->n; i < c->n; i++) {
		char *names;

		if (c->v[i].kind != &kind_secret)
			continue;
		if (now == NULL && (rc = t->ops->list(t, &kind_llm, &now, err)) != RC_OK)
			return rc;
		if (then == NULL)
			then = llms_then(c, now);
		names = users(then, c->v[i].name);
		if (*names != '\0') {
			c->v[i].why = x_asprintf("is the key of llm %s", names);
			tell(c, i, true, faults);
		}
		free(names);
	}
	json_object_put(now);
	json_object_put(then);
	return RC_OK;
}

/* inspect_nameless - it may be meant for an object that has what the body lacks */
void
inspect_nameless(const struct changes *c, struct transport *t, struct faults *faults)
{
	struct inspection in = { c, t, json_object_new_object() };
	const struct manifest *m = c->manifest;

	for (size_t i = m->named; i < m->n; i++) {
		struct faults found = FAULTS_INIT;

		check(&in, m->v[i].kind, NULL, m->v[i].body, &found);
		for (size_t f = 0; f < found.n; f++)
			if (strcmp(found.v[f].path, "name") != 0 &&
			    strncmp(found.v[f].message, "is required", 11) != 0)
				manifest_fault(m, &m->v[i], found.v[f].path, found.v[f].message,
				    faults);
		faults_release(&found);
	}
	json_object_put(in.there);
}
