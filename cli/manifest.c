/* manifest.c - from documents to objects, in the order in which they are applied */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/suggest.h"
#include "cli/manifest.h"
#include "cli/manifest_file.h"

struct origin {				/* where the documents being looked at come from */
	const char	*file;
	size_t		 document;
	struct faults	*faults;
};

/* below - "llms[2]" and "url" to "llms[2].url"; owned by the caller */
static char *
below(const char *at, const char *path)
{
	return x_asprintf("%s%s%s", at, *at != '\0' && *path != '\0' ? "." : "", path);
}

/* fault - at a path of a document */
static void
fault(const struct manifest *m, const struct origin *o, const char *path, const char *what)
{
	document_fault(o->faults, o->file, document_line(&m->docs.v[o->document], path), "%s%s%s",
	    path, *path != '\0' ? ": " : "", what);
}

/* kind_fault - a word that is no kind, with the one that was meant */
static void
kind_fault(const struct manifest *m, const struct origin *o, const char *path, const char *word,
    bool plural)
{
	struct suggestion s;
	char *text;

	suggestion_init(&s, word);
	for (size_t i = 0; i < RESOURCE__STORED; i++)
		if (kinds[i] != NULL)
			suggestion_offer(&s, plural ? kinds[i]->plural : kinds[i]->singular);
	text = s.best == NULL ? x_asprintf("'%s' is no resource", word) :
	    x_asprintf("'%s' is no resource (did you mean '%s'?)", word, s.best);
	fault(m, o, path, text);
	free(text);
}

/* add - one object; the body stays the document's */
static void
add(struct manifest *m, const struct origin *o, const struct kind *k, struct json_object *body,
    const char *path)
{
	m->v = x_realloc(m->v, (m->n + 1) * sizeof(*m->v));
	m->v[m->n] = (struct manifest_item){
		.order = m->n, .kind = k, .body = body, .file = o->file, .document = o->document,
		.path = x_strdup(path)
	};
	m->n++;
	m->mentions[k->resource] = true;
}

/* add_object - one that says its kind itself */
static void
add_object(struct manifest *m, const struct origin *o, struct json_object *body, const char *path)
{
	const char *word = jsonx_str(body, "kind", NULL);
	const struct kind *k = word != NULL ? kind_find(word) : NULL;
	char *where = below(path, "kind");

	if (word == NULL)
		fault(m, o, jsonx_has(body, "kind") ? where : path, jsonx_has(body, "kind") ?
		    "must be a resource" : "kind: is required");
	else if (k == NULL)
		kind_fault(m, o, where, word, false);
	else {
		json_object_object_del(body, "kind");
		add(m, o, k, body, path);
	}
	free(where);
}

/* add_list - the value of "llms:"; null is an empty list */
static void
add_list(struct manifest *m, const struct origin *o, const struct kind *k,
    struct json_object *list)
{
	size_t n = 0;

	if (list != NULL && !json_object_is_type(list, json_type_array)) {
		fault(m, o, k->plural, "must be a list");
		return;
	}
	m->mentions[k->resource] = true;
	if (list != NULL)
		n = json_object_array_length(list);
	for (size_t i = 0; i < n; i++) {
		struct json_object *item = json_object_array_get_idx(list, i);
		char *path = x_asprintf("%s[%zu]", k->plural, i);

		if (!json_object_is_type(item, json_type_object))
			fault(m, o, path, "must be an object");
		else
			add(m, o, k, item, path);
		free(path);
	}
}

/* plural_find - the kind of a list's name; aliases are for single objects */
static const struct kind *
plural_find(const char *word)
{
	const struct kind *k = kind_find(word);

	return k != NULL && strcmp(k->plural, word) == 0 ? k : NULL;
}

/* has_lists - is it a document of lists: some member is the name of one */
static bool
has_lists(struct json_object *o)
{
	json_object_object_foreach(o, name, value) {
		(void)value;
		if (plural_find(name) != NULL)
			return true;
	}
	return false;
}

/* add_lists - secretbackends: secrets: llms: ... */
static void
add_lists(struct manifest *m, const struct origin *o, struct json_object *lists)
{
	json_object_object_foreach(lists, name, list) {
		const struct kind *k = plural_find(name);

		if (k != NULL)
			add_list(m, o, k, list);
		else
			kind_fault(m, o, name, name, true);
	}
}

/* add_document - in one of its three forms */
static void
add_document(struct manifest *m, const struct origin *o)
{
	struct json_object *value = m->docs.v[o->document].value, *item;
	char path[32];

	if (json_object_is_type(value, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(value); i++) {
			snprintf(path, sizeof(path), "[%zu]", i);
			item = json_object_array_get_idx(value, i);
			if (json_object_is_type(item, json_type_object))
				add_object(m, o, item, path);
			else
				fault(m, o, path, "must be an object");
		}
	} else if (!json_object_is_type(value, json_type_object)) {
		fault(m, o, "", "a mapping with a kind is expected");
	} else if (!jsonx_has(value, "kind") && has_lists(value)) {
		add_lists(m, o, value);
	} else {
		add_object(m, o, value, "");
	}
}

/* keep_name - the file's name, for as long as the manifest lives */
static const char *
keep_name(struct manifest *m, const char *name)
{
	m->files = x_realloc(m->files, (m->nfiles + 1) * sizeof(*m->files));
	m->files[m->nfiles] = x_strdup(name);
	return m->files[m->nfiles++];
}

/* take_text - one file's */
static void
take_text(void *arg, const char *name, const char *text, size_t len, struct faults *faults)
{
	struct manifest *m = arg;
	struct origin o = { keep_name(m, name), m->docs.n, faults };

	documents_read(&m->docs, o.file, text, len, faults);
	for (; o.document < m->docs.n; o.document++)
		if (!m->docs.v[o.document].broken)
			add_document(m, &o);
}

/* manifest_read - see manifest.h */
enum rc
manifest_read(struct manifest *m, const char *path, struct faults *faults, struct error *err)
{
	return manifest_files(path, MANIFEST_MAX, &m->bytes, take_text, m, faults, err);
}

/* check_name - without one there is nothing to speak of */
static bool
check_name(const struct manifest *m, struct manifest_item *item, struct faults *faults)
{
	const char *bad = NULL;

	item->name = jsonx_str(item->body, "name", NULL);
	if (!jsonx_has(item->body, "name"))
		bad = "is required";
	else if (item->name == NULL)
		bad = "must be a string";
	else
		bad = item->kind->bad_name(item->name);
	if (bad != NULL)
		manifest_fault(m, item, "name", bad, faults);
	return bad == NULL;
}

/* by_kind - the order of kinds, then that of the files */
static int
by_kind(const void *a, const void *b)
{
	const struct manifest_item *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind->resource < y->kind->resource ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* by_name - the order in which the same object twice stands side by side */
static int
by_name(const void *a, const void *b)
{
	const struct manifest_item *x = *(struct manifest_item *const *)a,
	    *y = *(struct manifest_item *const *)b;
	int order = strcmp(x->name, y->name);

	if (x->kind != y->kind)
		return x->kind->resource < y->kind->resource ? -1 : 1;
	return order != 0 ? order : x->order < y->order ? -1 : 1;
}

/* check_twice - two documents about one object: which of them is meant */
static void
check_twice(const struct manifest *m, struct faults *faults)
{
	struct manifest_item **rows = x_calloc(m->n + 1, sizeof(struct manifest_item *));
	char *text;

	for (size_t i = 0; i < m->n; i++)
		rows[i] = &m->v[i];
	qsort(rows, m->n, sizeof(struct manifest_item *), by_name);
	for (size_t i = 1; i < m->n; i++) {
		const struct manifest_item *one = rows[i - 1], *two = rows[i];

		if (one->kind != two->kind || strcmp(one->name, two->name) != 0)
			continue;
		text = x_asprintf("is here twice, first at %s:%zu", one->file,
		    document_line(&m->docs.v[one->document], one->path));
		manifest_fault(m, two, "", text, faults);
		free(text);
	}
	free(rows);
}

/* manifest_finish - see manifest.h */
enum rc
manifest_finish(struct manifest *m, struct faults *faults, struct error *err)
{
	bool named = true, spoken = false;

	for (size_t i = 0; i < RESOURCE__STORED; i++)
		spoken = spoken || m->mentions[i];
	if (!spoken && faults->total == 0)
		return error_set(err, RC_INVALID, "no objects in what was given");
	for (size_t i = 0; i < m->n; i++)
		named = check_name(m, &m->v[i], faults) && named;
	if (named && m->n > 0) {
		qsort(m->v, m->n, sizeof(*m->v), by_kind);
		check_twice(m, faults);
	}
	return faults->total > 0 ? error_set(err, RC_INVALID, "invalid documents") : RC_OK;
}

/* manifest_fault - see manifest.h */
void
manifest_fault(const struct manifest *m, const struct manifest_item *item, const char *path,
    const char *message, struct faults *faults)
{
	char *where;

	if (faults->n == FAULTS_MAX) {
		faults->total++;	/* it is only counted: its line is not looked for */
		return;
	}
	where = below(item->path, path);
	document_fault(faults, item->file, document_line(&m->docs.v[item->document], where),
	    "%s/%s: %s%s%s", item->kind->singular, item->name != NULL ? item->name : "?", path,
	    *path != '\0' ? ": " : "", message);
	free(where);
}

/* manifest_release - bodies are the documents' */
void
manifest_release(struct manifest *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->v[i].path);
	for (size_t i = 0; i < m->nfiles; i++)
		free(m->files[i]);
	free(m->v);
	free(m->files);
	documents_release(&m->docs);
	*m = (struct manifest)MANIFEST_INIT;
}
