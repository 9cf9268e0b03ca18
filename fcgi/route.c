/* route.c - match a path and a method against the rows */
#include <stdlib.h>
#include <string.h>

#include "fcgi/route.h"

static const char *const names[] = {
	[GET] = "GET", [HEAD] = "HEAD", [POST] = "POST", [PUT] = "PUT", [DELETE] = "DELETE",
	[OPTIONS] = "OPTIONS", [METHOD_OTHER] = "other", [METHOD_ANY] = "any",
};

/* method_find - by name; methods are case-sensitive (RFC 9110 9.1) */
enum method
method_find(const char *name)
{
	for (enum method m = GET; name != NULL && m < METHOD_OTHER; m++)
		if (strcmp(name, names[m]) == 0)
			return m;
	return METHOD_OTHER;
}

/* method_name - for the log and for Allow */
const char *
method_name(enum method m)
{
	return names[m];
}

/* match - does the path fit; the free piece into *arg */
static bool
match(const char *pattern, const struct path *p, char **arg)
{
	const char *text = p->text;
	size_t n = strcspn(pattern, ":*"), len;
	bool rest = pattern[n] == '*';

	*arg = NULL;
	if (pattern[n] == '\0')
		return strcmp(pattern, text) == 0;
	if (strncmp(pattern, text, n) != 0)
		return false;
	text += n;
	len = rest ? strlen(text) : strcspn(text, "/");
	if (!rest && strcmp(text + len, pattern + n + strcspn(pattern + n, "/")) != 0)
		return false;
	*arg = path_decode(text, len, p->encoded, rest);
	return *arg != NULL;
}

/* route_find - the row of a request */
const struct route *
route_find(const struct route *rows, enum method m, const struct path *p, char **arg,
    unsigned *allow)
{
	enum method wanted = m == HEAD ? GET : m;

	*allow = 0;
	for (const struct route *row = rows; row->path != NULL; row++) {
		if (!match(row->path, p, arg))
			continue;
		if (row->method == wanted || (row->method == METHOD_ANY && *allow == 0))
			return row;
		free(*arg);
		if (row->method != METHOD_ANY)
			*allow |= 1u << row->method;
	}
	*arg = NULL;
	return NULL;
}

/* route_allow - the list of methods */
void
route_allow(unsigned allow, char out[ROUTE_ALLOW_MAX])
{
	size_t n = 0;

	if (allow & (1u << GET))
		allow |= 1u << HEAD;
	out[0] = '\0';
	for (enum method m = GET; m < METHOD_OTHER; m++) {
		size_t len = strlen(names[m]);

		if (!(allow & (1u << m)) || n + len + 3 > ROUTE_ALLOW_MAX)
			continue;
		if (n > 0) {
			memcpy(out + n, ", ", 2);
			n += 2;
		}
		memcpy(out + n, names[m], len + 1);
		n += len;
	}
}
