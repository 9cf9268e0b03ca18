/* changes.c - apply's work, on either transport */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "cli/changes.h"
#include "cli/inspect.h"
#include "cli/overlay.h"
#include "cli/program.h"
#include "cli/progress.h"
#include "cli/transport.h"
#include "cli/uses.h"

/* add - one change */
static void
add(struct changes *c, const struct kind *k, const char *name, struct json_object *body)
{
	c->v = x_realloc(c->v, (c->n + 1) * sizeof(*c->v));
	c->v[c->n++] = (struct apply_item){ .kind = k, .name = name, .body = body };
}

/* names_of - what the files have of a kind */
static struct json_object *
names_of(const struct manifest *m, const struct kind *k)
{
	struct json_object *names = json_object_new_object();

	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].kind == k)
			jsonx_put(names, m->v[i].name, NULL);
	return names;
}

/* add_unlisted - deletions of one kind */
static enum rc
add_unlisted(struct changes *c, struct transport *t, const struct kind *k, struct error *err)
{
	struct json_object *list, *names;
	enum rc rc = t->ops->list(t, k, &list, err);

	if (rc != RC_OK)
		return rc;
	names = names_of(c->manifest, k);
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *o = json_object_array_get_idx(list, i);
		const char *name = jsonx_str(o, "name", "");

		if (jsonx_has(names, name) || jsonx_bool(o, "default", false))
			continue;
		c->names = x_realloc(c->names, (c->nnames + 1) * sizeof(*c->names));
		c->names[c->nnames++] = x_strdup(name);
		add(c, k, c->names[c->nnames - 1], NULL);
	}
	json_object_put(names);
	json_object_put(list);
	return RC_OK;
}

/* changes_plan - see changes.h */
enum rc
changes_plan(struct changes *c, const struct manifest *m, struct transport *t, bool prune,
    struct error *err)
{
	enum rc rc = RC_OK;

	*c = (struct changes){ .manifest = m };
	for (size_t i = 0; i < m->n; i++)
		add(c, m->v[i].kind, m->v[i].name, m->v[i].body);
	for (size_t i = RESOURCE__STORED; prune && rc == RC_OK && i-- > 0; )
		if (m->mentions[i] && i != RESOURCE_MCPTOKENS)
			rc = add_unlisted(c, t, kinds[i], err);
	return rc;
}

/* tell_done - one more */
static void
tell_done(struct changes *c)
{
	const struct apply_item *item = &c->v[c->done++];

	if (c->each != NULL)
		c->each(c->arg, item);
}

/* run_at_once - all, or none */
static enum rc
run_at_once(struct changes *c, struct program *p, struct transport *t, bool rehearse,
    struct error *err)
{
	enum rc rc = t->ops->apply(t, c->v, c->n, rehearse, err);

	while (rc == RC_OK && c->done < c->n)
		tell_done(c);
	if (rc == RC_INVALID)
		inspect_refused(c, c->n, &p->faults);
	return rc;
}

/* guess - what a server would make of it, without telling it */
static void
guess(struct apply_item *item, struct json_object *view)
{
	bool data = item->kind == &kind_secret && jsonx_has(item->body, "data");
	struct json_object *is;

	item->view = overlay(item->kind, view, item->body);
	item->outcome = APPLY_CREATED;
	if (view == NULL)
		return;
	is = overlay_plain(view);
	item->outcome = jsonx_equal(is, item->view) && !data ? APPLY_UNCHANGED : APPLY_CONFIGURED;
	json_object_put(is);
}

/* send - create or update */
static enum rc
send(struct transport *t, struct apply_item *item, struct json_object *view, struct error *err)
{
	enum rc rc;

	if (view == NULL) {
		item->outcome = APPLY_CREATED;
		return t->ops->create(t, item->kind, item->body, &item->faults, &item->view, err);
	}
	rc = t->ops->update(t, item->kind, item->name, 0, item->body, &item->faults, &item->view,
	    err);
	if (rc == RC_OK)
		item->outcome = jsonx_int(item->view, "version", 0) ==
		    jsonx_int(view, "version", 0) ? APPLY_UNCHANGED : APPLY_CONFIGURED;
	return rc;
}

/* drop_one - a key that an Llm still uses does not go by the way */
static enum rc
drop_one(struct transport *t, struct apply_item *item, bool rehearse, struct error *err)
{
	char *users = NULL;
	enum rc rc = RC_OK;

	item->outcome = APPLY_DELETED;
	if (item->kind == &kind_secret)
		rc = uses_names(t, item->name, "", &users, err);
	if (rc == RC_OK && users != NULL && *users != '\0')
		rc = error_set(err, RC_CONFLICT, "is the key of llm %s", users);
	free(users);
	return rc != RC_OK || rehearse ? rc : t->ops->remove(t, item->kind, item->name, err);
}

/* run_one - one change on a server; view is what was there when all were looked at */
static enum rc
run_one(struct transport *t, struct apply_item *item, struct json_object *view, bool rehearse,
    struct error *err)
{
	if (item->body == NULL)
		return drop_one(t, item, rehearse, err);
	if (item->outcome == APPLY_UNCHANGED)	/* it states what there is */
		return RC_OK;
	if (!rehearse)
		return send(t, item, view, err);
	guess(item, view);
	return RC_OK;
}

/* do_each - up to the first refusal, which is explained; what was made stays made */
static enum rc
do_each(struct changes *c, struct program *p, struct transport *t, struct json_object **views,
    bool rehearse, struct error *err)
{
	struct progress show = progress_begin(p, "applying", c->n, PACE_QUICK);
	struct apply_item *item;
	enum rc rc = RC_OK;

	while (rc == RC_OK && c->done < c->n) {
		item = &c->v[c->done];
		progress_at(&show, c->done + 1, item->name);
		rc = item->rc = run_one(t, item, c->done < c->manifest->n ? views[c->done] : NULL,
		    rehearse, err);
		if (rc == RC_OK) {
			progress_hide(&show);
			tell_done(c);
			continue;
		}
		if (item->faults.total == 0)
			item->why = x_strdup(err->msg);
		inspect_one(c, c->done, &p->faults);
	}
	progress_hide(&show);
	return rc;
}

/* look - at all, before anything is changed */
static enum rc
look(const struct changes *c, struct program *p, struct transport *t, struct json_object **views,
    struct error *err)
{
	enum rc rc = inspect_look(c, t, views, &p->faults, err);

	if (rc == RC_OK)
		rc = inspect_drops(c, t, &p->faults, err);
	if (rc != RC_OK)
		return rc;
	return p->faults.total == 0 ? RC_OK : error_set(err, RC_INVALID, "invalid documents");
}

/* run_each - look at all, then do each. A refusal is RC_INVALID, whatever it was, but for a token
   that isn't known */
static enum rc
run_each(struct changes *c, struct program *p, struct transport *t, bool rehearse,
    struct error *err)
{
	struct json_object **views = x_calloc(c->manifest->n + 1, sizeof(*views));
	enum rc rc = look(c, p, t, views, err);

	if (rc == RC_OK) {
		rc = do_each(c, p, t, views, rehearse, err);
		if (rc != RC_OK && rc != RC_UNAUTHENTICATED)
			error_set(err, rc = RC_INVALID, "stopped at a refusal");
	}
	for (size_t i = 0; i < c->manifest->n; i++)
		json_object_put(views[i]);
	free(views);
	return rc;
}

/* check_each - on a server */
static enum rc
check_each(const struct changes *c, struct program *p, struct transport *t, struct error *err)
{
	struct json_object **views = x_calloc(c->manifest->n + 1, sizeof(*views));
	enum rc rc = inspect_look(c, t, views, &p->faults, err);

	for (size_t i = 0; i < c->manifest->n; i++)
		json_object_put(views[i]);
	free(views);
	return rc;
}

/* check_at_once - on the store: only those that have a name can be tried there */
static enum rc
check_at_once(const struct changes *c, struct program *p, struct transport *t, struct error *err)
{
	enum rc rc = t->ops->apply(t, c->v, c->manifest->named, true, err);

	if (rc != RC_INVALID)
		return rc;
	inspect_refused(c, c->manifest->named, &p->faults);
	return RC_OK;
}

/* changes_check - see changes.h */
enum rc
changes_check(struct changes *c, struct program *p, struct transport *t, struct error *err)
{
	enum rc rc = t->ops->apply != NULL ? check_at_once(c, p, t, err) :
	    check_each(c, p, t, err);

	if (rc == RC_OK)
		inspect_nameless(c, t, &p->faults);
	return rc;
}

/* changes_run - see changes.h */
enum rc
changes_run(struct changes *c, struct program *p, struct transport *t, bool rehearse,
    struct error *err)
{
	return t->ops->apply != NULL ? run_at_once(c, p, t, rehearse, err) :
	    run_each(c, p, t, rehearse, err);
}

/* changes_release - the bodies are the manifest's */
void
changes_release(struct changes *c)
{
	apply_release(c->v, c->n);
	for (size_t i = 0; i < c->nnames; i++)
		free(c->names[i]);
	free(c->names);
	free(c->v);
	*c = (struct changes){ .v = NULL };
}
