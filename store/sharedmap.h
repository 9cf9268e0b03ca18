/*
 * sharedmap.h - a file of the state directory as memory that all processes share, and locks on it.
 *
 * Shapes  a file of fixed size that begins with 8 bytes of magic: blank bytes are a new one, another
 *         magic is another version's or nobody's. A file that is cut short while it is mapped is made
 *         whole again, blank from there on. Locks are on numbered places of the file and
 *         belong to the open file: the kernel takes them from whoever dies, in any pid namespace
 * Units   bytes
 * Errors  sharedmap_open(): RC_NO_SPACE, RC_UNAVAILABLE, RC_IO; RC_CORRUPT for a file of another magic
 *         that shall be kept
 * Owns    sharedmap_close() unmaps, and lets go of every lock. Never fork while it is open
 * Source  DESIGN.md 4; posix_fallocate(3): a sparse page is SIGBUS on a full disk; fcntl(2),
 *         F_OFD_SETLK
 */
#ifndef STORE_SHAREDMAP_H
#define STORE_SHAREDMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rc.h"
#include "store/statedir.h"

#define SHAREDMAP_MAGIC 8		/* bytes at the beginning of the file */

struct sharedmap {
	void	*p;			/* NULL: not open */
	size_t	 size;
	int	 fd;			/* -1: memory of this process alone */
};

enum sharedmap_other { SHAREDMAP_REPLACE, SHAREDMAP_KEEP };	/* a file of another magic */

enum rc sharedmap_open(struct sharedmap *m, const struct statedir *d, const char *name,
    const char magic[SHAREDMAP_MAGIC], size_t size, enum sharedmap_other other, struct error *err);

/* sharedmap_private - where there is no file to be had: memory of this process alone */
void sharedmap_private(struct sharedmap *m, size_t size);
void sharedmap_close(struct sharedmap *m);

enum sharedmap_lock { SHAREDMAP_NONE, SHAREDMAP_SHARED, SHAREDMAP_ALONE };

/* sharedmap_lock - take, change or let go of the lock of a place, without waiting; false: someone has
   it. A change from one kind to the other happens at once or not at all */
bool sharedmap_lock(const struct sharedmap *m, unsigned place, enum sharedmap_lock kind);

/* sharedmap_wait - the same, tried again until the deadline (clock_mono_ms()) */
bool sharedmap_wait(const struct sharedmap *m, unsigned place, enum sharedmap_lock kind,
    int64_t deadline_ms);

/* sharedmap_held - another open file has a lock among n places from the first on: which, or -1 */
int sharedmap_held(const struct sharedmap *m, unsigned first, unsigned n);

#endif
