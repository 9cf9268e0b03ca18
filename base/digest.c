/* digest.c - SHA-256 by OpenSSL, base64 by hand */
#include <openssl/evp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* sha256 - 32 bytes */
void
sha256(const void *p, size_t n, unsigned char out[SHA256_SIZE])
{
	if (EVP_Digest(p, n, out, NULL, EVP_sha256(), NULL) != 1)
		abort();		/* no memory: the algorithm is always there */
}

/* sha256_hex - as text */
void
sha256_hex(const void *p, size_t n, char out[SHA256_HEX])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char digest[SHA256_SIZE];

	sha256(p, n, digest);
	for (size_t i = 0; i < SHA256_SIZE; i++) {
		out[2 * i] = hex[digest[i] >> 4];
		out[2 * i + 1] = hex[digest[i] & 15];
	}
	out[SHA256_HEX - 1] = '\0';
}

/* encode - three bytes to four characters; pad '\0': none */
static char *
encode(const unsigned char *p, size_t n, const char *chars, char pad)
{
	char *text = x_malloc(n / 3 * 4 + 5), *out = text;
	uint32_t w;

	for (; n >= 3; p += 3, n -= 3) {
		w = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
		*out++ = chars[w >> 18];
		*out++ = chars[w >> 12 & 63];
		*out++ = chars[w >> 6 & 63];
		*out++ = chars[w & 63];
	}
	if (n > 0) {
		w = (uint32_t)p[0] << 16 | (n == 2 ? (uint32_t)p[1] << 8 : 0);
		*out++ = chars[w >> 18];
		*out++ = chars[w >> 12 & 63];
		if (n == 2 || pad != '\0')
			*out++ = n == 2 ? chars[w >> 6 & 63] : pad;
		if (pad != '\0')
			*out++ = pad;
	}
	*out = '\0';
	return text;
}

/* base64_encode - RFC 4648 4 */
char *
base64_encode(const void *p, size_t n)
{
	return encode(p, n, alphabet, '=');
}

/* base64url_encode - RFC 4648 5, without padding */
char *
base64url_encode(const void *p, size_t n)
{
	return encode(p, n, url_alphabet, '\0');
}

/* digit - the value of one character, -1 for one outside the alphabet */
static int
digit(char c)
{
	const char *at = c != '\0' ? strchr(alphabet, c) : NULL;

	return at != NULL ? (int)(at - alphabet) : -1;
}

/* decode - len is a multiple of 4 without its padding of pad characters; bits that are left over
   must be zero, so that one value has one text */
static bool
decode(const char *text, size_t len, unsigned char *out)
{
	uint32_t w = 0;
	int bits = 0, d;

	for (size_t i = 0; i < len; i++) {
		d = digit(text[i]);
		if (d < 0)
			return false;
		w = w << 6 | (uint32_t)d;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			*out++ = (unsigned char)(w >> bits);
		}
	}
	return (w & ((1u << bits) - 1)) == 0;
}

/* base64_decode - strict; what was decoded of a bad text is wiped: it may be half a key */
bool
base64_decode(const char *text, size_t len, unsigned char **out, size_t *n)
{
	size_t pad = 0, size;
	unsigned char *bytes;

	if (len % 4 != 0)
		return false;
	while (pad < 2 && pad < len && text[len - 1 - pad] == '=')
		pad++;
	size = len / 4 * 3 - pad;
	bytes = x_calloc(size + 1, 1);
	if (!decode(text, len - pad, bytes)) {
		mem_wipe(bytes, size);
		free(bytes);
		return false;
	}
	*out = bytes;
	*n = size;
	return true;
}
