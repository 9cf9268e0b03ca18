/* board.c - one anonymous shared map, made before the first fork */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "fcgi/board.h"

/* board_new - zeroed, so all slots are free */
enum rc
board_new(struct board **out, struct error *err)
{
	void *p = mmap(NULL, sizeof(struct board), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return error_set(err, RC_IO, "shared memory: %s", strerror(errno));
	*out = p;
	return RC_OK;
}

/* is_serving - its threads count */
static bool
is_serving(const struct board_slot *slot)
{
	return atomic_load(&slot->pid) != 0 && atomic_load(&slot->state) == BOARD_SERVING;
}

/* board_busy - a sum that may be passing: nothing is decided on it that can't be decided again */
unsigned
board_busy(struct board *b)
{
	unsigned sum = 0;

	for (size_t i = 0; i < BOARD_SLOTS; i++)
		if (is_serving(&b->slots[i]))
			sum += atomic_load(&b->slots[i].busy);
	return sum;
}

/* slot_ending - one that takes too long for it is no hope to anybody */
bool
slot_ending(const struct board_slot *slot, int64_t since_ms)
{
	return atomic_load(&slot->ending) > 0 && atomic_load(&slot->ending_ms) >= since_ms;
}

/* board_ending - the first that is found */
bool
board_ending(struct board *b, int64_t since_ms)
{
	for (size_t i = 0; i < BOARD_SLOTS; i++)
		if (is_serving(&b->slots[i]) && slot_ending(&b->slots[i], since_ms))
			return true;
	return false;
}

/* board_clear - what a dead worker counted is void */
void
board_clear(struct board_slot *slot)
{
	atomic_store(&slot->busy, 0);
	atomic_store(&slot->ending, 0);
	atomic_store(&slot->state, BOARD_SERVING);
	atomic_store(&slot->pid, 0);
}
