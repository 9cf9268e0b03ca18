/* migrate.c - which secrets, and what became of each */
#include <json-c/json.h>
#include <string.h>

#include "base/clock.h"
#include "base/jsonx.h"
#include "service/migrate.h"
#include "service/move.h"
#include "store/fields.h"

static const char *const migrate_fields[] = { "from", "to", "names", NULL };

/* take_backend - a member that names one */
static const struct secretbackend *
take_backend(const struct table *t, struct json_object *body, const char *member,
    struct faults *f)
{
	const struct record *r = NULL;
	const char *name, *bad;

	if (!jsonx_has(body, member))
		faults_add(f, member, "is required");
	if (!field_text(body, "", member, f, &name))
		return NULL;
	bad = name_bad_plain(name);
	if (bad != NULL)
		faults_add(f, member, "%s", bad);
	else if ((r = table_by_name(t, &kind_secretbackend, name)) == NULL)
		faults_add(f, member, "SecretBackend not found: %s", name);
	return (const struct secretbackend *)r;
}

/* take_names - the ones that were named, each once */
static void
take_names(struct json_object *body, struct strings *names, struct faults *f)
{
	char path[FIELD_PATH_MAX];
	struct json_object *list;
	const char *name, *bad;

	if (!field_list(body, "", "names", f, &list))
		return;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		snprintf(path, sizeof(path), "names[%zu]", i);
		name = item_text(json_object_array_get_idx(list, i), path, f);
		bad = name != NULL ? name_bad_plain(name) : NULL;
		if (bad != NULL)
			faults_add(f, path, "%s", bad);
		else if (name != NULL && !strings_have(names, name))
			strings_add(names, name);
	}
}

/* all_names - what is in the one, and what an earlier run has left half done */
static void
all_names(const struct table *t, const struct move *m, struct strings *names)
{
	for (size_t i = 0; i < table_count(t, &kind_secret); i++) {
		const struct secret *s = (const struct secret *)table_at(t, &kind_secret, i);

		if (strcmp(s->backend_id, m->from_id) == 0 ||
		    (s->copy_id != NULL && strcmp(s->backend_id, m->to_id) == 0 &&
		    strcmp(s->copy_id, m->from_id) == 0))
			strings_add(names, s->r.name);
	}
}

/* take_body - what is to be done; faults say what is wrong with it */
static void
take_body(const struct table *t, struct json_object *body, struct move *m,
    struct strings *names, struct faults *f)
{
	const struct secretbackend *from, *to;

	fields_known(body, "", migrate_fields, f);
	from = take_backend(t, body, "from", f);
	to = take_backend(t, body, "to", f);
	take_names(body, names, f);
	if (from != NULL && from == to)
		faults_add(f, "to", "must be another backend than from");
	if (f->total > 0)
		return;
	memcpy(m->from_id, from->r.id, sizeof(m->from_id));
	memcpy(m->to_id, to->r.id, sizeof(m->to_id));
	m->outside = from->kept == KEPT_OPENBAO || to->kept == KEPT_OPENBAO;
	if (jsonx_get(body, "names") == NULL)
		all_names(t, m, names);
}

/* may_edit - each of them, before any is touched */
static enum rc
may_edit(const struct table *t, const struct caller *c, const struct strings *names,
    struct error *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < names->n && rc == RC_OK; i++)
		rc = rbac_require(t, c, VERB_EDIT, RESOURCE_SECRETS, names->v[i], err);
	return rc;
}

/* plan - what is asked for, and may it be done */
static enum rc
plan(struct service *svc, const struct caller *c, struct json_object *body, struct move *m,
    struct strings *names, struct faults *faults, struct error *err)
{
	const struct table *t;
	struct caller now;
	enum rc rc;

	if ((rc = store_table(svc->store, &t, err)) != RC_OK)
		return rc;
	if ((rc = rbac_caller(t, c, clock_wall_ms(), &now, err)) == RC_OK)
		rc = rbac_require_action(t, &now, MOVE_ACTION, err);
	if (rc == RC_OK)
		take_body(t, body, m, names, faults);
	if (rc == RC_OK && faults->total > 0)
		rc = error_set(err, RC_INVALID, "invalid migration");
	if (rc == RC_OK)
		rc = may_edit(t, &now, names, err);
	table_unref(t);
	return rc;
}

/* add_failed - {name, error} */
static void
add_failed(const struct service *svc, struct json_object *list, const char *name,
    struct error *why)
{
	struct json_object *o = json_object_new_object();

	service_say(svc, why->msg);
	jsonx_put_str(o, "name", name);
	jsonx_put_str(o, "error", why->msg);
	json_object_array_add(list, o);
}

/* move_all - one that fails does not stop the others */
static struct json_object *
move_all(const struct move *m, const struct strings *names)
{
	struct json_object *result = json_object_new_object();
	struct json_object *migrated = json_object_new_array(), *failed = json_object_new_array();
	struct error why;

	for (size_t i = 0; i < names->n; i++) {
		if (move_secret(m, names->v[i], &why) == RC_OK)
			json_object_array_add(migrated, json_object_new_string(names->v[i]));
		else
			add_failed(m->svc, failed, names->v[i], &why);
	}
	jsonx_put(result, "migrated", migrated);
	jsonx_put(result, "failed", failed);
	return result;
}

/* migrate_secrets - see migrate.h */
enum rc
migrate_secrets(struct service *svc, const struct caller *c, struct json_object *body,
    struct faults *faults, struct json_object **out, struct error *err)
{
	struct move m = { .svc = svc, .caller = c };
	struct strings names = { .n = 0 };
	enum rc rc = plan(svc, c, body, &m, &names, faults, err);

	if (rc == RC_OK)
		*out = move_all(&m, &names);
	strings_release(&names);
	return rc;
}
