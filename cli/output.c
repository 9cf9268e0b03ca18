/* output.c - tables, JSON, YAML, names */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "cli/emit.h"
#include "cli/grid.h"
#include "cli/output.h"
#include "cli/text.h"
#include "cli/view.h"
#include "store/record.h"

#define COLUMNS_MAX 16			/* of one kind, wide ones too */

/* print_json - pretty, an empty list as [] and not on two lines as json-c has it. A newline stands
   between tokens only: in strings it is escaped */
static void
print_json(struct json_object *o)
{
	for (const char *p = jsonx_pretty(o); *p != '\0'; p++) {
		putchar(*p);
		if ((*p == '[' || *p == '{') && p[1] == '\n') {
			size_t blank = strspn(p + 1, "\n ");

			if (p[1 + blank] == ']' || p[1 + blank] == '}')
				p += blank;
		}
	}
	putchar('\n');
}

/* print_table - headers, then a line an object; prefix: names as llm/claude, NULL: bare */
static void
print_table(const struct program *p, const struct column *all, const char *prefix,
    struct json_object *list)
{
	const struct column *shown[COLUMNS_MAX];
	size_t n = 0, rows = json_object_array_length(list);
	struct grid g;

	for (const struct column *c = all; c->header != NULL; c++)
		if (!c->wide || p->format == FORMAT_WIDE)
			shown[n++] = c;
	grid_init(&g, n);
	for (size_t i = 0; i < n && !p->no_headers; i++)
		grid_add(&g, shown[i]->header);
	for (size_t r = 0; r < rows; r++) {
		struct json_object *o = json_object_array_get_idx(list, r);

		for (size_t i = 0; i < n; i++) {
			char *cell = view_cell(shown[i], o), *whole = NULL;

			if (prefix != NULL && i == 0)
				whole = x_asprintf("%s/%s", prefix, cell);
			grid_add(&g, whole != NULL ? whole : cell);
			free(whole);
			free(cell);
		}
	}
	grid_print(&g, 0, stdout);
	grid_release(&g);
}

/* print_names - what scripts loop over; a server may send anything, a terminal must not obey it */
static void
print_names(const struct kind *k, struct json_object *list)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		char *name = text_clean(jsonx_str(json_object_array_get_idx(list, i), "name", "?"));

		printf("%s/%s\n", k->singular, name);
		free(name);
	}
}

/* emit_list - a document an object */
static enum rc
emit_list(struct emit *e, const struct kind *k, struct json_object *list, struct error *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < json_object_array_length(list); i++)
		rc = emit_document(e, k->singular, json_object_array_get_idx(list, i), err);
	return rc;
}

/* emit_lists - one YAML stream of several kinds; the stream is closed whatever happened */
static enum rc
emit_lists(struct json_object *const *lists, struct error *err)
{
	struct emit *e = emit_open(stdout);
	enum rc rc = RC_OK, end;

	for (size_t i = 0; rc == RC_OK && i < RESOURCE__STORED; i++)
		if (lists[i] != NULL)
			rc = emit_list(e, kinds[i], lists[i], err);
	end = emit_close(e, rc == RC_OK ? err : NULL);
	return rc != RC_OK ? rc : end;
}

/* output_list - in any format */
enum rc
output_list(const struct program *p, const struct kind *k, struct json_object *list,
    struct error *err)
{
	struct json_object *lists[RESOURCE__STORED] = { NULL };

	if (p->format == FORMAT_JSON) {
		print_json(list);
		return RC_OK;
	}
	if (json_object_array_length(list) == 0) {
		program_note(p, "No %s found.", k->plural);
		return RC_OK;
	}
	lists[k->resource] = list;
	if (p->format == FORMAT_YAML)
		return emit_lists(lists, err);
	if (p->format == FORMAT_NAME)
		print_names(k, list);
	else
		print_table(p, view_columns(k), NULL, list);
	return RC_OK;
}

/* output_object - a list of one, but in JSON */
enum rc
output_object(const struct program *p, const struct kind *k, struct json_object *object,
    struct error *err)
{
	struct json_object *list;
	enum rc rc;

	if (p->format == FORMAT_JSON) {
		print_json(object);
		return RC_OK;
	}
	list = json_object_new_array();
	json_object_array_add(list, json_object_get(object));
	rc = output_list(p, k, list, err);
	json_object_put(list);
	return rc;
}

/* print_all_json - {"secretbackends": [...], ...} */
static void
print_all_json(struct json_object *const *lists)
{
	struct json_object *all = json_object_new_object();

	for (size_t i = 0; i < RESOURCE__STORED; i++)
		if (lists[i] != NULL)
			jsonx_put(all, kinds[i]->plural, json_object_get(lists[i]));
	print_json(all);
	json_object_put(all);
}

/* output_all - a section a kind */
enum rc
output_all(const struct program *p, struct json_object *const *lists, struct error *err)
{
	bool first = true;

	if (p->format == FORMAT_YAML)
		return emit_lists(lists, err);
	if (p->format == FORMAT_JSON) {
		print_all_json(lists);
		return RC_OK;
	}
	for (size_t i = 0; i < RESOURCE__STORED; i++) {
		if (lists[i] == NULL || json_object_array_length(lists[i]) == 0)
			continue;
		if (p->format == FORMAT_NAME) {
			print_names(kinds[i], lists[i]);
			continue;
		}
		if (!first)
			putchar('\n');
		first = false;
		print_table(p, view_columns(kinds[i]), kinds[i]->singular, lists[i]);
	}
	return RC_OK;
}

/* emit_one - a stream of one document that is no object of the catalogue */
static enum rc
emit_one(struct json_object *o, struct error *err)
{
	struct emit *e = emit_open(stdout);
	enum rc rc = emit_document(e, NULL, o, err), end = emit_close(e, rc == RC_OK ? err : NULL);

	return rc != RC_OK ? rc : end;
}

/* output_text - through a stream that ends in memory */
enum rc
output_text(const struct kind *k, struct json_object *o, char **out, struct error *err)
{
	size_t len;
	char *text = NULL;
	FILE *to = open_memstream(&text, &len);
	struct emit *e;
	enum rc rc, end;

	if (to == NULL)
		abort();
	e = emit_open(to);
	rc = emit_document(e, k->singular, o, err);
	end = emit_close(e, rc == RC_OK ? err : NULL);
	fclose(to);
	if (rc == RC_OK)
		rc = end;
	if (rc == RC_OK)
		*out = text;
	else
		free(text);
	return rc;
}

/* output_data - for programs; *done: it was asked for so */
enum rc
output_data(const struct program *p, struct json_object *o, bool *done, struct error *err)
{
	*done = p->format == FORMAT_JSON || p->format == FORMAT_YAML;
	if (p->format == FORMAT_JSON)
		print_json(o);
	return p->format == FORMAT_YAML ? emit_one(o, err) : RC_OK;
}

/* output_answer - see output.h */
enum rc
output_answer(struct program *p, enum ask what, void (*print)(struct json_object *o),
    struct error *err)
{
	const struct question q = { .what = what };
	struct json_object *o;
	struct transport *t;
	bool done = false;
	enum rc rc;

	if ((rc = program_transport(p, &t, err)) != RC_OK ||
	    (rc = t->ops->ask(t, &q, &o, err)) != RC_OK)
		return rc;
	if ((rc = output_data(p, o, &done, err)) == RC_OK && !done)
		print(o);
	json_object_put(o);
	return rc;
}

/* output_rows - a report: its own columns, the first of them for -o name */
enum rc
output_rows(const struct program *p, const struct column *columns, struct json_object *list,
    struct error *err)
{
	bool done;
	enum rc rc = output_data(p, list, &done, err);

	if (done)
		return rc;
	if (p->format != FORMAT_NAME) {
		print_table(p, columns, NULL, list);
		return RC_OK;
	}
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		char *cell = view_cell(columns, json_object_array_get_idx(list, i));

		puts(cell);
		free(cell);
	}
	return RC_OK;
}

/* output_result - see output.h */
void
output_result(struct json_object *list, const struct kind *k, const char *name,
    const char *result)
{
	struct json_object *o = json_object_new_object();

	jsonx_put_str(o, "kind", k->singular);
	jsonx_put_str(o, "name", name);
	jsonx_put_str(o, "result", result);
	json_object_array_add(list, o);
}

/* output_done - a message for people, data for scripts */
enum rc
output_done(const struct program *p, const struct kind *k, struct json_object *object,
    const char *verb, const char *detail, struct error *err)
{
	if (p->format != FORMAT_TABLE && p->format != FORMAT_WIDE)
		return output_object(p, k, object, err);
	program_say(p, "%s '%s' %s%s", k->singular, jsonx_str(object, "name", "?"), verb,
	    detail != NULL ? detail : "");
	return RC_OK;
}
