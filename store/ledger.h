/*
 * ledger.h - the books of a store: each inference call gets its audit line and its counts, each change of
 *            the catalogue its line, once.
 *
 * Shapes  a call is begun (it holds a slot of inflight), ended (its line is written, then it is counted),
 *         and if its process dies in between, whoever looks next does the rest: ledger_recover()
 * Units   ms, days since 1970 (UTC)
 * Errors  ledger_open(): what audit_open() gives. A line that can't be written waits in its slot; it
 *         is told in the log and counted
 * Owns    ledger_close(). Never fork while one is open. Any thread
 * Source  API.md 3 "Audit", DESIGN.md 4
 */
#ifndef STORE_LEDGER_H
#define STORE_LEDGER_H

#include "store/auditline.h"
#include "store/counters.h"
#include "store/inflight.h"
#include "store/metrics.h"
#include "store/usage.h"

struct ledger;

struct ledger_opts {
	const char	*dir;
	const char	*sink;			/* of the audit: "file", "syslog", "stderr" */
	int64_t		 keep_days;		/* files of the audit log; past that they go */
	bool		 serving;		/* a process of mcpd.fcgi */
};

/* ledger_open - finishes what the dead have left; sums the log where the counters are in doubt and
   nobody else counts */
enum rc ledger_open(const struct ledger_opts *opts, struct ledger **out, struct error *err);
void ledger_close(struct ledger *l);		/* NULL is fine */

/* ledger_lost - someone deleted or replaced files of ours: what is counted in them, no other sees. Close
   it and open anew. A few stat(2) */
bool ledger_lost(const struct ledger *l);

/* ledger_hold - a slot for a call whose body is still to come, so that it has its line if the process
   dies; NULL: every slot is taken. ledger_let_go() once it is begun or noted; NULL is fine */
struct auditline *ledger_hold(struct ledger *l, const struct auditline *call);
void ledger_let_go(struct ledger *l, struct auditline *slot);

/* ledger_begin - NULL: every slot is taken; the call can go on, and be noted when it has ended */
struct auditline *ledger_begin(struct ledger *l, const struct auditline *call);

/* ledger_end - the slot's numbers are final, but at_ms, which is set here; the slot is given back */
void ledger_end(struct ledger *l, struct auditline *slot);

/* ledger_note - a call that was over before it was one: begun and ended; or a change that was made */
void ledger_note(struct ledger *l, const struct auditline *line);

/* ledger_plan - a change that is about to be committed as line->op_id: it has its line if it was, even
   where the process dies on the next. Then ledger_end(), or ledger_let_go() where nothing was changed.
   NULL: every slot is taken; the change can be noted when it was made */
struct auditline *ledger_plan(struct ledger *l, const struct auditline *line);

/* ledger_ask - how to learn whether a transaction was committed; what is owed to changes of the dead is
   recovered at once. RC_NOT_FOUND: it was not, anything else but RC_OK: to be asked again later */
typedef enum rc ledger_made(void *arg, const char *op_id);
void ledger_ask(struct ledger *l, ledger_made *made, void *arg);

/* ledger_down - the last line could not be written */
bool ledger_down(const struct ledger *l);

/* ledger_recover - lines and counts of the dead, and lines that wait; how many were written */
size_t ledger_recover(struct ledger *l);

/* ledger_tidy_later - the first call of a day starts ledger_tidy() in a thread of its own, which
   ledger_close() waits for */
void ledger_tidy_later(struct ledger *l);

/* ledger_tidy - keep the sums of the days that are over, remove files that are too old. One process at
   a time does it; where another one is at it, nothing is done */
enum rc ledger_tidy(struct ledger *l, struct error *err);

/* ledger_usage - all that was used from a day on; rows are added to s */
enum rc ledger_usage(struct ledger *l, int64_t from, struct usage_sum *s, struct error *err);

/* borrowed */
const struct statedir *ledger_dir(const struct ledger *l);
struct inflight *ledger_inflight(struct ledger *l);
struct metrics *ledger_metrics(struct ledger *l);
bool ledger_in_files(const struct ledger *l);	/* the audit log can be read */

#endif
