/* outside.c - the wants of a batch */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/outside.h"

static const struct pairs nothing = PAIRS_INIT;

/* same_place - of the same secret at the same backend */
static bool
same_place(const struct outside_want *w, const char *backend_id, const char *secret)
{
	return strcmp(w->backend_id, backend_id) == 0 && strcmp(w->secret, secret) == 0;
}

/* outside_ask - see outside.h */
int64_t
outside_ask(struct outside *r, enum outside_op op, const char *backend_id, const char *secret,
    const struct pairs *data)
{
	struct outside_want *w;

	if (data == NULL)
		data = &nothing;
	for (size_t i = 0; i < r->ndone; i++) {
		const struct outside_want *done = r->done[i].want;

		if (done->op == op && same_place(done, backend_id, secret) &&
		    pairs_equal(&done->data, data))
			return r->done[i].version;
	}
	r->wants = x_realloc(r->wants, (r->nwants + 1) * sizeof(*r->wants));
	w = &r->wants[r->nwants++];
	*w = (struct outside_want){ op, x_strdup(backend_id), x_strdup(secret), PAIRS_INIT };
	pairs_copy(&w->data, data);
	return -1;
}

/* outside_release - whether it was done or not */
void
outside_release(struct outside *r)
{
	for (size_t i = 0; i < r->nwants; i++) {
		free(r->wants[i].backend_id);
		free(r->wants[i].secret);
		pairs_wipe(&r->wants[i].data);
	}
	free(r->wants);
	*r = (struct outside)OUTSIDE_INIT;
}
