/* scalar.c - null, true, 12, 0x1f, 1e3, or text */
#include <ctype.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "cli/scalar.h"

/* one_of - is the text a word of the list, which ends with NULL */
static bool
one_of(const char *text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcmp(text, *words) == 0)
			return true;
	return false;
}

/* based - 0x1f, 0o17 */
static const char *
based(const char *digits, int base, struct json_object **out)
{
	long long n;
	char *end;

	errno = 0;
	n = strtoll(digits, &end, base);
	if (errno != 0)
		return "the number is too large";
	*out = json_object_new_int64(n);
	return NULL;
}

/* is_decimal - a number as the core schema has it */
static bool
is_decimal(const char *text)
{
	const char *p = text + (*text == '-' || *text == '+');
	size_t before = strspn(p, "0123456789"), after = 0;

	p += before;
	if (*p == '.') {
		after = strspn(p + 1, "0123456789");
		p += 1 + after;
	}
	if (before + after == 0)
		return false;
	if (*p == 'e' || *p == 'E') {
		p += 1 + (p[1] == '-' || p[1] == '+');
		if (!isdigit((unsigned char)*p))
			return false;
		p += strspn(p, "0123456789");
	}
	return *p == '\0';
}

/* decimal - as JSON writes it: no plus, digits on both sides of the point. The text of the number
   stays as it is otherwise */
static const char *
decimal(const char *text, struct json_object **out)
{
	bool minus = *text == '-';
	const char *digits = text + (minus || *text == '+'), *point = strchr(digits, '.');
	char *json;
	enum rc rc;

	if (digits[0] == '0' && isdigit((unsigned char)digits[1]))
		return "a number with a leading zero: quote it if it is text, or leave the zero out";
	json = x_asprintf("%s%s%.*s%s%s", minus ? "-" : "", *digits == '.' ? "0" : "",
	    (int)(point != NULL ? point + 1 - digits : (ptrdiff_t)strlen(digits)), digits,
	    point != NULL && !isdigit((unsigned char)point[1]) ? "0" : "",
	    point != NULL ? point + 1 : "");
	rc = jsonx_parse(json, strlen(json), JSONX_DEPTH, out, NULL);
	free(json);
	return rc == RC_OK ? NULL : "the number is too large";
}

/* scalar_json - see scalar.h */
const char *
scalar_json(const char *text, size_t len, struct json_object **out)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
	static const char *const trues[] = { "true", "True", "TRUE", NULL };
	static const char *const falses[] = { "false", "False", "FALSE", NULL };
	static const char *const never[] = { ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "-.inf",
		"-.Inf", "-.INF", "+.inf", "+.Inf", "+.INF", NULL };

	*out = NULL;
	if (one_of(text, nulls))
		return NULL;
	if (one_of(text, trues) || one_of(text, falses)) {
		*out = json_object_new_boolean(one_of(text, trues));
		return NULL;
	}
	if (one_of(text, never))
		return "this number can't be stored: quote it if it is text";
	if (strncmp(text, "0x", 2) == 0 && len > 2 &&
	    text[2 + strspn(text + 2, "0123456789abcdefABCDEF")] == '\0')
		return based(text + 2, 16, out);
	if (strncmp(text, "0o", 2) == 0 && len > 2 &&
	    text[2 + strspn(text + 2, "01234567")] == '\0')
		return based(text + 2, 8, out);
	if (is_decimal(text))
		return decimal(text, out);
	*out = json_object_new_string_len(text, (int)len);
	return NULL;
}
