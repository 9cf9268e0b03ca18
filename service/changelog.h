/*
 * changelog.h - the audit lines of a change of the catalogue, safe while it is committed.
 *
 * Shapes  one struct a change: begun before it is planned; each run of the plan says what it will do;
 *         ended by what became of it. Where the process dies in between, the store tells whoever looks
 *         next whether it was committed, and the lines are written then. Of one change CHANGELOG_SLOTS
 *         lines are safe so, the others once they are written
 * Units   none
 * Errors  none: the change stands, whatever becomes of its lines
 * Owns    changelog_end() gives all of it back
 * Source  API.md 3 "Audit"
 */
#ifndef SERVICE_CHANGELOG_H
#define SERVICE_CHANGELOG_H

#include "service/rbac.h"
#include "service/service.h"

#define CHANGELOG_SLOTS	256		/* of INFLIGHT_SLOTS; the others are for calls */

struct changelog_line {
	const char		*action, *resource;	/* words of the program */
	char			*name;
	struct auditline	*slot;		/* NULL: not about to be committed, or none was free */
};

struct changelog {
	struct service		*svc;
	const struct caller	*caller;
	struct changelog_line	*v;
	size_t			 n;
};

/* changelog_begin - what earlier ones are owed first; caller is borrowed */
void changelog_begin(struct changelog *c, struct service *svc, const struct caller *caller);

/* changelog_plan - the plan begins, perhaps anew */
void changelog_plan(struct changelog *c, struct batch *b);

/* changelog_will - resource is the kind's plural */
void changelog_will(struct changelog *c, const char *action, const char *resource, const char *name);

/* changelog_forget - nothing was changed, or it was only rehearsed */
void changelog_forget(struct changelog *c);

/* changelog_end - RC_OK, RC_UNKNOWN (in the store, not yet visible): one line each; else none. True: there
   are lines */
bool changelog_end(struct changelog *c, enum rc rc);

#endif
