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

/* board_busy - a sum that may be passing: nothing is decided on it that can't be decided again */
unsigned
board_busy(struct board *b)
{
	unsigned sum = 0;

	for (size_t i = 0; i < BOARD_SLOTS; i++)
		if (atomic_load(&b->slots[i].pid) != 0 &&
		    atomic_load(&b->slots[i].state) == BOARD_SERVING)
			sum += atomic_load(&b->slots[i].busy);
	return sum;
}

/* board_clear - what a dead worker counted is void */
void
board_clear(struct board_slot *slot)
{
	atomic_store(&slot->busy, 0);
	atomic_store(&slot->state, BOARD_SERVING);
	atomic_store(&slot->pid, 0);
}
