/*
 * master.h - the process that starts workers, and does nothing else.
 *
 * Shapes  TERM, INT: workers drain, then exit 0. HUP: configuration read anew, new workers, the old
 *         ones finish what they have. USR1 (from a worker): one is leaving, another is started.
 *         It opens no store, no libcurl, no TLS: nothing of that lives across a fork
 * Units   none
 * Errors  the exit status
 * Owns    the listener and the configuration it is given
 * Source  DESIGN.md 2
 */
#ifndef FCGI_MASTER_H
#define FCGI_MASTER_H

#include "base/config.h"
#include "fcgi/listen.h"

struct master_opts {
	struct config	*cfg;
	struct listener	*listener;
	/* read the configuration anew, into a struct that is not initialised */
	enum rc		(*reload)(void *arg, struct config *out, struct error *err);
	void		*arg;
};

int master_run(const struct master_opts *opts);

#endif
