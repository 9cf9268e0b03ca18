/*
 * document.h - YAML and JSON text as values, each of which knows its line.
 *
 * Shapes  one value a document; where its members stand is kept beside it, by the paths that faults
 *         have ("apiKeyRef.name", "roleBindings[2].role")
 * Units   lines from 1; DOCUMENT_DEPTH levels, DOCUMENT_MAX bytes a text; past DOCUMENT_NODES or
 *         DOCUMENT_PATH a member has the line of the nearest one above it that is kept
 * Errors  faults, every one that can be told: their path is "FILE:LINE". Refused are anchors,
 *         aliases, tags, merge keys, keys that are no text, a key twice: what means two things to
 *         two readers. After a document that is no YAML it goes on at the next line of "---"
 * Owns    documents_release() frees and wipes: values of secrets are among them
 * Source  YAML 1.2.2, RFC 8259
 */
#ifndef CLI_DOCUMENT_H
#define CLI_DOCUMENT_H

#include <stdbool.h>

#include "base/fault.h"
#include "base/jsonx.h"

#define DOCUMENT_MAX	(16 << 20)	/* bytes */
#define DOCUMENT_DEPTH	JSONX_DEPTH	/* levels */
#define DOCUMENT_NODES	1000000		/* values of a document whose lines are kept */
#define DOCUMENT_PATH	4096		/* bytes of a member's path that is kept */

struct json_object;

struct position {
	char	*path;
	size_t	 line;
};

struct document {
	struct json_object	*value;
	size_t			 line;
	struct position		*at;
	size_t			 nat;
	char			**bad;		/* paths whose values are none, and that was told */
	size_t			 nbad;
	bool			 cut;		/* its end can't be read: what it lacks isn't known */
};

struct documents {
	struct document	*v;
	size_t		 n;
	bool		 lost;			/* of some text a piece could not be read */
};

#define DOCUMENTS_INIT { NULL, 0, false }

/* documents_read - all of one text, added to d; name is for faults */
void documents_read(struct documents *d, const char *name, const char *text, size_t len,
    struct faults *faults);
void documents_release(struct documents *d);

/* document_line - of a path, or of what is nearest above it */
size_t document_line(const struct document *doc, const char *path);

/* document_bad - was it told already that what stands at a path, or around it, is no value */
bool document_bad(const struct document *doc, const char *path);

/* for the two readers: a document more, a position more, a fault at a line */
struct document *documents_add(struct documents *d, size_t line);
void document_note(struct document *doc, const char *path, size_t line);
void document_fault(struct faults *f, const char *name, size_t line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* document_json - the text as one JSON value; false: it is none, and nothing was done */
bool document_json(struct documents *d, const char *text, size_t len, struct error *err);

#endif
