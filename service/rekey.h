/*
 * rekey.h - every sealed value under the newest key, while the gateway runs.
 *
 * Shapes  in batches, each a transaction; envelopes name their key, so half-done is a good state, and
 *         the same call goes on where one before it was killed
 * Units   none
 * Errors  what keyring_rotate() and store_change() give; a value that does not open (RC_CORRUPT,
 *         RC_NOT_FOUND its key is not in the key file) ends it, what was done stays
 * Owns    nothing
 * Source  DESIGN.md 5
 */
#ifndef SERVICE_REKEY_H
#define SERVICE_REKEY_H

#include <stdint.h>

#include "service/rbac.h"
#include "service/service.h"

#define REKEY_BATCH 100			/* secrets that one transaction seals anew */

struct rekey {
	uint32_t	key_id;		/* the key that seals now */
	bool		added;		/* it was made for this; else a rekey before us had made it */
	size_t		done, total;	/* secrets */
	/* MAY. After the transaction that sealed it */
	void		(*each)(void *arg, const struct rekey *r, const char *secret);
	void		*arg;
};

/* rekey_run - fills the facts as it goes. A new key is made only where no value waits for the active
   one: what was interrupted is finished first */
enum rc rekey_run(struct service *svc, const struct caller *c, struct rekey *r, struct error *err);

#endif
