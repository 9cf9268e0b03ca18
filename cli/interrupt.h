/*
 * interrupt.h - Ctrl-C as something to wait for, so that work is ended and not only cut.
 *
 * Shapes  SIGINT, SIGTERM and SIGHUP are held back between the two calls, and make the descriptor
 *         readable: it can be a sink's watch_fd (service/infer.h), with interrupt_watch() as its watch()
 * Units   none
 * Errors  RC_GONE, which is exit status 130, from interrupt_watch()
 * Owns    interrupt_close() closes it and lets the signals through again; one that came meanwhile
 *         and was not read acts then
 * Source  signalfd(2)
 */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>

#include "base/rc.h"

struct interrupt {
	int		fd;
	sigset_t	before;
};

enum rc interrupt_open(struct interrupt *i, struct error *err);
void interrupt_close(struct interrupt *i);

/* interrupt_watch - the descriptor is readable: *again, or RC_GONE */
enum rc interrupt_watch(const struct interrupt *i, bool *again, struct error *err);

#endif
