/*
 * inflight.h - the calls and changes that run now, in memory that outlives the process that makes them.
 *
 * Shapes  file `inflight`: INFLIGHT_SLOTS lines of the log to be, each with a phase and an owner in one word that is
 *         changed by compare-and-swap. A process sits on a seat of its own, whose lock the kernel
 *         takes away when the process dies, however it dies: then its slots are anybody's
 * Units   none
 * Errors  inflight_claim(): NULL when every slot is taken
 * Owns    inflight_close(); slots are borrowed until inflight_free()
 * Source  API.md 3 "Audit", DESIGN.md 4
 */
#ifndef STORE_INFLIGHT_H
#define STORE_INFLIGHT_H

#include "store/auditline.h"
#include "store/sharedmap.h"

#define INFLIGHT_SLOTS	4096		/* calls and changes at a time */
#define INFLIGHT_SEATS	1024		/* processes at a time */

/*
 * What has been done for a line; whoever finds the slot of a dead process goes on from there.
 *
 *	FILLING		nothing yet: the provider was not asked
 *	RUNNING		the provider is being asked: the line is "worker_died"
 *	PLANNED		a change: it may be in the store by now, the store knows
 *	ENDING		the numbers are final, the line may be written: looked for by its id
 *	COUNTING	the line is written, the counters may have got a part: they are suspect
 *	UNWRITTEN	counted, but the line could not be written: whoever can writes it
 *	REWRITING	somebody tries; the line may be written by now
 */
enum inflight_phase {
	INFLIGHT_FREE, INFLIGHT_FILLING, INFLIGHT_RUNNING, INFLIGHT_PLANNED, INFLIGHT_ENDING,
	INFLIGHT_COUNTING, INFLIGHT_UNWRITTEN, INFLIGHT_REWRITING
};

struct inflight;

/* inflight_open - and sit down. serving: a process of mcpd.fcgi, not a command. Where the file can't be
   had, memory of this process alone does, and err says why (RC_OK all the same) */
void inflight_open(const struct statedir *d, bool serving, struct inflight **out,
    struct error *err);
void inflight_close(struct inflight *f);	/* NULL is fine */
bool inflight_lost(const struct inflight *f, const struct statedir *d);	/* sharedmap_lost() */

/* inflight_claim - a slot with a copy of the line: a call is RUNNING, a change PLANNED */
struct auditline *inflight_claim(struct inflight *f, const struct auditline *line);

/* inflight_phase - of a slot of ours, from now on */
void inflight_phase(struct inflight *f, const struct auditline *slot, enum inflight_phase phase);
void inflight_free(struct inflight *f, const struct auditline *slot);

/* inflight_leave - to whoever looks next, as if we were dead */
void inflight_leave(struct inflight *f, const struct auditline *slot, enum inflight_phase phase);

/* inflight_find - take over the next slot from *at on whose owner is dead or that is UNWRITTEN; NULL:
   there is no more. *phase is what its owner left */
struct auditline *inflight_find(struct inflight *f, size_t *at, enum inflight_phase *phase);

/* inflight_unwritten - are there lines that wait for a disk that takes them (one load) */
unsigned inflight_unwritten(const struct inflight *f);

/* inflight_settled - there were `before` when somebody began to write them, `left` are left */
void inflight_settled(struct inflight *f, unsigned before, unsigned left);

/* this process's part of what all processes are summed to */
void inflight_busy(struct inflight *f, int change);	/* requests that are worked on */

struct inflight_sum {
	unsigned	processes;		/* serving */
	unsigned	busy, calls, streams, unwritten;
	int64_t		since_ms;		/* wall; at least one has served since. 0: none does */
};
void inflight_sum(struct inflight *f, struct inflight_sum *out);

/* inflight_tidying - at most one process at a time has it; false: another one has, also after wait_ms */
bool inflight_tidying(struct inflight *f, int64_t wait_ms);

/* inflight_tidied - let go; up to which day all is tidy (-1: as before) */
void inflight_tidied(struct inflight *f, int64_t day);
int64_t inflight_tidy_day(const struct inflight *f);

#endif
