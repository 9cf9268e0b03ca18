/*
 * lastused.h - when each token was last used: beside the catalogue, for a request never writes that.
 *
 * Shapes  the file "lastused" of the state directory, mapped by every process: slots of 64 bits, a
 *         fingerprint of the token's id beside a time, each read and written at once. A process that
 *         dies on any line leaves every slot whole
 * Units   wall ms in the interface, seconds in the file; LASTUSED_SLOTS tokens at most, what is more
 *         is not noted. The slot of a token that was deleted is taken over when its place is needed
 * Errors  lastused_open(): RC_NO_SPACE, RC_UNAVAILABLE, RC_IO; RC_CORRUPT for a file that is not ours.
 *         The file is allocated as a whole: a full disk can't hit a reader or a writer later
 * Owns    lastused_close() frees; NULL is fine everywhere, and knows nothing
 * Source  API.md 2 (McpToken), posix_fallocate(3)
 */
#ifndef STORE_LASTUSED_H
#define STORE_LASTUSED_H

#include "store/table.h"

#define LASTUSED_SLOTS 65536

struct lastused;
struct statedir;

enum rc lastused_open(const char *dir, struct lastused **out, struct error *err);
void lastused_close(struct lastused *l);
bool lastused_lost(const struct lastused *l, const struct statedir *d);	/* sharedmap_lost() */

/* lastused_touch - the token was used now; any thread. The table tells which tokens there are */
void lastused_touch(struct lastused *l, const struct table *t, const char *token_id,
    int64_t now_ms);

/* lastused_at - when, to the second; 0: never, or not known */
int64_t lastused_at(const struct lastused *l, const char *token_id);

#endif
