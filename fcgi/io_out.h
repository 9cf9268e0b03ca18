/*
 * io_out.h - bytes on their way to the web server: collected until they are many, sent with patience.
 *
 * Shapes  both backends of io.h write through it; a record or a piece is sent by the backend's put
 * Units   bytes, ms of clock_mono_ms()
 * Errors  RC_GONE: the reader left, or takes nothing for too long
 * Owns    io_out_release() frees
 * Source  DESIGN.md 2: a reader of one byte a second must not hold a thread for ever
 */
#ifndef FCGI_IO_OUT_H
#define FCGI_IO_OUT_H

#include "base/buf.h"
#include "fcgi/io.h"

#define IO_OUT_MAX 8192			/* bytes collected before they are sent */

struct io_out {
	struct buf	 buf;
	/* MUST. Send all of it */
	enum rc		(*put)(struct io *io, const char *p, size_t n, struct error *err);
};

void io_out_init(struct io_out *o,
    enum rc (*put)(struct io *io, const char *p, size_t n, struct error *err));
void io_out_release(struct io_out *o);

/* io_out_write - collect, or send at once where it is much */
enum rc io_out_write(struct io_out *o, struct io *io, const char *p, size_t n, struct error *err);

/* io_out_flush - send what was collected */
enum rc io_out_flush(struct io_out *o, struct io *io, struct error *err);

/* io_out_room - wait until fd takes bytes: to io->until_ms, else IO_WRITE_MS; not while io->stop */
enum rc io_out_room(const struct io *io, int fd, struct error *err);

#endif
