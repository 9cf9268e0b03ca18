/* inflight.c - slots of calls, seats of processes */
#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/filelock.h"
#include "store/inflight.h"

#define MAGIC		"mcpdinf2"
#define SEAT_WAIT_MS	2000		/* to see who serves, and since when */

/* places of locks: the seats, then these */
#define PLACE_DOOR	(INFLIGHT_SEATS)	/* one sits down at a time */
#define PLACE_TIDY	(INFLIGHT_SEATS + 1)

/* a slot's word: phase 7 bits, a stream 1, seat 16, turn of the seat 32; 0 is free */
#define WORD(phase, seat, turn) \
	((uint64_t)(phase) | (uint64_t)(seat) << 8 | (uint64_t)(turn) << 24)
#define STREAM		UINT64_C(0x80)	/* a RUNNING call is a stream */
#define NOBODY		0xffffu		/* a seat that is none */
#define PHASE_OF(word)	((enum inflight_phase)((word) & 0x7f))
#define SEAT_OF(word)	((unsigned)((word) >> 8) & 0xffff)
#define TURN_OF(word)	((uint32_t)((word) >> 24))

struct seat {				/* valid while its lock is held */
	_Atomic uint32_t turn;		/* a new one for each that sits down */
	atomic_int	 pid;
	atomic_bool	 serving;
	atomic_int	 busy;
};

struct page {				/* the file */
	char			magic[SHAREDMAP_MAGIC];
	_Atomic int64_t		since_ms, tidy_day;
	atomic_uint		unwritten;	/* a hint: counted anew by whoever looks */
	struct seat		seats[INFLIGHT_SEATS];
	_Atomic uint64_t	words[INFLIGHT_SLOTS];
	struct auditline	lines[INFLIGHT_SLOTS];
};

static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "processes share the words: no lock may hide in them");

struct inflight {
	struct sharedmap	 map;
	struct page		*page;
	unsigned		 seat;
	uint32_t		 turn;
	bool			 serving;
	atomic_uint		 next;		/* where to look for a free slot first */
};

/* label - what others read of a seat; the turn is set last */
static void
label(struct seat *s, bool serving, uint32_t turn)
{
	atomic_store(&s->serving, serving);
	atomic_store(&s->pid, getpid());
	atomic_store(&s->turn, turn);
}

/* sit - the first free seat; its slots of earlier turns are those of the dead */
static bool
sit(struct inflight *f, bool serving)
{
	struct seat *s;

	for (f->seat = 0; f->seat < INFLIGHT_SEATS; f->seat++)
		if (filelock(f->map.fd, f->seat, FILELOCK_ALONE))
			break;
	if (f->seat == INFLIGHT_SEATS)
		return false;
	s = &f->page->seats[f->seat];
	f->serving = serving;
	f->turn = atomic_load(&s->turn) + 1;
	atomic_store(&s->busy, 0);
	label(s, serving, f->turn);
	return true;
}

/* keep_seat - a file that was cut has forgotten whose it is: our calls would be those of the dead */
static void
keep_seat(struct inflight *f)
{
	struct seat *s = &f->page->seats[f->seat % INFLIGHT_SEATS];

	if (atomic_load_explicit(&s->turn, memory_order_relaxed) != f->turn)
		label(s, f->serving, f->turn);
}

/* next_taken - the next seat but ours whose process lives, from *at on; -1: no more */
static int
next_taken(const struct inflight *f, unsigned *at)
{
	int seat = *at < INFLIGHT_SEATS ? filelock_held(f->map.fd, *at, INFLIGHT_SEATS - *at) : -1;

	if (seat >= 0)
		*at = (unsigned)seat + 1;
	return seat;
}

/* serves_alone - nobody else serves: from now on somebody does */
static bool
serves_alone(const struct inflight *f)
{
	unsigned at = 0;
	int seat;

	while ((seat = next_taken(f, &at)) >= 0)
		if (atomic_load(&f->page->seats[seat].serving))
			return false;
	return true;
}

/* take_seat - one at a time, so that two who begin together don't both hold the other for older */
static bool
take_seat(struct inflight *f, bool serving)
{
	bool door = filelock_wait(f->map.fd, PLACE_DOOR, FILELOCK_ALONE,
	    clock_mono_ms() + SEAT_WAIT_MS);
	bool sits;

	if (serving && serves_alone(f))
		atomic_store(&f->page->since_ms, clock_wall_ms());
	sits = sit(f, serving);
	if (door)
		filelock(f->map.fd, PLACE_DOOR, FILELOCK_NONE);
	return sits;
}

/* inflight_open - the calls of a process that can't have the file are lost with it; it serves */
void
inflight_open(const struct statedir *d, bool serving, struct inflight **out, struct error *err)
{
	struct inflight *f = x_calloc(1, sizeof(*f));
	enum rc rc = sharedmap_open(&f->map, d, "inflight", MAGIC, sizeof(struct page),
	    SHAREDMAP_REPLACE, err);

	f->page = f->map.p;
	if (rc == RC_OK && !take_seat(f, serving)) {
		rc = error_set(err, RC_BUSY, "%s/inflight: more than %d processes", d->path,
		    INFLIGHT_SEATS);
		sharedmap_close(&f->map);
	}
	if (rc != RC_OK) {
		sharedmap_private(&f->map, sizeof(struct page));
		f->page = f->map.p;
		(void)take_seat(f, serving);
	} else if (err != NULL) {
		err->rc = RC_OK;
	}
	*out = f;
}

/* inflight_close - the seat is free with the file */
void
inflight_close(struct inflight *f)
{
	if (f == NULL)
		return;
	sharedmap_close(&f->map);
	free(f);
}

/* inflight_lost - see sharedmap.h */
bool
inflight_lost(const struct inflight *f, const struct statedir *d)
{
	return sharedmap_lost(&f->map, d);
}

/* word_of - the slot's */
static _Atomic uint64_t *
word_of(const struct inflight *f, const struct auditline *slot)
{
	return &f->page->words[slot - f->page->lines];
}

/* inflight_phase - release: what was written into the slot before is seen with it */
void
inflight_phase(struct inflight *f, const struct auditline *slot, enum inflight_phase phase)
{
	if (phase == INFLIGHT_UNWRITTEN)
		atomic_fetch_add(&f->page->unwritten, 1);
	atomic_store_explicit(word_of(f, slot), WORD(phase, f->seat, f->turn), memory_order_release);
}

/* inflight_free - it is anybody's now */
void
inflight_free(struct inflight *f, const struct auditline *slot)
{
	atomic_store_explicit(word_of(f, slot), 0, memory_order_release);
}

/* inflight_leave - with all that was written into it */
void
inflight_leave(struct inflight *f, const struct auditline *slot, enum inflight_phase phase)
{
	atomic_store_explicit(word_of(f, slot), WORD(phase, NOBODY, 0), memory_order_release);
}

/* inflight_claim - each process begins to look somewhere else */
struct auditline *
inflight_claim(struct inflight *f, const struct auditline *line)
{
	enum inflight_phase phase = line->change ? INFLIGHT_PLANNED : INFLIGHT_RUNNING;
	size_t first = f->seat * (size_t)(INFLIGHT_SLOTS / 64 + 1) + atomic_fetch_add(&f->next, 1);

	keep_seat(f);
	for (size_t i = 0; i < INFLIGHT_SLOTS; i++) {
		size_t at = (first + i) % INFLIGHT_SLOTS;
		uint64_t free_word = 0;

		if (atomic_load_explicit(&f->page->words[at], memory_order_relaxed) != 0 ||
		    !atomic_compare_exchange_strong(&f->page->words[at], &free_word,
		    WORD(INFLIGHT_FILLING, f->seat, f->turn)))
			continue;
		f->page->lines[at] = *line;
		f->page->lines[at].pid = getpid();
		atomic_store_explicit(&f->page->words[at], WORD(phase, f->seat, f->turn) |
		    (line->streaming ? STREAM : 0), memory_order_release);
		return &f->page->lines[at];
	}
	return NULL;
}

/* is_dead - the owner of a word has ended; known holds what the kernel said before: 1 it lives */
static bool
is_dead(const struct inflight *f, uint64_t word, signed char *known)
{
	unsigned seat = SEAT_OF(word);

	if (seat >= INFLIGHT_SEATS)
		return true;
	if (atomic_load(&f->page->seats[seat].turn) != TURN_OF(word))
		return true;
	if (seat == f->seat)
		return false;
	if (known[seat] == 0)
		known[seat] = filelock_held(f->map.fd, seat, 1) >= 0 ? 1 : -1;
	return known[seat] < 0;
}

/* taken_over - the phase in which a slot is ours, after what its owner left */
static enum inflight_phase
taken_over(enum inflight_phase left)
{
	switch (left) {
	case INFLIGHT_UNWRITTEN:
	case INFLIGHT_REWRITING:
		return INFLIGHT_REWRITING;
	default:
		return left;
	}
}

/* inflight_find - of two who find it one gets it: the word says who */
struct auditline *
inflight_find(struct inflight *f, size_t *at, enum inflight_phase *phase)
{
	signed char known[INFLIGHT_SEATS] = { 0 };

	for (; *at < INFLIGHT_SLOTS; ++*at) {
		_Atomic uint64_t *slot = &f->page->words[*at];
		uint64_t word = atomic_load(slot);
		enum inflight_phase left = PHASE_OF(word);

		if (word == 0 || (left != INFLIGHT_UNWRITTEN && !is_dead(f, word, known)))
			continue;
		if (!atomic_compare_exchange_strong(slot, &word,
		    WORD(taken_over(left), f->seat, f->turn)))
			continue;
		*phase = left;
		return &f->page->lines[(*at)++];
	}
	return NULL;
}

/* inflight_unwritten - a hint that costs nothing */
unsigned
inflight_unwritten(const struct inflight *f)
{
	return atomic_load_explicit(&f->page->unwritten, memory_order_relaxed);
}

/* inflight_settled - unless more came to wait in the meantime */
void
inflight_settled(struct inflight *f, unsigned before, unsigned left)
{
	atomic_compare_exchange_strong(&f->page->unwritten, &before, left);
}

/* inflight_busy - on our own seat */
void
inflight_busy(struct inflight *f, int change)
{
	atomic_fetch_add(&f->page->seats[f->seat % INFLIGHT_SEATS].busy, change);
}

/* add_seat - a living process's */
static void
add_seat(struct inflight *f, unsigned seat, struct inflight_sum *sum)
{
	struct seat *s = &f->page->seats[seat];
	int busy = atomic_load(&s->busy);

	if (!atomic_load(&s->serving))
		return;
	sum->processes++;
	if (busy > 0)			/* requests that a file was cut under are not known any more */
		sum->busy += (unsigned)busy;
}

/* add_slots - of the living, and lines that wait */
static void
add_slots(struct inflight *f, struct inflight_sum *sum)
{
	signed char known[INFLIGHT_SEATS] = { 0 };

	for (size_t i = 0; i < INFLIGHT_SLOTS; i++) {
		uint64_t word = atomic_load(&f->page->words[i]);
		enum inflight_phase phase = PHASE_OF(word);

		if (phase == INFLIGHT_UNWRITTEN || phase == INFLIGHT_REWRITING)
			sum->unwritten++;
		if (phase != INFLIGHT_RUNNING || is_dead(f, word, known))
			continue;
		sum->calls++;
		sum->streams += (word & STREAM) != 0;
	}
}

/* inflight_sum - passing numbers: each is right by itself */
void
inflight_sum(struct inflight *f, struct inflight_sum *out)
{
	struct inflight_sum sum = { 0 };
	unsigned at = 0;
	int seat;

	while ((seat = next_taken(f, &at)) >= 0)
		add_seat(f, (unsigned)seat, &sum);
	add_seat(f, f->seat % INFLIGHT_SEATS, &sum);
	add_slots(f, &sum);
	sum.since_ms = sum.processes > 0 ? atomic_load(&f->page->since_ms) : 0;
	*out = sum;
}

/* inflight_tidying - the lock goes with a process that dies at it */
bool
inflight_tidying(struct inflight *f, int64_t wait_ms)
{
	return filelock_wait(f->map.fd, PLACE_TIDY, FILELOCK_ALONE, clock_mono_ms() + wait_ms);
}

/* inflight_tidied - so that it is done once a day, not once a process and day */
void
inflight_tidied(struct inflight *f, int64_t day)
{
	if (day >= 0)
		atomic_store(&f->page->tidy_day, day);
	(void)filelock(f->map.fd, PLACE_TIDY, FILELOCK_NONE);
}

/* inflight_tidy_day - 0: never, or to be done again */
int64_t
inflight_tidy_day(const struct inflight *f)
{
	return atomic_load_explicit(&f->page->tidy_day, memory_order_relaxed);
}
