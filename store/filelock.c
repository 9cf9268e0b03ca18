/* filelock.c - locks of open files */
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/filelock.h"

#define LOCK_AT		(INT64_C(1) << 40)
#define YIELDS		8		/* tries before the first nap: most locks are held for microseconds */
#define NAP_MS		1

/* lock_of - a lock of n places */
static struct flock
lock_of(short type, unsigned first, unsigned n)
{
	return (struct flock){
		.l_type = type, .l_whence = SEEK_SET, .l_start = LOCK_AT + first, .l_len = n
	};
}

/* filelock - memory of one process needs none */
bool
filelock(int fd, unsigned place, enum filelock kind)
{
	static const short types[] = {
		[FILELOCK_NONE] = F_UNLCK, [FILELOCK_SHARED] = F_RDLCK, [FILELOCK_ALONE] = F_WRLCK,
	};
	struct flock lock = lock_of(types[kind], place, 1);

	return fd < 0 || fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

/* filelock_wait - by tries: a stopped holder must not stop us for ever */
bool
filelock_wait(int fd, unsigned place, enum filelock kind, int64_t deadline_ms)
{
	for (int tries = 0; !filelock(fd, place, kind); tries++) {
		if (clock_mono_ms() >= deadline_ms)
			return false;
		if (tries < YIELDS)
			sched_yield();
		else
			clock_nap(NAP_MS);
	}
	return true;
}

/* named - a place that is held, any of them: the kernel names them in the order they were taken */
static int
named(int fd, unsigned first, unsigned n)
{
	struct flock lock = lock_of(F_WRLCK, first, n);

	if (fd < 0 || n == 0 || fcntl(fd, F_OFD_GETLK, &lock) != 0 || lock.l_type == F_UNLCK)
		return -1;
	return lock.l_start <= LOCK_AT + first ? (int)first : (int)(lock.l_start - LOCK_AT);
}

/* filelock_held - until none is named before it */
int
filelock_held(int fd, unsigned first, unsigned n)
{
	int held = -1, lower;

	while ((lower = named(fd, first, n)) >= 0) {
		held = lower;
		n = (unsigned)held - first;
	}
	return held;
}
