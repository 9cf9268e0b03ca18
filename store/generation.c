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

#include "base/clock.h"
#include "base/random.h"
#include "store/faultpoint.h"
#include "store/generation.h"
#include "store/kv.h"
#include "store/oserr.h"
#include "store/sigbus.h"

#define GEN_FILE	"gen"
#define GEN_TMP		"gen.tmp"
#define GEN_SIZE	4096		/* bytes: one page */

struct generation_page {
	_Atomic uint64_t	generation;	/* 0: never bumped, or wiped */
	_Atomic uint64_t	rev;		/* set last: a writer that died before it is noticed */
	char			store_id[KV_STORE_ID];
	_Atomic uint32_t	unfound;	/* 1: made anew, and a reader may not have found it */
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

/* peek - the number in a page; 0 where its file was cut short */
static uint64_t
peek(struct generation_page *page)
{
	uint64_t now;

	sigbus_enter(page, GEN_SIZE);
	/* acquire: the snapshot that is opened next is at least as new */
	now = atomic_load_explicit(&page->generation, memory_order_acquire);
	sigbus_leave();
	return now;
}

/* settle - map the file read-only for good: nothing of ours can scribble over it. A blank page is
   mapped again: it may be what SIGBUS left. Under g->look */
static enum rc
settle(struct generation *g, const struct statedir *d, int fd, struct error *err)
{
	struct generation_page *page = g->page;
	struct stat st;
	enum rc rc;

	if (fstat(fd, &st) != 0)
		return oserr(err, "stat %s/" GEN_FILE, d->path);
	if (st.st_size < GEN_SIZE)
		return error_set(err, RC_NOT_FOUND, "%s/" GEN_FILE " is too short", d->path);
	if (page != NULL && st.st_dev == g->dev && st.st_ino == g->ino && peek(page) != 0)
		return RC_OK;
	rc = map(d, fd, PROT_READ, page, &page, err);
	if (rc != RC_OK)
		return rc;
	if (g->page == NULL)
		g->page = page;
	g->dev = st.st_dev;
	g->ino = st.st_ino;
	return RC_OK;
}

/* generation_open - map what is there */
enum rc
generation_open(struct generation *g, const struct statedir *d, struct error *err)
{
	int64_t now_ms = clock_coarse_ms();
	enum rc rc;
	int fd;

	sigbus_catch();
	rc = statedir_file(d, GEN_FILE, O_RDONLY, &fd, err);
	if (rc != RC_OK)
		return rc;
	pthread_mutex_lock(&g->look);
	rc = settle(g, d, fd, err);
	if (rc == RC_OK)
		atomic_store(&g->looked_ms, now_ms);
	pthread_mutex_unlock(&g->look);
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
	pthread_mutex_destroy(&g->look);
}

/* in_force - the name stands for the file that is mapped. Under g->look */
static bool
in_force(struct generation *g, const struct statedir *d)
{
	struct stat st;

	return fstatat(d->fd, GEN_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_dev == g->dev && st.st_ino == g->ino && st.st_size >= GEN_SIZE &&
	    peek(g->page) != 0;
}

/* is_due - nobody looked for a while, or the number itself says that something is wrong */
static bool
is_due(struct generation *g, uint64_t now, int64_t now_ms)
{
	return now == 0 || now_ms - atomic_load(&g->looked_ms) >= GENERATION_LOOK_MS;
}

/* follow - to another file, where the name went on to one; false where there is none that is whole.
   Under g->look */
static bool
follow(struct generation *g, const struct statedir *d)
{
	bool found;
	int fd;

	if (in_force(g, d))
		return true;
	if (statedir_file(d, GEN_FILE, O_RDONLY, &fd, NULL) != RC_OK)
		return false;
	found = settle(g, d, fd, NULL) == RC_OK;
	close(fd);
	return found;
}

/* look - at what the name stands for; a file that is missing is left to a writer, but the one that is
   mapped may not be the last that was there: another veil each time has the snapshot read again */
static void
look(struct generation *g, const struct statedir *d)
{
	int64_t now_ms = clock_coarse_ms();
	uint64_t veil = 0;
	bool found;

	pthread_mutex_lock(&g->look);
	if (is_due(g, peek(g->page), now_ms)) {
		found = follow(g, d);
		if (!found)
			random_bytes(&veil, sizeof(veil));
		atomic_store(&g->veil, veil);
		atomic_store(&g->gone, statedir_moved(d) || (!found && statedir_emptied(d)));
		/* only now: until it is done, nobody may go by it */
		atomic_store(&g->looked_ms, now_ms);
	}
	pthread_mutex_unlock(&g->look);
}

/* generation_now - what a reader compares */
uint64_t
generation_now(struct generation *g, const struct statedir *d)
{
	uint64_t now = peek(g->page);

	if (is_due(g, now, clock_coarse_ms())) {
		look(g, d);
		now = peek(g->page);
	}
	/* a number that changes still does so: a file that was cut short is made whole in place */
	return now == 0 ? 0 : now ^ atomic_load(&g->veil);
}

/* generation_gone - what the last look found, which is no older than a second */
bool
generation_gone(struct generation *g, const struct statedir *d)
{
	(void)generation_now(g, d);
	return atomic_load(&g->gone);
}

/* generation_is_of - whose page */
bool
generation_is_of(const struct generation *g, const char *store_id)
{
	bool same;

	sigbus_enter(g->page, GEN_SIZE);
	same = strncmp(g->page->store_id, store_id, KV_STORE_ID) == 0;
	sigbus_leave();
	return same;
}

/* told - this revision, to all: it is set last */
static bool
told(struct generation_page *page, uint64_t rev)
{
	bool all;

	sigbus_enter(page, GEN_SIZE);
	all = atomic_load(&page->rev) == rev;
	sigbus_leave();
	return all;
}

/* generation_shows - nothing is left to be told */
bool
generation_shows(struct generation *g, const struct statedir *d, const char *store_id, uint64_t rev)
{
	bool same;

	if (g->page == NULL)
		return false;
	pthread_mutex_lock(&g->look);
	same = in_force(g, d);
	pthread_mutex_unlock(&g->look);
	return same && generation_is_of(g, store_id) && told(g->page, rev);
}

/* allocate - a sparse page on a full disk would be SIGBUS at the first store */
static enum rc
allocate(const struct statedir *d, int fd, struct error *err)
{
	errno = posix_fallocate(fd, 0, GEN_SIZE);
	return errno == 0 ? RC_OK : oserr(err, "allocate %s/" GEN_FILE, d->path);
}

/* make - the file where there is none: whole when it gets its name, and marked as not yet found */
static enum rc
make(const struct statedir *d, int *out, struct error *err)
{
	struct generation_page blank = { .unfound = 1 };
	enum rc rc;
	int fd;

	if (unlinkat(d->fd, GEN_TMP, 0) != 0 && errno != ENOENT)
		return oserr(err, "remove %s/" GEN_TMP, d->path);
	rc = statedir_file(d, GEN_TMP, O_RDWR | O_CREAT | O_EXCL, &fd, err);
	if (rc != RC_OK)
		return rc;
	rc = allocate(d, fd, err);
	if (rc == RC_OK && (pwrite(fd, &blank, sizeof(blank), 0) != (ssize_t)sizeof(blank) ||
	    renameat(d->fd, GEN_TMP, d->fd, GEN_FILE) != 0))
		rc = oserr(err, "make %s/" GEN_FILE, d->path);
	if (rc == RC_OK) {
		*out = fd;
		return RC_OK;
	}
	close(fd);
	unlinkat(d->fd, GEN_TMP, 0);
	return rc;
}

/* obtain - the file that the name stands for, whole */
static enum rc
obtain(const struct statedir *d, int *out, struct error *err)
{
	enum rc rc;
	int fd;

	rc = statedir_file(d, GEN_FILE, O_RDWR, &fd, err);
	if (rc == RC_NOT_FOUND)
		return make(d, out, err);
	if (rc != RC_OK)
		return rc;
	rc = allocate(d, fd, err);
	if (rc != RC_OK)
		close(fd);
	else
		*out = fd;
	return rc;
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

/* show - whose page it is and that there is something new; whether readers must be waited for */
static bool
show(struct generation_page *page, const char *store_id)
{
	bool unfound;

	sigbus_enter(page, GEN_SIZE);
	if (strncmp(page->store_id, store_id, KV_STORE_ID) != 0)
		snprintf(page->store_id, sizeof(page->store_id), "%s", store_id);
	atomic_store(&page->generation, next_generation(atomic_load(&page->generation)));
	unfound = atomic_load(&page->unfound) != 0;
	sigbus_leave();
	return unfound;
}

/* finish - what the next writer counts on: of this revision everybody was told */
static void
finish(struct generation_page *page, uint64_t rev)
{
	sigbus_enter(page, GEN_SIZE);
	atomic_store(&page->unfound, 0);
	atomic_store(&page->rev, rev);
	sigbus_leave();
}

/* generation_bump - through a mapping for this moment only, of the file that the name stands for;
   where that was cut short under our hands, settle() says so */
enum rc
generation_bump(struct generation *g, const struct statedir *d, const char *store_id, uint64_t rev,
    bool new_store, struct error *err)
{
	struct generation_page *page = NULL;
	enum rc rc;
	int fd = -1;

	sigbus_catch();
	rc = obtain(d, &fd, err);
	if (rc != RC_OK)
		return rc;
	rc = map(d, fd, PROT_READ | PROT_WRITE, NULL, &page, err);
	if (rc == RC_OK) {
		if (show(page, store_id) && !new_store)
			clock_nap(GENERATION_WAIT_MS);
		fault_point("generation");
		finish(page, rev);
		munmap(page, GEN_SIZE);
		pthread_mutex_lock(&g->look);
		rc = settle(g, d, fd, err);
		pthread_mutex_unlock(&g->look);
		if (rc == RC_NOT_FOUND)
			rc = error_set(err, RC_IO, "%s/" GEN_FILE " was cut short", d->path);
	}
	close(fd);
	return rc;
}
