/* ledgerbook.c - the books of the days: sums of the log, files that are kept and files that go */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/ledgerbook.h"
#include "store/oserr.h"

/* today - UTC */
static int64_t
today(void)
{
	return clock_wall_ms() / LEDGER_DAY_MS;
}

/* ledger_sum_log - the days that the counters hold */
void
ledger_sum_log(struct ledger *l)
{
	struct usage_sum s = USAGE_SUM_INIT;
	int64_t now = today();
	enum rc rc = RC_OK;
	struct error err;

	if (inflight_tidying(l->inflight, 0))
		inflight_tidied(l->inflight, 0);	/* past days are looked at again, too */
	if (counters_good(l->counters) || !l->in_files)
		return;
	for (int64_t day = now; day > now - COUNTERS_DAYS && rc == RC_OK; day--)
		rc = usage_read_log(&l->dir, day, &s, &err);
	if (rc == RC_OK) {
		counters_rebuild(l->counters, now);
		for (size_t i = 0; i < s.n; i++)
			counters_add(l->counters, s.rows[i].day, &(struct usage_key){ s.rows[i].llm,
			    s.rows[i].user, s.rows[i].token }, &s.rows[i].n);
		counters_trust(l->counters);
	} else {
		log_warn("counters: the log could not be summed: %s", err.msg);
	}
	usage_release(&s);
}

struct pick {				/* counters of some days, into a sum */
	struct usage_sum	*sum;
	int64_t			 from, to;
};

/* pick - one slot */
static void
pick(void *arg, int64_t day, const struct usage_key *key, const struct usage_counts *n)
{
	const struct pick *p = arg;

	if (day >= p->from && day <= p->to)
		usage_add(p->sum, day, key, n);
}

/* keep_day - its sum into the month's file: from the log, which knows who `other` was */
static enum rc
keep_day(struct ledger *l, int64_t day, struct error *err)
{
	struct usage_sum s = USAGE_SUM_INIT;
	enum rc rc = usage_read_log(&l->dir, day, &s, err);

	if (rc == RC_OK)
		rc = usage_keep(&l->dir, day, &s, err);
	usage_release(&s);
	return rc;
}

/* drop_day - its file, when it is old enough */
static enum rc
drop_day(struct ledger *l, int64_t day, int64_t oldest, struct error *err)
{
	char name[AUDIT_NAME];

	if (day >= oldest)
		return RC_OK;
	audit_file(day, name);
	if (unlinkat(l->dir.fd, name, 0) != 0 && errno != ENOENT)
		return oserr(err, "remove %s/%s", l->dir.path, name);
	log_info("audit: %s is older than %lld days: removed", name, (long long)l->keep_days);
	return RC_OK;
}

/* days_over - those whose files don't grow any more, of n in order */
static size_t
days_over(const int64_t *days, size_t n, int64_t now)
{
	while (n > 0 && days[n - 1] > now - COUNTERS_DAYS)
		n--;
	return n;
}

/* forget_days - those that were kept while the clock was ahead, and are not over: they are still counted */
static enum rc
forget_days(struct ledger *l, const int64_t *days, const bool *kept, size_t from, size_t n,
    struct error *err)
{
	enum rc rc = RC_OK;

	for (size_t i = from; i < n && rc == RC_OK; i++)
		if (kept[i])
			rc = usage_keep(&l->dir, days[i], NULL, err);
	return rc;
}

/* tidy_days - each file that is over: kept first, then, perhaps, removed. Which ones are kept is asked
   before any is: a damaged month asks for all its days, and the first that is kept mends it */
static enum rc
tidy_days(struct ledger *l, int64_t now, struct error *err)
{
	int64_t *days;
	enum rc rc;
	size_t n, over;
	bool *kept;

	rc = auditread_days(&l->dir, &days, &n, err);
	if (rc != RC_OK)
		return rc;
	kept = x_calloc(n, sizeof(*kept));
	usage_kept(&l->dir, days, n, kept);
	over = days_over(days, n, now);
	rc = forget_days(l, days, kept, over, n, err);
	for (size_t i = 0; i < over && rc == RC_OK; i++) {
		if (!kept[i])
			rc = keep_day(l, days[i], err);
		if (rc == RC_OK)
			rc = drop_day(l, days[i], now - l->keep_days, err);
	}
	free(kept);
	free(days);
	return rc;
}

/* tidy_counters - where the log is elsewhere, the counters are all there is of a day, and are wiped two
   days later: it is kept as soon as it is over, and again until it is */
static enum rc
tidy_counters(struct ledger *l, int64_t now, struct error *err)
{
	struct usage_sum s = USAGE_SUM_INIT;
	struct pick p = { &s, 0, now - 1 };
	enum rc rc = RC_OK;
	int64_t day = -1;

	counters_each(l->counters, pick, &p);
	usage_sort(&s);
	for (size_t i = 0; i < s.n && rc == RC_OK; i++)
		if (s.rows[i].day != day)
			rc = usage_keep(&l->dir, day = s.rows[i].day, &s, err);
	usage_release(&s);
	return rc;
}

/* tidy - one thread of one process */
static enum rc
tidy(struct ledger *l, int64_t wait_ms, struct error *err)
{
	int64_t now = today();
	enum rc rc = RC_OK;

	if (!inflight_tidying(l->inflight, wait_ms))
		return RC_OK;
	rc = tidy_days(l, now, err);
	if (rc == RC_OK && !l->in_files)
		rc = tidy_counters(l, now, err);
	inflight_tidied(l->inflight, rc == RC_OK ? now : -1);
	return rc;
}

/* ledger_tidy - what another thread or process does need not be done twice */
enum rc
ledger_tidy(struct ledger *l, struct error *err)
{
	enum rc rc;

	if (inflight_tidy_day(l->inflight) == today() || pthread_mutex_trylock(&l->tidying) != 0)
		return RC_OK;
	rc = tidy(l, 0, err);
	pthread_mutex_unlock(&l->tidying);
	return rc;
}

/* ledger_new_day - before the first call of a day is counted, and room is made for it */
void
ledger_new_day(struct ledger *l)
{
	struct error err;

	pthread_mutex_lock(&l->tidying);
	if (inflight_tidy_day(l->inflight) != today() && tidy(l, LEDGER_TIDY_MS, &err) != RC_OK)
		log_warn("usage: %s", err.msg);
	pthread_mutex_unlock(&l->tidying);
}

/* tidy_main - beside the calls: none of them waits for the sums of a day */
static void *
tidy_main(void *arg)
{
	struct error err;

	if (ledger_tidy(arg, &err) != RC_OK)
		log_warn("audit: %s", err.msg);
	return NULL;
}

/* ledger_tidy_end - the thread of the day before has ended long ago */
void
ledger_tidy_end(struct ledger *l)
{
	if (atomic_exchange(&l->has_tidier, false))
		pthread_join(l->tidier, NULL);
}

/* ledger_tidy_later - the first to come on a day */
void
ledger_tidy_later(struct ledger *l)
{
	int64_t now = today(), last = atomic_load_explicit(&l->tidied, memory_order_relaxed);

	if (last == now || !atomic_compare_exchange_strong(&l->tidied, &last, now))
		return;
	ledger_tidy_end(l);
	if (pthread_create(&l->tidier, NULL, tidy_main, l) == 0)
		atomic_store(&l->has_tidier, true);
}

/* add_day - of a day that is counted; where another one got its room, as the clock was ahead, it is in the
   log, or kept */
static enum rc
add_day(struct ledger *l, int64_t day, struct usage_sum *s, struct error *err)
{
	struct pick p = { s, day, day };

	if (counters_have(l->counters, day)) {
		counters_each(l->counters, pick, &p);
		return RC_OK;
	}
	return l->in_files ? usage_read_log(&l->dir, day, s, err) :
	    usage_read_files(&l->dir, day, day, s, err);
}

/* ledger_usage - the days that are over are in files, the others in the counters; a day whose log has
   not been summed yet is summed before */
enum rc
ledger_usage(struct ledger *l, int64_t from, struct usage_sum *s, struct error *err)
{
	int64_t now = today();
	int64_t counted = now - COUNTERS_DAYS + 1;
	struct error why;
	enum rc rc;

	if (ledger_tidy(l, &why) != RC_OK)
		log_warn("usage: %s", why.msg);
	rc = usage_read_files(&l->dir, from, counted - 1, s, err);
	for (int64_t day = from > counted ? from : counted; day <= now && rc == RC_OK; day++)
		rc = add_day(l, day, s, err);
	return rc;
}

/* ledger_dir - borrowed */
const struct statedir *
ledger_dir(const struct ledger *l)
{
	return &l->dir;
}

/* ledger_inflight - borrowed */
struct inflight *
ledger_inflight(struct ledger *l)
{
	return l->inflight;
}

/* ledger_metrics - borrowed */
struct metrics *
ledger_metrics(struct ledger *l)
{
	return l->metrics;
}

/* ledger_in_files - are its lines in the state directory */
bool
ledger_in_files(const struct ledger *l)
{
	return l->in_files;
}
