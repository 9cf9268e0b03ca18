/* fuzz_sse.c - any bytes, cut as their first byte says: the raw bytes come out as they went in */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/sse.h"

#define MAX_EVENT 4096			/* bytes */

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* collect - the event's strings are readable, its raw bytes are kept */
static enum rc
collect(void *arg, const struct sse_event *e, struct error *err)
{
	if ((e->data != NULL && e->data[e->data_len] != '\0') ||
	    (e->name != NULL && strlen(e->name) > MAX_EVENT))
		abort();
	return buf_add(arg, e->raw, e->raw_len, err);
}

/* LLVMFuzzerTestOneInput - libFuzzer's way in */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const char *in = (const char *)p + 1;
	enum rc rc = RC_OK;
	size_t step, at;
	struct sse sse;
	struct buf raw;

	if (n < 2)
		return 0;
	step = (size_t)p[0] + 1;
	buf_init(&raw, --n);
	sse_init(&sse, MAX_EVENT);
	for (at = 0; at < n && rc == RC_OK; at += step)
		rc = sse_feed(&sse, in + at, step < n - at ? step : n - at, collect, &raw, NULL);
	if (rc == RC_OK)
		rc = sse_end(&sse, collect, &raw, NULL);
	if (rc == RC_OK ? raw.len != n || memcmp(raw.p, in, n) != 0 : rc != RC_TOO_LARGE)
		abort();
	sse_release(&sse);
	buf_release(&raw);
	return 0;
}
