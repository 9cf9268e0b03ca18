/*
 * sigbus.h - use a mapped file that someone may cut short, and live.
 *
 * Shapes  between sigbus_enter(page, len) and sigbus_leave() this thread may load and store there:
 *         where the file ends before, the mapping becomes blank memory of this process alone, instead
 *         of the end of the process. Not nested, and short: no call that could wait in between
 * Units   bytes
 * Errors  none; who must know whether a store went to the file asks for the file's size afterwards
 * Owns    the process's action for SIGBUS, from the first sigbus_catch() on; any other SIGBUS goes
 *         where it went before
 * Source  mmap(2), sigaction(2); the way of Wayland's wl_shm_buffer_begin_access()
 */
#ifndef STORE_SIGBUS_H
#define STORE_SIGBUS_H

#include <stddef.h>

/* sigbus_catch - once, before the first sigbus_enter(); again is fine */
void sigbus_catch(void);

void sigbus_enter(void *page, size_t len);
void sigbus_leave(void);

#endif
