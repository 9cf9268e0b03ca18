/*
 * replay.c - run a fuzz target over a corpus without a fuzzer: each file as it is, cut at every byte,
 * and with bytes changed in a fixed pseudo-random order. The same run every time; built with
 * sanitizers it finds what reads past its input.
 *
 *	fuzz_x FILE...
 *
 * With a fuzzer, by hand, for as long as one likes (then without this file):
 *
 *	clang -g -O1 -std=gnu11 -D_GNU_SOURCE -fsanitize=fuzzer,address,undefined -I. \
 *	    tests/fuzz/fuzz_x.c adapters/?*.c base/?*.c \
 *	    $(pkg-config --cflags --libs json-c libcurl yaml-0.1 libcrypto) -pthread -o /tmp/fuzz_x
 *	/tmp/fuzz_x -max_total_time=600 -max_len=16384 CORPUS
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX	65536		/* bytes of one corpus file */
#define CHANGES		2000		/* changed copies of each file */
#define ADD_UP		8		/* changes after which the file is as it was */

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* next - xorshift32: the same numbers on every machine */
static uint32_t
next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* try_copy - in a block of exactly n bytes, so that a sanitizer sees one byte too much */
static void
try_copy(const uint8_t *p, size_t n)
{
	uint8_t *copy = malloc(n > 0 ? n : 1);

	if (copy == NULL)
		abort();
	memcpy(copy, p, n);
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

/* play - one file, in all its forms */
static void
play(uint8_t *p, size_t n)
{
	static uint8_t original[FILE_MAX];
	uint32_t state = 2463534242u;

	memcpy(original, p, n);
	for (size_t cut = 0; cut <= n; cut++)
		try_copy(p, cut);
	for (int i = 0; i < CHANGES && n > 0; i++) {
		size_t at = next(&state) % n;
		uint8_t was = p[at], other = p[next(&state) % n];

		/* a byte of the file's own breaks its form less often than any byte */
		p[at] = i % 2 == 0 ? (uint8_t)next(&state) : other;
		try_copy(p, n);
		if (i % 4 != 0)		/* some changes stay, and add up */
			p[at] = was;
		if (i % ADD_UP == 0)
			memcpy(p, original, n);
	}
}

int
main(int argc, char **argv)
{
	static uint8_t bytes[FILE_MAX];
	int played = 0;

	for (int i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "rb");

		if (f == NULL) {
			perror(argv[i]);
			return 1;
		}
		play(bytes, fread(bytes, 1, sizeof(bytes), f));
		fclose(f);
		played++;
	}
	printf("%d passed, %d failed\n", played, played == 0);
	return played == 0;
}
