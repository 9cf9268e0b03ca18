/*
 * output.h - objects on stdout, in the format that was asked for.
 *
 * Shapes  table and wide (columns of view.h), json (pretty), yaml (documents that apply takes
 *         back), name ("llm/claude", a line each)
 * Units   none
 * Errors  RC_IO from YAML; other failed writes stand in ferror(stdout) until the end of main
 * Owns    nothing
 * Source  CLI.md
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "cli/program.h"
#include "cli/transport.h"
#include "cli/view.h"

/* output_list - many objects of one kind, none being a note on stderr; JSON: an array */
enum rc output_list(const struct program *p, const struct kind *k, struct json_object *list,
    struct error *err);

/* output_object - one; JSON: the object */
enum rc output_object(const struct program *p, const struct kind *k, struct json_object *object,
    struct error *err);

/* output_all - lists by kind, in the order of enum resource, NULL for the ones that there are not.
   JSON: one object of lists, as apply takes it */
enum rc output_all(const struct program *p, struct json_object *const *lists, struct error *err);

/* output_text - one object as YAML, with its kind, owned by the caller */
enum rc output_text(const struct kind *k, struct json_object *o, char **out, struct error *err);

/* output_data - any value as JSON or YAML; *done is false where -o asks for neither */
enum rc output_data(const struct program *p, struct json_object *o, bool *done,
    struct error *err);

/* output_answer - ask a question that takes no more than itself, and show what was answered: as JSON or
   YAML where -o asks for it, else by print() */
enum rc output_answer(struct program *p, enum ask what, void (*print)(struct json_object *o),
    struct error *err);

/* output_rows - the rows of a report, which are no objects of the catalogue: columns as in view.h */
enum rc output_rows(const struct program *p, const struct column *columns,
    struct json_object *list, struct error *err);

/* output_result - one object more in a list of what became of many: {"kind", "name", "result"} */
void output_result(struct json_object *list, const struct kind *k, const char *name,
    const char *result);

/* output_done - what became of an object: "llm 'x' created (id: ...)", or the object itself where
   -o asks for name, json or yaml; detail may be NULL */
enum rc output_done(const struct program *p, const struct kind *k, struct json_object *object,
    const char *verb, const char *detail, struct error *err);

#endif
