/*
 * apply.h - many objects as one change: all of them, or none.
 *
 * Shapes  an item is a body to be created or laid over what is there, or (body NULL) an object that
 *         shall not be. Items are tried in their order, and those that failed again as long as
 *         others succeed: an alias may move from one Llm to another, whichever stands first
 * Units   none
 * Errors  RC_INVALID: some items failed, each says why, and nothing was changed; RC_TOO_LARGE; what
 *         store_change() gives
 * Owns    apply_release() frees what came out; bodies and names are borrowed
 * Source  CLI.md, "apply"
 */
#ifndef SERVICE_APPLY_H
#define SERVICE_APPLY_H

#include <stdbool.h>

#include "base/fault.h"
#include "service/rbac.h"
#include "service/service.h"

struct json_object;

enum apply_outcome {
	APPLY_CREATED,
	APPLY_CONFIGURED,
	APPLY_UNCHANGED,
	APPLY_DELETED,
	APPLY__MAX
};
extern const char *const apply_outcomes[APPLY__MAX];	/* "created" ... */

struct apply_item {
	const struct kind	*kind;
	const char		*name;
	struct json_object	*body;		/* NULL: delete it */
	/* out */
	enum rc			 rc;
	char			*why;		/* rc is not RC_OK and there are no faults */
	struct faults		 faults;
	enum apply_outcome	 outcome;
	struct json_object	*view;		/* as it is then; NULL: deleted, or only stated */
};

/* catalogue_apply - rehearse: say what would be, change nothing */
enum rc catalogue_apply(struct service *svc, const struct caller *c, struct apply_item *items,
    size_t n, bool rehearse, struct error *err);
void apply_release(struct apply_item *items, size_t n);

/*
 * apply_stated - a document that only states what there is: an mcptoken, which create alone can
 * make, or a secret with `keys` and no `data`, as it comes out. true: *faults say where view (NULL:
 * there is none) differs; nothing is to be changed. false: it is a body like any other
 */
bool apply_stated(const struct kind *k, struct json_object *body, struct json_object *view,
    struct faults *faults);

#endif
