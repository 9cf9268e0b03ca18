/* throttle.c - a crash loop must not become the load of the machine */
#include "fcgi/throttle.h"

#define SECOND_MS 1000			/* ms */

/* delay - 100 ms at the fifth quick end in a row, doubled with each further one */
static int64_t
delay(unsigned quick)
{
	int64_t ms = THROTTLE_FIRST_MS;

	if (quick < THROTTLE_FREE)
		return 0;
	for (unsigned i = THROTTLE_FREE; i < quick && ms < THROTTLE_LAST_MS; i++)
		ms *= 2;
	return ms < THROTTLE_LAST_MS ? ms : THROTTLE_LAST_MS;
}

/* throttle_ended - count it */
int64_t
throttle_ended(struct throttle *t, int64_t now_ms, int64_t started_ms, bool killed)
{
	int64_t ms;

	if (killed)
		return throttle_wait(t, now_ms);
	if (now_ms - t->quick_ms > THROTTLE_CALM_MS)
		t->quick = 0;
	t->quick = now_ms - started_ms < THROTTLE_QUICK_MS ? t->quick + 1 : 0;
	t->quick_ms = now_ms;
	ms = delay(t->quick);
	if (now_ms + ms > t->not_before_ms)
		t->not_before_ms = now_ms + ms;
	return throttle_wait(t, now_ms);
}

/* throttle_wait - the longer of two waits */
int64_t
throttle_wait(const struct throttle *t, int64_t now_ms)
{
	int64_t ms = t->not_before_ms > now_ms ? t->not_before_ms - now_ms : 0;
	int64_t next = t->second_ms + SECOND_MS;

	if (t->started >= THROTTLE_PER_SECOND && next > now_ms && next - now_ms > ms)
		ms = next - now_ms;
	return ms;
}

/* throttle_started - in this second, or the first of a new one */
void
throttle_started(struct throttle *t, int64_t now_ms)
{
	if (now_ms >= t->second_ms + SECOND_MS) {
		t->second_ms = now_ms;
		t->started = 0;
	}
	t->started++;
}
