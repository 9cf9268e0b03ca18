/*
 * path.h - which path of ours does a request mean, wherever the web server has mounted us.
 *
 * Shapes  the application path begins with '/' ("/v1/models"); prefix is what the client writes
 *         before it ("/llm"), both as they came, percent-encoded unless encoded is false
 * Units   bytes
 * Errors  false: not a path of ours, or a form that we refuse (404)
 * Owns    path_release() frees; texts returned by the others are the caller's
 * Source  API.md, Mounting; RFC 3986 2.1; RFC 3875 4.1
 */
#ifndef FCGI_PATH_H
#define FCGI_PATH_H

#include <stdbool.h>
#include <stddef.h>

struct path_params {			/* what the web server says; NULL: nothing */
	const char	*request_uri;	/* raw, with the query */
	const char	*script_name;	/* decoded */
	const char	*path_info;	/* decoded */
	const char	*base_path;	/* ours, from the configuration */
};

struct path {
	char	*text;
	char	*prefix;
	bool	 encoded;
};

#define PATH_INIT { NULL, NULL, false }

/* path_resolve - out is written only on true */
bool path_resolve(const struct path_params *in, struct path *out);
void path_release(struct path *p);

/* path_meant - what a path that we refuse was meant to be: no way to serve it, but its family says
   which shape the refusal has. Owned by the caller; "": nothing of ours */
char *path_meant(const struct path_params *in);

/* path_below - is path the root ("/v1"), or below it */
bool path_below(const char *path, const char *root);

/*
 * path_decode - a piece of a path as text: percent-decoded where it is encoded, valid UTF-8,
 * without NUL, not "." or ".."; slash: it may hold '/'. NULL when it is no such text.
 */
char *path_decode(const char *p, size_t len, bool encoded, bool slash);

/* path_query - the first parameter of that name, decoded ('+' is a blank); NULL: none, or broken */
char *path_query(const char *query, const char *name);

#endif
