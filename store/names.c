/* names.c - a table of texts */
#include <string.h>

#include "store/names.h"

#define PROBES	64			/* places where a text is looked for */

/* WRITING for ever where its writer died: one place less. FREE is no BLANK: texts that were added when it
   was taken stand behind it */
enum { BLANK, WRITING, READY, LEAVING, FREE };

/* names_hash - FNV-1a, its upper bits folded in */
uint64_t
names_hash(const void *p, size_t n)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (const unsigned char *c = p; n > 0; n--, c++)
		h = (h ^ *c) * UINT64_C(0x100000001b3);
	return h ^ h >> 29;
}

/* is - a place's text, as far as it is kept */
static bool
is(const struct name *name, const char *text, size_t len)
{
	return atomic_load_explicit(&name->state, memory_order_acquire) == READY &&
	    strncmp(name->text, text, len) == 0 && name->text[len] == '\0';
}

/* claim - for a text; false: another one was faster */
static bool
claim(struct name *name, uint32_t state, const char *text, size_t len)
{
	if (!atomic_compare_exchange_strong(&name->state, &state, WRITING))
		return false;
	memcpy(name->text, text, len);
	name->text[len] = '\0';
	atomic_store_explicit(&name->state, READY, memory_order_release);
	return true;
}

/* names_find - look at each place from the text's own on; a new one gets the first that was given back */
uint32_t
names_find(struct name *names, uint32_t n, const char *text, bool add)
{
	size_t len = strnlen(text, NAMES_TEXT - 1);
	uint64_t hash = names_hash(text, len);
	uint32_t back = NAMES_NONE;

	for (uint64_t i = 0; i < PROBES; i++) {
		uint32_t at = (uint32_t)((hash + i) % n);
		uint32_t state = atomic_load_explicit(&names[at].state, memory_order_acquire);

		if (state == READY && is(&names[at], text, len))
			return at;
		if (state == FREE && back == NAMES_NONE)
			back = at;
		if (state != BLANK)
			continue;
		if (!add || back != NAMES_NONE)
			break;
		if (claim(&names[at], BLANK, text, len))
			return at;
	}
	return add && back != NAMES_NONE && claim(&names[back], FREE, text, len) ? back : NAMES_NONE;
}

/* names_is - what is read while it changes is no READY text any more, or not for long */
bool
names_is(const struct name *names, uint32_t number, const char *text)
{
	return is(&names[number], text, strnlen(text, NAMES_TEXT - 1));
}

/* names_used - whatever their state */
uint32_t
names_used(const struct name *names, uint32_t n)
{
	uint32_t used = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t state = atomic_load_explicit(&names[i].state, memory_order_relaxed);

		used += state != BLANK && state != FREE;
	}
	return used;
}

/* names_leave - of two who want it one gets it */
bool
names_leave(struct name *names, uint32_t number)
{
	uint32_t ready = READY;

	return atomic_compare_exchange_strong(&names[number].state, &ready, LEAVING);
}

/* names_leaves - by a process that died at it, unless someone is at it just now */
bool
names_leaves(const struct name *names, uint32_t number)
{
	return atomic_load(&names[number].state) == LEAVING;
}

/* names_left - the text stays until the next one comes */
void
names_left(struct name *names, uint32_t number, bool back)
{
	atomic_store(&names[number].state, back ? FREE : READY);
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
