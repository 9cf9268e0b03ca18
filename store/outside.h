/*
 * outside.h - what a batch needs done at an openbao backend before it may be committed.
 *
 * Shapes  plans have no side effects: where a secret's values are kept elsewhere, the plan only says
 *         what it wants there. service/secrets.c does that between two runs of the plan, with no lock
 *         of the store held, and gives the second run what came of it. A batch with a want that is
 *         not done is refused by store_change()
 * Units   versions are those of the KV engine, from 1
 * Errors  none
 * Owns    outside_release() wipes and frees the wants; what was done is borrowed
 * Source  DESIGN.md 4 and 5, API.md 2
 */
#ifndef STORE_OUTSIDE_H
#define STORE_OUTSIDE_H

#include <stdint.h>

#include "base/pairs.h"

struct secretbackend;

enum outside_op {
	OUTSIDE_CREATE,			/* nothing may be there, or exactly these values */
	OUTSIDE_SET,			/* whatever is there */
	OUTSIDE_DROP,			/* all versions */
};

struct outside_want {
	enum outside_op	 op;
	char		*backend;	/* its name: one that the plan itself makes has a new id each time */
	char		*place;		/* where that is: what was done elsewhere does not count */
	char		*secret;	/* its name */
	struct pairs	 data;
};

struct outside_done {
	const struct outside_want *want;
	int64_t			  version;	/* that holds the values; 0 for OUTSIDE_DROP */
};

struct outside {
	struct outside_want	 *wants;	/* not done yet */
	size_t			  nwants;
	const struct outside_done *done;
	size_t			  ndone;
};

#define OUTSIDE_INIT { NULL, 0, NULL, 0 }

/* outside_ask - the version if exactly this was done (0 for a drop), else -1: it is a want now.
   data is copied; NULL for OUTSIDE_DROP */
int64_t outside_ask(struct outside *r, enum outside_op op, const struct secretbackend *backend,
    const char *secret, const struct pairs *data);
void outside_release(struct outside *r);

#endif
