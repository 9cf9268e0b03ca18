/*
 * pool_fixture.h - a pool, and clients that tell its threads what to do.
 *
 * Shapes  pool_set_up() and pool_tear_down() are for a suite. A client's first byte tells who took it:
 *         'b'usy, or 's'aturated; then it says how its request ends
 * Units   ms
 * Errors  what does not happen in good time fails the test
 * Owns    descriptors are closed by the test, or by ended()
 * Source  tests only
 */
#ifndef TESTS_UNIT_POOL_FIXTURE_H
#define TESTS_UNIT_POOL_FIXTURE_H

#include "fcgi/pool.h"

extern char dir[];
extern struct board *board;
extern int told[2];			/* what happened, a byte each: 'e'nded, 'w'orn */
extern int gate[2];			/* a byte each lets a thread that is ending go */
extern int ending_ms;			/* how long it is waited for; very long */
extern int linger_ms;			/* after the stop; 0 */

void pool_set_up(void);
void pool_tear_down(void);

/* start - a pool of max threads, alone or on a board where it is all the workers there are */
struct pool *start(unsigned max, struct board *b, int64_t max_requests);

/* start_of - the same, where all workers have capacity threads */
struct pool *start_of(unsigned max, unsigned capacity, struct board *b, int64_t max_requests);

/* finish - stop it, and wait for its last thread */
void finish(struct pool *p);

/* dial - a connection, or -1 where nobody listens */
int dial(void);

/* client - a connection */
int client(void);

/* late - a client that has its last byte, while its thread waits at the gate before its end */
int late(void);

/* keep - a client whose connection is kept, and no thread has it any more */
int keep(void);

/* say - how the request ends: 'k' or 'q', the connection is kept, where the pool would; if not, an 'n'
   answers the 'q'. 'l', late; else it is closed. Where it was kept, this is its next request as well */
void say(int fd, char c);

/* ready - wait until there is something to read */
void ready(int fd);

/* next - a byte */
char next(int fd);

/* silent - nothing was said, though there was time for it */
bool silent(int fd);

/* ended - the pool has closed the connection; so do we */
void ended(int fd);

#endif
