/*
 * seal.h - secret values at rest, and the key file.
 *
 * Shapes  envelope: "MS1" | alg u8 (1 = AES-256-GCM) | key id u32 BE | nonce 12 | ciphertext |
 *         tag 16; as text: base64. AAD: length-prefixed (format, key id, store id, kind, name,
 *         field), so that an envelope moved to another place does not open.
 *         Key file: lines "key_id base64(32 bytes)", '#' comments; the last line is the active key
 * Units   bytes
 * Errors  RC_UNAVAILABLE: key file missing, not regular, a symbolic link, not 0600 or 0400, of
 *         another owner than the process or root (the text says how to mend it); RC_CORRUPT: not an
 *         envelope, or not ours; RC_NOT_FOUND: its key id is in no key file
 * Owns    keyring_close() wipes and frees; opened values are the caller's (mem_free_wiped)
 * Source  DESIGN.md 5; NIST SP 800-38D; OpenSSL EVP
 */
#ifndef STORE_SEAL_H
#define STORE_SEAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/rc.h"

#define SEAL_KEY_SIZE	32		/* bytes */
#define SEAL_VALUE_MAX	(1 << 20)	/* bytes of a value in clear */

struct keyring;

struct seal_place {			/* what an envelope is bound to */
	const char	*store_id;
	const char	*kind;		/* "secret" */
	const char	*name;		/* the secret's */
	const char	*field;		/* its key */
};

/* keyring_open - remember the path; the file is read at first use and again when an unknown
   key id is met. Safe from several threads */
struct keyring *keyring_open(const char *path);
void keyring_close(struct keyring *k);	/* NULL is fine */

/* keyring_check - the file is there, well-formed and safe; for readyz and --check */
enum rc keyring_check(struct keyring *k, struct error *err);

/* keyring_create - a new file of one new key, 0600, never over an existing one (RC_CONFLICT) */
enum rc keyring_create(const char *path, struct error *err);

/* keyring_rotate - add a new key, which is the active one from then on; where another than from is
   active already, nothing is added. *id is the active one. The file keeps its owner and mode, and all
   older keys; RC_BUSY while another process changes it */
enum rc keyring_rotate(struct keyring *k, uint32_t from, uint32_t *id, struct error *err);

/* keyring_active_id - which key seals now */
enum rc keyring_active_id(struct keyring *k, uint32_t *id, struct error *err);

/* keyring_path - borrowed */
const char *keyring_path(const struct keyring *k);

/* seal_value - the envelope as base64 text, owned by the caller */
enum rc seal_value(struct keyring *k, const struct seal_place *at, const char *plain, size_t len,
    char **out, struct error *err);

/* seal_open - the value, NUL-terminated (values hold no NUL), owned by the caller */
enum rc seal_open(struct keyring *k, const struct seal_place *at, const char *envelope,
    char **out, struct error *err);

/* seal_size - bytes of the text of an envelope around len bytes */
size_t seal_size(size_t len);

/* seal_key_id - which key an envelope needs; 0 when it is no envelope */
uint32_t seal_key_id(const char *envelope);

#endif
