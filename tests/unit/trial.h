/*
 * trial.h - a store to try things on, and what comes of it as one line of text.
 *
 * Shapes  bodies are JSON with single quotes for double ones. Results: "ok", or the code's name,
 *         the message, and every fault sorted by path: "invalid: invalid llm [model: is required]"
 * Units   none
 * Errors  a trial that can't be set up fails the test
 * Owns    trial_close() removes all of it; texts returned live until the next call
 * Source  tests only
 */
#ifndef TESTS_UNIT_TRIAL_H
#define TESTS_UNIT_TRIAL_H

#include "store/store.h"

struct trial {
	char			 dir[64];
	char			*key_file;
	struct store		*store;
	const struct table	*table;		/* the newest, after trial_look() */
};

struct json_object *trial_json(const char *text);

/* trial_open - in memory, with a key file and the backend that init makes */
void trial_open(struct trial *t);
/* trial_open_on - the same over an engine */
void trial_open_on(struct trial *t, struct kv *kv);
void trial_close(struct trial *t);

const char *trial_create(struct trial *t, const struct kind *k, const char *body);
const char *trial_update(struct trial *t, const struct kind *k, const char *ref, const char *body);
const char *trial_delete(struct trial *t, const struct kind *k, const char *ref);

/* trial_token - create a token of this digest */
const char *trial_token(struct trial *t, const char *body, const char *sha);

/* trial_look - the newest table */
const struct table *trial_look(struct trial *t);

/* trial_get - a record of the newest table; must be there */
const struct record *trial_get(struct trial *t, const struct kind *k, const char *ref);

/* trial_view - its view as text, with single quotes */
const char *trial_view(struct trial *t, const struct kind *k, const char *ref);

/* remove_tree - a directory of one level and its files */
void remove_tree(const char *dir);

#endif
