/*
 * store_reader.c - what a request does with the store, again and again, and timed.
 *
 *	store_reader --make BOARD	make the file that readers and their starter share
 *	store_reader STATE BOARD	read until killed
 *	store_reader --show BOARD	what all readers together saw; exit 1 where that must not be
 *
 * Writer i changes the Llm "writer-<i>": its n-th change sets description "n<n>" and model "m<n>". The
 * starter puts n into acked[i] once the change was acknowledged; a reader that took acked[i] before must
 * see that change or a later one, and both halves of the same.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/store.h"
#include "tests/crash/timing.h"

#define WRITERS	16
#define NAP_NS	20000			/* between two reads */

struct board {
	_Atomic uint64_t	acked[WRITERS];	/* first: the starter knows where */
	_Atomic uint64_t	stale, torn, errors;
	struct timing		reads;
};

/* board_at - the shared file, mapped */
static struct board *
board_at(const char *path, int make)
{
	int fd = open(path, O_RDWR | (make ? O_CREAT : 0), 0600);
	struct board *b;

	if (fd < 0 || (make && ftruncate(fd, sizeof(*b)) != 0)) {
		perror(path);
		exit(2);
	}
	b = mmap(NULL, sizeof(*b), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (b == MAP_FAILED) {
		perror("mmap");
		exit(2);
	}
	close(fd);
	return b;
}

/* number - of "n12" or "m12" */
static uint64_t
number(const char *text)
{
	return text != NULL && text[0] != '\0' ? strtoull(text + 1, NULL, 10) : 0;
}

/* judge - one writer's Llm against what was acknowledged */
static void
judge(struct board *b, const struct table *t, int i, uint64_t acked)
{
	char name[32];
	const struct llm *l;

	snprintf(name, sizeof(name), "writer-%d", i);
	l = (const struct llm *)table_by_name(t, &kind_llm, name);
	if (l == NULL)
		return;
	if (number(l->description) != number(l->model))
		atomic_fetch_add(&b->torn, 1);
	if (number(l->description) >= acked)
		return;
	atomic_fetch_add(&b->stale, 1);
	fprintf(stderr, "%s: %s, but %" PRIu64 " was acknowledged\n", name, l->description, acked);
}

/* look - as a request does */
static void
look(struct store *s, struct board *b)
{
	uint64_t acked[WRITERS], began;
	const struct table *t;
	struct error err;
	enum rc rc;

	for (int i = 0; i < WRITERS; i++)
		acked[i] = atomic_load(&b->acked[i]);
	began = now_us();
	rc = store_table(s, &t, &err);
	timed(&b->reads, began);
	if (rc != RC_OK) {
		atomic_fetch_add(&b->errors, 1);
		fprintf(stderr, "reader: %s\n", err.msg);
		return;
	}
	for (int i = 0; i < WRITERS; i++)
		judge(b, t, i, acked[i]);
	table_unref(t);
}

/* read_on - without an end */
static int
read_on(const char *dir, struct board *b)
{
	struct store_opts opts = { .key_file = "/nowhere" };
	struct timespec nap = { 0, NAP_NS };
	struct store *s;
	struct error err;

	if (store_open(dir, &opts, &s, &err) != RC_OK) {
		atomic_fetch_add(&b->errors, 1);
		fprintf(stderr, "reader: %s\n", err.msg);
		return 1;
	}
	for (;;) {
		look(s, b);
		nanosleep(&nap, NULL);
	}
}

/* tell - the figures, and whether they are good */
static int
tell(const struct board *b)
{
	show("reads", &b->reads);
	printf("torn %" PRIu64 ", stale %" PRIu64 ", errors %" PRIu64 "\n", b->torn, b->stale,
	    b->errors);
	return reads_keep_time(&b->reads) && b->torn + b->stale + b->errors == 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	if (argc != 3) {
		fputs("usage: store_reader --make|--show|STATE BOARD\n", stderr);
		return 2;
	}
	log_level(LOG_LEVEL_WARN);
	if (strcmp(argv[1], "--make") == 0)
		return board_at(argv[2], 1) == NULL;
	if (strcmp(argv[1], "--show") == 0)
		return tell(board_at(argv[2], 0));
	return read_on(argv[1], board_at(argv[2], 0));
}
