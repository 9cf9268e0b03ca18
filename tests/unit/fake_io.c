/* fake_io.c - struct io over memory */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/fake_io.h"

/* param - by name */
static const char *
param(struct io *io, const char *name)
{
	struct fake_io *f = (struct fake_io *)io;
	size_t n = strlen(name);

	for (size_t i = 0; f->params[i] != NULL; i++)
		if (strncmp(f->params[i], name, n) == 0 && f->params[i][n] == '=')
			return f->params[i] + n + 1;
	return NULL;
}

/* read_body - a piece at a time */
static enum rc
read_body(struct io *io, char *p, size_t n, size_t *got, struct error *err)
{
	struct fake_io *f = (struct fake_io *)io;

	if (f->body_at == f->body_len && f->fail != RC_OK)
		return error_set(err, f->fail, "as the test wants it");
	if (f->piece > 0 && n > f->piece)
		n = f->piece;
	if (n > f->body_len - f->body_at)
		n = f->body_len - f->body_at;
	memcpy(p, f->body + f->body_at, n);
	f->body_at += n;
	*got = n;
	return RC_OK;
}

/* write_out - kept */
static enum rc
write_out(struct io *io, const char *p, size_t n, struct error *err)
{
	struct fake_io *f = (struct fake_io *)io;

	(void)err;
	cr_assert_lt(n, FAKE_OUT_MAX - f->out_len);
	memcpy(f->out + f->out_len, p, n);
	f->out_len += n;
	return RC_OK;
}

/* ending - noted the first time */
static void
ending(void *arg)
{
	struct fake_io *f = arg;

	if (!f->ending)
		f->ending_at = f->out_len;
	f->ending = true;
}

static enum rc
flush(struct io *io, struct error *err)
{
	(void)io;
	(void)err;
	return RC_OK;
}

static enum rc
watch(struct io *io, bool *again, struct error *err)
{
	(void)io;
	(void)err;
	*again = false;
	return RC_OK;
}

static void
close_io(struct io *io)
{
	((struct fake_io *)io)->closed = true;
}

static const struct io_ops ops = {
	.param = param, .read = read_body, .write = write_out, .flush = flush, .watch = watch,
	.close = close_io,
};

/* fake_io_init - nothing was read or written yet */
void
fake_io_init(struct fake_io *f, const char *const *params, const char *body)
{
	memset(f, 0, sizeof(*f));
	f->io.ops = &ops;
	f->io.watch_fd = -1;
	f->io.ending = ending;
	f->io.ending_arg = f;
	f->params = params;
	f->body = body != NULL ? body : "";
	f->body_len = strlen(f->body);
}

/* fake_io_body - behind the empty line */
const char *
fake_io_body(const struct fake_io *f)
{
	const char *end = strstr(f->out, "\r\n\r\n");

	cr_assert_not_null(end, "no end of headers in: %s", f->out);
	return end + 4;
}

/* fake_io_has - a whole line before it */
bool
fake_io_has(const struct fake_io *f, const char *line)
{
	const char *end = fake_io_body(f) - 2;
	size_t n = strlen(line);

	for (const char *p = f->out; p < end; p = strstr(p, "\r\n") + 2)
		if (strncmp(p, line, n) == 0 && strncmp(p + n, "\r\n", 2) == 0)
			return true;
	return false;
}
