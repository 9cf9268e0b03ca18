/*
 * filelock.h - locks on numbered places of a file that processes share.
 *
 * Shapes  a lock belongs to the open file: the kernel takes it from whoever dies, however and in any pid
 *         namespace. The places are bytes far behind the file's end. fd -1 is memory of this process
 *         alone, which has every lock
 * Units   ms
 * Errors  none: it is had or not
 * Owns    close(fd) lets go of every lock. Never fork while one is held: the child would keep it
 * Source  fcntl(2), F_OFD_SETLK
 */
#ifndef STORE_FILELOCK_H
#define STORE_FILELOCK_H

#include <stdbool.h>
#include <stdint.h>

enum filelock { FILELOCK_NONE, FILELOCK_SHARED, FILELOCK_ALONE };

/* filelock - take, change or let go of the lock of a place, without waiting; false: someone has it. A
   change from one kind to the other happens at once or not at all */
bool filelock(int fd, unsigned place, enum filelock kind);

/* filelock_wait - the same, tried again until the deadline (clock_mono_ms()) */
bool filelock_wait(int fd, unsigned place, enum filelock kind, int64_t deadline_ms);

/* filelock_held - the lowest of n places from the first on that another open file has locked, or -1 */
int filelock_held(int fd, unsigned first, unsigned n);

#endif
