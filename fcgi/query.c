/* query.c - what a misspelt filter would hide is an error instead */
#include <stdlib.h>
#include <string.h>

#include "fcgi/path.h"
#include "fcgi/query.h"

#define SHOWN_MAX 40			/* bytes of an unknown name in a message */

/* find_row - by the first n bytes of text */
static struct query_row *
find_row(struct query_row *rows, const char *text, size_t n)
{
	for (; rows->name != NULL; rows++)
		if (strlen(rows->name) == n && memcmp(rows->name, text, n) == 0)
			return rows;
	return NULL;
}

/* query_read - a parameter without a value is one that was not given */
enum rc
query_read(const char *query, struct query_row *rows, struct error *err)
{
	size_t len, n;

	for (const char *p = query; p != NULL && *p != '\0'; p += len + (p[len] == '&')) {
		struct query_row *row;

		len = strcspn(p, "&");
		n = strcspn(p, "=&");
		if (len == 0)
			continue;
		if ((row = find_row(rows, p, n)) == NULL)
			return error_set(err, RC_INVALID, "unknown parameter: %.*s",
			    (int)(n < SHOWN_MAX ? n : SHOWN_MAX), p);
		if (row->value != NULL)
			return error_set(err, RC_INVALID, "%s is given twice", row->name);
		if (len <= n + 1)
			continue;
		row->value = path_query(p, row->name);
		if (row->value == NULL)
			return error_set(err, RC_INVALID, "%s is no valid text", row->name);
	}
	return RC_OK;
}

/* query_release - the values */
void
query_release(struct query_row *rows)
{
	for (; rows->name != NULL; rows++) {
		free(rows->value);
		rows->value = NULL;
	}
}
