/*
 * scrub.h - take every secret of a call out of a text before it leaves.
 *
 * Shapes  each secret is looked for as it is, base64 (with its three alignments) and base64url;
 *         each of these percent-encoded too (whole or in part, either case of hex), or with the
 *         escapes of JSON; found ones become "***", overlapping ones a single one
 * Units   secrets shorter than SCRUB_MIN bytes are left alone: they would eat ordinary text
 * Errors  none
 * Owns    scrub_release() wipes and frees
 * Source  API.md 3: "scrubbed of every secret of this call"
 */
#ifndef ADAPTERS_SCRUB_H
#define ADAPTERS_SCRUB_H

#include <stddef.h>

#include "base/buf.h"

#define SCRUB_MIN 3			/* bytes; of "***" too, which takes their place */

struct scrub {
	char	**v;			/* the forms of every secret, longest first */
	size_t	  n;
};

#define SCRUB_INIT { NULL, 0 }

void scrub_add(struct scrub *s, const char *secret);

/* scrub_text - in place: the text only gets shorter or stays ("***" is never longer) */
void scrub_text(const struct scrub *s, char *text);

/* scrub_found - does the text hold one (to drop a header altogether) */
int scrub_found(const struct scrub *s, const char *text);
void scrub_release(struct scrub *s);

#endif
