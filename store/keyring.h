/*
 * keyring.h - the keys behind seal.h; only seal.c asks for them.
 *
 * Shapes  keys are SEAL_KEY_SIZE bytes, copied to the caller, who wipes them
 * Units   bytes
 * Errors  RC_UNAVAILABLE: the key file can't be used, the text says why and how to mend it;
 *         RC_NOT_FOUND: no such key id in it
 * Owns    see seal.h
 * Source  DESIGN.md 5
 */
#ifndef STORE_KEYRING_H
#define STORE_KEYRING_H

#include "store/seal.h"

/* keyring_active - the last key of the file as it is now */
enum rc keyring_active(struct keyring *k, uint32_t *id, unsigned char key[SEAL_KEY_SIZE],
    struct error *err);

/* keyring_find - a key by its id; the file is read again where the id is not known yet */
enum rc keyring_find(struct keyring *k, uint32_t id, unsigned char key[SEAL_KEY_SIZE],
    struct error *err);

#endif
