/* generation.c - the mapped generation number */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/random.h"
#include "store/faultpoint.h"
#include "store/generation.h"
#include "store/kv.h"
#include "store/oserr.h"

#define GEN_FILE	"gen"
#define GEN_SIZE	4096		/* bytes: one page */

struct generation_page {
	_Atomic uint64_t	generation;	/* 0: never bumped, or wiped */
	_Atomic uint64_t	rev;		/* set last: a writer that died before it is noticed */
	char			store_id[KV_STORE_ID];
};

static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "processes share the generation: no lock may hide in it");

/* map - the page of an open file; at (may be NULL) is replaced in place, readers of it go on */
static enum rc
map(const struct statedir *d, int fd, int prot, void *at, struct generation_page **out,
    struct error *err)
{
	void *p = mmap(at, GEN_SIZE, prot, MAP_SHARED | (at != NULL ? MAP_FIXED : 0), fd, 0);

	if (p == MAP_FAILED)
		return oserr(err, "map %s/" GEN_FILE, d->path);
	*out = p;
	return RC_OK;
}

/* settle - map the file read-only for good: nothing of ours can scribble over it */
static enum rc
settle(struct generation *g, const struct statedir *d, int fd, struct error *err)
{
	struct stat st;
	enum rc rc;

	if (fstat(fd, &st) != 0)
		return oserr(err, "stat %s/" GEN_FILE, d->path);
	if (st.st_size < GEN_SIZE)
		return error_set(err, RC_NOT_FOUND, "%s/" GEN_FILE " is too short", d->path);
	if (g->page != NULL && st.st_dev == g->dev && st.st_ino == g->ino)
		return RC_OK;
	rc = map(d, fd, PROT_READ, g->page, &g->page, err);
	if (rc != RC_OK)
		return rc;
	g->dev = st.st_dev;
	g->ino = st.st_ino;
	return RC_OK;
}

/* generation_open - map what is there */
enum rc
generation_open(struct generation *g, const struct statedir *d, struct error *err)
{
	enum rc rc;
	int fd;

	rc = statedir_file(d, GEN_FILE, O_RDONLY, &fd, err);
	if (rc != RC_OK)
		return rc;
	rc = settle(g, d, fd, err);
	close(fd);
	return rc;
}

/* generation_close - unmap */
void
generation_close(struct generation *g)
{
	if (g->page != NULL)
		munmap(g->page, GEN_SIZE);
	g->page = NULL;
}

/* generation_now - acquire: the snapshot that is opened next is at least as new */
uint64_t
generation_now(const struct generation *g)
{
	return atomic_load_explicit(&g->page->generation, memory_order_acquire);
}

/* generation_is_of - whose page */
bool
generation_is_of(const struct generation *g, const char *store_id)
{
	return strncmp(g->page->store_id, store_id, KV_STORE_ID) == 0;
}

/* generation_shows - nothing is left to be told */
bool
generation_shows(const struct generation *g, const struct statedir *d, const char *store_id,
    uint64_t rev)
{
	struct stat st;

	return g->page != NULL &&
	    fstatat(d->fd, GEN_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_dev == g->dev && st.st_ino == g->ino && st.st_size >= GEN_SIZE &&
	    generation_is_of(g, store_id) && atomic_load(&g->page->rev) == rev &&
	    atomic_load(&g->page->generation) != 0;
}

/* next_generation - a page that was wiped starts somewhere else than ever before, or a reader could
   meet the very number that it saw last */
static uint64_t
next_generation(uint64_t now)
{
	if (now == 0)
		random_bytes(&now, sizeof(now));
	return now + 1 != 0 ? now + 1 : 1;
}

/* tell - the stores, in the order that a reader and the next writer count on */
static void
tell(struct generation_page *page, const char *store_id, uint64_t rev)
{
	if (strncmp(page->store_id, store_id, KV_STORE_ID) != 0)
		snprintf(page->store_id, sizeof(page->store_id), "%s", store_id);
	atomic_store(&page->generation, next_generation(atomic_load(&page->generation)));
	fault_point("generation");
	atomic_store(&page->rev, rev);
}

/* generation_bump - through a mapping for this moment only, of the file that the name stands for */
enum rc
generation_bump(struct generation *g, const struct statedir *d, const char *store_id, uint64_t rev,
    struct error *err)
{
	struct generation_page *page = NULL;
	enum rc rc;
	int fd;

	rc = statedir_file(d, GEN_FILE, O_RDWR | O_CREAT, &fd, err);
	if (rc != RC_OK)
		return rc;
	/* a sparse page on a full disk would be SIGBUS at the first store */
	errno = posix_fallocate(fd, 0, GEN_SIZE);
	if (errno != 0)
		rc = oserr(err, "allocate %s/" GEN_FILE, d->path);
	if (rc == RC_OK)
		rc = map(d, fd, PROT_READ | PROT_WRITE, NULL, &page, err);
	if (rc == RC_OK) {
		tell(page, store_id, rev);
		munmap(page, GEN_SIZE);
		rc = settle(g, d, fd, err);
	}
	close(fd);
	return rc;
}
