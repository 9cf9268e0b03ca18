/* names.c - a table of texts that only grows */
#include <string.h>

#include "store/names.h"

#define PROBES	64			/* places where a text is looked for */

enum { BLANK, WRITING, READY };		/* WRITING for ever where its writer died: one place less */

/* names_hash - FNV-1a, its upper bits folded in */
uint64_t
names_hash(const void *p, size_t n)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (const unsigned char *c = p; n > 0; n--, c++)
		h = (h ^ *c) * UINT64_C(0x100000001b3);
	return h ^ h >> 29;
}

/* names_find - look at each place from the text's own on */
uint32_t
names_find(struct name *names, uint32_t n, const char *text, bool add)
{
	size_t len = strnlen(text, NAMES_TEXT - 1);
	uint64_t hash = names_hash(text, len);

	for (uint64_t i = 0; i < PROBES; i++) {
		uint32_t at = (uint32_t)((hash + i) % n), blank = BLANK;
		struct name *name = &names[at];
		uint32_t state = atomic_load_explicit(&name->state, memory_order_acquire);

		if (state == READY && strncmp(name->text, text, len) == 0 &&
		    name->text[len] == '\0')
			return at;
		if (state != BLANK)
			continue;
		if (!add)
			return NAMES_NONE;
		if (!atomic_compare_exchange_strong(&name->state, &blank, WRITING))
			continue;
		memcpy(name->text, text, len);
		name->text[len] = '\0';
		atomic_store_explicit(&name->state, READY, memory_order_release);
		return at;
	}
	return NAMES_NONE;
}

/* names_text - bounded, whatever the file holds */
bool
names_text(const struct name *names, uint32_t n, uint32_t number, char out[NAMES_TEXT])
{
	if (number >= n ||
	    atomic_load_explicit(&names[number].state, memory_order_acquire) != READY)
		return false;
	memcpy(out, names[number].text, NAMES_TEXT);
	out[NAMES_TEXT - 1] = '\0';
	return true;
}
