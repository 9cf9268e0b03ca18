/*
 * books.h - a ledger in a directory of its own, with a clock and a disk that a test holds in hand.
 *
 * Shapes  the wall clock is put forward by books_ahead; writev(2) fails as books_failing says
 * Units   seconds
 * Errors  what can't be made fails the test
 * Owns    books_close() removes all of it
 * Source  tests only
 */
#ifndef TESTS_UNIT_BOOKS_H
#define TESTS_UNIT_BOOKS_H

#include <stdatomic.h>

#include "store/ledger.h"

extern atomic_long books_ahead;		/* seconds that the wall clock is put forward */
extern atomic_int books_failing;	/* errno of every writev; 0: none, -1: the next one is short */
extern bool books_no_room;		/* for a file that is allocated */

struct books {
	char		*dir;
	struct ledger	*l;
};

void books_open(struct books *b);
void books_close(struct books *b);
void books_again(struct books *b);	/* close and open the ledger */

/* books_call - a call of an llm and a user by token "t", as it stands when it has ended */
struct auditline books_call(const char *llm, const char *user);

/* books_note - n of them, noted */
void books_note(struct books *b, const char *llm, size_t n);

/* books_file - the path of a file; owned by the caller */
char *books_file(const struct books *b, const char *name);
char *books_day_file(const struct books *b, int64_t day);
char *books_slurp(const char *path);	/* "" where there is none; owned by the caller */
void books_write(const char *path, const char *text);

int64_t books_today(void);

/* books_logged - the sum of a day's log; books_used - of what the ledger says, by llm ("": all) */
struct usage_counts books_logged(const struct books *b, int64_t day);
struct usage_counts books_used(const struct books *b, int64_t from, int64_t to, const char *llm);

/* books_equal - fails the test where a day's log and what the ledger says differ */
void books_equal(const struct books *b, int64_t day);

#endif
