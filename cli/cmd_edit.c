/* cmd_edit.c - mcpctl edit: one object in an editor */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/document.h"
#include "cli/editor.h"
#include "cli/output.h"
#include "cli/overlay.h"
#include "cli/transport.h"
#include "store/record.h"

struct session {			/* one object, from the first look to the last save */
	struct program		*p;
	struct transport	*t;
	const struct kind	*k;
	const char		*ref;
	struct json_object	*before;	/* as the editor shows it */
	int64_t			 version;
	struct json_object	*after;		/* NULL: nothing was changed */
};

/* plain - the object as the editor shows it: a secret's keys, with empty values */
static struct json_object *
plain(const struct kind *k, struct json_object *view)
{
	struct json_object *o = overlay_plain(view), *keys = jsonx_get(o, "keys"), *data;

	if (k != &kind_secret || keys == NULL)
		return o;
	data = json_object_new_object();
	for (size_t i = 0; i < json_object_array_length(keys); i++)
		jsonx_put_str(data, json_object_get_string(json_object_array_get_idx(keys, i)), "");
	jsonx_put(o, "data", data);
	json_object_object_del(o, "keys");
	return o;
}

/* load - the object, or its newer state */
static enum rc
load(struct session *s, struct error *err)
{
	struct json_object *view;
	enum rc rc = s->t->ops->get(s->t, s->k, s->ref, &view, err);

	if (rc != RC_OK)
		return program_name_error(s->k, s->ref, rc, err);
	json_object_put(s->before);
	s->before = plain(s->k, view);
	s->version = jsonx_int(view, "version", 0);
	json_object_put(view);
	return RC_OK;
}

/* keep_values - empty ones stay what they are. The map is replaced as a whole, and values come out
   of the store itself only */
static enum rc
keep_values(struct session *s, struct json_object *data, struct error *err)
{
	struct json_object *stored = NULL, *list = json_object_new_array();
	enum rc rc = RC_OK;

	json_object_object_foreach(data, key, value)
		if (value == NULL || (json_object_is_type(value, json_type_string) &&
		    json_object_get_string_len(value) == 0))
			json_object_array_add(list, json_object_new_string(key));
	if (json_object_array_length(list) > 0 && s->t->ops->reveal == NULL)
		rc = error_set(err, RC_INVALID, "over HTTP every value has to be given: those that "
		    "are there don't come out");
	else if (json_object_array_length(list) > 0)
		rc = s->t->ops->reveal(s->t, s->ref, &stored, err);
	for (size_t i = 0; rc == RC_OK && i < json_object_array_length(list); i++) {
		const char *key_kept = json_object_get_string(json_object_array_get_idx(list, i));
		const char *text = jsonx_str(stored, key_kept, "");

		jsonx_put_str(data, key_kept, text);
	}
	jsonx_wipe(stored);
	json_object_put(stored);
	json_object_put(list);
	return rc;
}

/* body_of - what is sent: members that were taken out become null, data that nobody filled in is
   left out */
static enum rc
body_of(struct session *s, struct json_object *edited, struct error *err)
{
	struct json_object *data;

	json_object_object_foreach(s->before, name, value) {
		(void)value;
		if (!jsonx_has(edited, name))
			jsonx_put(edited, name, NULL);
	}
	if (s->k != &kind_secret || (data = jsonx_get(edited, "data")) == NULL ||
	    !json_object_is_type(data, json_type_object))
		return RC_OK;
	if (!jsonx_equal(data, jsonx_get(s->before, "data")))
		return keep_values(s, data, err);
	json_object_object_del(edited, "data");
	return RC_OK;
}

/* take_document - the one document of the text, without its kind */
static enum rc
take_document(struct session *s, struct documents *docs, const char *text, struct error *err)
{
	struct faults *faults = &s->p->faults;
	struct json_object *o;
	const char *word;

	documents_read(docs, "file", text, strlen(text), faults);
	if (faults->total > 0)
		return error_set(err, RC_INVALID, "not YAML");
	o = docs->n == 1 ? docs->v[0].value : NULL;
	if (!json_object_is_type(o, json_type_object))
		return error_set(err, RC_INVALID, "one document is expected, a mapping");
	word = jsonx_str(o, "kind", s->k->singular);
	if (kind_find(word) != s->k)
		return error_set(err, RC_INVALID, "kind: can't be changed, it is %s",
		    s->k->singular);
	json_object_object_del(o, "kind");
	return RC_OK;
}

/* save - the text, as the object shall be */
static enum rc
save(struct session *s, const char *text, struct error *err)
{
	struct documents docs = DOCUMENTS_INIT;
	enum rc rc = take_document(s, &docs, text, err);

	if (rc == RC_OK)
		rc = body_of(s, docs.v[0].value, err);
	if (rc == RC_OK)
		rc = s->t->ops->update(s->t, s->k, s->ref, s->version, docs.v[0].value,
		    &s->p->faults, &s->after, err);
	documents_release(&docs);
	if (rc == RC_PRECONDITION)
		error_set(err, rc, "%s '%s' was changed by someone else meanwhile",
		    s->k->singular, s->ref);
	return rc;
}

/* add_comment - "# mcpctl: url: must begin with ..." */
static void
add_comment(struct buf *b, const char *path, const char *message)
{
	(void)buf_addf(b, NULL, "# %s%s%s\n", path, *path != '\0' ? ": " : "", message);
}

/* reopened - the text with what is wrong above it, in the place of what was above it before */
static char *
reopened(struct session *s, const char *text, const struct error *err)
{
	struct buf b = BUF_INIT(2 * EDITOR_TEXT_MAX);
	struct faults *f = &s->p->faults;

	while (strncmp(text, "# ", 2) == 0)
		text += strcspn(text, "\n") + (text[strcspn(text, "\n")] == '\n');
	if (f->n == 0)
		add_comment(&b, "", err->msg);
	for (size_t i = 0; i < f->n; i++)
		add_comment(&b, f->v[i].path, f->v[i].message);
	add_comment(&b, "", "Saved as it is, it leaves everything as it was.");
	(void)buf_addstr(&b, text, NULL);
	faults_release(f);
	return buf_take(&b);
}

/* may_reopen - someone is there to mend it */
static bool
may_reopen(struct session *s, enum rc rc)
{
	struct error ignored;

	if ((rc != RC_INVALID && rc != RC_CONFLICT && rc != RC_PRECONDITION) ||
	    !isatty(STDIN_FILENO))
		return false;
	return rc != RC_PRECONDITION || load(s, &ignored) == RC_OK;
}

/* rounds - until it is saved, or nothing is changed any more */
static enum rc
rounds(struct session *s, const char *name, char *text, struct error *err)
{
	char *edited, *first = text;
	bool same;
	enum rc rc;

	for (;;) {
		if ((rc = editor_run(name, text, &edited, err)) != RC_OK)
			break;
		same = strcmp(edited, text) == 0;
		rc = same ? RC_OK : save(s, edited, err);
		if (same && text != first)
			rc = error_set(err, RC_INVALID, "edit cancelled; nothing is changed");
		if (same || rc == RC_OK || !may_reopen(s, rc)) {
			mem_free_wiped(edited);
			break;
		}
		if (text != first)
			mem_free_wiped(text);
		text = reopened(s, edited, err);
		mem_free_wiped(edited);
	}
	if (text != first)
		mem_free_wiped(text);
	return rc;
}

/* tell - what became of it */
static enum rc
tell(struct session *s, struct error *err)
{
	bool changed = s->after != NULL && jsonx_int(s->after, "version", 0) != s->version;

	if (s->after == NULL) {
		program_note(s->p, "%s '%s' unchanged", s->k->singular, s->ref);
		return RC_OK;
	}
	return output_done(s->p, s->k, s->after, changed ? "edited" : "unchanged", NULL, err);
}

/* edit - the session, from the object's text on */
static enum rc
edit(struct session *s, struct error *err)
{
	char *text, *name = x_asprintf("%s.yaml", s->k->singular);
	enum rc rc = output_text(s->k, s->before, &text, err);

	if (rc == RC_OK) {
		rc = rounds(s, name, text, err);
		free(text);
	}
	free(name);
	return rc == RC_OK ? tell(s, err) : rc;
}

/* do_edit - mcpctl edit RESOURCE NAME */
static enum rc
do_edit(struct program *p, const struct args *a, struct error *err)
{
	struct session s = { .p = p, .ref = a->words[1] };
	enum rc rc;

	if ((rc = program_kind(a->words[0], &s.k, err)) != RC_OK ||
	    (rc = program_transport(p, &s.t, err)) != RC_OK)
		return rc;
	if ((rc = load(&s, err)) == RC_OK)
		rc = edit(&s, err);
	json_object_put(s.before);
	json_object_put(s.after);
	return rc;
}

const struct command command_edit = {
	.name = "edit", .group = "Resources", .words = "RESOURCE NAME",
	.least = 2, .most = 2,
	.help = "change one object in $EDITOR",
	.run = do_edit,
	.examples =
	    "mcpctl edit llm claude\n"
	    "EDITOR='code --wait' mcpctl edit rbac callers\n",
};
