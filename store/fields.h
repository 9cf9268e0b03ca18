/*
 * fields.h - read a body member by member; what is wrong becomes a fault.
 *
 * Shapes  at is the path of the object in the body ("apiKeyRef"), "" for the body itself
 * Units   paths are at most FIELD_PATH_MAX bytes with the NUL, longer ones are cut
 * Errors  faults only. A reader returns true when the member is there and good, and only then
 *         writes *out; absent is false without a fault
 * Owns    what readers give is borrowed from the object; texts set here are freed by their record
 * Source  API.md 2
 */
#ifndef STORE_FIELDS_H
#define STORE_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"		/* struct strings */
#include "base/fault.h"

#define FIELD_PATH_MAX		256	/* bytes */
#define DESCRIPTION_MAX		500	/* characters */

struct json_object;

/* field_path - "at.name", or name alone at the top; returns room */
const char *field_path(char room[FIELD_PATH_MAX], const char *at, const char *name);

/* fields_known - a fault for every member that is not in names (ends with NULL) */
void fields_known(struct json_object *o, const char *at, const char *const *names,
    struct faults *f);

/* field_null - the member is there, and null */
bool field_null(struct json_object *o, const char *name);

bool field_text(struct json_object *o, const char *at, const char *name, struct faults *f,
    const char **out);
bool field_bool(struct json_object *o, const char *at, const char *name, struct faults *f,
    bool *out);
bool field_int(struct json_object *o, const char *at, const char *name, int64_t min, int64_t max,
    struct faults *f, int64_t *out);
bool field_object(struct json_object *o, const char *at, const char *name, struct faults *f,
    struct json_object **out);
bool field_list(struct json_object *o, const char *at, const char *name, struct faults *f,
    struct json_object **out);

/* item_text - a list's item as text, or NULL and a fault at path */
const char *item_text(struct json_object *item, const char *path, struct faults *f);

/* field_description - lay "description" over *slot; null empties it */
void field_description(struct json_object *body, struct faults *f, char **slot);

/* text_set - a copy of text instead of what *slot held */
void text_set(char **slot, const char *text);

/* text_visible - only visible ASCII: no blanks, no control characters */
bool text_visible(const char *text);

/* text_field - the value of a header (RFC 9110 5.5): visible ASCII, and blanks inside */
bool text_field(const char *text);

/* text_json - JSON text of a record, which was checked when it came in; owned by the caller */
struct json_object *text_json(const char *text);

void strings_add(struct strings *s, const char *text);
bool strings_have(const struct strings *s, const char *text);
void strings_release(struct strings *s);

#endif
