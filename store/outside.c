/* outside.c - the wants of a batch */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/records.h"

/* same_want - but for the version that came of it */
static bool
same_want(const struct outside_want *a, const struct outside_want *b)
{
	return a->op == b->op && strcmp(a->backend, b->backend) == 0 &&
	    strcmp(a->place, b->place) == 0 && strcmp(a->secret, b->secret) == 0 &&
	    pairs_equal(&a->data, &b->data);
}

/* want_release - free one */
static void
want_release(struct outside_want *w)
{
	free(w->backend);
	free(w->place);
	free(w->secret);
	pairs_wipe(&w->data);
}

/* place_of - server and path; the token is the same server's business */
static char *
place_of(const struct openbao_config *c)
{
	return x_asprintf("%s %s %s %s", c->url, c->ns, c->mount, c->path_prefix);
}

/* outside_ask - see outside.h */
int64_t
outside_ask(struct outside *r, enum outside_op op, const struct secretbackend *backend,
    const char *secret, const struct pairs *data)
{
	struct outside_want w = {
		op, x_strdup(backend->r.name), place_of(&backend->bao), x_strdup(secret), PAIRS_INIT
	};

	if (data != NULL)
		pairs_copy(&w.data, data);
	for (size_t i = 0; i < r->ndone; i++)
		if (same_want(r->done[i].want, &w)) {
			want_release(&w);
			return r->done[i].version;
		}
	r->wants = x_realloc(r->wants, (r->nwants + 1) * sizeof(*r->wants));
	r->wants[r->nwants++] = w;
	return -1;
}

/* outside_release - whether it was done or not */
void
outside_release(struct outside *r)
{
	for (size_t i = 0; i < r->nwants; i++)
		want_release(&r->wants[i]);
	free(r->wants);
	*r = (struct outside)OUTSIDE_INIT;
}
