/*
 * digest.h - SHA-256 and base64.
 *
 * Shapes  digests as 32 bytes or 64 lower-case hex characters; base64 with padding (RFC 4648 4),
 *         base64url without (RFC 4648 5)
 * Units   bytes
 * Errors  decoding answers false for anything that is not exactly valid
 * Owns    texts returned are the caller's (free)
 * Source  FIPS 180-4 by OpenSSL EVP; RFC 4648
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#define SHA256_SIZE	32		/* bytes */
#define SHA256_HEX	65		/* bytes, with the NUL */

void sha256(const void *p, size_t n, unsigned char out[SHA256_SIZE]);
void sha256_hex(const void *p, size_t n, char out[SHA256_HEX]);

char *base64_encode(const void *p, size_t n);
char *base64url_encode(const void *p, size_t n);
bool base64_decode(const char *text, size_t len, unsigned char **out, size_t *n);

#endif
