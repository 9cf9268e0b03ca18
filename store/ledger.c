/* ledger.c - the line first, then the counts */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/faultpoint.h"
#include "store/ledgerbook.h"

/* told - one of the maps is of this process alone: why */
static void
told(const struct error *err)
{
	if (err->rc != RC_OK)
		log_warn("accounting: %s; what this process does is lost with it", err->msg);
}

/* open_maps - none of them stops the service */
static void
open_maps(struct ledger *l, bool serving, bool *alone)
{
	struct error err = { .rc = RC_OK };

	inflight_open(&l->dir, serving, &l->inflight, &err);
	told(&err);
	counters_open(&l->dir, &l->counters, alone, &err);
	told(&err);
	metrics_open(&l->dir, &l->metrics, &err);
	told(&err);
}

/* ledger_open - the dead first, so that their lines are in the log when it is summed */
enum rc
ledger_open(const struct ledger_opts *opts, struct ledger **out, struct error *err)
{
	struct ledger *l = x_calloc(1, sizeof(*l));
	bool alone;
	enum rc rc;

	l->dir = (struct statedir)STATEDIR_INIT;
	l->keep_days = opts->keep_days;
	l->in_files = strcmp(opts->sink, "file") == 0;
	pthread_mutex_init(&l->tidying, NULL);
	/* whether the file system may be used was decided when the store was opened */
	rc = statedir_open(&l->dir, opts->dir, true, err);
	if (rc == RC_OK)
		rc = audit_open(opts->sink, opts->dir, &l->audit, err);
	if (rc != RC_OK) {
		ledger_close(l);
		return rc;
	}
	open_maps(l, opts->serving, &alone);
	(void)ledger_recover(l);
	if (alone) {
		ledger_sum_log(l);
		counters_ready(l->counters);
	}
	*out = l;
	return RC_OK;
}

/* ledger_lost - the log itself looks by its own */
bool
ledger_lost(const struct ledger *l)
{
	return counters_lost(l->counters, &l->dir) || inflight_lost(l->inflight, &l->dir) ||
	    metrics_lost(l->metrics, &l->dir);
}

/* doubt_others - those that have the name by now were summed without what we have counted */
static void
doubt_others(struct ledger *l)
{
	struct counters *c;
	struct error err;
	bool alone;

	counters_open(&l->dir, &c, &alone, &err);
	counters_doubt(c);
	counters_close(c);
}

/* ledger_close - what runs is for others to end */
void
ledger_close(struct ledger *l)
{
	if (l == NULL)
		return;
	ledger_tidy_end(l);
	if (l->counters != NULL && counters_lost(l->counters, &l->dir))
		doubt_others(l);
	metrics_close(l->metrics);
	counters_close(l->counters);
	inflight_close(l->inflight);
	audit_close(l->audit);
	statedir_close(&l->dir);
	pthread_mutex_destroy(&l->tidying);
	free(l);
}

/* failed - told once, not with every line, until one is written again */
static void
failed(struct ledger *l, const struct error *err)
{
	metrics_count(l->metrics, METRICS_AUDIT_FAILURES, 1);
	if (!atomic_exchange(&l->down, true))
		log_error("audit: %s", err->msg);
	else
		log_debug("audit: %s", err->msg);
}

/* written - lines that had to wait may go now */
static void
written(struct ledger *l)
{
	if (atomic_load_explicit(&l->down, memory_order_relaxed) && atomic_exchange(&l->down, false))
		log_info("audit: lines are written again");
}

/* write_line - of an event */
static bool
write_line(struct ledger *l, const struct auditline *line)
{
	struct error err;

	if (audit_write(l->audit, line, &err) != RC_OK) {
		failed(l, &err);
		return false;
	}
	written(l);
	return true;
}

/* known - 0 for a number that nobody knows */
static uint64_t
known(int64_t n)
{
	return n > 0 ? (uint64_t)n : 0;
}

/* count - as usage_count_event() reads it from the line */
static void
count(struct ledger *l, const struct auditline *call)
{
	const struct usage_key key = { call->llm, call->user, call->token };
	const struct usage_counts n = {
		1, *call->error != '\0', known(call->prompt), known(call->completion),
		known(call->cached)
	};
	int64_t day = call->at_ms / LEDGER_DAY_MS;

	if (!l->in_files && atomic_exchange(&l->counted, day) != day)
		ledger_new_day(l);
	counters_add(l->counters, day, &key, &n);
}

/* upstream - the error was made by the provider, or on the way to it: a provider that can't be connected
   was not asked, and has codes of its own */
static bool
upstream(const struct auditline *call)
{
	static const char way[] = "upstream_";

	return !call->aborted && *call->error != '\0' &&
	    (call->attempts > 0 || strncmp(call->error, way, sizeof(way) - 1) == 0);
}

/* measure - the metrics of a call; where a process dies in the middle they have a part of it */
static void
measure(struct ledger *l, const struct auditline *call)
{
	char status[16] = "died";

	if (call->status >= 0)
		snprintf(status, sizeof(status), "%d", call->status);
	metrics_add(l->metrics, METRICS_REQUESTS, call->llm, status, 1);
	metrics_add(l->metrics, METRICS_TOKENS, call->llm, "prompt", known(call->prompt));
	metrics_add(l->metrics, METRICS_TOKENS, call->llm, "completion", known(call->completion));
	metrics_add(l->metrics, METRICS_TOKENS, call->llm, "cached", known(call->cached));
	if (upstream(call))
		metrics_add(l->metrics, METRICS_UPSTREAM_ERRORS, call->llm, call->error, 1);
	metrics_observe(l->metrics, METRICS_REQUEST_MS, call->duration_ms);
	metrics_observe(l->metrics, METRICS_FIRST_BYTE_MS, call->first_byte_ms);
}

/* ledger_hold - nobody was asked for it: no attempt was made */
struct auditline *
ledger_hold(struct ledger *l, const struct auditline *call)
{
	struct auditline unsent = *call;

	unsent.attempts = AUDITLINE_UNSENT;
	return inflight_claim(l->inflight, &unsent);
}

/* ledger_let_go - another slot, or a line, stands for the call */
void
ledger_let_go(struct ledger *l, struct auditline *slot)
{
	if (slot != NULL)
		inflight_free(l->inflight, slot);
}

/* ledger_begin - from here on it has a line, even if the process dies on the next */
struct auditline *
ledger_begin(struct ledger *l, const struct auditline *call)
{
	struct auditline *slot = inflight_claim(l->inflight, call);

	fault_point("begun");
	return slot;
}

/* ledger_plan - see ledger.h */
struct auditline *
ledger_plan(struct ledger *l, const struct auditline *line)
{
	return inflight_claim(l->inflight, line);
}

/* settle_change - an ENDING slot: its line, unless it is there already */
static bool
settle_change(struct ledger *l, struct auditline *slot, bool has_line)
{
	bool written = has_line || write_line(l, slot);

	fault_point("line");
	if (written)
		inflight_free(l->inflight, slot);
	else
		inflight_phase(l->inflight, slot, INFLIGHT_UNWRITTEN);
	return written;
}

/* settle - an ENDING slot: its line, unless it is there already, and its counts */
static bool
settle(struct ledger *l, struct auditline *slot, bool has_line)
{
	bool waits;

	if (slot->change)
		return settle_change(l, slot, has_line);
	waits = !has_line && !write_line(l, slot);
	fault_point("line");
	inflight_phase(l->inflight, slot, waits ? INFLIGHT_UNWRITTEN : INFLIGHT_COUNTING);
	count(l, slot);
	fault_point("counted");
	measure(l, slot);
	if (!waits)
		inflight_free(l->inflight, slot);
	return !waits;
}

/* ledger_end - the numbers are in the slot: they are as safe as the slot is */
void
ledger_end(struct ledger *l, struct auditline *slot)
{
	slot->at_ms = clock_wall_ms();
	inflight_phase(l->inflight, slot, INFLIGHT_ENDING);
	fault_point("ending");
	if (settle(l, slot, false) && inflight_unwritten(l->inflight) > 0)
		(void)ledger_recover(l);
}

/* ledger_note - with a slot, so that line and counts are one; without one where all are taken */
void
ledger_note(struct ledger *l, const struct auditline *line)
{
	struct auditline *slot = inflight_claim(l->inflight, line), alone;

	if (slot != NULL) {
		ledger_end(l, slot);
		return;
	}
	alone = *line;
	alone.at_ms = clock_wall_ms();
	(void)write_line(l, &alone);
	if (alone.change)
		return;
	count(l, &alone);
	measure(l, &alone);
}

/* ledger_down - since the last line */
bool
ledger_down(const struct ledger *l)
{
	return atomic_load(&l->down);
}

/* died - how a call ended whose process is no more: what the client has got, nobody knows */
static void
died(struct auditline *slot)
{
	slot->at_ms = clock_wall_ms();
	slot->duration_ms = slot->at_ms > slot->begun_ms ? slot->at_ms - slot->begun_ms : 0;
	slot->first_byte_ms = slot->prompt = slot->completion = slot->cached = -1;
	slot->status = -1;
	slot->attempts = slot->attempts != AUDITLINE_UNSENT;
	slot->aborted = true;
	auditline_text(slot->error, sizeof(slot->error), "worker_died");
}

/* has_line - is the slot's line in the log, seen from its end; lines of the same moment stand in any
   order */
static bool
has_line(struct ledger *l, const struct auditline *slot)
{
	struct auditread *r;
	struct auditevent e;
	bool found = false, before = false;
	int64_t at;
	char *text;

	if (!l->in_files ||
	    auditread_open(&l->dir, slot->at_ms / LEDGER_DAY_MS, false, &r, NULL) != RC_OK)
		return false;
	while (!found && !before && auditread_next(r, &e, NULL) == RC_OK) {
		found = jscan_is(e.id, slot->id);
		text = jscan_text(e.at, NULL);
		before = clock_parse(text, &at) && at < slot->at_ms - LEDGER_MIXED_MS;
		free(text);
	}
	auditread_close(r);
	return found;
}

/* rewrite - a line that had to wait. It was counted when it began to, unless its process died at just
   that, or the log has been summed without it since */
static bool
rewrite(struct ledger *l, struct auditline *slot, bool tried)
{
	if (!(tried && has_line(l, slot)) && !write_line(l, slot)) {
		inflight_phase(l->inflight, slot, INFLIGHT_UNWRITTEN);
		return false;
	}
	if (!slot->change)
		counters_doubt(l->counters);
	inflight_free(l->inflight, slot);
	return true;
}

/* ask - the store, whether a change of the dead was committed; where it can't tell now, the next one asks */
static bool
ask(struct ledger *l, struct auditline *slot)
{
	enum rc rc = l->made != NULL ? l->made(l->made_arg, slot->op_id) : RC_BUSY;

	if (rc == RC_NOT_FOUND) {
		inflight_free(l->inflight, slot);
		return false;
	}
	if (rc != RC_OK) {
		inflight_leave(l->inflight, slot, INFLIGHT_PLANNED);
		return false;
	}
	slot->at_ms = clock_wall_ms();
	inflight_phase(l->inflight, slot, INFLIGHT_ENDING);
	return settle(l, slot, false);
}

/* finish - go on from where the owner of a slot has left it; true: there is a line more */
static bool
finish(struct ledger *l, struct auditline *slot, enum inflight_phase left)
{
	switch (left) {
	case INFLIGHT_RUNNING:
		died(slot);
		inflight_phase(l->inflight, slot, INFLIGHT_ENDING);
		fault_point("died");
		return settle(l, slot, false);
	case INFLIGHT_PLANNED:
		return ask(l, slot);
	case INFLIGHT_ENDING:
		return settle(l, slot, has_line(l, slot));
	case INFLIGHT_UNWRITTEN:
	case INFLIGHT_REWRITING:
		return rewrite(l, slot, left == INFLIGHT_REWRITING);
	case INFLIGHT_COUNTING:
		counters_doubt(l->counters);
		/* fallthrough */
	default:
		inflight_free(l->inflight, slot);
		return false;
	}
}

/* ledger_ask - see ledger.h */
void
ledger_ask(struct ledger *l, ledger_made *made, void *arg)
{
	l->made = made;
	l->made_arg = arg;
	(void)ledger_recover(l);
}

/* ledger_recover - until a line can't be written: then the others can't either */
size_t
ledger_recover(struct ledger *l)
{
	unsigned before = inflight_unwritten(l->inflight);
	size_t at = 0, lines = 0;
	enum inflight_phase left;
	struct auditline *slot;

	while ((slot = inflight_find(l->inflight, &at, &left)) != NULL) {
		if (finish(l, slot, left))
			lines++;
		else if (ledger_down(l))
			return lines;
	}
	inflight_settled(l->inflight, before, 0);
	return lines;
}
