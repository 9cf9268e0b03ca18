/*
 * pool.c - leader and followers. The leader waits, in one epoll set, for new connections and for the next
 * request on those that a web server keeps: these cost a descriptor, never a thread.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/http.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "fcgi/pool_inner.h"

#ifdef WITH_SANITIZER
#define STACK_SIZE	(1024 * 1024)	/* bytes; red zones need room */
#else
#define STACK_SIZE	(128 * 1024)	/* bytes; store recovery and a TLS call use 12.5 KB */
#endif
#define IDLE_MAX	4		/* followers that wait for work; more of them end */
#define ACCEPT_NAP_MS	100		/* ms to wait when no descriptor is left for a connection */

static void *thread_main(void *arg);

/* start_thread - small and detached; with the lock held */
static bool
start_thread(struct pool *p, void *(*run)(void *))
{
	long least = sysconf(_SC_THREAD_STACK_MIN);
	size_t size = least > STACK_SIZE ? (size_t)least : STACK_SIZE;
	pthread_attr_t attr;
	pthread_t thread;
	int ret;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, size);
	ret = pthread_create(&thread, &attr, run, p);
	pthread_attr_destroy(&attr);
	if (ret != 0) {
		log_warn("no new thread beside %u: %s", p->threads, strerror(ret));
		return false;
	}
	p->threads++;
	return true;
}

/* pool_saturated - is every thread of every worker busy */
bool
pool_saturated(const struct pool *p)
{
	return board_busy(p->opts.board) >= p->opts.capacity;
}

/* pool_full - is every thread of ours busy; with the lock held */
bool
pool_full(const struct pool *p)
{
	return p->busy == p->opts.max;
}

/* count_busy - here and on the board; whoever fills the last place wakes the reserved thread */
static void
count_busy(struct pool *p, int change)
{
	p->busy += (unsigned)change;
	if (p->opts.board == NULL)
		return;
	atomic_fetch_add(&p->opts.board->slots[p->opts.slot].busy, (unsigned)change);
	if (pool_full(p) && (p->kept.n > 0 || pool_saturated(p)))
		pthread_cond_signal(&p->full);
}

/* pool_slot - on the board; NULL: alone */
struct board_slot *
pool_slot(const struct pool *p)
{
	return p->opts.board != NULL ? &p->opts.board->slots[p->opts.slot] : NULL;
}

/* pool_ending - the time first: whoever sees the count sees the time that goes with it */
void
pool_ending(struct pool_job *job)
{
	struct board_slot *slot = pool_slot(job->pool);

	if (slot == NULL || job->saturated)
		return;
	atomic_store(&slot->ending_ms, clock_mono_ms());
	if (!job->ending)
		atomic_fetch_add(&slot->ending, 1U);
	job->ending = true;
}

/* ended - it is no longer busy: what is busy beside it must not look as if nobody were ending */
static void
ended(struct pool_job *job)
{
	count_busy(job->pool, -1);
	if (job->ending)
		atomic_fetch_sub(&pool_slot(job->pool)->ending, 1U);
	job->ending = false;
}

/* count_taken - a worker retires after max_requests */
static void
count_taken(struct pool *p)
{
	if (++p->taken == p->opts.max_requests)
		p->opts.worn(p->opts.arg);
}

/* pool_park - or close it; with the lock held */
void
pool_park(struct pool *p, int fd)
{
	if (p->stopping || !kept_add(&p->kept, fd))
		close(fd);
}

/* pool_asked - a kept connection with a request, or -1 */
int
pool_asked(struct pool *p, bool last)
{
	int fd;

	pthread_mutex_lock(&p->lock);
	fd = last ? kept_last(&p->kept) : kept_next(&p->kept);
	pthread_mutex_unlock(&p->lock);
	return fd;
}

/* finished - nothing will come any more; what had come on a kept connection before is still served */
static bool
finished(const struct pool *p)
{
	return p->stopping && p->kept.n == 0;
}

/* lead - wait for the turn; false: the thread ends */
static bool
lead(struct pool *p)
{
	while (p->leading && !finished(p)) {
		if (p->idle >= IDLE_MAX)
			return false;
		p->idle++;
		pthread_cond_wait(&p->turn, &p->lock);
		p->idle--;
	}
	if (finished(p))
		return false;
	p->leading = true;
	return true;
}

/* promote - another thread leads from now on: one that waits, one that is on its way, or a new one;
   where there is none, the next that is done with its request */
static void
promote(struct pool *p)
{
	p->leading = false;
	if (finished(p))
		pthread_cond_broadcast(&p->turn);
	else if (p->idle > 0)
		pthread_cond_signal(&p->turn);
	else if (p->busy == p->crew && p->crew < p->opts.max)
		p->crew += start_thread(p, thread_main);
}

/* out_of_something - an accept that will fail again at once; a descriptor that is no socket any more
   (pool_stop()) is not asked again */
static bool
out_of_something(int code)
{
	return code != EAGAIN && code != EWOULDBLOCK && code != EINTR && code != ECONNABORTED &&
	    code != ENOTSOCK;
}

/* pool_accept - a connection, or -1 */
int
pool_accept(struct pool *p)
{
	int fd = accept4(p->opts.listen_fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0 && out_of_something(errno)) {
		log_warn("accept: %s", strerror(errno));
		clock_nap(ACCEPT_NAP_MS);
	}
	return fd;
}

/* patience - ms that the leader waits: for ever, or after the stop for what web servers may have sent on
   kept connections, but had not when we looked */
static int
patience(struct pool *p)
{
	int64_t left = -1;

	pthread_mutex_lock(&p->lock);
	if (p->stopping) {
		left = p->stop_ms + p->opts.linger_ms - clock_mono_ms();
		if (left < 0 || p->kept.n == 0)
			left = 0;
	}
	pthread_mutex_unlock(&p->lock);
	return (int)left;
}

/* found - what the leader was told of: a connection with a request, or -1 */
static int
found(struct pool *p, int fd)
{
	if (fd == p->opts.listen_fd)
		return pool_accept(p);
	if (fd == p->kept.epoll_fd)
		return pool_asked(p, false);
	epoll_ctl(p->epoll_fd, EPOLL_CTL_DEL, fd, NULL);	/* the stop was heard */
	return -1;
}

/* take - the leader's work: the next request's connection, or -1 at the end */
static int
take(struct pool *p)
{
	struct epoll_event ev;
	int fd = -1, n;

	while (fd < 0) {
		if ((n = epoll_wait(p->epoll_fd, &ev, 1, patience(p))) == 0)
			return pool_asked(p, true);
		if (n == 1)
			fd = found(p, ev.data.fd);
	}
	return fd;
}

/* pool_retire - a thread's end; the last one tells. With the lock held, which it lets go */
void
pool_retire(struct pool_job *job)
{
	struct pool *p = job->pool;

	pthread_mutex_unlock(&p->lock);
	http_free(job->http);
	pthread_mutex_lock(&p->lock);
	if (--p->threads == 0 && p->stopping)
		p->opts.ended(p->opts.arg);
	pthread_mutex_unlock(&p->lock);
}

/* thread_main - lead, serve, follow */
static void *
thread_main(void *arg)
{
	struct pool *p = arg;
	struct pool_job job = { .pool = p };
	int fd;

	pthread_mutex_lock(&p->lock);
	while (lead(p)) {
		pthread_mutex_unlock(&p->lock);
		fd = take(p);
		pthread_mutex_lock(&p->lock);
		if (fd < 0) {
			promote(p);
			break;
		}
		count_busy(p, 1);
		promote(p);
		count_taken(p);
		pthread_mutex_unlock(&p->lock);
		fd = p->opts.serve(p->opts.arg, &job, fd);
		pthread_mutex_lock(&p->lock);
		if (fd >= 0)
			pool_park(p, fd);
		ended(&job);
	}
	p->crew--;
	pool_retire(&job);
	return NULL;
}

/* lead_by - the leader is told when fd is readable */
static bool
lead_by(const struct pool *p, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, fd, &ev) == 0;
}

/* pool_new - without a thread */
struct pool *
pool_new(const struct pool_opts *opts)
{
	struct pool *p = x_calloc(1, sizeof(*p));

	p->opts = *opts;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->turn, NULL);
	pthread_cond_init(&p->full, NULL);
	p->stop_fd = eventfd(0, EFD_CLOEXEC);
	p->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (p->stop_fd < 0 || p->epoll_fd < 0 || !kept_init(&p->kept) ||
	    !lead_by(p, p->stop_fd) || !lead_by(p, opts->listen_fd) ||
	    !lead_by(p, p->kept.epoll_fd)) {
		log_error("a worker's descriptors: %s", strerror(errno));
		abort();
	}
	return p;
}

/* pool_start - one thread leads; the rest come when there is work */
void
pool_start(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	p->crew += start_thread(p, thread_main);
	if (p->opts.board != NULL)
		(void)start_thread(p, pool_reserve);
	pthread_mutex_unlock(&p->lock);
}

/* pool_stop - the listening descriptor is replaced, not closed: its number must not come to mean
   something else while a thread is about to use it. With the last one of all workers gone, what
   still waits in the queue is refused by the kernel, and the web server knows at once */
void
pool_stop(struct pool *p)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	pthread_mutex_lock(&p->lock);
	p->stopping = true;
	p->stop_ms = clock_mono_ms();
	eventfd_write(p->stop_fd, 1);
	pthread_cond_broadcast(&p->turn);
	pthread_cond_broadcast(&p->full);
	epoll_ctl(p->epoll_fd, EPOLL_CTL_DEL, p->opts.listen_fd, NULL);
	if (null >= 0) {
		dup3(null, p->opts.listen_fd, O_CLOEXEC);
		close(null);
	}
	if (p->threads == 0)
		p->opts.ended(p->opts.arg);
	pthread_mutex_unlock(&p->lock);
}

/* pool_keeps - a close would be the web server's (FastCGI 1.0 §5.1): it may have sent its next request */
bool
pool_keeps(const struct pool_job *job)
{
	struct pool *p = job->pool;
	bool keeps;

	pthread_mutex_lock(&p->lock);
	keeps = p->opts.board != NULL && !p->stopping && !job->last && p->kept.n < KEPT_MAX;
	pthread_mutex_unlock(&p->lock);
	return keeps;
}

/* pool_threads - how many are there */
unsigned
pool_threads(struct pool *p)
{
	unsigned n;

	pthread_mutex_lock(&p->lock);
	n = p->threads;
	pthread_mutex_unlock(&p->lock);
	return n;
}

/* pool_free - all threads have ended; the last one may still be about to let go of the lock */
void
pool_free(struct pool *p)
{
	(void)pool_threads(p);
	kept_close(&p->kept);
	close(p->epoll_fd);
	close(p->stop_fd);
	pthread_cond_destroy(&p->full);
	pthread_cond_destroy(&p->turn);
	pthread_mutex_destroy(&p->lock);
	free(p);
}
