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

/* fault - at a path of a document; nothing where the reader had its say already */
static void
fault(const struct manifest *m, const struct origin *o, const char *path, const char *what)
{
	if (document_bad(&m->docs.v[o->document], path))
		return;
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

/* add_stray - an object of some kind: what names it may be right */
static void
add_stray(struct manifest *m, struct json_object *body)
{
	const char *name = jsonx_str(body, "name", NULL);

	if (m->strays == NULL)
		m->strays = json_object_new_object();
	if (name != NULL)
		jsonx_put(m->strays, name, NULL);
	else
		m->lost = true;
}

/* add_object - one that says its kind itself */
static void
add_object(struct manifest *m, const struct origin *o, struct json_object *body, const char *path)
{
	const char *word = jsonx_str(body, "kind", NULL);
	const struct kind *k = word != NULL ? kind_find(word) : NULL;
	char *where = below(path, "kind");

	if (k == NULL)
		add_stray(m, body);
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

		if (k != NULL) {
			add_list(m, o, k, list);
			continue;
		}
		kind_fault(m, o, name, name, true);
		m->lost = true;
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
	m->lost |= m->docs.lost;
	for (; o.document < m->docs.n; o.document++)
		if (!m->docs.v[o.document].cut)
			add_document(m, &o);
}

/* miss_file - one that can't be read */
static void
miss_file(void *arg, const char *name, const struct error *why, struct faults *faults)
{
	struct manifest *m = arg;

	faults_add(faults, keep_name(m, name), "%s", why->msg);
	m->lost = true;
}

/* manifest_read - see manifest.h */
void
manifest_read(struct manifest *m, const char *path, struct faults *faults)
{
	const struct manifest_reader to = { take_text, miss_file, m, faults };

	manifest_files(path, MANIFEST_MAX, &m->bytes, &to);
}

/* check_name - without one there is no object to compare with */
static void
check_name(struct manifest *m, struct manifest_item *item, struct faults *faults)
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
	item->named = bad == NULL;
	m->named += item->named;
}

/* by_kind - the order of kinds, then that of the files; those without a name behind all */
static int
by_kind(const void *a, const void *b)
{
	const struct manifest_item *x = a, *y = b;

	if (x->named != y->named)
		return x->named ? -1 : 1;
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
	struct manifest_item **rows = x_calloc(m->named + 1, sizeof(struct manifest_item *));
	char *text;

	for (size_t i = 0; i < m->named; i++)
		rows[i] = &m->v[i];
	qsort(rows, m->named, sizeof(struct manifest_item *), by_name);
	for (size_t i = 1; i < m->named; i++) {
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
void
manifest_finish(struct manifest *m, struct faults *faults)
{
	bool spoken = m->n > 0;

	for (size_t i = 0; i < RESOURCE__STORED; i++)
		spoken = spoken || m->mentions[i];
	if (!spoken && faults->total == 0)
		faults_add(faults, "", "no objects in what was given");
	for (size_t i = 0; i < m->n; i++)
		check_name(m, &m->v[i], faults);
	if (m->n > 0)
		qsort(m->v, m->n, sizeof(*m->v), by_kind);
	check_twice(m, faults);
}

/* manifest_speaks - see manifest.h */
bool
manifest_speaks(const struct manifest *m, const struct kind *k, const char *name)
{
	bool yes = m->lost || jsonx_has(m->strays, name);

	for (size_t i = 0; !yes && i < m->n; i++)
		yes = m->v[i].kind == k &&
		    (m->v[i].name == NULL || strcmp(m->v[i].name, name) == 0);
	return yes;
}

struct placed {				/* a fault, and where it stands among all */
	struct fault	fault;
	size_t		file, line, at;
};

/* place - from "FILE:LINE", or the name of a file; what is about neither stands behind */
static struct placed
place(const struct manifest *m, const struct fault *f, size_t at)
{
	const char *colon = strrchr(f->path, ':');
	size_t len = colon != NULL ? (size_t)(colon - f->path) : 0;
	struct placed p = { .fault = *f, .at = at };

	for (; p.file < m->nfiles; p.file++) {
		if (strcmp(m->files[p.file], f->path) == 0)
			break;
		if (colon != NULL && strlen(m->files[p.file]) == len &&
		    strncmp(m->files[p.file], f->path, len) == 0) {
			p.line = strtoul(colon + 1, NULL, 10);
			break;
		}
	}
	return p;
}

/* by_place - on one line as they were found */
static int
by_place(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* told - is it among those already */
static bool
told(const struct faults *f, const struct fault *one)
{
	for (size_t i = f->n; i-- > 0 && strcmp(f->v[i].path, one->path) == 0; )
		if (strcmp(f->v[i].message, one->message) == 0)
			return true;
	return false;
}

/* manifest_sort - see manifest.h */
void
manifest_sort(const struct manifest *m, struct faults *f)
{
	struct placed *rows = x_calloc(f->n + 1, sizeof(*rows));
	size_t n = f->n;

	for (size_t i = 0; i < n; i++)
		rows[i] = place(m, &f->v[i], i);
	qsort(rows, n, sizeof(*rows), by_place);
	for (size_t i = f->n = 0; i < n; i++) {
		if (told(f, &rows[i].fault)) {
			free(rows[i].fault.path);
			free(rows[i].fault.message);
			f->total--;
			continue;
		}
		f->v[f->n++] = rows[i].fault;
	}
	free(rows);
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
	if (!document_bad(&m->docs.v[item->document], where))
		document_fault(faults, item->file,
		    document_line(&m->docs.v[item->document], where), "%s/%s: %s%s%s",
		    item->kind->singular, item->name != NULL ? item->name : "?", path,
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
	json_object_put(m->strays);
	documents_release(&m->docs);
	*m = (struct manifest)MANIFEST_INIT;
}
