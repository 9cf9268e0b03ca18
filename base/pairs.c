/* pairs.c - values in clear, wiped after use */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/pairs.h"

/* place - where a key stands, or would stand */
static size_t
place(const struct pairs *p, const char *key)
{
	size_t i = 0;

	while (i < p->n && strcmp(p->v[i].key, key) < 0)
		i++;
	return i;
}

/* pairs_add - see pairs.h */
void
pairs_add(struct pairs *p, char *key, char *value)
{
	size_t at = place(p, key);

	if (at < p->n && strcmp(p->v[at].key, key) == 0) {
		mem_free_wiped(p->v[at].value);
		p->v[at].value = value;
		free(key);
		return;
	}
	p->v = x_realloc(p->v, (p->n + 1) * sizeof(*p->v));
	memmove(&p->v[at + 1], &p->v[at], (p->n - at) * sizeof(*p->v));
	p->v[at] = (struct pair){ key, value };
	p->n++;
}

/* pairs_find - of a key that is there */
const char *
pairs_find(const struct pairs *p, const char *key)
{
	size_t at = place(p, key);

	return at < p->n && strcmp(p->v[at].key, key) == 0 ? p->v[at].value : NULL;
}

/* pairs_copy - texts of its own */
void
pairs_copy(struct pairs *p, const struct pairs *from)
{
	for (size_t i = 0; i < from->n; i++)
		pairs_add(p, x_strdup(from->v[i].key), x_strdup(from->v[i].value));
}

/* pairs_equal - the same keys with the same values */
bool
pairs_equal(const struct pairs *a, const struct pairs *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->v[i].key, b->v[i].key) != 0 ||
		    strcmp(a->v[i].value, b->v[i].value) != 0)
			return false;
	return true;
}

/* pairs_from - of a body's data */
void
pairs_from(struct pairs *p, struct json_object *o)
{
	json_object_object_foreach(o, key, value)
		if (json_object_is_type(value, json_type_string))
			pairs_add(p, x_strdup(key), x_strdup(json_object_get_string(value)));
}

/* add_quoted - a text as a JSON string; json-c would keep a copy that nobody wipes */
static enum rc
add_quoted(struct buf *out, const char *text, struct error *err)
{
	enum rc rc = buf_addstr(out, "\"", err);

	for (; rc == RC_OK && *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			rc = buf_addf(out, err, "\\%c", *text);
		else if ((unsigned char)*text < ' ')
			rc = buf_addf(out, err, "\\u%04x", (unsigned)(unsigned char)*text);
		else
			rc = buf_add(out, text, 1, err);
	}
	return rc == RC_OK ? buf_addstr(out, "\"", err) : rc;
}

/* pairs_json - see pairs.h */
enum rc
pairs_json(const struct pairs *p, struct buf *out, struct error *err)
{
	enum rc rc = buf_addstr(out, "{", err);

	for (size_t i = 0; i < p->n && rc == RC_OK; i++) {
		if (i > 0)
			rc = buf_addstr(out, ",", err);
		if (rc == RC_OK)
			rc = add_quoted(out, p->v[i].key, err);
		if (rc == RC_OK)
			rc = buf_addstr(out, ":", err);
		if (rc == RC_OK)
			rc = add_quoted(out, p->v[i].value, err);
	}
	return rc == RC_OK ? buf_addstr(out, "}", err) : rc;
}

/* pairs_wipe - nothing of the values stays */
void
pairs_wipe(struct pairs *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].key);
		mem_free_wiped(p->v[i].value);
	}
	free(p->v);
	*p = (struct pairs)PAIRS_INIT;
}
