/*
 * kv_fixture.h - stores for the tests of the engines.
 *
 * Shapes  EACH_ENGINE(p) { ... } runs its body once on a new store of each engine;
 *         state_set_up() and state_tear_down() are for a suite that works on one state directory
 * Units   none
 * Errors  a store that can't be made fails the test
 * Owns    the fixture; texts are the caller's
 * Source  tests only
 */
#ifndef TESTS_UNIT_KV_FIXTURE_H
#define TESTS_UNIT_KV_FIXTURE_H

#include <sys/types.h>

#include "store/kv.h"

#define WAIT_MS		20000		/* ms for the lock: a slow machine is no failure */
#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define STORE_ID	"0123456789abcdef0123456789abcdef"
#define OTHER_USER	65534		/* uid and gid; any that is not root's */

struct place {
	const char	*engine;
	char		*top;		/* of an engine with files */
	struct kv	*kv;
};

extern const char *const engines[2];

struct place place_open(const char *engine);
void place_close(struct place *p);

#define EACH_ENGINE(p)								\
	for (size_t e_ = 0; e_ < COUNT(engines); e_++)				\
		for (struct place p = place_open(engines[e_]); p.kv != NULL;	\
		    place_close(&p), p.kv = NULL)

extern char *top, *dir;			/* dir is the state directory in top; not made yet */

void state_set_up(void);

/* state_tear_down - nothing of a shared environment may be there, nothing that others may read */
void state_tear_down(void);

/* in_dir - the path of a file in the state directory, until the next call */
const char *in_dir(const char *name);

void make(void);			/* the store */
struct kv *open_store(void);

/* put_within - one value, waiting so long for the lock */
enum rc put_within(struct kv *kv, const char *key, int64_t ms, struct error *err);
void put(struct kv *kv, const char *key);

/* expect_items - how many there are, and at which revision */
void expect_items(struct kv *kv, size_t n, uint64_t rev);

/* write_file - bytes over what is there, from an offset */
void write_file(const char *name, off_t at, const void *p, size_t n);

/* give - the state directory with its files to OTHER_USER, where we may */
void give(void);

/* child - run a function in a process of its own; its exit status */
int child(int (*run)(void));

#endif
