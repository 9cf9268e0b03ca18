/*
 * relay.h - an engine before another one, that fails as it is told.
 *
 * Shapes  set the members after the store was opened on &relay->kv
 * Units   none
 * Errors  those that the test wants
 * Owns    kv_close(&relay->kv), and with it the inner engine where it is told so
 * Source  tests only
 */
#ifndef TESTS_UNIT_RELAY_H
#define TESTS_UNIT_RELAY_H

#include <stdbool.h>

#include "store/kv.h"

struct relay {
	struct kv	 kv;
	struct kv	*inner;
	bool		 owns;		/* closes the inner one */
	enum rc		 range_rc;	/* not RC_OK: what range() answers */
	int		 unknown;	/* txns that are applied, but said to be RC_UNKNOWN */
	enum rc		 repeat_rc;	/* what txns after the first answer; RC_OK: as is */
	int		 overtakes;	/* txns before which somebody else changes the catalogue */
	bool		 wiped;		/* the generation is 0, as in a page that was wiped */
	int		 txns, ranges;
	char		 op_ids[2][KV_OP_ID_MAX];
};

struct relay *relay_new(struct kv *inner, bool owns_inner);

/* overtake - write the key that every change writes */
void overtake(struct kv *inner);

#endif
