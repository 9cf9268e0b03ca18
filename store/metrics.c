/* metrics.c - a table of series, all in one file */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/faultpoint.h"
#include "store/filelock.h"
#include "store/metrics.h"
#include "store/names.h"

#define MAGIC "mcpdmet2"
#define ADD_TRIES	4		/* for one whose series is given back under it */
#define PLACE_GIVING	0		/* lock: who gives series back */

/* a value: how often its place was given back, modulo 256, above what is counted. It changes with the
   use, so that whoever still adds for the series that was there fails */
#define COUNT_BITS	56
#define COUNT_MAX	((UINT64_C(1) << COUNT_BITS) - 1)
#define COUNT_OF(value)	((value) & COUNT_MAX)
#define USE_OF(value)	((value) >> COUNT_BITS)
#define NEXT_USE(value)	((USE_OF(value) + 1) << COUNT_BITS)

const int64_t metrics_bounds[METRICS_BUCKETS] = {
	10, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 120000, 300000, 600000
};

struct histogram {
	_Atomic uint64_t	buckets[METRICS_BUCKETS + 1];	/* each by itself; the last is +Inf */
	_Atomic uint64_t	sum_ms;
};

struct page {				/* the file */
	char			magic[SHAREDMAP_MAGIC];
	_Atomic uint64_t	counters[METRICS_COUNTERS];
	struct histogram	histograms[METRICS_HISTOGRAMS];
	_Atomic uint64_t	values[METRICS_SERIES];
	struct name		names[METRICS_SERIES];	/* "<family><label> <llm>" */
};

struct metrics {
	struct sharedmap	 map;
	struct page		*page;
	pthread_mutex_t		 giving;	/* one thread of this process gives back */
};

/* metrics_open - as the other maps */
void
metrics_open(const struct statedir *d, struct metrics **out, struct error *err)
{
	struct metrics *m = x_calloc(1, sizeof(*m));

	if (sharedmap_open(&m->map, d, "metrics", MAGIC, sizeof(struct page),
	    SHAREDMAP_REPLACE, err) != RC_OK)
		sharedmap_private(&m->map, sizeof(struct page));
	else if (err != NULL)
		err->rc = RC_OK;
	m->page = m->map.p;
	pthread_mutex_init(&m->giving, NULL);
	*out = m;
}

/* metrics_close - what was counted stays */
void
metrics_close(struct metrics *m)
{
	if (m == NULL)
		return;
	sharedmap_close(&m->map);
	pthread_mutex_destroy(&m->giving);
	free(m);
}

/* metrics_lost - see sharedmap.h */
bool
metrics_lost(const struct metrics *m, const struct statedir *d)
{
	return sharedmap_lost(&m->map, d);
}

/* add_to - false: the place is another series' by now, or nobody's. The value is read before the name, so
   that it can't be changed where the name was not this one in between */
static bool
add_to(struct metrics *m, uint32_t at, const char *text, uint64_t n)
{
	_Atomic uint64_t *value = &m->page->values[at];
	uint64_t was = atomic_load(value);

	do {
		if (!names_is(m->page->names, at, text))
			return false;
		fault_point("adding");
		if (n > COUNT_MAX - COUNT_OF(was)) {
			metrics_count(m, METRICS_LOST, n);
			return true;
		}
	} while (!atomic_compare_exchange_weak(value, &was, was + n));
	return true;
}

/* metrics_add - the family is a letter. A name that was cut would be another one's */
void
metrics_add(struct metrics *m, enum metrics_family family, const char *llm, const char *label,
    uint64_t n)
{
	char text[NAMES_TEXT];
	int len = snprintf(text, sizeof(text), "%c%s %s", 'a' + (int)family, label, llm);
	uint32_t at;

	if (n == 0)
		return;
	for (int i = 0; i < ADD_TRIES && len < NAMES_TEXT; i++) {
		at = names_find(m->page->names, METRICS_SERIES, text, true);
		if (at != NAMES_NONE && add_to(m, at, text, n))
			return;
	}
	metrics_count(m, METRICS_LOST, n);
}

/* metrics_observe - one bucket, and the sum */
void
metrics_observe(struct metrics *m, enum metrics_histogram h, int64_t ms)
{
	struct histogram *to = &m->page->histograms[h];
	size_t i = 0;

	if (ms < 0)
		return;
	while (i < METRICS_BUCKETS && ms > metrics_bounds[i])
		i++;
	atomic_fetch_add_explicit(&to->buckets[i], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&to->sum_ms, (uint64_t)ms, memory_order_relaxed);
}

/* metrics_count - a plain one */
void
metrics_count(struct metrics *m, enum metrics_counter counter, uint64_t n)
{
	atomic_fetch_add_explicit(&m->page->counters[counter], n, memory_order_relaxed);
}

/* metrics_counted - a plain one */
uint64_t
metrics_counted(struct metrics *m, enum metrics_counter counter)
{
	return atomic_load(&m->page->counters[counter]);
}

/* metrics_summary - the count is that of the buckets, so that the two never differ */
void
metrics_summary(struct metrics *m, enum metrics_histogram h, struct metrics_summary *out)
{
	struct histogram *from = &m->page->histograms[h];
	uint64_t sum = 0;

	out->sum_ms = atomic_load(&from->sum_ms);
	for (size_t i = 0; i < METRICS_BUCKETS; i++)
		out->buckets[i] = sum += atomic_load(&from->buckets[i]);
	out->count = sum + atomic_load(&from->buckets[METRICS_BUCKETS]);
}

/* part - a series' text into family, label and llm; false: it is none */
static bool
part(char text[NAMES_TEXT], enum metrics_family *family, char **llm)
{
	*llm = strchr(text, ' ');
	if (*text < 'a' || *text >= 'a' + METRICS_FAMILIES || *llm == NULL)
		return false;
	*(*llm)++ = '\0';
	*family = (enum metrics_family)(*text - 'a');
	return true;
}

/* give_back - a series that was not counted on since it had this value. Until it is known whether that is
   so nobody finds it, and who adds to it begins another, which is summed with it */
static void
give_back(struct metrics *m, uint32_t at, uint64_t seen)
{
	if (!names_leave(m->page->names, at))
		return;
	fault_point("leaving");
	names_left(m->page->names, at, atomic_compare_exchange_strong(&m->page->values[at], &seen,
	    NEXT_USE(seen)));
}

/* give_back_left - one that a process died at */
static void
give_back_left(struct metrics *m, uint32_t at)
{
	uint64_t value = atomic_load(&m->page->values[at]);

	while (!atomic_compare_exchange_weak(&m->page->values[at], &value, NEXT_USE(value)))
		;
	names_left(m->page->names, at, true);
}

/* give_all_back - all values first, then whose they are */
static void
give_all_back(struct metrics *m, metrics_exists_fn *exists, void *arg)
{
	uint64_t *seen = x_calloc(METRICS_SERIES, sizeof(*seen));
	char text[NAMES_TEXT], *llm;
	enum metrics_family family;

	for (uint32_t i = 0; i < METRICS_SERIES; i++)
		seen[i] = atomic_load(&m->page->values[i]);
	for (uint32_t i = 0; i < METRICS_SERIES; i++) {
		if (names_leaves(m->page->names, i))
			give_back_left(m, i);
		else if (names_text(m->page->names, METRICS_SERIES, i, text) &&
		    part(text, &family, &llm) && *llm != '\0' && !exists(arg, llm))
			give_back(m, i, seen[i]);
	}
	free(seen);
}

/* metrics_give_back - whoever finds another one at it need not wait */
void
metrics_give_back(struct metrics *m, metrics_exists_fn *exists, void *arg)
{
	if (names_used(m->page->names, METRICS_SERIES) < METRICS_SERIES / 2 ||
	    pthread_mutex_trylock(&m->giving) != 0)
		return;
	if (filelock(m->map.fd, PLACE_GIVING, FILELOCK_ALONE)) {
		give_all_back(m, exists, arg);
		(void)filelock(m->map.fd, PLACE_GIVING, FILELOCK_NONE);
	}
	pthread_mutex_unlock(&m->giving);
}

/* metrics_each - take the names apart again; of a place that was given back meanwhile nothing is told */
void
metrics_each(struct metrics *m, metrics_fn *fn, void *arg)
{
	char text[NAMES_TEXT], *llm;
	enum metrics_family family;

	for (uint32_t i = 0; i < METRICS_SERIES; i++) {
		uint64_t before = atomic_load(&m->page->values[i]), now;

		if (!names_text(m->page->names, METRICS_SERIES, i, text))
			continue;
		fault_point("telling");
		now = atomic_load(&m->page->values[i]);
		if (USE_OF(now) == USE_OF(before) && part(text, &family, &llm))
			fn(arg, family, llm, text + 1, COUNT_OF(now));
	}
}
