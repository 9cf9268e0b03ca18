/*
 * fixture.h - a service on an in-memory store, for the tests of the layers above the store.
 *
 * Shapes  a temporary directory with a key file and audit log; the administrator makes the objects
 * Units   none
 * Errors  a fixture that can't be made fails the test
 * Owns    fixture_close() removes all of it
 * Source  tests only
 */
#ifndef TESTS_UNIT_FIXTURE_H
#define TESTS_UNIT_FIXTURE_H

#include "service/catalogue.h"

struct fixture {
	char			dir[64];
	struct config		cfg;
	struct service		svc;
	struct caller		admin;
	const struct table	*table;		/* the newest, after fixture_look() */
};

void fixture_open(struct fixture *f);
void fixture_close(struct fixture *f);

/* fixture_make - create from JSON text (single quotes stand for double ones); must succeed */
void fixture_make(struct fixture *f, const struct kind *k, const char *text);

/* fixture_try - create as a caller; the code, and what went wrong in err */
enum rc fixture_try(struct fixture *f, const struct caller *c, const struct kind *k,
    const char *text, struct error *err);

/* fixture_put - update as a caller */
enum rc fixture_put(struct fixture *f, const struct caller *c, const struct kind *k,
    const char *ref, const char *text, struct error *err);

/* fixture_look - take the newest table */
const struct table *fixture_look(struct fixture *f);

/* fixture_caller - a user of the newest table, with a token of that name or NULL */
struct caller fixture_caller(struct fixture *f, const char *user, const char *token);

#endif
