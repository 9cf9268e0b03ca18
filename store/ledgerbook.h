/*
 * ledgerbook.h - what ledger.c and ledgerbook.c share: the running calls, and the days behind them.
 *
 * Shapes  see ledger.h
 * Units   see ledger.h
 * Errors  see ledger.h
 * Owns    see ledger.h
 * Source  see ledger.h
 */
#ifndef STORE_LEDGERBOOK_H
#define STORE_LEDGERBOOK_H

#include <pthread.h>
#include <stdatomic.h>

#include "store/ledger.h"

#define LEDGER_DAY_MS	INT64_C(86400000)
#define LEDGER_TIDY_MS	INT64_C(2000)	/* ms to wait for one who keeps a day's sum */
#define LEDGER_MIXED_MS	INT64_C(10000)	/* ms; lines of one file are in order but for this much */

struct ledger {
	struct statedir		 dir;
	struct audit		*audit;
	struct inflight		*inflight;
	struct counters		*counters;
	struct metrics		*metrics;
	int64_t			 keep_days;
	bool			 in_files;
	ledger_made		*made;		/* NULL: changes of the dead wait for another process */
	void			*made_arg;
	atomic_bool		 down;		/* the last line could not be written */
	_Atomic int64_t		 tidied;	/* day of the last ledger_tidy_later() */
	pthread_t		 tidier;	/* its thread */
	atomic_bool		 has_tidier;	/* it was started, and is to be joined */
	_Atomic int64_t		 counted;	/* day of the last call that was counted */
	pthread_mutex_t		 tidying;	/* one thread of this process */
};

/* ledger_sum_log - the counters anew, where they are in doubt. Alone only */
void ledger_sum_log(struct ledger *l);

/* ledger_tidy_end - wait for the thread, if there is one */
void ledger_tidy_end(struct ledger *l);

/* ledger_new_day - keep what the counters of past days hold, where no log does */
void ledger_new_day(struct ledger *l);

#endif
