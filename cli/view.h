/*
 * view.h - what an object looks like in a table.
 *
 * Shapes  per kind a row of columns; a cell is text made from one API object, "-" where it has none
 * Units   none
 * Errors  none
 * Owns    view_cell()'s text is the caller's
 * Source  CLI.md
 */
#ifndef CLI_VIEW_H
#define CLI_VIEW_H

#include <stdbool.h>

struct json_object;
struct kind;

struct column {
	const char	*header;	/* NULL ends a row of columns */
	const char	*member;	/* a scalar or a list of scalars; given to text() too */
	char		*(*text)(struct json_object *value);	/* NULL: the value as it is */
	bool		 wide;		/* only with -o wide */
};

/* view_columns - the columns of a kind, ended by header NULL */
const struct column *view_columns(const struct kind *k);

char *view_cell(const struct column *c, struct json_object *object);

/* view_scalar - a value as text: strings bare, the rest as JSON, "-" for null and "" */
char *view_scalar(struct json_object *value);

/* view_list - scalars with commas between them */
char *view_list(struct json_object *value);

/* view_key_ref - {"name","key"} as secret://NAME/KEY */
char *view_key_ref(struct json_object *value);

/* view_bindings - "edit:llms,run:llms:claude,run:migrate-secrets" */
char *view_bindings(struct json_object *value);

/* view_expiry - a time, or "never" */
char *view_expiry(struct json_object *value);

#endif
