/* path.c - the application path out of what seven web server set-ups tell (API.md, Mounting) */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "fcgi/path.h"

/* what every path of ours begins with */
static const char *const roots[] = { "/api/v1", "/v1", "/healthz", "/readyz", "/metrics", NULL };

/* decode_one - the byte at p and how many characters stand for it; 0 for a broken escape */
static size_t
decode_one(const char *p, size_t len, bool encoded, char *out)
{
	int high, low;

	*out = *p;
	if (!encoded || *p != '%')
		return 1;
	if (len < 3 || (high = hex_digit(p[1])) < 0 || (low = hex_digit(p[2])) < 0)
		return 0;
	*out = (char)(high * 16 + low);
	return 3;
}

/* valid_text - UTF-8 throughout */
static bool
valid_text(const char *p, size_t len)
{
	for (size_t n; len > 0; p += n, len -= n)
		if ((n = utf8_len(p, len)) == 0)
			return false;
	return true;
}

/* path_decode - one segment, or the rest of a path */
char *
path_decode(const char *p, size_t len, bool encoded, bool slash)
{
	char *text = x_malloc(len + 1);
	size_t n = 0, step;

	for (size_t i = 0; i < len; i += step) {
		step = decode_one(p + i, len - i, encoded, &text[n]);
		if (step == 0 || text[n] == '\0' || (text[n] == '/' && !slash))
			goto refused;
		n++;
	}
	text[n] = '\0';
	if (n > 0 && valid_text(text, n) && strcmp(text, ".") != 0 && strcmp(text, "..") != 0)
		return text;
refused:
	free(text);
	return NULL;
}

/* needless - an escape of what needs none: only someone who hides something writes it */
static bool
needless(char c)
{
	return isalnum((unsigned char)c) || (c != '\0' && strchr("-._~/", c) != NULL);
}

/* skip_any - what follows prefix (decoded text) in a path that may be encoded; NULL: another */
static const char *
skip_any(const char *path, bool encoded, const char *prefix, bool needless_too)
{
	size_t step;
	char c;

	while (*prefix != '\0') {
		if (*path == '\0' || (step = decode_one(path, strlen(path), encoded, &c)) == 0 ||
		    c != *prefix || (step > 1 && !needless_too && needless(c)))
			return NULL;
		path += step;
		prefix++;
	}
	return path;
}

/* skip_decoded - the same, of a path that hides nothing there */
static const char *
skip_decoded(const char *path, bool encoded, const char *prefix)
{
	return skip_any(path, encoded, prefix, false);
}

/* path_below - does it begin with root, as whole segments */
bool
path_below(const char *path, const char *root)
{
	size_t n = strlen(root);

	return strncmp(path, root, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

/* ours - is it, or is it below, one of the roots */
static bool
ours(const char *path)
{
	for (size_t i = 0; roots[i] != NULL; i++)
		if (path_below(path, roots[i]))
			return true;
	return false;
}

/* forbidden - forms that two parsers would read in two ways */
static bool
forbidden(const char *path, bool encoded)
{
	static const char *const parts[] = { "//", "/./", "/../" };
	size_t n = strlen(path);

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strstr(path, parts[i]) != NULL)
			return true;
	if ((n >= 2 && strcmp(path + n - 2, "/.") == 0) ||
	    (n >= 3 && strcmp(path + n - 3, "/..") == 0))
		return true;
	return encoded && strstr(path, "%00") != NULL;
}

/*
 * script_tail - the path behind SCRIPT_NAME, when that is a prefix in whole segments. lighttpd,
 * told to give us "/", takes the first segment for the script's name: "/api" and "/v1/llms" is our
 * "/api/v1/llms" (whoever has really mounted us at "/api" sets base_path).
 */
static const char *
script_tail(const char *path, bool encoded, const char *script_name)
{
	static const char api[] = "/api";
	const char *tail = skip_decoded(path, encoded, script_name != NULL ? script_name : "");
	size_t n = sizeof(api) - 1;

	if (tail == NULL || !ours(tail))
		return NULL;
	if ((size_t)(tail - path) >= n && strncmp(tail - n, api, n) == 0 && ours(tail - n))
		return tail - n;
	return tail;
}

/* base_length - bytes of base_path without a trailing '/' */
static size_t
base_length(const char *base_path)
{
	size_t n = strlen(base_path);

	while (n > 0 && base_path[n - 1] == '/')
		n--;
	return n;
}

/* base_tail - the path behind the configured base_path */
static const char *
base_tail(const char *path, bool encoded, const char *base_path)
{
	char *base = x_strndup(base_path, base_length(base_path));
	const char *tail = skip_decoded(path, encoded, base);

	free(base);
	return tail != NULL && *tail == '/' ? tail : NULL;
}

/* info_raw - PATH_INFO as the client wrote it, which is the end of the path unless a rewrite rule made
   another of it; NULL then */
static const char *
info_raw(const char *path, bool encoded, const char *path_info)
{
	for (; *path != '\0'; path++) {
		const char *end = skip_any(path, encoded, path_info, true);

		if (end != NULL && *end == '\0')
			return path;
	}
	return NULL;
}

/* choose - the first candidate that can be ours; *prefix is made */
static const char *
choose(const char *path, bool *encoded, const struct path_params *in, char **prefix)
{
	const char *name = in->script_name != NULL ? in->script_name : "", *tail;

	if (in->base_path != NULL) {
		tail = base_tail(path, *encoded, in->base_path);
	} else {
		tail = script_tail(path, *encoded, in->script_name);
		if (tail == NULL && in->path_info != NULL && ours(in->path_info)) {
			tail = info_raw(path, *encoded, in->path_info);
			if (tail != NULL && (!ours(tail) ||
			    skip_any(path, *encoded, name, true) == tail))
				return NULL;	/* an escape hides what it is, or the mount */
			if (tail == NULL) {
				*prefix = x_strdup(name);
				*encoded = false;
				return in->path_info;
			}
		}
		if (tail == NULL && ours(path))
			tail = path;
	}
	if (tail != NULL)
		*prefix = x_strndup(path, (size_t)(tail - path));
	return tail;
}

/* whole_path - by REQUEST_URI where there is one: PATH_INFO is missing or cut wrong on many hosts */
static char *
whole_path(const struct path_params *in, bool *encoded)
{
	const char *uri = in->request_uri;

	*encoded = uri != NULL && *uri == '/';
	if (*encoded)
		return x_strndup(uri, strcspn(uri, "?#"));
	return x_asprintf("%s%s", in->script_name != NULL ? in->script_name : "",
	    in->path_info != NULL ? in->path_info : "");
}

/* path_resolve - see path.h */
bool
path_resolve(const struct path_params *in, struct path *out)
{
	struct path p = PATH_INIT;
	char *path = whole_path(in, &p.encoded);
	const char *text;

	text = forbidden(path, p.encoded) ? NULL : choose(path, &p.encoded, in, &p.prefix);
	if (text != NULL && forbidden(text, p.encoded))
		text = NULL;
	p.text = x_strdup(text);
	free(path);
	if (p.text == NULL) {
		path_release(&p);
		return false;
	}
	*out = p;
	return true;
}

/* decode_all - every escape that stands for a byte of text; the others stay as they are */
static void
decode_all(char *path)
{
	char *out = path, c;

	for (size_t step; *path != '\0'; path += step) {
		step = decode_one(path, strlen(path), true, &c);
		if (step == 0 || c == '\0') {
			step = 1;
			c = *path;
		}
		*out++ = c;
	}
	*out = '\0';
}

/* squeezed - without empty and dot segments */
static char *
squeezed(const char *path)
{
	char *text = x_malloc(strlen(path) + 2), *out = text;

	for (size_t len; *path != '\0'; path += len) {
		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (len == 2 && path[0] == '.' && path[1] == '.') {
			while (out > text && *--out != '/')
				;
		} else if (len > 0 && (len != 1 || *path != '.')) {
			*out++ = '/';
			memcpy(out, path, len);
			out += len;
		}
	}
	*out = '\0';
	return text;
}

/* path_meant - as the most lenient of servers would read it */
char *
path_meant(const struct path_params *in)
{
	char *path, *plain, *prefix = NULL, *meant;
	bool encoded;

	path = whole_path(in, &encoded);
	if (encoded)
		decode_all(path);
	plain = squeezed(path);
	encoded = false;
	meant = x_strdup(choose(plain, &encoded, in, &prefix));
	free(prefix);
	free(plain);
	free(path);
	return meant != NULL ? meant : x_strdup("");
}

/* path_release - free the texts */
void
path_release(struct path *p)
{
	free(p->text);
	free(p->prefix);
	*p = (struct path)PATH_INIT;
}

/* query_text - one value of a query */
static char *
query_text(const char *p, size_t len)
{
	char *blanks = x_strndup(p, len), *text;

	for (char *at = blanks; (at = strchr(at, '+')) != NULL;)
		*at = ' ';
	text = path_decode(blanks, len, true, true);
	free(blanks);
	return text;
}

/* path_query - "tier=fast&type=openai" */
char *
path_query(const char *query, const char *name)
{
	size_t n = strlen(name), len;

	for (; query != NULL && *query != '\0'; query += len + (query[len] == '&')) {
		len = strcspn(query, "&");
		if (len > n && strncmp(query, name, n) == 0 && query[n] == '=')
			return query_text(query + n + 1, len - n - 1);
	}
	return NULL;
}
