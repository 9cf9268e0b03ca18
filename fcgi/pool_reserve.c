/*
 * pool_reserve.c - the thread that refuses what nobody has time for. What it says must be true: a thread
 * whose client has its answer is as good as free, and is waited for.
 */
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "fcgi/pool_inner.h"

#define RESERVE_LOOK_MS	100		/* ms between two looks whether the reserve is needed */
#define GRACE_MS	25		/* ms that a refusal waits where no thread is ending */
#define BURST_MS	100		/* ms after a refusal: the next one does not wait so */
#define NEGLECT_MS	250		/* ms that kept connections wait for a thread of their worker */

/* crowded - has nobody time, neither we nor another worker; without the lock */
static bool
crowded(struct pool *p)
{
	bool yes;

	pthread_mutex_lock(&p->lock);
	yes = pool_full(p) && pool_saturated(p);
	pthread_mutex_unlock(&p->lock);
	return yes;
}

/* neglects - are connections kept that another worker would have time for; without the lock */
static bool
neglects(struct pool *p)
{
	bool yes;

	pthread_mutex_lock(&p->lock);
	yes = pool_full(p) && p->kept.n > 0 && !pool_saturated(p);
	pthread_mutex_unlock(&p->lock);
	return yes;
}

/* horizon_ms - what began before then takes too long to be waited for */
static int64_t
horizon_ms(const struct pool *p)
{
	return clock_mono_ms() - p->opts.ending_ms;
}

/* await - a request, on a new connection or a kept one (1), none within ms (0), or the end (-1) */
static int
await(struct pool *p, int ms)
{
	struct pollfd fds[] = {
		{ .fd = p->stop_fd, .events = POLLIN },
		{ .fd = p->kept.epoll_fd, .events = POLLIN },
		{ .fd = p->opts.listen_fd, .events = POLLIN },
	};
	int n = poll(fds, 3, ms);

	return fds[0].revents != 0 ? -1 : n > 0;
}

/*
 * soon_free - a client that has read its answer to the end asks again while our thread is still closing
 * the request before. It must not be told that all are busy: it waits for the end of those that end,
 * and the first of a burst a moment more: a client that broke off tells us, and asks again
 */
static bool
soon_free(struct pool *p, int64_t refused_ms)
{
	int left = clock_mono_ms() - refused_ms < BURST_MS ? 0 : GRACE_MS;

	while (crowded(p) && await(p, 0) == 1) {
		if (!board_ending(p->opts.board, horizon_ms(p)) && left-- <= 0)
			return false;
		clock_nap(1);
	}
	return true;
}

/* refuse_one - or answer what needs no thread's time */
static void
refuse_one(struct pool_job *job, int fd)
{
	struct pool *p = job->pool;

	if (fd < 0 || (fd = p->opts.serve(p->opts.arg, job, fd)) < 0)
		return;
	pthread_mutex_lock(&p->lock);
	pool_park(p, fd);
	pthread_mutex_unlock(&p->lock);
}

/* refuse - requests one after the other, for as long as nobody else has time for them */
static void
refuse(struct pool_job *job)
{
	struct pool *p = job->pool;
	int64_t refused_ms = 0;
	int ready;

	while (crowded(p) && (ready = await(p, RESERVE_LOOK_MS)) >= 0) {
		if (ready == 0 || soon_free(p, refused_ms))
			continue;
		refuse_one(job, pool_accept(p));
		if (crowded(p))
			refuse_one(job, pool_asked(p, false));
		refused_ms = clock_mono_ms();
	}
}

/* dismiss - all that are kept, so that they come to a worker that has time: where a request has come, it
   gets our answer first */
static void
dismiss(struct pool_job *job)
{
	struct pool *p = job->pool;
	int left = NEGLECT_MS, fd;

	while (neglects(p) && (slot_ending(pool_slot(p), horizon_ms(p)) || left-- > 0))
		clock_nap(1);
	job->last = true;
	while (neglects(p) && (fd = pool_asked(p, true)) >= 0)
		refuse_one(job, fd);
	job->last = false;
}

/* pool_reserve - the thread beyond the others */
void *
pool_reserve(void *arg)
{
	struct pool *p = arg;
	struct pool_job job = { .pool = p, .saturated = true };

	pthread_mutex_lock(&p->lock);
	while (!p->stopping) {
		if (pool_full(p) && (p->kept.n > 0 || pool_saturated(p))) {
			pthread_mutex_unlock(&p->lock);
			dismiss(&job);
			refuse(&job);
			pthread_mutex_lock(&p->lock);
		} else {
			pthread_cond_wait(&p->full, &p->lock);
		}
	}
	pool_retire(&job);
	return NULL;
}
