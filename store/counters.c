/* counters.c - two days of slots */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/counters.h"
#include "store/faultpoint.h"
#include "store/filelock.h"
#include "store/names.h"

#define MAGIC		"mcpdcnt1"
#define PROBES		512		/* slots where a key is looked for */
#define SHARE_WAIT_MS	5000		/* for one who sums the log */
#define DAY_WAIT_MS	1000		/* for one who makes room for a new day */

#define DAY_NEVER	0		/* of an area that was never used */
#define DAY_WIPING	(-1)

#define PLACE_ALIVE	0		/* lock: shared by all who count */
#define PLACE_DAY	1		/* lock: who begins a day */

/* a slot's key: numbers of names from 1 on, 16 bits each; 0 in one of them: none */
#define KEY_USED	(UINT64_C(1) << 63)
#define NUMBER_OTHER	UINT64_C(0xffff)
#define KEY_OTHER	(KEY_USED | NUMBER_OTHER << 32 | NUMBER_OTHER << 16 | NUMBER_OTHER)
#define NUMBER_OF(key, shift) ((uint32_t)((key) >> (shift) & 0xffff))

struct slot {
	_Atomic uint64_t	key;		/* 0: free */
	_Atomic uint64_t	requests, errors, prompt, completion, cached;
	_Atomic int64_t		reserved;	/* tokens promised to calls that run (budgets) */
	_Atomic uint64_t	spare;
};

struct area {				/* a day */
	_Atomic int64_t	day;
	struct name	names[COUNTERS_NAMES];
	struct slot	slots[COUNTERS_SLOTS];	/* the first is for `other` */
};

struct page {				/* the file */
	char			magic[SHAREDMAP_MAGIC];
	struct area		areas[COUNTERS_DAYS];
	_Atomic uint32_t	good;		/* at the end: a file that was cut has lost it */
};

static_assert(sizeof(struct slot) == 64, "a slot is a cache line");
static_assert(COUNTERS_NAMES < NUMBER_OTHER, "numbers of names fit");

struct counters {
	struct sharedmap	 map;
	struct page		*page;
	pthread_mutex_t		 turn;	/* one thread of this process begins a day */
};

/* counters_open - whoever is alone keeps it so until it is ready */
void
counters_open(const struct statedir *d, struct counters **out, bool *alone, struct error *err)
{
	struct counters *c = x_calloc(1, sizeof(*c));

	pthread_mutex_init(&c->turn, NULL);
	if (sharedmap_open(&c->map, d, "counters", MAGIC, sizeof(struct page),
	    SHAREDMAP_REPLACE, err) != RC_OK)
		sharedmap_private(&c->map, sizeof(struct page));
	else if (err != NULL)
		err->rc = RC_OK;
	c->page = c->map.p;
	*alone = filelock(c->map.fd, PLACE_ALIVE, FILELOCK_ALONE);
	if (!*alone)
		(void)filelock_wait(c->map.fd, PLACE_ALIVE, FILELOCK_SHARED,
		    clock_mono_ms() + SHARE_WAIT_MS);
	*out = c;
}

/* counters_ready - others may come */
void
counters_ready(struct counters *c)
{
	(void)filelock(c->map.fd, PLACE_ALIVE, FILELOCK_SHARED);
}

/* counters_close - what was counted stays */
void
counters_close(struct counters *c)
{
	if (c == NULL)
		return;
	sharedmap_close(&c->map);
	pthread_mutex_destroy(&c->turn);
	free(c);
}

/* counters_lost - see sharedmap.h */
bool
counters_lost(const struct counters *c, const struct statedir *d)
{
	return sharedmap_lost(&c->map, d);
}

/* wipe - all that an earlier day has left */
static void
wipe(struct area *a)
{
	atomic_store(&a->day, DAY_WIPING);
	for (size_t i = 0; i < COUNTERS_NAMES; i++)
		atomic_store_explicit(&a->names[i].state, 0, memory_order_relaxed);
	for (size_t i = 0; i < COUNTERS_SLOTS; i++) {
		_Atomic uint64_t *words = (_Atomic uint64_t *)&a->slots[i];

		for (size_t w = 0; w < sizeof(struct slot) / sizeof(*words); w++)
			atomic_store_explicit(&words[w], 0, memory_order_relaxed);
	}
}

/* blank - an area for a day; the day is set last: one who dies before leaves it to the next */
static void
blank(struct area *a, int64_t day)
{
	bool virgin = atomic_load(&a->day) == DAY_NEVER;

	if (!virgin)
		wipe(a);
	atomic_store(&a->day, day);
}
/* begin_day - once, whoever comes first. A day before the one that is there means that the clock was
   wrong, then or now: what is lost by it comes back from the log */
static bool
begin_day(struct counters *c, struct area *a, int64_t day)
{
	bool mine;

	pthread_mutex_lock(&c->turn);
	mine = filelock_wait(c->map.fd, PLACE_DAY, FILELOCK_ALONE, clock_mono_ms() + DAY_WAIT_MS);
	if (mine && atomic_load(&a->day) != day) {
		if (atomic_load(&a->day) > day)
			counters_doubt(c);
		blank(a, day);
	}
	if (mine)
		(void)filelock(c->map.fd, PLACE_DAY, FILELOCK_NONE);
	pthread_mutex_unlock(&c->turn);
	return mine;
}

/* area_of - of a day; NULL: nobody lets us begin it */
static struct area *
area_of(struct counters *c, int64_t day)
{
	struct area *a = &c->page->areas[(uint64_t)day % COUNTERS_DAYS];

	if (atomic_load_explicit(&a->day, memory_order_acquire) == day || begin_day(c, a, day))
		return a;
	return NULL;
}

/* number - of a name: 0 for none */
static uint64_t
number(struct area *a, const char *text)
{
	uint32_t at;

	if (*text == '\0')
		return 0;
	at = names_find(a->names, COUNTERS_NAMES, text, true);
	return at == NAMES_NONE ? NUMBER_OTHER : at + 1;
}

/* slot_of - the key's, claimed where it has none */
static struct slot *
slot_of(struct area *a, uint64_t key)
{
	uint64_t hash = names_hash(&key, sizeof(key));

	for (uint64_t i = 0; i < PROBES; i++) {
		struct slot *s = &a->slots[1 + (hash + i) % (COUNTERS_SLOTS - 1)];
		uint64_t there = atomic_load_explicit(&s->key, memory_order_relaxed);

		if (there == key)
			return s;
		if (there == 0 && (atomic_compare_exchange_strong(&s->key, &there, key) ||
		    there == key))
			return s;
	}
	atomic_store(&a->slots[0].key, KEY_OTHER);
	return &a->slots[0];
}

/* add - where there is something to add */
static void
add(_Atomic uint64_t *to, uint64_t n)
{
	if (n > 0)
		atomic_fetch_add_explicit(to, n, memory_order_relaxed);
}

/* counters_add - a few atomic additions */
void
counters_add(struct counters *c, int64_t day, const struct usage_key *key,
    const struct usage_counts *n)
{
	struct area *a = area_of(c, day);
	struct slot *s;

	if (a == NULL) {
		counters_doubt(c);
		return;
	}
	s = slot_of(a, KEY_USED | number(a, key->llm) << 32 | number(a, key->user) << 16 |
	    number(a, key->token));
	add(&s->requests, n->requests);
	fault_point("half");
	add(&s->errors, n->errors);
	add(&s->prompt, n->prompt);
	add(&s->completion, n->completion);
	add(&s->cached, n->cached);
}

/* counters_good - since they were summed last */
bool
counters_good(const struct counters *c)
{
	return atomic_load(&c->page->good) != 0;
}

/* counters_doubt - until they are summed anew */
void
counters_doubt(struct counters *c)
{
	atomic_store(&c->page->good, 0);
}

/* counters_rebuild - nothing counts until counters_trust() */
void
counters_rebuild(struct counters *c, int64_t today)
{
	counters_doubt(c);
	for (int64_t day = today; day > today - COUNTERS_DAYS; day--)
		blank(&c->page->areas[(uint64_t)day % COUNTERS_DAYS], day);
}

/* counters_trust - the log is summed */
void
counters_trust(struct counters *c)
{
	atomic_store(&c->page->good, 1);
}

/* name_of - the text of a number in a key */
static const char *
name_of(const struct area *a, uint32_t n, char out[NAMES_TEXT])
{
	if (n == 0)
		return "";
	return names_text(a->names, COUNTERS_NAMES, n - 1, out) ? out : COUNTERS_OTHER;
}

/* show - one slot */
static void
show(const struct area *a, int64_t day, const struct slot *s, counters_fn *fn, void *arg)
{
	uint64_t key = atomic_load(&s->key);
	char llm[NAMES_TEXT], user[NAMES_TEXT], token[NAMES_TEXT];
	const struct usage_key names = {
		name_of(a, NUMBER_OF(key, 32), llm), name_of(a, NUMBER_OF(key, 16), user),
		name_of(a, NUMBER_OF(key, 0), token),
	};
	const struct usage_counts n = {
		atomic_load(&s->requests), atomic_load(&s->errors), atomic_load(&s->prompt),
		atomic_load(&s->completion), atomic_load(&s->cached),
	};

	if (key != 0)
		fn(arg, day, &names, &n);
}

/* counters_have - by the day that stands in its place */
bool
counters_have(const struct counters *c, int64_t day)
{
	return atomic_load(&c->page->areas[(uint64_t)day % COUNTERS_DAYS].day) == day;
}

/* counters_each - a passing picture */
void
counters_each(struct counters *c, counters_fn *fn, void *arg)
{
	for (size_t i = 0; i < COUNTERS_DAYS; i++) {
		const struct area *a = &c->page->areas[i];
		int64_t day = atomic_load(&a->day);

		for (size_t s = 0; day > 0 && s < COUNTERS_SLOTS; s++)
			show(a, day, &a->slots[s], fn, arg);
	}
}
