/*
 * fake_io.h - a web server's connection for the tests of requests: parameters and a body go in,
 * the answer is kept.
 *
 * Shapes  parameters as "NAME=value" texts up to a NULL
 * Units   bytes
 * Errors  read gives fail at the end of the body, where that is not RC_OK
 * Owns    the answer lives in struct fake_io, which outlives the request
 * Source  tests only
 */
#ifndef TESTS_UNIT_FAKE_IO_H
#define TESTS_UNIT_FAKE_IO_H

#include "fcgi/request.h"

#define FAKE_OUT_MAX 65536		/* bytes of an answer */

struct fake_io {
	struct io		 io;
	const char *const	*params;
	const char		*body;
	size_t			 body_len, body_at;
	size_t			 piece;		/* bytes a read gives at most; 0: all */
	enum rc			 fail;
	bool			 closed;
	bool			 ending;	/* the pool was told */
	size_t			 ending_at;	/* bytes of the answer before that */
	char			 out[FAKE_OUT_MAX];
	size_t			 out_len;
};

/* fake_io_init - a body of text, or NULL */
void fake_io_init(struct fake_io *f, const char *const *params, const char *body);

/* fake_io_has - is the line among the headers of the answer */
bool fake_io_has(const struct fake_io *f, const char *line);

/* fake_io_body - what follows the headers */
const char *fake_io_body(const struct fake_io *f);

#endif
