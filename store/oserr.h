/*
 * oserr.h - errno folded into our codes: the one place in store/ that knows.
 *
 * Shapes  reads errno at the call; the text is "<what>: <strerror>"
 * Units   none
 * Errors  RC_NO_SPACE: ENOSPC, EDQUOT; RC_UNAVAILABLE: not writable, not ours, not there;
 *         RC_BUSY: no descriptor or memory is left;
 *         RC_IO: everything else
 * Owns    nothing
 * Source  errno(3)
 */
#ifndef STORE_OSERR_H
#define STORE_OSERR_H

#include "base/rc.h"

enum rc oserr(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
