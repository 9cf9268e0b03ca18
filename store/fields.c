/* fields.c - typed reading of what people send */
#include <assert.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "store/fields.h"

static const char *const type_words[] = {
	[json_type_boolean]	= "must be true or false",
	[json_type_int]		= "must be an integer",
	[json_type_object]	= "must be an object",
	[json_type_array]	= "must be a list",
	[json_type_string]	= "must be a string",
};

/* field_path - where in the body; names are the sender's, so a cut must not split a character */
const char *
field_path(char room[FIELD_PATH_MAX], const char *at, const char *name)
{
	int n = snprintf(room, FIELD_PATH_MAX, "%s%s%s", at, at[0] == '\0' ? "" : ".", name);

	if (n >= FIELD_PATH_MAX) {
		size_t end = FIELD_PATH_MAX - 1;

		while (((unsigned char)room[end - 1] & 0xc0) == 0x80)
			end--;
		room[(unsigned char)room[end - 1] >= 0xc0 ? end - 1 : end] = '\0';
	}
	return room;
}

/* listed - is the text in a list that ends with NULL */
static bool
listed(const char *const *names, const char *text)
{
	for (; *names != NULL; names++)
		if (strcmp(*names, text) == 0)
			return true;
	return false;
}

/* fields_known - a misspelt field must not be taken for one that was left out */
void
fields_known(struct json_object *o, const char *at, const char *const *names, struct faults *f)
{
	char path[FIELD_PATH_MAX];

	json_object_object_foreach(o, name, value) {
		(void)value;
		if (!listed(names, name))
			faults_add(f, field_path(path, at, name), "unknown field");
	}
}

/* field_null - there, and null */
bool
field_null(struct json_object *o, const char *name)
{
	return jsonx_has(o, name) && jsonx_get(o, name) == NULL;
}

/* field_get - the member if it is of the type */
static bool
field_get(struct json_object *o, const char *at, const char *name, enum json_type type,
    struct faults *f, struct json_object **out)
{
	char path[FIELD_PATH_MAX];
	struct json_object *value;

	if (!json_object_object_get_ex(o, name, &value))
		return false;
	if (!json_object_is_type(value, type)) {
		faults_add(f, field_path(path, at, name), "%s", type_words[type]);
		return false;
	}
	*out = value;
	return true;
}

/* item_text - the text of a string without NUL in it */
const char *
item_text(struct json_object *item, const char *path, struct faults *f)
{
	const char *text;

	if (!json_object_is_type(item, json_type_string)) {
		faults_add(f, path, "%s", type_words[json_type_string]);
		return NULL;
	}
	text = json_object_get_string(item);
	if (strlen(text) != (size_t)json_object_get_string_len(item)) {
		faults_add(f, path, "must not hold a NUL");
		return NULL;
	}
	return text;
}

/* field_text - a string */
bool
field_text(struct json_object *o, const char *at, const char *name, struct faults *f,
    const char **out)
{
	char path[FIELD_PATH_MAX];
	struct json_object *value;
	const char *text;

	if (!field_get(o, at, name, json_type_string, f, &value))
		return false;
	text = item_text(value, field_path(path, at, name), f);
	if (text != NULL)
		*out = text;
	return text != NULL;
}

/* field_bool - true or false, nothing that resembles them */
bool
field_bool(struct json_object *o, const char *at, const char *name, struct faults *f, bool *out)
{
	struct json_object *value;

	if (!field_get(o, at, name, json_type_boolean, f, &value))
		return false;
	*out = json_object_get_boolean(value);
	return true;
}

/* field_int - an integer in a range */
bool
field_int(struct json_object *o, const char *at, const char *name, int64_t min, int64_t max,
    struct faults *f, int64_t *out)
{
	char path[FIELD_PATH_MAX];
	struct json_object *value;
	int64_t n;

	if (!field_get(o, at, name, json_type_int, f, &value))
		return false;
	n = json_object_get_int64(value);
	if (n < min || n > max) {
		faults_add(f, field_path(path, at, name),
		    "must be %" PRId64 " to %" PRId64, min, max);
		return false;
	}
	*out = n;
	return true;
}

/* field_object - an object */
bool
field_object(struct json_object *o, const char *at, const char *name, struct faults *f,
    struct json_object **out)
{
	return field_get(o, at, name, json_type_object, f, out);
}

/* field_list - a list */
bool
field_list(struct json_object *o, const char *at, const char *name, struct faults *f,
    struct json_object **out)
{
	return field_get(o, at, name, json_type_array, f, out);
}

/* characters - of UTF-8 text: every byte but the continuations */
static size_t
characters(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

/* printable - nothing that could steer a terminal, U+0080 to U+009F neither (0xc2 and 0x80 to 0x9f in
   UTF-8: U+009B is ESC [ to many); lines and tabs are fine */
static bool
printable(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	for (; *p != '\0'; p++)
		if ((*p < 0x20 && *p != '\n' && *p != '\t') || *p == 0x7f ||
		    (p[0] == 0xc2 && p[1] < 0xa0))
			return false;
	return true;
}

/* field_description - free text for people */
void
field_description(struct json_object *body, struct faults *f, char **slot)
{
	const char *text;

	if (field_null(body, "description")) {
		text_set(slot, "");
	} else if (field_text(body, "", "description", f, &text)) {
		if (characters(text) > DESCRIPTION_MAX)
			faults_add(f, "description", "is longer than %d characters",
			    DESCRIPTION_MAX);
		if (!printable(text))
			faults_add(f, "description", "must not hold control characters");
		text_set(slot, text);
	}
}

/* text_set - replace a text */
void
text_set(char **slot, const char *text)
{
	char *copy = x_strdup(text);	/* first: text may be a piece of *slot */

	free(*slot);
	*slot = copy;
}

/* text_visible - 0x21 to 0x7e only */
bool
text_visible(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= 0x20 || *text >= 0x7f)
			return false;
	return true;
}

/* text_field - see fields.h */
bool
text_field(const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || text[0] == ' ' || text[len - 1] == ' ')
		return false;
	for (; *text != '\0'; text++)
		if (*text < 0x20 || *text >= 0x7f)
			return false;
	return true;
}

/* text_json - back from text that we wrote */
struct json_object *
text_json(const char *text)
{
	struct json_object *o = NULL;
	enum rc rc = jsonx_parse(text, strlen(text), JSONX_DEPTH, &o, NULL);

	assert(rc == RC_OK);
	(void)rc;
	return o;
}

/* strings_add - a copy at the end */
void
strings_add(struct strings *s, const char *text)
{
	s->v = x_realloc(s->v, (s->n + 1) * sizeof(*s->v));
	s->v[s->n++] = x_strdup(text);
}

/* strings_have - is it in the list */
bool
strings_have(const struct strings *s, const char *text)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i], text) == 0)
			return true;
	return false;
}

/* strings_release - free the list; it is empty then */
void
strings_release(struct strings *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i]);
	free(s->v);
	*s = (struct strings){ NULL, 0 };
}
