/* sigbus.c - SIGBUS of a mapping that lost its file */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "store/sigbus.h"

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

/* caught - put blank memory where the file was; the instruction is then tried again */
static void
caught(int sig, siginfo_t *info, void *context)
{
	char *at = info->si_addr, *page = used;
	int saved = errno;

	(void)context;
	if (info->si_code <= 0 || page == NULL || at < page || at >= page + used_len ||
	    mmap(page, used_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
	    -1, 0) == MAP_FAILED)
		pass_on(sig, info);
	errno = saved;
}

/* install - the handler */
static void
install(void)
{
	struct sigaction sa = { .sa_sigaction = caught, .sa_flags = SA_SIGINFO | SA_RESTART };

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
