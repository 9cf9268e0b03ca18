/*
 * query.h - the parameters of a URL, as a table of what is taken.
 *
 * Shapes  one row a parameter; a value is decoded text, NULL where it is not given
 * Units   none
 * Errors  RC_INVALID: a parameter that is unknown, given twice, or not valid text
 * Owns    query_release() frees the values
 * Source  API.md 2
 */
#ifndef FCGI_QUERY_H
#define FCGI_QUERY_H

#include "base/rc.h"

struct query_row {
	const char	*name;
	char		*value;		/* out */
};

/* query_read - rows end with name NULL; released also after an error */
enum rc query_read(const char *query, struct query_row *rows, struct error *err);
void query_release(struct query_row *rows);

#endif
