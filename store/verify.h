/*
 * verify.h - is a catalogue one that we would have made: after a restore, and whenever asked.
 *
 * Shapes  a fault's path is the record and the member: "llm/claude.model"
 * Units   none
 * Errors  what is wrong with the catalogue are faults; a code is trouble in looking
 * Owns    struct key_ids is released by key_ids_release()
 * Source  API.md 2; CLI.md, "restore" and "doctor"
 */
#ifndef STORE_VERIFY_H
#define STORE_VERIFY_H

#include "base/fault.h"
#include "store/store.h"

struct key_ids {			/* ascending */
	uint32_t	*v;
	size_t		 n;
};

struct verify_steps {			/* for someone who waits */
	/* MUST. Before each record, step being from 1; name is borrowed */
	void	(*at)(void *arg, size_t step, size_t of, const char *name);
	void	*arg;
};

/* verify_records - every record as a create would have taken it: its members, what it refers to, and
   what no two may share (ids, aliases, the digests of tokens). steps may be NULL */
void verify_records(const struct table *t, bool private_urls, const struct verify_steps *steps,
    struct faults *f);

/* verify_keys - which keys the sealed values need; with k, only of those that don't open with it */
void verify_keys(const struct table *t, struct keyring *k, struct key_ids *ids);
void key_ids_release(struct key_ids *ids);

/* verify_values - every sealed value opens */
void verify_values(const struct table *t, struct keyring *k, struct faults *f);

#endif
