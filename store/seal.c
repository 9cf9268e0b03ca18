/* seal.c - AES-256-GCM around each secret value */
#include <arpa/inet.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "base/random.h"
#include "store/keyring.h"
#include "store/seal.h"

#define MAGIC		"MS1"
#define MAGIC_SIZE	3			/* bytes */
#define ALG_AES_256_GCM	1
#define NONCE_SIZE	12			/* bytes */
#define TAG_SIZE	16			/* bytes */
#define KEY_ID_AT	(MAGIC_SIZE + 1)
#define KEY_ID_SIZE	4			/* bytes */
#define NONCE_AT	(KEY_ID_AT + KEY_ID_SIZE)
#define HEAD_SIZE	(NONCE_AT + NONCE_SIZE)
#define ENVELOPE_MIN	(HEAD_SIZE + TAG_SIZE)

/* seal_size - base64 of head, ciphertext and tag */
size_t
seal_size(size_t len)
{
	return (ENVELOPE_MIN + len + 2) / 3 * 4;
}

/* put_u32 - big endian */
static void
put_u32(unsigned char *p, uint32_t n)
{
	n = htonl(n);
	memcpy(p, &n, sizeof(n));
}

/* get_u32 - big endian */
static uint32_t
get_u32(const unsigned char *p)
{
	uint32_t n;

	memcpy(&n, p, sizeof(n));
	return ntohl(n);
}

/* aad_part - feed one part with its length before it, so that no two places read the same */
static bool
aad_part(EVP_CIPHER_CTX *ctx, const void *part, size_t len)
{
	unsigned char size[4];
	int n;

	put_u32(size, (uint32_t)len);
	return EVP_CipherUpdate(ctx, NULL, &n, size, sizeof(size)) == 1 &&
	    EVP_CipherUpdate(ctx, NULL, &n, part, (int)len) == 1;
}

/* aad - bind the envelope to its place */
static bool
aad(EVP_CIPHER_CTX *ctx, const unsigned char *head, const struct seal_place *at)
{
	const char *const parts[] = { at->store_id, at->kind, at->name, at->field };

	if (!aad_part(ctx, MAGIC, MAGIC_SIZE) || !aad_part(ctx, head + KEY_ID_AT, KEY_ID_SIZE))
		return false;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!aad_part(ctx, parts[i], strlen(parts[i])))
			return false;
	return true;
}

/* encrypt - the ciphertext and its tag; false only when the library has no such cipher */
static bool
encrypt(const unsigned char *key, const struct seal_place *at, const unsigned char *head,
    const void *plain, size_t len, unsigned char *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;
	bool ok;

	ok = ctx != NULL &&
	    EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, head + NONCE_AT) == 1 &&
	    aad(ctx, head, at) &&
	    EVP_EncryptUpdate(ctx, out, &n, plain, (int)len) == 1 &&
	    EVP_EncryptFinal_ex(ctx, out + len, &n) == 1 &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_SIZE, out + len) == 1;
	EVP_CIPHER_CTX_free(ctx);
	return ok;
}

/* decrypt - false when a bit of it, or its place, is not what was sealed */
static bool
decrypt(const unsigned char *key, const struct seal_place *at, const unsigned char *head,
    const unsigned char *in, size_t len, unsigned char *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;
	bool ok;

	ok = ctx != NULL &&
	    EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, head + NONCE_AT) == 1 &&
	    aad(ctx, head, at) &&
	    EVP_DecryptUpdate(ctx, out, &n, in, (int)len) == 1 &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_SIZE, (void *)(in + len)) == 1 &&
	    EVP_DecryptFinal_ex(ctx, out + len, &n) == 1;
	EVP_CIPHER_CTX_free(ctx);
	return ok;
}

/* seal_value - the key file is read each time: who seals after a rotation uses the new key */
enum rc
seal_value(struct keyring *k, const struct seal_place *at, const char *plain, size_t len,
    char **out, struct error *err)
{
	unsigned char key[SEAL_KEY_SIZE], *envelope;
	uint32_t id;
	enum rc rc;
	bool ok;

	if (len > SEAL_VALUE_MAX)
		return error_set(err, RC_TOO_LARGE, "%s '%s': value of %zu bytes, at most %d",
		    at->kind, at->name, len, SEAL_VALUE_MAX);
	rc = keyring_active(k, &id, key, err);
	if (rc != RC_OK)
		return rc;
	envelope = x_malloc(ENVELOPE_MIN + len);
	memcpy(envelope, MAGIC, MAGIC_SIZE);
	envelope[MAGIC_SIZE] = ALG_AES_256_GCM;
	put_u32(envelope + KEY_ID_AT, id);
	random_bytes(envelope + NONCE_AT, NONCE_SIZE);
	ok = encrypt(key, at, envelope, plain, len, envelope + HEAD_SIZE);
	mem_wipe(key, sizeof(key));
	if (ok)
		*out = base64_encode(envelope, ENVELOPE_MIN + len);
	else
		rc = error_set(err, RC_UNAVAILABLE, "AES-256-GCM is not available");
	free(envelope);
	return rc;
}

/* envelope_decode - the bytes of an envelope of the form that we know */
static bool
envelope_decode(const char *text, unsigned char **out, size_t *len)
{
	if (!base64_decode(text, strlen(text), out, len))
		return false;
	if (*len >= ENVELOPE_MIN && *len - ENVELOPE_MIN <= SEAL_VALUE_MAX &&
	    memcmp(*out, MAGIC, MAGIC_SIZE) == 0 && (*out)[MAGIC_SIZE] == ALG_AES_256_GCM)
		return true;
	free(*out);
	return false;
}

/* open_bytes - with the key that the envelope names */
static enum rc
open_bytes(struct keyring *k, const struct seal_place *at, const unsigned char *envelope,
    size_t len, char **out, struct error *err)
{
	size_t plain_len = len - ENVELOPE_MIN;
	unsigned char key[SEAL_KEY_SIZE];
	char *plain;
	enum rc rc;
	bool ok;

	rc = keyring_find(k, get_u32(envelope + KEY_ID_AT), key, err);
	if (rc != RC_OK)
		return error_prefix(err, "%s '%s', key '%s'", at->kind, at->name, at->field), rc;
	plain = x_malloc(plain_len + 1);
	ok = decrypt(key, at, envelope, envelope + HEAD_SIZE, plain_len, (unsigned char *)plain);
	mem_wipe(key, sizeof(key));
	plain[plain_len] = '\0';
	if (!ok) {
		mem_wipe(plain, plain_len);
		free(plain);
		return error_set(err, RC_CORRUPT, "%s '%s', key '%s': the sealed value does not "
		    "open: damaged, moved, or sealed with another key", at->kind, at->name,
		    at->field);
	}
	*out = plain;
	return RC_OK;
}

/* seal_open - the value of an envelope at its place */
enum rc
seal_open(struct keyring *k, const struct seal_place *at, const char *envelope, char **out,
    struct error *err)
{
	unsigned char *bytes;
	size_t len;
	enum rc rc;

	if (!envelope_decode(envelope, &bytes, &len))
		return error_set(err, RC_CORRUPT, "%s '%s', key '%s': not a sealed value",
		    at->kind, at->name, at->field);
	rc = open_bytes(k, at, bytes, len, out, err);
	free(bytes);
	return rc;
}

/* seal_key_id - which key an envelope needs */
uint32_t
seal_key_id(const char *envelope)
{
	unsigned char *bytes;
	uint32_t id;
	size_t len;

	if (!envelope_decode(envelope, &bytes, &len))
		return 0;
	id = get_u32(bytes + KEY_ID_AT);
	free(bytes);
	return id;
}
