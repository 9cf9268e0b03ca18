/*
 * keyfile.h - the file with the keys that seal, as keyring.c reads and changes it.
 *
 * Shapes  lines "key_id base64(32 bytes)", '#' comments; the last line is the active key
 * Units   bytes
 * Errors  RC_UNAVAILABLE: missing, not regular, a symbolic link, not 0600 or 0400, of another owner
 *         than the process or root, not that text; the message says how to mend it and never holds
 *         what is in the file
 * Owns    seal_keys_release() wipes and frees
 * Source  DESIGN.md 5
 */
#ifndef STORE_KEYFILE_H
#define STORE_KEYFILE_H

#include "store/seal.h"

struct seal_key {
	uint32_t	id;
	unsigned char	bytes[SEAL_KEY_SIZE];
};

struct seal_keys {			/* in the order of the file; the last is the active one */
	struct seal_key	*v;
	size_t		 n;
};

enum rc keyfile_read(const char *path, struct seal_keys *keys, struct error *err);
void seal_keys_release(struct seal_keys *keys);

/* seal_keys_find - by id, or NULL */
const struct seal_key *seal_keys_find(const struct seal_keys *keys, uint32_t id);

/* keyfile_create - a new file of one new key, 0600, never over an existing one (RC_CONFLICT) */
enum rc keyfile_create(const char *path, struct error *err);

/* keyfile_rotate - a new key at the end where from is the active one, else the file stays; *id is the
   active one. Owner and mode of the file stay; comments do not. RC_BUSY: another process changes it */
enum rc keyfile_rotate(const char *path, uint32_t from, uint32_t *id, struct error *err);

#endif
