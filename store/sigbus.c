/* sigbus.c - SIGBUS of a mapping that lost its file */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "store/sigbus.h"

#define MENDS_MAX 64			/* of one mapping: a page that can't be read faults again and again */

struct guard {
	char *_Atomic	page;		/* set last; NULL: the rest means nothing */
	size_t		len;
	int		fd;
	atomic_uint	mends;
};

static struct guard guards[SIGBUS_GUARDS];
static pthread_mutex_t guarding = PTHREAD_MUTEX_INITIALIZER;	/* never taken by the handler */
static long page_size;

static struct sigaction before;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* what this thread is in the middle of using; the signal comes to the thread that caused it */
static _Thread_local char *volatile used;
static _Thread_local volatile size_t used_len;

/* pass_on - not ours: as if this handler had never been; a fault comes again by itself */
static void
pass_on(int sig, const siginfo_t *info)
{
	sigaction(SIGBUS, &before, NULL);
	if (info->si_code <= 0)		/* sent by a process */
		raise(sig);
}

/* blank - memory of this process alone where the file was */
static bool
blank(char *page, size_t len)
{
	return mmap(page, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
	    -1, 0) != MAP_FAILED;
}

/* guard_of - the mapping that an address is in, or NULL */
static struct guard *
guard_of(const char *at)
{
	for (struct guard *g = guards; g < guards + SIGBUS_GUARDS; g++) {
		const char *page = atomic_load(&g->page);

		if (page != NULL && at >= page && at < page + g->len)
			return g;
	}
	return NULL;
}

/* mend - the file as long as it was, or else the page without it */
static bool
mend(struct guard *g, char *at)
{
	if (atomic_fetch_add(&g->mends, 1) < MENDS_MAX &&
	    fallocate(g->fd, 0, 0, (off_t)g->len) == 0)
		return true;
	return blank(at - (uintptr_t)at % (uintptr_t)page_size, (size_t)page_size);
}

/* caught - put something where the file was; the instruction is then tried again */
static void
caught(int sig, siginfo_t *info, void *context)
{
	char *at = info->si_addr, *page = used;
	int saved = errno;
	struct guard *g;
	bool mended = false;

	(void)context;
	if (info->si_code > 0 && page != NULL && at >= page && at < page + used_len)
		mended = blank(page, used_len);
	else if (info->si_code > 0 && (g = guard_of(at)) != NULL)
		mended = mend(g, at);
	if (!mended)
		pass_on(sig, info);
	errno = saved;
}

/* install - the handler */
static void
install(void)
{
	struct sigaction sa = { .sa_sigaction = caught, .sa_flags = SA_SIGINFO | SA_RESTART };

	page_size = sysconf(_SC_PAGESIZE);
	sigemptyset(&sa.sa_mask);
	sigaction(SIGBUS, &sa, &before);
}

/* sigbus_catch - the first time */
void
sigbus_catch(void)
{
	pthread_once(&once, install);
}

/* sigbus_enter - from here on a fault in there is expected */
void
sigbus_enter(void *page, size_t len)
{
	used_len = len;
	used = page;
	atomic_signal_fence(memory_order_seq_cst);
}

/* sigbus_leave - to here */
void
sigbus_leave(void)
{
	atomic_signal_fence(memory_order_seq_cst);
	used = NULL;
}

/* sigbus_guard - in the first place that is free */
bool
sigbus_guard(void *page, size_t len, int fd)
{
	struct guard *g = guards;

	sigbus_catch();
	pthread_mutex_lock(&guarding);
	while (g < guards + SIGBUS_GUARDS && atomic_load(&g->page) != NULL)
		g++;
	if (g < guards + SIGBUS_GUARDS) {
		g->len = len;
		g->fd = fd;
		atomic_store(&g->mends, 0);
		atomic_store(&g->page, page);
	}
	pthread_mutex_unlock(&guarding);
	return g < guards + SIGBUS_GUARDS;
}

/* sigbus_unguard - what was not guarded is left alone */
void
sigbus_unguard(void *page)
{
	pthread_mutex_lock(&guarding);
	for (struct guard *g = guards; page != NULL && g < guards + SIGBUS_GUARDS; g++)
		if (atomic_load(&g->page) == page)
			atomic_store(&g->page, NULL);
	pthread_mutex_unlock(&guarding);
}
