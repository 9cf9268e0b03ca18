/*
 * sigbus.h - use a mapped file that someone may cut short, and live.
 *
 * Shapes  between sigbus_enter(page, len) and sigbus_leave() this thread may load and store there:
 *         where the file ends before, the mapping becomes blank memory of this process alone, instead
 *         of the end of the process. Not nested, and short: no call that could wait in between.
 *         A mapping that is used all the time is guarded as a whole, from sigbus_guard() on: its file
 *         is allocated to its full length again, blank where it was cut, and goes on being shared;
 *         where the disk has no room, the page becomes memory of this process alone
 * Units   bytes
 * Errors  sigbus_guard(): false when SIGBUS_GUARDS are guarded already. Who must know whether a store
 *         went to the file asks for the file's size afterwards
 * Owns    the process's action for SIGBUS, from the first sigbus_catch() on; any other SIGBUS goes
 *         where it went before
 * Source  mmap(2), sigaction(2); the way of Wayland's wl_shm_buffer_begin_access()
 */
#ifndef STORE_SIGBUS_H
#define STORE_SIGBUS_H

#include <stdbool.h>
#include <stddef.h>

#define SIGBUS_GUARDS 32		/* mappings at a time */

/* sigbus_catch - once, before the first sigbus_enter(); again is fine */
void sigbus_catch(void);

void sigbus_enter(void *page, size_t len);
void sigbus_leave(void);

/* sigbus_guard - until sigbus_unguard(), which comes before the mapping's end and that of fd */
bool sigbus_guard(void *page, size_t len, int fd);
void sigbus_unguard(void *page);

#endif
