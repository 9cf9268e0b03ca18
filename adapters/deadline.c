/* deadline.c - which deadline is the nearest, and its name */
#include "adapters/deadline.h"
#include "base/clock.h"

static const struct phase_row {
	size_t		 limit;		/* where struct http_request has it */
	const char	*text;
} phases[] = {
	[PHASE_CONNECT]	= { offsetof(struct http_request, connect_timeout_ms),
			    "connect: no connection" },
	[PHASE_SEND]	= { offsetof(struct http_request, idle_timeout_ms),
			    "idle: no byte of the request was taken" },
	[PHASE_WAIT]	= { offsetof(struct http_request, header_timeout_ms), "header: no answer" },
	[PHASE_READ]	= { offsetof(struct http_request, idle_timeout_ms), "idle: no byte" },
};

/* deadline_init - now */
void
deadline_init(struct deadline *d, const struct http_request *limits)
{
	*d = (struct deadline){ .limits = limits, .start_ms = clock_mono_ms() };
	deadline_set(d, PHASE_CONNECT);
}

/* deadline_set - now */
void
deadline_set(struct deadline *d, enum deadline_phase phase)
{
	d->phase = phase;
	d->since_ms = clock_mono_ms();
}

/* phase_limit_ms - of the phase that is */
static int64_t
phase_limit_ms(const struct deadline *d)
{
	return *(const int64_t *)(const void *)((const char *)d->limits + phases[d->phase].limit);
}

/* passed - the one form of the text */
static enum rc
passed(const char *text, int64_t limit_ms, struct error *err)
{
	return error_set(err, RC_TIMEOUT, "%s in %lld ms", text, (long long)limit_ms);
}

/* deadline_passed - someone else saw it */
enum rc
deadline_passed(const struct deadline *d, struct error *err)
{
	return passed(phases[d->phase].text, phase_limit_ms(d), err);
}

/* deadline_check - the phase's and the call's */
enum rc
deadline_check(const struct deadline *d, int64_t now_ms, int64_t *wait_ms, struct error *err)
{
	const struct { int64_t since_ms, limit_ms; const char *text; } all[] = {
		{ d->since_ms, phase_limit_ms(d), phases[d->phase].text },
		{ d->start_ms, d->limits->total_timeout_ms, "total: not done" },
	};
	int64_t left_ms;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		left_ms = all[i].since_ms + all[i].limit_ms - now_ms;
		if (all[i].limit_ms <= 0)
			continue;
		if (left_ms <= 0)
			return passed(all[i].text, all[i].limit_ms, err);
		if (left_ms < *wait_ms)
			*wait_ms = left_ms;
	}
	return RC_OK;
}
