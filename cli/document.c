/* document.c - YAML, event by event, so that everything has its line */
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/document.h"
#include "cli/scalar.h"

struct reader {
	struct documents *docs;
	struct document	*doc;		/* the one being read */
	const char	*name;
	const char	*text;		/* from where libyaml reads it */
	size_t		 len;
	size_t		 skipped;	/* lines before it */
	size_t		 failed;	/* the line of text where it ended to be YAML */
	struct faults	*faults;
	yaml_parser_t	 parser;
	yaml_event_t	 event;		/* the one being looked at */
	struct buf	 path;
	unsigned	 depth;
};

/* documents_add - an empty one */
struct document *
documents_add(struct documents *d, size_t line)
{
	d->v = x_realloc(d->v, (d->n + 1) * sizeof(*d->v));
	d->v[d->n] = (struct document){ .line = line };
	return &d->v[d->n++];
}

/* document_note - where a member stands */
void
document_note(struct document *doc, const char *path, size_t line)
{
	if (doc->nat == DOCUMENT_NODES)
		return;
	if ((doc->nat & (doc->nat - 1)) == 0)
		doc->at = x_realloc(doc->at, (doc->nat > 0 ? doc->nat * 2 : 1) *
		    sizeof(*doc->at));
	doc->at[doc->nat++] = (struct position){ x_strdup(path), line };
}

/* cut_path - "a.b[2]" to "a.b", then "a", then ""; false: it was that already */
static bool
cut_path(char *path)
{
	size_t n = strlen(path);

	if (n == 0)
		return false;
	while (n > 0 && path[n - 1] != '.' && path[n - 1] != '[')
		n--;
	path[n > 0 ? n - 1 : 0] = '\0';
	return true;
}

/* document_line - see document.h */
size_t
document_line(const struct document *doc, const char *path)
{
	char *at = x_strdup(path);
	size_t line = 0;

	do {
		for (size_t i = 0; line == 0 && i < doc->nat; i++)
			if (strcmp(doc->at[i].path, at) == 0)
				line = doc->at[i].line;
	} while (line == 0 && cut_path(at));
	free(at);
	return line > 0 ? line : doc->line;
}

/* document_bad - see document.h */
bool
document_bad(const struct document *doc, const char *path)
{
	for (size_t i = 0; i < doc->nbad; i++) {
		size_t n = strlen(doc->bad[i]);

		if (strncmp(doc->bad[i], path, n) == 0 && strchr(".[", path[n]) != NULL)
			return true;	/* strchr() finds the end of path too */
	}
	return false;
}

/* document_fault - "FILE:LINE: what" */
void
document_fault(struct faults *f, const char *name, size_t line, const char *fmt, ...)
{
	char text[ERROR_MAX], *where = x_asprintf("%s:%zu", name, line);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	faults_add(f, where, "%s", text);
	free(where);
}

/* line - of the event */
static size_t
line(const struct reader *r)
{
	return r->skipped + r->event.start_mark.line + 1;
}

/* complain - about the event */
static void
complain(const struct reader *r, const char *what)
{
	document_fault(r->faults, r->name, line(r), "%s%s%s", r->path.p,
	    r->path.len > 0 ? ": " : "", what);
}

/* complain_value - what stands at this path is none: nothing more is said of it */
static void
complain_value(const struct reader *r, const char *what)
{
	struct document *doc = r->doc;

	complain(r, what);
	doc->bad = x_realloc(doc->bad, (doc->nbad + 1) * sizeof(*doc->bad));
	doc->bad[doc->nbad++] = x_strdup(r->path.p);
}

/* syntax_error - libyaml's words; bytes that are no text it knows by their offset alone */
static void
syntax_error(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	size_t number = p->problem_mark.line;

	if (p->error == YAML_READER_ERROR) {
		number = 0;
		for (size_t i = 0; i < p->problem_offset && i < r->len; i++)
			number += r->text[i] == '\n';
	}
	r->failed = number;
	document_fault(r->faults, r->name, r->skipped + number + 1, "%s",
	    p->problem != NULL ? p->problem : "not YAML");
}

/* next - the next event; the one before is gone. false: the rest can't be read */
static bool
next(struct reader *r)
{
	yaml_event_delete(&r->event);
	if (yaml_parser_parse(&r->parser, &r->event))
		return true;
	syntax_error(r);
	return false;
}

/* decorated - anchors and tags: nothing may refer to it, or make it something else. What an anchor
   stands at is a value all the same */
static const char *
decorated(const yaml_event_t *e)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;

	switch (e->type) {
	case YAML_SCALAR_EVENT:
		anchor = e->data.scalar.anchor;
		tag = e->data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = e->data.sequence_start.anchor;
		tag = e->data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = e->data.mapping_start.anchor;
		tag = e->data.mapping_start.tag;
		break;
	default:
		break;
	}
	return anchor != NULL ? "anchors are not allowed" :
	    tag != NULL ? "tags are not allowed" : NULL;
}

/* enter - one member or item deeper; the length to go back to */
static size_t
enter(struct reader *r, const char *name, size_t i)
{
	size_t len = r->path.len;

	if (name != NULL)
		(void)buf_addf(&r->path, NULL, "%s%s", len > 0 ? "." : "", name);
	else
		(void)buf_addf(&r->path, NULL, "[%zu]", i);
	document_note(r->doc, r->path.p, line(r));
	return len;
}

/* leave - back */
static void
leave(struct reader *r, size_t len)
{
	r->path.len = len;
	if (r->path.cap > 0)
		r->path.p[len] = '\0';
}

static bool read_node(struct reader *r, struct json_object **out);

/* read_scalar - text, or what a plain one means */
static struct json_object *
read_scalar(struct reader *r)
{
	const char *text = (const char *)r->event.data.scalar.value, *bad;
	size_t len = r->event.data.scalar.length;
	struct json_object *o = NULL;

	if (memchr(text, '\0', len) != NULL) {
		complain_value(r, "a NUL character is not allowed");
		return NULL;
	}
	if (r->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return json_object_new_string_len(text, (int)len);
	if ((bad = scalar_json(text, len, &o)) != NULL)
		complain_value(r, bad);
	return o;
}

/* read_key - a member's name, owned by the caller; NULL: it has been complained about */
static char *
read_key(struct reader *r, struct json_object *o)
{
	const char *text = (const char *)r->event.data.scalar.value;

	if (r->event.type != YAML_SCALAR_EVENT || strlen(text) != r->event.data.scalar.length) {
		complain(r, "a key must be text");
		return NULL;
	}
	if (strcmp(text, "<<") == 0) {
		complain(r, "merge keys are not allowed");
		return NULL;
	}
	if (jsonx_has(o, text)) {
		document_fault(r->faults, r->name, line(r), "%s%s%s is here twice", r->path.p,
		    r->path.len > 0 ? "." : "", text);
		return NULL;
	}
	return x_strdup(text);
}

/* skip - a node that has been complained about, be it ever so large */
static bool
skip(struct reader *r)
{
	struct json_object *lost = NULL;
	bool ok = read_node(r, &lost);

	jsonx_wipe(lost);
	json_object_put(lost);
	return ok;
}

/* read_mapping - behind its start, up to its end */
static bool
read_mapping(struct reader *r, struct json_object *o)
{
	struct json_object *value;
	bool ok = true;
	size_t len;
	char *key;

	while (ok && (ok = next(r)) && r->event.type != YAML_MAPPING_END_EVENT) {
		const char *bad = decorated(&r->event);

		if (bad != NULL)
			complain(r, bad);
		if ((key = read_key(r, o)) == NULL) {
			ok = (r->event.type == YAML_SCALAR_EVENT || skip(r)) && next(r) && skip(r);
			continue;
		}
		len = enter(r, key, 0);
		value = NULL;
		ok = next(r) && read_node(r, &value);
		jsonx_put(o, key, value);
		leave(r, len);
		free(key);
	}
	return ok;
}

/* read_sequence - behind its start, up to its end */
static bool
read_sequence(struct reader *r, struct json_object *list)
{
	struct json_object *value;
	bool ok = true;
	size_t len;

	for (size_t i = 0; ok && (ok = next(r)) && r->event.type != YAML_SEQUENCE_END_EVENT; i++) {
		len = enter(r, NULL, i);
		value = NULL;
		ok = read_node(r, &value);
		json_object_array_add(list, value);
		leave(r, len);
	}
	return ok;
}

/* read_node - the value that the event begins; *out may be a null. What was read of a broken one is
   in it all the same */
static bool
read_node(struct reader *r, struct json_object **out)
{
	const char *bad = decorated(&r->event);
	bool ok = true;

	if (bad != NULL && r->event.type == YAML_SCALAR_EVENT &&
	    r->event.data.scalar.tag != NULL)
		complain_value(r, bad);
	else if (bad != NULL)
		complain(r, bad);
	if (++r->depth > DOCUMENT_DEPTH) {
		document_fault(r->faults, r->name, line(r), "nested deeper than %d levels",
		    DOCUMENT_DEPTH);
		return false;
	}
	switch (r->event.type) {
	case YAML_SCALAR_EVENT:
		*out = read_scalar(r);
		break;
	case YAML_MAPPING_START_EVENT:
		*out = json_object_new_object();
		ok = read_mapping(r, *out);
		break;
	case YAML_SEQUENCE_START_EVENT:
		*out = json_object_new_array();
		ok = read_sequence(r, *out);
		break;
	default:
		complain_value(r, "aliases are not allowed");
	}
	r->depth--;
	return ok;
}

/* document_release - the value wiped */
static void
document_release(struct document *doc)
{
	for (size_t i = 0; i < doc->nat; i++)
		free(doc->at[i].path);
	for (size_t i = 0; i < doc->nbad; i++)
		free(doc->bad[i]);
	free(doc->at);
	free(doc->bad);
	jsonx_wipe(doc->value);
	json_object_put(doc->value);
}

/* read_document - behind its start; an empty one is none. false: it is cut */
static bool
read_document(struct reader *r)
{
	size_t before = r->faults->total;
	bool ok;

	r->doc = documents_add(r->docs, line(r));
	ok = read_node(r, &r->doc->value);
	r->doc->cut = !ok;
	if (ok && r->doc->value == NULL) {
		r->docs->lost |= r->faults->total > before;
		document_release(r->doc);
		r->docs->n--;
	}
	return ok;
}

/* read_stream - document after document. false: the rest is no YAML, and from line *again on there
   may be more documents */
static bool
read_stream(struct reader *r, size_t *again)
{
	size_t begun = 0;

	r->failed = 0;
	while (next(r)) {
		if (r->event.type == YAML_STREAM_END_EVENT)
			return true;
		if (r->event.type != YAML_DOCUMENT_START_EVENT)
			continue;
		begun = r->event.start_mark.line;
		if (!next(r) || !read_document(r))
			break;
	}
	*again = r->failed > begun ? r->failed : begun + 1;
	r->docs->lost = true;
	return false;
}

/* resume - at the first line of "---" from that line on: no YAML has one inside a document */
static bool
resume(struct reader *r, size_t again)
{
	const char *p = r->text, *end = p + r->len;
	size_t n = 0;

	for (; p != NULL && p < end; n++) {
		if (n >= again && end - p >= 3 && strncmp(p, "---", 3) == 0 &&
		    (end - p == 3 || strchr(" \t\r\n", p[3]) != NULL))
			break;
		if ((p = memchr(p, '\n', (size_t)(end - p))) != NULL)
			p++;
	}
	if (p == NULL || p == end)
		return false;
	r->skipped += n;
	r->text = p;
	r->len = (size_t)(end - p);
	r->depth = 0;
	return true;
}

/* read_yaml - from a line on; false: see read_stream() */
static bool
read_yaml(struct reader *r, size_t *again)
{
	bool ok;

	if (!yaml_parser_initialize(&r->parser))
		abort();
	yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r->parser, (const unsigned char *)r->text, r->len);
	ok = read_stream(r, again);
	yaml_event_delete(&r->event);
	yaml_parser_delete(&r->parser);
	return ok;
}

/* is_json - by its first character: YAML that begins so is in flow style, which is nearly JSON, but
   libyaml doesn't know all of JSON's escapes */
static bool
is_json(const char *text, size_t len)
{
	while (len > 0 && strchr(" \t\r\n", *text) != NULL)
		text++, len--;
	return len > 0 && (*text == '{' || *text == '[');
}

/* documents_read - see document.h */
void
documents_read(struct documents *d, const char *name, const char *text, size_t len,
    struct faults *faults)
{
	struct reader r = {
		.docs = d, .name = name, .text = text, .len = len, .faults = faults,
		.path = BUF_INIT(DOCUMENT_PATH)
	};
	size_t again = 0;

	if (is_json(text, len) && document_json(d, text, len, NULL))
		return;
	while (!read_yaml(&r, &again) && resume(&r, again))
		;
	buf_release(&r.path);
}

/* documents_release - all of them */
void
documents_release(struct documents *d)
{
	for (size_t i = 0; i < d->n; i++)
		document_release(&d->v[i]);
	free(d->v);
	*d = (struct documents)DOCUMENTS_INIT;
}
