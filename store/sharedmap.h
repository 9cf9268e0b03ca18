/*
 * sharedmap.h - a file of the state directory as memory that all processes share.
 *
 * Shapes  a file of fixed size that begins with 8 bytes of magic: blank bytes are a new one, another
 *         magic is another version's or nobody's. A file that is cut short while it is mapped is made
 *         whole again, blank from there on. Locks on places of it: filelock.h
 * Units   bytes
 * Errors  sharedmap_open(): RC_NO_SPACE, RC_UNAVAILABLE, RC_IO; RC_CORRUPT for a file of another magic
 *         that shall be kept
 * Owns    name is borrowed; sharedmap_close() unmaps, and lets go of every lock. Never fork while it is open
 * Source  DESIGN.md 4; posix_fallocate(3): a sparse page is SIGBUS on a full disk
 */
#ifndef STORE_SHAREDMAP_H
#define STORE_SHAREDMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rc.h"
#include "store/statedir.h"

#define SHAREDMAP_MAGIC 8		/* bytes at the beginning of the file */

struct sharedmap {
	void		*p;		/* NULL: not open */
	size_t		 size;
	int		 fd;		/* -1: memory of this process alone */
	const char	*name;
};

enum sharedmap_other { SHAREDMAP_REPLACE, SHAREDMAP_KEEP };	/* a file of another magic */

enum rc sharedmap_open(struct sharedmap *m, const struct statedir *d, const char *name,
    const char magic[SHAREDMAP_MAGIC], size_t size, enum sharedmap_other other, struct error *err);

/* sharedmap_private - where there is no file to be had: memory of this process alone */
void sharedmap_private(struct sharedmap *m, size_t size);
void sharedmap_close(struct sharedmap *m);

/* sharedmap_lost - someone deleted the file, or put another in its place: what we do, no other sees */
bool sharedmap_lost(const struct sharedmap *m, const struct statedir *d);

#endif
