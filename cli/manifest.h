/*
 * manifest.h - what `apply -f` and `diff -f` are given: objects of the catalogue in files.
 *
 * Shapes  a document is an object with `kind:`, or lists by kind (secrets: llms: ...), or a list of
 *         objects with `kind:`. A file, "-" for stdin, or a directory: its *.yaml, *.yml and *.json,
 *         in the order of their names, no deeper
 * Units   MANIFEST_MAX bytes in all
 * Errors  faults, every one of every file: their path is "FILE:LINE", or the file that can't be read.
 *         What has faults is among the items all the same, as far as it can be told what it is: the
 *         rest of what is wrong with it is still to be found
 * Owns    manifest_release() frees and wipes
 * Source  CLI.md, "apply"
 */
#ifndef CLI_MANIFEST_H
#define CLI_MANIFEST_H

#include "cli/document.h"
#include "store/record.h"

#define MANIFEST_MAX	(32 << 20)	/* bytes of all files together */
#define MANIFEST_STDIN	"-"

struct manifest_item {
	size_t			 order;		/* among all items, as they were read */
	const struct kind	*kind;
	struct json_object	*body;		/* without its "kind" */
	const char		*name;		/* of the body; NULL: it has none that is text */
	bool			 named;		/* and the name can be one */
	const char		*file;
	size_t			 document;	/* in which it stands */
	char			*path;		/* where in the document: "llms[2]", or "" */
};

struct manifest {
	struct manifest_item	*v;		/* in the order in which they depend on each other */
	size_t			 n;
	size_t			 named;		/* the first of v, those that are */
	struct documents	 docs;
	char			**files;
	size_t			 nfiles;
	size_t			 bytes;
	bool			 mentions[RESOURCE__STORED];	/* kinds that are spoken of */
	bool			 lost;		/* some file, or a piece of one, can't be read */
	struct json_object	*strays;	/* {name: null} of objects whose kind is none */
};

#define MANIFEST_INIT { .docs = DOCUMENTS_INIT }

/* manifest_read - of one -f; may be called again for another */
void manifest_read(struct manifest *m, const char *path, struct faults *faults);

/* manifest_finish - after the last one: names, duplicates, order; whether there is anything at all */
void manifest_finish(struct manifest *m, struct faults *faults);

/* manifest_speaks - may the object be in the files: it is, or what can't be told might be it */
bool manifest_speaks(const struct manifest *m, const struct kind *k, const char *name);

/* manifest_sort - what was found, by the order of the files and lines, each thing once */
void manifest_sort(const struct manifest *m, struct faults *faults);

void manifest_release(struct manifest *m);

/* manifest_fault - of an item, at a path in its body: "FILE:LINE: llm/claude: url: ...". Nothing where
   the value there was told to be none */
void manifest_fault(const struct manifest *m, const struct manifest_item *item, const char *path,
    const char *message, struct faults *faults);

#endif
