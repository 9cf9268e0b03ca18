/* interrupt.c - signals by a descriptor */
#include <errno.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli/interrupt.h"

/* interrupt_open - from now on they wait */
enum rc
interrupt_open(struct interrupt *i, struct error *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, &i->before);
	if ((i->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) >= 0)
		return RC_OK;
	sigprocmask(SIG_SETMASK, &i->before, NULL);
	return error_set(err, RC_IO, "signalfd: %s", strerror(errno));
}

/* interrupt_close - from now on they act */
void
interrupt_close(struct interrupt *i)
{
	close(i->fd);
	i->fd = -1;
	sigprocmask(SIG_SETMASK, &i->before, NULL);
}

/* interrupt_watch - see interrupt.h */
enum rc
interrupt_watch(const struct interrupt *i, bool *again, struct error *err)
{
	struct signalfd_siginfo info;

	*again = true;
	if (read(i->fd, &info, sizeof(info)) != sizeof(info))
		return RC_OK;
	return error_set(err, RC_GONE, "interrupted");
}
