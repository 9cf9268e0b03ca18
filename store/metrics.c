/* metrics.c - a table of series, all in one file */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/metrics.h"
#include "store/names.h"

#define MAGIC "mcpdmet1"

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
	*out = m;
}

/* metrics_close - what was counted stays */
void
metrics_close(struct metrics *m)
{
	if (m == NULL)
		return;
	sharedmap_close(&m->map);
	free(m);
}

/* metrics_lost - see sharedmap.h */
bool
metrics_lost(const struct metrics *m, const struct statedir *d)
{
	return sharedmap_lost(&m->map, d);
}

/* metrics_add - the family is a letter */
void
metrics_add(struct metrics *m, enum metrics_family family, const char *llm, const char *label,
    uint64_t n)
{
	char text[NAMES_TEXT];
	uint32_t at;

	if (n == 0)
		return;
	snprintf(text, sizeof(text), "%c%s %s", 'a' + (int)family, label, llm);
	at = names_find(m->page->names, METRICS_SERIES, text, true);
	if (at == NAMES_NONE)
		metrics_count(m, METRICS_LOST, n);
	else
		atomic_fetch_add_explicit(&m->page->values[at], n, memory_order_relaxed);
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

/* metrics_each - take the names apart again */
void
metrics_each(struct metrics *m, metrics_fn *fn, void *arg)
{
	char text[NAMES_TEXT], *llm;

	for (uint32_t i = 0; i < METRICS_SERIES; i++) {
		if (!names_text(m->page->names, METRICS_SERIES, i, text) ||
		    *text < 'a' || *text >= 'a' + METRICS_FAMILIES ||
		    (llm = strchr(text, ' ')) == NULL)
			continue;
		*llm++ = '\0';
		fn(arg, (enum metrics_family)(*text - 'a'), llm, text + 1,
		    atomic_load(&m->page->values[i]));
	}
}
