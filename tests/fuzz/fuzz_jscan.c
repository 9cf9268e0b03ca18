/* fuzz_jscan.c - libFuzzer entry: the scanner, then the span walkers over checked and raw text */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/jscan.h"

#define FUZZ_DEPTH	16		/* levels that are let through, and walked */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* walk - every walker on every value; depth bounds the recursion on unchecked text */
static void
walk(struct span value, unsigned depth)
{
	struct span name, item;
	char *text;
	size_t len;

	jscan_type(value);
	jscan_int(value);
	jscan_is(value, "model");
	jscan_get(value, "model");
	text = jscan_text(value, &len);
	if (text != NULL && (text[len] != '\0' || len > value.len))
		abort();
	free(text);
	for (size_t at = 0; depth > 0 && jscan_next(value, &at, &name, &item); ) {
		if (item.p < value.p || item.p + item.len > value.p + value.len)
			abort();
		if (name.p != NULL)
			walk(name, 0);
		walk(item, depth - 1);
	}
}

/* LLVMFuzzerTestOneInput - the first byte chooses the flags */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct jscan_want want[] = { { .name = "model" }, { .name = "stream" } };
	struct jscan_opts opts = { .max_depth = FUZZ_DEPTH };
	struct error err;
	struct span body;
	char *text;

	if (size == 0)
		return 0;
	opts.flags = data[0] & (JSCAN_UNIQUE | JSCAN_STORABLE);
	size--;
	text = malloc(size ? size : 1);		/* exactly sized: an over-read is seen */
	if (text == NULL)
		return 0;
	memcpy(text, data + 1, size);
	if (jscan_check(text, size, &opts, &err) != RC_OK && err.rc != RC_INVALID)
		abort();
	if (jscan_object(text, size, &opts, want, 2, &body, &err) == RC_OK)
		walk(body, FUZZ_DEPTH);
	walk((struct span){ text, size }, FUZZ_DEPTH);
	free(text);
	return 0;
}
