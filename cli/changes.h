/*
 * changes.h - the objects of a manifest, made so: all at once on the store, one by one on a server.
 *
 * Shapes  a row a change; deletions of --prune stand behind the documents, dependents first
 * Units   none
 * Errors  faults name file and line; on a server the first refusal stops, and changes_run() leaves
 *         in `done` how many were made before
 * Owns    changes_release() frees; the manifest is borrowed
 * Source  CLI.md, "apply"
 */
#ifndef CLI_CHANGES_H
#define CLI_CHANGES_H

#include "cli/manifest.h"
#include "service/apply.h"

struct program;
struct transport;

struct changes {
	const struct manifest	*manifest;
	struct apply_item	*v;		/* the first manifest->n are the manifest's, in its order */
	size_t			 n;
	size_t			 done;		/* of v, from its beginning */
	/* MAY. Called for each that is done; on a server as soon as it is */
	void			(*each)(void *arg, const struct apply_item *item);
	void			*arg;
	char			**names;	/* of the ones to be deleted */
	size_t			 nnames;
};

/* changes_plan - prune: what is there, of the kinds that the files speak of, and not in them, goes.
   Tokens never do, files can't make them; nor does the backend that is the default */
enum rc changes_plan(struct changes *c, const struct manifest *m, struct transport *t, bool prune,
    struct error *err);

/* changes_check - for a manifest that has faults: p's faults are then all that can be known without a
   change. RC_OK whatever was found; else what kept it from looking */
enum rc changes_check(struct changes *c, struct program *p, struct transport *t, struct error *err);

/* changes_run - rehearse: change nothing, only say. RC_INVALID comes with p's faults */
enum rc changes_run(struct changes *c, struct program *p, struct transport *t, bool rehearse,
    struct error *err);
void changes_release(struct changes *c);

#endif
