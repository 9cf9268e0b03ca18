/* sharedmap.c - mapped files */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "store/oserr.h"
#include "store/sharedmap.h"
#include "store/sigbus.h"

/* is_ours - the magic is there, or was just put on a blank file */
static bool
is_ours(void *p, const char magic[SHAREDMAP_MAGIC])
{
	uint64_t blank = 0, ours;

	memcpy(&ours, magic, sizeof(ours));
	return atomic_compare_exchange_strong((_Atomic uint64_t *)p, &blank, ours) || blank == ours;
}

/* map_file - allocated to its full size before it is touched, and again where it is cut */
static enum rc
map_file(struct sharedmap *m, const struct statedir *d, const char *name, struct error *err)
{
	enum rc rc = statedir_file(d, name, O_RDWR | O_CREAT, &m->fd, err);

	if (rc != RC_OK) {
		m->fd = -1;
		return rc;
	}
	errno = posix_fallocate(m->fd, 0, (off_t)m->size);
	if (errno != 0)
		return oserr(err, "allocate %s/%s", d->path, name);
	m->p = mmap(NULL, m->size, PROT_READ | PROT_WRITE, MAP_SHARED, m->fd, 0);
	if (m->p == MAP_FAILED) {
		m->p = NULL;
		return oserr(err, "map %s/%s", d->path, name);
	}
	if (!sigbus_guard(m->p, m->size, m->fd))
		return error_set(err, RC_UNAVAILABLE, "%s/%s: more than %d mapped files", d->path,
		    name, SIGBUS_GUARDS);
	return RC_OK;
}

/* sharedmap_open - make it where it is missing; what another version has left is replaced, once */
enum rc
sharedmap_open(struct sharedmap *out, const struct statedir *d, const char *name,
    const char magic[SHAREDMAP_MAGIC], size_t size, enum sharedmap_other other, struct error *err)
{
	enum rc rc = RC_OK;

	for (int tries = 0; rc == RC_OK; tries++) {
		struct sharedmap m = { .size = size, .fd = -1, .name = name };

		rc = map_file(&m, d, name, err);
		if (rc == RC_OK && is_ours(m.p, magic)) {
			*out = m;
			return RC_OK;
		}
		sharedmap_close(&m);
		if (rc == RC_OK && (other == SHAREDMAP_KEEP || tries > 0 ||
		    unlinkat(d->fd, name, 0) != 0))
			rc = error_set(err, RC_CORRUPT, "%s/%s is not a file of mcpd: remove it",
			    d->path, name);
	}
	return rc;
}

/* sharedmap_private - no magic, no locks, nobody else */
void
sharedmap_private(struct sharedmap *m, size_t size)
{
	m->p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (m->p == MAP_FAILED)
		abort();
	m->size = size;
	m->fd = -1;
}

/* sharedmap_close - the locks go with the open file */
void
sharedmap_close(struct sharedmap *m)
{
	sigbus_unguard(m->p);
	if (m->p != NULL)
		munmap(m->p, m->size);
	if (m->fd >= 0)
		close(m->fd);
	m->p = NULL;
	m->fd = -1;
}

/* sharedmap_lost - see sharedmap.h */
bool
sharedmap_lost(const struct sharedmap *m, const struct statedir *d)
{
	return m->fd >= 0 && !statedir_is(d, m->name, m->fd);
}
