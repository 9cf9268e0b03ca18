/* io_out.c - what is not sent yet, and how long we wait to send it */
#include <errno.h>
#include <poll.h>

#include "base/clock.h"
#include "fcgi/io_out.h"

#define LOOK_MS 250			/* ms between two looks whether we are to stop */

/* io_out_init - nothing collected */
void
io_out_init(struct io_out *o,
    enum rc (*put)(struct io *io, const char *p, size_t n, struct error *err))
{
	buf_init(&o->buf, IO_OUT_MAX);
	o->put = put;
}

/* io_out_release - what was not flushed is lost */
void
io_out_release(struct io_out *o)
{
	buf_wipe(&o->buf);			/* an answer may hold a new token */
}

/* io_out_flush - even when it can't be sent, it is not sent again */
enum rc
io_out_flush(struct io_out *o, struct io *io, struct error *err)
{
	enum rc rc = RC_OK;

	if (o->buf.len > 0)
		rc = o->put(io, o->buf.p, o->buf.len, err);
	buf_clear(&o->buf);
	return rc;
}

/* io_out_write - what was collected goes first */
enum rc
io_out_write(struct io_out *o, struct io *io, const char *p, size_t n, struct error *err)
{
	enum rc rc;

	if (n <= IO_OUT_MAX - o->buf.len)
		return buf_add(&o->buf, p, n, err);
	if ((rc = io_out_flush(o, io, err)) != RC_OK)
		return rc;
	return n < IO_OUT_MAX ? buf_add(&o->buf, p, n, err) : o->put(io, p, n, err);
}

/* io_out_room - a hang-up comes without room */
enum rc
io_out_room(const struct io *io, int fd, struct error *err)
{
	int64_t now = clock_mono_ms();
	int64_t until = io->until_ms != 0 ? io->until_ms : now + IO_WRITE_MS;
	struct pollfd out = { .fd = fd, .events = POLLOUT };

	for (;; now = clock_mono_ms()) {
		int64_t left = until > now ? until - now : 0;
		int n = poll(&out, 1, (int)(left < LOOK_MS ? left : LOOK_MS));

		if (n > 0 && (out.revents & (POLLERR | POLLHUP | POLLNVAL)))
			return error_set(err, RC_GONE, "the client left");
		if (n > 0)
			return RC_OK;
		if (n < 0 && errno != EINTR)
			return error_set(err, RC_GONE, "the client's connection failed");
		if (left == 0)
			return error_set(err, RC_GONE, "the client reads too slowly");
		if (io->stop != NULL && atomic_load(io->stop))
			return error_set(err, RC_GONE, "the client reads too slowly to wait for");
	}
}
