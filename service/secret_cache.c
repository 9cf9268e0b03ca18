/* secret_cache.c - one lock, held for lookups only; fetches run without it */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "service/secret_cache.h"

struct entry {
	struct entry	*next;
	char		 secret_id[ID_SIZE], backend_id[ID_SIZE];
	int64_t		 secret_version, backend_version;
	struct pairs	 values;
	bool		 good;		/* values were fetched, and may serve */
	int64_t		 fetched_ms;	/* clock_mono_ms() */
	int64_t		 until_ms;	/* no longer, whatever happens */
	int64_t		 used_ms;
	bool		 down;		/* the last fetch said so */
	int64_t		 retry_ms;	/* the next try while it is down */
	bool		 fetching;
	unsigned	 users;		/* threads that hold a pointer to it */
	uint64_t	 fetches;	/* that ended, and how the last one did */
	struct error	 last;
	bool		 settled;	/* last is of the versions above */
};

struct secret_cache {
	pthread_mutex_t	 lock;
	pthread_cond_t	 done;		/* a fetch ended */
	struct entry	*entries;
	size_t		 n;
	int64_t		 tidied_ms;	/* clock_mono_ms() */
};

/* secret_cache_new - empty */
struct secret_cache *
secret_cache_new(void)
{
	struct secret_cache *c = x_calloc(1, sizeof(*c));
	pthread_condattr_t attr;

	pthread_mutex_init(&c->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&c->done, &attr);
	pthread_condattr_destroy(&attr);
	return c;
}

/* forget - wipe the values of an entry */
static void
forget(struct entry *e)
{
	pairs_wipe(&e->values);
	e->good = e->down = false;
}

/* take_out - unlink and free the entry that *at points to */
static void
take_out(struct secret_cache *c, struct entry **at)
{
	struct entry *e = *at;

	*at = e->next;
	forget(e);
	free(e);
	c->n--;
}

/* secret_cache_free - nobody uses it any more */
void
secret_cache_free(struct secret_cache *c)
{
	if (c == NULL)
		return;
	while (c->entries != NULL)
		take_out(c, &c->entries);
	pthread_mutex_destroy(&c->lock);
	pthread_cond_destroy(&c->done);
	free(c);
}

/* tidy - what may not serve any more is wiped: the secret may be long gone */
static void
tidy(struct secret_cache *c, int64_t now_ms)
{
	struct entry **at = &c->entries;

	c->tidied_ms = now_ms;
	while (*at != NULL) {
		if ((*at)->users == 0 && now_ms >= (*at)->until_ms)
			take_out(c, at);
		else
			at = &(*at)->next;
	}
}

/* make_room - the longest unused goes */
static void
make_room(struct secret_cache *c)
{
	struct entry **at, **oldest = NULL;

	if (c->n < SECRET_CACHE_MAX)
		return;
	for (at = &c->entries; *at != NULL; at = &(*at)->next)
		if ((*at)->users == 0 && (oldest == NULL || (*at)->used_ms < (*oldest)->used_ms))
			oldest = at;
	if (oldest != NULL)
		take_out(c, oldest);
}

/* find - the entry of a secret, made where there is none */
static struct entry *
find(struct secret_cache *c, const char *secret_id, int64_t now_ms)
{
	struct entry *e;

	if (now_ms >= c->tidied_ms + SECRET_CACHE_TIDY_MS)
		tidy(c, now_ms);
	for (e = c->entries; e != NULL; e = e->next)
		if (strcmp(e->secret_id, secret_id) == 0)
			return e;
	make_room(c);
	e = x_calloc(1, sizeof(*e));
	strncpy(e->secret_id, secret_id, sizeof(e->secret_id) - 1);
	e->next = c->entries;
	c->entries = e;
	c->n++;
	return e;
}

/* is_of - does the entry speak of the secret and the backend as they are now */
static bool
is_of(const struct entry *e, const struct secret_ref *ref)
{
	return e->secret_version == ref->secret_version &&
	    e->backend_version == ref->backend_version &&
	    strcmp(e->backend_id, ref->backend_id) == 0;
}

/* become - from now on it speaks of this one */
static void
become(struct entry *e, const struct secret_ref *ref)
{
	forget(e);
	e->settled = false;
	e->secret_version = ref->secret_version;
	e->backend_version = ref->backend_version;
	memset(e->backend_id, 0, sizeof(e->backend_id));
	strncpy(e->backend_id, ref->backend_id, sizeof(e->backend_id) - 1);
}

/* may_serve - fresh, or old while the backend is down and the next try is not due */
static bool
may_serve(const struct entry *e, const struct secret_ref *ref, int64_t now_ms)
{
	if (!e->good || now_ms >= e->until_ms)
		return false;
	return now_ms < e->fetched_ms + ref->cache_ms ||
	    (e->down && (e->fetching || now_ms < e->retry_ms));
}

/* give - a copy of the value */
static enum rc
give(const struct entry *e, const char *key, char **out)
{
	*out = x_strdup(pairs_find(&e->values, key));
	return RC_OK;
}

/* settle - a fetch ended: keep what it brought, or what there was */
static void
settle(struct entry *e, const struct secret_ref *ref, enum rc rc, struct pairs *fetched,
    int64_t now_ms)
{
	const int64_t retry_ms = ref->cache_ms < SECRET_CACHE_RETRY_MS ? ref->cache_ms :
	    SECRET_CACHE_RETRY_MS;

	e->settled = true;
	if (rc == RC_OK) {
		forget(e);
		e->values = *fetched;
		*fetched = (struct pairs)PAIRS_INIT;
		e->good = true;
		e->fetched_ms = now_ms;
		e->until_ms = now_ms + ref->cache_ms + ref->stale_ms;
	} else if (rc == RC_UNAVAILABLE) {
		e->down = true;
		e->retry_ms = now_ms + retry_ms;
	} else {
		forget(e);
	}
}

/* outcome - of the fetch that ended last, for whoever waited for it */
static enum rc
outcome(const struct entry *e, const char *key, char **out, struct error *err)
{
	if (e->last.rc == RC_OK)
		return give(e, key, out);
	if (e->last.rc == RC_UNAVAILABLE && e->good && clock_mono_ms() < e->until_ms)
		return give(e, key, out);
	return error_set(err, e->last.rc, "%s", e->last.msg);
}

/* fetch_into - without the lock; an entry that has become another one meanwhile does not get it */
static enum rc
fetch_into(struct secret_cache *c, struct entry *e, const struct secret_ref *ref, const char *key,
    secret_fetch *fetch, void *arg, char **out, struct error *err)
{
	struct pairs fetched = PAIRS_INIT;
	struct error why = { RC_OK, "" };
	enum rc rc;

	e->fetching = true;
	pthread_mutex_unlock(&c->lock);
	why.rc = fetch(arg, &fetched, &why);
	pthread_mutex_lock(&c->lock);
	e->fetching = false;
	e->fetches++;
	e->last = why;
	pthread_cond_broadcast(&c->done);
	if (is_of(e, ref)) {
		settle(e, ref, why.rc, &fetched, clock_mono_ms());
		return outcome(e, key, out, err);
	}
	rc = why.rc == RC_OK ? RC_OK : error_set(err, why.rc, "%s", why.msg);
	if (rc == RC_OK)
		*out = x_strdup(pairs_find(&fetched, key));
	pairs_wipe(&fetched);
	return rc;
}

/* await - the end of another thread's fetch; false at the deadline */
static bool
await(struct secret_cache *c, const struct entry *e, int64_t deadline_ms)
{
	const struct timespec at = { deadline_ms / 1000, deadline_ms % 1000 * 1000000 };
	uint64_t before = e->fetches;

	while (e->fetches == before)
		if (pthread_cond_timedwait(&c->done, &c->lock, &at) != 0)
			return e->fetches != before;
	return true;
}

/* look - with the lock held, and the entry kept from eviction */
static enum rc
look(struct secret_cache *c, struct entry *e, const struct secret_ref *ref, const char *key,
    secret_fetch *fetch, void *arg, char **out, struct error *err)
{
	int64_t deadline_ms = clock_mono_ms() + SECRET_CACHE_WAIT_MS;

	for (;;) {
		if (!is_of(e, ref))
			become(e, ref);
		if (may_serve(e, ref, clock_mono_ms()))
			return give(e, key, out);
		if (!e->fetching)
			return fetch_into(c, e, ref, key, fetch, arg, out, err);
		if (!await(c, e, deadline_ms))
			return error_set(err, RC_UNAVAILABLE, "no answer of the secret backend in "
			    "%d ms", SECRET_CACHE_WAIT_MS);
		if (is_of(e, ref) && e->settled)
			return outcome(e, key, out, err);
	}
}

/* fetch_alone - without a cache */
static enum rc
fetch_alone(const char *key, secret_fetch *fetch, void *arg, char **out, struct error *err)
{
	struct pairs fetched = PAIRS_INIT;
	enum rc rc = fetch(arg, &fetched, err);

	if (rc == RC_OK)
		*out = x_strdup(pairs_find(&fetched, key));
	pairs_wipe(&fetched);
	return rc;
}

/* secret_cache_get - see secret_cache.h */
enum rc
secret_cache_get(struct secret_cache *c, const struct secret_ref *ref, const char *key,
    secret_fetch *fetch, void *arg, char **out, struct error *err)
{
	struct entry *e;
	enum rc rc;

	if (c == NULL)
		return fetch_alone(key, fetch, arg, out, err);
	pthread_mutex_lock(&c->lock);
	e = find(c, ref->secret_id, clock_mono_ms());
	e->users++;
	e->used_ms = clock_mono_ms();
	rc = look(c, e, ref, key, fetch, arg, out, err);
	e->users--;
	if (e->users == 0 && clock_mono_ms() >= e->until_ms)
		forget(e);	/* cacheSeconds and staleSeconds 0: nobody is given it any more */
	pthread_mutex_unlock(&c->lock);
	return rc;
}

/* secret_cache_count - of all, served or not */
size_t
secret_cache_count(struct secret_cache *c)
{
	size_t n;

	pthread_mutex_lock(&c->lock);
	n = c->n;
	pthread_mutex_unlock(&c->lock);
	return n;
}

/* secret_cache_drop - the entry stays where a thread is at it */
void
secret_cache_drop(struct secret_cache *c, const char *secret_id)
{
	if (c == NULL)
		return;
	pthread_mutex_lock(&c->lock);
	for (struct entry *e = c->entries; e != NULL; e = e->next)
		if (strcmp(e->secret_id, secret_id) == 0)
			forget(e);
	pthread_mutex_unlock(&c->lock);
}
