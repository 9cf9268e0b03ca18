/*
 * lastused.c - a hash table without locks over a mapped file.
 *
 * A token's slot is one of the WINDOW slots from its home on. Slots never become free again, so that
 * a search may end at the first free one; a slot whose token is gone is given to another by one
 * compare-and-swap. Two tokens of one window share a fingerprint once in 2^32: one would show the
 * other's time.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/lastused.h"
#include "store/records.h"
#include "store/sharedmap.h"

#define MAGIC		"lstused1"
#define WINDOW		64			/* slots: what one search looks at */
#define SWEEP_PAUSE_MS	60000			/* between two searches for dead slots */

struct page {				/* the file */
	char			magic[SHAREDMAP_MAGIC];
	uint64_t		reserved[511];		/* the slots begin on a page of their own */
	_Atomic uint64_t	slots[LASTUSED_SLOTS];	/* fingerprint << 32 | seconds; 0: free */
};

static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "processes share the slots: no lock may hide in them");

struct lastused {
	struct sharedmap	 map;
	struct page		*page;
	_Atomic int64_t		 sweep_ms;	/* no search for dead slots before */
};

struct place {				/* of a token in the table */
	uint32_t	home;		/* slot */
	uint32_t	mark;		/* fingerprint, never 0 */
};

/* place_of - both from one FNV-1a over the id, which is random */
static struct place
place_of(const char *id)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	struct place p;

	for (; *id != '\0'; id++)
		h = (h ^ (unsigned char)*id) * UINT64_C(0x100000001b3);
	p.home = (uint32_t)(h % LASTUSED_SLOTS);
	p.mark = (uint32_t)(h >> 32) | (h >> 32 == 0);
	return p;
}

/* slot_at - the i-th of a window */
static _Atomic uint64_t *
slot_at(const struct lastused *l, const struct place *p, unsigned i)
{
	return &l->page->slots[(p->home + i) % LASTUSED_SLOTS];
}

/* mark_of - whose a slot's value is; 0: nobody's */
static uint32_t
mark_of(uint64_t value)
{
	return (uint32_t)(value >> 32);
}

/* value_of - what the slot of a mark holds */
static uint64_t
value_of(uint32_t mark, int64_t now_ms)
{
	return (uint64_t)mark << 32 | (uint32_t)(now_ms / 1000);
}

/* settle - the token's slot, or a free one, takes the time; false: the window is full of others */
static bool
settle(struct lastused *l, const struct place *p, uint64_t value)
{
	for (unsigned i = 0; i < WINDOW; i++) {
		_Atomic uint64_t *slot = slot_at(l, p, i);
		uint64_t seen = atomic_load_explicit(slot, memory_order_relaxed);

		if (seen == value)
			return true;
		if (seen == 0 && atomic_compare_exchange_strong(slot, &seen, value))
			return true;
		if (mark_of(seen) == p->mark) {
			/* whoever is faster has the same second, or the next one */
			(void)atomic_compare_exchange_strong(slot, &seen, value);
			return true;
		}
	}
	return false;
}

/* strike - the slots of a window that belong to a token of the table are not dead */
static void
strike(const struct place *p, const char *id, uint64_t dead[WINDOW])
{
	struct place other = place_of(id);

	for (unsigned i = 0; i < WINDOW; i++)
		if (dead[i] != 0 && mark_of(dead[i]) == other.mark &&
		    (p->home + i - other.home) % LASTUSED_SLOTS < WINDOW)
			dead[i] = 0;
}

/* take_over - the slot of a token that is no more; where there is none, not again for a while: it
   looks at all tokens */
static void
take_over(struct lastused *l, const struct table *t, const struct place *p, uint64_t value,
    int64_t now_ms)
{
	uint64_t dead[WINDOW];

	if (now_ms < atomic_load(&l->sweep_ms))
		return;
	for (unsigned i = 0; i < WINDOW; i++)
		dead[i] = atomic_load_explicit(slot_at(l, p, i), memory_order_relaxed);
	for (size_t i = 0; i < table_count(t, &kind_mcptoken); i++)
		strike(p, table_at(t, &kind_mcptoken, i)->id, dead);
	for (unsigned i = 0; i < WINDOW; i++)
		if (dead[i] != 0 &&
		    atomic_compare_exchange_strong(slot_at(l, p, i), &dead[i], value))
			return;
	atomic_store(&l->sweep_ms, now_ms + SWEEP_PAUSE_MS);
}

/* lastused_touch - one load where the second is the same */
void
lastused_touch(struct lastused *l, const struct table *t, const char *token_id, int64_t now_ms)
{
	struct place p;
	uint64_t value;

	if (l == NULL)
		return;
	p = place_of(token_id);
	value = value_of(p.mark, now_ms);
	if (!settle(l, &p, value))
		take_over(l, t, &p, value, now_ms);
}

/* lastused_at - as far as it is known */
int64_t
lastused_at(const struct lastused *l, const char *token_id)
{
	struct place p = place_of(token_id);

	for (unsigned i = 0; l != NULL && i < WINDOW; i++) {
		uint64_t seen = atomic_load_explicit(slot_at(l, &p, i), memory_order_relaxed);

		if (seen == 0)
			break;
		if (mark_of(seen) == p.mark)
			return (int64_t)(uint32_t)seen * 1000;
	}
	return 0;
}

/* open_map - the file in its directory */
static enum rc
open_map(const char *dir, struct sharedmap *out, struct error *err)
{
	struct statedir d = STATEDIR_INIT;
	enum rc rc;

	/* whether the file system may be used was decided when the store was opened */
	rc = statedir_open(&d, dir, true, err);
	if (rc == RC_OK)
		rc = sharedmap_open(out, &d, "lastused", MAGIC, sizeof(struct page), SHAREDMAP_KEEP,
		    err);
	statedir_close(&d);
	return rc;
}

/* lastused_open - made where it is not there */
enum rc
lastused_open(const char *dir, struct lastused **out, struct error *err)
{
	struct sharedmap map;
	enum rc rc = open_map(dir, &map, err);

	if (rc != RC_OK)
		return rc;
	*out = x_calloc(1, sizeof(**out));
	(*out)->map = map;
	(*out)->page = map.p;
	return RC_OK;
}

/* lastused_close - the file keeps what was noted */
void
lastused_close(struct lastused *l)
{
	if (l == NULL)
		return;
	sharedmap_close(&l->map);
	free(l);
}

/* lastused_lost - see sharedmap.h */
bool
lastused_lost(const struct lastused *l, const struct statedir *d)
{
	return sharedmap_lost(&l->map, d);
}
