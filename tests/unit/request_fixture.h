/*
 * request_fixture.h - one request at a time at a server of its own, over a fake web server.
 *
 * Shapes  request_set_up() and request_tear_down() are for a suite; begin() makes r of parameters
 *         ("NAME=value"), and what is answered stands in io
 * Units   bytes
 * Errors  what can't be made fails the test
 * Owns    the fixture; r is released by the test
 * Source  tests only
 */
#ifndef TESTS_UNIT_REQUEST_FIXTURE_H
#define TESTS_UNIT_REQUEST_FIXTURE_H

#include "fcgi/request.h"
#include "fcgi/server.h"
#include "tests/unit/fake_io.h"
#include "tests/unit/fixture.h"

#define BODY_LIMIT 64			/* bytes, of these tests */
#define PARAMS(...) (const char *const[]){ __VA_ARGS__, NULL }

extern struct fixture f;
extern struct server server;
extern struct http *http;
extern struct fake_io io;
extern struct request r;
extern char bearer[128];		/* a parameter with bob's token */

void request_set_up(void);
void request_tear_down(void);
void begin(const char *const *params, const char *body);

/* run - begun, dispatched and released */
void run(const char *const *params, const char *body);

#endif
