/* if_match.c - parse If-Match */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/if_match.h"

/* never - a tag that none of our versions has */
static enum rc
never(const char *text, struct error *err)
{
	return error_set(err, RC_PRECONDITION, "If-Match: %s is no version of this object", text);
}

/* if_match_parse - a number, in quotes or not */
enum rc
if_match_parse(const char *text, int64_t *version, struct error *err)
{
	const char *digits = text;
	char *end;
	long long n;

	if (text == NULL || strcmp(text, "*") == 0) {
		*version = text == NULL ? 0 : -1;
		return RC_OK;
	}
	if (strncmp(text, "W/\"", 3) == 0)
		return never(text, err);
	if (*digits == '"')
		digits++;
	errno = 0;
	n = strtoll(digits, &end, 10);
	if (!isdigit((unsigned char)*digits) || strcmp(end, *text == '"' ? "\"" : "") != 0)
		return error_set(err, RC_INVALID, "If-Match must be one version (\"3\") or *");
	if (n == 0 || errno == ERANGE)
		return never(text, err);
	*version = n;
	return RC_OK;
}
